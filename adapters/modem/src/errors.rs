//! What the error codes of modems mean for a message (3GPP TS 27.005 section 3.2.5, 24.011 annex E, 27.007 section 9.2).
//!
//! A pure table: it never decides what is done about a class. Unknown and vendor codes are tried a limited number of times.

use domain::routing::{Failure, FailureClass};

/// Whose numbering a code belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `+CMS ERROR`: message service.
    Cms,
    /// `+CME ERROR`: equipment.
    Cme,
}

/// What a code means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// The same would happen again, by any link.
    Permanent,
    /// Worth a few tries; unknown codes too.
    Limited,
    /// May work later.
    Temporary,
    /// The SIM or the modem asks for a pause: the same message again, after it. A network or a centre that has too much to do is
    /// [`Self::Temporary`]: how long that lasts nobody knows, and another link may do better meanwhile.
    Throttled,
    /// The SIM, the modem or the network is out of service: no message can be sent now.
    Link,
    /// The memory for messages is full or broken: it is emptied before the next try.
    Memory,
    /// The modem and we have lost each other: its state is set again before the next try.
    Resync,
}

/// The class of a code.
#[must_use]
pub fn class(kind: Kind, code: u16) -> Class {
    match kind {
        Kind::Cms => cms(code).0,
        Kind::Cme => cme(code).0,
    }
}

/// A code as a failure of a message, in the words of the standard. Classes that are no fault of the message are temporary here.
#[must_use]
pub fn failure(kind: Kind, code: u16) -> Failure {
    let (name, (class, words)) = match kind {
        Kind::Cms => ("CMS", cms(code)),
        Kind::Cme => ("CME", cme(code)),
    };
    Failure {
        class: match class {
            Class::Permanent => FailureClass::Permanent,
            Class::Limited => FailureClass::Limited,
            Class::Throttled => FailureClass::Throttled,
            Class::Link => FailureClass::NotOffered,
            Class::Temporary | Class::Memory | Class::Resync => FailureClass::Temporary,
        },
        code: format!("{}-{code}", name.to_ascii_lowercase()),
        detail: format!("+{name} ERROR: {code}, {words}"),
    }
}

/// Whether a code says that the SIM is missing, locked or broken: what is wrong with it only a new connection finds out.
#[must_use]
pub fn is_sim_out(kind: Kind, code: u16) -> bool {
    let of_the_sim = match kind {
        Kind::Cms => 310..=318,
        Kind::Cme => 5..=18,
    };
    of_the_sim.contains(&code) && class(kind, code) == Class::Link
}

/// Whether a code says that the SIM is busy: the same command works a little later.
#[must_use]
pub fn is_sim_busy(kind: Kind, code: u16) -> bool {
    matches!((kind, code), (Kind::Cms, 314 | 515 | 532) | (Kind::Cme, 14))
}

/// Whether a code says that there is no message at a place.
#[must_use]
pub fn is_no_such_place(kind: Kind, code: u16) -> bool {
    matches!((kind, code), (Kind::Cms, 321) | (Kind::Cme, 21 | 22))
}

fn cms(code: u16) -> (Class, &'static str) {
    use Class::{Limited, Link, Memory, Permanent, Resync, Temporary, Throttled};
    match code {
        1 => (Permanent, "unassigned number"),
        8 => (Limited, "operator determined barring"),
        10 => (Limited, "call barred"),
        17 => (Temporary, "network failure"),
        21 => (Limited, "short message transfer rejected"),
        22 => (Temporary, "congestion"),
        27 => (Limited, "destination out of service"),
        28 => (Permanent, "unidentified subscriber"),
        29 => (Limited, "facility rejected"),
        30 => (Permanent, "unknown subscriber"),
        38 => (Temporary, "network out of order"),
        41 => (Temporary, "temporary failure"),
        42 => (Temporary, "congestion"),
        47 => (Temporary, "resources unavailable"),
        50 => (Limited, "requested facility not subscribed"),
        69 => (Limited, "requested facility not implemented"),
        81 => (Limited, "invalid short message transfer reference value"),
        95 => (Limited, "invalid message"),
        96 => (Limited, "invalid mandatory information"),
        97 => (Limited, "message type not implemented"),
        98 => (Limited, "message not compatible with the protocol state"),
        99 => (Limited, "information element not implemented"),
        111 => (Limited, "protocol error"),
        127 => (Limited, "interworking"),
        128 => (Permanent, "telematic interworking not supported"),
        129 => (Permanent, "short message type 0 not supported"),
        130 => (Permanent, "the short message cannot be replaced"),
        143 => (Permanent, "unspecified error of the protocol identifier"),
        144 => (Permanent, "data coding scheme not supported"),
        145 => (Permanent, "message class not supported"),
        159 => (Permanent, "unspecified error of the data coding scheme"),
        160 => (Permanent, "the command cannot be acted upon"),
        161 => (Permanent, "command not supported"),
        175 => (Permanent, "unspecified error of the command"),
        176 => (Permanent, "PDU not supported"),
        131..=142 | 146..=158 | 162..=174 => (Permanent, "reserved: protocol identifier, coding or command"),
        192 => (Temporary, "service centre busy"),
        193 => (Permanent, "no service centre subscription"),
        194 => (Temporary, "service centre system failure"),
        195 => (Permanent, "invalid address"),
        196 => (Permanent, "destination barred"),
        197 => (Permanent, "duplicate message rejected"),
        198 => (Permanent, "validity period format not supported"),
        199 => (Permanent, "validity period not supported"),
        208 => (Memory, "SIM storage full"),
        209 => (Memory, "no storage for messages in the SIM"),
        210 => (Memory, "error in the mobile station"),
        211 => (Memory, "memory capacity exceeded"),
        212 => (Temporary, "SIM application toolkit busy"),
        213 => (Memory, "SIM data download error"),
        255 => (Temporary, "unspecified error"),
        300 => (Temporary, "mobile equipment failure"),
        301 => (Temporary, "message service of the equipment reserved"),
        302 => (Resync, "operation not allowed"),
        303 => (Resync, "operation not supported"),
        304 => (Resync, "invalid PDU mode parameter"),
        305 => (Resync, "invalid text mode parameter"),
        310 => (Link, "SIM not inserted"),
        311 => (Link, "SIM PIN required"),
        312 => (Link, "PH-SIM PIN required"),
        313 => (Link, "SIM failure"),
        314 => (Throttled, "SIM busy"),
        315 => (Link, "SIM wrong"),
        316 => (Link, "SIM PUK required"),
        317 => (Link, "SIM PIN2 required"),
        318 => (Link, "SIM PUK2 required"),
        320 => (Memory, "memory failure"),
        321 => (Memory, "invalid memory index"),
        322 => (Memory, "memory full"),
        330 => (Limited, "service centre address unknown"),
        331 => (Link, "no network service"),
        332 => (Temporary, "network time-out"),
        340 => (Resync, "no acknowledgement expected"),
        500 => (Limited, "unknown error"),
        512 => (Temporary, "vendor: user abort or mobility failure"),
        513 => (Temporary, "vendor: lower layer failure"),
        514 => (Temporary, "vendor: connection protocol error"),
        515 => (Throttled, "vendor: busy, wait"),
        517 | 519 => (Resync, "vendor: bad character or length"),
        516 | 518 | 520..=529 | 531 => (Temporary, "vendor specific"),
        532 => (Throttled, "vendor: SIM not ready"),
        _ => (Limited, "unknown code"),
    }
}

