//! SMS-STATUS-REPORT (3GPP TS 23.040 section 9.2.2.3): what became of a submitted message.

use super::reader::Reader;
use super::{Address, Dcs, Stamp, TpduError, UserData};

const HEADER: u8 = 0x40;
const ON_COMMAND: u8 = 0x20;
const NO_MORE: u8 = 0x04;
const HAS_PID: u8 = 0x01;
const HAS_DCS: u8 = 0x02;
const HAS_USER_DATA: u8 = 0x04;

/// A status report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReport {
    /// It answers a command, not a submission.
    pub on_command: bool,
    /// More messages wait.
    pub more_waiting: bool,
    /// The reference the modem gave the submission.
    pub reference: u8,
    /// The recipient of the submission.
    pub recipient: Address,
    /// When the service centre got the submission.
    pub sent_at: Option<Stamp>,
    /// When it was discharged, or last tried.
    pub discharged_at: Option<Stamp>,
    /// The status octet; [`Outcome::of`] reads it.
    pub status: u8,
    /// The protocol identifier, when given.
    pub pid: Option<u8>,
    /// The data coding scheme, when given.
    pub dcs: Option<Dcs>,
    /// Header and text, when given.
    pub user_data: Option<UserData>,
}

/// What a status octet means for the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It arrived, or left our reach with success.
    Delivered,
    /// The service centre still tries.
    Pending,
    /// Its validity ended.
    Expired,
    /// The sender or the service centre removed it.
    Deleted,
    /// It will not arrive.
    Failed,
}

impl Outcome {
    /// Reads a status octet (section 9.2.3.15); reserved values above 3F count as failed.
    pub fn of(status: u8) -> Self {
        match status {
            0x00..=0x1F => Self::Delivered,
            0x20..=0x3F => Self::Pending,
            0x46 => Self::Expired,
            0x47 | 0x48 => Self::Deleted,
            _ => Self::Failed,
        }
    }
}

/// A status octet in words; empty where the standard has none.
pub fn status_words(status: u8) -> &'static str {
    match status {
        0x20 | 0x60 => "congestion",
        0x21 | 0x61 => "phone busy",
        0x22 | 0x62 => "no response from the phone",
        0x23 | 0x63 => "service rejected",
        0x24 | 0x44 | 0x64 => "quality of service not available",
        0x25 | 0x65 => "error in the phone",
        0x40 => "remote procedure error",
        0x41 => "incompatible destination",
        0x42 => "connection rejected by the phone",
        0x43 => "not obtainable",
        0x45 => "no interworking available",
        0x46 => "validity period expired",
        0x47 => "deleted by the sender",
        0x48 => "deleted by the service centre",
        0x49 => "the service centre does not know it",
        _ => "",
    }
}

impl StatusReport {
    pub(super) fn read(first: u8, reader: &mut Reader<'_>) -> Result<Self, TpduError> {
        let mut report = Self {
            on_command: first & ON_COMMAND != 0,
            more_waiting: first & NO_MORE == 0,
            reference: reader.octet("message reference")?,
            recipient: Address::read(reader)?,
            sent_at: Stamp::decode(reader.seven("time stamp")?),
            discharged_at: Stamp::decode(reader.seven("discharge time")?),
            status: reader.octet("status")?,
            pid: None,
            dcs: None,
            user_data: None,
        };
        // The optional part is often padding or cut short; what is unreadable there must not cost the report.
        let _ = report.read_optional(first, reader);
        Ok(report)
    }

    fn read_optional(&mut self, first: u8, reader: &mut Reader<'_>) -> Result<(), TpduError> {
        if reader.is_empty() {
            return Ok(());
        }
        let present = reader.octet("parameter indicator")?;
        if present & HAS_PID != 0 {
            self.pid = Some(reader.octet("protocol identifier")?);
        }
        if present & HAS_DCS != 0 {
            self.dcs = Some(Dcs(reader.octet("data coding scheme")?));
        }
        if present & HAS_USER_DATA != 0 {
            let length = reader.octet("user data length")?;
            let dcs = self.dcs.unwrap_or(Dcs(0));
            self.user_data = Some(UserData::read(dcs, first & HEADER != 0, length, reader.rest()));
        }
        Ok(())
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), TpduError> {
        let has_header = self.user_data.as_ref().is_some_and(|data| !data.header.is_empty());
        let mut first = 0b10;
        for (set, bit) in [(has_header, HEADER), (self.on_command, ON_COMMAND), (!self.more_waiting, NO_MORE)]
        {
            first |= if set { bit } else { 0 };
        }
        out.extend_from_slice(&[first, self.reference]);
        self.recipient.write(out)?;
        for stamp in [self.sent_at, self.discharged_at] {
            out.extend_from_slice(&stamp.map_or([0; 7], |stamp| stamp.encode()));
        }
        out.push(self.status);
        let mut present = 0;
        for (set, bit) in [
            (self.pid.is_some(), HAS_PID),
            (self.dcs.is_some(), HAS_DCS),
            (self.user_data.is_some(), HAS_USER_DATA),
        ] {
            present |= if set { bit } else { 0 };
        }
        if present != 0 {
            out.push(present);
            out.extend(self.pid);
            out.extend(self.dcs.map(|dcs| dcs.0));
        }
        match &self.user_data {
            Some(data) => data.write(out),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes() {
        for (status, outcome) in [
            (0x00, Outcome::Delivered),
            (0x1F, Outcome::Delivered),
            (0x22, Outcome::Pending),
            (0x40, Outcome::Failed),
            (0x46, Outcome::Expired),
            (0x47, Outcome::Deleted),
            (0x62, Outcome::Failed),
            (0xFF, Outcome::Failed),
        ] {
            assert_eq!(Outcome::of(status), outcome, "{status:02X}");
        }
        assert_eq!((status_words(0x41), status_words(0x5F)), ("incompatible destination", ""));
    }
}
