//! The text door as a peer sees it: whole conversations over a stream, the driving ports mocked.

mod attacks;
mod dialogues;
mod door;
mod peer;
