//! The mail door and the mail relay as their peers see them: real sockets, the driving ports mocked.

mod attacks;
mod dialogues;
mod late;
mod odd;
mod peer;
mod relay;
mod sink;
mod texts;
