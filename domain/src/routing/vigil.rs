//! When people are told that a link is down, parked, or well again. Each trouble is told once, and once more when it is over.

use super::Condition;
use std::time::Duration;

/// What is wrong with a link, worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ailment {
    /// It sends, and nothing has been able to come in by it for longer than people bear.
    Deaf,
    /// It has not been bound for longer than people bear.
    Down,
    /// Its operator takes nothing from us: no credit, barred, a login it refuses.
    Parked,
}

/// Something to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turning {
    /// What is, or was, wrong.
    pub ailment: Ailment,
    /// It is over.
    pub cleared: bool,
    /// For how long it was so when this was found.
    pub lasted: Duration,
}

/// What has been seen of one link and told of it. Times are those of a clock that only goes forward.
#[derive(Debug, Clone, Default)]
pub struct Vigil {
    ill_since: Option<Duration>,
    well_since: Option<Duration>,
    told: Option<(Ailment, Duration)>,
    /// What an earlier run told and did not see the end of.
    owed: Option<Ailment>,
}

impl Vigil {
    /// One that goes on after a restart: people were told of this. When it is still so they are told again, since nobody knows whether they heard it,
    /// and else that it is over.
    #[must_use]
    pub fn resumed(ailment: Ailment) -> Self {
        Self { owed: Some(ailment), ..Self::default() }
    }

    /// Looks at the link. A link that is down is told of after `after`, a parked one at once, and that it is well after it has been up for
    /// `after`, so that one that comes and goes is told of once. One that is up and deaf is not well either. A link that people hold is their own
    /// affair.
    pub fn look(
        &mut self,
        condition: Condition,
        is_deaf: bool,
        after: Duration,
        now: Duration,
    ) -> Option<Turning> {
        match condition {
            Condition::Up if is_deaf => self.ill(Ailment::Deaf, after, now),
            Condition::Up => self.well(after, now),
            Condition::Held => {
                self.ill_since = None;
                None
            }
            Condition::Down { .. } => self.ill(Ailment::Down, after, now),
            Condition::Parked { .. } => self.ill(Ailment::Parked, Duration::ZERO, now),
        }
    }

    fn well(&mut self, after: Duration, now: Duration) -> Option<Turning> {
        self.ill_since = None;
        let since = *self.well_since.get_or_insert(now);
        let told = self.told.or(self.owed.map(|ailment| (ailment, since)));
        let (ailment, began) = told.filter(|_| now.saturating_sub(since) >= after)?;
        (self.told, self.owed) = (None, None);
        Some(Turning { ailment, cleared: true, lasted: since.saturating_sub(began) })
    }

    fn ill(&mut self, ailment: Ailment, after: Duration, now: Duration) -> Option<Turning> {
        self.well_since = None;
        let since = *self.ill_since.get_or_insert(now);
        let lasted = now.saturating_sub(since);
        if lasted < after || self.told.is_some_and(|(told, _)| told >= ailment) {
            return None;
        }
        let began = self.told.map_or(since, |(_, began)| began);
        (self.told, self.owed) = (Some((ailment, began)), None);
        Some(Turning { ailment, cleared: false, lasted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    const AFTER: Duration = Duration::from_secs(60);
    const SINCE: Timestamp = Timestamp::UNIX_EPOCH;
    const DOWN: Condition = Condition::Down { since: SINCE };
    const PARKED: Condition = Condition::Parked { since: SINCE };

    /// Looks once a second; what is told, with the second.
    fn told(story: &[(Condition, u64)]) -> Vec<String> {
        let hearing: Vec<_> =
            story.iter().map(|(condition, seconds)| (*condition, false, *seconds)).collect();
        heard(&hearing)
    }

    /// The same with whether it is deaf.
    fn heard(story: &[(Condition, bool, u64)]) -> Vec<String> {
        let (mut vigil, mut now, mut found) = (Vigil::default(), 0, Vec::new());
        for (condition, is_deaf, seconds) in story {
            for _ in 0..*seconds {
                if let Some(turning) = vigil.look(*condition, *is_deaf, AFTER, Duration::from_secs(now)) {
                    let word = if turning.cleared { "clear" } else { "alarm" };
                    found.push(format!("{now} {word} {:?} {}", turning.ailment, turning.lasted.as_secs()));
                }
                now += 1;
            }
        }
        found
    }

    #[test]
    fn what_an_earlier_run_told_is_ended_or_told_again() {
        let look = |vigil: &mut Vigil, condition, from: u64, to: u64| {
            let turnings =
                (from..to).filter_map(|s| vigil.look(condition, false, AFTER, Duration::from_secs(s)));
            turnings.map(|turning| (turning.ailment, turning.cleared)).collect::<Vec<_>>()
        };
        let mut well = Vigil::resumed(Ailment::Parked);
        assert_eq!(look(&mut well, Condition::Up, 0, 60), []);
        assert_eq!(look(&mut well, Condition::Up, 60, 500), [(Ailment::Parked, true)]);
        let mut ill = Vigil::resumed(Ailment::Parked);
        assert_eq!(look(&mut ill, DOWN, 0, 500), [(Ailment::Down, false)]);
        assert_eq!(look(&mut ill, Condition::Up, 500, 1000), [(Ailment::Down, true)]);
    }

    #[test]
    fn a_link_that_hears_nothing_is_told_of() {
        use Condition::Up;
        assert_eq!(heard(&[(Up, true, 59), (Up, false, 500)]), Vec::<String>::new());
        let story = [(Up, true, 300), (Up, false, 300)];
        assert_eq!(heard(&story), ["60 alarm Deaf 60", "360 clear Deaf 300"]);
        let story = [(Up, true, 100), (DOWN, false, 100), (Up, true, 500), (Up, false, 100)];
        assert_eq!(heard(&story), ["60 alarm Deaf 60", "100 alarm Down 100", "760 clear Down 700"]);
    }

    #[test]
    fn each_trouble_once_and_once_more_when_it_is_over() {
        use Condition::{Held, Up};
        assert_eq!(told(&[(Up, 500)]), Vec::<String>::new());
        assert_eq!(told(&[(DOWN, 59), (Up, 5), (DOWN, 59), (Up, 500)]), Vec::<String>::new());
        assert_eq!(told(&[(Up, 10), (DOWN, 300), (Up, 300)]), ["70 alarm Down 60", "370 clear Down 300"]);
        assert_eq!(told(&[(PARKED, 300), (Up, 300)]), ["0 alarm Parked 0", "360 clear Parked 300"]);
        assert_eq!(
            told(&[(DOWN, 100), (PARKED, 100), (DOWN, 100)]),
            ["60 alarm Down 60", "100 alarm Parked 100"]
        );
        // A parked link that is tried now and then, in vain.
        assert_eq!(
            told(&[(PARKED, 300), (Up, 2), (PARKED, 300), (Up, 2), (PARKED, 300)]),
            ["0 alarm Parked 0"]
        );
        assert_eq!(told(&[(Held, 1_000), (Up, 100)]), Vec::<String>::new());
        assert_eq!(told(&[(DOWN, 30), (Held, 1_000), (DOWN, 30), (Up, 99)]), Vec::<String>::new());
    }
}
