//! What every HTTP door shares: the accept loop with its limits, who calls, reading a body, problem documents, and the client.
//!
//! It knows no route and no message. HTTP/1.1 (RFC 9112) on plain ports, HTTP/2 (RFC 9113) only where TLS agreed on it;
//! errors are problem documents (RFC 9457).

mod body;
mod caller;
pub mod client;
mod credentials;
mod front;
pub mod handing;
mod limits;
mod loops;
pub mod problem;
mod serve;
mod watched;

pub use body::{BodyError, BodyLimits, read_body};
pub use caller::{Caller, FORWARDED_HOST, language};
pub use client::{Call, CallError, ClientOptions, HttpClient, Reply};
pub use credentials::credentials;
pub use limits::{Busy, Limits};
pub use loops::{EVENT_ID, no_callback};
pub use problem::{Problem, problem, status};
pub use serve::{FULL_NOTICE, serve};
