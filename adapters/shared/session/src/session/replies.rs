//! What a session makes of replies: whose they are, late ones and those of nobody, and a peer that expects another number than ours.

use super::{Session, State};
use crate::dialect::{BindRefusal, Dialect, Now, Verdict};
use crate::event::{Closed, Event};
use crate::window::Taken;
use crate::withdraw::is_aside;
use domain::routing::{Failure, FailureClass};
use ports::driven::PartReply;
use std::collections::HashSet;

/// How often the peer may expect another key than ours before it takes anything.
const MOST_RESYNCS: u32 = 3;

impl<D: Dialect> Session<D> {
    /// A reply to a submit is none to a withdrawal, nor the other way around.
    pub(super) fn reply_to(&mut self, now: Now, key: D::Key, verdict: Verdict, aside: bool) {
        match self.window.token(&key) {
            Some(token) if is_aside(token) != aside => self.counts.unknown_replies += 1,
            _ => {
                if !aside {
                    (self.answered_at, self.tried, self.doubted) = (now.monotonic, 0, false);
                }
                self.reply(now, key, verdict);
            }
        }
    }

    fn reply(&mut self, now: Now, key: D::Key, verdict: Verdict) {
        let Some(Taken { token, written_at }) = self.window.take(&key) else {
            self.counts.unknown_replies += 1;
            return;
        };
        self.resyncs = 0;
        let took = now.monotonic.saturating_sub(written_at);
        self.window.took(took);
        if took > self.limits.response_timeout {
            self.counts.late_replies += 1;
        }
        let ended = |end| Event::Ended { token, end, took: Some(took) };
        let event = match verdict {
            Verdict::Accepted { operator_id } => ended(PartReply::Accepted { operator_id }),
            Verdict::Refused(failure) => ended(PartReply::Refused(failure)),
            Verdict::Throttled(failure) => Event::Throttled { token, failure },
            Verdict::Again(failure) => Event::Again { token, failure },
            Verdict::Congested(failure) => {
                self.events.push_back(Event::Full { token });
                ended(PartReply::Refused(failure))
            }
            Verdict::NotBound(failure) => {
                self.end(now, Closed::Broken(failure.detail));
                ended(PartReply::NotOffered)
            }
        };
        self.events.push_back(event);
    }

    pub(super) fn nack(&mut self, now: Now, key: D::Key, verdict: Verdict) {
        match &self.state {
            State::Binding { key: bind, .. } if *bind == key => {
                let detail = verdict.failure().map(|failure| failure.detail.clone()).unwrap_or_default();
                self.close(Closed::Refused(BindRefusal { login: false, detail }));
            }
            _ if self.window.holds(&key) => self.reply(now, key, verdict),
            // A peer that does not know keep-alives is alive all the same: this is why any frame counts as one.
            _ => self.counts.unknown_replies += 1,
        }
    }

    /// The peer takes the request with this key next: what was written under it and later was thrown away there.
    pub(super) fn expected(&mut self, now: Now, key: D::Key, next: bool) {
        self.resyncs += 1;
        if self.resyncs > MOST_RESYNCS {
            self.not_taken(key, next);
            return self.broken("the operator takes none of our packet numbers");
        }
        match &self.state {
            State::Binding { .. } => {
                self.dialect.rewind(key);
                self.state = State::Greeting { until: now.monotonic + self.limits.bind_timeout };
                self.bind(now);
            }
            State::Bound if !next => {
                let detail = "the operator expected another number".to_owned();
                let class = FailureClass::NotOffered;
                for Taken { token, .. } in self.thrown_away(key) {
                    let failure = Failure { class, code: "resynchronised".into(), detail: detail.clone() };
                    self.events.push_back(Event::Again { token, failure });
                }
                self.dialect.rewind(key);
            }
            _ => self.counts.unknown_replies += 1,
        }
    }

    /// What the peer has asked for again and again is not in doubt: it was not taken, and that is a try. What was written after it was
    /// thrown away there.
    fn not_taken(&mut self, key: D::Key, next: bool) {
        if next || !matches!(self.state, State::Bound) {
            return;
        }
        let detail = "the operator asked for the same packet again and again".to_owned();
        let failure = Failure { class: FailureClass::Temporary, code: "resynchronised".into(), detail };
        let mut first = self.window.holds(&key).then_some(failure);
        for Taken { token, .. } in self.thrown_away(key) {
            let end = first.take().map_or(PartReply::NotOffered, PartReply::Refused);
            self.events.push_back(Event::Ended { token, end, took: None });
        }
    }

    /// What was written under this key and after it. What waits for its reply from before is not thrown away, also when the key was a
    /// keep-alive's.
    fn thrown_away(&mut self, key: D::Key) -> Vec<Taken> {
        if self.window.holds(&key) {
            return self.window.take_from(&key);
        }
        let end = self.dialect.upcoming_key();
        self.dialect.rewind(key);
        let keys: HashSet<D::Key> =
            (0..D::KEYS).map(|_| self.dialect.next_key()).take_while(|key| end != Some(*key)).collect();
        self.window.take_those(|key| keys.contains(key))
    }
}
