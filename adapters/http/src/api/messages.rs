//! Looking at messages and taking them back.

use super::query::Query;
use super::view::MessageView;
use super::{id, json, message_view};
use crate::Doors;
use crate::known::Known;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use domain::Words;
use domain::message::MessageId;
use domain::numbering;
use domain::refusal::{Code, Refusal};
use domain::state::State as MessageState;
use http::StatusCode;
use ports::driven::Filter;
use ports::driving::Recalled;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A page of messages, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessagesView {
    /// The messages; a page may be short and yet not be the last.
    pub messages: Vec<MessageView>,
    /// `after` of the next page; null = that was all.
    pub next: Option<String>,
}

/// A message that was taken back, or is to be.
#[derive(Debug, Serialize, ToSchema)]
pub struct CancelledView {
    /// Its name.
    pub id: String,
    /// `cancelled`; or `sent` (answer 202) where its operator was asked and has not answered yet.
    pub state: &'static str,
}

/// Where one message is.
#[utoipa::path(get, path = "/api/v1/messages/{id}", tag = "messages", operation_id = "status", params(("id" = String, Path)),
    responses((status = 200, body = MessageView, description = "How far it is"),
        (status = 404, body = super::problem::ProblemView, description = "There is no such message, or it is somebody else's", content_type = "application/problem+json")))]
pub(crate) async fn status(
    State(doors): State<Arc<Doors>>,
    known: Known,
    Path(text): Path<String>,
) -> Response {
    let found = match id::<MessageId>(&text) {
        Ok(id) => doors.query.status(&known.sender, id).await,
        Err(refusal) => Err(refusal),
    };
    match found {
        Ok(record) => json(StatusCode::OK, &message_view(&record)),
        Err(refusal) => known.manner.problem(&refusal),
    }
}

/// A page of messages, newest first.
#[utoipa::path(get, path = "/api/v1/messages", tag = "messages", operation_id = "list",
    params(("reference" = Option<String>, Query), ("state" = Option<String>, Query), ("to" = Option<String>, Query),
        ("after" = Option<String>, Query, description = "`next` of the page before"), ("limit" = Option<u16>, Query, description = "1 to 1000; 100")),
    responses((status = 200, body = MessagesView, description = "A page; it may be short and yet not the last"),
        (status = "4XX", body = super::problem::ProblemView, description = "Nothing is listed: who asks is not known, or a parameter is wrong", content_type = "application/problem+json")))]
pub(crate) async fn list(
    State(doors): State<Arc<Doors>>,
    known: Known,
    RawQuery(query): RawQuery,
) -> Response {
    let page = match filter(&doors, query.as_deref()) {
        Ok(filter) => doors.query.list(&known.sender, filter).await,
        Err(refusal) => Err(refusal),
    };
    match page {
        Ok(page) => {
            let messages = page.items.iter().map(message_view).collect();
            json(StatusCode::OK, &MessagesView { messages, next: page.next.map(|next| next.to_string()) })
        }
        Err(refusal) => known.manner.problem(&refusal),
    }
}

/// Takes a message back that has not left; with `recall=true` also from an operator that has it and has not delivered it.
#[utoipa::path(delete, path = "/api/v1/messages/{id}", tag = "messages", operation_id = "cancel",
    params(("id" = String, Path), ("recall" = Option<bool>, Query, description = "Ask the operator to take back what he has; the answer waits for his, about ten seconds. false")),
    responses((status = 200, body = CancelledView, description = "It is cancelled and will not be sent"),
        (status = 202, body = CancelledView, description = "The operator has not answered yet. The wish stands until the message has its end: ask again or look at its state"),
        (status = 404, body = super::problem::ProblemView, description = "There is no such message, or it is somebody else's", content_type = "application/problem+json"),
        (status = 409, body = super::problem::ProblemView, description = "It has left, or its operator does not take it back; `state` says how far it is, `detail` what stood in the way", content_type = "application/problem+json")))]
pub(crate) async fn cancel(
    State(doors): State<Arc<Doors>>,
    known: Known,
    Path(text): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let asked = id::<MessageId>(&text).and_then(|id| Ok((id, recalls(query.as_deref())?)));
    let done = match asked {
        Ok((id, false)) => doors.query.cancel(&known.sender, id).await,
        Ok((id, true)) => doors.query.recall(&known.sender, id).await.map(|recalled| match recalled {
            Recalled::Back => MessageState::Cancelled,
            Recalled::Asked => MessageState::Sent,
        }),
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(state) => {
            let status = if state.is_final() { StatusCode::OK } else { StatusCode::ACCEPTED };
            json(status, &CancelledView { id: text, state: state.as_str() })
        }
        Err(refusal) => known.manner.problem(&refusal),
    }
}

/// Whether operators are to be asked.
fn recalls(query: Option<&str>) -> Result<bool, Refusal> {
    let what = Words::new("true eller false", "true or false");
    let asked = Query::read(query, &["recall"])?.get("recall", what, |text| match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    })?;
    Ok(asked.unwrap_or(false))
}

fn filter(doors: &Doors, query: Option<&str>) -> Result<Filter, Refusal> {
    let query = Query::read(query, &["reference", "state", "to", "after", "limit"])?;
    let to = query.get("to", Words::new("ett nummer", "a number"), |text| Some(text.to_owned()))?;
    // A plus sign that was not escaped has become a space; neither matters to a number.
    let to = to.map(|text| numbering::recipient(text.trim(), doors.config.country, false)).transpose();
    Ok(Filter {
        user: None,
        reference: query.get("reference", "", |text| Some(text.to_owned()))?,
        state: query.get(
            "state",
            Words::new("ett tillstånd: queued, sent, delivered …", "a state: queued, sent, delivered …"),
            MessageState::parse,
        )?,
        to: to.map_err(|refusal| Refusal { code: Code::InvalidParameter, ..refusal })?,
        after: query.get(
            "after",
            Words::new("next från sidan före", "the next of the page before"),
            |text| text.parse().ok(),
        )?,
        limit: query.limit()?,
    })
}
