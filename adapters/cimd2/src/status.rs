//! Error codes (parameter 900), status codes (061) and status error codes (062), and what each asks for (section 6).
//!
//! Says what kind of trouble a number is; whether and when to try again is decided elsewhere.

use domain::receipt::Verdict;
use std::fmt;

/// An error code (900).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ErrorCode(pub u16);

/// What an error code asks for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ErrorClass {
    /// This message can never succeed on this link as it is.
    Permanent,
    /// This enquiry or cancel failed; the message itself is untouched.
    Operation,
    /// Try again later; another link may do better.
    Temporary,
    /// The same, but a few tries at most: the number is known to hide permanent refusals.
    Limited,
    /// Too fast: slow down, send the same message first. No failed try.
    Throttle,
    /// The way to the centre is broken: connect again, then send the message again.
    Link,
    /// The account may not ask for status reports: send it again at once without.
    NoReports,
    /// Name or password refused, or the account is barred: alarm, and try slowly, or it is locked.
    Login,
    /// An old session lingers: wait and log in again. Not an error of configuration.
    AlreadyBound,
    /// The centre wants no window, or not this one: log in again without naming one.
    Window,
}

impl ErrorClass {
    /// Whether the message may be sent again at all, here or on another link.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        !matches!(self, Self::Permanent | Self::Operation)
    }
}

use ErrorClass::{
    AlreadyBound, Limited, Link, Login, NoReports, Operation, Permanent, Temporary, Throttle, Window,
};

macro_rules! errors {
    ($($code:literal $text:literal $class:expr;)*) => {
        impl ErrorCode {
            /// Every code of the specification, in order.
            pub const TABLE: &'static [ErrorCode] = &[$(ErrorCode($code)),*];

            /// What the specification says of it.
            #[must_use]
            pub const fn text(self) -> Option<&'static str> {
                match self.0 {
                    $($code => Some($text),)*
                    _ => None,
                }
            }

            /// What it asks for. Unknown numbers are temporary with few tries: never for ever.
            #[must_use]
            pub const fn class(self) -> ErrorClass {
                match self.0 {
                    $($code => $class,)*
                    _ => Limited,
                }
            }
        }
    };
}

