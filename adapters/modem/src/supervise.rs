//! Who watches a terminal from outside: a loss of coverage, a vanished port, a SIM that is missing or locked, a weak signal or a full memory
//! becomes one notice, and one more when it is well again.
//!
//! The judgement is pure ([`Watch`]); it knows only what the link and its facts say, so that it also sees a port that is gone.

use crate::config::GsmConfig;
use crate::state::{Facts, State, dbm};
use domain::Timestamp;
use domain::directory::LinkId;
use domain::routing::{Condition, Health};
use ports::driven::{About, Clock, Link, Notice, Notices, Trouble};
use session::OperatorLink;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// How often it looks, at most.
const ROUND: Duration = Duration::from_secs(1);
/// A weak signal is well again so much above the limit.
const MARGIN: u8 = 2;

/// One look at a terminal.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    pub(crate) monotonic: Duration,
    pub(crate) wall: Timestamp,
    pub(crate) health: Health,
    pub(crate) facts: Facts,
    pub(crate) detail: String,
}

#[derive(Debug, Default)]
struct Row {
    bad_since: Option<(Duration, Timestamp)>,
    good_since: Option<Duration>,
    told: bool,
}

/// Judges looks.
#[derive(Debug)]
pub(crate) struct Watch {
    link: LinkId,
    after: Duration,
    weak: u8,
    rows: [(Trouble, Row); 3],
}

impl Watch {
    pub(crate) fn new(link: LinkId, config: &GsmConfig) -> Self {
        let rows = [Trouble::LinkDown, Trouble::WeakSignal, Trouble::MemoryFull].map(|t| (t, Row::default()));
        Self { link, after: config.notice_after, weak: config.weak_signal, rows }
    }

    /// What people should be told after this look.
    pub(crate) fn look(&mut self, look: &Look) -> Vec<Notice> {
        let mut notices = Vec::new();
        for (trouble, row) in &mut self.rows {
            let bad = match trouble {
                // Parked: no SIM, or one that wants what nobody has given. Held: that is its people's own affair.
                Trouble::LinkDown => match look.health.condition {
                    Condition::Up => Some(false),
                    Condition::Down { .. } | Condition::Parked { .. } => Some(true),
                    Condition::Held => {
                        row.rest();
                        None
                    }
                },
                Trouble::WeakSignal => look.facts.signal.and_then(|signal| {
                    let between = (self.weak..self.weak.saturating_add(MARGIN)).contains(&signal);
                    (!between).then_some(signal < self.weak)
                }),
                Trouble::MemoryFull => look.facts.memory.map(|_| look.facts.memory_full),
                // Not a terminal's own affair: whoever watches all links tells of them.
                Trouble::Deaf
                | Trouble::Parked
                | Trouble::Heartbeat
                | Trouble::GivenUp
                | Trouble::Quarantine
                | Trouble::Store => None,
            };
            if let Some(bad) = bad
                && let Some((cleared, since)) = row.judge(bad, look, self.after)
            {
                let detail = match trouble {
                    Trouble::WeakSignal => {
                        look.facts.signal.map_or(String::new(), |s| format!("{} dBm", dbm(s)))
                    }
                    Trouble::MemoryFull => {
                        look.facts.memory.map_or(String::new(), |(used, total)| format!("{used}/{total}"))
                    }
                    Trouble::LinkDown
                    | Trouble::Deaf
                    | Trouble::Parked
                    | Trouble::Heartbeat
                    | Trouble::GivenUp
                    | Trouble::Quarantine
                    | Trouble::Store => look.detail.clone(),
                };
                let about = About::Link(self.link.clone());
                notices.push(Notice { about, trouble: *trouble, cleared, detail, since, at: look.wall });
            }
        }
        notices
    }
}

impl Row {
    /// Nothing is seen for a while: what was told stays told, what was not begins anew.
    fn rest(&mut self) {
        self.good_since = None;
        self.bad_since = self.bad_since.filter(|_| self.told);
    }

    /// Whether to tell now, and what: cleared or not, and since when it was bad.
    fn judge(&mut self, bad: bool, look: &Look, after: Duration) -> Option<(bool, Timestamp)> {
        let now = look.monotonic;
        if bad {
            self.good_since = None;
            let (since, wall) = *self.bad_since.get_or_insert((now, look.wall));
            if !self.told && now.saturating_sub(since) >= after {
                self.told = true;
                return Some((false, wall));
            }
            return None;
        }
        let good = *self.good_since.get_or_insert(now);
        let (_, wall) = self.bad_since?;
        if !self.told {
            self.bad_since = None;
        } else if now.saturating_sub(good) >= after / 2 {
            (self.told, self.bad_since) = (false, None);
            return Some((true, wall));
        }
        None
    }
}

