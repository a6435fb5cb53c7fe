//! What the message sequences of a central mean (TAP 1.8, section "message sequences"): one table.

use domain::routing::FailureClass;

/// What a message sequence means for the page or the call that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// To be read and no more.
    Info,
    /// The central is busy with what it has: wait longer.
    Wait,
    /// It takes no more in this call; the next call does.
    CallIsFull,
    /// Taken.
    Taken,
    /// Taken, and something was cut off.
    Cut,
    /// The page is refused.
    Page(FailureClass),
    /// The call went wrong: the page goes in the next.
    Call,
    /// The log-on is refused: somebody has to look at the settings.
    LogOn,
    /// The block came damaged: again.
    Block,
}

/// The table: number, meaning, and what it says.
const CODES: &[(u16, Meaning, &str)] = {
    use FailureClass::{Permanent, Temporary};
    &[
        (110, Meaning::Info, "protocol version"),
        (111, Meaning::Wait, "busy with the previous input"),
        (112, Meaning::CallIsFull, "no more pages in this call"),
        (113, Meaning::CallIsFull, "the time of this call is over"),
        (114, Meaning::Info, "welcome"),
        (115, Meaning::Info, "goodbye"),
        (211, Meaning::Taken, "page sent"),
        (212, Meaning::Cut, "long message, cut and sent"),
        (213, Meaning::Taken, "taken, sent later"),
        (214, Meaning::Cut, "cut to the longest length"),
        (501, Meaning::Call, "time-out waiting for input"),
        (502, Meaning::Call, "unexpected characters"),
        (503, Meaning::Call, "too many damaged blocks"),
        (504, Meaning::Page(Permanent), "this pager takes no text"),
        (505, Meaning::Page(Permanent), "this pager takes no letters"),
        (506, Meaning::Call, "too many pages that were not valid"),
        (507, Meaning::LogOn, "the log-on has a wrong form"),
        (508, Meaning::LogOn, "no such service"),
        (509, Meaning::LogOn, "wrong password"),
        (510, Meaning::Page(Permanent), "the pager's id is not allowed"),
        (511, Meaning::Page(Permanent), "there is no such pager"),
        (512, Meaning::Page(Temporary), "cannot be delivered at the moment"),
        (513, Meaning::Page(Permanent), "the message is too long"),
        (514, Meaning::Block, "wrong checksum"),
        (515, Meaning::Page(Permanent), "the message has a wrong form"),
        (516, Meaning::Page(Temporary), "the pager's share is used up for now"),
        (517, Meaning::Page(Permanent), "the message is too long"),
    ]
};

/// What a code means and says. One that is not known: its hundred decides (1 info, 2 taken, 5 refused, three tries).
#[must_use]
pub fn meaning(code: u16) -> (Meaning, &'static str) {
    match CODES.iter().find(|(known, _, _)| *known == code) {
        Some((_, meaning, text)) => (*meaning, text),
        None if code / 100 == 2 => (Meaning::Taken, "taken"),
        None if code / 100 == 5 => (Meaning::Page(FailureClass::Limited), "refused"),
        None => (Meaning::Info, "not known"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_once_and_the_unknown_by_their_hundred() {
        assert!(CODES.is_sorted_by(|a, b| a.0 < b.0));
        for (code, expect) in [
            (113, Meaning::CallIsFull),
            (211, Meaning::Taken),
            (509, Meaning::LogOn),
            (511, Meaning::Page(FailureClass::Permanent)),
            (516, Meaning::Page(FailureClass::Temporary)),
            (199, Meaning::Info),
            (299, Meaning::Taken),
            (599, Meaning::Page(FailureClass::Limited)),
        ] {
            assert_eq!(meaning(code).0, expect, "{code}");
        }
    }
}
