//! Users, orders about links, and the version that grows with every change.

use super::Conn;
use crate::op::Ticket;
use crate::rows::{encode_user, millis};
use crate::statement::Sql;
use diesel::QueryResult;
use domain::directory::{LinkMode, LinkOrder, User};

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
