//! One receipt out of a deliver_sm or data_sm: optional parameters first, then the text.

use super::date::{ReceiptDate, parse_date};
use super::labels::{LabelledFields, parse};
use super::state::ReceiptState;
use crate::codec::{DataSm, NetworkError, ShortMessage, Tlvs, has_udh, is_intermediate, is_receipt};

/// data_coding of UTF-16.
const UCS2: u8 = 0x08;

/// When a message counts as a receipt.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Detect {
    /// When esm_class says so.
    #[default]
    ByClass,
    /// Also when esm_class says nothing but the text begins with `id:` and has `stat:`. For operators that forget
    /// the class; anybody can then write a receipt in an SMS, so it is off unless a link asks for it.
    ByText,
}

/// A receipt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParsedReceipt {
    /// The SMSC's id of the message as written, from the optional parameter if there is one. None: cannot be
    /// correlated by id.
    pub id: Option<String>,
    /// The id in the text, when it is written differently from [`ParsedReceipt::id`].
    pub text_id: Option<String>,
    /// The state, from the optional parameter if there is one.
    pub state: ReceiptState,
    /// The word after `stat:`, as written, for logs.
    pub stat: Option<String>,
    /// The operator's own error, as written; "000" and the like mean none.
    pub err: Option<String>,
    /// network_error_code.
    pub network_error: Option<NetworkError>,
    /// When the SMSC took the message, in its local time.
    pub submit_at: Option<ReceiptDate>,
    /// When the message came to its state, in the local time of the SMSC.
    pub done_at: Option<ReceiptDate>,
    /// The sender's own number, if the SMSC gives it back.
    pub user_message_reference: Option<u16>,
    /// esm_class says intermediate notification.
    pub intermediate: bool,
}

impl ParsedReceipt {
    /// The receipt in a deliver_sm; None if it is a message.
    pub fn from_deliver(message: &ShortMessage, detect: Detect) -> Option<ParsedReceipt> {
        read(message.esm_class, message.data_coding, message.payload(), &message.tlvs, detect)
    }

    /// The receipt in a data_sm; None if it is a message.
    pub fn from_data(message: &DataSm, detect: Detect) -> Option<ParsedReceipt> {
        let text = message.tlvs.message_payload().map_or(&[][..], |payload| payload);
        read(message.esm_class, message.data_coding, text, &message.tlvs, detect)
    }

    /// Whether nothing more will come. An intermediate notification is never final.
    pub fn is_final(&self) -> bool {
        self.state.is_final() && !self.intermediate
    }
}

fn read(esm_class: u8, data_coding: u8, text: &[u8], tlvs: &Tlvs, detect: Detect) -> Option<ParsedReceipt> {
    let claimed = is_receipt(esm_class);
    if !claimed && detect == Detect::ByClass {
        return None;
    }
    let plain = if has_udh(esm_class) { after_udh(text) } else { text };
    let narrowed;
    let plain = if data_coding == UCS2 {
        narrowed = narrow(plain);
        &narrowed
    } else {
        plain
    };
    let fields = parse(plain);
    if !claimed && !fields.looks_like_receipt(plain) {
        return None;
    }
    Some(combine(&fields, tlvs, is_intermediate(esm_class)))
}

/// Optional parameters win over the text.
fn combine(fields: &LabelledFields<'_>, tlvs: &Tlvs, intermediate: bool) -> ParsedReceipt {
    let owned = |value: Option<&[u8]>| {
        value.filter(|value| !value.is_empty()).map(|value| String::from_utf8_lossy(value).into_owned())
    };
    let (id, text_id) = match (tlvs.receipted_message_id(), fields.id) {
        (Some(id), Some(text_id)) if id != text_id => (owned(Some(id)), owned(Some(text_id))),
        (id, text_id) => (owned(id.or(text_id)), None),
    };
    let state = match (tlvs.message_state(), fields.stat) {
        (Some(code), stat) => match (ReceiptState::from_code(code), stat) {
            (ReceiptState::Unrecognised, Some(word)) => ReceiptState::from_word(word),
            (state, _) => state,
        },
        (None, Some(word)) => ReceiptState::from_word(word),
        (None, None) => ReceiptState::Unrecognised,
    };
    ParsedReceipt {
        id,
        text_id,
        state,
        stat: owned(fields.stat),
        err: owned(fields.err),
        network_error: tlvs.network_error_code(),
        submit_at: fields.submit_date.and_then(parse_date),
        done_at: fields.done_date.and_then(parse_date),
        user_message_reference: tlvs.user_message_reference(),
        intermediate,
    }
}

/// Without the user data header, whose first octet is its length. If that is more than there is, it is no header.
fn after_udh(text: &[u8]) -> &[u8] {
    text.first().and_then(|length| text.get(usize::from(*length) + 1..)).unwrap_or(text)
}