errors! {
    1 "unexpected operation" Permanent;
    2 "syntax error" Permanent;
    3 "unsupported parameter" Permanent;
    4 "connection to SMS centre lost" Link;
    5 "no response from SMS centre" Temporary;
    6 "general system error" Temporary;
    7 "cannot find information" Operation;
    8 "parameter formatting error" Permanent;
    9 "requested operation failed" Limited;
    10 "temporary congestion error" Throttle;
    100 "invalid login" Login;
    101 "incorrect access type" Login;
    102 "too many users with this login id" AlreadyBound;
    103 "login refused by SMS centre" Login;
    104 "invalid window size" Window;
    105 "windowing disabled" Window;
    106 "virtual SMS centre-based barring" Login;
    107 "invalid subaddress" Login;
    108 "alias account, login refused" Login;
    300 "incorrect destination address" Permanent;
    301 "incorrect number of destination addresses" Permanent;
    302 "syntax error in user data parameter" Permanent;
    303 "incorrect bin/head/normal user data parameter combination" Permanent;
    304 "incorrect data coding scheme parameter usage" Permanent;
    305 "incorrect validity period parameters usage" Permanent;
    306 "incorrect originator address usage" Permanent;
    307 "incorrect pid parameter usage" Permanent;
    308 "incorrect first delivery parameter usage" Permanent;
    309 "incorrect reply path usage" Permanent;
    310 "incorrect status report request parameter usage" NoReports;
    311 "incorrect cancel enabled parameter usage" Permanent;
    312 "incorrect priority parameter usage" Permanent;
    313 "incorrect tariff class parameter usage" Permanent;
    314 "incorrect service description parameter usage" Permanent;
    315 "incorrect transport type parameter usage" Permanent;
    316 "incorrect message type parameter usage" Permanent;
    318 "incorrect mms parameter usage" Permanent;
    319 "incorrect operation timer parameter usage" Permanent;
    320 "incorrect dialogue id parameter usage" Permanent;
    321 "incorrect alpha originator address usage" Permanent;
    322 "invalid data for alpha numeric originator" Permanent;
    323 "closed user group rejection" Permanent;
    324 "licence exceeded" Throttle;
    400 "incorrect address parameter usage" Operation;
    401 "incorrect scts parameter usage" Operation;
    500 "incorrect scts parameter usage" Operation;
    501 "incorrect mode parameter usage" Operation;
    502 "incorrect parameter combination" Operation;
    600 "incorrect scts parameter usage" Operation;
    601 "incorrect address parameter usage" Operation;
    602 "incorrect mode parameter usage" Operation;
    603 "incorrect parameter combination" Operation;
    800 "changing password failed" Operation;
    801 "changing password not allowed" Operation;
    900 "unsupported item requested" Operation;
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text() {
            Some(text) => write!(f, "{} {text}", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}

/// What a status code (061) says of a message.
#[must_use]
pub fn verdict(status: Option<u32>) -> Verdict {
    match status {
        Some(1 | 5) => Verdict::Pending,
        Some(2) => Verdict::Expired,
        Some(3 | 6) => Verdict::Failed,
        Some(7..=9) => Verdict::Deleted,
        Some(4) => Verdict::Delivered,
        _ => Verdict::Unknown,
    }
}

/// The status codes (061) in words.
#[must_use]
pub fn status_text(status: u32) -> Option<&'static str> {
    Some(match status {
        1 => "in process",
        2 => "validity period expired",
        3 => "delivery failed",
        4 => "delivery successful",
        5 => "no response",
        6 => "last no response",
        7 => "message cancelled",
        8 => "message deleted",
        9 => "message deleted by cancel",
        _ => return None,
    })
}

/// The status error codes (062) in words: why a phone did not get it.
#[must_use]
pub fn reason_text(reason: u32) -> Option<&'static str> {
    Some(match reason {
        0 => "no error",
        1 => "unknown subscriber",
        9 => "illegal subscriber",
        11 => "teleservice not provisioned",
        13 => "call barred",
        15 => "CUG reject",
        19 => "no SMS support in the phone",
        20 => "error in the phone",
        21 => "facility not supported",
        22 => "memory capacity exceeded",
        29 => "absent subscriber",
        30 => "phone busy for MT SMS",
        36 => "network or protocol failure",
        44 => "illegal equipment",
        60 => "no paging response",
        61 => "GMSC congestion",
        63 => "HLR timeout",
        64 => "MSC or SGSN timeout",
        70 => "SMRSE or TCP error",
        72 => "MT congestion",
        75 => "GPRS suspended",
        80 => "no paging response via MSC",
        81 => "IMSI detached",
        82 => "roaming restriction",
        83 => "deregistered in HLR for GSM",
        84 => "purged for GSM",
        85 => "no paging response via SGSN",
        86 => "GPRS detached",
        87 => "deregistered in HLR for GPRS",
        88 => "purged for GPRS",
        89 => "unidentified subscriber via MSC",
        90 => "unidentified subscriber via SGSN",
        112 => "originator has no prepaid credit",
        113 => "destination has no prepaid credit",
        114 => "prepaid system error",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    #[test]
    fn the_whole_table() {
        let mut table = String::new();
        for code in ErrorCode::TABLE.iter().chain(&[
            ErrorCode(0),
            ErrorCode(317),
            ErrorCode(999),
            ErrorCode(u16::MAX),
        ]) {
            let again = if code.class().is_retryable() { "again" } else { "" };
            let line = format!("{:<62} {:<12} {again}", code.to_string(), format!("{:?}", code.class()));
            writeln!(table, "{}", line.trim_end()).expect("a string");
        }
        insta::assert_snapshot!("error_codes", table);
    }

    #[test]
    fn in_order_and_once() {
        assert!(ErrorCode::TABLE.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn statuses() {
        use Verdict::{Deleted, Delivered, Expired, Failed, Pending, Unknown};
        let expected = [
            Unknown, Pending, Expired, Failed, Delivered, Pending, Failed, Deleted, Deleted, Deleted, Unknown,
        ];
        for (status, verdict) in (0..).zip(expected) {
            assert_eq!(super::verdict(Some(status)), verdict, "{status}");
        }
        assert_eq!(verdict(None), Unknown);
    }
}
