//! Reads the fields of one frame in order. Cannot see past the frame, and never copies an octet.

use bytes::Bytes;

use super::error::{Malformed, Remarks, Warning};
use super::octets::{Address, Octets};
use super::tlv::{Tlv, Tlvs};

/// Optional parameters of most PDUs that have any.
const USUAL_TLVS: usize = 4;

/// A place in a frame.
pub(crate) struct Reader<'a> {
    frame: &'a Bytes,
    at: usize,
    remarks: Remarks,
}

/// What every body can do: be read and be written.
pub(crate) trait Wire: Sized {
    /// Reads all fields and optional parameters.
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed>;
    /// Appends all fields and optional parameters.
    fn write(&self, writer: &mut super::writer::Writer<'_>) -> Result<(), super::error::EncodeError>;
}

impl<'a> Reader<'a> {
    /// Starts at `at` octets from the beginning of the frame.
    pub(crate) fn new(frame: &'a Bytes, at: usize) -> Reader<'a> {
        Reader { frame, at, remarks: Remarks::default() }
    }

    /// Ends reading.
    pub(crate) fn into_remarks(mut self) -> Remarks {
        if self.at < self.frame.len() {
            self.remarks.warnings.push(Warning::Trailing(self.frame.len() - self.at));
            self.remarks.trailing = self.frame.slice(self.at..);
        }
        self.remarks
    }

    /// Whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.at >= self.frame.len()
    }

    /// All that is left.
    pub(crate) fn rest(&mut self) -> Bytes {
        let rest = self.frame.slice(self.at..);
        self.at = self.frame.len();
        rest
    }

    /// Notes an oddity.
    pub(crate) fn warn(&mut self, warning: Warning) {
        self.remarks.warnings.push(warning);
    }

    /// One octet.
    pub(crate) fn u8(&mut self, field: &'static str) -> Result<u8, Malformed> {
        let octet = self.frame.get(self.at).copied().ok_or(Malformed::Missing(field))?;
        self.at += 1;
        Ok(octet)
    }

    /// Four octets, the highest first.
    pub(crate) fn u32(&mut self, field: &'static str) -> Result<u32, Malformed> {
        let octets = self.left().first_chunk::<4>().ok_or(Malformed::Missing(field))?;
        let number = u32::from_be_bytes(*octets);
        self.at += 4;
        Ok(number)
    }

    /// Exactly `length` octets, or None if there are not as many.
    pub(crate) fn take(&mut self, length: usize) -> Option<Bytes> {
        let end = self.at.checked_add(length).filter(|end| *end <= self.frame.len())?;
        let taken = if length == 0 { Bytes::new() } else { self.frame.slice(self.at..end) };
        self.at = end;
        Some(taken)
    }

    /// A C-octet string of at most `limit` octets with its NUL. Longer ones, and one that the end of the frame
    /// cuts off, are taken with a warning; only a string that does not even begin is missing.
    pub(crate) fn string(&mut self, field: &'static str, limit: usize) -> Result<Octets, Malformed> {
        let left = self.left();
        let (length, skip) = match left.iter().position(|octet| *octet == 0) {
            Some(0) => {
                self.at += 1;
                return Ok(Octets::EMPTY);
            }
            Some(length) => (length, length + 1),
            None if left.is_empty() => return Err(Malformed::Missing(field)),
            None => {
                let length = left.len();
                self.warn(Warning::Unterminated(field));
                (length, length)
            }
        };
        if length >= limit {
            self.warn(Warning::TooLong { field, octets: length + 1, limit });
        }
        let value = self.frame.slice(self.at..self.at + length);
        self.at += skip;
        Ok(Octets::from(value))
    }

    /// Type of number, numbering plan, address of at most `limit` octets with its NUL.
    pub(crate) fn address(&mut self, field: &'static str, limit: usize) -> Result<Address, Malformed> {
        Ok(Address { ton: self.u8(field)?, npi: self.u8(field)?, addr: self.string(field, limit)? })
    }

    /// sm_length and short_message.
    pub(crate) fn short_message(&mut self) -> Result<Bytes, Malformed> {
        let length = self.u8("sm_length")?;
        self.take(usize::from(length)).ok_or(Malformed::ShortMessageLength(length))
    }

    /// Optional parameters up to the end, or up to the first that does not fit.
    pub(crate) fn tlvs(&mut self) -> Tlvs {
        let mut tlvs = Vec::new();
        while let Some(&[tag_high, tag_low, length_high, length_low]) = self.left().first_chunk::<4>() {
            let tag = u16::from_be_bytes([tag_high, tag_low]);
            let length = usize::from(u16::from_be_bytes([length_high, length_low]));
            let start = self.at;
            self.at += 4;
            let Some(value) = self.take(length) else {
                self.at = start;
                self.warn(Warning::TruncatedTlv { tag });
                break;
            };
            if tlvs.is_empty() {
                tlvs.reserve(USUAL_TLVS);
            }
            tlvs.push(Tlv { tag, value });
        }
        Tlvs(tlvs)
    }

    fn left(&self) -> &'a [u8] {
        self.frame.get(self.at..).unwrap_or_default()
    }
}
