//! A message: one text to one recipient, from acceptance to its end.
//!
//! Skickat SMS: a `Submission` (what was asked) holds one `Message` for each recipient, and each message one
//! `Segment` (PDU) or more.

mod callback;
mod ids;
mod parts;
mod priority;
mod simple_reference;
mod stopped;
mod ways;

pub use callback::{Callback, CallbackError, DlrMask, Told};
pub use ids::{HandoffId, IdError, Incarnation, MessageId, MoId, SubmissionId};
pub use parts::{Part, PartState, Parts, WHOLE};
pub use priority::{Priority, Quota};
pub use simple_reference::{Edition, SimpleReference};
pub use ways::{Departure, Leaving, PastWay, Which};

use crate::address::{Originator, Recipient};
use crate::directory::{LinkId, UserName};
use crate::submission::pager;
use crate::text::Alphabet;
use crate::text::segment::{self, Segment, TooLong};
use jiff::Timestamp;

/// The front door a message came in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i16)]
pub enum Door {
    /// JSON over HTTP.
    Http = 1,
    /// The plain GET or POST form.
    Form = 2,
    /// Kannel's sendsms.
    Kannel = 3,
    /// The SOAP web service.
    Soap = 4,
    /// Mail.
    Smtp = 5,
    /// Telnet or SNPP.
    Telnet = 6,
    /// The command line.
    Command = 7,
    /// An answer the gateway makes itself.
    Reply = 8,
}

impl Door {
    /// Every door.
    pub const ALL: &'static [Door] = &[
        Self::Http,
        Self::Form,
        Self::Kannel,
        Self::Soap,
        Self::Smtp,
        Self::Telnet,
        Self::Command,
        Self::Reply,
    ];

    /// The number in the database.
    #[must_use]
    pub fn code(self) -> i16 {
        self as i16
    }

    /// The door of a number in the database.
    #[must_use]
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.iter().copied().find(|d| d.code() == code)
    }

    /// The name in metrics, logs and listings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Form => "form",
            Self::Kannel => "kannel",
            Self::Soap => "soap",
            Self::Smtp => "smtp",
            Self::Telnet => "telnet",
            Self::Command => "command",
            Self::Reply => "reply",
        }
    }
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Text, in the alphabet chosen for it.
    Text {
        /// The text as it will be read, already folded.
        text: String,
        /// Gsm7 or Ucs2.
        alphabet: Alphabet,
        /// The user data header that the caller gave, with its length octet, or nothing. With one it is a single segment.
        udh: Vec<u8>,
    },
    /// Octets with an own user data header (may be empty), at most 140 together.
    Binary {
        /// The user data.
        data: Vec<u8>,
        /// The user data header with its length octet, or nothing.
        udh: Vec<u8>,
    },
}

impl Body {
    /// The alphabet on the wire.
    #[must_use]
    pub fn alphabet(&self) -> Alphabet {
        match self {
            Self::Text { alphabet, .. } => *alphabet,
            Self::Binary { .. } => Alphabet::Binary,
        }
    }

    /// Characters as people count them; octets of binary data.
    #[must_use]
    pub fn characters(&self) -> usize {
        match self {
            Self::Text { text, .. } => text.chars().count(),
            Self::Binary { data, .. } => data.len(),
        }
    }

    /// Cuts the body into segments; `reference` joins them again in the phone.
    ///
    /// # Errors
    /// [`TooLong`] over 255 segments.
    pub fn segments(&self, reference: u16, wide: bool) -> Result<Vec<Segment>, TooLong> {
        match self {
            Self::Text { text, alphabet, udh } if udh.is_empty() => {
                segment::split(text, *alphabet, reference, wide)
            }
            Self::Binary { data, udh } if udh.is_empty() => segment::split_binary(data, reference, wide),
            Self::Text { .. } | Self::Binary { .. } => Ok(vec![self.whole()]),
        }
    }

    /// The body in one piece, for an operator that cuts it himself.
    #[must_use]
    pub fn whole(&self) -> Segment {
        let (own_header, body) = match self {
            Self::Text { text, alphabet, udh } => (udh.clone(), segment::whole(text, *alphabet)),
            Self::Binary { data, udh } => {
                (Vec::new(), segment::SegmentBody::Binary([udh.as_slice(), data.as_slice()].concat()))
            }
        };
        Segment { own_header, concat: None, body }
    }

    /// Whether the octets of its one segment begin with a header of their own: the link must then set the user data header indicator.
    #[must_use]
    pub fn has_own_header(&self) -> bool {
        matches!(self, Self::Binary { udh, .. } if !udh.is_empty())
    }
}

/// The four things a cost is booked on: company, department, cost centre, project. Empty = not given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dimensions {
    /// Bolag.
    pub company: String,
    /// Avdelning.
    pub department: String,
    /// Kostnadsställe.
    pub cost_centre: String,
    /// Projekt.
    pub project: String,
}

impl Dimensions {
    /// The given dimension, or else the other's.
    #[must_use]
    pub fn or(self, other: &Dimensions) -> Self {
        let pick = |mine: String, theirs: &str| if mine.is_empty() { theirs.to_owned() } else { mine };
        Self {
            company: pick(self.company, &other.company),
            department: pick(self.department, &other.department),
            cost_centre: pick(self.cost_centre, &other.cost_centre),
            project: pick(self.project, &other.project),
        }
    }
}

/// A message as it was accepted: it never changes after that (what changes is its [`crate::state::State`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its name for ever.
    pub id: MessageId,
    /// The request it was part of.
    pub submission: SubmissionId,
    /// Who pays and may see it.
    pub user: UserName,
    /// The person or program behind the user, when the door knows: a mail address. Stands in the traffic log.
    pub asked_by: Option<String>,
    /// Where it came in.
    pub door: Door,
    /// Who gets it.
    pub recipient: Recipient,
    /// Who it says it is from; `None` = the link's own number.
    pub originator: Option<Originator>,
    /// What it says.
    pub body: Body,
    /// Shown at once and not kept (class 0).
    pub flash: bool,
    /// How many PDUs it takes, 1 to 255.
    pub segments: u8,
    /// Its class in the queue.
    pub priority: Priority,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// When it may leave: `accepted_at`, or the time it was scheduled for.
    pub due_at: Timestamp,
    /// After this nothing is sent any more.
    pub expires_at: Timestamp,
    /// The caller's own name for it.
    pub reference: Option<String>,
    /// Whom to tell about its state.
    pub callback: Option<Callback>,
    /// What its cost is booked on.
    pub dimensions: Dimensions,
}

impl Message {
    /// A number that differs between messages, by which balanced links are picked.
    #[must_use]
    pub fn spread(&self) -> u64 {
        self.id.0.unsigned_abs()
    }

    /// Cuts it into segments: pages for a pager, which nothing joins again; else as its body says.
    ///
    /// # Errors
    /// [`TooLong`] over 255 segments.
    pub fn parts(&self, reference: u16, wide: bool) -> Result<Vec<Segment>, TooLong> {
        match (&self.recipient, &self.body) {
            (Recipient::Pager(_), Body::Text { text, .. }) => Ok(pager::segments(text)),
            _ => self.body.segments(reference, wide),
        }
    }
}

/// A message together with the way it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routed {
    /// The message.
    pub message: Message,
    /// The link whose queue it stands in.
    pub link: LinkId,
}
