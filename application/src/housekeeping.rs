//! What must happen without anybody asking: messages expire, receipts are given up, received parts are overdue, old things are removed.

use crate::directory::CurrentDirectory;
use crate::failpoints;
use crate::fatal::Fatal;
use crate::jumps::{JUMP, Jumps};
use crate::lanes::Lanes;
use crate::ways::Ways;
use domain::Timestamp;
use ports::driven::{
    Clock, DirectoryStore, Dispatch, Handoffs, Inbox, PutOff, Receipts, Reports, StoreError,
};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often.
const EVERY: Duration = Duration::from_secs(2);
/// How long after the last look the clock may have stood still higher.
const UNSEEN: Duration = Duration::from_mins(1);
/// How much of each kind in one go.
const LIMIT: usize = 500;
/// A pause that any message may be put off for, whatever its route says; with a margin for the clocks of other nodes.
const PUT_OFF: Duration = Duration::from_mins(15).saturating_add(JUMP);

/// The use case.
#[derive(Clone)]
pub(crate) struct Housekeeping {
    pub directory: Arc<CurrentDirectory>,
    pub directory_store: Arc<dyn DirectoryStore>,
    pub dispatch: Arc<dyn Dispatch>,
    pub handoffs: Arc<dyn Handoffs>,
    pub receipts: Arc<dyn Receipts>,
    pub inbox: Arc<dyn Inbox>,
    pub reports: Arc<dyn Reports>,
    pub clock: Arc<dyn Clock>,
    pub fatal: Fatal,
    pub lanes: Arc<Lanes>,
    pub jumps: Arc<Jumps>,
    pub ways: Ways,
    /// How long finished messages are kept.
    pub retention: Duration,
    /// How long parts of a received message wait for the others.
    pub mo_patience: Duration,
}

impl Housekeeping {
    /// Keeps house until told to stop.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut version = None;
        // An earlier run may have seen the clock set back and died, or not have been there when it was.
        let (after, until) = self.longer_than_any_pause();
        let mut put_off = Some(PulledBack { after, until, rounds: 1 });
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
            failpoints::pass(failpoints::TASK_HOUSEKEEPING);
            let (now, sure, fell_from) = self.jumps.look();
            if let Some(highest) = fell_from {
                let until = highest.checked_add(UNSEEN).unwrap_or(highest);
                let until = put_off.map_or(until, |earlier| earlier.until.max(until));
                // Once more: what asked for the time before it was set back may be stored a moment later.
                put_off = Some(PulledBack { after: now, until, rounds: 2 });
            }
            if let Some(mut pulled) = put_off {
                match self.fatal.watch(self.pull_back(pulled, now).await) {
                    Ok(()) => pulled.rounds -= 1,
                    Err(error) => tracing::warn!(%error, "messages that were put off could not be made due"),
                }
                put_off = Some(pulled).filter(|p| p.rounds > 0);
            }
            if sure && let Err(error) = self.fatal.watch(self.turn(now).await) {
                tracing::warn!(%error, "housekeeping failed");
            }
            if let Err(error) = self.refresh(&mut version).await {
                tracing::warn!(%error, "users could not be read again");
            }
        }
    }

    /// For how long no message waits without having asked for it.
    fn longer_than_any_pause(&self) -> (Timestamp, Timestamp) {
        let directory = self.directory.current();
        let pauses = directory.routes.iter().flat_map(|r| &r.retry).flat_map(|retry| &retry.pauses);
        let longest = pauses.max().copied().unwrap_or_default().saturating_add(PUT_OFF);
        (self.clock.now().checked_add(longest).unwrap_or(Timestamp::MAX), Timestamp::MAX)
    }

    /// The clock was ahead and was set back: what was accepted or put off meanwhile stands as due in the future. What had no time of its own gets its
    /// place back.
    async fn pull_back(&self, which: PulledBack, now: Timestamp) -> Result<(), StoreError> {
        let (after, until) = (which.after.max(now), which.until);
        // The longest pause between two tries is shorter than that of messages.
        let handoffs = self.handoffs.pull_back(after, until, now).await?;
        if handoffs > 0 {
            tracing::warn!(handoffs, "the clock was set back; what is handed over is due again");
        }
        let deadlines = self.ways.pull_back(after, until, now).await?;
        if deadlines > 0 {
            tracing::warn!(
                deadlines,
                "the clock was set back; what messages must have reached by then is expected in time again"
            );
        }
        for lane in self.lanes.all() {
            let mut messages = 0;
            loop {
                let put_off = PutOff { link: lane.link.id().clone(), after, until, now };
                let count = self.dispatch.pull_back(put_off, LIMIT).await?;
                messages += count;
                if count < LIMIT {
                    break;
                }
            }
            if messages > 0 {
                tracing::warn!(link = %lane.link.id(), messages, "the clock was set back; messages of the time before are due again");
                lane.add_backlog();
            }
        }
        Ok(())
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

    /// Another node, or a command, may have changed users, wishes to be told or orders about links.
    async fn refresh(&self, seen: &mut Option<u64>) -> Result<(), StoreError> {
        let version = self.directory_store.version().await?;
        if *seen != Some(version) {
            self.directory.set_stored_users(self.directory_store.users().await?);
            self.directory.set_subscriptions(self.directory_store.subscriptions().await?);
            self.lanes.order(self.directory_store.link_orders().await?);
            *seen = Some(version);
        }
        Ok(())
    }
}

/// What is to be given its place back: what is due after one time and until another.
#[derive(Clone, Copy)]
struct PulledBack {
    after: Timestamp,
    until: Timestamp,
    /// So many times.
    rounds: u8,
}
