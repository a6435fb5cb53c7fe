//! Users and orders about links in memory.

use super::{Call, MemoryStore};
use async_trait::async_trait;
use domain::directory::{LinkMode, LinkOrder, User};
use ports::driven::{DirectoryStore, StoreError};

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
