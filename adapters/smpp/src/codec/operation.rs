//! The less usual operations: data_sm, query_sm, cancel_sm, replace_sm, alert_notification (sections 4.7 to 4.12).

use bytes::Bytes;

use super::error::{EncodeError, Malformed};
use super::octets::{Address, Octets};
use super::reader::{Reader, Wire};
use super::short_message::{ADDR, MESSAGE_ID, SERVICE_TYPE, TIME, has_udh, is_receipt};
use super::tlv::Tlvs;
use super::writer::Writer;

/// Addresses of data_sm and alert_notification, with NUL.
const LONG_ADDR: usize = 65;

/// data_sm: a message whose text is always in message_payload.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct DataSm {
    /// At most 5 octets.
    pub service_type: Octets,
    /// From whom.
    pub source: Address,
    /// To whom.
    pub destination: Address,
    /// As in submit_sm.
    pub esm_class: u8,
    /// As in submit_sm.
    pub registered_delivery: u8,
    /// As in submit_sm.
    pub data_coding: u8,
    /// message_payload and the rest.
    pub tlvs: Tlvs,
}

impl DataSm {
    /// Whether the SMSC says that this is a delivery receipt or an intermediate notification.
    pub fn is_receipt(&self) -> bool {
        is_receipt(self.esm_class)
    }

    /// Whether the text begins with a user data header.
    pub fn has_udh(&self) -> bool {
        has_udh(self.esm_class)
    }
}

impl Wire for DataSm {
    fn read(reader: &mut Reader<'_>) -> Result<DataSm, Malformed> {
        Ok(DataSm {
            service_type: reader.string("service_type", SERVICE_TYPE)?,
            source: reader.address("source_addr", LONG_ADDR)?,
            destination: reader.address("destination_addr", LONG_ADDR)?,
            esm_class: reader.u8("esm_class")?,
            registered_delivery: reader.u8("registered_delivery")?,
            data_coding: reader.u8("data_coding")?,
            tlvs: reader.tlvs(),
        })
    }

    fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.string("service_type", SERVICE_TYPE, &self.service_type)?;
        writer.address("source_addr", LONG_ADDR, &self.source)?;
        writer.address("destination_addr", LONG_ADDR, &self.destination)?;
        writer.octets(&[self.esm_class, self.registered_delivery, self.data_coding]);
        writer.tlvs(&self.tlvs)
    }
}

/// query_sm.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct QuerySm {
    /// The SMSC's id of the message.
    pub message_id: Octets,
    /// As it was in the submit.
    pub source: Address,
    /// None in the standard; kept if they come.
    pub tlvs: Tlvs,
}

impl Wire for QuerySm {
    fn read(reader: &mut Reader<'_>) -> Result<QuerySm, Malformed> {
        Ok(QuerySm {
            message_id: reader.string("message_id", MESSAGE_ID)?,
            source: reader.address("source_addr", ADDR)?,
            tlvs: reader.tlvs(),
        })
    }

    fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.string("message_id", MESSAGE_ID, &self.message_id)?;
        writer.address("source_addr", ADDR, &self.source)?;
        writer.tlvs(&self.tlvs)
    }
}

/// query_sm_resp.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct QuerySmResp {
    /// The id that was asked for.
    pub message_id: Octets,
    /// When the message became final, or empty.
    pub final_date: Octets,
    /// As in receipts.
    pub message_state: u8,
    /// The network's own code, 0 = none.
    pub error_code: u8,
    /// Optional parameters (5.0).
    pub tlvs: Tlvs,
}

impl Wire for QuerySmResp {
    fn read(reader: &mut Reader<'_>) -> Result<QuerySmResp, Malformed> {
        Ok(QuerySmResp {
            message_id: reader.string("message_id", MESSAGE_ID)?,
            final_date: reader.string("final_date", TIME)?,
            message_state: reader.u8("message_state")?,
            error_code: reader.u8("error_code")?,
            tlvs: reader.tlvs(),
        })
    }

    fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.string("message_id", MESSAGE_ID, &self.message_id)?;
        writer.string("final_date", TIME, &self.final_date)?;
        writer.octets(&[self.message_state, self.error_code]);
        writer.tlvs(&self.tlvs)
    }
}

/// cancel_sm.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct CancelSm {
    /// At most 5 octets.
    pub service_type: Octets,
    /// Empty = all of these addresses and this service type.
    pub message_id: Octets,
    /// As it was in the submit.
    pub source: Address,
    /// As it was in the submit; may be empty when there is an id.
    pub destination: Address,
    /// None in the standard; kept if they come.
    pub tlvs: Tlvs,
}

impl Wire for CancelSm {
    fn read(reader: &mut Reader<'_>) -> Result<CancelSm, Malformed> {
        Ok(CancelSm {
            service_type: reader.string("service_type", SERVICE_TYPE)?,
            message_id: reader.string("message_id", MESSAGE_ID)?,
            source: reader.address("source_addr", ADDR)?,
            destination: reader.address("destination_addr", ADDR)?,
            tlvs: reader.tlvs(),
        })
    }

    fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.string("service_type", SERVICE_TYPE, &self.service_type)?;
        writer.string("message_id", MESSAGE_ID, &self.message_id)?;
        writer.address("source_addr", ADDR, &self.source)?;
        writer.address("destination_addr", ADDR, &self.destination)?;
        writer.tlvs(&self.tlvs)
    }
}

/// replace_sm.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct ReplaceSm {
    /// Which message.
    pub message_id: Octets,
    /// As it was in the submit.
    pub source: Address,
    /// New, or empty.
    pub schedule_delivery_time: Octets,
    /// New, or empty.
    pub validity_period: Octets,
    /// As in submit_sm.
    pub registered_delivery: u8,
    /// As in submit_sm.
    pub sm_default_msg_id: u8,
    /// The new text.
    pub short_message: Bytes,
    /// message_payload in 5.0.
    pub tlvs: Tlvs,
}

impl Wire for ReplaceSm {
    fn read(reader: &mut Reader<'_>) -> Result<ReplaceSm, Malformed> {
        Ok(ReplaceSm {
            message_id: reader.string("message_id", MESSAGE_ID)?,
            source: reader.address("source_addr", ADDR)?,
            schedule_delivery_time: reader.string("schedule_delivery_time", TIME)?,
            validity_period: reader.string("validity_period", TIME)?,
            registered_delivery: reader.u8("registered_delivery")?,
            sm_default_msg_id: reader.u8("sm_default_msg_id")?,
            short_message: reader.short_message()?,
            tlvs: reader.tlvs(),
        })
    }

    fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.string("message_id", MESSAGE_ID, &self.message_id)?;
        writer.address("source_addr", ADDR, &self.source)?;
        writer.string("schedule_delivery_time", TIME, &self.schedule_delivery_time)?;
        writer.string("validity_period", TIME, &self.validity_period)?;
        writer.octets(&[self.registered_delivery, self.sm_default_msg_id]);
        writer.short_message(&self.short_message)?;
        writer.tlvs(&self.tlvs)
    }
}

/// alert_notification: a mobile can be reached again. Never answered.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct AlertNotification {
    /// The mobile.
    pub source: Address,
    /// Who asked to be told.
    pub esme: Address,
    /// ms_availability_status.
    pub tlvs: Tlvs,
}

impl Wire for AlertNotification {
    fn read(reader: &mut Reader<'_>) -> Result<AlertNotification, Malformed> {
        Ok(AlertNotification {
            source: reader.address("source_addr", LONG_ADDR)?,
            esme: reader.address("esme_addr", LONG_ADDR)?,
            tlvs: reader.tlvs(),
        })
    }

    fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.address("source_addr", LONG_ADDR, &self.source)?;
        writer.address("esme_addr", LONG_ADDR, &self.esme)?;
        writer.tlvs(&self.tlvs)
    }
}
