//! Which fields an operation and its result have, in order (EMI/UCP 4.x sections 4 to 6).
//!
//! Names are those of the specification, except that the message field of every operation that may carry more than one
//! kind of message (NMsg, AMsg, TMsg) is called `Msg`.

use super::packet::Packet;
use std::borrow::Cow;

/// Operation types.
pub mod op {
    /// Call input.
    pub const CALL: u8 = 1;
    /// Call input to several addresses.
    pub const MULTIPLE_CALL: u8 = 2;
    /// Call input with supplementary services.
    pub const SUPPLEMENTARY_CALL: u8 = 3;
    /// SMS message transfer.
    pub const TRANSFER: u8 = 30;
    /// MT alert: the keep-alive.
    pub const ALERT: u8 = 31;
    /// Submit short message.
    pub const SUBMIT: u8 = 51;
    /// Deliver short message.
    pub const DELIVER: u8 = 52;
    /// Deliver notification: the receipt.
    pub const NOTIFY: u8 = 53;
    /// The last of the operations with 33 fields.
    pub const RESPONSE_DELETE: u8 = 58;
    /// Session management: the login.
    pub const SESSION: u8 = 60;
    /// List management.
    pub const LIST: u8 = 61;
}

/// Places of the fields of 51 to 58.
#[allow(missing_docs)]
pub mod five {
    pub const ADC: usize = 0;
    pub const OADC: usize = 1;
    pub const NRQ: usize = 3;
    pub const NADC: usize = 4;
    pub const NT: usize = 5;
    pub const NPID: usize = 6;
    pub const VP: usize = 12;
    pub const SCTS: usize = 14;
    pub const DST: usize = 15;
    pub const RSN: usize = 16;
    pub const DSCTS: usize = 17;
    pub const MT: usize = 18;
    pub const NB: usize = 19;
    pub const MSG: usize = 20;
    pub const DCS: usize = 23;
    pub const MCLS: usize = 24;
    pub const OTOA: usize = 28;
    pub const XSER: usize = 30;
    /// How many there are.
    pub const COUNT: usize = 33;
}

/// Places of the fields of 01.
#[allow(missing_docs)]
pub mod zero_one {
    pub const ADC: usize = 0;
    pub const OADC: usize = 1;
    pub const MT: usize = 3;
    pub const MSG: usize = 4;
    pub const COUNT: usize = 5;
}

/// Places of the fields of 30.
#[allow(missing_docs)]
pub mod thirty {
    pub const ADC: usize = 0;
    pub const OADC: usize = 1;
    pub const NRQ: usize = 3;
    pub const NADC: usize = 4;
    pub const NPID: usize = 5;
    pub const VP: usize = 8;
    pub const MSG: usize = 9;
    pub const COUNT: usize = 10;
}

/// The operations that can submit a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Submission {
    /// 51, with everything there is.
    #[default]
    Submit,
    /// 30: text in the default alphabet, a notification.
    Transfer,
    /// 01: text in the default alphabet and nothing else.
    Call,
}

impl Submission {
    /// Its operation type.
    #[must_use]
    pub fn operation(self) -> u8 {
        match self {
            Self::Submit => op::SUBMIT,
            Self::Transfer => op::TRANSFER,
            Self::Call => op::CALL,
        }
    }
}

const FIVE: [&str; five::COUNT] = [
    "AdC", "OAdC", "AC", "NRq", "NAdC", "NT", "NPID", "LRq", "LRAd", "LPID", "DD", "DDT", "VP", "RPID",
    "SCTS", "Dst", "Rsn", "DSCTS", "MT", "NB", "Msg", "MMS", "PR", "DCs", "MCLs", "RPI", "CPg", "RPLy",
    "OTOA", "HPLMN", "XSer", "RES4", "RES5",
];
const CALL: [&str; zero_one::COUNT] = ["AdC", "OAdC", "AC", "MT", "Msg"];
const TRANSFER: [&str; thirty::COUNT] =
    ["AdC", "OAdC", "AC", "NRq", "NAdC", "NPID", "DD", "DDT", "VP", "AMsg"];
