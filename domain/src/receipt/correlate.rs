//! Which message a receipt is about: operators spell one id in several ways.
//!
//! The reply says `38601fa`, the receipt `0059113978`: hex and decimal of one number. Zeros, case and NUL come and go.
//! One key is stored for each part ([`stored_key`]); a receipt is looked up under every spelling it may stand for ([`keys`]),
//! the exact one first; a match under a converted spelling must also agree on the recipient where the receipt names one.

/// Digits of a number that stay the same however it is written: with its country, `00` or a zero before it.
const SAME_DIGITS: usize = 8;

/// How the number that a receipt names fits a message's recipient; the better one is the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// They are two numbers. Some operators name the sender, so that this says nothing while only one message has the receipt's id.
    Other,
    /// They end alike: one of them may be written in the national way.
    Alike,
    /// They are the same, or the receipt names nobody.
    Same,
}

impl Fit {
    /// Of a receipt that names this number, to a message to that one.
    #[must_use]
    pub fn of(named: Option<&str>, recipient: &str) -> Self {
        match named {
            Some(named) if named == recipient => Self::Same,
            Some(named) if tail(named) == tail(recipient) => Self::Alike,
            Some(_) => Self::Other,
            None => Self::Same,
        }
    }
}

/// The end of a number, the same however the number is written: what tells the recipients of one id apart.
#[must_use]
pub fn tail(number: &str) -> &str {
    number.get(number.len().saturating_sub(SAME_DIGITS)..).unwrap_or(number)
}

/// The key a part is stored under: without surrounding white space and NUL, lower case, leading zeros of a number gone.
#[must_use]
pub fn stored_key(operator_id: &str) -> String {
    let text = operator_id.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    let lower = text.to_ascii_lowercase();
    let numeric = !lower.is_empty() && lower.bytes().all(|b| b.is_ascii_hexdigit());
    if !numeric {
        return lower;
    }
    match lower.trim_start_matches('0') {
        "" => "0".to_owned(),
        stripped => stripped.to_owned(),
    }
}

/// Every key a receipt's id may be stored under: as it stands, decimal read as hex, hex read as decimal. No duplicates; the exact one first.
#[must_use]
pub fn keys(operator_id: &str) -> Vec<String> {
    let exact = stored_key(operator_id);
    let as_hex = exact.parse::<u128>().ok().map(|n| format!("{n:x}"));
    let as_decimal = u128::from_str_radix(&exact, 16).ok().map(|n| n.to_string());
    let mut all = vec![exact];
    for other in [as_hex, as_decimal].into_iter().flatten() {
        if !all.contains(&other) {
            all.push(other);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_meet() {
        let cases = [
            ("38601fa", "0059113978"),
            ("0059113978", "38601FA"),
            ("6aad5", "0000436949"),
            ("6AAD5\0", "6aad5"),
            ("000123", "123"),
            ("2E179B310EDE971B2760C72B7F026E1B", "2e179b310ede971b2760c72b7f026e1b"),
            ("74e02ee1-4e2f-4a6e-a78b-4b247d756a22", "74E02EE1-4E2F-4A6E-A78B-4B247D756A22"),
            ("0", "0000"),
            ("16fee0e525", "98765432101"),
        ];
        for (reply, receipt) in cases {
            assert!(keys(receipt).contains(&stored_key(reply)), "{reply} ~ {receipt}");
        }
    }

    #[test]
    fn numbers_fit() {
        for (named, recipient, fit) in [
            (None, "46701234567", Fit::Same),
            (Some("46701234567"), "46701234567", Fit::Same),
            (Some("0701234567"), "46701234567", Fit::Alike),
            (Some("701234567"), "46701234567", Fit::Alike),
            (Some("46701234568"), "46701234567", Fit::Other),
            (Some("34567"), "46701234567", Fit::Other),
            (Some("71234"), "71234", Fit::Same),
            (Some(""), "46701234567", Fit::Other),
        ] {
            assert_eq!(Fit::of(named, recipient), fit, "{named:?} {recipient}");
        }
        assert!(Fit::Other < Fit::Alike && Fit::Alike < Fit::Same);
    }

    #[test]
    fn others_do_not() {
        for (reply, receipt) in [("100", "101"), ("abc", "abd"), ("12-3", "123")] {
            assert!(!keys(receipt).contains(&stored_key(reply)), "{reply} ~ {receipt}");
        }
    }
}
