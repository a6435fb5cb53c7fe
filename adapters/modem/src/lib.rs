//! Modems. GSM terminals: links that send and receive by AT commands (3GPP TS 27.005, 27.007) and short message TPDUs (23.040). Analogue
//! modems: calls ([`call`], for whatever is spoken over them) and paging centrals ([`tap`]). And simulated ones.
//!
//! Codecs ([`tpdu`], [`at`], [`tap::codec`]) and chats ([`chat`], [`call::Hayes`]) are sans-IO; [`port`] opens ports; [`GsmLink`] and
//! [`tap::TapLink`] are the links.

pub mod at;
pub mod call;
pub mod chat;
pub mod config;
pub mod errors;
mod link;
mod notes;
pub mod port;
pub mod profile;
pub mod simulator;
mod state;
mod supervise;
pub mod tap;
pub mod terminal;
pub mod tpdu;

pub use config::GsmConfig;
pub use link::{GsmLink, GsmSurroundings};
pub use notes::Notes;
pub use pdu::hex;
pub use state::{Facts, Rung, State, dbm};
