//! Appends the fields of one PDU. Strict: what the standard does not allow is an error, never a truncation.

use bytes::{BufMut, BytesMut};

use super::error::EncodeError;
use super::octets::{Address, Octets};
use super::tlv::Tlvs;

/// sm_length is one octet (254 in 3.4, 255 in 5.0).
const SHORT_MESSAGE_LIMIT: usize = 255;
/// The length of an optional parameter is two octets.
const TLV_LIMIT: usize = u16::MAX as usize;

/// The end of a buffer.
pub(crate) struct Writer<'a> {
    out: &'a mut BytesMut,
}

impl<'a> Writer<'a> {
    /// Appends to `out`.
    pub(crate) fn new(out: &'a mut BytesMut) -> Writer<'a> {
        Writer { out }
    }

    /// One octet.
    pub(crate) fn u8(&mut self, number: u8) {
        self.out.put_u8(number);
    }

    /// Four octets, the highest first.
    pub(crate) fn u32(&mut self, number: u32) {
        self.out.put_u32(number);
    }

    /// Octets as they are.
    pub(crate) fn octets(&mut self, octets: &[u8]) {
        self.out.put_slice(octets);
    }

    /// A C-octet string of at most `limit` octets with its NUL.
    pub(crate) fn string(
        &mut self,
        field: &'static str,
        limit: usize,
        value: &Octets,
    ) -> Result<(), EncodeError> {
        let octets = value.as_bytes();
        if octets.len() >= limit {
            return Err(EncodeError::TooLong { field, octets: octets.len() + 1, limit });
        }
        if octets.contains(&0) {
            return Err(EncodeError::Nul(field));
        }
        self.out.put_slice(octets);
        self.out.put_u8(0);
        Ok(())
    }

    /// Type of number, numbering plan, address of at most `limit` octets with its NUL.
    pub(crate) fn address(
        &mut self,
        field: &'static str,
        limit: usize,
        address: &Address,
    ) -> Result<(), EncodeError> {
        self.out.put_slice(&[address.ton, address.npi]);
        self.string(field, limit, &address.addr)
    }

    /// sm_length and short_message.
    pub(crate) fn short_message(&mut self, octets: &[u8]) -> Result<(), EncodeError> {
        self.out.put_u8(fits("short_message", octets.len(), SHORT_MESSAGE_LIMIT)? as u8);
        self.out.put_slice(octets);
        Ok(())
    }

    /// Optional parameters in their order.
    pub(crate) fn tlvs(&mut self, tlvs: &Tlvs) -> Result<(), EncodeError> {
        for tlv in &tlvs.0 {
            let length = fits("optional parameter", tlv.value.len(), TLV_LIMIT)?;
            self.out.put_u16(tlv.tag);
            self.out.put_u16(length as u16);
            self.out.put_slice(&tlv.value);
        }
        Ok(())
    }
}

/// `octets` if it is within `limit`, so that the cast that follows loses nothing.
pub(crate) fn fits(field: &'static str, octets: usize, limit: usize) -> Result<usize, EncodeError> {
    if octets > limit { Err(EncodeError::TooLong { field, octets, limit }) } else { Ok(octets) }
}
