//! One driver for each front door: sends one message and says whether it was accepted, refused, or nobody knows.
//! Written from the published surface alone; other people's clients have stories of their own.

pub mod lines;
pub mod mail;
pub mod soap;
pub mod text;
pub mod web;

use crate::gateway::Doors;
use std::io;

/// A front door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Door {
    /// `POST /api/v1/messages`.
    Json,
    /// `GET /send?numbers=&text=`.
    Get,
    /// `GET /cgi-bin/sendsms`.
    Kannel,
    /// `POST /soap/gateway`.
    Soap,
    /// SNPP.
    Text,
    /// SMTP.
    Mail,
}

/// All of them.
pub const ALL: [Door; 6] = [Door::Json, Door::Get, Door::Kannel, Door::Soap, Door::Text, Door::Mail];

/// What the caller learnt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A positive answer, with the id when the door tells one.
    Accepted(Option<String>),
    /// A definite negative answer.
    Refused(String),
    /// The connection ended before an answer: may have been accepted or not.
    Unknown,
}

impl Door {
    /// Sends one text to one number through this door.
    #[must_use]
    pub fn send(self, doors: Doors, to: &str, text: &str) -> Answer {
        let outcome: io::Result<Answer> = match self {
            Self::Json => web::json(doors.http, to, text),
            Self::Get => web::get(doors.http, to, text),
            Self::Kannel => web::kannel(doors.http, to, text),
            Self::Soap => soap::send(doors.http, to, text),
            Self::Text => text::send(doors.telnet, to, text),
            Self::Mail => mail::send(doors.smtp, to, text),
        };
        // A refused connection is known not to be accepted, but a driver of a crash story need not tell them apart.
        outcome.unwrap_or(Answer::Unknown)
    }
}
