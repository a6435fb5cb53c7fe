//! Users and orders about links in memory.

use super::{Call, MemoryStore};
use async_trait::async_trait;
use domain::directory::{LinkMode, LinkOrder, User, UserName};
use domain::mo::Subscription;
use ports::driven::{DirectoryStore, StoreError};

fn is(wish: &Subscription, user: &UserName, correlator: &str) -> bool {
    wish.user == *user && wish.reference.correlator() == correlator
}

#[async_trait]
impl DirectoryStore for MemoryStore {
    async fn version(&self) -> Result<u64, StoreError> {
        self.call(Call::Directory, |books| Ok(books.version)).await
    }

    async fn users(&self) -> Result<Vec<User>, StoreError> {
        self.call(Call::Directory, |books| Ok(books.users.values().cloned().collect())).await
    }

    async fn put_user(&self, user: &User) -> Result<(), StoreError> {
        self.call(Call::Directory, |books| {
            books.version += 1;
            books.users.insert(user.name.to_string(), user.clone());
            Ok(())
        })
        .await
    }

    async fn remove_user(&self, name: &str) -> Result<bool, StoreError> {
        self.call(Call::Directory, |books| {
            let removed = books.users.remove(name).is_some();
            books.version += u64::from(removed);
            Ok(removed)
        })
        .await
    }

    async fn subscriptions(&self) -> Result<Vec<Subscription>, StoreError> {
        self.call(Call::Directory, |books| Ok(books.subscriptions.clone())).await
    }

    async fn subscribe(&self, wish: &Subscription) -> Result<bool, StoreError> {
        self.call(Call::Directory, |books| {
            let correlator = wish.reference.correlator();
            if books.subscriptions.iter().any(|w| is(w, &wish.user, correlator)) {
                return Ok(false);
            }
            books.version += 1;
            books.subscriptions.push(wish.clone());
            Ok(true)
        })
        .await
    }

    async fn unsubscribe(&self, user: &UserName, correlator: &str) -> Result<bool, StoreError> {
        self.call(Call::Directory, |books| {
            let before = books.subscriptions.len();
            books.subscriptions.retain(|wish| !is(wish, user, correlator));
            let ended = books.subscriptions.len() < before;
            books.version += u64::from(ended);
            Ok(ended)
        })
        .await
    }

    async fn link_orders(&self) -> Result<Vec<LinkOrder>, StoreError> {
        self.call(Call::Directory, |books| Ok(books.orders.values().cloned().collect())).await
    }

    async fn order_link(&self, order: &LinkOrder) -> Result<(), StoreError> {
        self.call(Call::Directory, |books| {
            books.version += 1;
            match order.mode {
                LinkMode::Open => books.orders.remove(&order.link),
                _ => books.orders.insert(order.link.clone(), order.clone()),
            };
            Ok(())
        })
        .await
    }
}
