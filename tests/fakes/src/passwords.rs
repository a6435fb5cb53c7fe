//! Passwords without the slowness: the "hash" is the password itself behind a mark.

use async_trait::async_trait;
use domain::directory::PasswordHash;
use ports::driven::Passwords;
use secrecy::{ExposeSecret, SecretString};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Hashes at once and counts how often it was asked to check.
#[derive(Debug, Default)]
pub struct FakePasswords {
    checks: AtomicUsize,
}

impl FakePasswords {
    /// The hash that [`Passwords::hash`] makes of a password.
    #[must_use]
    pub fn hash_of(password: &str) -> PasswordHash {
        PasswordHash(format!("fake${password}"))
    }

    /// How many passwords were checked: what a cache saves does not count.
    #[must_use]
    pub fn checks(&self) -> usize {
        self.checks.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Passwords for FakePasswords {
    async fn hash(&self, password: &SecretString) -> PasswordHash {
        Self::hash_of(password.expose_secret())
    }

    async fn verify(&self, password: &SecretString, hash: Option<&PasswordHash>) -> bool {
        self.checks.fetch_add(1, Ordering::Relaxed);
        hash.is_some_and(|h| *h == Self::hash_of(password.expose_secret()))
    }
}
