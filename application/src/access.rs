//! Letting callers in: passwords, keys, addresses; the brake on wrong ones; limits on how often a user may ask.

#[cfg(test)]
mod tests;

use crate::brake::Brake;
use crate::directory::CurrentDirectory;
use crate::turns::Turns;
use async_trait::async_trait;
use domain::access::{self, Sender};
use domain::directory::{KeyHash, PasswordHash, User};
use domain::message::Door;
use domain::refusal::{Code, Refusal};
use ports::driven::{Clock, Ids, Passwords};
use ports::driving::{Authenticate, Credentials};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a password that was right is remembered after it was last shown: programs that send once a day are not to wait for what others try.
const REMEMBERED: Duration = Duration::from_hours(24);
/// How many are remembered.
const MOST: usize = 10_000;
/// So many passwords from one address are checked at once: enough to keep the hashing busy, and little more than the brake allows.
const AT_ONCE: usize = 2;
/// So much of a name is looked at when wrong passwords are counted.
const NAME: usize = 64;

/// The use case.
pub(crate) struct Access {
    directory: Arc<CurrentDirectory>,
    passwords: Arc<dyn Passwords>,
    clock: Arc<dyn Clock>,
    salt: [u8; 32],
    state: Mutex<Memory>,
    names: Turns<String>,
    peers: Turns<IpAddr>,
}

#[derive(Default)]
struct Memory {
    /// Digest of name and password that were right → by which hash, and until when.
    right: HashMap<[u8; 32], (PasswordHash, Duration)>,
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
        let (names, peers) = (Turns::new(1), Turns::new(AT_ONCE));
        Self { directory, passwords, clock, salt, state: Mutex::default(), names, peers }
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
        let digest = self.digest(name, password);
        if let Some(user) = self.remembered(name, &digest) {
            return Ok(user);
        }
        let (short, peer) = (short(name), net_of(peer));
        self.braked(Some(&short), peer)?;
        // One after the other, so that each is judged by what those before it were: guesses made at once are counted like any others, and of a
        // program's many first connections one costs a hash. The address comes first: its queue must not stand in that of a name.
        let _of_peer = self.peers.take(peer).await;
        let _of_name = self.names.take(short.clone()).await;
        if let Some(user) = self.remembered(name, &digest) {
            return Ok(user);
        }
        self.braked(Some(&short), peer)?;
        let user = self.directory.current().user(name).cloned();
        let hash = user.as_ref().and_then(|u| u.password.as_ref());
        let right = self.passwords.verify(password, hash).await;
        let now = self.clock.monotonic();
        let mut state = self.state();
        match user.filter(|_| right) {
            Some(user) => {
                state.users.right(&short);
                state.addresses.right(&peer);
                if state.right.len() >= MOST {
                    state.right.retain(|_, (_, until)| *until > now);
                }
                if let Some(hash) = &user.password
                    && state.right.len() < MOST
                {
                    state.right.insert(digest, (hash.clone(), now + REMEMBERED));
                }
                Ok(user)
            }
            None => {
                state.users.wrong(short, now);
                state.addresses.wrong(peer, now);
                drop(state);
                Err(wrong())
            }
        }
    }

    /// Who has a key comes in whatever others at his address try: a key is long and random, nobody guesses it. It is found by its digest, which tells
    /// nothing of it however long that takes. Wrong ones are braked.
    fn by_key(&self, key: &SecretString, peer: IpAddr) -> Result<Arc<User>, Refusal> {
        let hash = KeyHash(Sha256::digest(key.expose_secret().as_bytes()).into());
        if let Some(user) = self.directory.current().user_by_key(&hash) {
            return Ok(Arc::clone(user));
        }
        let peer = net_of(peer);
        self.braked(None, peer)?;
        self.state().addresses.wrong(peer, self.clock.monotonic());
        Err(wrong())
    }

    /// Whether somebody who is not known yet has to wait: for wrong passwords of this user, and for wrong ones from this address. A wrong key has no
    /// user.
    fn braked(&self, name: Option<&String>, peer: IpAddr) -> Result<(), Refusal> {
        let now = self.clock.monotonic();
        let state = self.state();
        if state.users.is_empty() && state.addresses.is_empty() {
            return Ok(());
        }
        let of_user = name.and_then(|name| state.users.wait(name, now));
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

    /// The user, if this password was right for him not long ago and he has it still. What others try meanwhile does not keep him out, nor does a
    /// change of anything else about him; a new password is a new hash, and the old one is forgotten at once.
    fn remembered(&self, name: &str, digest: &[u8; 32]) -> Option<Arc<User>> {
        let directory = self.directory.current();
        let user = directory.user(name)?;
        let now = self.clock.monotonic();
        let mut state = self.state();
        let (hash, until) = state.right.get_mut(digest)?;
        if *until <= now || user.password.as_ref() != Some(&*hash) {
            return None;
        }
        *until = now + REMEMBERED;
        Some(Arc::clone(user))
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

/// What is braked as one address: an IPv6 subscriber has a whole /64 of them and can guess from each.
fn net_of(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

fn short(name: &str) -> String {
    name.chars().take(NAME).collect()
}

fn wrong() -> Refusal {
    metrics::counter!("omnigate_wrong_credentials_total").increment(1);
    Refusal::new(Code::NotAuthenticated)
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

    fn again(&self, sender: &Sender, peer: IpAddr) -> Result<Sender, Refusal> {
        access::admit_again(&self.directory.current(), sender, peer)
    }

    fn pace(&self, sender: &Sender, peer: IpAddr) -> Result<Sender, Refusal> {
        let sender = self.again(sender, peer)?;
        self.paced(sender.user())?;
        Ok(sender)
    }
}
