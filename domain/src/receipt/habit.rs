//! How an operator's receipts spell the ids of its replies, learned from those that matched.
//!
//! While nothing is learned a receipt's id is taken as it stands before it is converted. An operator that is known to convert is believed: a
//! decimal number in its receipt that happens to be another message's hexadecimal id is then not taken for that one.

use super::correlate::{keys, stored_key};

/// Matches in a row until a habit is believed.
const CERTAIN: u32 = 3;

/// How a receipt spells an id, beside the reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Spelling {
    /// As the reply does.
    Same,
    /// With other case, zeros or white space.
    Padded,
    /// In decimal, where the reply has hexadecimal.
    Decimal,
    /// In hexadecimal, where the reply has decimal.
    Hexadecimal,
}

impl Spelling {
    /// The name in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Padded => "padded",
            Self::Decimal => "decimal",
            Self::Hexadecimal => "hexadecimal",
        }
    }

    /// How a receipt that was matched spells the id of its reply; `None` when these two have nothing in common.
    #[must_use]
    pub fn of(reply: &str, receipt: &str) -> Option<Self> {
        if reply == receipt {
            return Some(Self::Same);
        }
        [Self::Padded, Self::Decimal, Self::Hexadecimal].into_iter().find(|s| s.explains(reply, receipt))
    }

    fn explains(self, reply: &str, receipt: &str) -> bool {
        let (reply, receipt) = (stored_key(reply), stored_key(receipt));
        let value = |text: &str, base| u128::from_str_radix(text, base).ok();
        let equal = |one: Option<u128>, other: Option<u128>| one.is_some() && one == other;
        match self {
            Self::Same | Self::Padded => reply == receipt,
            Self::Decimal => equal(value(&reply, 16), value(&receipt, 10)),
            Self::Hexadecimal => equal(value(&reply, 10), value(&receipt, 16)),
        }
    }
}

/// What has been learned of one operator.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Habit {
    usual: Option<Spelling>,
    times: u32,
}

impl Habit {
    /// A receipt was matched.
    pub fn note(&mut self, reply: &str, receipt: &str) {
        let Some(spelling) = Spelling::of(reply, receipt) else { return };
        // Ids of one digit look alike in every base: they contradict nothing.
        if self.usual.is_some_and(|usual| usual.explains(reply, receipt)) {
            self.times = self.times.saturating_add(1);
            if self.usual == Some(Spelling::Same) && spelling == Spelling::Padded {
                self.usual = Some(spelling);
            }
        } else {
            *self = Self { usual: Some(spelling), times: 1 };
        }
    }

    /// How this operator spells ids in receipts, once that is certain.
    #[must_use]
    pub fn learned(&self) -> Option<Spelling> {
        self.usual.filter(|_| self.times >= CERTAIN)
    }

    /// The keys that a receipt's id may be stored under, the likeliest first.
    #[must_use]
    pub fn keys(&self, receipt: &str) -> Vec<String> {
        let mut all = keys(receipt);
        let base = match self.learned() {
            Some(Spelling::Decimal) => 10,
            Some(Spelling::Hexadecimal) => 16,
            _ => return all,
        };
        let number = all.first().and_then(|exact| u128::from_str_radix(exact, base).ok());
        let likely = number.map(|n| if base == 10 { format!("{n:x}") } else { n.to_string() });
        if let Some(at) = likely.and_then(|likely| all.iter().position(|key| *key == likely)) {
            let first = all.remove(at);
            all.insert(0, first);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        for (reply, receipt, wanted) in [
            ("abc1", "abc1", Some(Spelling::Same)),
            ("ABC1", "abc1", Some(Spelling::Padded)),
            ("123", "0000000123", Some(Spelling::Padded)),
            ("38601fa", "0059113978", Some(Spelling::Decimal)),
            ("59113978", "38601FA", Some(Spelling::Hexadecimal)),
            ("12-3", "123", None),
        ] {
            assert_eq!(Spelling::of(reply, receipt), wanted, "{reply} {receipt}");
        }
    }

    #[test]
    fn a_habit_decides_which_key_is_the_likeliest() {
        let mut habit = Habit::default();
        assert_eq!(habit.keys("16"), ["16", "10", "22"], "as it stands while nothing is known");
        for (reply, receipt) in [("1f", "31"), ("5", "5"), ("2a", "42")] {
            assert_eq!(habit.learned(), None);
            habit.note(reply, receipt);
        }
        assert_eq!(habit.learned(), Some(Spelling::Decimal));
        assert_eq!(habit.keys("0016"), ["10", "16", "22"]);
        assert_eq!(habit.keys("uuid-1"), ["uuid-1"]);
        habit.note("77", "77");
        assert_eq!(
            (habit.learned(), habit.keys("16").remove(0)),
            (None, "16".to_owned()),
            "it changed its ways"
        );
        habit.note("nothing", "in common");
        assert_eq!(habit.learned(), None);
    }
}
