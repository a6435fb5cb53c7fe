//! SmsNotification at the application (ES 202 391-4 section 8.3): notifySmsDeliveryReceipt and notifySmsReception, one try each.
//!
//! SOAP 1.1 with an empty SOAPAction, in the namespaces of the edition that the application spoke, with the event's id and our signature in
//! headers like every callback. Who answers with a fault is told again.

use super::{delivery, message};
use crate::config::Config;
use crate::version::Version;
use crate::xml::{Reader, Writer, charset};
use async_trait::async_trait;
use domain::directory::UserName;
use domain::message::{Callback, SimpleReference};
use domain::mo::Destination;
use domain::state::State;
use http::{HeaderName, HeaderValue, Method};
use ports::driven::{Answer, Clock, Content, Deliver, Handoff, HandoffError};
use secrecy::SecretString;
use std::sync::Arc;
use web_kit::handing::{self, Secrets};
use web_kit::{Call, HttpClient};

/// Tells applications of Parlay X.
pub struct ParlayXDeliver {
    client: HttpClient,
    clock: Arc<dyn Clock>,
    secrets: Secrets,
}

impl ParlayXDeliver {
    /// Calls with `client`; the clock dates the signatures.
    #[must_use]
    pub fn new(client: HttpClient, clock: Arc<dyn Clock>, secrets: Secrets) -> Self {
        Self { client, clock, secrets }
    }

    async fn call(
        &self,
        to: &SimpleReference,
        handoff: &Handoff,
        document: String,
        secret: Option<&SecretString>,
    ) -> Result<Answer, HandoffError> {
        let mut headers = handing::headers(handoff, Some(Version::V11.media_type()));
        headers.insert(HeaderName::from_static("soapaction"), HeaderValue::from_static("\"\""));
        handing::sign(&mut headers, document.as_bytes(), secret, self.clock.now());
        let call =
            Call { method: Method::POST, url: to.endpoint().to_owned(), headers, body: document.into() };
        let reply = handing::hand_over(&self.client, call).await?;
        match fault(&reply.body) {
            Some(text) => Err(HandoffError::Temporary(format!("SOAP fault: {text}"))),
            None => Ok(Answer::default()),
        }
    }
}

#[async_trait]
impl Deliver for ParlayXDeliver {
    async fn deliver(&self, handoff: &Handoff) -> Result<Answer, HandoffError> {
        match &handoff.content {
            Content::State { callback: Callback::ParlayX(to), record } => {
                let state = State::from_code(handoff.key.event).unwrap_or(record.state);
                let document = envelope(to, "l:notifySmsDeliveryReceipt", "l:deliveryStatus", |out| {
                    delivery(out, record, state);
                });
                let secret = self.secrets.of(Some(record.message.user.as_str()));
                self.call(to, handoff, document, secret).await
            }
            Content::Mo { mo, .. } if !mo.binary.is_empty() => Err(HandoffError::Permanent(
                "octets that are no text have no place in notifySmsReception".to_owned(),
            )),
            Content::Mo { destination: Destination::ParlayX(to), mo, user } => {
                let document = envelope(to, "l:notifySmsReception", "l:message", |out| message(out, mo));
                let secret = self.secrets.of(user.as_ref().map(UserName::as_str));
                self.call(to, handoff, document, secret).await
            }
            Content::State { .. } | Content::Mo { .. } => {
                Err(HandoffError::Permanent("not handed over by Parlay X".to_owned()))
            }
        }
    }
}

/// What a fault in an answer says. Node `soap` sends its faults with HTTP 200. An answer that is no envelope, or none at all, is no fault.
fn fault(answer: &[u8]) -> Option<String> {
    let text = charset::decode(answer, None).ok()?;
    let mut reader = Reader::new(&text, Config::default().limits(text.len()));
    reader.child().ok()?.filter(|root| root.local == "Envelope")?;
    let mut child = reader.child().ok()??;
    if child.local == "Header" {
        reader.skip().ok()?;
        child = reader.child().ok()??;
    }
    let body = child.local == "Body";
    reader.child().ok()?.filter(|inner| body && inner.local == "Fault")?;
    Some(said(&mut reader).unwrap_or_default())
}

/// The text for people in the fault that was just opened: `faultstring`, or `Reason/Text` (SOAP 1.2).
fn said(reader: &mut Reader<'_>) -> Option<String> {
    while let Some(child) = reader.child().ok()? {
        match child.local.as_str() {
            "faultstring" | "Text" => return Some(reader.text().ok()?.trim().chars().take(200).collect()),
            "Reason" => {}
            _ => reader.skip().ok()?,
        }
    }
    None
}

fn envelope(
    to: &SimpleReference,
    operation: &'static str,
    part: &'static str,
    fill: impl FnOnce(&mut Writer),
) -> String {
    let namespace =
        format!("http://www.csapi.org/schema/parlayx/sms/notification/{}/local", to.edition().as_str());
    let mut out = Writer::new();
    out.open("s:Envelope", &[("xmlns:s", Version::V11.namespace())])
        .open("s:Body", &[])
        .open(operation, &[("xmlns:l", &namespace)])
        .leaf("l:correlator", to.correlator())
        .open(part, &[]);
    fill(&mut out);
    out.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_whatever_their_status() {
        let soap = |version: Version, body: &str| {
            format!("<?xml version='1.0'?><s:Envelope xmlns:s='{}'>{body}</s:Envelope>", version.namespace())
        };
        let old = "<s:Body><s:Fault><faultcode>s:Server</faultcode><faultstring> not yet </faultstring></s:Fault></s:Body>";
        let new = "<s:Header><x/></s:Header><s:Body><s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text>not yet</s:Text></s:Reason></s:Fault></s:Body>";
        for (answer, expect) in [
            (soap(Version::V11, old), Some("not yet")),
            (soap(Version::V12, new), Some("not yet")),
            (soap(Version::V11, "<s:Body><s:Fault/></s:Body>"), Some("")),
            (soap(Version::V11, "<s:Body><notifySmsReceptionResponse/></s:Body>"), None),
            (soap(Version::V11, "<s:Body/>"), None),
            (String::new(), None),
            ("OK".to_owned(), None),
            ("<html><body>Fault</body></html>".to_owned(), None),
        ] {
            assert_eq!(fault(answer.as_bytes()).as_deref(), expect, "{answer}");
        }
    }
}
