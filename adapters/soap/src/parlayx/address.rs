//! Addresses as URIs: `tel:+46701234567` (RFC 3966), which some clients write as bare digits.

use domain::refusal::{Code, Refusal};
use domain::words;

/// The number in an address, as a person would write it.
pub(super) fn number(address: &str) -> &str {
    let address = address.trim();
    let scheme = address.get(..4).filter(|scheme| scheme.eq_ignore_ascii_case("tel:"));
    scheme.and_then(|scheme| address.get(scheme.len()..)).unwrap_or(address)
}

/// The number of a recipient.
///
/// # Errors
/// `invalid_number` for another scheme, and for parameters: who dials an extension or in a context would reach somebody else without them.
pub(super) fn recipient(address: &str) -> Result<String, Refusal> {
    let number = number(address);
    if number.contains([':', ';', '@']) {
        let shown: String = address.chars().filter(|c| !c.is_control()).take(60).collect();
        return Err(Refusal::field(
            Code::InvalidNumber,
            "to",
            words!("{shown}: en adress är tel: och ett nummer", "{shown}: an address is tel: and a number"),
        ));
    }
    Ok(number.to_owned())
}

/// The address of a number in canonical form. A name, such as an alphanumeric sender, stays as it is.
pub(super) fn of(canonical: &str) -> String {
    let digits = canonical.trim_start_matches('+');
    match digits.bytes().all(|b| b.is_ascii_digit()) {
        true if digits.len() > 6 => format!("tel:+{digits}"),
        true if !digits.is_empty() => format!("tel:{digits}"),
        _ => canonical.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (address, expect) in [
            ("tel:+46701234567", Some("+46701234567")),
            (" TEL:070-123 45 67 ", Some("070-123 45 67")),
            ("46701234567", Some("46701234567")),
            ("tel:71234", Some("71234")),
            ("tel:7042;phone-context=example.com", None),
            ("sip:nurse@example.se", None),
            ("tel:tel:1", None),
        ] {
            assert_eq!(recipient(address).ok().as_deref(), expect, "{address}");
        }
        for (canonical, expect) in [
            ("46701234567", "tel:+46701234567"),
            ("+46701234567", "tel:+46701234567"),
            ("71234", "tel:71234"),
            ("Företag", "Företag"),
            ("", ""),
        ] {
            assert_eq!(of(canonical), expect);
        }
    }
}
