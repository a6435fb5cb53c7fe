//! "Queue full" (SMPP 0x14) is said of the operator's own queue and of one phone's. One phone is no reason to slow a link down; several with nothing
//! taken between them are.

use domain::address::Recipient;
use std::time::Duration;

/// How long ago the other refusal may be.
const WITHIN: Duration = Duration::from_secs(10);

/// The last refusal of one session, if nothing was taken since.
#[derive(Debug, Default)]
pub(crate) struct Fullness(Option<(Recipient, Duration)>);

impl Fullness {
    /// A message was refused for it. Whether it is the operator who is full.
    pub(crate) fn refused(&mut self, who: &Recipient, now: Duration) -> bool {
        let before = self.0.replace((who.clone(), now));
        before.is_some_and(|(other, at)| other != *who && now.saturating_sub(at) < WITHIN)
    }

    /// A message was taken.
    pub(crate) fn taken(&mut self) {
        self.0 = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_phone_is_not_the_operator() {
        let [a, b] = ["46701111111", "46702222222"].map(|n| Recipient::parse(n).expect("a number"));
        let s = Duration::from_secs;
        let mut full = Fullness::default();
        assert!((0..60).all(|n| !full.refused(&a, s(n))), "the same one again and again");
        assert!(full.refused(&b, s(61)) && full.refused(&a, s(62)));
        assert!(!full.refused(&b, s(72)), "long after");
        full.taken();
        assert!(!full.refused(&a, s(73)), "one in a mailing");
    }
}
