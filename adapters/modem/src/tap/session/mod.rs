//! One call to a central: log-on, pages, goodbye. Sans-IO: octets and time in, octets and events out.
//!
//! Every page has one end. One whose last block was written and never answered is in doubt; nothing here sends it in another call.

mod paging;
#[cfg(test)]
mod tests;

use super::codec::{self, Answers, CR, EOT, Heard};
use super::codes::{Meaning, meaning};
use super::config::TapConfig;
use super::page;
use bytes::BytesMut;
use domain::directory::LinkId;
use domain::routing::{Failure, FailureClass};
use paging::Job;
use ports::driven::{PartReply, Shipment};
use secrecy::ExposeSecret as _;
use session::{Answer, BindRefusal, Closed, Conversation, Counts, Event, Now};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// The longest that a central may make us wait by XOFF.
const LONGEST_XOFF: Duration = Duration::from_secs(30);

/// Nothing is received over TAP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nothing {}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// `ID=` is awaited.
    Asking { left: u8, until: Duration },
    /// The answer to the log-on.
    LoggingOn { until: Duration },
    /// The go-ahead.
    Admitted { until: Duration },
    /// A page may go.
    Ready,
    /// The answer to a block.
    Paging { until: Duration },
    /// Answers that may still come to blocks that were written more than once: they are nobody's.
    Settling { until: Duration, left: u8 },
    /// The answer to our goodbye.
    Leaving { until: Duration },
}

/// A call.
#[derive(Debug)]
pub struct TapSession {
    link: LinkId,
    config: Arc<TapConfig>,
    state: State,
    answers: Answers,
    log_ons: u8,
    job: Option<Job>,
    /// What the central said last, since its last control octet.
    said: Option<(u16, String)>,
    pages: u32,
    /// The call's time is over from then on.
    ends_at: Duration,
    quiet_until: Option<Duration>,
    out: BytesMut,
    events: VecDeque<Event<Nothing>>,
    closed: Option<Closed>,
    counts: Counts,
}

impl TapSession {
    /// On a fresh connection: the first carriage return is ready to be written.
    #[must_use]
    pub fn new(link: LinkId, config: Arc<TapConfig>, now: Now) -> Self {
        let at = now.monotonic;
        let mut session = Self {
            state: State::Asking { left: config.times.asks, until: at },
            ends_at: at + config.longest_call,
            link,
            config,
            answers: Answers::default(),
            log_ons: 0,
            job: None,
            said: None,
            pages: 0,
            quiet_until: None,
            out: BytesMut::new(),
            events: VecDeque::new(),
            closed: None,
            counts: Counts::default(),
        };
        session.ask(at);
        session
    }

    /// Asks for `ID=`, once more.
    fn ask(&mut self, at: Duration) {
        let State::Asking { left, .. } = self.state else { return };
        if left == 0 {
            return self.broken("the central does not say ID=".to_owned());
        }
        self.out.extend_from_slice(&[CR]);
        self.state = State::Asking { left: left - 1, until: at + self.config.times.ask_again };
    }

    fn log_on(&mut self, at: Duration) {
        if self.log_ons >= self.config.times.tries {
            return self.log_on_refused();
        }
        self.log_ons += 1;
        self.out.extend_from_slice(&codec::login(self.config.password.expose_secret()));
        self.state = State::LoggingOn { until: at + self.config.times.answer };
    }

    fn log_on_refused(&mut self) {
        let detail = self.said.take().map_or_else(|| "NAK".to_owned(), |(code, text)| told(code, &text));
        self.close(Closed::Refused(BindRefusal { login: true, detail }));
    }

    fn admitted(&mut self) {
        self.state = State::Ready;
        self.said = None;
        self.events.push_back(Event::Bound);
    }

