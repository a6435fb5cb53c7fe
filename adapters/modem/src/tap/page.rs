//! From a segment to the blocks of a page.

use super::codec::{Charset, blocks};
use super::config::{NumberForm, TapConfig};
use domain::address::Recipient;
use domain::message::Body;
use domain::routing::{Failure, FailureClass};
use domain::text::{SegmentBody, restrict};
use ports::driven::Shipment;

/// The blocks of one segment.
///
/// # Errors
/// What cannot be said to a pager: octets that are no text, or too many characters.
pub(super) fn of(config: &TapConfig, shipment: &Shipment, index: usize) -> Result<Vec<Vec<u8>>, Failure> {
    let (_, segment) =
        shipment.segments.get(index).ok_or_else(|| cannot("tap-segment", "no such segment".to_owned()))?;
    if matches!(segment.body, SegmentBody::Binary(_)) {
        return Err(cannot("tap-binary", "TAP carries texts only".to_owned()));
    }
    // One that was meant for another link; of whom this link was known for when he sent it, he has been told.
    let charset = charset(config.charset, &shipment.message.recipient, &segment.body.text());
    let letters = charset.letters();
    if let Body::Text { text, .. } = &shipment.message.body
        && restrict(text, &letters).is_unreadable
    {
        return Err(cannot("tap-letters", "the central lacks most letters of the text".to_owned()));
    }
    let plain = restrict(&segment.body.text(), &letters);
    if !plain.changes.is_empty() {
        let changed = plain.changes.len();
        tracing::warn!(message = %shipment.message.id, changed, "characters that the central does not know were replaced");
    }
    let mut text = plain.text;
    if let Some(concat) = segment.concat {
        // There is no header that would join the parts again: people do it by these.
        text = format!("({}/{}) {text}", concat.seq, concat.total);
    }
    let field = charset.encode(&text, config.escapes);
    if field.len() > config.length {
        let detail = format!("{} characters, and the central takes {}", field.len(), config.length);
        return Err(cannot("tap-too-long", detail));
    }
    let id = number(config, &shipment.message.recipient).into_bytes();
    Ok(blocks(&[id, field], config.block))
}

/// What a numeric pager shows are digits and signs, brackets among them, whatever letters text pagers have in their places.
fn charset(own: Charset, recipient: &Recipient, text: &str) -> Charset {
    let is_numeric = matches!(recipient, Recipient::Pager(_))
        && text.chars().all(|c| c.is_ascii_digit() || "- U[]".contains(c));
    if is_numeric { Charset::Ascii } else { own }
}

fn number(config: &TapConfig, recipient: &Recipient) -> String {
    let digits = match recipient {
        Recipient::Number(number) => number.to_string(),
        Recipient::Pager(pager) if pager.is_international() => pager.as_str().to_owned(),
        Recipient::Short(code) => return code.as_str().to_owned(),
        Recipient::Pager(pager) => return pager.as_str().to_owned(),
    };
    match config.numbers {
        NumberForm::International => digits,
        NumberForm::Plus => format!("+{digits}"),
        NumberForm::National => match digits.strip_prefix(config.country.as_str()) {
            Some(national) => format!("0{national}"),
            None => format!("00{digits}"),
        },
    }
}

fn cannot(code: &str, detail: String) -> Failure {
    Failure { class: FailureClass::Permanent, code: code.to_owned(), detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_of_a_numeric_pager_are_no_letters() {
        let (pager, phone) = (Recipient::parse("46740012345"), Recipient::parse("46701234567"));
        let (pager, phone) = (pager.expect("a pager"), phone.expect("a number"));
        for (recipient, text, octets) in [
            (&pager, "0701-2345 U[1]", &b"0701-2345 U[1]"[..]),
            (&pager, "larm [1]", b"larm (1)"),
            (&phone, "[1]", b"(1)"),
        ] {
            assert_eq!(charset(Charset::Swedish, recipient, text).encode(text, false), octets, "{text}");
        }
    }
}
