//! Optional parameters (sections 3.2.4 and 5.3): a list of (tag, octets), read only when asked.
//!
//! Unknown and repeated tags are kept in their order. A value of an unusual length is never an error: numbers are
//! read from one to four octets, strings lose the NULs at their end.

use std::borrow::Cow;

use bytes::Bytes;

/// Tags that this gateway knows (section 5.3.2 and SMPP 5.0 section 4.8.4).
pub mod tag {
    /// 1: display on the mobile (flash).
    pub const DEST_ADDR_SUBUNIT: u16 = 0x0005;
    /// Seconds a data_sm may live.
    pub const QOS_TIME_TO_LIVE: u16 = 0x0017;
    /// Why, in words.
    pub const ADDITIONAL_STATUS_INFO_TEXT: u16 = 0x001D;
    /// Which message a receipt is about.
    pub const RECEIPTED_MESSAGE_ID: u16 = 0x001E;
    /// The sender's own number of a message.
    pub const USER_MESSAGE_REFERENCE: u16 = 0x0204;
    /// WDP source port.
    pub const SOURCE_PORT: u16 = 0x020A;
    /// WDP destination port.
    pub const DESTINATION_PORT: u16 = 0x020B;
    /// The same in all parts of a message.
    pub const SAR_MSG_REF_NUM: u16 = 0x020C;
    /// How many parts.
    pub const SAR_TOTAL_SEGMENTS: u16 = 0x020E;
    /// Which part, from 1.
    pub const SAR_SEGMENT_SEQNUM: u16 = 0x020F;
    /// What the SMSC speaks; without it the peer is 3.3 and gets no optional parameters.
    pub const SC_INTERFACE_VERSION: u16 = 0x0210;
    /// Number of messages waiting.
    pub const NUMBER_OF_MESSAGES: u16 = 0x0304;
    /// 0 available, 1 denied, 2 unavailable.
    pub const MS_AVAILABILITY_STATUS: u16 = 0x0422;
    /// Network and its own code of a failure.
    pub const NETWORK_ERROR_CODE: u16 = 0x0423;
    /// The text, when it is not in short_message.
    pub const MESSAGE_PAYLOAD: u16 = 0x0424;
    /// 0 destination unavailable, 1 invalid, 2 permanent, 3 temporary network error.
    pub const DELIVERY_FAILURE_REASON: u16 = 0x0425;
    /// 1: more follows to the same mobile.
    pub const MORE_MESSAGES_TO_SEND: u16 = 0x0426;
    /// State of the message that a receipt is about.
    pub const MESSAGE_STATE: u16 = 0x0427;
    /// 5.0: how loaded the SMSC is, 0 to 100.
    pub const CONGESTION_STATE: u16 = 0x0428;
}

/// One optional parameter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tlv {
    /// Which, see [`tag`].
    pub tag: u16,
    /// Its octets, at most 65,535.
    pub value: Bytes,
}

/// All optional parameters of a PDU, in their order.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Tlvs(pub Vec<Tlv>);

/// network_error_code, as far as it makes sense.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NetworkError {
    /// As the standard says.
    Code {
        /// 1 ANSI-136, 2 IS-95, 3 GSM, 8 SMSC.
        network: u8,
        /// That network's own code.
        code: u16,
    },
    /// What some peers send instead: letters or digits.
    Text(String),
}

