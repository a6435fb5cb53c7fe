//! The simulated modem itself: octets and time in, octets and journal lines out. Sans-IO.
//!
//! It answers what gammu, smstools, Kannel and our own link ask in PDU mode, keeps what it receives until it is told to remove it, and
//! misbehaves by [`ModemFaults`]. It is no phone: calls ring and nothing more.

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

    fn command_line(&mut self, now: Duration, wall: Timestamp, line: &str) {
        let Some(verbs) = verbs(line) else { return };
        for verb in verbs {
            match self.command(now, wall, &verb) {
                Ok(Some(lines)) => lines.iter().for_each(|line| self.say(line)),
                Ok(None) => return,
                Err((name, code)) => {
                    let error = match (self.errors, name) {
                        (true, name) if !name.is_empty() => format!("+{name} ERROR: {code}"),
                        _ => "ERROR".to_owned(),
                    };
                    return self.say(&error);
                }
            }
        }
        if matches!(self.mode, Mode::Command) && now >= self.silent_until {
            self.say("OK");
        }
    }

    /// The lines of one command before its `OK`; `None` when that comes later or never.
    fn command(
        &mut self,
        now: Duration,
        wall: Timestamp,
        verb: &Verb,
    ) -> Result<Option<Vec<String>>, (&'static str, u16)> {
        let lines = |lines: &[&str]| Ok(Some(lines.iter().map(|line| (*line).to_owned()).collect()));
        let (name, form) = match verb {
            Verb::Basic(basic) => {
                // Nobody sets the line up in the middle of his work: another has come, or the same one after his death.
                if self.used && matches!(basic.as_str(), "E0" | "E" | "E1" | "Z" | "Z0" | "&F" | "&F0") {
                    self.plugged(wall);
                }
                match basic.as_str() {
                    "E0" | "E" => self.echo = false,
                    "E1" => self.echo = true,
                    "Z" | "&F" | "&F0" | "Z0" => self.announce = [0; 5],
                    "I" | "I0" => {
                        return lines(&[&self.options.maker.clone(), "Simulated modem", "Revision 1"]);
                    }
                    _ => {}
                }
                return lines(&[]);
            }
            Verb::Named(name, form) => (name.as_str(), form),
        };
        let first = |form: &Form| match form {
            Form::Set(values) => values.first().cloned().unwrap_or_default(),
            _ => String::new(),
        };
        let number = |form: &Form| first(form).parse::<u16>().unwrap_or(0);
        match (name, form) {
            ("+CMEE", Form::Set(_)) => self.errors = number(form) > 0,
            ("+CGMI" | "+GMI", Form::Do) => return lines(&[&self.options.maker.clone()]),
            ("+CGMM" | "+GMM", Form::Do) => return lines(&["Simulated modem"]),
            ("+CGMR" | "+GMR", Form::Do) => return lines(&["Revision 1"]),
            ("+CGSN" | "+GSN", Form::Do) => return lines(&["490154203237518"]),
            ("+CPIN", Form::Ask) => return self.pin_state().map(|state| Some(vec![state])),
            ("+CPIN", Form::Set(_)) => return self.pin(wall, &first(form)),
            ("+CFUN", Form::Set(values)) => return Ok(self.function(now, values)),
            ("+CFUN", Form::Ask) => return lines(&["+CFUN: 1"]),
            ("+CREG" | "+CGREG" | "+CEREG", Form::Set(_)) => self.registration = number(form) > 0,
            ("+CREG" | "+CGREG" | "+CEREG", Form::Ask) => {
                let mode = u8::from(self.registration);
                let line = format!("{name}: {mode},{}", self.stat());
                return lines(&[&line]);
            }
            ("+CREG", Form::Test) => return lines(&["+CREG: (0-1)"]),
            ("+CSQ", Form::Do) => {
                let signal = if self.faults.no_network { 99 } else { self.faults.signal.unwrap_or(20) };
                let line = format!("+CSQ: {signal},0");
                return lines(&[&line]);
            }
            ("+CMGF", Form::Set(_)) if number(form) == 1 => return Err(("CMS", 303)),
            ("+CMGF", Form::Ask) => return lines(&["+CMGF: 0"]),
            ("+CMGF", Form::Test) => return lines(&["+CMGF: (0)"]),
            ("+CSMS", Form::Set(_)) => {
                self.phase2 = number(form) == 1;
                return lines(&["+CSMS: 1,1,1"]);
            }
            ("+CSMS", Form::Ask) => {
                let line = format!("+CSMS: {},1,1,1", u8::from(self.phase2));
                return lines(&[&line]);
            }
            ("+CSMS", Form::Test) => return lines(&["+CSMS: (0,1)"]),
            ("+CNMI", Form::Set(values)) => {
                for (place, value) in self.announce.iter_mut().zip(values) {
                    *place = value.parse().unwrap_or(0);
                }
                self.deliver(now, wall);
            }
            ("+CNMI", Form::Ask) => {
                let [a, b, c, d, e] = self.announce;
                let line = format!("+CNMI: {a},{b},{c},{d},{e}");
                return lines(&[&line]);
            }
            ("+CNMI", Form::Test) if self.options.direct => {
                return lines(&["+CNMI: (0-2),(0,2),(0),(0,1),(0,1)"]);
            }
            ("+CNMI", Form::Test) => return lines(&["+CNMI: (0-2),(0-2),(0),(0-2),(0,1)"]),
            ("+CMGF" | "+CMMS" | "+CLIP" | "+CRC" | "+IFC" | "+CRSL" | "+WIND" | "+CSSN" | "+CUSD", _) => {}
            ("+CSCS", Form::Set(_)) => {}
            ("+CSCS", Form::Ask) => return lines(&["+CSCS: \"GSM\""]),
            ("+CSCS", Form::Test) => return lines(&["+CSCS: (\"GSM\")"]),
            ("+CBC", Form::Do) => return lines(&["+CBC: 0,100"]),
            ("+COPS", Form::Ask) => return lines(&["+COPS: 0,0,\"Omnigate\""]),
            _ => return self.needs_sim(now, wall, name, form),
        }
        lines(&[])
    }

    /// Commands that an open SIM must be there for.
    fn needs_sim(
        &mut self,
        now: Duration,
        wall: Timestamp,
        name: &str,
        form: &Form,
    ) -> Result<Option<Vec<String>>, (&'static str, u16)> {
        const SIM: [&str; 10] =
            ["+CIMI", "+CSCA", "+CPMS", "+CMGL", "+CMGR", "+CMGD", "+CMGS", "+CNMA", "+CNUM", "+CPBS"];
        if !SIM.contains(&name) {
            return Err(("CME", 4));
        }
        if self.faults.no_sim {
            return Err(("CMS", 310));
        }
        if self.sim.lock() != Lock::Ready {
            return Err(("CMS", 311));
        }
        let value = |at: usize| match form {
            Form::Set(values) => values.get(at).and_then(|value| value.parse::<usize>().ok()),
            _ => None,
        };
        match (name, form) {
            ("+CIMI", Form::Do) => Ok(Some(vec!["240010123456789".to_owned()])),
            ("+CSCA", Form::Ask) => Ok(Some(vec![format!("+CSCA: \"{}\",145", self.centre)])),
            ("+CSCA", Form::Set(values)) => {
                self.centre = values.first().cloned().unwrap_or_default();
                Ok(Some(Vec::new()))
            }
            ("+CPMS", Form::Test) => Ok(Some(vec!["+CPMS: (\"SM\"),(\"SM\"),(\"SM\")".to_owned()])),
            ("+CPMS", Form::Set(values))
                if values.iter().any(|v| !matches!(v.as_str(), "SM" | "MT" | "")) =>
            {
                Err(("CMS", 302))
            }
            ("+CPMS", Form::Set(_)) => Ok(Some(vec![format!("+CPMS: {0},{0},{0}", self.fill())])),
            ("+CPMS", Form::Ask) => {
                Ok(Some(vec![format!("+CPMS: \"SM\",{0},\"SM\",{0},\"SM\",{0}", self.fill())]))
            }
            ("+CMGL", Form::Set(_)) => Ok(Some(self.list(value(0).unwrap_or(4)))),
            ("+CMGL", Form::Test) => Ok(Some(vec!["+CMGL: (0-4)".to_owned()])),
            ("+CMGL", Form::Do) => Ok(Some(self.list(0))),
            ("+CMGR", Form::Set(_)) => match value(0).and_then(|place| self.sim.read(place)) {
                Some((stat, pdu)) => {
                    let (length, digits) = digits(&pdu);
                    Ok(Some(vec![format!("+CMGR: {stat},,{length}\r\n{digits}")]))
                }
                None => Err(("CMS", 321)),
            },
            ("+CMGD", Form::Test) => Ok(Some(vec![format!("+CMGD: (1-{}),(0-4)", self.sim.size())])),
            ("+CMGD", Form::Set(_)) => {
                if let Some(about) = value(0).and_then(|place| self.sim.delete(place)) {
                    self.taken(wall, &about);
                }
                self.deliver(now, wall);
                Ok(Some(Vec::new()))
            }
            ("+CMGS", Form::Set(_)) => self.begin_text(value(0).unwrap_or(0)),
            ("+CNMA", _) => match self.direct.take() {
                Some((message, _)) if value(0) == Some(2) => {
                    self.air.again(now + Duration::from_secs(1), message);
                    Ok(Some(Vec::new()))
                }
                Some((message, _)) => {
                    self.taken(wall, &message.about);
                    Ok(Some(Vec::new()))
                }
                None => Err(("CMS", 340)),
            },
            _ => Err(("CME", 3)),
        }
    }

    fn pin_state(&self) -> Result<String, (&'static str, u16)> {
        if self.faults.no_sim {
            return Err(("CME", 10));
        }
        Ok(match self.sim.lock() {
            Lock::Ready => "+CPIN: READY".to_owned(),
            Lock::Pin => "+CPIN: SIM PIN".to_owned(),
            Lock::Puk => "+CPIN: SIM PUK".to_owned(),
        })
    }

    fn pin(&mut self, wall: Timestamp, pin: &str) -> Result<Option<Vec<String>>, (&'static str, u16)> {
        if self.sim.lock() == Lock::Ready {
            return Err(("CME", 3));
        }
        self.stats.pins += 1;
        let right = self.sim.open(pin);
        self.note(wall, "pin", |line| line.number("right", u64::from(right)));
        if right { Ok(Some(Vec::new())) } else { Err(("CME", 16)) }
    }

    fn function(&mut self, now: Duration, values: &[String]) -> Option<Vec<String>> {
        if values.get(1).is_some_and(|reset| reset == "1") {
            self.say("OK");
            let said = self.out.split();
            self.restart(now);
            self.out = said;
            return None;
        }
        Some(Vec::new())
    }

    fn fill(&self) -> String {
        let used = if self.faults.full { self.sim.size() } else { self.sim.used() };
        format!("{used},{}", self.sim.size())
    }

    fn list(&mut self, wanted: usize) -> Vec<String> {
        let places = self.sim.places();
        let mut lines = Vec::new();
        for place in places {
            if let Some((stat, pdu)) = self.sim.read(place)
                && (wanted == 4 || usize::from(stat) == wanted)
            {
                let (length, digits) = digits(&pdu);
                lines.push(format!("+CMGL: {place},{stat},,{length}\r\n{digits}"));
            }
        }
        lines
    }
}

fn hits(every: u64, number: u64) -> bool {
    every > 0 && number.is_multiple_of(every)
}