fn cme(code: u16) -> (Class, &'static str) {
    use Class::{Limited, Link, Memory, Resync, Temporary, Throttled};
    match code {
        0 => (Resync, "phone failure"),
        1 => (Resync, "no connection to the phone"),
        2 => (Resync, "phone adaptor link reserved"),
        3 => (Resync, "operation not allowed"),
        4 => (Resync, "operation not supported"),
        5 => (Link, "PH-SIM PIN required"),
        6 => (Link, "PH-FSIM PIN required"),
        7 => (Link, "PH-FSIM PUK required"),
        10 => (Link, "SIM not inserted"),
        11 => (Link, "SIM PIN required"),
        12 => (Link, "SIM PUK required"),
        13 => (Link, "SIM failure"),
        14 => (Throttled, "SIM busy"),
        15 => (Link, "SIM wrong"),
        16 => (Link, "incorrect password"),
        17 => (Link, "SIM PIN2 required"),
        18 => (Link, "SIM PUK2 required"),
        20 => (Memory, "memory full"),
        21 => (Memory, "invalid index"),
        22 => (Memory, "not found"),
        23 => (Memory, "memory failure"),
        24 => (Resync, "text string too long"),
        25 => (Resync, "invalid characters in the text string"),
        26 => (Resync, "dial string too long"),
        27 => (Resync, "invalid characters in the dial string"),
        30 => (Link, "no network service"),
        31 => (Temporary, "network time-out"),
        32 => (Link, "network not allowed, emergency calls only"),
        40..=48 => (Link, "personalization lock"),
        100 => (Resync, "unknown"),
        _ => (Limited, "unknown code"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole table, so that a change of one row is seen.
    #[test]
    fn the_whole_table() {
        let rows = |kind: Kind, codes: std::ops::RangeInclusive<u16>| {
            let mut lines: Vec<(u16, u16, Class, String)> = Vec::new();
            for code in codes {
                let detail = failure(kind, code).detail;
                let words = detail.split_once(", ").map_or("", |(_, words)| words).to_owned();
                match lines.last_mut() {
                    Some((_, to, class, same))
                        if *to + 1 == code && *class == self::class(kind, code) && *same == words =>
                    {
                        *to = code;
                    }
                    _ => lines.push((code, code, class(kind, code), words)),
                }
            }
            let text = |(from, to, class, words): &(u16, u16, Class, String)| {
                format!("{kind:?} {from}..{to} {class:?}: {words}\n")
            };
            lines.iter().map(text).collect::<String>()
        };
        insta::assert_snapshot!(rows(Kind::Cms, 0..=600) + &rows(Kind::Cme, 0..=180));
    }

    #[test]
    fn what_a_code_says_of_the_sim_and_of_a_place() {
        use Kind::{Cme, Cms};
        for (kind, code, out, busy, nothing) in [
            (Cms, 310, true, false, false),
            (Cms, 314, false, true, false),
            (Cms, 318, true, false, false),
            (Cms, 321, false, false, true),
            (Cms, 331, false, false, false),
            (Cme, 11, true, false, false),
            (Cme, 14, false, true, false),
            (Cme, 22, false, false, true),
            (Cme, 30, false, false, false),
        ] {
            let found = (is_sim_out(kind, code), is_sim_busy(kind, code), is_no_such_place(kind, code));
            assert_eq!(found, (out, busy, nothing), "{kind:?} {code}");
        }
    }

    #[test]
    fn failures_name_their_code() {
        let failure = failure(Kind::Cms, 38);
        assert_eq!((failure.class, failure.code.as_str()), (FailureClass::Temporary, "cms-38"));
        assert_eq!(failure.detail, "+CMS ERROR: 38, network out of order");
    }
}
