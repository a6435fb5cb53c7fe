//! What must happen without anybody asking: messages expire, receipts are given up, received parts are overdue, old things are removed.

use crate::directory::CurrentDirectory;
use crate::failpoints;
use crate::fatal::Fatal;
use crate::lanes::Lanes;
use crate::moving;
use crate::settling::Settling;
use domain::Timestamp;
use domain::message::{Incarnation, Quota};
use ports::driven::{
    Clock, DirectoryStore, Dispatch, Inbox, LeaseRequest, Leased, Receipts, Reports, Settlement, StoreError,
};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often.
const EVERY: Duration = Duration::from_secs(2);
/// How long after the last look the clock may have stood still higher.
const UNSEEN: Duration = Duration::from_mins(1);
/// How much of each kind in one go.
const LIMIT: usize = 500;
/// A difference between the wall clock and the steady one that is taken for a jump.
const JUMP: Duration = Duration::from_mins(10);
/// How long a clock that jumped must go on evenly before messages expire by it.
const CONFIRMED: Duration = Duration::from_mins(1);

/// The use case.
#[derive(Clone)]
pub(crate) struct Housekeeping {
    pub directory: Arc<CurrentDirectory>,
    pub directory_store: Arc<dyn DirectoryStore>,
    pub dispatch: Arc<dyn Dispatch>,
    pub receipts: Arc<dyn Receipts>,
    pub inbox: Arc<dyn Inbox>,
    pub reports: Arc<dyn Reports>,
    pub clock: Arc<dyn Clock>,
    pub fatal: Fatal,
    pub lanes: Arc<Lanes>,
    pub settling: Settling,
    pub incarnation: Incarnation,
    /// How long finished messages are kept.
    pub retention: Duration,
    /// How long parts of a received message wait for the others.
    pub mo_patience: Duration,
}

impl Housekeeping {
    /// Keeps house until told to stop.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut guard = JumpGuard::new(self.clock.now(), self.clock.monotonic());
        let mut version = None;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
            failpoints::pass(failpoints::TASK_HOUSEKEEPING);
            let now = self.clock.now();
            if let Some(highest) = guard.fell_back(now) {
                self.pull_back(highest, now).await;
            }
            if guard.trusts(now, self.clock.monotonic())
                && let Err(error) = self.fatal.watch(self.turn(now).await)
            {
                tracing::warn!(%error, "housekeeping failed");
            }
            if let Err(error) = self.refresh(&mut version).await {
                tracing::warn!(%error, "users could not be read again");
            }
        }
    }

    /// The clock was ahead and was set back: what was accepted or put off meanwhile stands as due in the future. What had no time of its own is due now.
    async fn pull_back(&self, highest: Timestamp, now: Timestamp) {
        let highest = highest.checked_add(UNSEEN).unwrap_or(highest);
        for lane in self.lanes.all() {
            let mut seen = HashSet::new();
            loop {
                let request = LeaseRequest {
                    link: lane.link.id().clone(),
                    quota: Quota::share(LIMIT, 0),
                    now: highest,
                    lease: self.incarnation,
                };
                let Ok(leased) = self.settling.lease(request).await else { break };
                let fresh = leased.iter().filter(|l| seen.insert(l.message.id)).count();
                if !leased.is_empty() {
                    self.settling
                        .write_down(leased.into_iter().map(|l| due_again(l, self.incarnation, now)).collect())
                        .await;
                }
                if fresh == 0 {
                    break;
                }
            }
            if !seen.is_empty() {
                tracing::warn!(link = %lane.link.id(), messages = seen.len(), "the clock was set back; messages of the time before are due again");
            }
            lane.add_backlog();
        }
    }

    async fn turn(&self, now: Timestamp) -> Result<(), StoreError> {
        let ago = |age: Duration| now.checked_sub(age).unwrap_or(Timestamp::MIN);
        while self.dispatch.expire(now, LIMIT).await? >= LIMIT {}
        while self.receipts.give_up(now, LIMIT).await? >= LIMIT {}
        while self.inbox.complete_overdue(ago(self.mo_patience), LIMIT).await? >= LIMIT {}
        while self.reports.retain(ago(self.retention), now, LIMIT).await? >= LIMIT {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Another node, or a command, may have changed users.
    async fn refresh(&self, seen: &mut Option<u64>) -> Result<(), StoreError> {
        let version = self.directory_store.version().await?;
        if *seen != Some(version) {
            self.directory.set_stored_users(self.directory_store.users().await?);
            self.lanes.order(self.directory_store.link_orders().await?);
            *seen = Some(version);
        }
        Ok(())
    }
}

/// Back in its queue, at its own time if it has one, at once if not.
fn due_again(leased: Leased, lease: Incarnation, now: Timestamp) -> Settlement {
    let message = &leased.message;
    let due_at = if message.due_at > message.accepted_at { message.due_at } else { now };
    let link = leased.link.clone();
    moving::back(leased, link, due_at, lease, now)
}

/// Holds expiry back after the wall clock jumped, until it has gone on evenly for a while: a clock set wrong for a moment must not end a queue.
struct JumpGuard {
    wall: Timestamp,
    steady: Duration,
    since: Option<Duration>,
    highest: Timestamp,
}

impl JumpGuard {
    fn new(wall: Timestamp, steady: Duration) -> Self {
        Self { wall, steady, since: None, highest: wall }
    }

    /// The latest time that was ever shown, when the clock has fallen back from it by more than a jump; told once for each fall.
    fn fell_back(&mut self, wall: Timestamp) -> Option<Timestamp> {
        let fallen = self.highest.duration_since(wall);
        if Duration::try_from(fallen).is_ok_and(|far| far > JUMP) {
            return Some(std::mem::replace(&mut self.highest, wall));
        }
        self.highest = self.highest.max(wall);
        None
    }

    fn trusts(&mut self, wall: Timestamp, steady: Duration) -> bool {
        let expected = self.wall.checked_add(steady.saturating_sub(self.steady)).unwrap_or(wall);
        let off = wall.duration_since(expected).unsigned_abs();
        (self.wall, self.steady) = (wall, steady);
        if off > JUMP {
            tracing::warn!(
                seconds = off.as_secs(),
                "the clock jumped; nothing expires until it has gone on evenly for a minute"
            );
            self.since = Some(steady);
        }
        match self.since {
            Some(since) if steady.saturating_sub(since) < CONFIRMED => false,
            _ => {
                self.since = None;
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_must_be_confirmed() {
        let at = |s: i64| Timestamp::from_second(s).expect("time");
        let steady = Duration::from_secs;
        let mut guard = JumpGuard::new(at(0), steady(0));
        assert!(guard.trusts(at(2), steady(2)));
        assert!(!guard.trusts(at(3604), steady(4)), "an hour ahead");
        assert!(!guard.trusts(at(3633), steady(33)));
        assert!(guard.trusts(at(3664), steady(64)), "it stayed");
        assert!(!guard.trusts(at(66), steady(66)), "and back");
        assert_eq!(guard.fell_back(at(3664)), None);
        assert_eq!(guard.fell_back(at(66)), Some(at(3664)));
        assert_eq!(guard.fell_back(at(68)), None, "told once");
    }
}
