//! command_status (section 5.1.3, SMPP 5.0 section 4.7.6) and what to do about each.
//!
//! Says what kind of trouble a number is; whether and when to try again is decided elsewhere.

use std::fmt;

/// A command_status.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Status(pub u32);

/// What a status asks for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StatusClass {
    /// Done.
    Ok,
    /// This message can never succeed on this link as it is.
    Permanent,
    /// This query, cancel or replace failed; the message itself is untouched.
    Operation,
    /// Try again later; another link may do better.
    Temporary {
        /// How many tries on this link at most, where the number is known to hide permanent refusals.
        tries: Option<u8>,
    },
    /// Too fast: pause the link about a second, halve the rate, send the same message first. No failed try.
    Throttle,
    /// A queue at the SMSC is full: pause like [`StatusClass::Throttle`], but it counts as a try, since it may be
    /// the queue of one mobile.
    Congestion,
    /// The session is not in the state we think: bind again, then send the message again.
    Rebind,
    /// An old session lingers: wait and bind again. Not an error of configuration.
    AlreadyBound,
    /// The bind failed for now: bind again, slowly.
    BindFailed,
    /// Name, password or type refused: alarm, and bind every few minutes at most, or the account is locked.
    Login,
}

impl StatusClass {
    /// Whether the message may be sent again at all, here or on another link. A wrong address is as wrong
    /// elsewhere, and may cost money.
    pub const fn is_retryable(self) -> bool {
        !matches!(self, StatusClass::Ok | StatusClass::Permanent | StatusClass::Operation)
    }

    /// Whether this uses up one of the message's tries.
    pub const fn counts_as_try(self) -> bool {
        matches!(self, StatusClass::Permanent | StatusClass::Temporary { .. } | StatusClass::Congestion)
    }
}

/// Tries of a status that often hides a permanent refusal.
const FEW: Option<u8> = Some(3);
/// One more try, then give up: a number nobody has explained.
const ONCE_MORE: Option<u8> = Some(2);
/// Vendor's own numbers.
const VENDOR: std::ops::RangeInclusive<u32> = 0x400..=0x4FF;

use StatusClass::{
    AlreadyBound, BindFailed, Congestion, Login, Ok as Done, Operation, Permanent, Rebind, Temporary,
    Throttle,
};

macro_rules! statuses {
    ($($name:ident = $code:literal $class:expr;)*) => {
        impl Status {
            $(#[doc = concat!("`", stringify!($name), "`")] pub const $name: Status = Status($code);)*

            /// Every status of the standard with its class, in order of number.
            pub const TABLE: &'static [Status] = &[$(Status::$name),*];

            /// The standard's name.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($code => Some(stringify!($name)),)*
                    _ => None,
                }
            }

            /// What it asks for. Unknown numbers are temporary with few tries: never a panic, never for ever.
            pub fn class(self) -> StatusClass {
                match self.0 {
                    $($code => $class,)*
                    code if VENDOR.contains(&code) => Temporary { tries: FEW },
                    _ => Temporary { tries: ONCE_MORE },
                }
            }
        }
    };
}

