//! Pass codes of two-way messages (RFC 1861, 4.6: the tag names a message, the pass code goes with it).
//!
//! The tag is the message's id in decimal. The pass code is six decimal digits, the first not zero: the first eight octets
//! of SHA-256 over the installation's key, a zero octet and the tag, as a big-endian number modulo 900,000, plus 100,000. Nothing needs to be
//! stored, and it is the same on every node. It guards against mixing up tags; whose message it is, the login decides.

use domain::message::MessageId;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

/// The pass code of a message.
#[must_use]
pub fn pass_code(key: &SecretString, id: MessageId) -> u32 {
    let mut hash = Sha256::new();
    hash.update(key.expose_secret().as_bytes());
    hash.update([0]);
    hash.update(id.to_string().as_bytes());
    let number = hash.finalize().iter().take(8).fold(0_u64, |n, octet| (n << 8) | u64::from(*octet));
    u32::try_from(100_000 + number % 900_000).unwrap_or(100_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_that_differ() {
        let key = SecretString::from("k");
        let codes: Vec<_> = (1..100).map(|n| pass_code(&key, MessageId(n))).collect();
        assert!(codes.iter().all(|c| (100_000..1_000_000).contains(c)));
        assert!(codes.windows(2).filter(|w| w.first() == w.last()).count() < 2);
        assert_ne!(pass_code(&key, MessageId(1)), pass_code(&SecretString::from("other"), MessageId(1)));
    }
}