/// Watches until the link is gone.
pub(crate) async fn watch(
    link: Weak<OperatorLink>,
    config: Arc<GsmConfig>,
    state: Arc<State>,
    clock: Arc<dyn Clock>,
    notices: Arc<dyn Notices>,
) {
    let Some(mut watch) = link.upgrade().map(|link| Watch::new(link.id().clone(), &config)) else { return };
    let round = ROUND.min(config.notice_after / 4).max(Duration::from_millis(20));
    loop {
        tokio::time::sleep(round).await;
        let Some(link) = link.upgrade() else { return };
        let look = Look {
            monotonic: clock.monotonic(),
            wall: clock.now(),
            health: link.health(),
            facts: state.facts(),
            detail: link.report().detail,
        };
        for notice in watch.look(&look) {
            tracing::warn!(link = %notice.about, trouble = ?notice.trouble, cleared = notice.cleared, detail = notice.detail, "notice");
            notices.give(notice);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch() -> Watch {
        let config = GsmConfig { notice_after: Duration::from_secs(60), ..GsmConfig::on("x", "x") };
        Watch::new(LinkId::parse("GSM0").unwrap(), &config)
    }

    const SINCE: Timestamp = Timestamp::UNIX_EPOCH;

    fn look(at: u64, up: bool, signal: Option<u8>) -> Look {
        let condition = if up { Condition::Up } else { Condition::Down { since: SINCE } };
        look_at(at, condition, signal)
    }

    fn look_at(at: u64, condition: Condition, signal: Option<u8>) -> Look {
        Look {
            monotonic: Duration::from_secs(at),
            wall: Timestamp::from_second(i64::try_from(at).unwrap()).unwrap(),
            health: Health { condition, room: 1 },
            facts: Facts { signal, ..Facts::default() },
            detail: "port: no network".into(),
        }
    }

    #[test]
    fn once_lost_once_back() {
        let mut watch = watch();
        let told: Vec<_> = (0..400)
            .flat_map(|at| watch.look(&look(at, !(100..=200).contains(&at), Some(20))))
            .map(|n| (n.trouble, n.cleared, n.since.as_second(), n.at.as_second(), n.detail))
            .collect();
        let detail = || "port: no network".to_owned();
        assert_eq!(
            told,
            [(Trouble::LinkDown, false, 100, 160, detail()), (Trouble::LinkDown, true, 100, 231, detail())]
        );
    }

    #[test]
    fn short_gaps_and_flapping_are_not_told() {
        let mut watch = watch();
        assert!((0..1_000).all(|at| watch.look(&look(at, at % 50 < 10, None)).is_empty()));
    }

    #[test]
    fn a_parked_terminal_is_ill_and_a_held_one_is_nobodys_affair() {
        use Condition::{Held, Up};
        let (down, parked) = (Condition::Down { since: SINCE }, Condition::Parked { since: SINCE });
        let check = |story: &[(Condition, u64)], expect: &[(bool, i64)]| {
            let (mut watch, mut at, mut told) = (watch(), 0, Vec::new());
            for (condition, seconds) in story {
                for _ in 0..*seconds {
                    let notices = watch.look(&look_at(at, *condition, None));
                    told.extend(notices.into_iter().map(|n| (n.cleared, n.at.as_second())));
                    at += 1;
                }
            }
            assert_eq!(told, expect, "{story:?}");
        };
        check(&[(Up, 10), (parked, 300), (Up, 100)], &[(false, 70), (true, 340)]);
        check(&[(down, 10), (parked, 100), (down, 100)], &[(false, 60)]);
        check(&[(down, 100), (parked, 1_000), (Up, 31)], &[(false, 60), (true, 1_130)]);
        check(&[(down, 100), (Held, 1_000), (down, 100), (Up, 31)], &[(false, 60), (true, 1_230)]);
        check(&[(down, 100), (Up, 20), (Held, 1_000), (Up, 29)], &[(false, 60)]);
        check(&[(down, 40), (Held, 1_000), (down, 40), (Up, 100)], &[]);
    }

    #[test]
    fn weak_signals_with_a_margin() {
        let mut watch = watch();
        let signal = |at| match at {
            0..100 => 4,
            100..200 => 5,
            _ => 7,
        };
        let told: Vec<_> = (0..400)
            .flat_map(|at| watch.look(&look(at, true, Some(signal(at)))))
            .map(|n| (n.trouble, n.cleared, n.at.as_second()))
            .collect();
        assert_eq!(told, [(Trouble::WeakSignal, false, 60), (Trouble::WeakSignal, true, 230)]);
    }
}
