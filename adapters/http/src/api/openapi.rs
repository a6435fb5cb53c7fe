//! The description of the JSON API (OpenAPI 3.1), made from the code that serves it.

use super::{messages, received, send};
use serde::Serialize;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi, ToSchema};

/// A problem document (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemView {
    /// A place that explains the code.
    #[serde(rename = "type")]
    kind: String,
    /// The code in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// The whole of it in words.
    detail: String,
    /// The stable code: programs hold on to it.
    code: String,
    /// The member of the request that is wrong.
    field: Option<String>,
    /// Whether the same request may succeed later.
    temporary: bool,
    /// For a message that can no longer be cancelled: how far it is.
    state: Option<String>,
    /// The caller's own X-Request-Id.
    request_id: Option<String>,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Omnigate",
        version = "1",
        description = "Send SMS, see what became of them, read what was received. What is answered 202 is on disk.",
        license(name = "MIT OR Apache-2.0")
    ),
    paths(
        send::send,
        send::preview,
        messages::list,
        messages::status,
        messages::cancel,
        received::inbox,
        received::acknowledge,
        received::balance
    ),
    modifiers(&LogIn),
    security(("password" = []), ("key" = [])),
    tags((name = "messages"), (name = "received"), (name = "account"))
)]
struct Api;

struct LogIn;

impl Modify for LogIn {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let scheme = |scheme| SecurityScheme::Http(HttpBuilder::new().scheme(scheme).build());
        components.add_security_scheme("password", scheme(HttpAuthScheme::Basic));
        components.add_security_scheme("key", scheme(HttpAuthScheme::Bearer));
    }
}

/// The document, indented.
#[must_use]
pub fn document() -> String {
    Api::openapi().to_pretty_json().unwrap_or_default()
}
