//! Received messages to a program: a POST, whose answer may be a text to send back.

use super::MoForm;
use super::json::signed;
use crate::api::{MoView, mo_view};
use crate::media;
use bytes::Bytes;
use domain::Timestamp;
use domain::mo::Mo;
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use http::{Method, StatusCode};
use ports::driven::{Answer, Handoff};
use secrecy::SecretString;
use serde::Serialize;
use url::form_urlencoded::Serializer;
use web_kit::handing::{event_id, headers, sign};
use web_kit::{Call, Reply};

/// More than anybody sends back in one SMS: the longest text the gateway takes.
const LONGEST_ANSWER: usize = 255 * 160;

#[derive(Serialize)]
struct ReceivedEvent {
    event: &'static str,
    event_id: String,
    message: MoView,
}

/// The call that hands a received message over.
pub(super) fn call(
    url: &str,
    handoff: &Handoff,
    mo: &Mo,
    form: MoForm,
    secret: Option<&SecretString>,
    now: Timestamp,
) -> Call {
    let message = mo_view(mo);
    match form {
        MoForm::Json => {
            let event = ReceivedEvent { event: "message.received", event_id: event_id(handoff), message };
            signed(url, handoff, &event, secret, now)
        }
        MoForm::Form => {
            let body = Serializer::new(String::new())
                .extend_pairs([
                    ("event_id", event_id(handoff).as_str()),
                    ("id", &message.id),
                    ("from", &message.from),
                    ("to", &message.to),
                    ("text", &message.text),
                    ("data", message.data.as_deref().unwrap_or_default()),
                    ("link", &message.link),
                    ("received_at", &message.received_at),
                ])
                .finish();
            let mut headers = headers(handoff, Some("application/x-www-form-urlencoded; charset=utf-8"));
            sign(&mut headers, body.as_bytes(), secret, now);
            Call { method: Method::POST, url: url.to_owned(), headers, body: Bytes::from(body) }
        }
    }
}

/// A plain text in the answer is sent back; anything else is no answer.
pub(super) fn answer(reply: &Reply) -> Answer {
    let kind = reply.content_type.split(';').next().unwrap_or_default();
    let plain = kind.trim().eq_ignore_ascii_case("text/plain");
    if !plain || reply.status == StatusCode::NO_CONTENT {
        return Answer::default();
    }
    let label = media::charset(&reply.content_type);
    let named = label.and_then(|label| Encoding::for_label(label.as_bytes()));
    let (text, _, broken) = named.unwrap_or(UTF_8).decode(&reply.body);
    // What names no set and is no UTF-8 comes from a program that writes as Windows and HTTP did.
    let text = if named.is_none() && broken { WINDOWS_1252.decode(&reply.body).0 } else { text };
    let text: String = text.trim().chars().take(LONGEST_ANSWER).collect();
    Answer { text: (!text.is_empty()).then_some(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_text_is_sent_back() {
        let cases: [(&str, &'static [u8], Option<&str>); 10] = [
            ("text/plain", b" Tack!\r\n", Some("Tack!")),
            ("text/plain; charset=utf-8", "Då".as_bytes(), Some("Då")),
            ("text/plain; charset=\"ISO-8859-1\"", b"D\xe5", Some("Då")),
            ("Text/Plain; Charset=iso-8859-1", b"D\xe5", Some("Då")),
            ("text/plain", b"D\xe5 \x80", Some("Då €")),
            ("text/plain", "Då €".as_bytes(), Some("Då €")),
            ("text/plain", b"", None),
            ("text/plain", b" \n", None),
            ("text/html", b"<p>OK</p>", None),
            ("", b"OK", None),
        ];
        for (content_type, body, expected) in cases {
            let reply = Reply {
                status: StatusCode::OK,
                content_type: content_type.to_owned(),
                retry_after: None,
                body: Bytes::from_static(body),
            };
            assert_eq!(answer(&reply).text.as_deref(), expected, "{content_type}");
        }
    }
}
