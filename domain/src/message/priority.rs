//! Priority classes, and the guard that keeps a lower class from starving.

use std::fmt;

/// The class of a message in the queue; a higher one leaves first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[repr(i16)]
pub enum Priority {
    /// Mailings: gladly last.
    Bulk = 0,
    /// Everything else.
    #[default]
    Normal = 1,
    /// One-time codes and what people wait for.
    High = 2,
    /// Must get through at three at night.
    Alarm = 3,
}

impl Priority {
    /// From the lowest to the highest.
    pub const ALL: [Priority; 4] = [Self::Bulk, Self::Normal, Self::High, Self::Alarm];

    /// Reads `bulk`, `normal`, `high` or `alarm`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str().eq_ignore_ascii_case(name))
    }

    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bulk => "bulk",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Alarm => "alarm",
        }
    }

    /// The number in the database and the index into a [`Quota`].
    #[must_use]
    pub fn code(self) -> i16 {
        self as i16
    }

    /// The class of a number in the database.
    #[must_use]
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.code() == code)
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How many of each class may be taken from a queue in one go.
///
/// Higher classes come first, but each lower class that waits gets at least one place in sixteen, so that bulk traffic
/// is delayed by alarms and never stopped by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    room: usize,
    guaranteed: [usize; 4],
}

impl Quota {
    /// Shares `room` places. `turn` grows by one at each go: with little room the guaranteed place goes round.
    #[must_use]
    pub fn share(room: usize, turn: usize) -> Self {
        let mut guaranteed = [room / 16; 4];
        if room < 16
            && room > 0
            && let Some(slot) = guaranteed.get_mut(turn / 16 % 3)
            && turn % 16 == 15
        {
            *slot = 1;
        }
        Self { room, guaranteed }
    }

    /// All places.
    #[must_use]
    pub fn room(&self) -> usize {
        self.room
    }

    /// How many to take of each class (index = [`Priority::code`]) when so many wait.
    #[must_use]
    pub fn divide(&self, waiting: [usize; 4]) -> [usize; 4] {
        let mut taken = [0_usize; 4];
        let mut left = self.room;
        for ((take, wait), guaranteed) in taken.iter_mut().zip(waiting).zip(self.guaranteed) {
            *take = wait.min(guaranteed).min(left);
            left -= *take;
        }
        for (take, wait) in taken.iter_mut().zip(waiting).rev() {
            let more = (wait - *take).min(left);
            *take += more;
            left -= more;
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn alarms_first_but_bulk_moves() {
        assert_eq!(Quota::share(160, 0).divide([100_000, 0, 0, 5]), [155, 0, 0, 5]);
        assert_eq!(Quota::share(160, 0).divide([100_000, 0, 0, 100_000]), [10, 0, 0, 150]);
        assert_eq!(Quota::share(1, 0).divide([9, 9, 9, 9]), [0, 0, 0, 1]);
        assert_eq!(Quota::share(1, 15).divide([9, 9, 9, 9]), [1, 0, 0, 0]);
    }

    proptest! {
        #[test]
        fn never_more_than_room_nor_than_waits(room in 0usize..500, turn in 0usize..1000, waiting in proptest::array::uniform4(0usize..1000)) {
            let taken = Quota::share(room, turn).divide(waiting);
            prop_assert_eq!(taken.iter().sum::<usize>(), room.min(waiting.iter().sum()));
            prop_assert!(taken.iter().zip(waiting).all(|(t, w)| *t <= w));
        }
    }
}
