//! The journal that the SMPP simulator writes: one JSON object a line, in the order in which things happened at the
//! operator. Reading is tolerant: unknown events and fields are skipped, a half-written last line waits for its end.

use serde_json::Value;
use std::fs;
use std::path::Path;

/// One thing that happened at the simulated operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// The simulator listens here.
    Listening {
        /// Host and port.
        address: String,
    },
    /// A client logged in.
    Bound {
        /// Number of the session, never used twice.
        session: u64,
    },
    /// A session ended.
    Closed {
        /// Its number.
        session: u64,
    },
    /// A submit came.
    Submit {
        /// When, in ms since 1970.
        at_ms: u64,
        /// On which session.
        session: u64,
        /// The submit's sequence number.
        seq: u64,
        /// Originator.
        from: String,
        /// Recipient as it stood on the wire.
        to: String,
        /// Text of this part, decoded.
        text: String,
        /// Which part, from 1; 1 when not concatenated.
        part: u64,
        /// Of how many.
        parts: u64,
        /// The id that the operator gave or will give.
        message_id: String,
    },
    /// A submit was answered.
    Reply {
        /// On which session.
        session: u64,
        /// The answered submit's sequence number.
        seq: u64,
        /// The status; 0 is taken.
        status: u64,
    },
    /// Something was answered that the simulator did not deliver by itself: octets that a story gave it.
    Answer {
        /// On which session.
        session: u64,
        /// Its sequence number.
        seq: u64,
        /// The status; 0 is taken.
        status: u64,
    },
    /// A receipt was sent and answered, or not.
    Receipt {
        /// The operator's id of the message.
        message_id: String,
        /// `DELIVRD`, `UNDELIV`, …
        state: String,
        /// The answer's status; nothing when the link died first.
        answer: Option<u64>,
    },
    /// A received message was sent to the gateway and answered, or not.
    Mo {
        /// The phone's number.
        from: String,
        /// The number it was sent to.
        to: String,
        /// Its text.
        text: String,
        /// The answer's status; nothing when the link died first.
        answer: Option<u64>,
    },
}

/// Everything in the file so far.
#[must_use]
pub fn read(path: &Path) -> Vec<Entry> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().filter_map(entry).collect()
}

fn entry(line: &str) -> Option<Entry> {
    let value: Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = |name: &str| value.get(name).and_then(Value::as_u64);
    let session = number("session").unwrap_or(0);
    Some(match value.get("event")?.as_str()? {
        "listening" => Entry::Listening { address: text("address") },
        "bind" | "bound" => Entry::Bound { session },
        "closed" => Entry::Closed { session },
        "submit" => Entry::Submit {
            at_ms: number("at_ms").unwrap_or(0),
            session,
            seq: number("seq")?,
            from: text("from"),
            to: text("to"),
            text: text("text"),
            part: number("part").unwrap_or(1),
            parts: number("parts").unwrap_or(1),
            message_id: text("message_id"),
        },
        "reply" => Entry::Reply { session, seq: number("seq")?, status: number("status").unwrap_or(0) },
        "answer" => Entry::Answer { session, seq: number("seq")?, status: number("status").unwrap_or(0) },
        "receipt" => {
            Entry::Receipt { message_id: text("message_id"), state: text("state"), answer: number("answer") }
        }
        "mo" => {
            Entry::Mo { from: text("from"), to: text("to"), text: text("text"), answer: number("answer") }
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Entry, entry, read};

    #[test]
    fn lines_become_entries() {
        let line = r#"{"at_ms":7,"event":"submit","session":2,"seq":5,"from":"A","to":"46","text":"x","message_id":"ab"}"#;
        assert_eq!(
            entry(line),
            Some(Entry::Submit {
                at_ms: 7,
                session: 2,
                seq: 5,
                from: "A".into(),
                to: "46".into(),
                text: "x".into(),
                part: 1,
                parts: 1,
                message_id: "ab".into()
            })
        );
        let unanswered = r#"{"event":"receipt","message_id":"ab","state":"DELIVRD","answer":null}"#;
        assert_eq!(
            entry(unanswered),
            Some(Entry::Receipt { message_id: "ab".into(), state: "DELIVRD".into(), answer: None })
        );
        assert_eq!(entry("{\"event\":\"news\"}"), None);
        assert_eq!(entry("{half"), None);
    }

    #[test]
    fn a_half_written_line_waits() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("journal");
        std::fs::write(&path, "{\"event\":\"bound\",\"session\":1}\n{\"event\":\"closed\",\"session\":1}")
            .expect("written");
        assert_eq!(read(&path), [Entry::Bound { session: 1 }]);
        assert!(read(&directory.path().join("absent")).is_empty());
    }
}