const ALERT: [&str; 2] = ["AdC", "PID"];
const SESSION: [&str; 12] =
    ["OAdC", "OTON", "ONPI", "STYP", "PWD", "NPWD", "VERS", "LAdC", "LTON", "LNPI", "OPID", "RES1"];
const LIST: [&str; 12] =
    ["OAdC", "OTON", "ONPI", "STYP", "PWD", "NPWD", "VERS", "LAdC", "LTON", "LNPI", "RES1", "RES2"];
const SUPPLEMENTARY: [&str; 11] = ["RP", "PR", "LPR", "UR", "LUR", "RC", "LRC", "DD", "DDT", "MT", "Msg"];
const SUPPLEMENTARY_ERMES: [&str; 12] =
    ["RP", "LRP", "PR", "LPR", "UR", "LUR", "RC", "LRC", "DD", "DDT", "MT", "Msg"];

/// The place of a field of 51 to 58 by its name, in any case.
#[must_use]
pub fn index_of(name: &str) -> Option<usize> {
    FIVE.iter().position(|known| known.eq_ignore_ascii_case(name))
}

/// How many fields an operation must have at least; 0 for one that is not known.
pub(super) fn wanted(operation: u8) -> usize {
    fixed(operation).map_or(0, <[&str]>::len)
}

fn fixed(operation: u8) -> Option<&'static [&'static str]> {
    Some(match operation {
        op::CALL => &CALL,
        op::TRANSFER => &TRANSFER,
        op::ALERT => &ALERT,
        op::SUBMIT..=op::RESPONSE_DELETE => &FIVE,
        op::SESSION => &SESSION,
        op::LIST => &LIST,
        _ => return None,
    })
}

/// The names of a packet's fields, in order; fields beyond those that are known have none.
#[must_use]
pub fn names(packet: &Packet) -> Vec<Cow<'static, str>> {
    let all = |names: &'static [&'static str]| names.iter().map(|name| Cow::Borrowed(*name)).collect();
    if packet.result {
        return all(result_names(packet));
    }
    match packet.operation {
        op::MULTIPLE_CALL => {
            let listed = listed(packet, 0);
            let addresses = (1..=listed).map(|number| Cow::Owned(format!("AdC{number}")));
            let rest = ["OAdC", "AC", "MT", "Msg"].map(Cow::Borrowed);
            std::iter::once(Cow::Borrowed("NPL")).chain(addresses).chain(rest).collect()
        }
        op::SUPPLEMENTARY_CALL => {
            let listed = listed(packet, 3);
            let head = ["AdC", "OAdC", "AC", "NPL"].map(Cow::Borrowed);
            let groups = (1..=listed).map(|number| Cow::Owned(format!("GA{number}")));
            let ermes = packet.fields.len() >= 4 + listed + SUPPLEMENTARY_ERMES.len();
            let rest: &[&str] = if ermes { &SUPPLEMENTARY_ERMES } else { &SUPPLEMENTARY };
            head.into_iter().chain(groups).chain(rest.iter().map(|name| Cow::Borrowed(*name))).collect()
        }
        operation => fixed(operation).map(all).unwrap_or_default(),
    }
}

/// How many addresses the field NPL at a place lists; no more than there are fields.
fn listed(packet: &Packet, place: usize) -> usize {
    packet.text(place).parse().unwrap_or(0).min(packet.fields.len())
}

/// Results of 30 and 51 to 58 carry a modified validity period.
pub(super) fn has_validity(operation: u8) -> bool {
    matches!(operation, op::TRANSFER | op::SUBMIT..=op::RESPONSE_DELETE)
}

fn result_names(packet: &Packet) -> &'static [&'static str] {
    match packet.field(0) {
        b"N" => &["nack", "EC", "SM"],
        _ if has_validity(packet.operation) && packet.fields.len() > 2 => &["ack", "MVP", "SM"],
        _ => &["ack", "SM"],
    }
}
