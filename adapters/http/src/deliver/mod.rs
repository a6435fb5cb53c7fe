//! Handing over by HTTP: what became of a message, to its sender; a received message, to a program.
//!
//! One try each; when to try again is the application's. The event id stands in a header and the body, the same at each try, so that
//! the receiver can tell a repetition.

mod json;
mod kannel;
mod received;

use async_trait::async_trait;
use domain::directory::UserName;
use domain::message::Callback;
use domain::mo::Destination;
use ports::driven::{Answer, Clock, Content, Deliver, Handoff, HandoffError};
use std::sync::Arc;
use web_kit::handing::{Secrets, hand_over};
use web_kit::{Call, HttpClient, Reply};

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
    /// What calls are signed with.
    pub secrets: Secrets,
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
        hand_over(&self.client, call).await
    }
}

#[async_trait]
impl Deliver for HttpDeliver {
    async fn deliver(&self, handoff: &Handoff) -> Result<Answer, HandoffError> {
        let now = self.clock.now();
        match &handoff.content {
            Content::State { callback: Callback::Json { url, .. }, record } => {
                let secret = self.options.secrets.of(Some(record.message.user.as_str()));
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
                let secret = self.options.secrets.of(user.as_ref().map(UserName::as_str));
                let reply =
                    self.call(received::call(url, handoff, mo, self.options.mo_form, secret, now)).await?;
                Ok(received::answer(&reply))
            }
            Content::State { callback: Callback::Mail { .. } | Callback::ParlayX(_), .. }
            | Content::Mo { destination: Destination::Mail(_) | Destination::ParlayX(_), .. } => {
                Err(HandoffError::Permanent("handed over by mail or SOAP, not here".to_owned()))
            }
        }
    }
}
