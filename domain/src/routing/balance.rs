//! Sharing load between links: by weight or by free window, among those that are up, those with room first.

use super::{Balanced, Healths, Share, Way};
use crate::directory::LinkId;

/// The link of a way that takes the next message: up, with room if any has; balanced by weight, or by weight times room.
/// `spread` is any number that differs between messages. `None` when none is up.
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
            let mut at = scatter(spread).checked_rem(total)?;
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

/// Makes numbers that differ little, or always in the same places as ids do, differ everywhere (the finalizer of SplitMix64):
/// at one message a second the ids are all odd or all even, and half of the links would never see one.
fn scatter(spread: u64) -> u64 {
    let x = spread.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::super::{Balanced, Condition, Health};
    use super::*;

    fn link(name: &str) -> LinkId {
        LinkId::parse(name).expect("name")
    }

    /// How many of 4,000 messages A gets, whose numbers lie `step` apart.
    fn count(way: &Way, healths: &Healths, step: u64) -> usize {
        (0..4_000).filter(|n| pick(way, healths, n * step).is_some_and(|l| l.as_str() == "A")).count()
    }

    fn pair(weight: u16, by: Share) -> Way {
        let links = [("A", weight), ("B", 1)].map(|(name, weight)| Balanced { link: link(name), weight });
        Way::Balance { links: links.to_vec(), by }
    }

    fn rooms(a: usize, b: usize) -> Healths {
        let up = |room| Health { condition: Condition::Up, room };
        Healths::from([(link("A"), up(a)), (link("B"), up(b))])
    }

    #[test]
    fn weights_and_health() {
        let way = pair(3, Share::Weight);
        assert!((2_900..=3_100).contains(&count(&way, &rooms(9, 9), 1)));
        assert_eq!(count(&way, &rooms(0, 9), 1), 0, "B has room");
        assert!((2_900..=3_100).contains(&count(&way, &rooms(0, 0), 1)), "none has");
        assert_eq!(pick(&way, &Healths::new(), 0), None);
    }

    #[test]
    fn free_window() {
        let way = pair(1, Share::Free);
        assert!((2_900..=3_100).contains(&count(&way, &rooms(30, 10), 1)));
        assert_eq!(count(&way, &rooms(0, 10), 1), 0);
        assert!((1_900..=2_100).contains(&count(&way, &rooms(0, 0), 1)));
    }

    #[test]
    fn slow_messages_are_shared_as_well() {
        // An id is made of milliseconds, a node and a number within the millisecond.
        for step in [1 << 10, 1_000 << 22, 60_000 << 22] {
            let of_a = count(&pair(1, Share::Weight), &rooms(9, 9), step);
            assert!((1_850..=2_150).contains(&of_a), "{step}: {of_a}");
        }
    }
}
