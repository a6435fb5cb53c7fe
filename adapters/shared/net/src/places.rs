//! How many connections a door has room for, in all and from one address. A place is given back when it is dropped.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// The places of one door.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    most: usize,
    most_per_address: usize,
    counts: Arc<Mutex<Counts>>,
}

impl Places {
    pub(crate) fn new(most: usize, most_per_address: usize) -> Self {
        Self { most, most_per_address, counts: Arc::default() }
    }

    /// Takes a place, or says why there is none.
    pub(crate) fn take(&self, address: IpAddr) -> Result<Place, NoPlace> {
        let mut counts = lock(&self.counts);
        if counts.all >= self.most {
            return Err(NoPlace::Door);
        }
        let mine = counts.by_address.get(&address).copied().unwrap_or(0);
        if mine >= self.most_per_address {
            return Err(NoPlace::Address);
        }
        counts.by_address.insert(address, mine + 1);
        counts.all += 1;
        Ok(Place { address, counts: Arc::clone(&self.counts) })
    }
}

fn lock(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A place that is taken.
#[derive(Debug)]
pub(crate) struct Place {
    address: IpAddr,
    counts: Arc<Mutex<Counts>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = lock(&self.counts);
        counts.all = counts.all.saturating_sub(1);
        match counts.by_address.get_mut(&self.address) {
            Some(mine) if *mine > 1 => *mine -= 1,
            _ => {
                counts.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_given_back() {
        let places = Places::new(3, 2);
        let (a, b): (IpAddr, IpAddr) = ("10.0.0.1".parse().expect("ip"), "10.0.0.2".parse().expect("ip"));
        let first = places.take(a).expect("place");
        let _second = places.take(a).expect("place");
        assert_eq!(places.take(a).err(), Some(NoPlace::Address));
        let _third = places.take(b).expect("place");
        assert_eq!(places.take(b).err(), Some(NoPlace::Door));
        drop(first);
        assert!(places.take(b).is_ok());
        assert_eq!(lock(&places.counts).all, 2);
    }
}
