//! Who is told, and whether they are: programs that answer received messages, people who look after links.
#![allow(missing_docs, reason = "a test")]

mod alarms;
mod answers;
mod given_up;
mod heartbeats;
mod last_word;
mod rig;
mod store;
