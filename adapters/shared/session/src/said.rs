//! Received messages that look the same: the operator's repetition, or said again?
//!
//! Where an operator gives neither time nor id (SMPP), "OK" to one alarm and "OK" to the next are the same octets. What tells them
//! apart is the connection: an operator repeats what he got no answer to, on another connection or after his patience. So what was taken
//! and answered in time is counted, and the next one with the same words is the second, the third: it gets the smallest number that none
//! of those has. When a connection ends, what was answered on it a moment before does not count: the answer may never have arrived, and
//! what comes again is the same one. Nor does what waits for its answer longer than an operator does.

use domain::mo::MoPart;
use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

/// How long an operator waits for an answer before he says it again, at least; and how long an answer may be on its way.
const PATIENCE: Duration = Duration::from_secs(10);
/// Remembered so much longer than the store does, which goes by another clock: a number is not given again while the store knows it.
const MARGIN: Duration = Duration::from_secs(30);
/// How many are remembered; the oldest goes first.
const MOST: usize = 100_000;

/// What was said on a link within the time in which a repetition is looked for.
#[derive(Debug)]
pub struct Said {
    patience: Duration,
    by: HashMap<u128, Vec<Once>>,
    order: VecDeque<(Duration, u128, u64)>,
    next: u64,
}

impl Default for Said {
    fn default() -> Self {
        Self::to(PATIENCE)
    }
}

#[derive(Debug)]
struct Once {
    /// Its own name.
    id: u64,
    /// How often the same was said before.
    number: u32,
    session: u64,
    began: Duration,
    answered: Option<Duration>,
}

/// One of them, to be answered.
#[derive(Debug, Clone, Copy)]
pub struct Utterance {
    fingerprint: u128,
    id: u64,
}

impl Said {
    /// To those who wait so long for an answer, at least.
    #[must_use]
    pub fn to(patience: Duration) -> Self {
        Self { patience, by: HashMap::new(), order: VecDeque::new(), next: 0 }
    }

    /// A message came on a session: notes how often the same was said before. `None` = the operator himself tells them apart.
    pub fn heard(&mut self, part: &mut MoPart, session: u64, now: Duration) -> Option<Utterance> {
        if part.is_told_apart() {
            return None;
        }
        self.forget(now, part.repeats_within() + MARGIN);
        let fingerprint = part.fingerprint();
        let all = self.by.entry(fingerprint).or_default();
        let patience = self.patience;
        let counts = |once: &Once| once.answered.is_some() || now.saturating_sub(once.began) < patience;
        let taken: HashSet<u32> = all.iter().filter(|once| counts(once)).map(|once| once.number).collect();
        let number = (0..u32::MAX).find(|number| !taken.contains(number)).unwrap_or(u32::MAX);
        part.said_before = number;
        let id = self.next;
        self.next += 1;
        all.push(Once { id, number, session, began: now, answered: None });
        self.order.push_back((now, fingerprint, id));
        Some(Utterance { fingerprint, id })
    }

    /// It is answered now.
    pub fn answered(&mut self, which: Utterance, taken: bool, now: Duration) {
        let Some(all) = self.by.get_mut(&which.fingerprint) else { return };
        let Some(at) = all.iter().position(|once| once.id == which.id) else { return };
        let in_time = all.get(at).is_some_and(|once| now.saturating_sub(once.began) < self.patience);
        if taken && in_time {
            all.iter_mut().skip(at).take(1).for_each(|once| once.answered = Some(now));
        } else {
            all.remove(at);
        }
    }

    /// A session is over.
    pub(crate) fn ended(&mut self, session: u64, now: Duration) {
        let patience = self.patience;
        let certain = |once: &Once| once.answered.is_some_and(|at| now.saturating_sub(at) >= patience);
        self.by.retain(|_, all| {
            all.retain(|once| once.session != session || certain(once));
            !all.is_empty()
        });
    }