    fn heard(&mut self, at: Duration, heard: Heard) {
        match heard {
            Heard::Code(code, text) => return self.code(at, code, text),
            Heard::Xoff => self.quiet_until = Some(at + LONGEST_XOFF),
            Heard::Xon if self.quiet_until.take().is_some() => self.wait_on(at),
            Heard::Xon => {}
            Heard::Disconnect => return self.disconnected(at),
            heard => match self.state {
                State::Asking { .. } => match heard {
                    Heard::Id => self.log_on(at),
                    Heard::GoAhead => self.admitted(),
                    _ => {}
                },
                State::LoggingOn { .. } => match heard {
                    Heard::Ack => {
                        self.state = State::Admitted { until: at + self.config.times.go_ahead };
                    }
                    Heard::GoAhead => self.admitted(),
                    Heard::Nak | Heard::Rs => {
                        let asks = self.config.times.asks;
                        self.state = State::Asking { left: asks, until: at + self.config.times.ask_again };
                        if self.log_ons >= self.config.times.tries {
                            self.log_on_refused();
                        }
                    }
                    // Asked twice before it listened.
                    _ => {}
                },
                State::Admitted { .. } if heard == Heard::GoAhead => self.admitted(),
                State::Paging { .. } => self.answered(at, &heard),
                State::Settling { until, left } => self.settling(at, (until, left), &heard),
                // An answer to nothing: the second of two.
                State::Ready => self.counts.unknown_replies += 1,
                State::Admitted { .. } | State::Leaving { .. } => {}
            },
        }
        self.forget_what_was_said();
    }

    fn forget_what_was_said(&mut self) {
        if matches!(self.state, State::Ready) {
            self.said = None;
        }
    }

    fn code(&mut self, at: Duration, code: u16, text: String) {
        let wait = at + self.config.times.answer;
        match (meaning(code).0, &mut self.state) {
            (Meaning::Wait, State::LoggingOn { until } | State::Paging { until }) => *until = wait,
            (Meaning::Cut, _) => {
                tracing::warn!(link = %self.link, code, "the central has cut off the end of a page");
            }
            _ => {}
        }
        if meaning(code).0 == Meaning::CallIsFull {
            self.ends_at = at;
        }
        self.said = Some((code, text));
    }

    fn disconnected(&mut self, at: Duration) {
        let said = self.said.take();
        let words = said.as_ref().map_or_else(String::new, |(code, text)| format!(": {}", told(*code, text)));
        let about = said.as_ref().map(|(code, _)| meaning(*code).0);
        match self.state {
            State::Leaving { .. } => self.close(Closed::Finished),
            State::Ready => self.close(Closed::Unbound),
            State::Settling { .. } if self.job.is_none() => self.close(Closed::Unbound),
            _ if about == Some(Meaning::LogOn) => {
                let detail = words.trim_start_matches(": ").to_owned();
                self.doubt_nothing(at);
                self.close(Closed::Refused(BindRefusal { login: true, detail }));
            }
            State::Paging { .. } | State::Settling { .. } => {
                let end = match (about, &said) {
                    (Some(Meaning::Page(class)), Some((code, text))) => {
                        refused(class, &format!("tap-{code}"), told(*code, text))
                    }
                    (Some(Meaning::CallIsFull | Meaning::Call), _) => PartReply::NotOffered,
                    // The page itself may be what it cannot bear: it counts as a try.
                    _ => refused(FailureClass::Temporary, "tap-eot", "the central ended the call".to_owned()),
                };
                self.end(at, end);
                self.close(match about {
                    Some(Meaning::CallIsFull) => Closed::Unbound,
                    _ => Closed::Broken(format!("the central ended the call{words}")),
                });
            }
            _ => self.broken(format!("the central ended the call at the log-on{words}")),
        }
    }

    /// Says goodbye.
    fn leave(&mut self, at: Duration) {
        self.out.extend_from_slice(&[EOT, CR]);
        self.state = State::Leaving { until: at + self.config.times.goodbye };
    }

    fn end(&mut self, at: Duration, end: PartReply) {
        if let Some(job) = self.job.take() {
            let answered = !matches!(end, PartReply::Unanswered | PartReply::NotOffered);
            let took = answered.then(|| at.saturating_sub(job.started));
            self.events.push_back(Event::Ended { token: job.token, end, took });
        }
    }

    fn broken(&mut self, why: String) {
        self.close(Closed::Broken(why));
    }

