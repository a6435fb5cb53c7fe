//! The ports whose calls change something: each puts one operation into the queue and waits for its commit.

use super::{Store, accept, deadlines, read, recalls};
use crate::op::Op;
use crate::rows::millis;
use async_trait::async_trait;
use domain::Timestamp;
use domain::directory::LinkId;
use domain::message::{Incarnation, MessageId};
use domain::receipt::Receipt;
use domain::routing::Awaits;
use domain::state::State;
use domain::submission::Accepted;
use futures_util::FutureExt;
use ports::driven::{
    Acceptance, Applied, Backlog, Cluster, Deadlines, Dispatch, GivenUp, Handoff, HandoffKey, HandoffOutcome,
    Handoffs, Held, LeaseRequest, Leased, Neighbour, Once, Outbox, Overdue, PutOff, Recall, RecallAnswer,
    RecallSaid, Recalls, Receipts, Ruling, Settlement, StoreError,
};
use std::sync::PoisonError;

#[async_trait]
impl Outbox for Store {
    async fn accept(&self, acceptance: Acceptance) -> Result<Accepted, StoreError> {
        if acceptance.messages.is_empty() {
            return Err(StoreError::Data("there is no message in it".to_owned()));
        }
        self.queue.ask(Op::Accept, acceptance).await
    }

    async fn earlier(&self, once: &Once, now: Timestamp) -> Result<Option<Accepted>, StoreError> {
        self.sound()?;
        let (once, now) = (once.clone(), millis(now));
        let read =
            self.reader.read(move |conn| async move { accept::answered(conn, &once, now).await }.boxed());
        read.await?.transpose()
    }
}

#[async_trait]
impl Dispatch for Store {
    async fn lease(&self, request: LeaseRequest) -> Result<Vec<Leased>, StoreError> {
        self.queue.ask(Op::Lease, request).await
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<Vec<Option<State>>, StoreError> {
        if settlements.is_empty() {
            return Ok(Vec::new());
        }
        self.queue.ask(Op::Settle, settlements).await
    }

    async fn cancel(
        &self,
        id: MessageId,
        now: Timestamp,
    ) -> Result<Option<Result<State, State>>, StoreError> {
        self.queue.ask(Op::Cancel, (id, now)).await
    }

    async fn expire(&self, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.queue.ask(Op::Expire, (now, limit)).await
    }

    async fn pull_back(&self, put_off: PutOff, limit: usize) -> Result<usize, StoreError> {
        self.queue.ask(Op::PullBack, (put_off, limit)).await
    }

    async fn backlog(&self, now: Timestamp) -> Result<Vec<Backlog>, StoreError> {
        self.sound()?;
        let counted = self.counted;
        self.reader.read(move |conn| read::backlog(conn, now, counted).boxed()).await
    }
}

#[async_trait]
impl Deadlines for Store {
    async fn overdue(&self, now: Timestamp, limit: usize) -> Result<Vec<Overdue>, StoreError> {
        self.sound()?;
        self.reader.read(move |conn| deadlines::overdue(conn, now, limit).boxed()).await
    }

    async fn ahead(
        &self,
        after: Timestamp,
        from: Option<(MessageId, Awaits)>,
        limit: usize,
    ) -> Result<Vec<Overdue>, StoreError> {
        self.sound()?;
        self.reader.read(move |conn| deadlines::ahead(conn, after, from, limit).boxed()).await
    }

    async fn rule(&self, rulings: Vec<Ruling>) -> Result<Vec<bool>, StoreError> {
        if rulings.is_empty() {
            return Ok(Vec::new());
        }
        self.queue.ask(Op::Rule, rulings).await
    }
}

#[async_trait]
impl Receipts for Store {
    async fn apply(
        &self,
        receipts: Vec<Receipt>,
        tell_lease: Option<Incarnation>,
        now: Timestamp,
    ) -> Result<Vec<Applied>, StoreError> {
        if receipts.is_empty() {
            return Ok(Vec::new());
        }
        self.queue.ask(Op::Apply, (receipts, tell_lease, now)).await
    }

    fn one_account(&self, links: Vec<(LinkId, Vec<LinkId>)>) {
        let name = |link: &LinkId| link.as_str().to_owned();
        let named = links.iter().map(|(link, others)| (name(link), others.iter().map(name).collect()));
        *self.accounts.write().unwrap_or_else(PoisonError::into_inner) = named.collect();
    }

