//! The HTTP doors with everything behind them mocked: wire in → call, result → wire out.

mod abuse;
mod calling;
mod forms;
mod kannel;
mod looking;
mod operator;
mod pages;
mod sending;

use axum::Router;
use axum::body::Body;
use domain::Timestamp;
use domain::access::Sender;
use domain::message::{Door, MessageId, SubmissionId};
use domain::refusal::{Code, Refusal};
use domain::state::State;
use domain::submission::{Accepted, AcceptedMessage, RefusedRecipient, Request};
use domain::text::Alphabet;
use fakes::{ManualClock, samples};
use http::{HeaderMap, HeaderName};
use http_body_util::BodyExt;
use http_door::{Config, Doors, router};
use ports::driving::{Credentials, MockAuthenticate, MockQueryMessages, MockSubmitMessages};
use secrecy::ExposeSecret;
use std::sync::{Arc, Mutex};
use tower::ServiceExt;
use web_kit::Caller;

const NOW: &str = "2026-11-23T09:00:00Z";

fn now() -> Timestamp {
    NOW.parse().expect("time")
}

/// `crm` with his password or key, or from 10.0.0.1 without either.
fn authenticate() -> MockAuthenticate {
    let mut auth = MockAuthenticate::new();
    auth.expect_authenticate().returning(|credentials, peer, door| {
        let right = match credentials {
            Credentials::Password { user, password } => {
                user == "crm" && password.expose_secret() == "hemligt"
            }
            Credentials::Key(key) => key.expose_secret() == "nyckel",
            Credentials::None => peer.to_string() == "10.0.0.1",
        };
        let sender = Sender::internal(Arc::new(samples::user("crm")), door);
        if right { Ok(sender) } else { Err(Refusal::new(Code::NotAuthenticated)) }
    });
    auth
}

fn doors(submit: MockSubmitMessages, query: MockQueryMessages) -> Router {
    router(Doors {
        auth: Arc::new(authenticate()),
        submit: Arc::new(submit),
        query: Arc::new(query),
        clock: Arc::new(ManualClock::new(now())),
        config: Config::default(),
    })
}

/// What reached the inside, and by which door.
type Asked = Arc<Mutex<Vec<(Door, Request)>>>;

/// Doors whose submit answers the same always, and what was asked of it.
fn sending(answer: Result<Accepted, Refusal>) -> (Router, Asked) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let mut submit = MockSubmitMessages::new();
    submit.expect_submit().returning(move |sender, request| {
        seen.lock().expect("lock").push((sender.door(), request));
        answer.clone()
    });
    (doors(submit, MockQueryMessages::new()), asked)
}

fn accepted(to: &[&str], refused: &[(&str, Code)]) -> Accepted {
    let message = |(n, to): (usize, &&str)| AcceptedMessage {
        id: MessageId(4_711_000_000_000_000_000 + i64::try_from(n).expect("small")),
        to: (*to).to_owned(),
        segments: 1,
        alphabet: Alphabet::Gsm7,
        state: State::Queued,
    };
    let refuse = |(input, code): &(&str, Code)| RefusedRecipient {
        input: (*input).to_owned(),
        refusal: Refusal::field(*code, "to", ""),
    };
    let messages = to.iter().enumerate().map(message).collect();
    Accepted::after_commit(SubmissionId(1), messages, refused.iter().map(refuse).collect(), false)
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// Status, the headers that say something, and the body, indented when it is JSON.
    fn show(&self) -> String {
        let mut text = format!("{}\n", self.status);
        let mut names: Vec<_> = self.headers.keys().map(|name| name.as_str().to_owned()).collect();
        names.sort();
        for name in names.iter().filter(|name| *name != "content-length") {
            text.push_str(&format!("{name}: {}\n", self.header(name)));
        }
        let json: Result<serde_json::Value, _> = serde_json::from_str(&self.body);
        let body =
            json.and_then(|value| serde_json::to_string_pretty(&value)).unwrap_or_else(|_| self.body.clone());
        format!("{text}\n{body}")
    }
}

/// A request to be asked.
struct Ask(http::request::Builder, Vec<u8>);

impl Ask {
    fn new(method: &str, uri: &str) -> Self {
        Self(http::Request::builder().method(method).uri(uri), Vec::new()).header("accept-language", "en")
    }

    fn get(uri: &str) -> Self {
        Self::new("GET", uri)
    }

    fn json(uri: &str, body: &str) -> Self {
        Self::new("POST", uri).header("content-type", "application/json").body(body.as_bytes()).crm()
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        if let Some(headers) = self.0.headers_mut() {
            headers.insert(HeaderName::try_from(name).expect("name"), value.parse().expect("value"));
        }
        self
    }

    fn body(mut self, body: &[u8]) -> Self {
        self.1 = body.to_vec();
        self
    }

    /// `crm:hemligt`.
    fn crm(self) -> Self {
        self.header("authorization", "Basic Y3JtOmhlbWxpZ3Q=")
    }

    async fn of(self, app: &Router) -> Answer {
        self.from("192.0.2.1", app).await
    }

    async fn from(self, address: &str, app: &Router) -> Answer {
        let caller = Caller { address: address.parse().expect("address"), https: false };
        let request = self.0.extension(caller).body(Body::from(self.1)).expect("request");
        let response = app.clone().oneshot(request).await.expect("never fails");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("body").to_bytes();
        let body = String::from_utf8(body.to_vec()).expect("UTF-8");
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }
}
