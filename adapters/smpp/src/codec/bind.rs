//! Opening a session: bind, its response, outbind (sections 4.1 and 4.2).
//!
//! Passwords are never shown by `Debug`.

use std::fmt;

use super::error::{EncodeError, Malformed};
use super::octets::Octets;
use super::reader::{Reader, Wire};
use super::tlv::Tlvs;
use super::writer::Writer;

/// Limits with NUL.
const SYSTEM_ID: usize = 16;
const PASSWORD: usize = 9;
const SYSTEM_TYPE: usize = 13;
const ADDRESS_RANGE: usize = 41;

/// bind_transmitter, bind_receiver, bind_transceiver.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Bind {
    /// Who binds, at most 15 octets.
    pub system_id: Octets,
    /// At most 8 octets.
    pub password: Octets,
    /// At most 12 octets, usually empty.
    pub system_type: Octets,
    /// 0x33, 0x34 or 0x50.
    pub interface_version: u8,
    /// Type of number of the address range.
    pub addr_ton: u8,
    /// Numbering plan of the address range.
    pub addr_npi: u8,
    /// Which receiving addresses, at most 40 octets, usually empty.
    pub address_range: Octets,
    /// None in the standard; kept if they come.
    pub tlvs: Tlvs,
}

impl fmt::Debug for Bind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Bind")
            .field("system_id", &self.system_id)
            .field("system_type", &self.system_type)
            .field("interface_version", &self.interface_version)
            .field("address_range", &self.address_range)
            .finish_non_exhaustive()
    }
}

impl Wire for Bind {
    fn read(reader: &mut Reader<'_>) -> Result<Bind, Malformed> {
        Ok(Bind {
            system_id: reader.string("system_id", SYSTEM_ID)?,
            password: reader.string("password", PASSWORD)?,
            system_type: reader.string("system_type", SYSTEM_TYPE)?,
            interface_version: reader.u8("interface_version")?,
            addr_ton: reader.u8("addr_ton")?,
            addr_npi: reader.u8("addr_npi")?,
            address_range: reader.string("address_range", ADDRESS_RANGE)?,
            tlvs: reader.tlvs(),
        })
    }

    fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.string("system_id", SYSTEM_ID, &self.system_id)?;
        writer.string("password", PASSWORD, &self.password)?;
        writer.string("system_type", SYSTEM_TYPE, &self.system_type)?;
        writer.octets(&[self.interface_version, self.addr_ton, self.addr_npi]);
        writer.string("address_range", ADDRESS_RANGE, &self.address_range)?;
        writer.tlvs(&self.tlvs)
    }
}

/// The response to any bind.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct BindResp {
    /// Who answers, at most 15 octets. None when the response is the header alone.
    pub system_id: Option<Octets>,
    /// sc_interface_version, if the peer is 3.4 or later.
    pub tlvs: Tlvs,
}

impl Wire for BindResp {
    fn read(reader: &mut Reader<'_>) -> Result<BindResp, Malformed> {
        if reader.is_empty() {
            return Ok(BindResp::default());
        }
        Ok(BindResp { system_id: Some(reader.string("system_id", SYSTEM_ID)?), tlvs: reader.tlvs() })
    }

    fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        match &self.system_id {
            Some(system_id) => writer.string("system_id", SYSTEM_ID, system_id)?,
            None if self.tlvs.is_empty() => {}
            None => writer.u8(0),
        }
        writer.tlvs(&self.tlvs)
    }
}

/// outbind: the SMSC asks to be bound to.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Outbind {
    /// Who asks, at most 15 octets.
    pub system_id: Octets,
    /// At most 8 octets.
    pub password: Octets,
    /// None in the standard; kept if they come.
    pub tlvs: Tlvs,
}

impl fmt::Debug for Outbind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Outbind").field("system_id", &self.system_id).finish_non_exhaustive()
    }
}

impl Wire for Outbind {
    fn read(reader: &mut Reader<'_>) -> Result<Outbind, Malformed> {
        Ok(Outbind {
            system_id: reader.string("system_id", SYSTEM_ID)?,
            password: reader.string("password", PASSWORD)?,
            tlvs: reader.tlvs(),
        })
    }

    fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.string("system_id", SYSTEM_ID, &self.system_id)?;
        writer.string("password", PASSWORD, &self.password)?;
        writer.tlvs(&self.tlvs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        let bind = Bind { system_id: "me".into(), password: "hemligt".into(), ..Bind::default() };
        let outbind = Outbind { system_id: "me".into(), password: "hemligt".into(), ..Outbind::default() };
        let shown = format!("{bind:?} {outbind:?}");
        assert!(shown.contains("me") && !shown.contains("hemligt"), "{shown}");
    }
}
