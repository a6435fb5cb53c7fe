//! Sharing load between links: by weight, among those that are up, those with room first.

use super::{Healths, Way};
use crate::directory::LinkId;

/// The link of a way that takes the next message: up, with room if any has; balanced by weight. `None` when none is up.
#[must_use]
pub fn pick<'a>(way: &'a Way, healths: &Healths, spread: u64) -> Option<&'a LinkId> {
    let health = |link: &LinkId| healths.get(link).filter(|h| h.is_up());
    match way {
        Way::Link(link) => health(link).map(|_| link),
        Way::Balance(links) => {
            let up = || links.iter().filter(|b| health(&b.link).is_some());
            let roomy = up().any(|b| health(&b.link).is_some_and(|h| h.room > 0));
            let open = || up().filter(move |b| !roomy || health(&b.link).is_some_and(|h| h.room > 0));
            let total: u64 = open().map(|b| u64::from(b.weight.max(1))).sum();
            let mut at = spread.checked_rem(total)?;
            for balanced in open() {
                let weight = u64::from(balanced.weight.max(1));
                if at < weight {
                    return Some(&balanced.link);
                }
                at -= weight;
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Balanced, Condition, Health};
    use super::*;

    fn link(name: &str) -> LinkId {
        LinkId::parse(name).expect("name")
    }

    #[test]
    fn weights_and_health() {
        let way = Way::Balance(vec![
            Balanced { link: link("A"), weight: 3 },
            Balanced { link: link("B"), weight: 1 },
        ]);
        let up = |room| Health { condition: Condition::Up, room };
        let count = |healths: &Healths| {
            (0..400).filter(|s| pick(&way, healths, *s).is_some_and(|l| l.as_str() == "A")).count()
        };
        assert_eq!(count(&Healths::from([(link("A"), up(9)), (link("B"), up(9))])), 300);
        assert_eq!(count(&Healths::from([(link("A"), up(0)), (link("B"), up(9))])), 0, "B has room");
        assert_eq!(count(&Healths::from([(link("A"), up(0)), (link("B"), up(0))])), 300, "none has");
        assert_eq!(pick(&way, &Healths::new(), 0), None);
    }
}
