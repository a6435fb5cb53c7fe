//! Runs, and taking over from dead ones.

use super::books::{Books, Run};
use super::dispatch::take;
use super::{Call, MemoryStore};
use async_trait::async_trait;
use domain::Timestamp;
use domain::directory::LinkId;
use domain::message::Incarnation;
use domain::state::State;
use ports::driven::{Cluster, Held, Leased, NODES, Neighbour, StoreError};
use std::time::Duration;

/// The run that nobody is.
const NO_RUN: Incarnation = Incarnation(0);

#[async_trait]
impl Cluster for MemoryStore {
    async fn number(&self, node: &str, wish: u16) -> Result<u16, StoreError> {
        self.call(Call::Cluster, |books| {
            if let Some(number) = books.nodes.get(node) {
                return Ok(*number);
            }
            let taken = |n: &u16| books.nodes.values().any(|number| number == n);
            let free = (0..NODES).map(|n| wish.wrapping_add(n) % NODES).find(|n| !taken(n));
            let number = free.ok_or_else(|| StoreError::Data("no number is free".to_owned()))?;
            books.nodes.insert(node.to_owned(), number);
            Ok(number)
        })
        .await
    }

    async fn join(
        &self,
        node: &str,
        incarnation: Incarnation,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.call(Call::Cluster, |books| {
            let last =
                books.runs.iter().filter(|(id, _)| **id != incarnation).map(|(_, run)| run.beat_at).max();
            books.runs.values_mut().filter(|r| r.node == node).for_each(|r| r.alive = false);
            books
                .runs
                .insert(incarnation, Run { node: node.to_owned(), beat_at: now, alive: true, links: None });
            Ok(last)
        })
        .await
    }

    async fn beat(
        &self,
        incarnation: Incarnation,
        now: Timestamp,
        links: &[LinkId],
    ) -> Result<Option<Vec<Neighbour>>, StoreError> {
        self.call(Call::Cluster, |books| {
            let Some(run) = books.runs.get_mut(&incarnation).filter(|r| r.alive) else { return Ok(None) };
            let next = run.beat_at.checked_add(Duration::from_millis(1)).unwrap_or(Timestamp::MAX);
            run.beat_at = now.max(next);
            run.links = Some(links.to_vec());
            let others = books.runs.iter().filter(|(id, r)| r.alive && **id != incarnation);
            let others =
                others.map(|(id, r)| Neighbour { run: *id, beat_at: r.beat_at, links: r.links.clone() });
            let mut others: Vec<_> = others.collect();
            others.sort_unstable_by_key(|n| n.run);
            Ok(Some(others))
        })
        .await
    }

    async fn take_over(
        &self,
        by: Incarnation,
        _now: Timestamp,
        silent: &[Neighbour],
        limit: usize,
    ) -> Result<Vec<Leased>, StoreError> {
        self.call(Call::Cluster, |books| {
            if !books.is_alive(by) {
                return Ok(Vec::new());
            }
            bury(books, by, silent);
            free_handoffs(books);
            let orphans = books
                .messages
                .values()
                .filter(|r| r.state == State::Sending && r.lease.is_none_or(|run| !books.is_alive(run)));
            let orphans: Vec<_> = orphans.take(limit).map(|r| r.message.id.0).collect();
            let mut taken = Vec::new();
            for id in orphans {
                if let Some(row) = books.messages.get_mut(&id) {
                    row.possible_duplicate = true;
                    taken.push(take(row, by));
                }
            }
            Ok(taken)
        })
        .await
    }

    async fn held(&self, by: Incarnation, limit: usize) -> Result<Held, StoreError> {
        self.call(Call::Reports, |books| {
            let ours = books.messages.values().filter(|r| r.state == State::Sending && r.lease == Some(by));
            let messages = ours.take(limit).map(|r| r.message.id).collect();
            let ours = books.handoffs.iter().filter(|(_, t)| t.lease == Some(by));
            Ok(Held { messages, handoffs: ours.take(limit).map(|(key, _)| *key).collect() })
        })
        .await
    }

    async fn let_go(&self, by: Incarnation, what: Held, in_doubt: bool) -> Result<usize, StoreError> {
        self.call(Call::Cluster, |books| {
            let mut count = 0;
            for id in what.messages {
                let Some(row) = books.messages.get_mut(&id.0) else { continue };
                if row.state == State::Sending && row.lease == Some(by) {
                    let doubt = in_doubt || row.possible_duplicate;
                    row.lease = doubt.then_some(NO_RUN);
                    row.state = if doubt { State::Sending } else { State::Queued };
                    count += 1;
                }
            }
            for key in what.handoffs {
                let Some(task) = books.handoffs.get_mut(&key).filter(|t| t.lease == Some(by)) else {
                    continue;
                };
                task.lease = None;
                count += 1;
            }
            Ok(count)
        })
        .await
    }

    async fn leave(&self, incarnation: Incarnation) -> Result<(), StoreError> {
        self.call(Call::Cluster, |books| {
            if let Some(run) = books.runs.get_mut(&incarnation) {
                run.alive = false;
            }
            Ok(())
        })
        .await
    }
}

/// Declares runs dead that are still as silent as they were seen; never the one that asks.
fn bury(books: &mut Books, by: Incarnation, silent: &[Neighbour]) {
    for Neighbour { run, beat_at, .. } in silent.iter().filter(|n| n.run != by) {
        if let Some(run) = books.runs.get_mut(run).filter(|r| r.beat_at == *beat_at) {
            run.alive = false;
        }
    }
}

fn free_handoffs(books: &mut Books) {
    let runs = &books.runs;
    for task in books.handoffs.values_mut() {
        task.lease = task.lease.filter(|run| runs.get(run).is_some_and(|r| r.alive));
    }
}
