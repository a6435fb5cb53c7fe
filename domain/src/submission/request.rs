//! What a caller asks for, the same from every door.

use crate::message::{Callback, Dimensions, Priority};
use crate::text::Policy;
use jiff::Timestamp;
use std::time::Duration;

/// What is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Text; the gateway chooses the alphabet.
    Text(String),
    /// Text of one segment with a user data header of the caller's own: his programs cut long texts themselves, or address a port.
    Headed {
        /// The text.
        text: String,
        /// The header, its length octet first.
        udh: Vec<u8>,
    },
    /// Octets, with a user data header (its length octet first) or none.
    Binary {
        /// The user data.
        data: Vec<u8>,
        /// The header.
        udh: Vec<u8>,
    },
}

/// A request to send. [`Request::text`] makes one with everything else at its default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Recipients as the caller wrote them.
    pub to: Vec<String>,
    /// What to send.
    pub content: Content,
    /// The originator as the caller wrote it.
    pub from: Option<String>,
    /// Show at once, do not keep (class 0).
    pub flash: bool,
    /// The class; `None` = the user's.
    pub priority: Option<Priority>,
    /// The caller's own name for it, at most 128 characters.
    pub reference: Option<String>,
    /// What to book the cost on.
    pub dimensions: Dimensions,
    /// Not before this.
    pub send_at: Option<Timestamp>,
    /// How long it is worth sending, counted from `send_at` or now.
    pub valid_for: Option<Duration>,
    /// The moment after which it is not worth sending; the earlier of both counts.
    pub valid_until: Option<Timestamp>,
    /// Whom to tell.
    pub callback: Option<Callback>,
    /// Whether replies are to be tied to this very message.
    pub dialog: bool,
    /// How to bring the text into an alphabet; `None` = the installation's way.
    pub policy: Option<Policy>,
    /// A link asked for by name.
    pub link: Option<String>,
    /// The person or program behind the user.
    pub asked_by: Option<String>,
    /// The same key with the same request is accepted once, for seven days. At most 255 characters.
    pub idempotency_key: Option<String>,
}

impl Request {
    /// A text to some recipients.
    #[must_use]
    pub fn text(to: impl IntoIterator<Item = impl Into<String>>, text: impl Into<String>) -> Self {
        Self {
            to: to.into_iter().map(Into::into).collect(),
            content: Content::Text(text.into()),
            from: None,
            flash: false,
            priority: None,
            reference: None,
            dimensions: Dimensions::default(),
            send_at: None,
            valid_for: None,
            valid_until: None,
            callback: None,
            dialog: false,
            policy: None,
            link: None,
            asked_by: None,
            idempotency_key: None,
        }
    }
}
