//! `POST /api/v1/messages` and its preview.

use super::json;
use super::request::SendBody;
use crate::Doors;
use crate::known::Known;
use crate::media;
use axum::extract::{Request as HttpRequest, State};
use axum::response::Response;
use domain::Language;
use domain::Words;
use domain::refusal::{Code, Refusal};
use domain::submission::{Accepted, RefusedRecipient, Request};
use domain::text::Change;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use ports::driving::Preview;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use web_kit::read_body;

/// What was accepted and what was not.
#[derive(Debug, Serialize, ToSchema)]
pub struct AcceptedView {
    /// One for each recipient that was accepted; they are on disk.
    pub messages: Vec<AcceptedMessageView>,
    /// Recipients that get nothing.
    pub refused: Vec<RefusedView>,
    /// Characters that were changed to fit, for all or some of the recipients; absent when none was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ChangeView>,
}

/// A message that is on disk.
#[derive(Debug, Serialize, ToSchema)]
pub struct AcceptedMessageView {
    /// Its name.
    pub id: String,
    /// Who gets it, in international form without plus sign.
    pub to: String,
    /// How many SMS it takes.
    pub segments: u8,
    /// `gsm7`, `ucs2` or `binary`.
    pub encoding: &'static str,
    /// `queued` or `scheduled`.
    pub state: &'static str,
}

/// A recipient that gets nothing.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusedView {
    /// As it was given.
    pub to: String,
    /// Why, for programs.
    pub code: &'static str,
    /// Why, for people.
    pub detail: String,
}

/// What would happen.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewView {
    /// How many SMS each recipient would get.
    pub segments: u8,
    /// `gsm7`, `ucs2` or `binary`.
    pub encoding: &'static str,
    /// The text as it would be read; null for binary content.
    pub text: Option<String>,
    /// Characters that would change.
    pub changes: Vec<ChangeView>,
    /// The price of it all; null = nobody counts.
    pub price: Option<String>,
    /// The originator; null = the link's own number.
    pub from: Option<String>,
    /// `queued` or `scheduled`.
    pub state: &'static str,
    /// When it would leave.
    pub due_at: String,
    /// After this it would not be sent any more.
    pub expires_at: String,
    /// Who would get it.
    pub recipients: Vec<PreviewRecipientView>,
    /// Who would not.
    pub refused: Vec<RefusedView>,
    /// Why, step by step.
    pub trace: Vec<StepView>,
}

/// A recipient and the link to it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewRecipientView {
    /// In international form without plus sign.
    pub to: String,
    /// The link whose queue it would join.
    pub link: String,
    /// How many SMS it would get; for a pager (Minicall), pages.
    pub segments: u8,
}

/// A character that changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeView {
    /// Where, counted in characters from 0.
    pub at: usize,
    /// What was written.
    pub from: String,
    /// What is read.
    pub to: String,
}

/// A step of the decision.
#[derive(Debug, Serialize, ToSchema)]
pub struct StepView {
    /// The rule that spoke.
    pub rule: &'static str,
    /// What it found.
    pub found: String,
}

/// Sends.
#[utoipa::path(post, path = "/api/v1/messages", tag = "messages", operation_id = "send", request_body = SendBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key with the same body is accepted once, for seven days")),
    responses((status = 202, body = AcceptedView, description = "Accepted: on disk"),
        (status = "4XX", body = super::problem::ProblemView, description = "Nothing was accepted", content_type = "application/problem+json"),
        (status = "5XX", body = super::problem::ProblemView, description = "Not now; see Retry-After", content_type = "application/problem+json")))]
pub(crate) async fn send(State(doors): State<Arc<Doors>>, known: Known, request: HttpRequest) -> Response {
    let done = match read(&doors, request).await {
        Ok(request) => doors.submit.submit(&known.sender, request).await,
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(done) => accepted(&done, known.manner.language),
        Err(refusal) => known.manner.problem(&refusal),
    }
}

/// Says what would happen, and does nothing.
#[utoipa::path(post, path = "/api/v1/messages/preview", tag = "messages", operation_id = "preview", request_body = SendBody,
    responses((status = 200, body = PreviewView, description = "What would happen; nothing is sent"),
        (status = "4XX", body = super::problem::ProblemView, description = "It would not be accepted", content_type = "application/problem+json")))]
