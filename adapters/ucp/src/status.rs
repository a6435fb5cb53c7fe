//! Error codes of negative results (EC) and reasons of receipts (Rsn), and what to do about each (EMI/UCP 4.x, section 8).
//!
//! Says what kind of trouble a number is; whether and when to try again is decided elsewhere.

/// What an error code asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// This message can never succeed on this link as it is.
    Permanent,
    /// Try again later; another link may do better.
    Temporary,
    /// The same, but three times only: a code that may hide a permanent refusal.
    Limited,
    /// Too fast or not now: slow down, send the same message first. No failed try.
    Throttle,
    /// The login is wrong: alarm, and slowly.
    Login,
}

use Class::{Limited, Login, Permanent, Temporary, Throttle};

/// Every code with a meaning of its own: its number, class and name.
pub const ERRORS: &[(u8, Class, &str)] = &[
    (1, Limited, "checksum error"),
    (2, Permanent, "syntax error"),
    (3, Permanent, "operation not supported by the system"),
    (4, Throttle, "operation not allowed at this moment"),
    (5, Permanent, "call barring active"),
    (6, Permanent, "AdC invalid"),
    (7, Login, "authentication failure"),
    (8, Permanent, "legitimisation code for all calls, failure"),
    (9, Permanent, "GA not valid"),
    (10, Permanent, "repetition not allowed"),
    (11, Permanent, "legitimisation code for repetition, failure"),
    (12, Permanent, "priority call not allowed"),
    (13, Permanent, "legitimisation code for priority call, failure"),
    (14, Permanent, "urgent message not allowed"),
    (15, Permanent, "legitimisation code for urgent message, failure"),
    (16, Permanent, "reverse charging not allowed"),
    (17, Permanent, "legitimisation code for reverse charging, failure"),
    (18, Permanent, "deferred delivery not allowed"),
    (19, Permanent, "new AC not valid"),
    (20, Permanent, "new legitimisation code not valid"),
    (21, Permanent, "standard text not valid"),
    (22, Permanent, "time period not valid"),
    (23, Permanent, "message type not supported by the system"),
    (24, Permanent, "message too long"),
    (25, Permanent, "requested standard text not valid"),
    (26, Permanent, "message type not valid for the pager type"),
    (27, Permanent, "message not found in the centre"),
    (28, Permanent, "invalid character set"),
    (30, Temporary, "subscriber hang-up"),
    (31, Permanent, "fax group not supported"),
    (32, Permanent, "fax message type not supported"),
    (33, Permanent, "address already in list"),
    (34, Permanent, "address not in list"),
    (35, Permanent, "list full, cannot add address"),
    (36, Temporary, "RPID already in use"),
    (37, Temporary, "delivery in progress"),
    (38, Permanent, "message forwarded"),
    (50, Temporary, "low network status"),
    (51, Temporary, "legal status"),
    (53, Temporary, "operation partially successful"),
    (54, Temporary, "operation not successful"),
    (55, Temporary, "system error"),
];

/// What a code asks for. Vendor's own and unknown codes are temporary with few tries: never for ever.
#[must_use]
pub fn class(code: u8) -> Class {
    ERRORS.iter().find(|(known, ..)| *known == code).map_or(Limited, |(_, class, _)| *class)
}

/// The code in words.
#[must_use]
pub fn name(code: u8) -> &'static str {
    match ERRORS.iter().find(|(known, ..)| *known == code) {
        Some((.., name)) => name,
        None if (90..=99).contains(&code) => "the operator's own code",
        None => "unknown code",
    }
}

/// The reason of a receipt in words, as the log and people see it; it never decides anything.
#[must_use]
pub fn reason(code: u16) -> &'static str {
    match code {
        0 | 101 => "unknown subscriber",
        1..=8 => "service temporarily not available",
        9 => "illegal error code",
        10 => "network time-out",
        100 | 106 => "facility not supported",
        102 => "facility not provided",
        103 => "call barred",
        104 => "operation barred",
        105 | 109 | 113 => "SC congestion",
        107 => "absent subscriber",
        108 => "delivery fail",
        110 => "protocol error",
        111 => "MS not equipped",
        112 => "unknown SC",
        114 => "illegal MS",
        115 => "MS not a subscriber",
        116 => "error in MS",
        117 => "SMS lower layer not provisioned",
        118 | 126 => "system failure",
        119 => "PLMN system failure",
        120 => "HLR system failure",
        121 | 122 => "VLR system failure",
        123 | 124 => "MSC system failure",
        125 => "EIR system failure",
        127 => "unexpected data value",
        206 => "invalid destination",
        207 => "duplicate message",
        200..=208 => "error in the submission",
        _ => "unknown reason",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole table: a changed class has to be changed here too.
    #[test]
    fn every_code_has_its_class() {
        let by_class = |wanted| (0..=99_u8).filter(|code| class(*code) == wanted).collect::<Vec<_>>();
        let permanent: Vec<u8> =
            [2, 3, 5, 6].into_iter().chain(8..=28).chain([31, 32, 33, 34, 35, 38]).collect();
        assert_eq!(by_class(Permanent), permanent);
        assert_eq!(by_class(Temporary), [30, 36, 37, 50, 51, 53, 54, 55]);
        assert_eq!((by_class(Throttle), by_class(Login)), (vec![4], vec![7]));
        let limited: Vec<u8> = [0, 1, 29].into_iter().chain(39..=49).chain([52]).chain(56..=99).collect();
        assert_eq!(by_class(Limited), limited);
    }

    #[test]
    fn names_are_found_and_numbers_are_in_order() {
        assert!(ERRORS.is_sorted_by_key(|(code, ..)| *code));
        assert_eq!((name(6), name(29), name(91)), ("AdC invalid", "unknown code", "the operator's own code"));
        assert_eq!(
            (reason(107), reason(206), reason(999)),
            ("absent subscriber", "invalid destination", "unknown reason")
        );
        assert!((0..=999).all(|code| !reason(code).is_empty()));
    }
}
