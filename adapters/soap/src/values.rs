//! Simple values in their XML Schema forms (XML Schema part 2): boolean, int, dateTime, base64Binary.
//!
//! White space around a value means nothing. An error names the field and what is allowed.

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use domain::Timestamp;
use domain::refusal::{Code, Refusal};
use domain::words;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);

/// `true`, `false`, `1`, `0`.
pub(crate) fn boolean(value: &str, field: &'static str) -> Result<bool, Refusal> {
    match value.trim() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(Refusal::field(
            Code::InvalidParameter,
            field,
            words!("{field}: true eller false", "{field}: true or false"),
        )),
    }
}

/// A whole number within bounds.
pub(crate) fn number(
    value: &str,
    field: &'static str,
    code: Code,
    from: u32,
    to: u32,
) -> Result<u32, Refusal> {
    let number = value.trim().parse::<u32>().ok().filter(|n| (from..=to).contains(n));
    number.ok_or_else(|| {
        Refusal::field(
            code,
            field,
            words!(
                "{field}: ett heltal från {from} till {to}",
                "{field}: a whole number from {from} to {to}"
            ),
        )
    })
}

/// A moment with its offset. One without is refused: nobody knows which hour it means.
pub(crate) fn moment(value: &str, field: &'static str) -> Result<Timestamp, Refusal> {
    let what = || {
        Refusal::field(
            Code::InvalidTime,
            field,
            words!(
                "{field}: datum och tid med tidszon, 2026-01-31T08:00:00+01:00",
                "{field}: date and time with offset, 2026-01-31T08:00:00+01:00"
            ),
        )
    };
    let value = value.trim();
    let shaped = value.as_bytes().get(10) == Some(&b'T') && !value.contains('[');
    let read = if shaped { domain::moment::read(value) } else { None };
    read.ok_or_else(what)
}

/// Octets; line breaks within are allowed.
pub(crate) fn octets(value: &str, field: &'static str) -> Result<Vec<u8>, Refusal> {
    let packed: String = value.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    BASE64
        .decode(packed)
        .map_err(|_| Refusal::field(Code::InvalidParameter, field, format!("{field}: base64")))
}

/// Octets as text.
pub(crate) fn base64(octets: &[u8]) -> String {
    BASE64.encode(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        for (value, expect) in [
            ("2026-11-23T10:00:00+01:00", Some("2026-11-23T09:00:00Z")),
            (" 2026-11-23T10:00:00Z\n", Some("2026-11-23T10:00:00Z")),
            ("2026-11-23T10:00:00.1234567-05:00", Some("2026-11-23T15:00:00.1234567Z")),
            ("2026-11-23T10:00:00", None),
            ("2026-11-22T24:00:00Z", Some("2026-11-23T00:00:00Z")),
            ("2026-11-23", None),
            ("2026-11-23 10:00:00Z", None),
            ("2026-11-23T10:00:00+01:00[Europe/Stockholm]", None),
            ("2026-13-23T10:00:00Z", None),
            ("20261123T100000Z", None),
            ("å", None),
            ("", None),
        ] {
            let read = moment(value, "sendAt").map(|t| t.to_string());
            assert_eq!(read.as_deref().ok(), expect, "{value}");
        }
    }

    #[test]
    fn others() {
        for (value, expect) in [
            ("true", Some(true)),
            (" 1 ", Some(true)),
            ("0", Some(false)),
            ("false", Some(false)),
            ("TRUE", None),
            ("", None),
        ] {
            assert_eq!(boolean(value, "flash").ok(), expect, "{value}");
        }
        for (value, expect) in [
            ("1", Some(1)),
            ("+10", Some(10)),
            ("0", None),
            ("11", None),
            ("1.0", None),
            ("-1", None),
            ("99999999999", None),
        ] {
            assert_eq!(number(value, "max", Code::InvalidParameter, 1, 10).ok(), expect, "{value}");
        }
        for (value, expect) in [("AAE=", Some(vec![0, 1])), (" AA\r\nE", Some(vec![0, 1])), ("?", None)] {
            assert_eq!(octets(value, "data").ok(), expect, "{value}");
        }
    }
}
