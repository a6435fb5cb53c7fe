//! submit_multi: one text to many (section 4.5). The gateway does not send it; it reads and answers it.

use bytes::Bytes;

use super::error::{EncodeError, Malformed};
use super::octets::{Address, Octets};
use super::reader::{Reader, Wire};
use super::short_message::{ADDR, MESSAGE_ID, SERVICE_TYPE, TIME};
use super::tlv::Tlvs;
use super::writer::{Writer, fits};

/// dest_flag.
const SME_ADDRESS: u8 = 1;
const DISTRIBUTION_LIST: u8 = 2;
/// Entries that number_of_dests and no_unsuccess can count.
const ENTRIES: usize = 255;

/// One destination of submit_multi.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Destination {
    /// dest_flag 1: a mobile.
    Sme(Address),
    /// dest_flag 2: the name of a list kept at the SMSC, at most 20 octets.
    List(Octets),
}

/// submit_multi. Fields not explained here are those of submit_sm.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the same fields as ShortMessage, where each is explained")]
pub struct SubmitMulti {
    pub service_type: Octets,
    pub source: Address,
    /// At most 254.
    pub destinations: Vec<Destination>,
    pub esm_class: u8,
    pub protocol_id: u8,
    pub priority_flag: u8,
    pub schedule_delivery_time: Octets,
    pub validity_period: Octets,
    pub registered_delivery: u8,
    pub replace_if_present_flag: u8,
    pub data_coding: u8,
    pub sm_default_msg_id: u8,
    pub short_message: Bytes,
    pub tlvs: Tlvs,
}

impl Wire for SubmitMulti {
    fn read(reader: &mut Reader<'_>) -> Result<SubmitMulti, Malformed> {
        Ok(SubmitMulti {
            service_type: reader.string("service_type", SERVICE_TYPE)?,
            source: reader.address("source_addr", ADDR)?,
            destinations: read_destinations(reader)?,
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
        writer.u8(fits("number_of_dests", self.destinations.len(), ENTRIES)? as u8);
        for destination in &self.destinations {
            match destination {
                Destination::Sme(address) => {
                    writer.u8(SME_ADDRESS);
                    writer.address("destination_addr", ADDR, address)?;
                }
                Destination::List(name) => {
                    writer.u8(DISTRIBUTION_LIST);
                    writer.string("dl_name", ADDR, name)?;
                }
            }
        }
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

/// number_of_dests and the destinations.
fn read_destinations(reader: &mut Reader<'_>) -> Result<Vec<Destination>, Malformed> {
    let count = reader.u8("number_of_dests")?;
    let mut destinations = Vec::new();
    for _ in 0..count {
        destinations.push(match reader.u8("dest_flag")? {
            SME_ADDRESS => Destination::Sme(reader.address("destination_addr", ADDR)?),
            DISTRIBUTION_LIST => Destination::List(reader.string("dl_name", ADDR)?),
            flag => return Err(Malformed::DestFlag(flag)),
        });
    }
    Ok(destinations)
}

/// A destination that submit_multi did not reach.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Unsuccessful {
    /// Which.
    pub address: Address,
    /// A command_status.
    pub error_status_code: u32,
}

/// submit_multi_resp.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct SubmitMultiResp {
    /// The SMSC's id of the message.
    pub message_id: Octets,
    /// Those that were refused, at most 255.
    pub unsuccessful: Vec<Unsuccessful>,
    /// Optional parameters (5.0).
    pub tlvs: Tlvs,
}

impl Wire for SubmitMultiResp {
    fn read(reader: &mut Reader<'_>) -> Result<SubmitMultiResp, Malformed> {
        let message_id = reader.string("message_id", MESSAGE_ID)?;
        let count = reader.u8("no_unsuccess")?;
        let mut unsuccessful = Vec::new();
        for _ in 0..count {
            unsuccessful.push(Unsuccessful {
                address: reader.address("unsuccess_sme", ADDR)?,
                error_status_code: reader.u32("error_status_code")?,
            });
        }
        Ok(SubmitMultiResp { message_id, unsuccessful, tlvs: reader.tlvs() })
    }

    fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.string("message_id", MESSAGE_ID, &self.message_id)?;
        writer.u8(fits("no_unsuccess", self.unsuccessful.len(), ENTRIES)? as u8);
        for entry in &self.unsuccessful {
            writer.address("unsuccess_sme", ADDR, &entry.address)?;
            writer.u32(entry.error_status_code);
        }
        writer.tlvs(&self.tlvs)
    }
}