/// UTF-16 as UTF-8: labels and values are ASCII, the user's text is not read.
fn narrow(text: &[u8]) -> Vec<u8> {
    let units =
        text.chunks_exact(2).map(|pair| pair.iter().fold(0, |unit, octet| (unit << 8) | u16::from(*octet)));
    char::decode_utf16(units)
        .map(|decoded| decoded.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect::<String>()
        .into_bytes()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::codec::tag;

    fn deliver(esm_class: u8, text: &[u8]) -> ShortMessage {
        ShortMessage { esm_class, short_message: Bytes::copy_from_slice(text), ..ShortMessage::default() }
    }

    fn by_class(message: &ShortMessage) -> Option<ParsedReceipt> {
        ParsedReceipt::from_deliver(message, Detect::ByClass)
    }

    const TEXT: &[u8] = b"id:5000 submit date:201506201641 done date:1506201642 stat:DELIVRD err:000";

    #[test]
    fn from_the_text() {
        let receipt = by_class(&deliver(0x04, TEXT)).unwrap();
        assert_eq!(receipt.id.as_deref(), Some("5000"));
        assert_eq!((receipt.text_id, receipt.state), (None, ReceiptState::Delivered));
        assert_eq!(receipt.err.as_deref(), Some("000"));
        assert_eq!(receipt.submit_at.unwrap().to_string(), "2015-06-20T16:41:00");
        assert_eq!(receipt.done_at.unwrap().to_string(), "2015-06-20T16:42:00");
    }

    #[test]
    fn optional_parameters_win() {
        let mut message = deliver(0x04, TEXT);
        message.tlvs.push_string(tag::RECEIPTED_MESSAGE_ID, "6000");
        message.tlvs.push_u8(tag::MESSAGE_STATE, 6);
        let receipt = by_class(&message).unwrap();
        assert_eq!((receipt.id.as_deref(), receipt.text_id.as_deref()), (Some("6000"), Some("5000")));
        assert_eq!(receipt.state, ReceiptState::Accepted);
        message.tlvs.0.remove(1);
        message.tlvs.push_u8(tag::MESSAGE_STATE, 77);
        assert_eq!(by_class(&message).unwrap().state, ReceiptState::Delivered);
    }

    #[test]
    fn optional_parameters_alone() {
        let mut message = deliver(0x04, b"362d9701 2");
        message.tlvs.push(tag::RECEIPTED_MESSAGE_ID, "362d9701");
        message.tlvs.push_u8(tag::MESSAGE_STATE, 2);
        let receipt = by_class(&message).unwrap();
        assert_eq!((receipt.id.as_deref(), receipt.state), (Some("362d9701"), ReceiptState::Delivered));
    }

    #[test]
    fn wherever_and_however_the_text_is() {
        let mut payload = deliver(0x04, b"");
        payload.tlvs.push(tag::MESSAGE_PAYLOAD, Bytes::from([TEXT, b"\0"].concat()));
        let wide: Vec<u8> = TEXT.iter().flat_map(|octet| [0, *octet]).collect();
        let wide = ShortMessage { data_coding: UCS2, ..deliver(0x04, &wide) };
        let headed = deliver(0x44, &[b"\x05\x00\x03\x01\x01\x01", TEXT].concat());
        let claimed = deliver(0x44, TEXT);
        for message in [payload, wide, headed, claimed] {
            let receipt = by_class(&message).unwrap();
            assert_eq!((receipt.id.as_deref(), receipt.state), (Some("5000"), ReceiptState::Delivered));
        }
        let data = DataSm { esm_class: 0x04, tlvs: by_payload(), ..DataSm::default() };
        assert_eq!(ParsedReceipt::from_data(&data, Detect::ByClass).unwrap().id.as_deref(), Some("5000"));
    }

    fn by_payload() -> Tlvs {
        let mut tlvs = Tlvs::default();
        tlvs.push(tag::MESSAGE_PAYLOAD, TEXT);
        tlvs
    }

    #[test]
    fn a_message_is_no_receipt_unless_the_link_says_so() {
        assert_eq!(by_class(&deliver(0x00, TEXT)), None);
        assert!(ParsedReceipt::from_deliver(&deliver(0x00, TEXT), Detect::ByText).is_some());
        assert_eq!(
            ParsedReceipt::from_deliver(&deliver(0x00, b"hi id:1 stat:DELIVRD"), Detect::ByText),
            None
        );
        assert_eq!(ParsedReceipt::from_deliver(&deliver(0x00, b"id:1"), Detect::ByText), None);
    }

    #[test]
    fn what_says_nothing_is_pending() {
        let receipt = by_class(&deliver(0x04, b"")).unwrap();
        assert_eq!((receipt.id.clone(), receipt.state), (None, ReceiptState::Unrecognised));
        assert!(!receipt.is_final());
        assert!(!by_class(&deliver(0x20, TEXT)).unwrap().is_final());
        assert!(by_class(&deliver(0x44, b"\xff")).unwrap().id.is_none());
    }
}
