//! How much of what waits for the disk belongs to whom: one account cannot take all the room there is before the store, nor make the others
//! wait for long behind it.

use domain::directory::UserName;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The most messages of one account that may wait at a time, unless it is one submission: half a second of a disk's work, and a quarter of
/// what may wait in all.
const MOST: usize = 16_384;

/// Who waits with how much.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shares(Arc<Mutex<HashMap<UserName, usize>>>);

/// Messages that wait, as long as this lives.
#[derive(Debug)]
pub(crate) struct Share {
    all: Shares,
    user: UserName,
    count: usize,
}

impl Shares {
    /// Messages of an account begin to wait. `None` when it has too many waiting already.
    pub(crate) fn wait(&self, user: &UserName, count: usize) -> Option<Share> {
        let mut all = self.lock();
        match all.get_mut(user) {
            Some(waiting) if *waiting + count > MOST => return None,
            Some(waiting) => *waiting += count,
            None => drop(all.insert(user.clone(), count)),
        }
        Some(Share { all: self.clone(), user: user.clone(), count })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserName, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut all = self.all.lock();
        if let Some(waiting) = all.get_mut(&self.user) {
            *waiting -= self.count.min(*waiting);
            if *waiting == 0 {
                all.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fakes::samples::user_name;

    #[test]
    fn one_account_cannot_take_all_the_room() {
        let (shares, bulk, nurse) = (Shares::default(), user_name("bulk"), user_name("nurse"));
        let huge = shares.wait(&bulk, 2 * MOST).expect("one submission, however large");
        assert!(shares.wait(&bulk, 1).is_none());
        assert!(shares.wait(&nurse, 1).is_some(), "others do not suffer from it");
        drop(huge);
        let first = shares.wait(&bulk, MOST - 1).expect("room again");
        let second = shares.wait(&bulk, 1).expect("the last place");
        assert!(shares.wait(&bulk, 1).is_none());
        drop((first, second));
        assert!(shares.lock().is_empty());
    }
}
