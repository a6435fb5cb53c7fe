//! The ports whose calls mostly read.

use super::{Store, read};
use crate::op::Op;
use async_trait::async_trait;
use domain::Timestamp;
use domain::directory::{LinkOrder, User, UserName};
use domain::message::{MessageId, MoId};
use domain::mo::Subscription;
use futures_util::FutureExt;
use ports::driven::{
    Audit, DirectoryStore, Filter, Inbox, MessageRecord, MoRecord, NewMoPart, Page, Recorded, Reports,
    StoreError,
};
use std::time::Duration;

/// How long a ping may take.
const PING: Duration = Duration::from_secs(2);

#[async_trait]
impl Inbox for Store {
    async fn record(&self, new: NewMoPart) -> Result<Recorded, StoreError> {
        self.queue.ask(Op::Record, new).await
    }

    async fn complete_overdue(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.queue.ask(Op::CompleteOverdue, (before, limit)).await
    }

    async fn waiting(
        &self,
        user: Option<&UserName>,
        after: Option<MoId>,
        limit: usize,
    ) -> Result<Page<MoRecord>, StoreError> {
        self.sound()?;
        let user = user.map(|u| u.as_str().to_owned());
        self.reader.read(move |conn| read::waiting(conn, user, after, limit).boxed()).await
    }

    async fn acknowledge(
        &self,
        user: Option<&UserName>,
        id: MoId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.queue.ask(Op::Acknowledge, (user.cloned(), id, now)).await
    }
}

#[async_trait]
impl DirectoryStore for Store {
    async fn version(&self) -> Result<u64, StoreError> {
        self.sound()?;
        self.reader.read(|conn| read::version(conn).boxed()).await
    }

    async fn users(&self) -> Result<Vec<User>, StoreError> {
        self.sound()?;
        self.reader.read(|conn| read::users(conn).boxed()).await
    }

    async fn put_user(&self, user: &User) -> Result<(), StoreError> {
        self.queue.ask(Op::PutUser, user.clone()).await
    }

    async fn remove_user(&self, name: &str) -> Result<bool, StoreError> {
        self.queue.ask(Op::RemoveUser, name.to_owned()).await
    }

    async fn subscriptions(&self) -> Result<Vec<Subscription>, StoreError> {
        self.sound()?;
        self.reader.read(|conn| read::subscriptions(conn).boxed()).await
    }

    async fn subscribe(&self, wish: &Subscription) -> Result<bool, StoreError> {
        self.queue.ask(Op::Subscribe, wish.clone()).await
    }

    async fn unsubscribe(&self, user: &UserName, correlator: &str) -> Result<bool, StoreError> {
        self.queue.ask(Op::Unsubscribe, (user.clone(), correlator.to_owned())).await
    }

    async fn link_orders(&self) -> Result<Vec<LinkOrder>, StoreError> {
        self.sound()?;
        self.reader.read(|conn| read::link_orders(conn).boxed()).await
    }

    async fn order_link(&self, order: &LinkOrder) -> Result<(), StoreError> {
        self.queue.ask(Op::OrderLink, order.clone()).await
    }
}

#[async_trait]
impl Reports for Store {
    async fn message(&self, id: MessageId) -> Result<Option<MessageRecord>, StoreError> {
        self.sound()?;
        let found = self.reader.read(move |conn| read::messages_by_id(conn, vec![id.0]).boxed()).await?;
        Ok(found.into_values().next())
    }

    async fn messages(&self, filter: &Filter) -> Result<Page<MessageRecord>, StoreError> {
        self.sound()?;
        let filter = filter.clone();
        self.reader.read(move |conn| async move { read::messages(conn, &filter).await }.boxed()).await
    }

    async fn audit(&self) -> Result<Audit, StoreError> {
        self.sound()?;
        self.reader.read_at_leisure(|conn| read::audit(conn).boxed()).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        match tokio::time::timeout(PING, self.queue.ask(Op::Ping, ())).await {
            Ok(answer) => answer,
            Err(_) => Err(StoreError::Unavailable("writing takes more than two seconds".to_owned())),
        }
    }

    async fn retain(&self, before: Timestamp, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.queue.ask(Op::Retain, (before, now, limit)).await
    }
}
