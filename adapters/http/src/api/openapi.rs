//! The description of the JSON API (OpenAPI 3.1), made from the code that serves it.

use super::{messages, received, send};
use utoipa::openapi::content::Content;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Ref, RefOr, ResponseBuilder, Schema};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Omnigate",
        version = "1",
        description = "Send SMS, see what became of them, read what was received. What is answered 202 is on disk.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
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
    modifiers(&LogIn, &Refusals, &Absent),
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

/// What every call may be answered: no log-in, too often, not now.
struct Refusals;

impl Modify for Refusals {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let problem = |said: &str| {
            let content = Content::new(Some(Ref::from_schema_name("Problem")));
            ResponseBuilder::new().description(said).content("application/problem+json", content).build()
        };
        for item in openapi.paths.paths.values_mut() {
            for operation in [&mut item.get, &mut item.post, &mut item.delete].into_iter().flatten() {
                let responses = &mut operation.responses.responses;
                for (status, said) in [
                    ("4XX", "Refused; `code` says why. 429: see Retry-After"),
                    ("5XX", "Not now; see Retry-After"),
                ] {
                    responses.entry(status.to_owned()).or_insert_with(|| problem(said).into());
                }
            }
        }
    }
}

/// A member that need not be given has no default: generators make one with a default, even with null, a member that must be given.
struct Absent;

impl Modify for Absent {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        for schema in openapi.components.get_or_insert_default().schemas.values_mut() {
            let RefOr::T(Schema::Object(object)) = schema else { continue };
            for member in object.properties.values_mut() {
                match member {
                    RefOr::T(Schema::Object(one)) => one.default = None,
                    RefOr::T(Schema::Array(one)) => one.default = None,
                    RefOr::T(Schema::OneOf(one)) => one.default = None,
                    _ => {}
                }
            }
        }
    }
}

/// The document, indented.
#[must_use]
pub fn document() -> String {
    Api::openapi().to_pretty_json().unwrap_or_default()
}
