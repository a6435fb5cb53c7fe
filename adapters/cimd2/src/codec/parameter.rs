//! Parameter codes (chapter 5): three digits before a colon; the value runs to the next TAB.

use bytes::Bytes;

/// A parameter as it stands in a packet. Values are octets: on an 8-bit link they are ISO-8859-1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// 0 to 999.
    pub code: u16,
    /// Without the TAB that ends it.
    pub value: Bytes,
}

/// User identity.
pub const USER: u16 = 10;
/// Password.
pub const PASSWORD: u16 = 11;
/// Subaddress: which instance of the application.
pub const SUBADDRESS: u16 = 12;
/// Window size.
pub const WINDOW: u16 = 19;
/// Destination address.
pub const DESTINATION: u16 = 21;
/// Originating address.
pub const ORIGINATOR: u16 = 23;
/// Alphanumeric originating address.
pub const NAME: u16 = 27;
/// Data coding scheme, decimal.
pub const CODING: u16 = 30;
/// User data header, hexadecimal, with its length octet.
pub const HEADER: u16 = 32;
/// User data as text.
pub const TEXT: u16 = 33;
/// User data as hexadecimal octets.
pub const BINARY: u16 = 34;
/// More messages to send.
pub const MORE: u16 = 44;
/// Validity period, relative.
pub const VALID_FOR: u16 = 50;
/// Validity period, absolute.
pub const VALID_UNTIL: u16 = 51;
/// Protocol identifier.
pub const PROTOCOL: u16 = 52;
/// Reply path.
pub const REPLY_PATH: u16 = 55;
/// Which status reports are asked for.
pub const REPORTS: u16 = 56;
/// Cancel mode.
pub const CANCEL_MODE: u16 = 59;
/// Service centre time stamp.
pub const STAMP: u16 = 60;
/// Status code.
pub const STATUS: u16 = 61;
/// Status error code.
pub const STATUS_ERROR: u16 = 62;
/// Discharge time.
pub const DISCHARGED: u16 = 63;
/// Tariff class.
pub const TARIFF: u16 = 64;
/// Service description.
pub const SERVICE: u16 = 65;
/// Priority.
pub const PRIORITY: u16 = 67;
/// Error code.
pub const ERROR: u16 = 900;
/// Error text.
pub const ERROR_TEXT: u16 = 901;
