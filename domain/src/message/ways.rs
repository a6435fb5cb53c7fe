//! The ways a message was sent by before the one it is on now, and what became of it on each: kept beside its parts, in one text.
//!
//! A message leaves a way for another when the outcome does not come in time. What the operator of the old way had taken it still has:
//! its receipts come late, and the recipient may get the message twice. This says so.

use super::PartState;
use super::parts::{Part, Parts, decode_parts, encode_parts, outcome_of, set_part};
use crate::directory::LinkId;
use crate::state::State;
use jiff::Timestamp;
use std::fmt::Write as _;

/// Why a message left a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Leaving {
    /// Nobody said "delivered" in time.
    NotDelivered,
    /// The operator did not take it in time.
    NoReply,
    /// It failed there, or the operator reported that it will not arrive.
    Failed,
    /// The operator refused it for good: he is not asked again.
    Refused,
}

impl Leaving {
    /// What does not know the last one takes it for [`Leaving::Failed`].
    const CODES: [(Leaving, &str); 4] =
        [(Self::NotDelivered, "d"), (Self::NoReply, "r"), (Self::Failed, "f"), (Self::Refused, "f!")];

    /// The name in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotDelivered => "not_delivered_in_time",
            Self::NoReply => "no_reply_in_time",
            Self::Failed | Self::Refused => "failed",
        }
    }

    fn code(self) -> &'static str {
        Self::CODES.iter().find(|(w, _)| *w == self).map_or("d", |(_, c)| *c)
    }

    fn from_code(code: &str) -> Option<Self> {
        let exact = Self::CODES.iter().find(|(_, c)| *c == code);
        exact.or_else(|| Self::CODES.iter().find(|(_, c)| code.starts_with(c))).map(|(w, _)| *w)
    }
}

/// A way that was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastWay {
    /// Its link.
    pub link: LinkId,
    /// What became of the segments there.
    pub parts: Vec<Part>,
    /// When the operator had taken it over, if it had.
    pub sent_at: Option<Timestamp>,
    /// When it was left.
    pub left_at: Timestamp,
    /// Why.
    pub why: Leaving,
    /// It was on its way to the operator when it was left: nobody knows whether it was taken.
    pub in_doubt: bool,
}

impl PastWay {
    /// Whether the operator has, or may have, any of it.
    #[must_use]
    pub fn was_used(&self) -> bool {
        self.in_doubt || self.parts.iter().any(|p| p.state != PartState::Waiting)
    }

    /// Whether a receipt may still say that it arrived.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.parts.iter().any(|p| p.state == PartState::Sent)
    }

    /// The end it came to, once all segments have one.
    #[must_use]
    pub fn outcome(&self, total: u8) -> Option<State> {
        outcome_of(&self.parts, total)
    }

    /// What became of it there, in one word: `delivered`, `sent`, `unknown` (in doubt), `failed` …; `queued` when it was never taken.
    #[must_use]
    pub fn state(&self, total: u8) -> State {
        match self.outcome(total) {
            Some(end) => end,
            None if self.is_open() => State::Sent,
            None if self.was_used() => State::Unknown,
            None => State::Queued,
        }
    }

    /// Sets one segment's state; see [`Parts::set`].
    pub fn set(&mut self, seq: u8, state: PartState, operator_id: &str, error: &str) -> bool {
        set_part(&mut self.parts, seq, state, operator_id, error)
    }

    pub(super) fn encode(&self, into: &mut String) {
        let doubt = if self.in_doubt { "?" } else { "" };
        let sent = self.sent_at.map(|at| at.as_millisecond().to_string()).unwrap_or_default();
        let left = self.left_at.as_millisecond();
        let _ = write!(into, "|{},{left},{}{doubt},{sent}:", self.link, self.why.code());
        encode_parts(&self.parts, into);
    }

    pub(super) fn decode(text: &str) -> Option<Self> {
        let (head, parts) = text.split_once(':')?;
        let mut fields = head.split(',');
        let link = LinkId::parse(fields.next()?).ok()?;
        let left_at = Timestamp::from_millisecond(fields.next()?.parse().ok()?).ok()?;
        let why = fields.next()?;
        let sent_at =
            fields.next().and_then(|s| s.parse().ok()).and_then(|ms| Timestamp::from_millisecond(ms).ok());
        Some(Self {
            link,
            parts: decode_parts(parts),
            sent_at,
            left_at,
            why: Leaving::from_code(why.trim_end_matches('?'))?,
            in_doubt: why.ends_with('?'),
        })
    }
}

