//! How many connections a door has room for, in all and from one address. A place is given back when it is dropped.
//!
//! Who has nothing under way may say that he rests. He keeps his place until somebody wants in for whom there is no other: then it is
//! that one's, and he who rested must go.

use futures_util::task::AtomicWaker;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// The door is full.
    Door,
    /// This address has enough.
    Address,
}

impl NoPlace {
    /// The name in metrics.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Door => "door_full",
            Self::Address => "address_full",
        }
    }
}

/// Something is under way.
const WORKS: u64 = 0;
/// The place is somebody else's. What lies between says in which order they went to rest.
const GIVEN: u64 = u64::MAX;

/// Who is inside.
#[derive(Debug)]
struct Seat {
    address: IpAddr,
    rests: AtomicU64,
    called: AtomicWaker,
}

impl Seat {
    /// Since when it rests, if it does.
    fn rests(&self) -> Option<u64> {
        Some(self.rests.load(Ordering::Acquire)).filter(|since| (WORKS + 1..GIVEN).contains(since))
    }

    /// Goes from one to the other, if nothing else came between.
    fn turn(&self, from: u64, to: u64) -> bool {
        self.rests.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

#[derive(Debug, Default)]
struct Inside {
    all: usize,
    by_address: HashMap<IpAddr, Vec<Arc<Seat>>>,
}

impl Inside {
    fn from(&self, address: IpAddr) -> usize {
        self.by_address.get(&address).map_or(0, Vec::len)
    }

    fn sit(&mut self, seat: Arc<Seat>) {
        self.by_address.entry(seat.address).or_default().push(seat);
        self.all += 1;
    }

    fn leave(&mut self, seat: &Arc<Seat>) {
        let Some(mine) = self.by_address.get_mut(&seat.address) else { return };
        let Some(at) = mine.iter().position(|other| Arc::ptr_eq(other, seat)) else { return };
        mine.swap_remove(at);
        if mine.is_empty() {
            self.by_address.remove(&seat.address);
        }
        self.all = self.all.saturating_sub(1);
    }

    /// Sends away who has rested longest, of one address or of all. False when nobody rests.
    fn send_away(&mut self, address: Option<IpAddr>) -> bool {
        loop {
            let seats =
                self.by_address.iter().filter(|(other, _)| address.is_none_or(|only| only == **other));
            let resting = seats.flat_map(|(_, seats)| seats).filter_map(|seat| Some((seat.rests()?, seat)));
            let Some((since, seat)) = resting.min_by_key(|(since, _)| *since) else { return false };
            let seat = Arc::clone(seat);
            // One that went to work in this moment stays.
            if seat.turn(since, GIVEN) {
                self.leave(&seat);
                seat.called.wake();
                return true;
            }
        }
    }
}

#[derive(Debug)]
struct House {
    most: usize,
    most_per_address: usize,
    inside: Mutex<Inside>,
    /// Counts how often somebody went to rest.
    rested: AtomicU64,
}

impl House {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn let_in(&self, seat: Arc<Seat>) -> Result<(), NoPlace> {
        let mut inside = self.inside();
        if inside.from(seat.address) >= self.most_per_address && !inside.send_away(Some(seat.address)) {
            return Err(NoPlace::Address);
        }
        if inside.all >= self.most && !inside.send_away(None) {
            return Err(NoPlace::Door);
        }
        inside.sit(seat);
        Ok(())
    }
}

/// The places of one door.
#[derive(Debug, Clone)]
pub(crate) struct Places(Arc<House>);

impl Places {
    pub(crate) fn new(most: usize, most_per_address: usize) -> Self {
        let (inside, rested) = (Mutex::default(), AtomicU64::new(WORKS + 1));
        Self(Arc::new(House { most, most_per_address, inside, rested }))
    }

    /// Takes a place, of somebody who rests if there is no other, or says why there is none.
    pub(crate) fn take(&self, address: IpAddr) -> Result<Place, NoPlace> {
        let seat = Seat { address, rests: AtomicU64::new(WORKS), called: AtomicWaker::new() };
        let place = Place { seat: Arc::new(seat), house: Arc::clone(&self.0) };
        self.0.let_in(Arc::clone(&place.seat))?;
        Ok(place)
    }
}

/// A place that is taken.
#[derive(Debug)]
pub struct Place {
    seat: Arc<Seat>,
    house: Arc<House>,
}

impl Place {
    /// Nothing is under way: somebody else may have the place. Ready when somebody has it, and whoever rested must go.
    pub fn poll_rest(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.seat.called.register(cx.waker());
        if self.seat.rests.load(Ordering::Acquire) == WORKS {
            let since = self.house.rested.fetch_add(1, Ordering::Relaxed);
            self.seat.turn(WORKS, since);
        }
        if self.seat.rests.load(Ordering::Acquire) == GIVEN { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Something is under way. False when the place is gone and there is no other.
    #[must_use]
    pub fn work(&self) -> bool {
        let since = self.seat.rests.load(Ordering::Acquire);
        if since == WORKS || (since != GIVEN && self.seat.turn(since, WORKS)) {
            return true;
        }
        let again = self.house.let_in(Arc::clone(&self.seat)).is_ok();
        if again {
            self.seat.rests.store(WORKS, Ordering::Release);
        }
        again
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.house.inside().leave(&self.seat);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;

    fn addresses() -> (IpAddr, IpAddr) {
        ("10.0.0.1".parse().expect("ip"), "10.0.0.2".parse().expect("ip"))
    }

    /// Goes to rest, or stays there. Whether he must go.
    fn must_go(place: &Place) -> bool {
        place.poll_rest(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn places_are_given_back() {
        let places = Places::new(3, 2);
        let (a, b) = addresses();
        let first = places.take(a).expect("place");
        let _second = places.take(a).expect("place");
        assert_eq!(places.take(a).err(), Some(NoPlace::Address));
        let _third = places.take(b).expect("place");
        assert_eq!(places.take(b).err(), Some(NoPlace::Door));
        drop(first);
        assert!(places.take(b).is_ok());
        assert_eq!(places.0.inside().all, 2);
    }

    #[test]
    fn who_rests_makes_room_and_who_rested_longest_goes_first() {
        let places = Places::new(10, 2);
        let (a, b) = addresses();
        let (first, second) = (places.take(a).expect("place"), places.take(a).expect("place"));
        let elsewhere = places.take(b).expect("place");
        assert!(!must_go(&elsewhere) && !must_go(&second) && !must_go(&first));
        let third = places.take(a).expect("a place of one who rests");
        assert!(must_go(&second) && !must_go(&first) && !must_go(&elsewhere));
        // Working again he keeps it, and nobody else is left to go.
        assert!(first.work());
        assert_eq!(places.take(a).err(), Some(NoPlace::Address));
        drop(second);
        assert_eq!(places.0.inside().all, 3);
        drop((first, third, elsewhere));
        assert_eq!(places.0.inside().all, 0);
        assert!(places.0.inside().by_address.is_empty());
    }

    #[test]
    fn who_had_begun_when_he_was_sent_away_has_another_place_or_none() {
        let places = Places::new(10, 2);
        let (a, _) = addresses();
        let (first, second) = (places.take(a).expect("place"), places.take(a).expect("place"));
        assert!(!must_go(&first) && !must_go(&second));
        let third = places.take(a).expect("place");
        assert!(first.work(), "the place of the second");
        assert!(must_go(&second) && !second.work());
        assert_eq!(places.0.inside().from(a), 2);
        drop(third);
        assert!(second.work());
    }

    #[test]
    fn a_full_door_sends_away_whoever_rests() {
        let places = Places::new(2, 2);
        let (a, b) = addresses();
        let (first, _second) = (places.take(a).expect("place"), places.take(a).expect("place"));
        assert_eq!(places.take(b).err(), Some(NoPlace::Door));
        assert!(!must_go(&first));
        assert!(places.take(b).is_ok());
        assert!(must_go(&first));
    }
}
