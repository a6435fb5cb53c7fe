//! Signatures and digests: what operators ask for in requests, and what our own callbacks carry.
//!
//! MD5 stands here because an operator's interface has it in its specification; nothing of ours rests on it.

use base64::Engine as _;
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// A digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    /// RFC 1321.
    Md5,
    /// FIPS 180-4.
    Sha256,
}

impl Hash {
    /// By its name.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "md5" => Some(Self::Md5),
            "sha256" => Some(Self::Sha256),
            _ => None,
        }
    }

    /// The digest in hexadecimal digits.
    pub(super) fn hex(self, octets: &[u8]) -> String {
        match self {
            Self::Md5 => hex(&Md5::digest(octets)),
            Self::Sha256 => hex(&Sha256::digest(octets)),
        }
    }
}

/// Hexadecimal digits in lower case.
pub(super) fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}

/// Base64 with padding.
pub(super) fn base64(octets: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(octets)
}

/// How old a signed call may be, and how far its clock may be ahead.
const AGE: i64 = 300;

/// Whether `Omnigate-Signature: t=<seconds>,v1=<hex>` is of this body, made with this secret, and of these minutes. Compares in constant time.
pub(super) fn is_ours(header: &str, body: &[u8], secret: &[u8], now_seconds: i64) -> bool {
    let field =
        |name: &str| header.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
    let Some(at) = field("t").and_then(|t| t.parse::<i64>().ok()) else { return false };
    let Some(given) = field("v1").and_then(octets) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return false };
    mac.update(format!("{at}.").as_bytes());
    mac.update(body);
    now_seconds.abs_diff(at) <= AGE.unsigned_abs() && mac.verify_slice(&given).is_ok()
}

fn octets(digits: &str) -> Option<Vec<u8>> {
    let digit = |c: &u8| char::from(*c).to_digit(16);
    let pair = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
        _ => None,
    };
    digits.as_bytes().chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_signature() {
        // printf '1700000000.{}' | openssl dgst -sha256 -hmac secret
        let header = "t=1700000000,v1=b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163";
        assert!(is_ours(header, b"{}", b"secret", 1_700_000_100));
        for (header, body, secret, now) in [
            (header, &b"{ }"[..], &b"secret"[..], 1_700_000_000),
            (header, b"{}", b"other", 1_700_000_000),
            (header, b"{}", b"secret", 1_700_000_301),
            (header, b"{}", b"secret", 1_699_999_000),
            ("t=1700000000", b"{}", b"secret", 1_700_000_000),
            ("v1=00", b"{}", b"secret", 0),
            ("t=1700000000,v1=zz", b"{}", b"secret", 1_700_000_000),
        ] {
            assert!(!is_ours(header, body, secret, now), "{header} {now}");
        }
    }

    #[test]
    fn digests() {
        assert_eq!(Hash::Md5.hex(b"abc"), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(Hash::named("sha256").map(|h| h.hex(b"")[..8].to_owned()).as_deref(), Some("e3b0c442"));
        assert_eq!((hex(&[0, 255]).as_str(), base64(b"ab").as_str()), ("00ff", "YWI="));
    }
}
