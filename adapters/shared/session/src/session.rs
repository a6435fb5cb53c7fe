//! One session with an operator: bind, window, deadlines, keep-alive, goodbye. Sans-IO: frames and time in, octets and events out.
//!
//! Every method that may change something takes the time; [`Session::poll_timeout`] says when it must be called again
//! although nothing came. It never waits and knows no socket. It keeps no message: a submit has a token, and the event
//! that ends it gives the token back, exactly once unless the session closes first (what is then outstanding is for the
//! caller to judge). Replies that are nobody's, late for the second time or repeated are counted and change nothing.

mod replies;
mod silence;

use crate::dialect::{Answer, BadStream, Dialect, Now, Received};
use crate::event::{Closed, Counts, Event};
use crate::options::SessionLimits;
use crate::window::{Taken, Window};
use bytes::{Bytes, BytesMut};
use domain::message::Priority;
use domain::routing::Failure;
use ports::driven::{PartReply, Shipment, Withdrawal};
use std::collections::VecDeque;
use std::time::Duration;

/// Keys that are kept for a keep-alive and a goodbye.
const RESERVED_KEYS: usize = 2;
/// How long the last replies are waited for when the operator has ended the session.
const LAST_REPLIES: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, PartialEq, Eq)]
enum State<K> {
    Greeting {
        until: Duration,
    },
    Binding {
        key: K,
        until: Duration,
    },
    /// Let in by an operator who was deaf the last time: he has to answer a keep-alive first.
    Proving {
        until: Duration,
    },
    Bound,
    Unbinding {
        until: Duration,
    },
    /// The operator has ended it; replies to what is under way may still come, or lie in what was read.
    Ending {
        until: Duration,
        why: Closed,
    },
    Closed(Closed),
}

/// One session.
#[derive(Debug)]
pub struct Session<D: Dialect> {
    dialect: D,
    limits: SessionLimits,
    state: State<D::Key>,
    window: Window<D::Key>,
    out: BytesMut,
    events: VecDeque<Event<D::AnswerTo>>,
    heard_at: Duration,
    probe: Option<(D::Key, Duration)>,
    /// Since when the peer waits for an answer that it will not get on this connection.
    silent_since: Option<Duration>,
    /// The time is up: nothing more is sent on this connection.
    moving_on: bool,
    /// Since when the next key is not free.
    stands_since: Option<Duration>,
    resyncs: u32,
    counts: Counts,
    /// The operator was deaf the last time.
    suspect: bool,
    /// When a submit was answered, at the latest when the session began.
    answered_at: Duration,
    /// How many were tried since, with an operator who answers none, and when the last was.
    tried: u32,
    tried_at: Duration,
    /// That he answers none was said, and not yet taken back.
    mute: bool,
    /// He answered none the last time: one at a time goes until he answers one.
    doubted: bool,
}

impl<D: Dialect> Session<D> {
    /// Begins a session on a fresh connection: the bind is ready to be written, unless the peer speaks first.
    pub fn new(dialect: D, limits: SessionLimits, now: Now) -> Self {
        let until = now.monotonic + limits.bind_timeout;
        let most = D::KEYS.saturating_sub(RESERVED_KEYS).max(1);
        let mut session = Self {
            window: Window::new(limits.window.min(most), D::KEYS),
            dialect,
            limits,
            state: State::Greeting { until },
            out: BytesMut::new(),
            events: VecDeque::new(),
            heard_at: now.monotonic,
            probe: None,
            silent_since: None,
            moving_on: false,
            stands_since: None,
            resyncs: 0,
            counts: Counts::default(),
            suspect: false,
            answered_at: now.monotonic,
            tried: 0,
            tried_at: now.monotonic,
            mute: false,
            doubted: false,
        };
        if !session.dialect.waits_for_greeting() {
            session.bind(now);
        }
        session
    }

    /// The operator let us in the last time and then answered nothing: that he lets us in is not enough, he has to answer a keep-alive
    /// before anything is sent. To be said before anything came.
    pub fn suspect(&mut self, now: Now) {
        self.suspect = self.limits.keep_alive < SessionLimits::NO_KEEP_ALIVE;
        if self.suspect && self.is_bound() {
            self.events.retain(|event| !matches!(event, Event::Bound));
            self.demand_proof(now);
        }
    }

    /// The operator answered no submits the last time: he gets one at a time until he answers one. To be said before anything came.
    pub fn doubt(&mut self) {
        self.doubted = true;
    }

    /// Cuts the next frame off what was read and handles it. False when no whole frame is left.
    pub fn handle_input(&mut self, now: Now, input: &mut BytesMut) -> bool {
        match self.dialect.cut(input, &mut self.out) {
            Ok(Some(frame)) => {
                self.handle_frame(now, frame);
                !matches!(self.state, State::Closed(_))
            }
            Ok(None) => false,
            Err(BadStream(why)) => {
                self.counts.bad_frames += 1;
                self.close(Closed::Broken(why));
                false
            }
        }
    }

