//! Handoffs about states: made together with the state they tell of.

use super::read::messages_by_id;
use super::{Conn, dialect};
use crate::rows::{HandoffRow, millis};
use diesel::QueryResult;
use domain::Timestamp;
use domain::message::{Callback, Incarnation};
use domain::state::State;
use ports::driven::{Content, Handoff, HandoffKey, MessageRecord, target_of};

/// Somebody is to be told that a message reached a state.
pub(super) struct Tell {
    pub(super) id: i64,
    pub(super) state: State,
    pub(super) lease: Option<Incarnation>,
    pub(super) at: Timestamp,
}

/// Whether a stored callback wants to hear of a state.
pub(super) fn wanted(callback: Option<&str>, state: State) -> bool {
    callback.and_then(|text| text.parse::<Callback>().ok()).is_some_and(|callback| callback.wants(state))
}

/// Stores handoffs for messages that have a callback; unless `always`, only where it wants the state. Those that were there stay.
pub(super) async fn tell(conn: &mut Conn, tells: Vec<Tell>, always: bool) -> QueryResult<()> {
    if tells.is_empty() {
        return Ok(());
    }
    let records = messages_by_id(conn, tells.iter().map(|t| t.id).collect()).await?;
    let rows = tells.iter().filter_map(|tell| {
        let callback = records.get(&tell.id)?.message.callback.as_ref()?;
        (always || callback.wants(tell.state)).then(|| row(tell, callback))
    });
    store(conn, rows.collect()).await
}

/// Stores handoffs.
pub(super) async fn store(conn: &mut Conn, rows: Vec<HandoffRow>) -> QueryResult<()> {
    if !rows.is_empty() {
        dialect::insert(conn, rows).await?;
    }
    Ok(())
}

/// The handoff as it is stored.
pub(super) fn row(tell: &Tell, callback: &Callback) -> HandoffRow {
    HandoffRow {
        subject: tell.id,
        event: tell.state.code(),
        target: target_of(callback),
        destination: None,
        lease: tell.lease.map(|l| l.0),
        created_at: millis(tell.at),
    }
}

/// The handoff as it is carried out.
pub(super) fn handoff(tell: &Tell, callback: Callback, record: MessageRecord) -> Handoff {
    Handoff {
        key: HandoffKey { subject: tell.id, event: tell.state.code() },
        content: Content::State { callback, record: Box::new(record) },
        tries: 0,
        created_at: tell.at,
        resent_at: None,
    }
}
