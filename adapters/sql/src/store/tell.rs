//! Handoffs about states: made together with the state they tell of.

use super::read::messages_by_id;
use super::{Conn, dialect};
use crate::rows::{HandoffRow, millis};
use diesel::QueryResult;
use domain::Timestamp;
use domain::message::{Callback, Incarnation};
use domain::state::State;
use ports::driven::{Content, Handoff, HandoffKey};
use std::collections::HashMap;

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
pub(super) async fn tell(
    conn: &mut Conn,
    tells: Vec<Tell>,
    always: bool,
) -> QueryResult<HashMap<HandoffKey, Handoff>> {
    if tells.is_empty() {
        return Ok(HashMap::new());
    }
    let records = messages_by_id(conn, tells.iter().map(|t| t.id).collect()).await?;
    let mut rows = Vec::new();
    let mut told = HashMap::new();
    for tell in tells {
        let Some(record) = records.get(&tell.id) else { continue };
        let Some(callback) = record.message.callback.clone() else { continue };
        if !always && !callback.wants(tell.state) {
            continue;
        }
        let key = HandoffKey { subject: tell.id, event: tell.state.code() };
        let content = Content::State { callback, record: Box::new(record.clone()) };
        let handoff = Handoff { key, content, tries: 0, created_at: tell.at };
        rows.push(HandoffRow {
            subject: key.subject,
            event: key.event,
            target: handoff.target(),
            destination: None,
            lease: tell.lease.map(|l| l.0),
            created_at: millis(tell.at),
        });
        told.insert(key, handoff);
    }
    if !rows.is_empty() {
        dialect::insert(conn, rows).await?;
    }
    Ok(told)
}
