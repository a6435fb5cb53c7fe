//! The HTTP doors: the JSON API, the plain GET or POST form, Kannel's sendsms, and what we call in return.
//!
//! Here a request is read and an answer written; what is asked for is decided behind the driving ports. Nothing is
//! answered 202 before `SubmitMessages::submit` has returned, which is when it is on disk.

pub mod api;
mod deliver;
mod docs;
mod form;
pub mod fuzzing;
mod known;
mod media;
pub mod operator;
mod time;

pub use deliver::{DeliverOptions, HttpDeliver, MoForm};
pub use form::busy;

use axum::Router;
use axum::routing::{get, post};
use domain::Language;
use domain::numbering::Country;
use ports::driven::Clock;
use ports::driving::{Authenticate, QueryMessages, SubmitMessages};
use std::sync::Arc;
use web_kit::BodyLimits;

/// How the doors speak.
#[derive(Debug, Clone)]
pub struct Config {
    /// For people who do not say which they want.
    pub language: Language,
    /// The country of numbers without one, in the search for a recipient.
    pub country: Country,
    /// A request's body: 256 KiB in 30 s.
    pub body: BodyLimits,
}

impl Default for Config {
    fn default() -> Self {
        Self { language: Language::Swedish, country: Country::SWEDEN, body: BodyLimits::default() }
    }
}

/// What stands behind the doors.
#[derive(Clone)]
pub struct Doors {
    /// Lets callers in.
    pub auth: Arc<dyn Authenticate>,
    /// Takes messages.
    pub submit: Arc<dyn SubmitMessages>,
    /// Answers questions.
    pub query: Arc<dyn QueryMessages>,
    /// For times given as "in so many minutes".
    pub clock: Arc<dyn Clock>,
    /// How to speak.
    pub config: Config,
}

/// Every HTTP door of this crate. Must be served by [`web_kit::serve`], which says who calls.
pub fn router(doors: Doors) -> Router {
    Router::new()
        .route("/api/v1/messages", post(api::send).get(api::list))
        .route("/api/v1/messages/preview", post(api::preview))
        .route("/api/v1/messages/{id}", get(api::status).delete(api::cancel))
        .route("/api/v1/inbox", get(api::inbox))
        .route("/api/v1/inbox/{id}/ack", post(api::acknowledge))
        .route("/api/v1/balance", get(api::balance))
        .route("/api/v1/openapi.json", get(docs::openapi))
        .route("/docs", get(docs::page))
        .route("/docs/page.css", get(docs::style))
        .route("/docs/page.js", get(docs::script))
        .route("/", get(form::root).post(form::send))
        .route("/send", get(form::send).post(form::send).head(form::not_so).fallback(form::not_so))
        .route(
            "/cgi-bin/sendsms",
            get(form::kannel).post(form::kannel).head(form::not_so).fallback(form::not_so),
        )
        .with_state(Arc::new(doors))
}
