//! The simulated modem itself: octets and time in, octets and journal lines out. Sans-IO.
//!
//! It answers what gammu, smstools, Kannel and our own link ask in PDU mode, keeps what it receives until it is told to remove it, and
//! misbehaves by [`ModemFaults`]. It is no phone: calls ring and nothing more.

mod answers;
mod messages;

use super::air::{self, Air};
use super::commands::{Form, Verb, verbs};
use super::options::{ModemFaults, ModemOptions};
use super::sim::{About, Lock, Message, Sim, digits};
use crate::hex;
use bytes::{Buf as _, BufMut as _, BytesMut};
use domain::Timestamp;
use messages::Verdict;
use rehearsal::Line;
use std::time::Duration;

/// Longest line that is read.
const LONGEST: usize = 1_024;
/// How long a directly handed over message waits for its acknowledgement.
const ACKNOWLEDGE: Duration = Duration::from_secs(10);
/// A modem that starts anew is silent so long.
const START: Duration = Duration::from_millis(300);
/// What waits to be written to a port that nobody reads; more is lost, as on a serial line.
const MOST_UNREAD: usize = 64 * 1024;

/// What was seen so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ModemStats {
    /// Messages whose text came.
    pub submits: u64,
    /// Messages that were taken.
    pub accepted: u64,
    /// Status reports that were taken over by the gateway: removed or acknowledged.
    pub receipts: u64,
    /// The same of phones' messages.
    pub mos: u64,
    /// PINs that came.
    pub pins: u64,
    /// Messages in the memory.
    pub stored: u64,
}

#[derive(Debug)]
enum Mode {
    Command,
    /// The text of a message of this length is being written.
    Text(usize),
    /// The network thinks.
    Sending {
        until: Duration,
        answer: Option<Verdict>,
    },
}

/// The modem.
pub(super) struct Engine {
    options: ModemOptions,
    faults: ModemFaults,
    sim: Sim,
    air: Air,
    mode: Mode,
    echo: bool,
    errors: bool,
    phase2: bool,
    registration: bool,
    announce: [u8; 5],
    centre: String,
    silent_until: Duration,
    direct: Option<(Message, Duration)>,
    tries: u64,
    session: u64,
    /// Whether this session has had a message.
    used: bool,
    pub(super) stats: ModemStats,
    out: BytesMut,
    lines: Vec<Line>,
}

impl Engine {
    pub(super) fn new(options: ModemOptions) -> Self {
        Self {
            faults: options.faults.clone(),
            sim: Sim::new(options.pin.clone(), options.memory),
            air: Air::default(),
            mode: Mode::Command,
            echo: true,
            errors: false,
            phase2: false,
            registration: false,
            announce: [0; 5],
            centre: "+46705008999".to_owned(),
            silent_until: Duration::ZERO,
            direct: None,
            tries: 0,
            session: 0,
            used: false,
            stats: ModemStats::default(),
            out: BytesMut::new(),
            lines: Vec::new(),
            options,
        }
    }

    pub(super) fn out(&mut self) -> &mut BytesMut {
        if self.out.len() > MOST_UNREAD {
            self.out.clear();
        }
        &mut self.out
    }

    pub(super) fn faults(&self) -> &ModemFaults {
        &self.faults
    }

    pub(super) fn take_lines(&mut self) -> Vec<Line> {
        std::mem::take(&mut self.lines)
    }

    pub(super) fn set_faults(&mut self, faults: ModemFaults) {
        let before = std::mem::replace(&mut self.faults, faults);
        if self.registration && before.no_network != self.faults.no_network {
            let stat = self.stat();
            self.unasked(&format!("+CREG: {stat}"));
        }
    }

    /// Power came: settings are lost, the SIM asks for its PIN again.
    pub(super) fn restart(&mut self, now: Duration) {
        self.sim.restart();
        if let Some((message, _)) = self.direct.take() {
            self.air.again(now, message);
        }
        self.mode = Mode::Command;
        (self.echo, self.errors, self.phase2, self.registration) = (true, false, false, false);
        self.announce = [0; 5];
        self.out.clear();
        self.silent_until = now + START;
    }

