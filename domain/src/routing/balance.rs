//! Sharing load between links: by weight or by free window, among those that are up, those with room first.

use super::{Balanced, Healths, Share, Way};
use crate::directory::LinkId;

/// The link of a way that takes the next message: up, with room if any has; balanced by weight, or by weight times room.
/// `None` when none is up.
#[must_use]
pub fn pick<'a>(way: &'a Way, healths: &Healths, spread: u64) -> Option<&'a LinkId> {
    let health = |link: &LinkId| healths.get(link).filter(|h| h.is_up());
    match way {
        Way::Link(link) => health(link).map(|_| link),
        Way::Balance { links, by } => {
            let up = || links.iter().filter(|b| health(&b.link).is_some());
            let roomy = up().any(|b| health(&b.link).is_some_and(|h| h.room > 0));
            let open = || up().filter(move |b| !roomy || health(&b.link).is_some_and(|h| h.room > 0));
            let share = |balanced: &Balanced| {
                let room = health(&balanced.link).map_or(1, |h| u64::try_from(h.room).unwrap_or(u64::MAX));
                let room = if *by == Share::Free { room.clamp(1, 1 << 32) } else { 1 };
                u64::from(balanced.weight.max(1)) * room
            };
            let total: u64 = open().map(share).sum();
            let mut at = spread.checked_rem(total)?;
            for balanced in open() {
                let weight = share(balanced);
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
        let links = vec![Balanced { link: link("A"), weight: 3 }, Balanced { link: link("B"), weight: 1 }];
        let way = Way::Balance { links, by: Share::Weight };
        let up = |room| Health { condition: Condition::Up, room };
        let count = |healths: &Healths| {
            (0..400).filter(|s| pick(&way, healths, *s).is_some_and(|l| l.as_str() == "A")).count()
        };
        assert_eq!(count(&Healths::from([(link("A"), up(9)), (link("B"), up(9))])), 300);
        assert_eq!(count(&Healths::from([(link("A"), up(0)), (link("B"), up(9))])), 0, "B has room");
        assert_eq!(count(&Healths::from([(link("A"), up(0)), (link("B"), up(0))])), 300, "none has");
        assert_eq!(pick(&way, &Healths::new(), 0), None);
    }

    #[test]
    fn free_window() {
        let links = vec![Balanced { link: link("A"), weight: 1 }, Balanced { link: link("B"), weight: 1 }];
        let way = Way::Balance { links, by: Share::Free };
        let up = |room| Health { condition: Condition::Up, room };
        let count = |healths: &Healths| {
            (0..400).filter(|s| pick(&way, healths, *s).is_some_and(|l| l.as_str() == "A")).count()
        };
        assert_eq!(count(&Healths::from([(link("A"), up(30)), (link("B"), up(10))])), 300);
        assert_eq!(count(&Healths::from([(link("A"), up(0)), (link("B"), up(10))])), 0);
        assert_eq!(count(&Healths::from([(link("A"), up(0)), (link("B"), up(0))])), 200);
    }
}
