//! Names people give to links and users. Cheap to copy: they travel with every message.

use crate::language::Words;
use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// A name that will not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.words())]
pub enum NameError {
    /// It is empty, too long or has characters that break logs and files.
    Spelling,
    /// It is the gateway's own.
    Gateway,
}

impl NameError {
    /// What is wrong, for the person who wrote the name.
    #[must_use]
    pub fn words(self) -> Words {
        match self {
            Self::Spelling => Words::new(
                "ett namn är 1 till 64 bokstäver, siffror eller . _ - @ +",
                "a name is 1 to 64 letters, digits or . _ - @ +",
            ),
            Self::Gateway => {
                Words::new("@gateway är gatewayens eget namn", "@gateway is the gateway's own name")
            }
        }
    }
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Reads 1 to 64 letters, digits or `. _ - @ +`.
            ///
            /// # Errors
            /// [`NameError::Spelling`] for anything else.
            pub fn parse(name: &str) -> Result<Self, NameError> {
                let fits = (1..=64).contains(&name.chars().count())
                    && name.chars().all(|c| c.is_alphanumeric() || "._-@+".contains(c));
                if fits { Ok(Self(name.into())) } else { Err(NameError::Spelling) }
            }

            /// The name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    )+};
}

/// Whose the messages are that the gateway sends by itself.
const GATEWAY: &str = "@gateway";

impl UserName {
    /// The gateway itself, as the sender of alarms and heartbeats. It can be read, since it stands in the store, and no user can be called so:
    /// whoever gives a user a name asks [`UserName::of_user`].
    #[must_use]
    pub fn gateway() -> Self {
        Self(GATEWAY.into())
    }

    /// Whether it is the gateway itself.
    #[must_use]
    pub fn is_gateway(&self) -> bool {
        &*self.0 == GATEWAY
    }

    /// Reads the name of a user: as [`UserName::parse`], and not the gateway's.
    ///
    /// # Errors
    /// [`NameError`].
    pub fn of_user(name: &str) -> Result<Self, NameError> {
        let name = Self::parse(name)?;
        if name.is_gateway() { Err(NameError::Gateway) } else { Ok(name) }
    }
}

names! {
    /// A way to an operator (kommunikationsväg): `TS0`.
    LinkId;
    /// A person or program with rights of its own: `crm`.
    UserName;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_users() {
        for (name, expected) in [
            ("crm", None),
            ("heartbeat", None),
            ("anna@example.se", None),
            ("@gateway2", None),
            ("@gateway", Some(NameError::Gateway)),
            ("", Some(NameError::Spelling)),
            ("a b", Some(NameError::Spelling)),
        ] {
            assert_eq!(UserName::of_user(name).err(), expected, "{name}");
        }
        assert_eq!(UserName::parse(UserName::gateway().as_str()), Ok(UserName::gateway()), "as it is stored");
    }
}
