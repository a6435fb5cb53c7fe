//! Handoffs about states: made together with the state they tell of.

use super::read::messages_by_id;
use super::{Conn, dialect};
use crate::rows::HandoffRow;
use diesel::QueryResult;

pub(super) use crate::told::{Tell, row, wanted};

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