statuses! {
    ESME_ROK = 0x00 Done;
    ESME_RINVMSGLEN = 0x01 Permanent;
    ESME_RINVCMDLEN = 0x02 Permanent;
    ESME_RINVCMDID = 0x03 Permanent;
    ESME_RINVBNDSTS = 0x04 Rebind;
    ESME_RALYBND = 0x05 AlreadyBound;
    ESME_RINVPRTFLG = 0x06 Permanent;
    ESME_RINVREGDLVFLG = 0x07 Permanent;
    ESME_RSYSERR = 0x08 Temporary { tries: None };
    ESME_RINVSRCADR = 0x0A Permanent;
    ESME_RINVDSTADR = 0x0B Permanent;
    ESME_RINVMSGID = 0x0C Permanent;
    ESME_RBINDFAIL = 0x0D BindFailed;
    ESME_RINVPASWD = 0x0E Login;
    ESME_RINVSYSID = 0x0F Login;
    ESME_RCANCELFAIL = 0x11 Operation;
    ESME_RREPLACEFAIL = 0x13 Operation;
    ESME_RMSGQFUL = 0x14 Congestion;
    ESME_RINVSERTYP = 0x15 Permanent;
    ESME_RINVNUMDESTS = 0x33 Permanent;
    ESME_RINVDLNAME = 0x34 Permanent;
    ESME_RINVDESTFLAG = 0x40 Permanent;
    ESME_RINVSUBREP = 0x42 Permanent;
    ESME_RINVESMCLASS = 0x43 Permanent;
    ESME_RCNTSUBDL = 0x44 Permanent;
    ESME_RSUBMITFAIL = 0x45 Temporary { tries: FEW };
    ESME_RINVSRCTON = 0x48 Permanent;
    ESME_RINVSRCNPI = 0x49 Permanent;
    ESME_RINVDSTTON = 0x50 Permanent;
    ESME_RINVDSTNPI = 0x51 Permanent;
    ESME_RINVSYSTYP = 0x53 Login;
    ESME_RINVREPFLAG = 0x54 Permanent;
    ESME_RINVNUMMSGS = 0x55 Permanent;
    ESME_RTHROTTLED = 0x58 Throttle;
    ESME_RINVSCHED = 0x61 Permanent;
    ESME_RINVEXPIRY = 0x62 Permanent;
    ESME_RINVDFTMSGID = 0x63 Permanent;
    ESME_RX_T_APPN = 0x64 Temporary { tries: None };
    ESME_RX_P_APPN = 0x65 Permanent;
    ESME_RX_R_APPN = 0x66 Permanent;
    ESME_RQUERYFAIL = 0x67 Operation;
    ESME_RINVOPTPARSTREAM = 0xC0 Permanent;
    ESME_ROPTPARNOTALLWD = 0xC1 Permanent;
    ESME_RINVPARLEN = 0xC2 Permanent;
    ESME_RMISSINGOPTPARAM = 0xC3 Permanent;
    ESME_RINVOPTPARAMVAL = 0xC4 Permanent;
    // Temporary only for data_sm in transaction mode, which the gateway does not use.
    ESME_RDELIVERYFAILURE = 0xFE Permanent;
    ESME_RUNKNOWNERR = 0xFF Temporary { tries: FEW };
    ESME_RSERTYPUNAUTH = 0x100 Permanent;
    ESME_RPROHIBITED = 0x101 Permanent;
    ESME_RSERTYPUNAVAIL = 0x102 Temporary { tries: None };
    ESME_RSERTYPDENIED = 0x103 Permanent;
    ESME_RINVDCS = 0x104 Permanent;
    ESME_RINVSRCADDRSUBUNIT = 0x105 Permanent;
    ESME_RINVDSTADDRSUBUNIT = 0x106 Permanent;
    ESME_RINVBCASTFREQINT = 0x107 Permanent;
    ESME_RINVBCASTALIAS_NAME = 0x108 Permanent;
    ESME_RINVBCASTAREAFMT = 0x109 Permanent;
    ESME_RINVNUMBCAST_AREAS = 0x10A Permanent;
    ESME_RINVBCASTCNTTYPE = 0x10B Permanent;
    ESME_RINVBCASTMSGCLASS = 0x10C Permanent;
    ESME_RBCASTFAIL = 0x10D Permanent;
    ESME_RBCASTQUERYFAIL = 0x10E Permanent;
    ESME_RBCASTCANCELFAIL = 0x10F Permanent;
    ESME_RINVBCAST_REP = 0x110 Permanent;
    ESME_RINVBCASTSRVGRP = 0x111 Permanent;
    ESME_RINVBCASTCHANIND = 0x112 Permanent;
}

impl Status {
    /// Whether the request succeeded.
    pub const fn is_ok(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Status {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(out, "{name} (0x{:02X})", self.0),
            None => write!(out, "0x{:02X}", self.0),
        }
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn the_whole_table() {
        let mut table = String::new();
        let others = [Status(0x09), Status(0x3FF), Status(0x400), Status(0x4FF), Status(u32::MAX)];
        for status in Status::TABLE.iter().chain(&others) {
            let class = status.class();
            let marks = match (class.is_retryable(), class.counts_as_try()) {
                (true, true) => "again, a try",
                (true, false) => "again",
                (false, true) => "a try",
                (false, false) => "",
            };
            let line = format!("{:<36} {:<27} {marks}", status.to_string(), format!("{class:?}"));
            writeln!(table, "{}", line.trim_end()).unwrap();
        }
        insta::assert_snapshot!("command_status", table);
    }

    #[test]
    fn in_order_and_once() {
        assert!(Status::TABLE.is_sorted_by(|a, b| a < b));
    }
}