    /// Handles one frame.
    pub fn handle_frame(&mut self, now: Now, frame: Bytes) {
        self.heard_at = now.monotonic;
        self.probe = None;
        match self.dialect.read(now, frame, &mut self.out) {
            Received::Greeting => self.bind(now),
            Received::Bound => self.bound(now),
            Received::BindRefused(refusal) => match self.state {
                State::Binding { .. } => self.close(Closed::Refused(refusal)),
                _ => self.counts.unknown_replies += 1,
            },
            Received::Reply { key, verdict, strained } => {
                if strained {
                    self.events.push_back(Event::Strained);
                }
                self.reply_to(now, key, verdict, false);
            }
            Received::Withdrawn { key, verdict } => self.reply_to(now, key, verdict, true),
            Received::Nack { key, verdict } => {
                self.proven();
                self.nack(now, key, verdict);
            }
            Received::Expected { key, next } => {
                self.proven();
                self.expected(now, key, next);
            }
            Received::Alive => self.proven(),
            Received::Answered => {}
            Received::Mo { to, part } => self.events.push_back(Event::Mo { to, part }),
            Received::Receipt { to, receipt } => self.events.push_back(Event::Receipt { to, receipt }),
            Received::Unbind => self.end(now, Closed::Unbound),
            Received::Unbound => self.close(Closed::Finished),
            Received::Unknown => self.counts.unknown_replies += 1,
            Received::Bad(why) => {
                self.counts.bad_frames += 1;
                tracing::warn!(protocol = D::PROTOCOL, why, "a frame could not be read and was refused");
            }
        }
        if let State::Ending { why, .. } = &self.state
            && self.window.is_empty()
        {
            self.close(why.clone());
        }
        self.look_ahead(now.monotonic);
        self.may_send_again();
    }

    /// Lets time pass.
    pub fn handle_timeout(&mut self, now: Now) {
        let at = now.monotonic;
        match &self.state {
            State::Greeting { until } if *until <= at => return self.broken("no greeting in time"),
            State::Binding { until, .. } if *until <= at => return self.broken("no answer to the bind"),
            State::Proving { until } if *until <= at => {
                return self.close(Closed::Deaf("let in, and no answer to a keep-alive".to_owned()));
            }
            State::Unbinding { until } if *until <= at => return self.close(Closed::Finished),
            State::Ending { until, why } if *until <= at => return self.close(why.clone()),
            State::Closed(_) => return,
            _ => {}
        }
        for token in self.window.pass_over(at, self.limits.response_timeout) {
            self.events.push_back(Event::PassedOver { token });
        }
        for Taken { token, .. } in self.window.expire(at, self.limits.late_timeout) {
            self.events.push_back(Event::Ended { token, end: PartReply::Unanswered, took: None });
        }
        if self.window.is_hopeless() {
            return self.close(Closed::Mute("the operator takes submits and answers none".to_owned()));
        }
        if self.window.misses_many() {
            return self.broken("too many replies of the operator are missing");
        }
        self.look_ahead(at);
        if self.stands_until().is_some_and(|until| until <= at) {
            return self.broken("a reply is missing, and its packet number comes next");
        }
        self.keep_alive(at);
        self.move_on(now);
        self.may_send_again();
        self.try_one(at);
    }

