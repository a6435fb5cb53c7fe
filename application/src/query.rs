//! Looking at messages and taking them back.

use crate::fatal::Fatal;
use crate::recall::{Answered, TakeBack};
use crate::search::Search;
use async_trait::async_trait;
use domain::access::Sender;
use domain::message::{MessageId, MoId};
use domain::refusal::{Code, Refusal};
use domain::state::State;
use domain::{Language, Words};
use ports::driven::{Clock, Dispatch, Filter, Inbox, MessageRecord, MoRecord, Page, Recalls, Reports};
use ports::driving::{Balance, QueryMessages, Recalled};
use std::sync::Arc;
use tokio::sync::Notify;

/// The use case.
#[derive(Clone)]
pub(crate) struct Query {
    pub reports: Arc<dyn Reports>,
    pub search: Arc<Search>,
    pub dispatch: Arc<dyn Dispatch>,
    pub recalls: Arc<dyn Recalls>,
    /// Rung when a wish that operators take something back was written down.
    pub bell: Arc<Notify>,
    /// Where its answers are heard of.
    pub answered: Arc<Answered>,
    pub inbox: Arc<dyn Inbox>,
    pub clock: Arc<dyn Clock>,
    pub fatal: Fatal,
}

/// How far a message is, and after a colon what else there is to say.
fn named(state: State, why: &Words) -> Words {
    let in_language = |language| {
        let (state, why) = (state.name(language), why.in_language(language));
        if why.is_empty() { state.to_owned() } else { format!("{state}: {why}") }
    };
    Words::new(in_language(Language::Swedish), in_language(Language::English))
}

#[async_trait]
impl QueryMessages for Query {
    async fn status(&self, sender: &Sender, id: MessageId) -> Result<MessageRecord, Refusal> {
        let record = self.fatal.watch(self.reports.message(id).await)?;
        let own = record.filter(|r| sender.may_see(&r.message.user));
        own.ok_or_else(|| Refusal::new(Code::NotFound))
    }

    async fn list(&self, sender: &Sender, mut filter: Filter) -> Result<Page<MessageRecord>, Refusal> {
        if !sender.user().administrator {
            filter.user = Some(sender.name().clone());
        }
        filter.limit = filter.limit.clamp(1, 1_000);
        Ok(self.fatal.watch(self.search.page(&filter).await)?)
    }

    async fn cancel(&self, sender: &Sender, id: MessageId) -> Result<State, Refusal> {
        self.status(sender, id).await?;
        match self.fatal.watch(self.dispatch.cancel(id, self.clock.now()).await)? {
            Some(Ok(state)) => Ok(state),
            Some(Err(state)) => Err(Refusal::because(
                Code::NotCancellable,
                Words::new(state.name(Language::Swedish), state.as_str()),
            )),
            None => Err(Refusal::new(Code::NotFound)),
        }
    }

    async fn recall(&self, sender: &Sender, id: MessageId) -> Result<Recalled, Refusal> {
        self.status(sender, id).await?;
        let this = TakeBack {
            dispatch: Arc::clone(&self.dispatch),
            recalls: Arc::clone(&self.recalls),
            reports: Arc::clone(&self.reports),
            clock: Arc::clone(&self.clock),
            answered: Arc::clone(&self.answered),
        };
        match self.fatal.watch(this.take_back(id, || self.bell.notify_one()).await)? {
            Some(Ok(recalled)) => Ok(recalled),
            Some(Err((state, why))) => Err(Refusal::because(Code::NotCancellable, named(state, &why))),
            None => Err(Refusal::new(Code::NotFound)),
        }
    }

    async fn inbox(
        &self,
        sender: &Sender,
        after: Option<MoId>,
        limit: usize,
    ) -> Result<Page<MoRecord>, Refusal> {
        let user = (!sender.user().administrator).then(|| sender.name());
        Ok(self.fatal.watch(self.inbox.waiting(user, after, limit.clamp(1, 1_000)).await)?)
    }

    async fn acknowledge(&self, sender: &Sender, id: MoId) -> Result<(), Refusal> {
        let user = (!sender.user().administrator).then(|| sender.name());
        let found = self.fatal.watch(self.inbox.acknowledge(user, id, self.clock.now()).await)?;
        if found { Ok(()) } else { Err(Refusal::new(Code::NotFound)) }
    }

    async fn balance(&self, _sender: &Sender) -> Result<Balance, Refusal> {
        Ok(Balance::Unlimited)
    }
}
