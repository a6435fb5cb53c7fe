//! Handing over by HTTP: what became of a message, to its sender; a received message, to a program.
//!
//! One try each; when to try again is the application's. The event id stands in a header and the body, the same at each try, so that
//! the receiver can tell a repetition.

mod json;
mod kannel;
mod received;

use async_trait::async_trait;
use domain::message::Callback;
use domain::mo::Destination;
use http::{HeaderMap, HeaderName, HeaderValue};
use ports::driven::{Answer, Clock, Content, Deliver, Handoff, HandoffError};
use secrecy::SecretString;
use std::collections::HashMap;
use std::sync::Arc;
use web_kit::{Call, CallError, HttpClient, Reply};

/// In which form a received message is POSTed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MoForm {
    /// A JSON document, signed like every callback.
    #[default]
    Json,
    /// `application/x-www-form-urlencoded`, UTF-8.
    Form,
}

/// How to hand over.
#[derive(Debug, Clone, Default)]
pub struct DeliverOptions {
    /// Signs calls to users without a secret of their own, and messages that came in for nobody; `None` = unsigned.
    pub secret: Option<SecretString>,
    /// Users' own secrets, by name.
    pub user_secrets: HashMap<String, SecretString>,
    /// The form of received messages.
    pub mo_form: MoForm,
}

/// Hands over by HTTP.
pub struct HttpDeliver {
    client: HttpClient,
    clock: Arc<dyn Clock>,
    options: DeliverOptions,
}

impl HttpDeliver {
    /// Calls with `client`; the clock dates the signatures.
    #[must_use]
    pub fn new(client: HttpClient, clock: Arc<dyn Clock>, options: DeliverOptions) -> Self {
        Self { client, clock, options }
    }

    async fn call(&self, call: Call) -> Result<Reply, HandoffError> {
        let reply = self.client.call(call).await.map_err(|error| match error {
            CallError::Refused(text) => HandoffError::Permanent(text),
            CallError::NotConnected(text) | CallError::Unreachable(text) => HandoffError::Temporary(text),
        })?;
        match reply.status.as_u16() {
            200..300 => Ok(reply),
            // The one status that says "never again" (RFC 9110 15.5.11). Any other may be a program that is being set up, moved or mended.
            status @ 410 => Err(HandoffError::Permanent(format!("HTTP {status}"))),
            status => Err(HandoffError::Temporary(format!("HTTP {status}"))),
        }
    }

    fn secret_of(&self, user: &str) -> Option<&SecretString> {
        self.options.user_secrets.get(user).or(self.options.secret.as_ref())
    }
}

#[async_trait]
impl Deliver for HttpDeliver {
    async fn deliver(&self, handoff: &Handoff) -> Result<Answer, HandoffError> {
        let now = self.clock.now();
        match &handoff.content {
            Content::State { callback: Callback::Json { url, .. }, record } => {
                let secret = self.secret_of(record.message.user.as_str());
                self.call(json::state_call(url, handoff, record, secret, now))
                    .await
                    .map(|_| Answer::default())
            }
            Content::State { callback: Callback::Kannel { url, mask }, record } => {
                match kannel::call(url, *mask, handoff, record, now) {
                    Some(call) => self.call(call).await.map(|_| Answer::default()),
                    // Not asked for after all: there is nobody to tell.
                    None => Ok(Answer::default()),
                }
            }
            Content::Mo { destination: Destination::Url(url), mo, user } => {
                let options = &self.options;
                let secret =
                    user.as_ref().map_or(options.secret.as_ref(), |user| self.secret_of(user.as_str()));
                let reply =
                    self.call(received::call(url, handoff, mo, self.options.mo_form, secret, now)).await?;
                Ok(received::answer(&reply))
            }
            Content::State { callback: Callback::Mail { .. }, .. }
            | Content::Mo { destination: Destination::Mail(_), .. } => {
                Err(HandoffError::Permanent("mail is not handed over by HTTP".to_owned()))
            }
        }
    }
}

/// The name of the event, the same at each try.
fn event_id(handoff: &Handoff) -> String {
    format!("{}-{}", handoff.key.subject, handoff.key.event)
}

/// The headers of a call: the event's id and which try it is.
fn headers(handoff: &Handoff, content_type: Option<&'static str>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(4);
    if let Ok(id) = HeaderValue::from_str(&event_id(handoff)) {
        headers.insert(web_kit::EVENT_ID, id);
    }
    headers
        .insert(HeaderName::from_static("omnigate-attempt"), HeaderValue::from(u32::from(handoff.tries) + 1));
    if let Some(content_type) = content_type {
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    headers
}
