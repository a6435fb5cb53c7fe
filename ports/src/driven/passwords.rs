//! Checking passwords.

use async_trait::async_trait;
use domain::directory::PasswordHash;
use secrecy::SecretString;

/// Hashes and checks passwords: slow on purpose, a few at a time.
#[async_trait]
pub trait Passwords: Send + Sync {
    /// The hash to keep.
    async fn hash(&self, password: &SecretString) -> PasswordHash;

    /// Whether a password is the right one. Without a hash it takes as long and says no.
    async fn verify(&self, password: &SecretString, hash: Option<&PasswordHash>) -> bool;
}
