//! Letting callers in: passwords, keys, addresses; the brake on wrong ones; limits on how often a user may ask.

use crate::brake::Brake;
use crate::directory::CurrentDirectory;
use async_trait::async_trait;
use domain::access::{self, Sender};
use domain::directory::{KeyHash, User};
use domain::message::Door;
use domain::refusal::{Code, Refusal};
use ports::driven::{Clock, Ids, Passwords};
use ports::driving::{Authenticate, Credentials};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a password that was right is remembered.
const REMEMBERED: Duration = Duration::from_mins(5);
/// How many are remembered.
const MOST: usize = 10_000;

/// The use case.
pub(crate) struct Access {
    directory: Arc<CurrentDirectory>,
    passwords: Arc<dyn Passwords>,
    clock: Arc<dyn Clock>,
    salt: [u8; 32],
    state: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    /// Digest of name and password that were right → for which user object, and until when.
    right: HashMap<[u8; 32], (Arc<User>, Duration)>,
    users: Brake<String>,
    addresses: Brake<IpAddr>,
    buckets: HashMap<String, (f64, Duration)>,
}

impl Access {
    pub(crate) fn new(
        directory: Arc<CurrentDirectory>,
        passwords: Arc<dyn Passwords>,
        clock: Arc<dyn Clock>,
        ids: &dyn Ids,
    ) -> Self {
        let mut salt = [0; 32];
        ids.fill(&mut salt);
        Self { directory, passwords, clock, salt, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, Memory> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn by_password(
        &self,
        name: &str,
        password: &SecretString,
        peer: IpAddr,
    ) -> Result<Arc<User>, Refusal> {
        let directory = self.directory.current();
        let user = directory.user(name).cloned();
        let digest = self.digest(name, password);
        if let Some(user) = &user
            && self.remembers(&digest, user)
        {
            return Ok(Arc::clone(user));
        }
        self.braked(Some(name), peer)?;
        let hash = user.as_ref().and_then(|u| u.password.as_ref());
        let right = self.passwords.verify(password, hash).await;
        let now = self.clock.monotonic();
        let mut state = self.state();
        match user.filter(|_| right) {
            Some(user) => {
                state.users.right(&name.to_owned());
                state.addresses.right(&peer);
                if state.right.len() >= MOST {
                    state.right.retain(|_, (_, until)| *until > now);
                }
                if state.right.len() < MOST {
                    state.right.insert(digest, (Arc::clone(&user), now + REMEMBERED));
                }
                Ok(user)
            }
            None => {
                state.users.wrong(name.chars().take(64).collect(), now);
                state.addresses.wrong(peer, now);
                drop(state);
                metrics::counter!("omnigate_wrong_credentials_total").increment(1);
                Err(Refusal::new(Code::NotAuthenticated))
            }
        }
    }

    fn by_key(&self, key: &SecretString, peer: IpAddr) -> Result<Arc<User>, Refusal> {
        self.braked(None, peer)?;
        let hash = KeyHash(Sha256::digest(key.expose_secret().as_bytes()).into());
        let found = self.directory.current().user_by_key(&hash).cloned();
        found.ok_or_else(|| {
            self.state().addresses.wrong(peer, self.clock.monotonic());
            metrics::counter!("omnigate_wrong_credentials_total").increment(1);
            Refusal::new(Code::NotAuthenticated)
        })
    }

    /// Whether somebody has to wait: for wrong passwords of this user, and for wrong ones from this address. A key has no user, and what others
    /// try elsewhere must not keep its owner out.
    fn braked(&self, name: Option<&str>, peer: IpAddr) -> Result<(), Refusal> {
        let now = self.clock.monotonic();
        let state = self.state();
        if state.users.is_empty() && state.addresses.is_empty() {
            return Ok(());
        }
        let of_user = name.and_then(|name| state.users.wait(&name.to_owned(), now));
        let waits = [of_user, state.addresses.wait(&peer, now)];
        match waits.into_iter().flatten().max() {
            None => Ok(()),
            Some(wait) => Err(Refusal::too_often(wait)),
        }
    }

    fn digest(&self, name: &str, password: &SecretString) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.salt);
        hash.update((name.len() as u64).to_be_bytes());
        hash.update(name);
        hash.update(password.expose_secret());
        hash.finalize().into()
    }

