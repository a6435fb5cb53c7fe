//! Who asks, checked before anything else of a request is read, and how to answer him.

use crate::Doors;
use axum::extract::{FromRef, FromRequestParts};
use axum::response::Response;
use domain::Language;
use domain::Words;
use domain::access::Sender;
use domain::message::Door;
use domain::refusal::{Code, Refusal};
use http::HeaderMap;
use http::request::Parts;
use ports::driving::Credentials;
use std::sync::Arc;
use web_kit::{Caller, language, problem};

/// How to answer a request.
#[derive(Debug, Clone)]
pub(crate) struct Manner {
    pub(crate) language: Language,
    pub(crate) request_id: Option<String>,
}

impl Manner {
    pub(crate) fn of(headers: &HeaderMap, doors: &Doors) -> Self {
        let request_id = problem::request_id(headers).map(str::to_owned);
        Self { language: language(headers, doors.config.language), request_id }
    }

    /// A refusal as a problem document.
    pub(crate) fn problem(&self, refusal: &Refusal) -> Response {
        problem::problem(refusal, self.language, self.request_id.as_deref())
    }
}

/// A caller of the JSON API who has been let in.
pub(crate) struct Known {
    pub(crate) sender: Sender,
    pub(crate) manner: Manner,
}

impl<S> FromRequestParts<S> for Known
where
    Arc<Doors>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let doors = <Arc<Doors> as FromRef<S>>::from_ref(state);
        let manner = Manner::of(&parts.headers, &doors);
        let shown = web_kit::credentials(&parts.headers).map_err(|refusal| manner.problem(&refusal))?;
        let sender = let_in(&doors, &shown, parts, Door::Http).await;
        sender
            .map(|sender| Self { sender, manner: manner.clone() })
            .map_err(|refusal| manner.problem(&refusal))
    }
}

/// Lets a caller in by what he shows.
///
/// # Errors
/// Those of `Authenticate`; `not_permitted` when another site's page made a browser ask, or a callback of ours came back to us.
pub(crate) async fn let_in(
    doors: &Doors,
    shown: &Credentials,
    parts: &Parts,
    door: Door,
) -> Result<Sender, Refusal> {
    // A browser that knows a password, or sits at an address that needs none, must not be led here by somebody else's page.
    let site = parts.headers.get("sec-fetch-site").and_then(|v| v.to_str().ok());
    if site.is_some_and(|site| site == "cross-site" || site == "same-site") {
        return Err(Refusal::because(
            Code::NotPermitted,
            Words::new("från en annan webbplats sida", "from another site's page"),
        ));
    }
    web_kit::no_callback(&parts.headers)?;
    let caller = parts.extensions.get::<Caller>().ok_or_else(|| Refusal::new(Code::AddressNotAllowed))?;
    doors.auth.authenticate(shown, caller.address, door).await
}