    async fn give_up(&self, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.queue.ask(Op::GiveUp, (now, limit)).await
    }
}

#[async_trait]
impl Recalls for Store {
    async fn recall(&self, id: MessageId, now: Timestamp) -> Result<Option<Result<(), State>>, StoreError> {
        self.queue.ask(Op::Wish, (id, now)).await
    }

    async fn recalls(
        &self,
        links: &[LinkId],
        now: Timestamp,
        again: Timestamp,
        limit: usize,
    ) -> Result<Vec<Recall>, StoreError> {
        self.sound()?;
        let links = links.to_vec();
        let looked = links.clone();
        // Mostly there is none: looking for them must not keep the writer busy.
        let due =
            self.reader.read(move |conn| async move { recalls::any_due(conn, &looked, now).await }.boxed());
        match due.await? {
            true => self.queue.ask(Op::GiveOut, (links, now, again, limit)).await,
            false => Ok(Vec::new()),
        }
    }

    async fn recalled(&self, answer: RecallAnswer) -> Result<Option<State>, StoreError> {
        self.queue.ask(Op::Recalled, answer).await
    }

    async fn recall_answers(&self, id: MessageId) -> Result<Vec<(LinkId, Option<RecallSaid>)>, StoreError> {
        self.sound()?;
        self.reader.read(move |conn| recalls::answers(conn, id).boxed()).await
    }
}

#[async_trait]
impl Handoffs for Store {
    async fn lease(
        &self,
        limit: usize,
        without: &[String],
        lease: Incarnation,
        now: Timestamp,
    ) -> Result<Vec<Handoff>, StoreError> {
        self.queue.ask(Op::LeaseHandoffs, (limit, without.to_vec(), lease, now)).await
    }

    async fn settle(
        &self,
        outcomes: Vec<(HandoffKey, HandoffOutcome)>,
        lease: Incarnation,
    ) -> Result<(), StoreError> {
        if outcomes.is_empty() {
            return Ok(());
        }
        self.queue.ask(Op::SettleHandoffs, (outcomes, lease)).await
    }

    async fn dead(&self, limit: usize) -> Result<Vec<GivenUp>, StoreError> {
        self.sound()?;
        self.reader.read(move |conn| read::dead(conn, limit).boxed()).await
    }

    async fn pull_back(
        &self,
        after: Timestamp,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.queue.ask(Op::PullHandoffsBack, (after, until, now)).await
    }

    async fn resend(&self, key: Option<HandoffKey>, now: Timestamp) -> Result<usize, StoreError> {
        self.queue.ask(Op::Resend, (key, now)).await
    }
}

#[async_trait]
impl Cluster for Store {
    async fn join(
        &self,
        node: &str,
        incarnation: Incarnation,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.queue.ask(Op::Join, (node.to_owned(), incarnation, now)).await
    }

    async fn beat(
        &self,
        incarnation: Incarnation,
        now: Timestamp,
        links: &[LinkId],
    ) -> Result<Option<Vec<Neighbour>>, StoreError> {
        self.queue.ask(Op::Beat, (incarnation, now, links.to_vec())).await
    }

    async fn take_over(
        &self,
        by: Incarnation,
        now: Timestamp,
        silent: &[Neighbour],
        limit: usize,
    ) -> Result<Vec<Leased>, StoreError> {
        self.queue.ask(Op::TakeOver, (by, now, silent.to_vec(), limit)).await
    }

    async fn held(&self, by: Incarnation, limit: usize) -> Result<Held, StoreError> {
        self.sound()?;
        self.reader.read(move |conn| read::held(conn, by, limit).boxed()).await
    }

    async fn let_go(&self, by: Incarnation, what: Held, in_doubt: bool) -> Result<usize, StoreError> {
        self.queue.ask(Op::LetGo, (by, what, in_doubt)).await
    }

    async fn number(&self, node: &str, wish: u16) -> Result<u16, StoreError> {
        self.queue.ask(Op::Number, (node.to_owned(), wish)).await
    }

    async fn leave(&self, incarnation: Incarnation) -> Result<(), StoreError> {
        self.queue.ask(Op::Leave, incarnation).await
    }
}
