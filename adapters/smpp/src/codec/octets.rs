//! The string and the address of SMPP (sections 3.1 and 5.2.5 to 5.2.9).
//!
//! An SMPP string is octets: the standard names no character set for most fields, and peers send Latin-1 where
//! ASCII was meant. It is therefore never refused for its content here, only shown with care.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;

/// The octets of a C-octet string, without its terminating NUL. Cheap to clone: a view into the frame.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Octets(Bytes);

impl Octets {
    /// The empty string, without an allocation.
    pub const EMPTY: Octets = Octets(Bytes::new());

    /// A string known when the program was written.
    pub const fn from_static(text: &'static str) -> Octets {
        Octets(Bytes::from_static(text.as_bytes()))
    }

    /// The octets as they came.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// How many octets, without the NUL.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing stands before the NUL.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As text: UTF-8 (and so ASCII) when it is that, otherwise each octet as Latin-1. Never fails.
    pub fn text(&self) -> Cow<'_, str> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(self.0.iter().map(|octet| char::from(*octet)).collect()),
        }
    }
}

impl From<Bytes> for Octets {
    fn from(octets: Bytes) -> Octets {
        Octets(octets)
    }
}

impl From<&str> for Octets {
    fn from(text: &str) -> Octets {
        Octets(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl From<String> for Octets {
    fn from(text: String) -> Octets {
        Octets(Bytes::from(text))
    }
}

impl From<Vec<u8>> for Octets {
    fn from(octets: Vec<u8>) -> Octets {
        Octets(Bytes::from(octets))
    }
}

impl PartialEq<str> for Octets {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for Octets {
    fn eq(&self, other: &&str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl fmt::Debug for Octets {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "\"{}\"", self.as_bytes().escape_ascii())
    }
}

/// A type of number, a numbering plan and the digits or letters themselves.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Address {
    /// Type of number: 0 unknown, 1 international, 2 national, 3 network, 4 subscriber, 5 alphanumeric, 6 short.
    pub ton: u8,
    /// Numbering plan: 0 unknown, 1 E.164, 8 national, 9 private and more.
    pub npi: u8,
    /// Digits without '+', or letters. At most 20 octets (64 in data_sm and alert_notification).
    pub addr: Octets,
}

impl Address {
    /// An address of three parts.
    pub fn new(ton: u8, npi: u8, addr: impl Into<Octets>) -> Address {
        Address { ton, npi, addr: addr.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_never_fails() {
        let check = |octets: &[u8], expect: &str| assert_eq!(Octets::from(octets.to_vec()).text(), expect);
        check(b"Acme", "Acme");
        check(b"F\xf6retag", "F\u{f6}retag");
        check("F\u{f6}retag".as_bytes(), "F\u{f6}retag");
        check(b"", "");
    }

    #[test]
    fn shown_escaped() {
        assert_eq!(format!("{:?}", Octets::from(vec![b'a', 0xf6, 0x1b])), r#""a\xf6\x1b""#);
    }
}