    /// Whether a password was right a while ago, for the very same user object: any change of the user makes it forgotten.
    fn remembers(&self, digest: &[u8; 32], user: &Arc<User>) -> bool {
        let now = self.clock.monotonic();
        self.state()
            .right
            .get(digest)
            .is_some_and(|(known, until)| *until > now && (Arc::ptr_eq(known, user) || **known == **user))
    }

    /// One request of a user with a limit: refused when his bucket (one second's worth) is empty.
    fn paced(&self, user: &User) -> Result<(), Refusal> {
        if user.rate == 0 {
            return Ok(());
        }
        let rate = f64::from(user.rate);
        let now = self.clock.monotonic();
        let mut state = self.state();
        let (tokens, last) = state.buckets.entry(user.name.to_string()).or_insert((rate, now));
        *tokens = (*tokens + now.saturating_sub(*last).as_secs_f64() * rate).min(rate);
        *last = now;
        if *tokens < 1.0 {
            return Err(Refusal::too_often(Duration::from_secs_f64((1.0 - *tokens) / rate)));
        }
        *tokens -= 1.0;
        Ok(())
    }
}

#[async_trait]
impl Authenticate for Access {
    async fn authenticate(
        &self,
        credentials: &Credentials,
        peer: IpAddr,
        door: Door,
    ) -> Result<Sender, Refusal> {
        let sender = match credentials {
            Credentials::None => access::admit_by_address(&self.directory.current(), peer, door)?,
            Credentials::Password { user, password } => {
                let user = self.by_password(user, password, peer).await?;
                access::admit(&user, peer, door)?
            }
            Credentials::Key(key) => access::admit(&self.by_key(key, peer)?, peer, door)?,
        };
        // Where a login holds for many submissions, each of those is paced.
        if !matches!(door, Door::Smtp | Door::Telnet) {
            self.paced(sender.user())?;
        }
        Ok(sender)
    }

    async fn authenticate_mail(&self, mail_from: &str, peer: IpAddr) -> Result<Sender, Refusal> {
        let directory = self.directory.current();
        let user = directory.user_by_mail(mail_from).ok_or_else(|| Refusal::new(Code::NotAuthenticated))?;
        access::admit(user, peer, Door::Smtp)
    }

    fn pace(&self, sender: &Sender) -> Result<(), Refusal> {
        self.paced(sender.user())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::Installation;
    use domain::directory::UserName;
    use fakes::{FakePasswords, ManualClock, SequentialIds};

    #[tokio::test]
    async fn a_rate_counts_requests_or_submissions() {
        let mut user = User::named(UserName::parse("crm").expect("name"));
        user.addresses = vec!["10.0.0.1".parse().expect("address")];
        user.mail_from = vec!["@example.se".to_owned()];
        user.rate = 1;
        let installation = Installation { users: vec![user], ..Installation::default() };
        let directory = Arc::new(CurrentDirectory::new(installation));
        let clock = ManualClock::default();
        let access = Access::new(
            directory,
            Arc::new(FakePasswords::default()),
            Arc::new(clock.clone()),
            &SequentialIds::default(),
        );
        let peer = "10.0.0.1".parse().expect("ip");
        for door in [Door::Telnet, Door::Smtp, Door::Telnet] {
            assert!(access.authenticate(&Credentials::None, peer, door).await.is_ok(), "logging in is free");
        }
        let sender = access.authenticate_mail("a@example.se", peer).await.expect("known");
        assert!(access.pace(&sender).is_ok());
        let code = |result: Result<(), Refusal>| result.map_err(|refusal| refusal.code);
        assert_eq!(code(access.pace(&sender)), Err(Code::RateLimited));
        let request = || access.authenticate(&Credentials::None, peer, Door::Http);
        assert_eq!(code(request().await.map(|_| ())), Err(Code::RateLimited), "one limit for all doors");
        clock.advance(Duration::from_secs(1));
        assert!(request().await.is_ok());
        assert_eq!(code(access.pace(&sender)), Err(Code::RateLimited));
    }
}
