//! Names people give to links and users. Cheap to copy: they travel with every message.

use crate::language::Words;
use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// A name that is empty, too long or has characters that break logs and files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.words())]
pub struct NameError;

impl NameError {
    /// What is wrong, for the person who wrote the name.
    #[must_use]
    pub fn words(self) -> Words {
        Words::new(
            "ett namn är 1 till 64 bokstäver, siffror eller . _ - @ +",
            "a name is 1 to 64 letters, digits or . _ - @ +",
        )
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
            /// [`NameError`] for anything else.
            pub fn parse(name: &str) -> Result<Self, NameError> {
                let fits = (1..=64).contains(&name.chars().count())
                    && name.chars().all(|c| c.is_alphanumeric() || "._-@+".contains(c));
                if fits { Ok(Self(name.into())) } else { Err(NameError) }
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

names! {
    /// A way to an operator (kommunikationsväg): `TS0`.
    LinkId;
    /// A person or program with rights of its own: `crm`.
    UserName;
}
