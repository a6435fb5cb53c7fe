//! Letting callers in.

use async_trait::async_trait;
use domain::access::Sender;
use domain::message::Door;
use domain::refusal::Refusal;
use secrecy::SecretString;
use std::net::IpAddr;

/// What a caller shows of himself.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// Nothing: only his address speaks for him.
    None,
    /// A name and a password, however they came.
    Password {
        /// The login name.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// A bearer key.
    Key(SecretString),
}

/// Lets callers in.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Authenticate: Send + Sync {
    /// Checks what a caller shows. All doors share the brake on wrong passwords (per user and per address); an unknown user
    /// takes as long as a wrong password. A check that was right is remembered for a while, so that it may be asked at every request: each counts
    /// against the user's limit, but for the doors where one login holds for many requests (mail and text). Those ask [`Authenticate::again`] before
    /// each of them, or [`Authenticate::pace`] before a submission.
    ///
    /// # Errors
    /// `not_authenticated`, `address_not_allowed`, `rate_limited` (too many wrong tries, or more requests than the user may make).
    async fn authenticate(
        &self,
        credentials: &Credentials,
        peer: IpAddr,
        door: Door,
    ) -> Result<Sender, Refusal>;

    /// The user that may send mail from an address, coming from a peer without other credentials.
    ///
    /// # Errors
    /// `not_authenticated` when nobody may, `address_not_allowed` when he may not come from there.
    async fn authenticate_mail(&self, mail_from: &str, peer: IpAddr) -> Result<Sender, Refusal>;

    /// Who somebody is now that was let in a while ago from this peer. `sender` is as he was let in, not as an earlier call of this said.
    ///
    /// # Errors
    /// `not_authenticated` when he is gone or switched off, or what let him in is no longer valid; `address_not_allowed`.
    fn again(&self, sender: &Sender, peer: IpAddr) -> Result<Sender, Refusal>;

    /// The same for one submission, which counts against the user's limit.
    ///
    /// # Errors
    /// Those of [`Authenticate::again`]; `rate_limited` when he submits more often than he may.
    fn pace(&self, sender: &Sender, peer: IpAddr) -> Result<Sender, Refusal>;
}
