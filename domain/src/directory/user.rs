//! A user: who may use the gateway, from where, as whom and for what.

use super::{AddressRange, UserName};
use crate::address::Originator;
use crate::message::{Dimensions, Priority};
use crate::numbering::AllowList;
use std::net::IpAddr;

/// The argon2 hash of a password, in PHC form (`$argon2id$…`). Not the password.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// The SHA-256 of a bearer key. Keys are long and random, so a plain hash serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyHash(pub [u8; 32]);

/// Who may use the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The login name.
    pub name: UserName,
    /// `None`: he cannot log in by password.
    pub password: Option<PasswordHash>,
    /// Bearer keys.
    pub keys: Vec<KeyHash>,
    /// A user that is switched off keeps his messages and may do nothing.
    pub enabled: bool,
    /// Where he may come from; empty = anywhere that the door itself allows.
    pub addresses: Vec<AddressRange>,
    /// Mail addresses he sends from; `@example.se` stands for all of a domain.
    pub mail_from: Vec<String>,
    /// The originator when he names none.
    pub originator: Option<Originator>,
    /// Other originators he may name; `None` = any.
    pub originators: Option<Vec<Originator>>,
    /// Numbers he may send to, besides what is allowed to all; `None` = no more limits.
    pub allow: Option<AllowList>,
    /// The class of his messages when he names none.
    pub priority: Priority,
    /// The highest class he may name.
    pub max_priority: Priority,
    /// What his cost is booked on when he does not say.
    pub dimensions: Dimensions,
    /// Requests a second over all doors; 0 = no limit.
    pub rate: u32,
    /// May see and change what is not his.
    pub administrator: bool,
}

impl User {
    /// A user with a name and nothing else: everything else at its default.
    #[must_use]
    pub fn named(name: UserName) -> Self {
        Self {
            name,
            password: None,
            keys: Vec::new(),
            enabled: true,
            addresses: Vec::new(),
            mail_from: Vec::new(),
            originator: None,
            originators: None,
            allow: None,
            priority: Priority::Normal,
            max_priority: Priority::Alarm,
            dimensions: Dimensions::default(),
            rate: 0,
            administrator: false,
        }
    }

    /// Whether he may come from there.
    #[must_use]
    pub fn may_come_from(&self, peer: IpAddr) -> bool {
        self.addresses.is_empty() || self.addresses.iter().any(|r| r.contains(peer))
    }

    /// Whether coming from there is all the login he needs: he has addresses and neither password nor key.
    #[must_use]
    pub fn trusts_address(&self, peer: IpAddr) -> bool {
        self.password.is_none()
            && self.keys.is_empty()
            && !self.addresses.is_empty()
            && self.may_come_from(peer)
    }

    /// Whether this can stand in `mail_from`: an address, or `@` and a domain. Anything else would never match.
    #[must_use]
    pub fn is_mail_from(own: &str) -> bool {
        let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '*' | '<' | '>' | ',' | ';');
        let domain = own.rsplit_once('@').map_or("", |(_, domain)| domain);
        !domain.is_empty() && !own.contains(odd) && own.matches('@').count() == 1
    }

    /// Whether a mail address is one of his.
    #[must_use]
    pub fn sends_mail_from(&self, address: &str) -> bool {
        let domain = address.rfind('@').and_then(|at| address.get(at..)).unwrap_or_default();
        self.mail_from.iter().any(|own| {
            own.eq_ignore_ascii_case(address) || (own.starts_with('@') && own.eq_ignore_ascii_case(domain))
        })
    }
}
