//! A way to an operator.

use async_trait::async_trait;
use domain::address::Originator;
use domain::directory::LinkId;
use domain::message::{Incarnation, Message, Parts};
use domain::routing::{Failure, Health, Tries};
use domain::text::Segment;
use std::sync::Arc;
use std::time::Duration;

/// Segments of one message, ready for a link.
#[derive(Debug, Clone)]
pub struct Shipment {
    /// The message.
    pub message: Arc<Message>,
    /// The sender to show on this link; `None` = the operator puts its own.
    pub originator: Option<Originator>,
    /// The segments still to be sent, with their 1-based place, in order; or all of a long message under [`domain::message::WHOLE`], where
    /// [`domain::directory::LinkProfile::takes_whole`] says that the operator cuts it.
    pub segments: Vec<(u8, Segment)>,
    /// Whether to ask for receipts.
    pub receipt: bool,
    /// It may have been sent before.
    pub possible_duplicate: bool,
    /// What became of its segments before; for the application.
    pub parts: Parts,
    /// How often it was tried before; for the application.
    pub tries: Tries,
    /// Who holds the message; for the application.
    pub lease: Incarnation,
    /// The failures after which its route wants it to go on by another link at once (see [`Failure::is_among`]): on one of them a link that would
    /// try it again itself, because the operator throttles, gives it back.
    pub leaves_on: Vec<String>,
    /// Its route sends nothing again that may have been sent: a link whose protocol would write an unanswered segment once more replies
    /// [`PartReply::Unanswered`] instead.
    pub once: bool,
}

/// What the operator (or the link) said to one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartReply {
    /// Taken over, under the operator's id (may be empty).
    Accepted {
        /// As given.
        operator_id: String,
    },
    /// Refused.
    Refused(Failure),
    /// Written to the operator, who never answered: it may have been sent.
    Unanswered,
    /// Never written to the operator.
    NotOffered,
}

/// One segment that the operator has and is to take back, named as it was when it was submitted.
#[derive(Debug, Clone)]
pub struct Withdrawal {
    /// Its message.
    pub message: Arc<Message>,
    /// The sender as it was shown on this link.
    pub originator: Option<Originator>,
    /// The operator's id as he gave it; never empty.
    pub operator_id: String,
}

/// What became of a [`Withdrawal`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Withdrawn {
    /// The operator took it back.
    TakenBack,
    /// He did not; in his words.
    Refused(String),
    /// He was asked and never answered.
    Unanswered,
    /// He was not asked, or wants to be asked later.
    NotOffered,
}

/// What a person wants to know of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkReport {
    /// Its name.
    pub id: LinkId,
    /// Its protocol: `smpp`.
    pub protocol: &'static str,
    /// Its health.
    pub health: Health,
    /// What it is doing or why it is not up, in English: `bound to 10.0.0.1:2775`, `bind refused: ESME_RINVPASWD`.
    pub detail: String,
    /// How long it is until it tries again to be up, where it knows.
    pub next_try: Option<Duration>,
    /// Bound sessions.
    pub sessions: usize,
    /// Segments written and not answered.
    pub in_flight: usize,
    /// Messages taken and not yet written.
    pub waiting: usize,
}

/// A way to an operator. It reports to `driving::ReceiveMessages`: one reply for each shipment it took, always, also when the
/// session dies (`Unanswered`) or the link is stopped (`NotOffered`).
#[async_trait]
pub trait Link: Send + Sync {
    /// Its name.
    fn id(&self) -> &LinkId;

    /// Its health. Cheap: asked for at each message.
    fn health(&self) -> Health;

    /// Whether it sends at all. One that only receives is never on a message's way; it is up when something can come in by it.
    fn sends(&self) -> bool {
        true
    }

    /// Whether nothing can come in by it now although it is there for that too: it sends, and receipts and received messages wait at the operator.
    fn is_deaf(&self) -> bool {
        false
    }

    /// Gives it shipments; it sends higher classes first, within a class in the order given. Never waits: what it has no
    /// room for (or all of it, when it is not up) comes back.
    fn offer(&self, shipments: Vec<Shipment>) -> Vec<Shipment>;

    /// Asks it to give back (as `NotOffered` replies) everything it has not written.
    fn recall(&self);

    /// Holds it (`true`: it stops sending, stays bound) or lets it go on.
    fn hold(&self, held: bool);

    /// Whether it can ask its operator to take back what he has: `None` = never, the protocol has no such request; else whether a session is there
    /// for it now (that the link is held does not matter).
    fn withdraws(&self) -> Option<bool> {
        None
    }

    /// Asks the operator to take a segment back. Its answer comes within the link's own time limits; what is dropped while it waits may have
    /// been asked for.
    async fn withdraw(&self, what: Withdrawal) -> Withdrawn {
        let _ = what;
        Withdrawn::NotOffered
    }

    /// For people.
    fn report(&self) -> LinkReport;

    /// Stops in good order within a limit: takes nothing more, gives back what is not written, waits for replies, says goodbye, closes.
    async fn stop(&self, limit: Duration);
}
