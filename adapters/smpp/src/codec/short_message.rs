//! submit_sm and deliver_sm, which have the same fields, and the responses with a message id (sections 4.4, 4.6).

use bytes::Bytes;

use super::error::{EncodeError, Malformed};
use super::octets::{Address, Octets};
use super::reader::{Reader, Wire};
use super::tlv::Tlvs;
use super::writer::Writer;

/// Limits with NUL, shared by the PDUs that have these fields.
pub(super) const SERVICE_TYPE: usize = 6;
pub(super) const ADDR: usize = 21;
pub(super) const TIME: usize = 17;
pub(super) const MESSAGE_ID: usize = 65;

/// Bits of esm_class that say what a deliver_sm or data_sm from the SMSC is.
const ESM_TYPE: u8 = 0x3C;
const ESM_RECEIPT: u8 = 0x04;
const ESM_INTERMEDIATE: u8 = 0x20;
const ESM_UDHI: u8 = 0x40;

/// submit_sm or deliver_sm.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct ShortMessage {
    /// Usually empty; some operators bill by it. At most 5 octets.
    pub service_type: Octets,
    /// From whom.
    pub source: Address,
    /// To whom.
    pub destination: Address,
    /// Mode, type, UDHI (0x40), reply path (0x80).
    pub esm_class: u8,
    /// GSM TP-PID.
    pub protocol_id: u8,
    /// 0 to 3.
    pub priority_flag: u8,
    /// Empty = at once; otherwise 16 characters, see [`crate::time`].
    pub schedule_delivery_time: Octets,
    /// Empty = as the SMSC likes; otherwise 16 characters, see [`crate::time`].
    pub validity_period: Octets,
    /// 1 receipt always, 2 on failure, 3 on success; 0x10 intermediate notifications.
    pub registered_delivery: u8,
    /// 1 replaces an earlier message of the same addresses.
    pub replace_if_present_flag: u8,
    /// How the text is written.
    pub data_coding: u8,
    /// A text stored at the SMSC.
    pub sm_default_msg_id: u8,
    /// The text, with its user data header if UDHI is set. At most 254 octets (255 in 5.0).
    pub short_message: Bytes,
    /// Optional parameters.
    pub tlvs: Tlvs,
}

impl ShortMessage {
    /// The text wherever it stands: short_message if there is any, otherwise message_payload.
    pub fn payload(&self) -> &Bytes {
        if self.short_message.is_empty() {
            self.tlvs.message_payload().unwrap_or(&self.short_message)
        } else {
            &self.short_message
        }
    }

    /// Whether the SMSC says that this is a delivery receipt or an intermediate notification.
    pub fn is_receipt(&self) -> bool {
        is_receipt(self.esm_class)
    }

    /// Whether the text begins with a user data header.
    pub fn has_udh(&self) -> bool {
        has_udh(self.esm_class)
    }
}

/// Whether esm_class says receipt or intermediate notification.
pub(crate) fn is_receipt(esm_class: u8) -> bool {
    matches!(esm_class & ESM_TYPE, ESM_RECEIPT | ESM_INTERMEDIATE)
}

/// Whether esm_class says intermediate notification.
pub(crate) fn is_intermediate(esm_class: u8) -> bool {
    esm_class & ESM_TYPE == ESM_INTERMEDIATE
}

/// Whether esm_class says that a user data header comes first.
pub(crate) fn has_udh(esm_class: u8) -> bool {
    esm_class & ESM_UDHI != 0
}

impl Wire for ShortMessage {
    fn read(reader: &mut Reader<'_>) -> Result<ShortMessage, Malformed> {
        Ok(ShortMessage {
            service_type: reader.string("service_type", SERVICE_TYPE)?,
            source: reader.address("source_addr", ADDR)?,
            destination: reader.address("destination_addr", ADDR)?,
            esm_class: reader.u8("esm_class")?,
            protocol_id: reader.u8("protocol_id")?,
            priority_flag: reader.u8("priority_flag")?,
            schedule_delivery_time: reader.string("schedule_delivery_time", TIME)?,
            validity_period: reader.string("validity_period", TIME)?,
            registered_delivery: reader.u8("registered_delivery")?,
            replace_if_present_flag: reader.u8("replace_if_present_flag")?,
            data_coding: reader.u8("data_coding")?,
            sm_default_msg_id: reader.u8("sm_default_msg_id")?,
            short_message: reader.short_message()?,
            tlvs: reader.tlvs(),
        })
    }

    fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.string("service_type", SERVICE_TYPE, &self.service_type)?;
        writer.address("source_addr", ADDR, &self.source)?;
        writer.address("destination_addr", ADDR, &self.destination)?;
        writer.octets(&[self.esm_class, self.protocol_id, self.priority_flag]);
        writer.string("schedule_delivery_time", TIME, &self.schedule_delivery_time)?;
        writer.string("validity_period", TIME, &self.validity_period)?;
        writer.octets(&[
            self.registered_delivery,
            self.replace_if_present_flag,
            self.data_coding,
            self.sm_default_msg_id,
        ]);
        writer.short_message(&self.short_message)?;
        writer.tlvs(&self.tlvs)
    }
}

/// submit_sm_resp, deliver_sm_resp, data_sm_resp.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct MessageResp {
    /// The SMSC's id of the message, at most 64 octets; empty in deliver_sm_resp. None when the response is the
    /// header alone.
    pub message_id: Option<Octets>,
    /// Optional parameters (data_sm_resp, and 5.0).
    pub tlvs: Tlvs,
}

impl MessageResp {
    /// A response with an id.
    pub fn new(message_id: impl Into<Octets>) -> MessageResp {
        MessageResp { message_id: Some(message_id.into()), tlvs: Tlvs::default() }
    }
}

impl Wire for MessageResp {
    fn read(reader: &mut Reader<'_>) -> Result<MessageResp, Malformed> {
        if reader.is_empty() {
            return Ok(MessageResp::default());
        }
        Ok(MessageResp { message_id: Some(reader.string("message_id", MESSAGE_ID)?), tlvs: reader.tlvs() })
    }

    fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        match &self.message_id {
            Some(message_id) => writer.string("message_id", MESSAGE_ID, message_id)?,
            None if self.tlvs.is_empty() => {}
            None => writer.u8(0),
        }
        writer.tlvs(&self.tlvs)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tlv::tag;
    use super::*;

    #[test]
    fn the_text_is_where_it_is() {
        let mut message = ShortMessage::default();
        assert_eq!(message.payload().as_ref(), b"");
        message.tlvs.push(tag::MESSAGE_PAYLOAD, "long");
        assert_eq!(message.payload().as_ref(), b"long");
        message.short_message = Bytes::from_static(b"short");
        assert_eq!(message.payload().as_ref(), b"short");
    }

    #[test]
    fn what_esm_class_says() {
        let check = |esm_class, expect| {
            let message = ShortMessage { esm_class, ..ShortMessage::default() };
            assert_eq!((message.is_receipt(), message.has_udh()), expect, "{esm_class:02X}");
        };
        check(0x00, (false, false));
        check(0x04, (true, false));
        check(0x07, (true, false));
        check(0x20, (true, false));
        check(0x44, (true, true));
        check(0x08, (false, false));
        check(0xC0, (false, true));
    }
}
