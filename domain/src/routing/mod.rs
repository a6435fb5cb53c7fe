//! Which link a message leaves by, and what happens when it does not get through.
//!
//! *Fallback* is another link after failures; failover (another host of the same link) is the link's own affair.

mod balance;
mod doubt;
mod fallback;
mod outcome;
mod rule;
mod turn;
mod vigil;

pub use balance::pick;
pub use doubt::{DoubtPolicy, after_death, after_silence};
pub use fallback::{Failure, FailureClass, Next, Tries, after_failure};
pub use outcome::{Awaits, Course, Deadline, Overdue, course, deadlines};
pub use rule::{Balanced, Pattern, PatternError, RetryTimes, Route, Share, Way};
pub use turn::Turn;
pub use vigil::{Ailment, Turning, Vigil};

use crate::address::Recipient;
use crate::directory::{Directory, LinkId, UserName};
use crate::language::{Language, Words};
use crate::message::{Message, Parts, Priority};
use crate::refusal::{Code, Refusal};
use crate::trace::Trace;
use crate::words;
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
    /// Held by command.
    Held,
    /// The operator takes nothing from us at the moment (no credit, barred, a login it refuses): tried now and then.
    Parked {
        /// Since when.
        since: Timestamp,
    },
}

impl Condition {
    /// The name in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down { .. } => "down",
            Self::Held => "held",
            Self::Parked { .. } => "parked",
        }
    }

    /// How it is, for people.
    #[must_use]
    pub fn name(self, language: Language) -> &'static str {
        let swedish = match self {
            Self::Up => "uppe",
            Self::Down { .. } => "nere",
            Self::Held => "pausad",
            Self::Parked { .. } => "parkerad",
        };
        language.pick(swedish, self.as_str())
    }
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

impl<'a> Question<'a> {
    /// What is asked about a message that is on its way.
    #[must_use]
    pub fn about(message: &'a Message) -> Self {
        Self { recipient: &message.recipient, user: &message.user, priority: message.priority, link: None }
    }
}

/// The link a new message joins, and the route that said so; none when the link was asked for by name.
#[derive(Debug, Clone)]
pub struct Chosen<'a> {
    /// The link.
    pub link: LinkId,
    /// The route.
    pub route: Option<&'a Route>,
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
pub fn choose<'a>(
    directory: &'a Directory,
    question: &Question<'_>,
    healths: &Healths,
    spread: u64,
    trace: &mut Trace,
) -> Result<Chosen<'a>, Refusal> {
    if let Some(asked) = question.link {
        let Some(link) = directory.link(asked) else {
            return Err(Refusal::field(Code::UnknownLink, "link", asked.to_string()));
        };
        trace.note("route", || words!("{asked} är begärd", "{asked} was asked for"));
        return Ok(Chosen { link: link.id.clone(), route: None });
    }
    let Some(route) = route(directory, question) else {
        return Err(Refusal::field(Code::NoRoute, "to", question.recipient.to_string()));
    };
    trace.note("route", || {
        let (to, ways) = (&route.to, route.describe());
        let in_language = |language| ways.in_language(language);
        Words::new(
            format!("{to} passar: {}", in_language(Language::Swedish)),
            format!("{to} fits: {}", in_language(Language::English)),
        )
    });
    if route.links().nth(1).is_some() {
        trace.note("fallback", || route.describe_fallback());
    }
    if trace.is_kept() {
        for link in route.links().filter(|l| !healths.get(*l).is_some_and(Health::is_up)) {
            let how = healths.get(link).map(|h| h.condition);
            trace.note("link", || {
                let in_language = |l| how.map_or(Language::pick(l, "borta", "not there"), |c| c.name(l));
                Words::new(
                    format!("{link} är {}", in_language(Language::Swedish)),
                    format!("{link} is {}", in_language(Language::English)),
                )
            });
        }
    }
    let first_up = route.ways.iter().find_map(|way| pick(way, healths, spread));
    if let Some(link) = first_up {
        trace.note("link", || words!("{link} är uppe", "{link} is up"));
        return Ok(Chosen { link: link.clone(), route: Some(route) });
    }
    let waiting = route.ways.iter().find_map(Way::first);
    trace.note("link", || {
        Words::new(
            "ingen väg i rutten är uppe; meddelandet väntar på den första",
            "no link of the route is up; the message waits for the first",
        )
    });
    let waiting = waiting.map(|link| Chosen { link: link.clone(), route: Some(route) });
    let nowhere = || Words::new("rutten nämner ingen väg", "the route names no link");
    waiting.ok_or_else(|| Refusal::field(Code::NoRoute, "to", nowhere()))
}

/// The link that a message waiting for a link that is not up should move to: the first of the route that is up and neither has it already
/// nor has refused it for good. `None` = stay.
#[must_use]
pub fn instead<'a>(
    route: &'a Route,
    current: &LinkId,
    parts: &Parts,
    healths: &Healths,
    spread: u64,
) -> Option<&'a LinkId> {
    if route.keeps_begun(parts) {
        return None;
    }
    let others = route.ways.iter().filter_map(|way| pick(way, healths, spread));
    others.into_iter().find(|link| *link != current && parts.may_go_by(link))
}