    fn forget(&mut self, now: Duration, after: Duration) {
        while let Some((began, fingerprint, id)) = self.order.front().copied() {
            if now.saturating_sub(began) < after && self.order.len() < MOST {
                return;
            }
            self.order.pop_front();
            if let Some(all) = self.by.get_mut(&fingerprint) {
                all.retain(|once| once.id != id);
                if all.is_empty() {
                    self.by.remove(&fingerprint);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;
    use domain::directory::LinkId;
    use domain::mo::MoBody;

    fn part(text: &str) -> MoPart {
        MoPart {
            link: LinkId::parse("TS0").expect("name"),
            source: "46701234567".to_owned(),
            destination: "71234".to_owned(),
            concat: None,
            body: MoBody::Text(text.to_owned()),
            received_at: Timestamp::UNIX_EPOCH,
            operator_at: None,
            operator_id: String::new(),
            said_before: 0,
        }
    }

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    /// Says it on a session and has it taken at once; how often it was said before.
    fn say(said: &mut Said, text: &str, session: u64, at: u64) -> u32 {
        let mut part = part(text);
        let which = said.heard(&mut part, session, seconds(at)).expect("nothing tells it apart");
        said.answered(which, true, seconds(at));
        part.said_before
    }

    #[test]
    fn said_again_on_a_connection_that_lives() {
        let mut said = Said::default();
        assert_eq!(
            [say(&mut said, "OK", 1, 0), say(&mut said, "OK", 1, 2), say(&mut said, "NO", 1, 3)],
            [0, 1, 0]
        );
        assert_eq!(say(&mut said, "OK", 2, 60), 2, "on another session of the link");
        assert_eq!(say(&mut said, "OK", 1, 601), 3, "the store may still know the first");
        assert_eq!([say(&mut said, "OK", 1, 640), say(&mut said, "OK", 1, 641)], [0, 1], "two are forgotten");
        assert_eq!(say(&mut said, "OK", 1, 642), 4, "those of 60 and 601 have theirs");
    }

    /// Nobody loses a reply by its number: it is never one that the store still knows, however the same words come.
    #[test]
    fn a_number_is_not_given_again_while_the_store_knows_it() {
        for pause in [1, 7, 59, 200, 299, 301, 359, 599, 601, 700] {
            let (mut said, mut seen) = (Said::default(), HashMap::new());
            for at in (0..4_000).step_by(pause) {
                let number = say(&mut said, "OK", 1, at);
                let before = seen.insert(number, at);
                assert!(before.is_none_or(|before| at >= before + 600), "each {pause} s: {number} at {at}");
            }
        }
    }

    #[test]
    fn put_off_between_two_that_were_taken() {
        let mut said = Said::default();
        assert_eq!(say(&mut said, "OK", 1, 0), 0);
        let mut part = part("OK");
        let which = said.heard(&mut part, 1, seconds(1)).expect("nothing tells it apart");
        assert_eq!((part.said_before, say(&mut said, "OK", 1, 2)), (1, 2));
        said.answered(which, false, seconds(3));
        assert_eq!(say(&mut said, "OK", 1, 5), 1, "its repetition is not the third's");
        assert_eq!(say(&mut said, "OK", 1, 6), 3);
    }

    #[test]
    fn repeated_while_the_first_still_waits() {
        let mut said = Said::default();
        let mut part = part("OK");
        let which = said.heard(&mut part, 1, seconds(0)).expect("nothing tells it apart");
        assert_eq!(say(&mut said, "OK", 1, 9), 1, "no operator is as impatient as that");
        assert_eq!(say(&mut said, "OK", 1, 10), 0, "this is the repetition");
        said.answered(which, true, seconds(11));
        assert_eq!(say(&mut said, "OK", 1, 12), 2, "and it counts once");
    }

    #[test]
    fn repeated_after_the_connection_broke() {
        let mut said = Said::default();
        assert_eq!(say(&mut said, "OK", 1, 0), 0);
        assert_eq!(say(&mut said, "OK", 1, 100), 1);
        said.ended(1, seconds(101));
        assert_eq!(say(&mut said, "OK", 2, 102), 1, "its answer may not have arrived: it is the same one");
        assert_eq!(say(&mut said, "OK", 2, 110), 2);
        let (mut never, mut again) = (part("JA"), part("JA"));
        said.heard(&mut never, 2, seconds(120));
        said.ended(2, seconds(121));
        said.heard(&mut again, 3, seconds(122));
        assert_eq!((never.said_before, again.said_before), (0, 0));
    }

    #[test]
    fn not_taken_or_answered_too_late() {
        let mut said = Said::default();
        for (taken, after) in [(false, 0), (true, 11)] {
            let mut part = part("OK");
            let which = said.heard(&mut part, 1, seconds(0)).expect("nothing tells it apart");
            said.answered(which, taken, seconds(after));
        }
        assert_eq!(say(&mut said, "OK", 1, 20), 0, "what comes now is the repetition");
    }

    #[test]
    fn what_has_an_id_is_left_alone() {
        let mut named = MoPart { operator_id: "7".to_owned(), ..part("OK") };
        assert!(Said::default().heard(&mut named, 1, seconds(0)).is_none());
        assert_eq!(named.said_before, 0);
    }

    #[test]
    fn memory_is_bounded() {
        let mut said = Said::default();
        for n in 0..MOST + 10 {
            said.heard(&mut part(&n.to_string()), 1, seconds(1));
        }
        assert!(said.order.len() <= MOST && said.by.len() <= MOST);
    }
}