    /// When [`Session::handle_timeout`] must be called; `None` = never.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let own = match &self.state {
            State::Greeting { until }
            | State::Binding { until, .. }
            | State::Proving { until }
            | State::Unbinding { until }
            | State::Ending { until, .. } => Some(*until),
            State::Bound => {
                let probe = || {
                    let probe = self.probe.as_ref().map(|(_, until)| *until);
                    probe.unwrap_or(self.quiet_until().0)
                };
                Some(self.stands_until().unwrap_or_else(probe))
            }
            State::Closed(_) => return None,
        };
        let window = self.window.deadline(self.limits.response_timeout, self.limits.late_timeout);
        own.into_iter().chain(window).chain(self.move_on_due()).chain(self.stuck_until()).min()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event<D::AnswerTo>> {
        self.events.pop_front()
    }

    /// Octets to be written, when there are any. What was written is taken off by the caller.
    pub fn poll_transmit(&mut self) -> Option<&mut BytesMut> {
        (!self.out.is_empty()).then_some(&mut self.out)
    }

    /// How many octets wait to be written.
    #[must_use]
    pub fn unwritten(&self) -> usize {
        self.out.len()
    }

    /// How many segments may be submitted now.
    #[must_use]
    pub fn free(&self) -> usize {
        let keys = D::KEYS.saturating_sub(RESERVED_KEYS + self.window.taken_keys());
        let most = self.dialect.most_in_flight().saturating_sub(self.window.len());
        let may = self.is_bound() && !self.moving_on && self.stands_since.is_none();
        if may { self.places().min(keys).min(most) } else { 0 }
    }

    /// How many segments wait for their reply.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.window.len()
    }

    /// How many of them were passed over: later ones have their replies long since.
    #[must_use]
    pub fn passed_over(&self) -> usize {
        self.window.late()
    }

    /// Whether submits may go.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        self.state == State::Bound
    }

    /// Why it is over, once it is.
    #[must_use]
    pub fn closed(&self) -> Option<&Closed> {
        match &self.state {
            State::Closed(why) => Some(why),
            _ => None,
        }
    }

    /// Why it is about to be over: the operator has ended it.
    #[must_use]
    pub fn ending(&self) -> Option<&Closed> {
        match &self.state {
            State::Ending { why, .. } => Some(why),
            _ => None,
        }
    }

    /// What was counted so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Submits a segment under the caller's token. Only when [`Session::free`] says so.
    ///
    /// # Errors
    /// A [`Failure`] when it cannot be said in this protocol: it has its end then.
    pub fn submit(&mut self, now: Now, token: u64, shipment: &Shipment, index: usize) -> Result<(), Failure> {
        let key = self.fresh_key();
        let written = self.dialect.submit(now, key, shipment, index, &mut self.out);
        self.written(now, key, token, written)?;
        if shipment.message.priority == Priority::Alarm {
            self.window.hurry(&key);
        }
        self.look_ahead(now.monotonic);
        self.falls_mute();
        Ok(())
    }

    /// Asks the operator to take a segment back, under the caller's token. Only when [`Session::free`] says so.
    ///
    /// # Errors
    /// A [`Failure`] when it cannot be said in this protocol.
    pub fn withdraw(&mut self, now: Now, token: u64, what: &Withdrawal) -> Result<(), Failure> {
        let key = self.fresh_key();
        let written = self.dialect.withdraw(key, what, &mut self.out);
        self.written(now, key, token, written)?;
        self.look_ahead(now.monotonic);
        Ok(())
    }

    fn written(
        &mut self,
        now: Now,
        key: D::Key,
        token: u64,
        written: Result<(), Failure>,
    ) -> Result<(), Failure> {
        match written {
            Ok(()) => self.window.insert(key, token, now.monotonic),
            Err(_) if self.dialect.upcoming_key().is_some() => {
                // Nothing was written under it, and none may be left out.
                self.dialect.rewind(key);
            }
            Err(_) => {}
        }
        written
    }

    /// Answers something received; after the session closed, nothing happens.
    pub fn answer(&mut self, to: &D::AnswerTo, answer: Answer) {
        if !matches!(self.state, State::Closed(_)) {
            self.dialect.answer(to, answer, &mut self.out);
            if answer == Answer::TryAgain && self.dialect.try_again_is_silence() {
                // It was heard at the latest then; the first one counts.
                self.silent_since.get_or_insert(self.heard_at);
            }
        }
    }

    /// Says goodbye. What is outstanding may still be answered.
    pub fn unbind(&mut self, now: Now) {
        match self.state {
            State::Bound if self.stands_since.is_some() => self.close(Closed::Finished),
            State::Bound | State::Proving { .. } => {
                let key = self.fresh_key();
                if self.dialect.unbind(key, &mut self.out) {
                    self.state = State::Unbinding { until: now.monotonic + self.limits.unbind_timeout };
                } else {
                    self.close(Closed::Finished);
                }
            }
            State::Greeting { .. } | State::Binding { .. } => self.close(Closed::Finished),
            State::Unbinding { .. } | State::Ending { .. } | State::Closed(_) => {}
        }
    }

    fn bind(&mut self, now: Now) {
        if !matches!(self.state, State::Greeting { .. }) {
            return;
        }
        let key = self.fresh_key();
        let until = now.monotonic + self.limits.bind_timeout;
        self.state = State::Binding { key, until };
        if !self.dialect.bind(key, &mut self.out) {
            self.bound(now);
        }
    }

    fn bound(&mut self, now: Now) {
        match self.state {
            State::Binding { .. } if self.suspect => self.demand_proof(now),
            State::Binding { .. } => self.is_let_in(),
            _ => self.counts.unknown_replies += 1,
        }
    }

    fn is_let_in(&mut self) {
        self.state = State::Bound;
        self.events.push_back(Event::Bound);
    }

    /// The next key that nothing waits for. The window is narrower than the keys are many, so there is one.
    fn fresh_key(&mut self) -> D::Key {
        let mut key = self.dialect.next_key();
        for _ in 0..D::KEYS.min(self.window.taken_keys() + RESERVED_KEYS) {
            let taken =
                self.window.is_taken(&key) || self.probe.as_ref().is_some_and(|(probe, _)| *probe == key);
            if !taken {
                break;
            }
            key = self.dialect.next_key();
        }
        key
    }

    /// The operator has ended the session: nothing more is sent, and what he has answered before is still heard.
    fn end(&mut self, now: Now, why: Closed) {
        let until = now.monotonic + LAST_REPLIES;
        match self.state {
            State::Bound | State::Unbinding { .. } if !self.window.is_empty() => {
                self.state = State::Ending { until, why };
            }
            State::Ending { .. } => {}
            _ => self.close(why),
        }
    }

    fn broken(&mut self, why: &str) {
        self.close(Closed::Broken(why.to_owned()));
    }

    fn close(&mut self, why: Closed) {
        if !matches!(self.state, State::Closed(_)) {
            self.state = State::Closed(why);
        }
    }
}
