//! Kannel's dlr-url: fetched by GET with its escapes filled in.
//!
//! In a report Kannel's sender (`%p`) is the phone that got the message and its receiver (`%P`) the originator of the message.
//! Everything filled in is percent-encoded, so that nothing of a message can become part of the URL. A `%` before another
//! character stays as it is (it belongs to the URL), `%%` is one.

use bytes::Bytes;
use domain::Timestamp;
use domain::message::{DlrMask, Message};
use domain::state::State;
use http::Method;
use ports::driven::{Handoff, MessageRecord};
use std::fmt::Write as _;
use web_kit::Call;
use web_kit::handing::{event_id, headers};

/// The call; `None` when the mask does not ask for this event.
pub(super) fn call(
    url: &str,
    mask: DlrMask,
    handoff: &Handoff,
    record: &MessageRecord,
    now: Timestamp,
) -> Option<Call> {
    let state = State::from_code(handoff.key.event).unwrap_or(record.state);
    let report = Report { bit: event(mask, state, record)?, state, record, id: event_id(handoff), now };
    let url = report.fill(url);
    Some(Call { method: Method::GET, url, headers: headers(handoff, None), body: Bytes::new() })
}

/// What ended without ever being with the operator is a refusal (16) for who asked for that, else a failure (2).
fn event(mask: DlrMask, state: State, record: &MessageRecord) -> Option<u8> {
    let never_sent =
        record.sent_at.is_none() && matches!(state, State::Failed | State::Expired | State::Cancelled);
    if never_sent && mask.0 & 16 != 0 { Some(16) } else { mask.event(state) }
}

struct Report<'a> {
    bit: u8,
    state: State,
    record: &'a MessageRecord,
    id: String,
    now: Timestamp,
}

impl Report<'_> {
    fn fill(&self, pattern: &str) -> String {
        let mut url = String::with_capacity(pattern.len() + 64);
        let mut chars = pattern.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                url.push(c);
                continue;
            }
            let next = chars.clone().next();
            match next.and_then(|letter| self.value(letter)) {
                Some(value) => {
                    chars.next();
                    escape(&mut url, &value);
                }
                None if next == Some('%') => {
                    chars.next();
                    url.push('%');
                }
                None => url.push('%'),
            }
        }
        url
    }

    fn value(&self, letter: char) -> Option<String> {
        let message: &Message = &self.record.message;
        let part = self.record.parts.as_slice().last();
        let originator = || message.originator.as_ref().map(ToString::to_string).unwrap_or_default();
        Some(match letter {
            'd' => self.bit.to_string(),
            'p' => message.recipient.to_string(),
            'P' => originator(),
            'q' => plus(&message.recipient.to_string()),
            'Q' => plus(&originator()),
            't' => self.now.strftime("%Y-%m-%d %H:%M").to_string(),
            'T' => self.now.as_second().to_string(),
            'i' => self.record.link.to_string(),
            'I' => message.id.to_string(),
            'A' => self.answer(),
            'F' => part.map(|part| part.operator_id.clone()).unwrap_or_default(),
            'n' => message.user.to_string(),
            'o' => message.dimensions.cost_centre.clone(),
            'D' => format!("?omnigate?event_id={}", self.id),
            'c' => if message.body.alphabet().name() == "ucs2" { "2" } else { "0" }.to_owned(),
            'C' => "UTF-8".to_owned(),
            'a' | 'b' | 'r' | 's' | 'S' | 'k' | 'u' | 'm' | 'M' | 'B' | 'f' => String::new(),
            _ => return None,
        })
    }

    /// What the operator said: its error, or the state in the words of a receipt.
    fn answer(&self) -> String {
        if !self.record.error.is_empty() {
            return self.record.error.clone();
        }
        let word = match self.state {
            State::Delivered => "DELIVRD",
            State::Expired => "EXPIRED",
            State::Cancelled => "DELETED",
            State::Failed => "UNDELIV",
            State::Unknown => "UNKNOWN",
            State::Sent => "ACK/",
            State::Scheduled | State::Queued | State::Sending => "",
        };
        word.to_owned()
    }
}

/// `%q` and `%Q`: an international prefix as a plus sign. Our numbers have none, so it is put there.
fn plus(number: &str) -> String {
    let digits = number.len() > 6 && number.bytes().all(|b| b.is_ascii_digit());
    if digits { format!("+{number}") } else { number.to_owned() }
}

/// All but the unreserved characters of RFC 3986.
fn escape(url: &mut String, value: &str) {
    for octet in value.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            url.push(char::from(octet));
        } else {
            let _ = write!(url, "%{octet:02X}");
        }
    }
}
