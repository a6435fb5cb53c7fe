//! Who asks: what a caller shows, and what is known of him once it has been checked.

use crate::directory::{Directory, User, UserName};
use crate::message::Door;
use crate::refusal::{Code, Refusal};
use std::net::IpAddr;
use std::sync::Arc;

/// A caller that has been let in. Only [`admit`], [`admit_again`] and [`Sender::internal`] make one.
#[derive(Debug, Clone)]
pub struct Sender {
    user: Arc<User>,
    door: Door,
}

impl Sender {
    /// The gateway itself, acting for a user (an automatic reply, a command on the machine).
    #[must_use]
    pub fn internal(user: Arc<User>, door: Door) -> Self {
        Self { user, door }
    }

    /// The user he is.
    #[must_use]
    pub fn user(&self) -> &Arc<User> {
        &self.user
    }

    /// The user's name.
    #[must_use]
    pub fn name(&self) -> &UserName {
        &self.user.name
    }

    /// The door he came by.
    #[must_use]
    pub fn door(&self) -> Door {
        self.door
    }

    /// The same caller at another door of the same listener.
    #[must_use]
    pub fn at(mut self, door: Door) -> Self {
        self.door = door;
        self
    }

    /// Whether he may see what belongs to a user.
    #[must_use]
    pub fn may_see(&self, owner: &UserName) -> bool {
        self.user.administrator || self.user.name == *owner
    }
}

/// Lets a user in whose password, key or address has been found right: he must be switched on and come from where he may.
///
/// # Errors
/// `not_authenticated` for a user that is switched off (the same answer as for one that does not exist), `address_not_allowed`.
pub fn admit(user: &Arc<User>, peer: IpAddr, door: Door) -> Result<Sender, Refusal> {
    if !user.enabled {
        return Err(Refusal::new(Code::NotAuthenticated));
    }
    if !user.may_come_from(peer) {
        return Err(Refusal::because(Code::AddressNotAllowed, peer.to_string()));
    }
    Ok(Sender { user: Arc::clone(user), door })
}

/// Lets in a caller who showed nothing but comes from an address that alone makes him known.
///
/// # Errors
/// `not_authenticated` when there is no such user.
pub fn admit_by_address(directory: &Directory, peer: IpAddr, door: Door) -> Result<Sender, Refusal> {
    let user = directory.user_by_address(peer).ok_or_else(|| Refusal::new(Code::NotAuthenticated))?;
    admit(user, peer, door)
}

/// Looks again at a caller who was let in a while ago and is still here: what he is now, if what let him in then would do so today. That is his
/// password, his keys (more of them change nothing), or his address alone.
///
/// # Errors
/// `not_authenticated` when it would not, or he is gone or switched off; `address_not_allowed`.
pub fn admit_again(directory: &Directory, sender: &Sender, peer: IpAddr) -> Result<Sender, Refusal> {
    let (then, now) = (&sender.user, directory.user(sender.user.name.as_str()));
    let as_then = |now: &&Arc<User>| {
        now.password == then.password
            && then.keys.iter().all(|key| now.keys.contains(key))
            && (now.trusts_address(peer) || !then.trusts_address(peer))
    };
    let now = now.filter(as_then).ok_or_else(|| Refusal::new(Code::NotAuthenticated))?;
    admit(now, peer, sender.door)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::{KeyHash, PasswordHash};

    #[test]
    fn who_is_still_here_is_what_he_is_now() {
        let peer = "10.0.0.1".parse().expect("ip");
        let range = |text: &str| vec![text.parse().expect("range")];
        let known = |password: &str, keys: &[u8]| User {
            password: (!password.is_empty()).then(|| PasswordHash(password.to_owned())),
            keys: keys.iter().map(|key| KeyHash([*key; 32])).collect(),
            ..User::named(UserName::parse("crm").expect("name"))
        };
        let gone = Some(Code::NotAuthenticated);
        let by_address = || User { addresses: range("10.0.0.0/8"), ..known("", &[]) };
        let cases = [
            ("the same", known("a", &[1]), Some(known("a", &[1])), None),
            ("removed", known("a", &[]), None, gone),
            ("switched off", known("a", &[]), Some(User { enabled: false, ..known("a", &[]) }), gone),
            ("a new password", known("a", &[]), Some(known("b", &[])), gone),
            ("no password any more", known("a", &[]), Some(known("", &[])), gone),
            ("another key", known("a", &[1]), Some(known("a", &[1, 2])), None),
            ("a key less", known("a", &[1, 2]), Some(known("a", &[2])), gone),
            ("a new rate", known("a", &[]), Some(User { rate: 7, ..known("a", &[]) }), None),
            (
                "from elsewhere only",
                known("a", &[]),
                Some(User { addresses: range("192.0.2.0/24"), ..known("a", &[]) }),
                Some(Code::AddressNotAllowed),
            ),
            ("by address", by_address(), Some(by_address()), None),
            ("by address, from anywhere now", by_address(), Some(known("", &[])), gone),
            (
                "by address, with a password now",
                by_address(),
                Some(User { addresses: range("10.0.0.0/8"), ..known("a", &[]) }),
                gone,
            ),
            (
                "by address, with a key now",
                by_address(),
                Some(User { addresses: range("10.0.0.0/8"), ..known("", &[1]) }),
                gone,
            ),
            ("by mail", known("", &[]), Some(User { rate: 7, ..known("", &[]) }), None),
        ];
        for (case, then, now, expected) in cases {
            let sender = Sender::internal(Arc::new(then), Door::Telnet);
            let mut directory = Directory::default();
            if let Some(now) = now.clone() {
                directory.users.insert(now.name.clone(), Arc::new(now));
            }
            let again = admit_again(&directory, &sender, peer);
            assert_eq!(again.as_ref().err().map(|refusal| refusal.code), expected, "{case}");
            if let Ok(again) = again {
                assert_eq!((Some(&**again.user()), again.door()), (now.as_ref(), Door::Telnet), "{case}");
            }
        }
    }

    #[test]
    fn the_address_must_fit() {
        let mut user = User::named(UserName::parse("crm").expect("name"));
        user.addresses = vec!["127.0.0.0/8".parse().expect("range")];
        let user = Arc::new(user);
        assert!(admit(&user, "127.0.0.9".parse().expect("ip"), Door::Http).is_ok());
        let refused = admit(&user, "10.0.0.1".parse().expect("ip"), Door::Http).expect_err("outside");
        assert_eq!(refused.code, Code::AddressNotAllowed);
    }
}
