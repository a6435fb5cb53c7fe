//! The states that a receipt can tell: message_state (section 5.2.28), `stat:` of the text, and practice.

/// State of the message that a receipt is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ReceiptState {
    /// 0, SMPP 5.0: waits for its time.
    Scheduled,
    /// 1 ENROUTE.
    Enroute,
    /// 2 DELIVRD.
    Delivered,
    /// 3 EXPIRED.
    Expired,
    /// 4 DELETED: by the operator or by a cancel.
    Deleted,
    /// 5 UNDELIV.
    Undeliverable,
    /// 6 ACCEPTD: the SMSC has it; some say no more.
    Accepted,
    /// 7 UNKNOWN: the SMSC does not know and never will.
    Unknown,
    /// 8 REJECTD.
    Rejected,
    /// 9, SMPP 5.0: not sent on purpose.
    Skipped,
    /// BUFFRED, ACKED and other words for "still trying".
    Buffered,
    /// A word or number that nobody has explained, or none.
    Unrecognised,
}

/// What a state means to the one who sent the message.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StateClass {
    /// More will come.
    Pending,
    /// It arrived.
    Delivered,
    /// It did not, or nobody will ever know ([`ReceiptState::Unknown`]).
    Failed,
}

impl ReceiptState {
    /// From the optional parameter message_state.
    pub fn from_code(code: u8) -> ReceiptState {
        match code {
            0 => ReceiptState::Scheduled,
            1 => ReceiptState::Enroute,
            2 => ReceiptState::Delivered,
            3 => ReceiptState::Expired,
            4 => ReceiptState::Deleted,
            5 => ReceiptState::Undeliverable,
            6 => ReceiptState::Accepted,
            7 => ReceiptState::Unknown,
            8 => ReceiptState::Rejected,
            9 => ReceiptState::Skipped,
            _ => ReceiptState::Unrecognised,
        }
    }

    /// From the word after `stat:`, in any case, short or written out.
    pub fn from_word(word: &[u8]) -> ReceiptState {
        WORDS
            .iter()
            .find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(word))
            .map_or(ReceiptState::Unrecognised, |(_, state)| *state)
    }

    /// The word of the standard, seven letters at most; empty where it has none.
    pub fn word(self) -> &'static str {
        match self {
            ReceiptState::Scheduled => "SCHEDLD",
            ReceiptState::Enroute => "ENROUTE",
            ReceiptState::Delivered => "DELIVRD",
            ReceiptState::Expired => "EXPIRED",
            ReceiptState::Deleted => "DELETED",
            ReceiptState::Undeliverable => "UNDELIV",
            ReceiptState::Accepted => "ACCEPTD",
            ReceiptState::Unknown => "UNKNOWN",
            ReceiptState::Rejected => "REJECTD",
            ReceiptState::Skipped => "SKIPPED",
            ReceiptState::Buffered => "BUFFRED",
            ReceiptState::Unrecognised => "",
        }
    }

    /// What it means.
    pub fn class(self) -> StateClass {
        match self {
            ReceiptState::Delivered => StateClass::Delivered,
            ReceiptState::Expired
            | ReceiptState::Deleted
            | ReceiptState::Undeliverable
            | ReceiptState::Unknown
            | ReceiptState::Rejected
            | ReceiptState::Skipped => StateClass::Failed,
            ReceiptState::Scheduled
            | ReceiptState::Enroute
            | ReceiptState::Accepted
            | ReceiptState::Buffered
            | ReceiptState::Unrecognised => StateClass::Pending,
        }
    }

    /// Whether nothing more will come.
    pub fn is_final(self) -> bool {
        self.class() != StateClass::Pending
    }
}

/// The standard's words and those seen beside them.
const WORDS: &[(&str, ReceiptState)] = &[
    ("DELIVRD", ReceiptState::Delivered),
    ("DELIVERD", ReceiptState::Delivered),
    ("DELIVERED", ReceiptState::Delivered),
    ("ENROUTE", ReceiptState::Enroute),
    ("EXPIRED", ReceiptState::Expired),
    ("DELETED", ReceiptState::Deleted),
    ("UNDELIV", ReceiptState::Undeliverable),
    ("UNDELIVERABLE", ReceiptState::Undeliverable),
    ("UNDELIVERED", ReceiptState::Undeliverable),
    ("ACCEPTD", ReceiptState::Accepted),
    ("ACCEPTED", ReceiptState::Accepted),
    ("UNKNOWN", ReceiptState::Unknown),
    ("REJECTD", ReceiptState::Rejected),
    ("REJECTED", ReceiptState::Rejected),
    ("SKIPPED", ReceiptState::Skipped),
    ("SCHEDLD", ReceiptState::Scheduled),
    ("SCHEDULED", ReceiptState::Scheduled),
    ("ACKED", ReceiptState::Buffered),
    ("BUFFRED", ReceiptState::Buffered),
    ("BUFFERD", ReceiptState::Buffered),
    ("BUFFERED", ReceiptState::Buffered),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let check =
            |word: &str, expect| assert_eq!(ReceiptState::from_word(word.as_bytes()), expect, "{word}");
        check("DELIVRD", ReceiptState::Delivered);
        check("delivrd", ReceiptState::Delivered);
        check("Undelivered", ReceiptState::Undeliverable);
        check("ESME_RTHROTTLED", ReceiptState::Unrecognised);
        check("DELIV", ReceiptState::Unrecognised);
        check("", ReceiptState::Unrecognised);
    }

    #[test]
    fn numbers_and_words_agree() {
        for code in 0..=9 {
            let state = ReceiptState::from_code(code);
            assert_eq!(ReceiptState::from_word(state.word().as_bytes()), state);
        }
        assert_eq!(ReceiptState::from_code(10), ReceiptState::Unrecognised);
    }

    #[test]
    fn only_what_is_sure_is_final() {
        let ends: Vec<u8> = (0..=255).filter(|code| ReceiptState::from_code(*code).is_final()).collect();
        assert_eq!(ends, [2, 3, 4, 5, 7, 8, 9]);
    }
}