impl Tlvs {
    /// The first value of this tag.
    pub fn get(&self, tag: u16) -> Option<&Bytes> {
        self.0.iter().find(|tlv| tlv.tag == tag).map(|tlv| &tlv.value)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends octets.
    pub fn push(&mut self, tag: u16, value: impl Into<Bytes>) {
        self.0.push(Tlv { tag, value: value.into() });
    }

    /// Appends one octet.
    pub fn push_u8(&mut self, tag: u16, number: u8) {
        self.push(tag, Bytes::copy_from_slice(&[number]));
    }

    /// Appends two octets.
    pub fn push_u16(&mut self, tag: u16, number: u16) {
        self.push(tag, Bytes::copy_from_slice(&number.to_be_bytes()));
    }

    /// Appends a string with its NUL.
    pub fn push_string(&mut self, tag: u16, text: &str) {
        let mut octets = Vec::with_capacity(text.len() + 1);
        octets.extend_from_slice(text.as_bytes());
        octets.push(0);
        self.push(tag, octets);
    }

    /// A number of one to four octets, the highest first, whatever length the standard gives it.
    pub fn number(&self, tag: u16) -> Option<u32> {
        let value = self.get(tag)?;
        (1..=4)
            .contains(&value.len())
            .then(|| value.iter().fold(0, |number, octet| (number << 8) | u32::from(*octet)))
    }

    /// A number that must fit in one octet.
    fn small(&self, tag: u16) -> Option<u8> {
        u8::try_from(self.number(tag)?).ok()
    }

    /// A number that must fit in two octets.
    fn medium(&self, tag: u16) -> Option<u16> {
        u16::try_from(self.number(tag)?).ok()
    }

    /// Octets without the NULs at their end.
    fn string(&self, tag: u16) -> Option<&[u8]> {
        self.get(tag).map(|value| trim_nuls(value))
    }

    /// The id a receipt is about; None when absent or empty.
    pub fn receipted_message_id(&self) -> Option<&[u8]> {
        self.string(tag::RECEIPTED_MESSAGE_ID).filter(|id| !id.is_empty())
    }

    /// The state a receipt tells, 0 to 9.
    pub fn message_state(&self) -> Option<u8> {
        self.small(tag::MESSAGE_STATE)
    }

    /// The long text. The NUL that some peers put at its end is part of it.
    pub fn message_payload(&self) -> Option<&Bytes> {
        self.get(tag::MESSAGE_PAYLOAD)
    }

    /// Reference, number of parts, this part from 1: only when all three are there and fit together.
    pub fn sar(&self) -> Option<(u16, u8, u8)> {
        let reference = self.medium(tag::SAR_MSG_REF_NUM)?;
        let total = self.small(tag::SAR_TOTAL_SEGMENTS)?;
        let part = self.small(tag::SAR_SEGMENT_SEQNUM)?;
        (1..=total).contains(&part).then_some((reference, total, part))
    }

    /// Network and code, or the text that came instead.
    pub fn network_error_code(&self) -> Option<NetworkError> {
        let value = self.get(tag::NETWORK_ERROR_CODE)?;
        match value.as_ref() {
            [] => None,
            [network, high, low] if *network < b' ' => {
                Some(NetworkError::Code { network: *network, code: u16::from_be_bytes([*high, *low]) })
            }
            other => Some(NetworkError::Text(trim_nuls(other).escape_ascii().to_string())),
        }
    }

    /// The sender's own number.
    pub fn user_message_reference(&self) -> Option<u16> {
        self.medium(tag::USER_MESSAGE_REFERENCE)
    }

    /// How loaded the SMSC is, 0 to 100 (5.0).
    pub fn congestion_state(&self) -> Option<u8> {
        self.small(tag::CONGESTION_STATE)
    }

    /// 0 destination unavailable, 1 invalid, 2 permanent, 3 temporary network error.
    pub fn delivery_failure_reason(&self) -> Option<u8> {
        self.small(tag::DELIVERY_FAILURE_REASON)
    }

    /// What the SMSC speaks: 0x34, 0x50.
    pub fn sc_interface_version(&self) -> Option<u8> {
        self.small(tag::SC_INTERFACE_VERSION)
    }

    /// 1: show at once (flash).
    pub fn dest_addr_subunit(&self) -> Option<u8> {
        self.small(tag::DEST_ADDR_SUBUNIT)
    }

    /// WDP source and destination port, when both are there.
    pub fn ports(&self) -> Option<(u16, u16)> {
        Some((self.medium(tag::SOURCE_PORT)?, self.medium(tag::DESTINATION_PORT)?))
    }

    /// 0 available, 1 denied, 2 unavailable.
    pub fn ms_availability_status(&self) -> Option<u8> {
        self.small(tag::MS_AVAILABILITY_STATUS)
    }

    /// Why, in words.
    pub fn additional_status_info_text(&self) -> Option<Cow<'_, str>> {
        self.string(tag::ADDITIONAL_STATUS_INFO_TEXT).map(String::from_utf8_lossy)
    }
}

/// Octets without the NULs at their end.
pub(crate) fn trim_nuls(mut octets: &[u8]) -> &[u8] {
    while let [head @ .., 0] = octets {
        octets = head;
    }
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tag: u16, value: &'static [u8]) -> Tlvs {
        Tlvs(vec![Tlv { tag, value: Bytes::from_static(value) }])
    }

    #[test]
    fn numbers_of_any_length() {
        let check =
            |value, expect| assert_eq!(of(tag::MESSAGE_STATE, value).message_state(), expect, "{value:?}");
        check(b"\x02", Some(2));
        check(b"\x00\x02", Some(2));
        check(b"\x01\x00", None);
        check(b"", None);
        check(b"\0\0\0\0\x02", None);
    }

    #[test]
    fn ids_with_and_without_nul() {
        let check = |value, expect: Option<&[u8]>| {
            assert_eq!(of(tag::RECEIPTED_MESSAGE_ID, value).receipted_message_id(), expect);
        };
        check(b"6aad5\0", Some(b"6aad5"));
        check(b"6aad5", Some(b"6aad5"));
        check(b"6aad5\0\0", Some(b"6aad5"));
        check(b"\0", None);
    }

    #[test]
    fn network_error_code_in_the_wild() {
        let check =
            |value, expect| assert_eq!(of(tag::NETWORK_ERROR_CODE, value).network_error_code(), expect);
        check(b"\x03\x00\x1b", Some(NetworkError::Code { network: 3, code: 27 }));
        check(b"000", Some(NetworkError::Text("000".into())));
        check(b"\x03", Some(NetworkError::Text("\\x03".into())));
        check(b"", None);
    }

    #[test]
    fn parts_fit_together_or_are_none() {
        let parts = |total, part| {
            let mut tlvs = Tlvs::default();
            tlvs.push_u16(tag::SAR_MSG_REF_NUM, 300);
            tlvs.push_u8(tag::SAR_TOTAL_SEGMENTS, total);
            tlvs.push_u8(tag::SAR_SEGMENT_SEQNUM, part);
            tlvs.sar()
        };
        assert_eq!(parts(3, 2), Some((300, 3, 2)));
        assert_eq!(parts(3, 0), None);
        assert_eq!(parts(3, 4), None);
        assert_eq!(of(tag::SAR_MSG_REF_NUM, b"\x01").sar(), None);
    }
}
