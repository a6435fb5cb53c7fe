//! The door with mocked ports behind it, and a caller in front.

use axum::body::Body;
use domain::access::Sender;
use domain::directory::{User, UserName};
use domain::message::{Door, MessageId, SubmissionId};
use domain::refusal::{Code, Refusal};
use domain::state::State;
use domain::submission::{Accepted, AcceptedMessage, RefusedRecipient, Request};
use domain::text::Alphabet;
use domain::{Language, Timestamp};
use http::{HeaderMap, Method, Request as HttpRequest};
use ports::driven::{Clock, Ids};
use ports::driving::{
    Credentials, MockAuthenticate, MockQueryMessages, MockSubmitMessages, MockSubscribeReceived,
};
use secrecy::ExposeSecret;
use soap::{Config, Doors, router};
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt;
use web_kit::Caller;

pub const NOW: &str = "2026-11-23T08:00:00Z";
pub const V11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
pub const V12: &str = "http://www.w3.org/2003/05/soap-envelope";

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        NOW.parse().expect("now")
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

/// Always the same number.
struct Seven;

impl Ids for Seven {
    fn next(&self) -> i64 {
        7
    }

    fn fill(&self, octets: &mut [u8]) {
        octets.fill(7);
    }
}

/// What came back.
#[derive(Debug)]
pub struct Got {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Got {
    /// One line an element, for snapshots.
    pub fn lines(&self) -> String {
        format!("{} {}\n{}", self.status, self.header("content-type"), self.body.replace("><", ">\n<"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// The text of the first element of a name.
    pub fn value(&self, name: &str) -> Option<&str> {
        let (_, rest) = self.body.split_once(&format!("<{name}>"))?;
        rest.split_once("</").map(|(value, _)| value)
    }
}

/// The door and its ports.
pub struct Stage {
    pub auth: MockAuthenticate,
    pub submit: MockSubmitMessages,
    pub query: MockQueryMessages,
    pub subscribe: MockSubscribeReceived,
    pub config: Config,
    pub caller: Caller,
}

impl Stage {
    /// Lets `crm` / `hemligt` and the key `og_key` in, and nobody else.
    pub fn new() -> Self {
        let mut auth = MockAuthenticate::new();
        auth.expect_authenticate().returning(|credentials, _, door| {
            assert_eq!(door, Door::Soap);
            let good = match credentials {
                Credentials::Password { user, password } => {
                    user == "crm" && password.expose_secret() == "hemligt"
                }
                Credentials::Key(key) => key.expose_secret() == "og_key",
                Credentials::None => false,
            };
            if good { Ok(sender()) } else { Err(Refusal::new(Code::NotAuthenticated)) }
        });
        let config = Config { language: Language::English, ..Config::default() };
        let caller = Caller { address: [127, 0, 0, 1].into(), https: false };
        Self {
            auth,
            submit: MockSubmitMessages::new(),
            query: MockQueryMessages::new(),
            subscribe: MockSubscribeReceived::new(),
            config,
            caller,
        }
    }

    /// Accepts one submission like this one.
    pub fn expecting(mut self, expected: Request) -> Self {
        self.submit
            .expect_submit()
            .times(1)
            .withf(move |_, request| *request == expected)
            .returning(|_, r| Ok(accepted(&r)));
        self
    }

    /// Sends a request; a header that is empty is left out.
    pub async fn send(
        self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Got {
        let doors = Doors {
            auth: Arc::new(self.auth),
            submit: Arc::new(self.submit),
            query: Arc::new(self.query),
            subscribe: Arc::new(self.subscribe),
            ids: Arc::new(Seven),
            clock: Arc::new(Still),
            config: self.config,
        };
        let mut request = HttpRequest::builder().method(method).uri(target).extension(self.caller);
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, *value);
        }
        let response =
            router(doors).oneshot(request.body(body.into()).expect("request")).await.expect("response");
        let (parts, body) = response.into_parts();
        let octets = axum::body::to_bytes(body, 64 << 20).await.expect("body");
        Got {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: String::from_utf8(octets.to_vec()).expect("utf-8"),
        }
    }

    /// Posts a document as it stands to our own service, with the login by Basic.
    pub async fn post(self, document: impl Into<Body>) -> Got {
        self.post_to("/soap/gateway", document).await
    }

    /// Posts a document as it stands, with the login by Basic.
    pub async fn post_to(self, path: &str, document: impl Into<Body>) -> Got {
        let headers = [
            ("content-type", "text/xml; charset=utf-8"),
            ("authorization", &basic("crm", "hemligt")),
            ("soapaction", "\"\""),
        ];
        self.send(Method::POST, path, &headers, document).await
    }

    /// Posts a Body's content in SOAP 1.1, with the login by Basic.
    pub async fn call(self, content: &str) -> Got {
        self.post(envelope(V11, "", content)).await
    }
}

pub fn basic(user: &str, password: &str) -> String {
    use base64::Engine;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")))
}

pub fn envelope(version: &str, header: &str, body: &str) -> String {
    let header = if header.is_empty() { String::new() } else { format!("<e:Header>{header}</e:Header>") };
    format!(
        "<e:Envelope xmlns:e=\"{version}\" xmlns:g=\"urn:omnigate:gateway:1\">{header}<e:Body>{body}</e:Body></e:Envelope>"
    )
}

pub fn sender() -> Sender {
    Sender::internal(Arc::new(User::named(UserName::parse("crm").expect("name"))), Door::Soap)
}

/// An answer that takes every recipient but those that begin with a letter.
pub fn accepted(request: &Request) -> Accepted {
    let (bad, good): (Vec<&String>, Vec<&String>) =
        request.to.iter().partition(|to| to.starts_with(char::is_alphabetic));
    let messages = good.iter().zip(101..).map(|(to, id)| AcceptedMessage {
        id: MessageId(id),
        to: (*to).clone(),
        segments: 1,
        alphabet: Alphabet::Gsm7,
        state: State::Queued,
    });
    let refused = bad.into_iter().map(|to| RefusedRecipient {
        input: to.clone(),
        refusal: Refusal::field(Code::InvalidNumber, "to", ""),
    });
    Accepted::after_commit(SubmissionId(7), messages.collect(), refused.collect(), false)
}