/// Which of a message's ways a receipt or a late reply is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The one it is on now.
    Now,
    /// One that was left, by its place.
    Past(usize),
}

/// How a message leaves the way it is on.
#[derive(Debug, Clone)]
pub struct Departure<'a> {
    /// The link of that way.
    pub link: &'a LinkId,
    /// When the operator had taken it over, if it had.
    pub sent_at: Option<Timestamp>,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub why: Leaving,
    /// It is on its way to the operator at this moment.
    pub in_doubt: bool,
}

impl Parts {
    /// The ways that were left, in order.
    #[must_use]
    pub fn past(&self) -> &[PastWay] {
        &self.past
    }

    /// Whether a way was left for another.
    #[must_use]
    pub fn has_past(&self) -> bool {
        !self.past.is_empty()
    }

    /// Whether an operator has, or may have, taken the message by this link, on a way that was left.
    #[must_use]
    pub fn was_used(&self, link: &LinkId) -> bool {
        self.past.iter().any(|w| w.link == *link && w.was_used())
    }

    /// Whether it failed by this link, on a way that was left.
    #[must_use]
    pub fn failed_by(&self, link: &LinkId) -> bool {
        let failed = |why| matches!(why, Leaving::Failed | Leaving::Refused);
        self.past.iter().any(|w| w.link == *link && failed(w.why))
    }

    /// Whether it may go by this link: neither has an operator there, nor may have, taken it, nor has he refused it for good.
    #[must_use]
    pub fn may_go_by(&self, link: &LinkId) -> bool {
        !self.past.iter().any(|w| w.link == *link && (w.was_used() || w.why == Leaving::Refused))
    }

    /// Whether a receipt of a way that was left may still say "delivered".
    #[must_use]
    pub fn is_open_elsewhere(&self) -> bool {
        self.past.iter().any(PastWay::is_open)
    }

    /// Whether nobody knows what became of it on a way that was left.
    #[must_use]
    pub fn is_in_doubt_elsewhere(&self) -> bool {
        self.past.iter().any(|w| w.in_doubt && w.parts.iter().all(|p| p.state == PartState::Waiting))
    }

    /// Whether the segments on the way it is on now may still get a receipt.
    #[must_use]
    pub fn is_open_now(&self) -> bool {
        self.now.iter().any(|p| p.state == PartState::Sent)
    }

    /// The links whose operators have segments of it, the one it is on (`current`) first.
    #[must_use]
    pub fn holders(&self, current: &LinkId) -> Vec<LinkId> {
        let mut links: Vec<LinkId> = self.is_open_now().then(|| current.clone()).into_iter().collect();
        for way in self.past.iter().filter(|way| way.is_open()) {
            if !links.contains(&way.link) {
                links.push(way.link.clone());
            }
        }
        links
    }

