//! The door: a message in, a message out. Reads, lets the caller in, asks the ports, writes the answer or a fault.

use crate::answer::Answer;
use crate::batch;
use crate::call::{Asked, Call};
use crate::config::Config;
use crate::envelope::{self, Message};
use crate::fault;
use crate::login;
use crate::trouble::Trouble;
use crate::version::Version;
use crate::xml::charset;
use domain::Language;
use domain::access::Sender;
use domain::message::{Door, MessageId, MoId};
use domain::refusal::{Code, Refusal};
use domain::state::State;
use domain::submission::{Accepted, Request};
use futures_util::{StreamExt, TryStreamExt, stream};
use http::HeaderMap;
use ports::driven::{Clock, Filter, MessageRecord};
use ports::driving::{Authenticate, Credentials, QueryMessages, Recalled, SubmitMessages};
use std::sync::Arc;
use web_kit::Caller;

/// Messages of a batch that are being accepted at once: enough to share commits, few enough to leave room for others.
const AT_ONCE: usize = 32;
/// Messages that a reference may find.
const MOST_BY_REFERENCE: usize = 1000;

/// What the web service calls.
#[derive(Clone)]
pub struct Doors {
    /// Lets callers in.
    pub auth: Arc<dyn Authenticate>,
    /// Sends.
    pub submit: Arc<dyn SubmitMessages>,
    /// Looks and takes back.
    pub query: Arc<dyn QueryMessages>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Settings.
    pub config: Config,
}

/// A document to be sent back.
#[derive(Debug)]
pub(crate) struct Sent {
    /// Its version, which decides the media type.
    pub version: Version,
    /// Its text.
    pub text: String,
    /// Why it is a fault, if it is one.
    pub trouble: Option<Trouble>,
    /// Whether the caller showed nothing to be let in by.
    pub anonymous: bool,
}

impl Doors {
    /// Answers one message. `expected` is the version the media type speaks of.
    pub(crate) async fn take(
        &self,
        octets: &[u8],
        charset: Option<&str>,
        expected: Version,
        headers: &HeaderMap,
        caller: Caller,
    ) -> Sent {
        let language = web_kit::language(headers, self.config.language);
        let (version, message) = match charset::decode(octets, charset) {
            Ok(text) => envelope::read(&text, &self.config, self.clock.now(), expected),
            Err(error) => (expected, Err(error.into())),
        };
        let mut anonymous = false;
        let answer = match message {
            Ok(message) => self.serve(message, version, language, headers, caller, &mut anonymous).await,
            Err(trouble) => Err(trouble),
        };
        match answer {
            Ok(text) => Sent { version, text, trouble: None, anonymous },
            Err(trouble) => Sent {
                version,
                text: fault::write(&trouble, version, language),
                trouble: Some(trouble),
                anonymous,
            },
        }
    }

    async fn serve(
        &self,
        message: Message,
        version: Version,
        language: Language,
        headers: &HeaderMap,
        caller: Caller,
        anonymous: &mut bool,
    ) -> Result<String, Trouble> {
        web_kit::no_callback(headers)?;
        let Message { token, asked: Asked { login, call } } = message;
        let credentials = login::choose(token, headers, login, caller, &self.config)?;
        *anonymous = matches!(credentials, Credentials::None);
        if *anonymous && matches!(call, Ok(Call::Ping)) {
            let mut answer = Answer::new(version, "PingResponse", language);
            answer.pong(self.clock.now(), None);
            return Ok(answer.finish());
        }
        let sender = self.auth.authenticate(&credentials, caller.address, Door::Soap).await?;
        let call = call?;
        tracing::debug!(user = sender.name().as_str(), operation = call.response(), "soap call");
        let mut answer = Answer::new(version, call.response(), language);
        self.carry_out(&sender, call, &mut answer).await?;
        Ok(answer.finish())
    }

