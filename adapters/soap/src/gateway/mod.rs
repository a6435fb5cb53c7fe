//! Our own web service, described by `wsdl/gateway.wsdl`: every option that the JSON API has.

mod answer;
mod call;
mod sms;

use crate::batch::{self, AT_ONCE};
use crate::config::Config;
use crate::door::Doors;
use crate::fault;
use crate::form::Names;
use crate::port_type::{Asker, PortType};
use crate::trouble::Trouble;
use crate::wsdl::Description;
use crate::xml::{Element, Reader, Writer};
use answer::Answer;
use call::{Asked, Call};
use domain::Language;
use domain::access::Sender;
use domain::message::{Door, MessageId, MoId};
use domain::refusal::{Code, Refusal};
use domain::state::State;
use domain::submission::{Accepted, Request};
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::driven::{Filter, MessageRecord};
use ports::driving::{Credentials, Recalled};
use std::sync::Arc;

/// Where it is.
pub const PATH: &str = "/soap/gateway";
/// Namespace of the service's own messages; it changes only with what they mean.
pub(crate) const NAMESPACE: &str = "urn:omnigate:gateway:1";
/// What its elements are called.
const NAMES: Names = Names(NAMESPACE);
/// Its description.
pub(crate) static WSDL: Description =
    Description { text: include_str!("../../../../wsdl/gateway.wsdl"), path: PATH };
/// Messages that a reference may find.
const MOST_BY_REFERENCE: usize = 1000;

/// The service.
pub(crate) struct Gateway;

impl PortType for Gateway {
    type Call = Asked;

    fn read(reader: &mut Reader<'_>, operation: &Element, config: &Config) -> Result<Asked, Trouble> {
        call::read(reader, operation, config)
    }

    async fn serve(
        doors: &Doors,
        asked: Asked,
        asker: Asker<'_>,
        anonymous: &mut bool,
    ) -> Result<String, Trouble> {
        let Asked { login, call } = asked;
        let caller = asker.shown.caller;
        let credentials = asker.shown.credentials(login)?;
        *anonymous = matches!(credentials, Credentials::None);
        if *anonymous && matches!(call, Ok(Call::Ping)) {
            let mut answer = Answer::new(asker.version, "PingResponse", asker.language);
            answer.pong(doors.clock.now(), None);
            return Ok(answer.finish());
        }
        let sender = doors.auth.authenticate(&credentials, caller.address, Door::Soap).await?;
        let call = call?;
        tracing::debug!(user = sender.name().as_str(), operation = call.response(), "soap call");
        let mut answer = Answer::new(asker.version, call.response(), asker.language);
        Work { doors, sender: &sender }.carry_out(call, &mut answer).await?;
        Ok(answer.finish())
    }

    fn detail(out: &mut Writer, refusal: &Refusal, language: Language) {
        out.open("GatewayFault", &[("xmlns", NAMESPACE)]);
        fault::reason(out, refusal, language);
        out.close();
    }
}

/// A call of somebody who has been let in.
struct Work<'a> {
    doors: &'a Doors,
    sender: &'a Sender,
}

impl Work<'_> {
    async fn carry_out(&self, call: Call, answer: &mut Answer) -> Result<(), Refusal> {
        match call {
            Call::SendSms(request) => {
                answer.accepted(&self.doors.submit.submit(self.sender, *request).await?)
            }
            Call::SendSmsBatch(items) => answer.batch(&self.batch(items).await),
            Call::PreviewSms(request) => {
                answer.preview(&self.doors.submit.preview(self.sender, *request).await?)
            }
            Call::GetStatus { ids, reference } => self.status(ids, reference, answer).await?,
            Call::CancelSms { id, recall } => {
                let name: MessageId =
                    id.trim().parse().map_err(|_| Refusal::field(Code::NotFound, "id", ""))?;
                let state = match recall {
                    false => self.doors.query.cancel(self.sender, name).await?,
                    true => match self.doors.query.recall(self.sender, name).await? {
                        Recalled::Back => State::Cancelled,
                        Recalled::Asked => State::Sent,
                    },
                };
                answer.cancelled(&name.to_string(), state.as_str());
            }
            Call::GetReceived { max, after } => {
                answer.received(&self.doors.query.inbox(self.sender, after, max).await?)
            }
            Call::AckReceived { ids } => self.acknowledge(ids, answer).await?,
            Call::GetBalance => answer.balance(self.doors.query.balance(self.sender).await?),
            Call::Ping => answer.pong(self.doors.clock.now(), Some(self.sender.name().as_str())),
        }
        Ok(())
    }

    /// Every message for itself: what one is refused for does not touch the others, and the answer says it of each. Two to one number are
    /// accepted one after the other.
    async fn batch(&self, items: Vec<Result<Request, Refusal>>) -> Vec<Result<Accepted, Refusal>> {
        batch::carry_out(
            items,
            |item| item.as_ref().map_or(&[], |request| &request.to),
            |item| {
                let (submit, sender) = (Arc::clone(&self.doors.submit), self.sender.clone());
                async move { submit.submit(&sender, item?).await }
            },
        )
        .await
    }

    async fn status(
        &self,
        ids: Vec<String>,
        reference: Option<String>,
        answer: &mut Answer,
    ) -> Result<(), Refusal> {
        let looked_up = ids.into_iter().map(|id| {
            let (query, sender) = (Arc::clone(&self.doors.query), self.sender.clone());
            async move {
                let Ok(name) = id.trim().parse() else { return Ok(Err(id)) };
                match query.status(&sender, name).await {
                    Ok(record) => Ok(Ok(record)),
                    Err(refusal) if refusal.code == Code::NotFound => Ok(Err(id)),
                    Err(refusal) => Err(refusal),
                }
            }
        });
        let found: Vec<Result<MessageRecord, String>> =
            stream::iter(looked_up).buffered(AT_ONCE).try_collect().await?;
        let mut missing = Vec::new();
        for record in found {
            match record {
                Ok(record) => answer.status(&record),
                Err(id) => missing.push(id),
            }
        }
        if let Some(reference) = reference {
            self.by_reference(reference, answer).await?;
        }
        answer.not_found(&missing);
        Ok(())
    }

    /// Pages may be short, so it asks until there are no more, or enough; the number of pages is bounded too.
    async fn by_reference(&self, reference: String, answer: &mut Answer) -> Result<(), Refusal> {
        let mut filter = Filter { reference: Some(reference), limit: MOST_BY_REFERENCE, ..Filter::default() };
        for _ in 0..20 {
            let page = self.doors.query.list(self.sender, filter.clone()).await?;
            filter.limit -= page.items.len().min(filter.limit);
            page.items.iter().for_each(|record| answer.status(record));
            match page.next {
                Some(next) if filter.limit > 0 => filter.after = Some(MessageId(next)),
                _ => break,
            }
        }
        Ok(())
    }

    async fn acknowledge(&self, ids: Vec<String>, answer: &mut Answer) -> Result<(), Refusal> {
        let (mut done, mut missing) = (0, Vec::new());
        for id in ids {
            let outcome = match id.trim().parse::<MoId>() {
                Ok(name) => self.doors.query.acknowledge(self.sender, name).await,
                Err(_) => Err(Refusal::new(Code::NotFound)),
            };
            match outcome {
                Ok(()) => done += 1,
                Err(refusal) if refusal.code == Code::NotFound => missing.push(id),
                Err(refusal) => return Err(refusal),
            }
        }
        answer.acknowledged(done);
        answer.not_found(&missing);
        Ok(())
    }
}
