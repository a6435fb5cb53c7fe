//! SMS-DELIVER (3GPP TS 23.040 section 9.2.2.1): a message from a mobile, or from a service, to us.

use super::reader::Reader;
use super::{Address, Dcs, Stamp, TpduError, UserData};

const REPLY_PATH: u8 = 0x80;
const HEADER: u8 = 0x40;
const STATUS_REPORT: u8 = 0x20;
const NO_MORE: u8 = 0x04;

/// A received message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deliver {
    /// The sender asks for an answer by the same service centre.
    pub reply_path: bool,
    /// The sender will be told that it arrived.
    pub status_report: bool,
    /// More messages wait.
    pub more_waiting: bool,
    /// The sender.
    pub originator: Address,
    /// The protocol identifier.
    pub pid: u8,
    /// How the user data is coded.
    pub dcs: Dcs,
    /// When the service centre got it; `None` when the octets name no time.
    pub sent_at: Option<Stamp>,
    /// Header and text.
    pub user_data: UserData,
}

impl Deliver {
    pub(super) fn read(first: u8, reader: &mut Reader<'_>) -> Result<Self, TpduError> {
        let originator = Address::read(reader)?;
        let pid = reader.octet("protocol identifier")?;
        let dcs = Dcs(reader.octet("data coding scheme")?);
        let sent_at = Stamp::decode(reader.seven("time stamp")?);
        let length = reader.octet("user data length")?;
        let user_data = UserData::read(dcs, first & HEADER != 0, length, reader.rest());
        Ok(Self {
            reply_path: first & REPLY_PATH != 0,
            status_report: first & STATUS_REPORT != 0,
            more_waiting: first & NO_MORE == 0,
            originator,
            pid,
            dcs,
            sent_at,
            user_data,
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), TpduError> {
        let mut first = 0b00;
        for (set, bit) in [
            (self.reply_path, REPLY_PATH),
            (!self.user_data.header.is_empty(), HEADER),
            (self.status_report, STATUS_REPORT),
            (!self.more_waiting, NO_MORE),
        ] {
            first |= if set { bit } else { 0 };
        }
        out.push(first);
        self.originator.write(out)?;
        out.extend_from_slice(&[self.pid, self.dcs.0]);
        out.extend_from_slice(&self.sent_at.map_or([0; 7], |stamp| stamp.encode()));
        self.user_data.write(out)
    }
}
