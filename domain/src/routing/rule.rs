//! A route: which messages, by which links, how patiently.

use super::Question;
use crate::address::Recipient;
use crate::directory::{LinkId, UserName};
use crate::language::{Language, Words};
use crate::message::{Parts, Priority};
use crate::words;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::doubt::DoubtPolicy;

/// How long an alarm may be on one link without the operator having taken it, where the route says nothing of it.
const ALARM_REPLY: Duration = Duration::from_mins(1);

/// A pattern that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a pattern is *, short, minicall, or digits that the international number begins with (46, +4670, 4670*)"
)]
pub struct PatternError;

/// Which recipients a route is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// `*`: everybody.
    Any,
    /// `short`: short codes.
    Short,
    /// `minicall`: pagers.
    Minicall,
    /// Digits the international number (or the short code) begins with.
    Prefix(String),
}

impl FromStr for Pattern {
    type Err = PatternError;
    fn from_str(s: &str) -> Result<Self, PatternError> {
        let s = s.trim();
        let digits = s.strip_prefix('+').unwrap_or(s).trim_end_matches('*');
        match s {
            "*" => Ok(Self::Any),
            "short" => Ok(Self::Short),
            "minicall" => Ok(Self::Minicall),
            _ if !digits.is_empty() && digits.len() <= 15 && digits.bytes().all(|b| b.is_ascii_digit()) => {
                Ok(Self::Prefix(digits.to_owned()))
            }
            _ => Err(PatternError),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Short => f.write_str("short"),
            Self::Minicall => f.write_str("minicall"),
            Self::Prefix(digits) => write!(f, "{digits}*"),
        }
    }
}

impl Pattern {
    fn fits(&self, recipient: &Recipient) -> bool {
        match (self, recipient) {
            (Self::Any, _) | (Self::Short, Recipient::Short(_)) | (Self::Minicall, Recipient::Pager(_)) => {
                true
            }
            (Self::Short | Self::Minicall, _) => false,
            (Self::Prefix(digits), Recipient::Number(number)) => number.starts_with(digits),
            (Self::Prefix(digits), Recipient::Short(code)) => code.as_str().starts_with(digits.as_str()),
            (Self::Prefix(digits), Recipient::Pager(pager)) => pager.as_str().starts_with(digits.as_str()),
        }
    }
}

/// A link with its share of a balanced load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balanced {
    /// The link.
    pub link: LinkId,
    /// Its share, 1 or more.
    pub weight: u16,
}

/// How load is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Share {
    /// By the weights.
    #[default]
    Weight,
    /// By the weights times the room each link has at that moment.
    Free,
}

/// One step of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// One link.
    Link(LinkId),
    /// Several links that share the load.
    Balance {
        /// The links.
        links: Vec<Balanced>,
        /// How.
        by: Share,
    },
}

impl Way {
    /// The link named first.
    #[must_use]
    pub fn first(&self) -> Option<&LinkId> {
        match self {
            Self::Link(link) => Some(link),
            Self::Balance { links, .. } => links.first().map(|b| &b.link),
        }
    }

    /// Its links.
    pub fn links(&self) -> impl Iterator<Item = &LinkId> {
        let (one, many) = match self {
            Self::Link(link) => (Some(link), [].as_slice()),
            Self::Balance { links, .. } => (None, links.as_slice()),
        };
        one.into_iter().chain(many.iter().map(|b| &b.link))
    }

    /// Whether it leads over a link.
    #[must_use]
    pub fn has(&self, link: &LinkId) -> bool {
        match self {
            Self::Link(own) => own == link,
            Self::Balance { links, .. } => links.iter().any(|b| b.link == *link),
        }
    }
}

/// How long to wait between tries, and when to stop trying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryTimes {
    /// Pause after the first, second, … failed try; the last one repeats.
    pub pauses: Vec<Duration>,
    /// Failed tries over all links before the message fails; its validity may end it earlier.
    pub tries: u16,
}

impl Default for RetryTimes {
    fn default() -> Self {
        let pauses = [5, 15, 30, 60, 120, 300, 600, 900].map(Duration::from_secs).to_vec();
        Self { pauses, tries: 40 }
    }
}

impl RetryTimes {
    /// The pause after so many failed tries (1 = the first).
    #[must_use]
    pub fn pause(&self, failed: u16) -> Duration {
        let at = usize::from(failed.saturating_sub(1));
        self.pauses.get(at).or(self.pauses.last()).copied().unwrap_or(Duration::from_mins(1))
    }
}

/// Which messages go by which links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Which recipients.
    pub to: Pattern,
    /// Only these users; empty = all.
    pub users: Vec<UserName>,
    /// Only these classes; empty = all.
    pub priorities: Vec<Priority>,
    /// The links, in order of preference.
    pub ways: Vec<Way>,
    /// Failed tries on one link before the next is used.
    pub fallback_after: u16,
    /// Failures after which the next link is used at once: codes, or `permanent`, `temporary`, `throttled`, `unanswered`.
    pub fallback_on: Vec<String>,
    /// How long a message may be on one link without the operator having taken it before it goes by the next, where that is said.
    pub reply_within: Option<Duration>,
    /// How long a message may be on one link without "delivered" before it is sent by the next as well.
    pub delivered_within: Option<Duration>,
    /// How long a link may be down before waiting messages move to the next; alarms wait a third of it.
    pub fallback_down: Duration,
    /// Pauses and tries, by `Priority::code`.
    pub retry: [RetryTimes; 4],
    /// What to do with what the operator never answered.
    pub doubt: DoubtPolicy,
}