    fn close(&mut self, why: Closed) {
        self.closed.get_or_insert(why);
    }
}

/// A message sequence for people: our words, and the central's.
fn told(code: u16, text: &str) -> String {
    let ours = meaning(code).1;
    if text.is_empty() { format!("{code} {ours}") } else { format!("{code} {ours} ({text})") }
}

fn refused(class: FailureClass, code: &str, detail: String) -> PartReply {
    PartReply::Refused(Failure { class, code: code.to_owned(), detail })
}

impl Conversation for TapSession {
    type AnswerTo = Nothing;

    const PROTOCOL: &'static str = "tap";

    fn handle_input(&mut self, now: Now, input: &mut BytesMut) -> bool {
        match self.answers.hear(input) {
            Some(heard) if self.closed.is_none() => {
                self.heard(now.monotonic, heard);
                self.closed.is_none()
            }
            _ => false,
        }
    }

    fn handle_timeout(&mut self, now: Now) {
        let at = now.monotonic;
        if self.is_kept_waiting() {
            self.wait_on(at);
        }
        if self.quiet_until.is_some_and(|until| until <= at) {
            self.quiet_until = None;
        }
        match self.state {
            _ if self.closed.is_some() => {}
            State::Asking { until, .. } if until <= at => self.ask(at),
            State::LoggingOn { until } if until <= at => {
                if self.log_ons >= self.config.times.tries {
                    return self.broken("the central does not answer the log-on".to_owned());
                }
                self.log_on(at);
            }
            State::Admitted { until } if until <= at => self.broken("the central gives no go-ahead".into()),
            State::Paging { until } if until <= at => self.not_answered(at),
            State::Settling { until, .. } if until <= at => self.settled(at),
            State::Leaving { until } if until <= at => self.close(Closed::Finished),
            State::Ready => self.after_a_page(at),
            _ => {}
        }
    }

    fn poll_timeout(&self) -> Option<Duration> {
        if self.closed.is_some() {
            return None;
        }
        let own = match self.state {
            State::Asking { until, .. }
            | State::LoggingOn { until }
            | State::Admitted { until }
            | State::Paging { until }
            | State::Settling { until, .. }
            | State::Leaving { until } => until,
            State::Ready => self.ends_at,
        };
        Some(self.quiet_until.map_or(own, |quiet| quiet.min(own)))
    }

    fn poll_event(&mut self) -> Option<Event<Nothing>> {
        self.events.pop_front()
    }

    fn poll_transmit(&mut self) -> Option<&mut BytesMut> {
        let may = self.quiet_until.is_none() && !self.out.is_empty();
        may.then_some(&mut self.out)
    }

    fn unwritten(&self) -> usize {
        if self.quiet_until.is_some() { 0 } else { self.out.len() }
    }

    fn free(&self) -> usize {
        usize::from(self.state == State::Ready && self.job.is_none() && self.closed.is_none())
    }

    fn in_flight(&self) -> usize {
        usize::from(self.job.is_some())
    }

    fn closed(&self) -> Option<&Closed> {
        self.closed.as_ref()
    }

    fn counts(&self) -> Counts {
        self.counts
    }

    fn submit(&mut self, now: Now, token: u64, shipment: &Shipment, index: usize) -> Result<(), Failure> {
        let blocks = page::of(&self.config, shipment, index)?.into();
        self.said = None;
        self.job = Some(Job::new(token, blocks, shipment.once, now.monotonic));
        self.write_block(now.monotonic);
        Ok(())
    }

    fn answer(&mut self, to: &Nothing, _: Answer) {
        match *to {}
    }

    fn unbind(&mut self, now: Now) {
        match self.state {
            State::Ready => self.leave(now.monotonic),
            State::Paging { .. } | State::Settling { .. } | State::Leaving { .. } => {}
            _ => self.close(Closed::Finished),
        }
    }

    fn cut_off(&mut self) {
        // One whose last block went out stays without an end here: that is the doubt.
        if !self.is_last_block_out() {
            self.end(Duration::ZERO, PartReply::NotOffered);
        }
    }
}
