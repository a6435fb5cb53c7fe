//! Who may have a connection to the relay: so many at once in all, and each domain only as many as are left for the others. So the relay is not run
//! over, and a domain that it cannot reach, however many mailboxes there are in it, never takes the last place.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Connections at once.
const MOST: usize = 64;

/// The places.
#[derive(Default)]
pub(super) struct Places {
    taken: Mutex<Taken>,
    freed: Notify,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_domain: HashMap<String, usize>,
}

/// A place, as long as it lives.
pub(super) struct Place {
    places: Arc<Places>,
    domain: String,
}

impl Places {
    /// A place for a mail to this domain, as soon as there is one.
    pub(super) async fn place(self: &Arc<Self>, domain: &str) -> Place {
        let domain = domain.to_lowercase();
        loop {
            let mut freed = std::pin::pin!(self.freed.notified());
            freed.as_mut().enable();
            if let Some(place) = self.at_once(&domain) {
                return place;
            }
            freed.await;
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn at_once(self: &Arc<Self>, domain: &str) -> Option<Place> {
        let mut taken = self.taken();
        let own = taken.by_domain.get(domain).copied().unwrap_or_default();
        if own >= MOST.saturating_sub(taken.all) {
            return None;
        }
        taken.all += 1;
        taken.by_domain.insert(domain.to_owned(), own + 1);
        Some(Place { places: Arc::clone(self), domain: domain.to_owned() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        {
            let mut taken = self.places.taken();
            taken.all = taken.all.saturating_sub(1);
            let left = taken.by_domain.get(&self.domain).map_or(0, |own| own.saturating_sub(1));
            if left == 0 {
                taken.by_domain.remove(&self.domain);
            } else {
                taken.by_domain.insert(self.domain.clone(), left);
            }
        }
        self.places.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_domain_takes_what_others_need() {
        let places = Arc::new(Places::default());
        let all =
            |domain: &str| std::iter::from_fn(|| places.at_once(domain)).take(2 * MOST).collect::<Vec<_>>();
        let (first, second) = (all("hangs.example"), all("also.example"));
        assert_eq!((first.len(), second.len()), (MOST / 2, MOST / 4));
        let third = places.place("Other.example").await;
        let mut waiting = std::pin::pin!(places.place("Hangs.example"));
        let waits = tokio::time::timeout(std::time::Duration::from_millis(10), waiting.as_mut()).await;
        assert!(waits.is_err(), "it has its share");
        drop((first, second, third));
        let place = waiting.await;
        assert_eq!(all("hangs.example").len(), MOST / 2 - 1);
        drop(place);
        assert!(places.taken().by_domain.is_empty());
    }
}