impl Route {
    /// A route over these ways with everything else at its default.
    #[must_use]
    pub fn new(to: Pattern, ways: Vec<Way>) -> Self {
        Self {
            to,
            users: Vec::new(),
            priorities: Vec::new(),
            ways,
            fallback_after: 3,
            fallback_on: Vec::new(),
            reply_within: None,
            delivered_within: None,
            fallback_down: Duration::from_secs(15),
            retry: std::array::from_fn(|_| RetryTimes::default()),
            doubt: DoubtPolicy::Resend,
        }
    }

    /// Whether a message is one of this route's.
    #[must_use]
    pub fn fits(&self, question: &Question<'_>) -> bool {
        self.to.fits(question.recipient)
            && (self.users.is_empty() || self.users.contains(question.user))
            && (self.priorities.is_empty() || self.priorities.contains(&question.priority))
    }

    /// How long a message of a class may be on one link without the operator having taken it before it goes by the next. An alarm does not wait
    /// for ever where nothing is said, unless the route forbids that it is sent twice.
    #[must_use]
    pub fn reply_within(&self, priority: Priority) -> Option<Duration> {
        let may =
            priority == Priority::Alarm && (self.watches_outcome() || self.doubt == DoubtPolicy::Resend);
        self.reply_within.or(may.then_some(ALARM_REPLY))
    }

    /// How long a link may be down before messages of a class move on.
    #[must_use]
    pub fn patience(&self, priority: Priority) -> Duration {
        if priority == Priority::Alarm { self.fallback_down / 3 } else { self.fallback_down }
    }

    /// Pauses and tries of a class.
    #[must_use]
    pub fn retry(&self, priority: Priority) -> &RetryTimes {
        let [bulk, normal, high, alarm] = &self.retry;
        match priority {
            Priority::Bulk => bulk,
            Priority::Normal => normal,
            Priority::High => high,
            Priority::Alarm => alarm,
        }
    }

    /// Whether the outcome is looked at: a message that fails, or is not delivered in time, goes by the next link.
    #[must_use]
    pub fn watches_outcome(&self) -> bool {
        self.delivered_within.is_some()
    }

    /// Whether nothing is sent again that may have been sent: the word on doubt forbids it. (Whose outcome is watched may come twice.)
    #[must_use]
    pub fn sends_once(&self) -> bool {
        !self.watches_outcome() && self.doubt != DoubtPolicy::Resend
    }

    /// Whether a message that an operator has begun to take waits for its link: another would need all of it, so a part would be sent twice,
    /// which the route forbids.
    #[must_use]
    pub fn keeps_begun(&self, parts: &Parts) -> bool {
        parts.is_begun() && self.sends_once()
    }

    /// Every link, in the order of preference.
    pub fn links(&self) -> impl Iterator<Item = &LinkId> {
        self.ways.iter().flat_map(Way::links)
    }

    /// The links in words: `TS0, then TS1+TS2`.
    #[must_use]
    pub fn describe(&self) -> Words {
        let ways = self.ways.iter().map(|way| match way {
            Way::Link(link) => link.to_string(),
            Way::Balance { links, .. } => links.iter().map(|b| b.link.as_str()).collect::<Vec<_>>().join("+"),
        });
        let ways = ways.collect::<Vec<_>>();
        Words::new(ways.join(", sedan "), ways.join(", then "))
    }

    /// When another link is used, in words; empty when the route has one link only.
    #[must_use]
    pub fn describe_fallback(&self) -> Words {
        if self.links().count() < 2 {
            return Words::default();
        }
        let seconds = |d: Duration| format!("{} s", d.as_secs_f64());
        let (tries, down) = (self.fallback_after, seconds(self.fallback_down));
        let codes = self.fallback_on.join(", ");
        let has_alarms = self.priorities.is_empty() || self.priorities.contains(&Priority::Alarm);
        let alarms = self.reply_within(Priority::Alarm).filter(|_| has_alarms && self.reply_within.is_none());
        let cases = [
            Some(words!("efter {tries} misslyckade försök", "after {tries} failed tries")),
            Some(words!("när en väg är nere i {down}", "when a link is down for {down}")),
            (!codes.is_empty()).then(|| words!("vid {codes}", "on {codes}")),
            self.reply_within.map(seconds).map(|d| words!("utan svar på {d}", "without a reply in {d}")),
            alarms
                .map(seconds)
                .map(|d| words!("för larm utan svar på {d}", "for alarms without a reply in {d}")),
            self.delivered_within.map(seconds).map(|d| {
                words!(
                    "utan \"levererat\" på {d} (en gång per väg, mottagaren kan få det två gånger)",
                    "without \"delivered\" in {d} (once by each link, the recipient may get it twice)"
                )
            }),
        ];
        let all = |language| {
            let said: Vec<_> = cases.iter().flatten().map(|c| c.in_language(language)).collect();
            said.join("; ")
        };
        let (swedish, english) = (all(Language::Swedish), all(Language::English));
        Words::new(format!("nästa väg {swedish}"), format!("the next link {english}"))
    }
}
