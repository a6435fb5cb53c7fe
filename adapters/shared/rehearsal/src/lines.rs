//! The journal's lines of what came and what was delivered.

use crate::hub::{Delivery, Hub, Report};
use crate::journal::Line;
use crate::speech::Submitted;

/// The word for what became of a message.
fn word(report: &Report) -> &'static str {
    if report.deleted {
        "DELETED"
    } else if report.failed {
        "UNDELIV"
    } else {
        "DELIVRD"
    }
}

/// A submit.
pub(crate) fn submitted(hub: &Hub, session: u64, number: u64, submit: &impl Submitted, id: &str) -> Line {
    let (part, parts) = submit.place();
    hub.line("submit")
        .number("session", session)
        .number("seq", number)
        .text("from", &submit.from())
        .text("to", &submit.to())
        .text("text", &submit.text())
        .number("part", u64::from(part))
        .number("parts", u64::from(parts))
        .text("message_id", id)
}

/// A delivery that was answered, or not.
pub(crate) fn delivered(hub: &Hub, session: u64, delivery: &Delivery, answer: Option<u32>) -> Line {
    let mo = |from: &str, to: &str, text: &str| {
        hub.line("mo")
            .number("session", session)
            .text("from", from)
            .text("to", to)
            .text("text", text)
            .maybe("answer", answer)
    };
    match delivery {
        Delivery::Receipt(report) => hub
            .line("receipt")
            .number("session", session)
            .text("message_id", &report.message_id)
            .text("to", &report.phone)
            .text("state", word(report))
            .maybe("answer", answer),
        Delivery::Mo { from, to, text, .. } => mo(from, to, text),
        Delivery::Part { from, to, segment, .. } => mo(from, to, &segment.body.text()),
    }
}
