//! The SOAP web services: SOAP 1.1 and 1.2, document/literal wrapped. What they share is the envelope, who calls, and XML under limits;
//! [`port_type::PortType`] is what differs. Our own is in `gateway/`, Outlook's in `oms/`, Parlay X in `parlayx/`;
//! their descriptions are in `wsdl/`.
//!
//! SOAP 1.1 (W3C Note 2000), SOAP 1.2 part 1 and 2, WSDL 1.1, WS-I Basic Profile 1.1, WS-Security UsernameToken profile 1.0
//! (passwords as text). Requests are read event by event under limits, routed on the element in the Body (a wrong SOAPAction does no
//! harm), and answered in the version they came in. No DTD, no attachments, no XML signatures, no encoding rules.

mod batch;
mod config;
mod door;
mod envelope;
mod fault;
mod form;
pub mod fuzzing;
mod gateway;
mod login;
mod oms;
mod parlayx;
mod port_type;
mod router;
mod trouble;
mod understand;
mod values;
mod version;
mod wsdl;
mod xml;

pub use config::Config;
pub use door::Doors;
pub use gateway::PATH;
pub use oms::OmsConfig;
pub use parlayx::ParlayXDeliver;
pub use router::{busy, router};
