//! Accepting messages: all of the batch in one insert, keys looked up one by one.

use super::{Conn, dialect};
use crate::memory::Memory;
use crate::op::Ticket;
use crate::rows::{DeadlineRow, Incoming, decode_answer, encode_answer, millis};
use crate::statement::{Bind, Sql};
use diesel::QueryResult;
use diesel::sql_types::{BigInt, Binary, Text};
use domain::message::SubmissionId;
use domain::state::State;
use domain::submission::{Accepted, AcceptedMessage};
use ports::driven::{Acceptance, NewMessage, Once, StoreError};

/// How long a key is known, ms.
pub(super) const ONCE_MS: i64 = 7 * 24 * 3_600_000;

/// Stores the messages of all tickets.
pub(super) async fn accept(
    conn: &mut Conn,
    memory: &mut Memory,
    tickets: Vec<&mut Ticket<Acceptance, Accepted>>,
) -> QueryResult<()> {
    let (mut rows, mut times) = (Vec::new(), Vec::new());
    for ticket in tickets {
        let messages = messages(&ticket.ask);
        if let Some(once) = &ticket.ask.once
            && let Some(earlier) = earlier(conn, once, &ticket.ask, &messages).await?
        {
            ticket.answer = Some(earlier);
            continue;
        }
        let new = ticket.ask.messages.iter();
        new.clone().for_each(|m| memory.lately.accepted(m));
        times.extend(new.clone().flat_map(|m| m.deadlines.iter().map(|d| DeadlineRow::of(m.message.id, d))));
        rows.extend(new.cloned().map(Incoming));
        let refused = ticket.ask.refused.clone();
        ticket.done(Accepted::after_commit(ticket.ask.submission, messages, refused, false));
    }
    if rows.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    dialect::insert(conn, rows).await?;
    if !times.is_empty() {
        dialect::insert(conn, times).await?;
    }
    count_up(conn, "accepted", &memory.node, count).await
}

fn messages(acceptance: &Acceptance) -> Vec<AcceptedMessage> {
    acceptance.messages.iter().map(told).collect()
}

fn told(new: &NewMessage) -> AcceptedMessage {
    AcceptedMessage {
        id: new.message.id,
        to: new.message.recipient.to_string(),
        segments: new.message.segments,
        alphabet: new.message.body.alphabet(),
        state: if new.state == State::Scheduled { State::Scheduled } else { State::Queued },
    }
}

/// The answer a key got before. `Ok(Err)` = the key belongs to another request.
pub(super) async fn answered(
    conn: &mut Conn,
    once: &Once,
    now: i64,
) -> QueryResult<Option<Result<Accepted, StoreError>>> {
    let name = vec![once.user.as_str().into(), once.key.as_str().into()];
    let text = "SELECT digest, submission, answer, used_at FROM once WHERE owner = ? AND once_key = ?";
    let found: Vec<(Vec<u8>, i64, String, i64)> =
        Sql::<(Binary, BigInt, Text, BigInt)>::new(text, name).rows(conn).await?;
    let in_force = found.into_iter().find(|(.., used_at)| now < used_at.saturating_add(ONCE_MS));
    Ok(in_force.map(|(digest, submission, answer, _)| {
        if digest == once.digest {
            Ok(decode_answer(SubmissionId(submission), &answer))
        } else {
            Err(StoreError::KeyReused)
        }
    }))
}

/// The answer the key got before; otherwise the key is written down with the answer it gets now.
async fn earlier(
    conn: &mut Conn,
    once: &Once,
    acceptance: &Acceptance,
    messages: &[AcceptedMessage],
) -> QueryResult<Option<Result<Accepted, StoreError>>> {
    let now = acceptance.messages.first().map_or(0, |m| millis(m.message.accepted_at));
    if let Some(answer) = answered(conn, once, now).await? {
        return Ok(Some(answer));
    }
    let name = || -> Vec<Bind<'_>> { vec![once.user.as_str().into(), once.key.as_str().into()] };
    // One that is out of date, and no other: another node may have written the same key down since it was looked for.
    let text = "DELETE FROM once WHERE owner = ? AND once_key = ? AND used_at <= ?";
    let mut binds = name();
    binds.push(now.saturating_sub(ONCE_MS).into());
    Sql::<()>::new(text, binds).run(conn).await?;
    let text =
        "INSERT INTO once (owner, once_key, digest, submission, answer, used_at) VALUES (?, ?, ?, ?, ?, ?)";
    let mut binds = name();
    binds.push(once.digest.as_slice().into());
    binds.push(acceptance.submission.0.into());
    binds.push(encode_answer(messages, &acceptance.refused).into());
    binds.push(now.into());
    Sql::<()>::new(text, binds).run(conn).await?;
    Ok(None)
}

/// Adds to a total of this node.
pub(super) async fn count_up(conn: &mut Conn, name: &str, node: &str, by: i64) -> QueryResult<()> {
    let text = "UPDATE counter SET value = value + ? WHERE name = ? AND node = ?";
    let binds = vec![by.into(), name.into(), node.into()];
    if Sql::<()>::new(text, binds).run(conn).await? == 0 {
        let text = "INSERT INTO counter (value, name, node) VALUES (?, ?, ?)";
        Sql::<()>::new(text, vec![by.into(), name.into(), node.into()]).run(conn).await?;
    }
    Ok(())
}