    /// A session begins: the port is there, or who uses it set the line up anew.
    pub(super) fn plugged(&mut self, wall: Timestamp) {
        self.session += 1;
        self.used = false;
        let session = self.session;
        self.note(wall, "bound", |line| line.number("session", session));
    }

    pub(super) fn ring(&mut self) {
        self.unasked("RING");
    }

    /// A phone sends.
    pub(super) fn mo(&mut self, now: Duration, wall: Timestamp, from: &str, text: &str) {
        for message in air::deliver(from, text, wall, self.air.next_reference()) {
            self.air.leave(now, message);
        }
        self.deliver(now, wall);
    }

    pub(super) fn handle_input(&mut self, now: Duration, wall: Timestamp, input: &mut BytesMut) {
        if self.faults.deaf || now < self.silent_until {
            input.clear();
            return;
        }
        loop {
            match self.mode {
                Mode::Command => {
                    let Some(end) = input.iter().position(|octet| matches!(octet, b'\r' | b'\n' | 0x1B))
                    else {
                        if input.len() > LONGEST {
                            input.clear();
                        }
                        break;
                    };
                    let line = String::from_utf8_lossy(&input.split_to(end)).trim().to_owned();
                    let escape = input.first() == Some(&0x1B);
                    input.advance(1);
                    if self.echo && !line.is_empty() {
                        self.out.put_slice(line.as_bytes());
                        self.out.put_u8(b'\r');
                    }
                    if !escape && !line.is_empty() {
                        self.command_line(now, wall, &line);
                    }
                }
                Mode::Text(length) => {
                    let Some(end) = input.iter().position(|octet| matches!(octet, 0x1A | 0x1B)) else {
                        if input.len() > LONGEST {
                            input.clear();
                        }
                        break;
                    };
                    let text = String::from_utf8_lossy(&input.split_to(end)).trim().to_owned();
                    let escape = input.first() == Some(&0x1B);
                    input.advance(1);
                    self.mode = Mode::Command;
                    if escape {
                        self.say("OK");
                    } else {
                        self.text(now, wall, length, &text);
                    }
                }
                // Half-duplex: what comes meanwhile waits, as in real modems.
                Mode::Sending { .. } => break,
            }
        }
        self.deliver(now, wall);
    }

    pub(super) fn handle_timeout(&mut self, now: Duration, wall: Timestamp) {
        if let Mode::Sending { until, answer } = &mut self.mode
            && *until <= now
        {
            let answer = answer.take();
            self.mode = Mode::Command;
            if let Some(verdict) = answer {
                self.pronounce(wall, &verdict);
            }
        }
        if let Some((message, until)) = self.direct.take() {
            if until <= now {
                // Nobody acknowledged: no more that way until it is asked for again.
                self.announce = [0; 5];
                self.air.again(now, message);
            } else {
                self.direct = Some((message, until));
            }
        }
        self.deliver(now, wall);
    }

    pub(super) fn poll_timeout(&self) -> Option<Duration> {
        let sending = match &self.mode {
            Mode::Sending { until, .. } => Some(*until),
            _ => None,
        };
        let direct = self.direct.as_ref().map(|(_, until)| *until);
        [sending, direct, self.air.next_due()].into_iter().flatten().min()
    }

    fn stat(&self) -> u8 {
        if self.faults.no_network || self.is_locked() { 2 } else { 1 }
    }

    fn is_locked(&self) -> bool {
        self.faults.no_sim || self.sim.lock() != Lock::Ready
    }

    fn note(&mut self, wall: Timestamp, event: &str, more: impl FnOnce(Line) -> Line) {
        self.lines.push(more(Line::new(wall.as_millisecond(), event)));
    }

    /// A result.
    fn say(&mut self, text: &str) {
        self.out.put_slice(b"\r\n");
        self.out.put_slice(text.as_bytes());
        self.out.put_slice(b"\r\n");
    }

    /// Something nobody asked for: never in the middle of a line.
    fn unasked(&mut self, text: &str) {
        if !self.faults.deaf {
            self.say(text);
        }
    }
}

fn hits(every: u64, number: u64) -> bool {
    every > 0 && number.is_multiple_of(every)
}
