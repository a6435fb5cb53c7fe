//! Received messages, and what is left to send for.

use super::query::Query;
use super::view::{MoView, record_view};
use super::{id, json};
use crate::Doors;
use crate::known::Known;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use domain::Words;
use domain::message::MoId;
use domain::refusal::Refusal;
use http::StatusCode;
use ports::driving::Balance;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A page of received messages, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct InboxView {
    /// The messages that nobody has acknowledged.
    pub messages: Vec<MoView>,
    /// `after` of the next page; null = that was all.
    pub next: Option<String>,
}

/// What is left.
#[derive(Debug, Serialize, ToSchema)]
pub struct BalanceView {
    /// An amount, or `unlimited`.
    pub balance: &'static str,
}

/// Received messages that nobody has acknowledged, oldest first.
#[utoipa::path(get, path = "/api/v1/inbox", tag = "received", operation_id = "inbox",
    params(("after" = Option<String>, Query, description = "`next` of the page before"), ("limit" = Option<u16>, Query, description = "1 to 1000; 100")),
    responses((status = 200, body = InboxView, description = "A page; empty when there is nothing new"),
        (status = "4XX", body = super::problem::ProblemView, description = "Nothing is listed: who asks is not known, or a parameter is wrong", content_type = "application/problem+json")))]
pub(crate) async fn inbox(
    State(doors): State<Arc<Doors>>,
    known: Known,
    RawQuery(query): RawQuery,
) -> Response {
    let page = match page(query.as_deref()) {
        Ok((after, limit)) => doors.query.inbox(&known.sender, after, limit).await,
        Err(refusal) => Err(refusal),
    };
    match page {
        Ok(page) => {
            let messages = page.items.iter().map(record_view).collect();
            json(StatusCode::OK, &InboxView { messages, next: page.next.map(|next| next.to_string()) })
        }
        Err(refusal) => known.manner.problem(&refusal),
    }
}

/// Says that a received message has been taken care of. May be repeated.
#[utoipa::path(post, path = "/api/v1/inbox/{id}/ack", tag = "received", operation_id = "acknowledge", params(("id" = String, Path)),
    responses((status = 204, description = "It is not listed again"),
        (status = 404, body = super::problem::ProblemView, description = "There is no such message, or it is somebody else's", content_type = "application/problem+json")))]
pub(crate) async fn acknowledge(
    State(doors): State<Arc<Doors>>,
    known: Known,
    Path(text): Path<String>,
) -> Response {
    let done = match id::<MoId>(&text) {
        Ok(id) => doors.query.acknowledge(&known.sender, id).await,
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refusal) => known.manner.problem(&refusal),
    }
}

/// What the user has left to send for.
#[utoipa::path(get, path = "/api/v1/balance", tag = "account", operation_id = "balance",
    responses((status = 200, body = BalanceView, description = "The credit, or that nobody counts")))]
pub(crate) async fn balance(State(doors): State<Arc<Doors>>, known: Known) -> Response {
    match doors.query.balance(&known.sender).await {
        Ok(Balance::Unlimited) => json(StatusCode::OK, &BalanceView { balance: "unlimited" }),
        Err(refusal) => known.manner.problem(&refusal),
    }
}

fn page(query: Option<&str>) -> Result<(Option<MoId>, usize), Refusal> {
    let query = Query::read(query, &["after", "limit"])?;
    Ok((
        query.get("after", Words::new("next från sidan före", "the next of the page before"), |text| {
            text.parse().ok()
        })?,
        query.limit()?,
    ))
}
