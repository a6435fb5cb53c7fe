//! Users, their programs' wishes to be told, orders about links, and the version that grows with every change.

use super::Conn;
use crate::op::Ticket;
use crate::rows::{encode_user, millis};
use crate::statement::Sql;
use diesel::QueryResult;
use diesel::sql_types::Integer;
use domain::directory::{LinkMode, LinkOrder, User, UserName};
use domain::mo::Subscription;

/// Creates or replaces a user.
pub(super) async fn put(conn: &mut Conn, ticket: &mut Ticket<User, ()>) -> QueryResult<()> {
    let user = &ticket.ask;
    let name = user.name.as_str();
    Sql::<()>::new("DELETE FROM account WHERE name = ?", vec![name.into()]).run(conn).await?;
    let binds = vec![name.into(), encode_user(user).into()];
    Sql::<()>::new("INSERT INTO account (name, profile) VALUES (?, ?)", binds).run(conn).await?;
    grow(conn).await?;
    ticket.done(());
    Ok(())
}

/// Removes a user.
pub(super) async fn remove(conn: &mut Conn, ticket: &mut Ticket<String, bool>) -> QueryResult<()> {
    let binds = vec![ticket.ask.as_str().into()];
    let removed = Sql::<()>::new("DELETE FROM account WHERE name = ?", binds).run(conn).await? > 0;
    if removed {
        grow(conn).await?;
    }
    ticket.done(removed);
    Ok(())
}

/// Keeps a program's wish to be told, unless its user has one under the correlator.
pub(super) async fn subscribe(conn: &mut Conn, ticket: &mut Ticket<Subscription, bool>) -> QueryResult<()> {
    let wish = &ticket.ask;
    let name = || vec![wish.user.as_str().into(), wish.reference.correlator().into()];
    let text = "SELECT 1 FROM subscription WHERE owner = ? AND correlator = ?";
    if !Sql::<Integer>::new(text, name()).rows::<_, i32>(conn).await?.is_empty() {
        ticket.done(false);
        return Ok(());
    }
    let mut binds = name();
    binds.push(wish.number.to_string().into());
    binds.push(wish.word.as_deref().unwrap_or_default().into());
    binds.push(wish.reference.to_string().into());
    let text = "INSERT INTO subscription (owner, correlator, number, word, reference) VALUES (?, ?, ?, ?, ?)";
    Sql::<()>::new(text, binds).run(conn).await?;
    grow(conn).await?;
    ticket.done(true);
    Ok(())
}

/// Ends a wish.
pub(super) async fn unsubscribe(
    conn: &mut Conn,
    ticket: &mut Ticket<(UserName, String), bool>,
) -> QueryResult<()> {
    let (user, correlator) = &ticket.ask;
    let binds = vec![user.as_str().into(), correlator.as_str().into()];
    let text = "DELETE FROM subscription WHERE owner = ? AND correlator = ?";
    let removed = Sql::<()>::new(text, binds).run(conn).await? > 0;
    if removed {
        grow(conn).await?;
    }
    ticket.done(removed);
    Ok(())
}

/// Orders a link to be run in a way.
pub(super) async fn order_link(conn: &mut Conn, ticket: &mut Ticket<LinkOrder, ()>) -> QueryResult<()> {
    let LinkOrder { link, mode, since } = &ticket.ask;
    let name = link.as_str();
    Sql::<()>::new("DELETE FROM link_order WHERE link = ?", vec![name.into()]).run(conn).await?;
    if *mode != LinkMode::Open {
        let binds = vec![name.into(), mode.code().into(), millis(*since).into()];
        let text = "INSERT INTO link_order (link, mode, since) VALUES (?, ?, ?)";
        Sql::<()>::new(text, binds).run(conn).await?;
    }
    grow(conn).await?;
    ticket.done(());
    Ok(())
}

async fn grow(conn: &mut Conn) -> QueryResult<()> {
    Sql::<()>::new("UPDATE meta SET value = value + 1 WHERE name = 'directory'", Vec::new())
        .run(conn)
        .await?;
    Ok(())
}