    /// The segments that the operator of a link has; `current` is the link it is on.
    pub fn held_by<'a>(&'a self, current: &'a LinkId, link: &'a LinkId) -> impl Iterator<Item = &'a Part> {
        let now = self.now.iter().filter(move |_| current == link);
        let past = self.past.iter().filter(move |way| way.link == *link).flat_map(|way| &way.parts);
        now.chain(past).filter(|part| part.state == PartState::Sent)
    }

    /// Leaves the way it is on: from now on it begins afresh. A way where nothing was given to the operator is remembered once for each
    /// reason.
    /// True when the recipient may now get it twice.
    pub fn leave(&mut self, departure: &Departure<'_>) -> bool {
        let Departure { link, sent_at, at, why, in_doubt } = departure.clone();
        let parts = std::mem::take(&mut self.now);
        let sent_at = sent_at.filter(|_| parts.iter().any(|p| p.state != PartState::Waiting));
        let way = PastWay { link: link.clone(), parts, sent_at, left_at: at, why, in_doubt };
        let used = way.was_used();
        if used || !self.past.iter().any(|w| w.link == way.link && w.why == way.why) {
            self.past.push(way);
        }
        used
    }

    /// The way a receipt is about: of its link, if possible with that operator's id, else the newest of the link, else the one it is on.
    #[must_use]
    pub fn which(&self, current: &str, link: &str, seq: u8, known: impl Fn(&str) -> bool) -> Which {
        let has = |parts: &[Part]| parts.iter().any(|p| p.seq == seq && known(&p.operator_id));
        if self.past.is_empty() || (current == link && has(&self.now)) {
            return Which::Now;
        }
        let of_link = || self.past.iter().enumerate().rev().filter(|(_, w)| w.link.as_str() == link);
        let named = of_link().find(|(_, w)| has(&w.parts));
        match named.or_else(|| of_link().next().filter(|_| current != link)) {
            Some((n, _)) => Which::Past(n),
            None => Which::Now,
        }
    }

    /// The segments of a way.
    #[must_use]
    pub fn of(&self, which: Which) -> &[Part] {
        match which {
            Which::Now => &self.now,
            Which::Past(n) => self.past.get(n).map_or(&[], |w| &w.parts),
        }
    }

    /// As [`Parts::set`], on any of its ways.
    pub fn set_on(
        &mut self,
        which: Which,
        seq: u8,
        state: PartState,
        operator_id: &str,
        error: &str,
    ) -> bool {
        match which {
            Which::Now => self.set(seq, state, operator_id, error),
            Which::Past(n) => self.past.get_mut(n).is_some_and(|w| w.set(seq, state, operator_id, error)),
        }
    }

    /// As [`Parts::outcome`], of any of its ways.
    #[must_use]
    pub fn outcome_on(&self, which: Which, total: u8) -> Option<State> {
        match which {
            Which::Now => self.outcome(total),
            Which::Past(_) => outcome_of(self.of(which), total),
        }
    }

    /// Takes over what is known of ways that were left, and ends of segments, from what is stored: receipts may have come meanwhile.
    #[must_use]
    pub fn merged(self, stored: &Parts) -> Self {
        let mut merged = Self { now: Vec::new(), past: self.past };
        for (n, way) in merged.past.iter_mut().enumerate() {
            if let Some(known) = stored.past.get(n).filter(|known| known.link == way.link) {
                *way = known.clone();
            }
        }
        let ends = || stored.now.iter().filter(|p| p.state.is_final());
        match merged.past.get_mut(stored.past.len()) {
            // It leaves its way by this: the ends are of the way that it leaves.
            Some(left) => {
                for part in ends() {
                    left.set(part.seq, part.state, &part.operator_id, &part.error);
                }
                merged.now = self.now;
            }
            None => {
                for part in ends().chain(&self.now) {
                    merged.set(part.seq, part.state, &part.operator_id, &part.error);
                }
            }
        }
        merged
    }

    /// The state of a message that came to a bad end on the way it is on: `sent` while an operator of one that it left still has it,
    /// `unknown` when nobody knows, and that end when no other is left.
    #[must_use]
    pub fn rests_as(&self, end: State) -> State {
        match () {
            () if self.is_open_elsewhere() => State::Sent,
            () if self.is_in_doubt_elsewhere() => State::Unknown,
            () => end,
        }
    }

    /// Whether any operator, on any way, may still say what became of it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.is_open_now() || self.is_open_elsewhere()
    }

    /// Whether a receipt may still say what became of a segment: one that was sent under an id, on the way it is on (if receipts are asked
    /// for there) or on one that it left. Without an id none is ever understood.
    #[must_use]
    pub fn awaits_receipt(&self, asked_for: bool) -> bool {
        let known = |p: &Part| p.state == PartState::Sent && !p.operator_id.is_empty();
        (asked_for && self.now.iter().any(known)) || self.past.iter().flat_map(|way| &way.parts).any(known)
    }

    /// The end of a message of which no operator has anything more to say: what became of all of it on the way it is on, or else on the
    /// last way that had all of it; failed when a part of it was refused for good, and `unknown` where nobody said.
    #[must_use]
    pub fn end(&self, total: u8) -> State {
        let left = || self.past.iter().rev().filter_map(|way| way.outcome(total));
        match self.outcome(total) {
            Some(end) if end == State::Delivered || self.past.is_empty() => end,
            _ if left().any(|end| end == State::Delivered) => State::Delivered,
            _ if self.is_in_doubt_elsewhere() => State::Unknown,
            now => match now.or_else(|| left().next()) {
                Some(end) => end,
                None if self.now.iter().any(|p| p.state == PartState::Failed) => State::Failed,
                None => State::Unknown,
            },
        }
    }

    /// Gives up waiting: what is sent on any way and has no end becomes unknown.
    #[must_use]
    pub fn given_up(&self) -> Self {
        let mut after = self.clone();
        let ways = after.past.iter_mut().map(|w| &mut w.parts).chain(std::iter::once(&mut after.now));
        for part in ways.flatten().filter(|p| p.state == PartState::Sent) {
            part.state = PartState::Unknown;
        }
        after
    }

    /// Where no segment of a way may get a receipt any more, those that its operator took without an id, beside others that had one, become
    /// unknown: nobody will ever say what became of them.
    pub fn leave_unsaid(&mut self, which: Which) {
        let parts = match which {
            Which::Now => &mut self.now,
            Which::Past(n) => match self.past.get_mut(n) {
                Some(way) => &mut way.parts,
                None => return,
            },
        };
        let named = |p: &Part| !p.operator_id.is_empty();
        if !parts.iter().any(named) || parts.iter().any(|p| p.state == PartState::Sent && named(p)) {
            return;
        }
        for part in parts.iter_mut().filter(|p| p.state == PartState::Sent) {
            part.state = PartState::Unknown;
        }
    }

    /// Takes a segment that was given up as unknown for sent again: a late receipt mends it.
    pub fn reopen(&mut self, which: Which, seq: u8) {
        let parts = match which {
            Which::Now => &mut self.now,
            Which::Past(n) => match self.past.get_mut(n) {
                Some(way) => &mut way.parts,
                None => return,
            },
        };
        for part in parts.iter_mut().filter(|p| p.seq == seq && p.state == PartState::Unknown) {
            part.state = PartState::Sent;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(name: &str) -> LinkId {
        LinkId::parse(name).expect("name")
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("time")
    }

    fn left(parts: &mut Parts, name: &str, second: i64, in_doubt: bool) -> bool {
        let why = Leaving::NotDelivered;
        parts.leave(&Departure { link: &link(name), sent_at: Some(at(1)), at: at(second), why, in_doubt })
    }

    #[test]
    fn ways_come_back_from_their_text() {
        let mut parts = Parts::default();
        parts.set(1, PartState::Sent, "a1", "");
        parts.set(2, PartState::Waiting, "", "");
        assert!(left(&mut parts, "TS0", 60, false));
        assert!(left(&mut parts, "TS1", 120, true));
        parts.set(1, PartState::Sent, "c3", "");
        assert_eq!(parts.encode(), "1sc3|TS0,60000,d,1000:1sa1;2w|TS1,120000,d?,:");
        assert_eq!(Parts::decode(&parts.encode()), parts);
        assert!(parts.was_used(&link("TS1")) && !parts.was_used(&link("TS2")));
        assert!(parts.is_open_elsewhere() && parts.is_in_doubt_elsewhere());
    }

    #[test]
    fn a_way_that_got_nothing_is_remembered_once() {
        let mut parts = Parts::default();
        for second in 0..50 {
            assert!(!left(&mut parts, if second % 2 == 0 { "TS0" } else { "TS1" }, second, false));
        }
        assert_eq!(parts.past().len(), 2);
        assert!(!parts.was_used(&link("TS0")));
    }

    #[test]
    fn a_refusal_is_remembered_beside_what_was_before() {
        let mut parts = Parts::default();
        let ts0 = link("TS0");
        for why in [Leaving::NoReply, Leaving::Failed, Leaving::Refused, Leaving::Refused, Leaving::NoReply] {
            parts.leave(&Departure { link: &ts0, sent_at: None, at: at(60), why, in_doubt: false });
        }
        assert_eq!(parts.encode(), "|TS0,60000,r,:|TS0,60000,f,:|TS0,60000,f!,:");
        assert_eq!(Parts::decode(&parts.encode()), parts);
        assert!(parts.failed_by(&ts0) && !parts.was_used(&ts0) && !parts.may_go_by(&ts0));
        assert!(!parts.failed_by(&link("TS1")) && parts.may_go_by(&link("TS1")));
        let may_pass = Parts::decode("|TS0,60000,f,:");
        assert!(may_pass.failed_by(&ts0) && may_pass.may_go_by(&ts0));
        let in_doubt = Parts::decode("|TS0,60000,f!?,:");
        assert!(in_doubt.was_used(&ts0) && in_doubt.past()[0].why == Leaving::Refused);
    }

    #[test]
    fn what_was_learnt_meanwhile_stays() {
        let mut stored = Parts::default();
        stored.set(1, PartState::Delivered, "a1", "");
        stored.set(2, PartState::Sent, "a2", "");
        let mut leaving = Parts::default();
        leaving.set(1, PartState::Sent, "a1", "");
        leaving.set(2, PartState::Sent, "a2", "");
        let mut going_on = leaving.clone();
        left(&mut leaving, "TS0", 60, false);
        assert_eq!(leaving.merged(&stored).encode(), "|TS0,60000,d,1000:1da1;2sa2");
        going_on.set(2, PartState::Sent, "b2", "");
        assert_eq!(going_on.clone().merged(&stored).encode(), "1da1;2sb2");
        left(&mut going_on, "TS0", 60, false);
        let mut again = going_on.clone();
        going_on.set_on(Which::Past(0), 1, PartState::Failed, "", "7");
        again.set(1, PartState::Sent, "c1", "");
        assert_eq!(again.merged(&going_on).encode(), "1sc1|TS0,60000,d,1000:1fa1,7;2sb2");
    }

    #[test]
    fn what_has_no_id_is_unsaid_when_all_others_are_said() {
        for (before, after) in [
            ("1sa1;2s", "1sa1;2s"),
            ("1da1;2s", "1da1;2u"),
            ("1fa1,9;2s;3sa3", "1fa1,9;2s;3sa3"),
            // Its operator never gives one: it is sent, and that is the last word.
            ("1s;2s", "1s;2s"),
            ("1da1;2w", "1da1;2w"),
        ] {
            let mut parts = Parts::decode(before);
            parts.leave_unsaid(Which::Now);
            assert_eq!(parts.encode(), after, "{before}");
        }
        let mut parts = Parts::decode("1s|TS0,60000,d,1000:1da1;2s");
        parts.leave_unsaid(Which::Past(0));
        assert_eq!(parts.encode(), "1s|TS0,60000,d,1000:1da1;2u");
    }

    #[test]
    fn receipts_come_under_an_id() {
        let mut parts = Parts::default();
        assert!(!parts.awaits_receipt(true));
        parts.set(1, PartState::Sent, "", "");
        assert!(!parts.awaits_receipt(true));
        parts.set(2, PartState::Sent, "a2", "");
        assert!(parts.awaits_receipt(true) && !parts.awaits_receipt(false));
        left(&mut parts, "TS0", 60, false);
        parts.set(1, PartState::Sent, "", "");
        assert!(parts.awaits_receipt(false), "the operator of the way that was left");
        parts.set_on(Which::Past(0), 2, PartState::Delivered, "", "");
        assert!(!parts.awaits_receipt(true));
    }

    #[test]
    fn receipts_find_their_way() {
        let mut parts = Parts::default();
        parts.set(1, PartState::Sent, "a1", "");
        left(&mut parts, "TS0", 60, false);
        parts.set(1, PartState::Sent, "b1", "");
        let which =
            |current: &str, of: &str, id: &'static str| parts.which(current, of, 1, |known| known == id);
        assert_eq!(which("TS1", "TS0", "a1"), Which::Past(0));
        assert_eq!(which("TS1", "TS1", "b1"), Which::Now);
        assert_eq!(which("TS0", "TS0", "a1"), Which::Past(0), "the same link once more");
        assert_eq!(which("TS0", "TS0", "b1"), Which::Now);
        assert_eq!(which("TS1", "TS0", "other"), Which::Past(0));
    }
}
