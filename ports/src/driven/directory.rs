//! Where users are kept, what their programs asked to be told of, and what people order links to do. (Links, routes and rules come from the configuration file for now.)

use super::StoreError;
use async_trait::async_trait;
use domain::directory::{LinkOrder, User, UserName};
use domain::mo::Subscription;

/// Keeps users, their programs' wishes to be told, and orders about links.
#[async_trait]
pub trait DirectoryStore: Send + Sync {
    /// A number that grows with every change by any node.
    async fn version(&self) -> Result<u64, StoreError>;

    /// All users.
    async fn users(&self) -> Result<Vec<User>, StoreError>;

    /// Creates or replaces a user by name. Durable; the version grows.
    async fn put_user(&self, user: &User) -> Result<(), StoreError>;

    /// Removes a user. `false` when there was none. Durable; the version grows.
    async fn remove_user(&self, name: &str) -> Result<bool, StoreError>;

    /// What programs asked to be told of.
    async fn subscriptions(&self) -> Result<Vec<Subscription>, StoreError>;

    /// Keeps a wish. `false` when its user has one under the same correlator. Durable; the version grows.
    async fn subscribe(&self, wish: &Subscription) -> Result<bool, StoreError>;

    /// Ends a wish by its correlator. `false` when there was none. Durable; the version grows.
    async fn unsubscribe(&self, user: &UserName, correlator: &str) -> Result<bool, StoreError>;

    /// All orders about links; a link without one is open.
    async fn link_orders(&self) -> Result<Vec<LinkOrder>, StoreError>;

    /// Orders a link to be run in a way, in place of the order before. Durable; the version grows. The link need not exist.
    async fn order_link(&self, order: &LinkOrder) -> Result<(), StoreError>;
}
