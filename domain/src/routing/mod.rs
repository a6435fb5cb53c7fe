//! Which link a message leaves by, and what happens when it does not get through.
//!
//! *Fallback* is another link after failures; failover (another host of the same link) is the link's own affair.

mod balance;
mod fallback;
mod rule;

pub use balance::pick;
pub use fallback::{DoubtPolicy, Failure, FailureClass, Next, Tries, after_failure, after_silence};
pub use rule::{Balanced, Pattern, PatternError, RetryTimes, Route, Way};

use crate::address::Recipient;
use crate::directory::{Directory, LinkId, UserName};
use crate::message::Priority;
use crate::refusal::{Code, Refusal};
use crate::trace::Trace;
use jiff::Timestamp;
use std::collections::HashMap;

/// How a link is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Bound to its operator.
    Up,
    /// Not bound since then; it is being tried.
    Down {
        /// Since when.
        since: Timestamp,
    },
    /// Held by command, or parked for a bad login or lack of credit.
    Held,
}

/// What routing needs to know of a link at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// Whether it can send.
    pub condition: Condition,
    /// How many more messages it takes at once.
    pub room: usize,
}

impl Health {
    /// Whether it can send.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.condition == Condition::Up
    }
}

/// The links' condition, taken together at one moment.
pub type Healths = HashMap<LinkId, Health>;

/// What is asked of routing.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Who gets the message.
    pub recipient: &'a Recipient,
    /// Whose it is.
    pub user: &'a UserName,
    /// Its class.
    pub priority: Priority,
    /// A link asked for by name.
    pub link: Option<&'a LinkId>,
}

/// The first route that fits.
#[must_use]
pub fn route<'a>(directory: &'a Directory, question: &Question<'_>) -> Option<&'a Route> {
    directory.routes.iter().find(|r| r.fits(question))
}

/// The link whose queue a new message joins: the best that is up, or else the first (it waits there until something changes).
/// `spread` is any number that differs between messages: balanced links are picked by it.
///
/// # Errors
/// `no_route` when nothing fits, `unknown_link` for a link asked for that does not exist.
pub fn choose(
    directory: &Directory,
    question: &Question<'_>,
    healths: &Healths,
    spread: u64,
    trace: &mut Trace,
) -> Result<LinkId, Refusal> {
    if let Some(asked) = question.link {
        let Some(link) = directory.link(asked) else {
            return Err(Refusal::field(Code::UnknownLink, "link", format!("({asked})")));
        };
        trace.note("route", || format!("{asked} was asked for"));
        return Ok(link.id.clone());
    }
    let Some(route) = route(directory, question) else {
        return Err(Refusal::field(Code::NoRoute, "to", format!("({})", question.recipient)));
    };
    trace.note("route", || format!("{} fits: {}", route.to, route.describe()));
    let first_up = route.ways.iter().find_map(|way| pick(way, healths, spread));
    if let Some(link) = first_up {
        trace.note("link", || format!("{link} is up"));
        return Ok(link.clone());
    }
    let waiting = route.ways.iter().find_map(Way::first);
    trace.note("link", || "no link of the route is up; the message waits for the first".to_owned());
    waiting.cloned().ok_or_else(|| Refusal::field(Code::NoRoute, "to", "the route names no link".to_owned()))
}

/// The link that messages waiting for a link that is not up should move to: the next of the route that is. `None` = stay.
#[must_use]
pub fn instead<'a>(route: &'a Route, current: &LinkId, healths: &Healths, spread: u64) -> Option<&'a LinkId> {
    let others = route.ways.iter().filter_map(|way| pick(way, healths, spread));
    others.into_iter().find(|link| *link != current)
}
