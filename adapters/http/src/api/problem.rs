//! A problem document, as the description of the API has it.

use serde::Serialize;
use utoipa::ToSchema;

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
