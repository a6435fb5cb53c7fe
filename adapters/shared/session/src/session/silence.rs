//! What a session does when the operator says nothing: keep-alives, proof that who was deaf hears, and when to move on to a new connection.

use super::{Session, State};
use crate::dialect::{Dialect, Now};
use crate::event::{Closed, Event};
use crate::options::SessionLimits;
use std::time::Duration;

/// How long nothing is sent because the next key still waits for its reply and none may be left out.
const STANDSTILL: Duration = Duration::from_secs(5);
/// How long silence is borne while an alarm is under way, at most, and how long a keep-alive may then take to be answered.
const ALARM_SILENCE: Duration = Duration::from_secs(10);
const ALARM_ANSWER: Duration = Duration::from_secs(5);
/// How long an operator who has all that may be under way may answer none of it, at least.
const MUTE: Duration = Duration::from_secs(20);
/// How long it is at most until one more is tried with him.
const LONGEST_MUTE: Duration = Duration::from_secs(600);

impl<D: Dialect> Session<D> {
    /// Something was put off by silence: when nothing is under way any more, a new connection brings it again.
    pub(super) fn move_on(&mut self, now: Now) {
        let Some(due) = self.moving_on_at() else { return };
        let given_up = now.monotonic >= due + self.limits.response_timeout;
        self.moving_on |= now.monotonic >= due;
        if self.is_bound() && self.moving_on && (self.window.is_empty() || given_up) {
            self.unbind(now);
        }
    }

    /// When to look whether a new connection is due: at the time itself, then whenever something ends, then at the latest.
    pub(super) fn move_on_due(&self) -> Option<Duration> {
        let due = self.moving_on_at().filter(|_| self.is_bound())?;
        let waits = self.moving_on && !self.window.is_empty();
        Some(if waits { due + self.limits.response_timeout } else { due })
    }

    /// From when on nothing more is sent, so that a new connection can be made.
    pub(super) fn moving_on_at(&self) -> Option<Duration> {
        self.silent_since.map(|since| since + self.limits.response_timeout)
    }

    pub(super) fn keep_alive(&mut self, at: Duration) {
        if !self.is_bound() {
            return;
        }
        match &self.probe {
            Some((_, until)) if *until <= at && self.window.is_empty() => {
                self.broken("no answer to a keep-alive");
            }
            Some((_, until)) if *until <= at => {
                self.close(Closed::Deaf("no answer to submits nor to a keep-alive".to_owned()));
            }
            None if self.quiet_until().0 <= at && self.stands_since.is_none() => {
                let key = self.fresh_key();
                self.dialect.keep_alive(key, &mut self.out);
                self.probe = Some((key, at + self.quiet_until().1));
                self.look_ahead(at);
            }
            _ => {}
        }
    }

    /// Until when silence is borne without a keep-alive, and how long that may then take to be answered: not long while an alarm is under way.
    pub(super) fn quiet_until(&self) -> (Duration, Duration) {
        let usual = (self.heard_at + self.limits.keep_alive, self.limits.keep_alive_timeout);
        let urgent =
            self.window.urgent_since().filter(|_| self.limits.keep_alive < SessionLimits::NO_KEEP_ALIVE);
        urgent.map_or(usual, |since| {
            let urgent = self.heard_at.max(since) + ALARM_SILENCE;
            (usual.0.min(urgent), usual.1.min(ALARM_ANSWER))
        })
    }

    /// Free places of the window; of an operator that is doubted it has one.
    pub(super) fn places(&self) -> usize {
        let under_way = self.window.len() - self.window.late();
        if self.doubted { 1_usize.saturating_sub(under_way) } else { self.window.free() }
    }

    /// When one more message is tried with an operator who has all that may be under way and answers none of it: long past his usual times since
    /// he answered a submit, and twice as long after each one that was tried.
    pub(super) fn stuck_until(&self) -> Option<Duration> {
        let waits_since = self.window.waits_since().filter(|_| self.is_bound() && self.places() == 0)?;
        let patience = self.window.patience(self.limits.response_timeout).max(MUTE);
        let pause = (patience * 2_u32.saturating_pow(self.tried)).min(LONGEST_MUTE);
        Some(waits_since.max(self.answered_at).max(self.tried_at) + pause)
    }

    /// What has waited longest leaves its place. When the next one is written, and he says nothing to that either, nothing more counts on him.
    pub(super) fn try_one(&mut self, at: Duration) {
        if self.stuck_until().is_some_and(|until| until <= at) {
            (self.tried, self.tried_at) = (self.tried.saturating_add(1).min(16), at);
            if self.limits.window == 1 {
                // One after the other, and never two: he may not know what to do with the second.
                return self.falls_mute();
            }
            let token = self.window.pass_over_oldest();
            self.events.extend(token.map(|token| Event::PassedOver { token }));
            self.may_send_again();
        }
    }

    /// The place of the one that is tried is taken: what waits had better go by another link.
    pub(super) fn falls_mute(&mut self) {
        if self.tried > 0 && !self.mute && self.places() == 0 {
            self.mute = true;
            self.events.push_back(Event::Mute { why: "the operator answers no submits".to_owned() });
        }
    }

    /// There is room again: he has answered, what he did not answer has its end, or one more is tried.
    pub(super) fn may_send_again(&mut self) {
        if self.mute && self.is_bound() && self.places() > 0 {
            self.mute = false;
            self.events.push_back(Event::Bound);
        }
    }

    /// Where no key may be left out, nothing is sent while the next one still waits for its reply.
    pub(super) fn look_ahead(&mut self, at: Duration) {
        let taken = self.dialect.upcoming_key().is_some_and(|key| self.window.is_taken(&key));
        self.stands_since = taken.then(|| self.stands_since.unwrap_or(at));
    }

    /// When the reply that nothing can be sent without has been waited for long enough: what is under way is in doubt then.
    pub(super) fn stands_until(&self) -> Option<Duration> {
        self.stands_since.filter(|_| self.is_bound()).map(|since| since + STANDSTILL)
    }

    pub(super) fn demand_proof(&mut self, now: Now) {
        let key = self.fresh_key();
        self.dialect.keep_alive(key, &mut self.out);
        self.state = State::Proving { until: now.monotonic + self.limits.keep_alive_timeout };
    }

    /// He has answered something: he hears us.
    pub(super) fn proven(&mut self) {
        if matches!(self.state, State::Proving { .. }) {
            self.is_let_in();
        }
    }
}