pub(crate) async fn preview(State(doors): State<Arc<Doors>>, known: Known, request: HttpRequest) -> Response {
    let found = match read(&doors, request).await {
        Ok(request) => doors.submit.preview(&known.sender, request).await,
        Err(refusal) => Err(refusal),
    };
    match found {
        Ok(found) => json(StatusCode::OK, &preview_view(&found, known.manner.language)),
        Err(refusal) => known.manner.problem(&refusal),
    }
}

async fn read(doors: &Doors, request: HttpRequest) -> Result<Request, Refusal> {
    let (parts, body) = request.into_parts();
    is_json(&parts.headers)?;
    let key = idempotency_key(&parts.headers)?;
    let octets = read_body(body, doors.config.body).await?;
    SendBody::read(&octets)?.into_request(key)
}

/// Only JSON says it is JSON: what a foreign page can make a browser send does not.
fn is_json(headers: &HeaderMap) -> Result<(), Refusal> {
    media::uncompressed(headers)?;
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let kind =
        value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json")) {
        return Ok(());
    }
    Err(Refusal::because(
        Code::Malformed,
        Words::new("Content-Type ska vara application/json", "Content-Type must be application/json"),
    ))
}

/// The key, with or without the quotes of a structured field.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let wrong = || {
        Refusal::field(
            Code::InvalidParameter,
            "idempotency_key",
            Words::new("1 till 255 ASCII-tecken", "1 to 255 ASCII characters"),
        )
    };
    let key = value.to_str().map_err(|_| wrong())?.trim();
    let key = key.strip_prefix('"').and_then(|k| k.strip_suffix('"')).unwrap_or(key);
    if (1..=255).contains(&key.len()) { Ok(Some(key.to_owned())) } else { Err(wrong()) }
}

/// The answer to a request that was accepted.
pub(crate) fn accepted(accepted: &Accepted, language: Language) -> Response {
    let view = AcceptedView {
        messages: accepted
            .messages()
            .iter()
            .map(|message| AcceptedMessageView {
                id: message.id.to_string(),
                to: message.to.clone(),
                segments: message.segments,
                encoding: message.alphabet.name(),
                state: message.state.as_str(),
            })
            .collect(),
        refused: refused(accepted.refused(), language),
        changes: accepted.changes().iter().map(change).collect(),
    };
    let mut response = json(StatusCode::ACCEPTED, &view);
    say_whether_repeated(accepted, response.headers_mut());
    response
}

/// Tells the caller when an earlier request's answer comes again and nothing more is sent.
pub(crate) fn say_whether_repeated(accepted: &Accepted, headers: &mut HeaderMap) {
    if accepted.is_repeated() {
        headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
}

fn refused(refused: &[RefusedRecipient], language: Language) -> Vec<RefusedView> {
    let view = |one: &RefusedRecipient| RefusedView {
        to: one.input.clone(),
        code: one.refusal.code.as_str(),
        detail: one.refusal.text(language),
    };
    refused.iter().map(view).collect()
}

fn change(change: &Change) -> ChangeView {
    ChangeView { at: change.at, from: change.from.clone(), to: change.to.clone() }
}

fn preview_view(preview: &Preview, language: Language) -> PreviewView {
    let decided = &preview.plan.decided;
    let text = match &decided.body {
        domain::message::Body::Text { text, .. } => Some(text.clone()),
        domain::message::Body::Binary { .. } => None,
    };
    PreviewView {
        segments: decided.segments,
        encoding: decided.body.alphabet().name(),
        text,
        changes: decided.changes.iter().map(change).collect(),
        price: None,
        from: decided.originator.as_ref().map(ToString::to_string),
        state: decided.state.as_str(),
        due_at: decided.due_at.to_string(),
        expires_at: decided.expires_at.to_string(),
        recipients: preview
            .plan
            .recipients
            .iter()
            .map(|one| PreviewRecipientView {
                to: one.recipient.to_string(),
                link: one.link.to_string(),
                segments: one.content(decided).1,
            })
            .collect(),
        refused: refused(&preview.plan.refused, language),
        trace: preview
            .trace
            .steps()
            .iter()
            .map(|step| StepView { rule: step.rule, found: step.found.in_language(language).to_owned() })
            .collect(),
    }
}
