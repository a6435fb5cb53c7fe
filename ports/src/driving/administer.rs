//! Looking after users.

use async_trait::async_trait;
use domain::directory::User;
use domain::refusal::Refusal;
use secrecy::SecretString;

/// Changes users. Each change is durable and in force on this node when it returns, on others within seconds.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Administer: Send + Sync {
    /// All users, by name: those of the configuration file and those of the database.
    async fn users(&self) -> Result<Vec<User>, Refusal>;

    /// Creates a user or replaces one; a password that is given is hashed, otherwise the old one stays.
    async fn put_user(&self, user: User, password: Option<SecretString>) -> Result<(), Refusal>;

    /// Removes a user; his messages stay. `not_found` when there is none.
    async fn remove_user(&self, name: &str) -> Result<(), Refusal>;

    /// Makes a bearer key for a user and returns it: the only time it is seen.
    async fn new_key(&self, name: &str) -> Result<SecretString, Refusal>;
}
