//! Who asks: what a caller shows, and what is known of him once it has been checked.

use crate::directory::{Directory, User, UserName};
use crate::message::Door;
use crate::refusal::{Code, Refusal};
use std::net::IpAddr;
use std::sync::Arc;

/// A caller that has been let in. Only [`admit`] and [`Sender::internal`] make one.
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

#[cfg(test)]
mod tests {
    use super::*;

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
