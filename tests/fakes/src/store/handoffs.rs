//! Handoffs: leased by due time, settled by their holder.

use super::books::Task;
use super::{Call, MemoryStore};
use async_trait::async_trait;
use domain::Timestamp;
use domain::message::Incarnation;
use ports::driven::{GivenUp, Handoff, HandoffKey, HandoffOutcome, Handoffs, StoreError, is_without};
use std::cmp::Reverse;

#[async_trait]
impl Handoffs for MemoryStore {
    async fn lease(
        &self,
        limit: usize,
        without: &[String],
        lease: Incarnation,
        now: Timestamp,
    ) -> Result<Vec<Handoff>, StoreError> {
        self.call(Call::Handoffs, |books| {
            let due = |t: &Task| t.lease.is_none() && t.dead.is_none() && t.due_at <= now;
            let mut keys: Vec<_> =
                books.handoffs.iter().filter(|(_, t)| due(t)).map(|(key, t)| (t.due_at, *key)).collect();
            keys.sort_unstable();
            let free = keys
                .into_iter()
                .filter_map(|(_, key)| books.handoff(key))
                .filter(|h| !is_without(&h.target(), without));
            let taken: Vec<_> = free.take(limit).collect();
            for handoff in &taken {
                if let Some(task) = books.handoffs.get_mut(&handoff.key) {
                    task.lease = Some(lease);
                }
            }
            Ok(taken)
        })
        .await
    }

    async fn settle(
        &self,
        outcomes: Vec<(HandoffKey, HandoffOutcome)>,
        lease: Incarnation,
    ) -> Result<(), StoreError> {
        self.call(Call::Handoffs, |books| {
            for (key, outcome) in outcomes {
                let Some(task) = books.handoffs.get_mut(&key).filter(|t| t.lease == Some(lease)) else {
                    continue;
                };
                task.lease = None;
                match outcome {
                    HandoffOutcome::Done => {
                        books.handoffs.remove(&key);
                        if key.event == HandoffKey::MO {
                            books.handed.insert(key.subject);
                        }
                    }
                    HandoffOutcome::Again { due_at, error, counts } => {
                        task.due_at = due_at;
                        task.error = error;
                        task.tries = task.tries.saturating_add(u16::from(counts));
                    }
                    HandoffOutcome::Dead { error } => {
                        task.error = error;
                        task.dead = Some(books.given_up);
                        books.given_up += 1;
                    }
                }
            }
            Ok(())
        })
        .await
    }

    async fn dead(&self, limit: usize) -> Result<Vec<GivenUp>, StoreError> {
        self.call(Call::Reports, |books| {
            let mut dead: Vec<_> = books
                .handoffs
                .iter()
                .filter_map(|(key, t)| t.dead.map(|n| (Reverse(n), *key, t.error.clone())))
                .collect();
            dead.sort_unstable();
            let target = |key| books.handoff(key).map(|handoff| handoff.target()).unwrap_or_default();
            let one = |(_, key, error)| GivenUp { key, target: target(key), error };
            Ok(dead.into_iter().take(limit).map(one).collect())
        })
        .await
    }

    async fn pull_back(
        &self,
        after: Timestamp,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.call(Call::Handoffs, |books| {
            let put_off = books
                .handoffs
                .values_mut()
                .filter(|t| t.dead.is_none() && t.due_at > after && t.due_at <= until);
            Ok(put_off.map(|task| task.due_at = now).count())
        })
        .await
    }

    async fn resend(&self, key: Option<HandoffKey>, now: Timestamp) -> Result<usize, StoreError> {
        self.call(Call::Handoffs, |books| {
            let meant = books
                .handoffs
                .iter_mut()
                .filter(|(own, t)| t.dead.is_some() && key.is_none_or(|key| key == **own));
            let revived = meant.map(|(_, task)| {
                task.dead = None;
                task.tries = 0;
                task.resent_at = Some(now);
                task.due_at = now;
            });
            Ok(revived.count())
        })
        .await
    }
}