    async fn carry_out(&self, sender: &Sender, call: Call, answer: &mut Answer) -> Result<(), Refusal> {
        match call {
            Call::SendSms(request) => answer.accepted(&self.submit.submit(sender, *request).await?),
            Call::SendSmsBatch(items) => answer.batch(&self.batch(sender, items).await),
            Call::PreviewSms(request) => answer.preview(&self.submit.preview(sender, *request).await?),
            Call::GetStatus { ids, reference } => self.status(sender, ids, reference, answer).await?,
            Call::CancelSms { id, recall } => {
                let name: MessageId =
                    id.trim().parse().map_err(|_| Refusal::field(Code::NotFound, "id", ""))?;
                let state = match recall {
                    false => self.query.cancel(sender, name).await?,
                    true => match self.query.recall(sender, name).await? {
                        Recalled::Back => State::Cancelled,
                        Recalled::Asked => State::Sent,
                    },
                };
                answer.cancelled(&name.to_string(), state.as_str());
            }
            Call::GetReceived { max, after } => answer.received(&self.query.inbox(sender, after, max).await?),
            Call::AckReceived { ids } => self.acknowledge(sender, ids, answer).await?,
            Call::GetBalance => answer.balance(self.query.balance(sender).await?),
            Call::Ping => answer.pong(self.clock.now(), Some(sender.name().as_str())),
        }
        Ok(())
    }

    /// Every message for itself: what one is refused for does not touch the others, and the answer says it of each. Two to one number are
    /// accepted one after the other.
    async fn batch(
        &self,
        sender: &Sender,
        items: Vec<Result<Request, Refusal>>,
    ) -> Vec<Result<Accepted, Refusal>> {
        let turns = batch::turns(items.iter().map(|item| {
            let numbers = item.as_ref().map_or(&[][..], |request| request.to.as_slice());
            numbers.iter().map(String::as_str)
        }));
        let mut waiting: Vec<_> = turns.into_iter().zip(items).enumerate().collect();
        waiting.sort_by_key(|(place, (turn, _))| (*turn, *place));
        let mut waiting = waiting.into_iter().peekable();
        let mut results = Vec::with_capacity(waiting.len());
        while let Some(now) = waiting.peek().map(|(_, (turn, _))| *turn) {
            let these: Vec<_> =
                std::iter::from_fn(|| waiting.next_if(|(_, (turn, _))| *turn == now)).collect();
            let submissions = these.into_iter().map(|(place, (_, item))| {
                let (submit, sender) = (Arc::clone(&self.submit), sender.clone());
                async move {
                    let accepted = async { submit.submit(&sender, item?).await };
                    (place, accepted.await)
                }
            });
            results.extend(stream::iter(submissions).buffered(AT_ONCE).collect::<Vec<_>>().await);
        }
        results.sort_by_key(|(place, _)| *place);
        results.into_iter().map(|(_, result)| result).collect()
    }

    async fn status(
        &self,
        sender: &Sender,
        ids: Vec<String>,
        reference: Option<String>,
        answer: &mut Answer,
    ) -> Result<(), Refusal> {
        let looked_up = ids.into_iter().map(|id| {
            let (query, sender) = (Arc::clone(&self.query), sender.clone());
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
            self.by_reference(sender, reference, answer).await?;
        }
        answer.not_found(&missing);
        Ok(())
    }

    /// Pages may be short, so it asks until there are no more, or enough; the number of pages is bounded too.
    async fn by_reference(
        &self,
        sender: &Sender,
        reference: String,
        answer: &mut Answer,
    ) -> Result<(), Refusal> {
        let mut filter = Filter { reference: Some(reference), limit: MOST_BY_REFERENCE, ..Filter::default() };
        for _ in 0..20 {
            let page = self.query.list(sender, filter.clone()).await?;
            filter.limit -= page.items.len().min(filter.limit);
            page.items.iter().for_each(|record| answer.status(record));
            match page.next {
                Some(next) if filter.limit > 0 => filter.after = Some(MessageId(next)),
                _ => break,
            }
        }
        Ok(())
    }

    async fn acknowledge(
        &self,
        sender: &Sender,
        ids: Vec<String>,
        answer: &mut Answer,
    ) -> Result<(), Refusal> {
        let (mut done, mut missing) = (0, Vec::new());
        for id in ids {
            let outcome = match id.trim().parse::<MoId>() {
                Ok(name) => self.query.acknowledge(sender, name).await,
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
