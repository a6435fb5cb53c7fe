//! The SOAP web service: SOAP 1.1 and 1.2, document/literal wrapped, described by `wsdl/gateway.wsdl`.
//!
//! SOAP 1.1 (W3C Note 2000), SOAP 1.2 part 1 and 2, WSDL 1.1, WS-I Basic Profile 1.1, WS-Security UsernameToken profile 1.0
//! (passwords as text). Requests are read event by event under limits, routed on the element in the Body (a wrong SOAPAction does no
//! harm), and answered in the version they came in. No DTD, no attachments, no XML signatures, no encoding rules.

mod answer;
mod batch;
mod call;
mod config;
mod door;
mod envelope;
mod fault;
mod form;
pub mod fuzzing;
mod login;
mod router;
mod sms;
mod trouble;
mod understand;
mod values;
mod version;
mod wsdl;
mod xml;

pub use config::Config;
pub use door::Doors;
pub use router::{PATH, busy, router};

/// Namespace of the service's own messages; it changes only with what they mean.
pub const NAMESPACE: &str = "urn:omnigate:gateway:1";
