//! Where users are kept. (Links, routes and rules come from the configuration file for now.)

use super::StoreError;
use async_trait::async_trait;
use domain::directory::User;

/// Keeps users.
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
}
