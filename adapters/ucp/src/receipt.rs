//! Which message a receipt (53) is about: UCP gives no ids, only a recipient and the centre's time of acceptance (SCTS).
//!
//! The result of a submit names both in its system message, `AdC:SCTS`; the receipt has them in OAdC and SCTS. Centres
//! write the number in other ways in the two places (00, +, national), so the last eight digits have to do. The time is an
//! opaque key: it is never read as a time here.

/// Digits of a number that stay the same however it is written.
const SAME_DIGITS: usize = 8;

/// The key of a recipient and a time; empty without a time.
#[must_use]
pub fn key(recipient: &[u8], scts: &[u8]) -> String {
    if scts.is_empty() {
        return String::new();
    }
    let last = last_digits(recipient);
    format!("{}:{}", String::from_utf8_lossy(&last), String::from_utf8_lossy(scts).trim())
}

/// The digits of a number that stay the same however it is written.
fn last_digits(number: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = number.iter().copied().filter(u8::is_ascii_digit).collect();
    digits.get(digits.len().saturating_sub(SAME_DIGITS)..).unwrap_or_default().to_vec()
}

/// Whether a result's system message names a recipient that is not the one that was submitted to, but another of `others`: it is about that
/// one's message, whatever its number says. (A centre that writes numbers as nobody else does is believed.)
#[must_use]
pub fn is_about_another<'a>(
    system_message: &[u8],
    submitted_to: &[u8],
    mut others: impl Iterator<Item = &'a [u8]>,
) -> bool {
    let Some(colon) = system_message.iter().position(|octet| *octet == b':') else { return false };
    let named = last_digits(system_message.get(..colon).unwrap_or_default());
    !named.is_empty() && named != last_digits(submitted_to) && others.any(|to| last_digits(to) == named)
}

/// The key in a result's system message. Some centres leave out the number, which is then the one that was submitted to.
#[must_use]
pub fn key_of_result(system_message: &[u8], submitted_to: &[u8]) -> String {
    match system_message.iter().position(|octet| *octet == b':') {
        Some(colon) => {
            let (named, scts) = system_message.split_at(colon);
            let named = if named.iter().any(u8::is_ascii_digit) { named } else { submitted_to };
            key(named, scts.get(1..).unwrap_or_default())
        }
        None if !system_message.is_empty() && system_message.iter().all(u8::is_ascii_digit) => {
            key(submitted_to, system_message)
        }
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_and_receipts_meet() {
        let receipt = key(b"0701234567", b"231126050709");
        for (message, to) in [
            ("0046701234567:231126050709", "x"),
            ("+46701234567:231126050709", "x"),
            ("46701234567:231126050709", "x"),
            (":231126050709", "0046701234567"),
            ("231126050709", "0046701234567"),
        ] {
            assert_eq!(key_of_result(message.as_bytes(), to.as_bytes()), receipt, "{message}");
        }
        assert_ne!(key(b"0701234567", b"231126050710"), receipt);
        assert_ne!(key(b"0701234568", b"231126050709"), receipt);
    }

    #[test]
    fn whose_result_it_is() {
        let others = [&b"0046701234567"[..], b"0046709876543", b""];
        for (message, another) in [
            ("0046701234567:231126050709", false),
            ("0701234567:231126050709", false),
            ("0046709876543:231126050709", true),
            ("0709876543:231126050709", true),
            // Of a number that nobody was sent to lately.
            ("0046700000001:231126050709", false),
            (":231126050709", false),
            ("231126050709", false),
            ("", false),
        ] {
            let found = is_about_another(message.as_bytes(), b"+46701234567", others.into_iter());
            assert_eq!(found, another, "{message}");
        }
    }

    #[test]
    fn without_a_time_there_is_no_key() {
        for message in ["", "message accepted", "46701234567:"] {
            assert_eq!(key_of_result(message.as_bytes(), b"46701234567"), "", "{message}");
        }
        assert_eq!(key(b"71234", b"231126050709"), "71234:231126050709", "short numbers are short");
    }
}
