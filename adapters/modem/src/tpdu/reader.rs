//! A cursor over the octets of a PDU.
//!
//! Never reads past the end: what is missing is named in the error.

use super::TpduError;

pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }

    pub(super) fn octet(&mut self, what: &'static str) -> Result<u8, TpduError> {
        let (octet, rest) = self.rest.split_first().ok_or(TpduError::Truncated(what))?;
        self.rest = rest;
        Ok(*octet)
    }

    pub(super) fn octets(&mut self, count: usize, what: &'static str) -> Result<&'a [u8], TpduError> {
        let (octets, rest) = self.rest.split_at_checked(count).ok_or(TpduError::Truncated(what))?;
        self.rest = rest;
        Ok(octets)
    }

    pub(super) fn seven(&mut self, what: &'static str) -> Result<[u8; 7], TpduError> {
        let (octets, rest) = self.rest.split_first_chunk::<7>().ok_or(TpduError::Truncated(what))?;
        self.rest = rest;
        Ok(*octets)
    }

    /// Everything left.
    pub(super) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}
