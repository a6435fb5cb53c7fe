//! SMS-SUBMIT (3GPP TS 23.040 section 9.2.2.2): a message from us to the service centre.

use super::reader::Reader;
use super::{Address, Dcs, Stamp, TpduError, UserData};
use domain::text::Segment;

const REPLY_PATH: u8 = 0x80;
const HEADER: u8 = 0x40;
const STATUS_REPORT: u8 = 0x20;
const VALIDITY: u8 = 0x18;
const VALIDITY_ENHANCED: u8 = 0x08;
const VALIDITY_RELATIVE: u8 = 0x10;
const REJECT_DUPLICATES: u8 = 0x04;

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submit {
    /// Ask for an answer by the same service centre.
    pub reply_path: bool,
    /// Ask for a status report.
    pub status_report: bool,
    /// Ask the service centre to refuse it when it has the same already.
    pub reject_duplicates: bool,
    /// The message reference; modems put in their own.
    pub reference: u8,
    /// The recipient.
    pub destination: Address,
    /// The protocol identifier.
    pub pid: u8,
    /// How the user data is coded.
    pub dcs: Dcs,
    /// How long the service centre shall try.
    pub validity: Validity,
    /// Header and text.
    pub user_data: UserData,
}

/// A validity period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// The service centre's own.
    Unset,
    /// A code; [`pdu::relative_minutes`] says how long.
    Relative(u8),
    /// Until a time; `None` when the octets name none.
    Until(Option<Stamp>),
    /// The enhanced format, kept as it is.
    Enhanced([u8; 7]),
}

impl Submit {
    /// A segment to a recipient, asking for a status report; `flash` shows it at once.
    pub fn new(destination: Address, segment: &Segment, flash: bool) -> Self {
        Self {
            reply_path: false,
            status_report: true,
            reject_duplicates: false,
            reference: 0,
            destination,
            pid: 0,
            dcs: Dcs::new(segment.body.alphabet(), flash),
            validity: Validity::Unset,
            user_data: UserData::from(segment),
        }
    }

    pub(super) fn read(first: u8, reader: &mut Reader<'_>) -> Result<Self, TpduError> {
        let reference = reader.octet("message reference")?;
        let destination = Address::read(reader)?;
        let pid = reader.octet("protocol identifier")?;
        let dcs = Dcs(reader.octet("data coding scheme")?);
        let validity = match first & VALIDITY {
            0 => Validity::Unset,
            VALIDITY_RELATIVE => Validity::Relative(reader.octet("validity period")?),
            VALIDITY_ENHANCED => Validity::Enhanced(reader.seven("validity period")?),
            _ => Validity::Until(Stamp::decode(reader.seven("validity period")?)),
        };
        let length = reader.octet("user data length")?;
        let user_data = UserData::read(dcs, first & HEADER != 0, length, reader.rest());
        Ok(Self {
            reply_path: first & REPLY_PATH != 0,
            status_report: first & STATUS_REPORT != 0,
            reject_duplicates: first & REJECT_DUPLICATES != 0,
            reference,
            destination,
            pid,
            dcs,
            validity,
            user_data,
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), TpduError> {
        let mut first = 0b01;
        for (set, bit) in [
            (self.reply_path, REPLY_PATH),
            (!self.user_data.header.is_empty(), HEADER),
            (self.status_report, STATUS_REPORT),
            (self.reject_duplicates, REJECT_DUPLICATES),
        ] {
            first |= if set { bit } else { 0 };
        }
        let (format, relative, seven) = match self.validity {
            Validity::Unset => (0, None, None),
            Validity::Relative(code) => (VALIDITY_RELATIVE, Some(code), None),
            Validity::Enhanced(octets) => (VALIDITY_ENHANCED, None, Some(octets)),
            Validity::Until(stamp) => (VALIDITY, None, Some(stamp.map_or([0; 7], |stamp| stamp.encode()))),
        };
        out.extend_from_slice(&[first | format, self.reference]);
        self.destination.write(out)?;
        out.extend_from_slice(&[self.pid, self.dcs.0]);
        out.extend(relative);
        out.extend(seven.into_iter().flatten());
        self.user_data.write(out)
    }
}
