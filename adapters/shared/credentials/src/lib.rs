//! Password hashing with argon2id (RFC 9106) at the crate's default cost: 19 MiB and two passes.
//!
//! At most two are worked on at once, on threads of their own: a burst of log-ins costs 38 MiB and never the doors' threads.
//! It keeps nothing and remembers nobody; caching and braking are the application's.

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, Params};
use async_trait::async_trait;
use domain::directory::PasswordHash;
use ports::driven::{Ids, Passwords};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use tokio::sync::Semaphore;

const AT_ONCE: usize = 2;

/// Longer passwords are no passwords; hashing them would only cost.
const LONGEST: usize = 1024;

/// Hashes and checks with argon2id.
pub struct Argon2Passwords {
    ids: Arc<dyn Ids>,
    turns: Arc<Semaphore>,
}

impl Argon2Passwords {
    /// Takes its salts from `ids`.
    #[must_use]
    pub fn new(ids: Arc<dyn Ids>) -> Self {
        Self { ids, turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Runs slow work when it is its turn. `None` only when the runtime is going down.
    async fn slowly<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.ok()?;
        let job = tokio::task::spawn_blocking(move || {
            // The turn goes with the work: a caller who gives up must not let a third one in.
            let _turn = turn;
            work()
        });
        job.await.ok()
    }
}

#[async_trait]
impl Passwords for Argon2Passwords {
    async fn hash(&self, password: &SecretString) -> PasswordHash {
        let mut salt = [0_u8; 16];
        self.ids.fill(&mut salt);
        let password = password.clone();
        let hashed = self.slowly(move || {
            let octets = password.expose_secret().as_bytes();
            Argon2::default().hash_password_with_salt(octets, &salt).map(|hash| hash.to_string())
        });
        // No password fits what is no hash: failing to hash locks out and lets nobody in.
        PasswordHash(hashed.await.and_then(Result::ok).unwrap_or_else(|| "!".to_owned()))
    }

    async fn verify(&self, password: &SecretString, hash: Option<&PasswordHash>) -> bool {
        let hash = hash.map(|hash| hash.0.clone());
        let password = password.clone();
        let right = self.slowly(move || check(password.expose_secret().as_bytes(), hash.as_deref()));
        right.await.unwrap_or(false)
    }
}

fn check(password: &[u8], hash: Option<&str>) -> bool {
    let argon = Argon2::default();
    match hash {
        Some(hash) if password.len() <= LONGEST && hash.starts_with("$argon2") => {
            PasswordVerifier::<str>::verify_password(&argon, password, hash).is_ok()
        }
        _ => {
            // As much work as a real one, so that time does not tell who exists.
            let mut out = [0_u8; Params::DEFAULT_OUTPUT_LEN];
            let _ = argon.hash_password_into(
                password.get(..LONGEST).unwrap_or(password),
                b"nobody's salt...",
                &mut out,
            );
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;
    impl Ids for Fixed {
        fn next(&self) -> i64 {
            1
        }
        fn fill(&self, octets: &mut [u8]) {
            octets.fill(7);
        }
    }

    #[tokio::test]
    async fn only_the_right_password_fits() {
        let passwords = Argon2Passwords::new(Arc::new(Fixed));
        let right = SecretString::from("hemligt åäö");
        let hash = passwords.hash(&right).await;
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.0);
        assert!(passwords.verify(&right, Some(&hash)).await);
        let broken =
            [PasswordHash("!".into()), PasswordHash(String::new()), PasswordHash("$argon2id$".into())];
        for (password, hash) in [
            (SecretString::from("hemligt"), Some(&hash)),
            (SecretString::from(""), Some(&hash)),
            (SecretString::from("x".repeat(5000)), Some(&hash)),
            (right.clone(), None),
        ] {
            assert!(!passwords.verify(&password, hash).await);
        }
        for hash in &broken {
            assert!(!passwords.verify(&right, Some(hash)).await);
        }
    }
}
