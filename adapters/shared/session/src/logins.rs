//! How often a link may try to log in: an operator that sees a wrong password too often locks the account, and it is one account for all
//! sessions of a link (promise B7).
//!
//! After three refusals one session tries at a time, with a long pause between, and the others wait for it. Before, no more try at once than
//! may still be refused; unless one is let in, which says that the password is right.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Refused logins before the long pause.
pub(crate) const TRIES: u32 = 3;

/// The logins of one account.
#[derive(Debug, Default)]
pub(crate) struct Logins(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    trying: u32,
    refused: u32,
    refused_at: Duration,
}

/// Not yet: when to ask again, if nobody is let in before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Later(pub(crate) Option<Duration>);

impl Logins {
    /// Begins a try; `known` says that the operator has let another session in that is still there.
    pub(crate) fn begin(
        self: &Arc<Self>,
        known: bool,
        now: Duration,
        pause: Duration,
    ) -> Result<Login, Later> {
        let mut state = self.state();
        let parked = state.refused >= TRIES;
        let due = state.refused_at + pause;
        if parked && (now < due || state.trying > 0) {
            return Err(Later((now < due).then_some(due)));
        }
        let sure = known && state.refused == 0;
        if !parked && !sure && state.trying + state.refused >= TRIES {
            return Err(Later(None));
        }
        state.trying += 1;
        Ok(Login { logins: self.clone() })
    }

    /// How many were refused since one was let in.
    pub(crate) fn refused(&self) -> u32 {
        self.state().refused
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A try under way; it is over when it is dropped.
#[derive(Debug)]
pub(crate) struct Login {
    logins: Arc<Logins>,
}

impl Login {
    /// The operator has let it in.
    pub(crate) fn accepted(self) {
        self.logins.state().refused = 0;
    }

    /// He has not.
    pub(crate) fn refused(self, now: Duration) {
        let mut state = self.logins.state();
        state.refused = state.refused.saturating_add(1);
        state.refused_at = now;
    }
}

impl Drop for Login {
    fn drop(&mut self) {
        let mut state = self.logins.state();
        state.trying = state.trying.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(300);

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn three_refusals_however_many_sessions_there_are() {
        let logins = Arc::new(Logins::default());
        let tries: Vec<_> = (0..10).map_while(|_| logins.begin(false, s(1), PAUSE).ok()).collect();
        assert_eq!(tries.len(), 3);
        assert_eq!(logins.begin(false, s(1), PAUSE).err(), Some(Later(None)));
        tries.into_iter().for_each(|login| login.refused(s(2)));
        assert_eq!(logins.begin(false, s(3), PAUSE).err(), Some(Later(Some(s(302)))));
        let one = logins.begin(false, s(302), PAUSE).expect("the pause is over");
        assert_eq!(logins.begin(false, s(302), PAUSE).err(), Some(Later(None)), "the others wait for it");
        one.refused(s(303));
        assert_eq!(logins.begin(false, s(304), PAUSE).err(), Some(Later(Some(s(603)))));
        logins.begin(false, s(603), PAUSE).expect("the next").accepted();
        let all: Vec<_> = (0..10).map_while(|_| logins.begin(true, s(603), PAUSE).ok()).collect();
        assert_eq!(all.len(), 10, "it is right now");
    }

    #[test]
    fn a_try_that_comes_to_nothing_makes_room_for_another() {
        let logins = Arc::new(Logins::default());
        for _ in 0..20 {
            drop(logins.begin(false, s(1), PAUSE).expect("no connection is no refusal"));
        }
        logins.begin(true, s(1), PAUSE).expect("one of two").refused(s(1));
        let tries: Vec<_> = (0..10).map_while(|_| logins.begin(true, s(1), PAUSE).ok()).collect();
        assert_eq!((tries.len(), logins.refused()), (2, 1), "others are let in, and this one perhaps not");
    }
}
