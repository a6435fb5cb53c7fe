//! Following messages: through their states until their end, from a phone to its mailbox, and as they come when people try.

use super::stage::Stage;
use crate::command::demo::stage::PHONE;
use domain::Timestamp;
use domain::address::Recipient;
use domain::message::{MessageId, MoId};
use domain::state::State;
use ports::driven::{Filter, MessageRecord};
use std::collections::HashMap;
use std::time::Duration;

/// How long anything of the show may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// Pause between two looks at the store.
pub(super) const LOOK: Duration = Duration::from_millis(200);
/// Pause while the show waits for a message.
const GLANCE: Duration = Duration::from_millis(15);
/// Messages that are watched in the feed.
const WATCHED: usize = 100;

/// How a message of the show ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// The phone has it.
    Delivered,
    /// It came to another end: state and error.
    Otherwise(State, String),
    /// It did not come to any end in time, or the door did not take it.
    Never(String),
}

/// Follows the newest message to a number, telling each state and the time from its acceptance.
pub(super) async fn follow(
    stage: &Stage,
    number: &str,
    since: Timestamp,
    mut tell: impl FnMut(State, Duration) -> anyhow::Result<()>,
) -> anyhow::Result<Ended> {
    let query = stage.running.gateway.query();
    let began = stage.monotonic();
    let filter = Filter { to: Recipient::parse(number).ok(), limit: 1, ..Filter::default() };
    let mut told = Vec::new();
    while stage.monotonic().saturating_sub(began) < PATIENCE {
        let page = query
            .list(stage.sender(), filter.clone())
            .await
            .map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
        // The store keeps milliseconds, and a door may take less than one.
        let new =
            |record: &MessageRecord| record.message.accepted_at.as_millisecond() >= since.as_millisecond();
        let record = page.items.into_iter().find(new);
        if let Some(record) = record {
            for (state, after) in steps(&record) {
                if !told.contains(&state) {
                    told.push(state);
                    tell(state, after)?;
                }
            }
            match record.state {
                State::Delivered => return Ok(Ended::Delivered),
                state if state.is_final() => return Ok(Ended::Otherwise(state, record.error)),
                _ => {}
            }
        }
        tokio::time::sleep(GLANCE).await;
    }
    Ok(Ended::Never(String::new()))
}

/// The states a message has been in as far as its times tell, each with the time from its acceptance.
fn steps(record: &MessageRecord) -> Vec<(State, Duration)> {
    let since = |at: Timestamp| {
        let ms = at.as_millisecond() - record.message.accepted_at.as_millisecond();
        Duration::from_millis(u64::try_from(ms).unwrap_or(0))
    };
    let mut steps = vec![(State::Queued, Duration::ZERO)];
    steps.extend(record.sent_at.map(|at| (State::Sent, since(at))));
    steps.extend(record.final_at.filter(|_| record.state.is_final()).map(|at| (record.state, since(at))));
    steps
}

/// What became of a message from a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Received {
    /// What it said.
    pub text: String,
    /// How long until it was in the inbox.
    pub inbox: Option<Duration>,
    /// How long until a program had it.
    pub url: Option<Duration>,
}

/// A phone sends a text, and it is awaited in the inbox and at a program.
pub(super) async fn receive(stage: &Stage, text: &str) -> anyhow::Result<Received> {
    let (sent, sent_there) = (stage.monotonic(), stage.sink.now());
    let newest = newest_received(stage).await?;
    stage.phone(text);
    let inbox = async {
        loop {
            let page = stage.running.gateway.query().inbox(stage.sender(), newest, 1_000).await;
            if page.is_ok_and(|page| {
                page.items.iter().any(|item| item.mo.text == text && item.mo.source == PHONE)
            }) {
                return stage.monotonic().saturating_sub(sent);
            }
            tokio::time::sleep(GLANCE).await;
        }
    };
    let (inbox, call) =
        tokio::join!(tokio::time::timeout(PATIENCE, inbox), stage.sink.received(text, sent_there, PATIENCE));
    let url = call.map(|call| call.at.saturating_sub(sent_there));
    Ok(Received { text: text.to_owned(), inbox: inbox.ok(), url })
}

/// The newest message of the inbox: an earlier demo may have left some.
async fn newest_received(stage: &Stage) -> anyhow::Result<Option<MoId>> {
    let query = stage.running.gateway.query();
    let mut newest = None;
    // A page holds a thousand; nobody leaves more than so many pages in a demonstration.
    for _ in 0..100 {
        let page = query
            .inbox(stage.sender(), newest, 1_000)
            .await
            .map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
        let last = page.items.last().map(|item| item.mo.id);
        newest = last.or(newest);
        if page.next.is_none() || last.is_none() {
            break;
        }
    }
    Ok(newest)
}

/// Something that happened while people try.
#[derive(Debug, Clone)]
pub(super) enum News {
    /// A message reached a state.
    Sent(Box<MessageRecord>),
    /// A message came from a phone.
    Received {
        /// Who.
        from: String,
        /// What.
        text: String,
    },
}

/// What has been shown already.
pub(super) struct Feed {
    after: MessageId,
    states: HashMap<MessageId, State>,
    received: Option<MoId>,
}

impl Feed {
    /// Shows what comes from now on.
    pub(super) async fn from_now(stage: &Stage) -> anyhow::Result<Self> {
        let newest = list(stage, 1).await?;
        let after = newest.first().map_or(MessageId(0), |record| record.message.id);
        Ok(Self { after, states: HashMap::new(), received: newest_received(stage).await? })
    }

    /// What happened since the last look, oldest first.
    pub(super) async fn news(&mut self, stage: &Stage) -> anyhow::Result<Vec<News>> {
        let mut records = list(stage, WATCHED).await?;
        records.retain(|record| record.message.id > self.after);
        records.reverse();
        let mut news = Vec::new();
        for record in records {
            let id = record.message.id;
            if self.states.insert(id, record.state) != Some(record.state) && record.state != State::Sending {
                news.push(News::Sent(Box::new(record)));
            }
        }
        if self.states.len() > WATCHED * 10 {
            self.states.clear();
            self.after = news
                .last()
                .and_then(|last| if let News::Sent(r) = last { Some(r.message.id) } else { None })
                .unwrap_or(self.after);
        }
        let query = stage.running.gateway.query();
        let page = query.inbox(stage.sender(), self.received, WATCHED).await;
        for item in page.map_err(|refusal| anyhow::anyhow!("{refusal}"))?.items {
            self.received = Some(item.mo.id);
            news.push(News::Received { from: item.mo.source, text: item.mo.text });
        }
        Ok(news)
    }
}

async fn list(stage: &Stage, limit: usize) -> anyhow::Result<Vec<MessageRecord>> {
    let filter = Filter { limit, ..Filter::default() };
    let page = stage.running.gateway.query().list(stage.sender(), filter).await;
    Ok(page.map_err(|refusal| anyhow::anyhow!("{refusal}"))?.items)
}
