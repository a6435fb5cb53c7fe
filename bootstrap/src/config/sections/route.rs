//! Which messages go by which links.

use crate::config::class::{self, ClassSection};
use crate::config::values::{Parsed, Period};
use domain::directory::{LinkId, UserName};
use domain::message::Priority;
use domain::routing::{Balanced, DoubtPolicy, Pattern, Route, Share, Way};
use serde::Deserialize;
use toml::Spanned;

/// The links of a route, in order.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "links is [\"TS0\", \"TS1\"] or { balance = [\"TS0\", \"TS1\"] }")]
pub enum RouteLinks {
    /// In order of preference.
    Ordered(Vec<RouteStep>),
    /// Sharing the load.
    Shared(Balance),
}

/// One step of the order.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "a link's name or { balance = [\"TS0\", \"TS1\"] }")]
pub enum RouteStep {
    /// One link.
    Link(String),
    /// Several that share.
    Shared(Balance),
}

/// Links that share the load.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Balance {
    /// The links.
    pub balance: Vec<String>,
    /// Their shares, in the same order; 1 each when absent.
    #[serde(default)]
    pub weights: Vec<u16>,
    /// `weight` (when absent), or `free` for the weights times the free window.
    pub by: Option<String>,
}

impl Balance {
    fn share(&self) -> Option<Share> {
        match self.by.as_deref() {
            None | Some("weight") => Some(Share::Weight),
            Some("free") => Some(Share::Free),
            Some(_) => None,
        }
    }
}

/// `[[route]]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteSection {
    /// `*`, `short`, or digits the number begins with.
    pub to: Parsed<Pattern>,
    /// `["TS0", "TS1"]`: the order is the fallback; `{ balance = ["TS0", "TS1"], weights = [2, 1] }` shares the load, with `by = "free"` by
    /// the free window of each at the moment.
    pub links: Spanned<RouteLinks>,
    /// Only messages of these users; empty = all.
    #[serde(default)]
    pub users: Vec<Spanned<String>>,
    /// Only these classes: `bulk`, `normal`, `high`, `alarm`; empty = all.
    #[serde(default)]
    pub priorities: Vec<Spanned<String>>,
    /// Failed tries on one link before the next is used; 3 when absent. An alarm that its operator did not answer goes by the next at once.
    pub fallback_after: Option<u16>,
    /// Failures after which the next link is used at once: codes such as `"smpp-0x00000008"`, or `"temporary"`, `"throttled"`, `"unanswered"`,
    /// `"permanent"`.
    #[serde(default)]
    pub fallback_on: Vec<Spanned<String>>,
    /// How long a message may be on one link without the operator having taken it before it goes by the next. When absent alarms wait a minute (unless
    /// `doubt` forbids that they are sent twice), others for ever.
    pub fallback_after_time: Option<Spanned<Period>>,
    /// How long a message may be on one link without having been delivered before it is sent by the next as well, once by each; it is not
    /// looked at when absent. The recipient may get it twice.
    pub delivered_within: Option<Spanned<Period>>,
    /// How long a link may be down before waiting messages move on; alarms wait a third of it; 15 s when absent.
    pub fallback_down: Option<Period>,
    /// Failed tries before a message fails; those of its class when absent.
    pub tries: Option<u16>,
    /// Pauses between tries; the last repeats; those of its class when absent.
    pub pauses: Option<Vec<Period>>,
    /// What to do with what the operator never answered: `resend` (when absent; marked as a possible duplicate), `assume_sent` or `fail`. With
    /// the last two a long message of which the operator has taken a part waits for its link: another would send all of it. After a crash
    /// nobody knows of what the link had whether it was written, so they hold for a full window and up to five messages more that never
    /// left; the links of such a route take no more than these five in advance, which makes a fast link slower.
    pub doubt: Option<Spanned<String>>,
}

impl RouteSection {
    /// The words that `by` may have, and does not have here.
    pub(in crate::config) fn unknown_share(&self) -> bool {
        let wrong = |shared: &Balance| shared.share().is_none();
        match self.links.get_ref() {
            RouteLinks::Shared(shared) => wrong(shared),
            RouteLinks::Ordered(steps) => {
                steps.iter().any(|step| matches!(step, RouteStep::Shared(shared) if wrong(shared)))
            }
        }
    }

    fn ways(&self) -> Vec<Way> {
        let shared = |s: &Balance| {
            let links: Vec<&str> = s.balance.iter().map(String::as_str).collect();
            way(&links, &s.weights, s.share().unwrap_or_default())
        };
        match self.links.get_ref() {
            RouteLinks::Shared(one) => shared(one).into_iter().collect(),
            RouteLinks::Ordered(steps) => steps
                .iter()
                .filter_map(|step| match step {
                    RouteStep::Link(link) => way(&[link], &[], Share::Weight),
                    RouteStep::Shared(many) => shared(many),
                })
                .collect(),
        }
    }

    pub(in crate::config) fn steps(&self) -> Vec<(Vec<&str>, &[u16])> {
        match self.links.get_ref() {
            RouteLinks::Shared(shared) => {
                vec![(shared.balance.iter().map(String::as_str).collect(), shared.weights.as_slice())]
            }
            RouteLinks::Ordered(steps) => steps
                .iter()
                .map(|step| match step {
                    RouteStep::Link(link) => (vec![link.as_str()], [].as_slice()),
                    RouteStep::Shared(shared) => {
                        (shared.balance.iter().map(String::as_str).collect(), shared.weights.as_slice())
                    }
                })
                .collect(),
        }
    }

    pub(in crate::config) fn doubt_policy(&self) -> Option<DoubtPolicy> {
        match self.doubt.as_ref().map(|d| d.get_ref().as_str()) {
            None | Some("resend") => Some(DoubtPolicy::Resend),
            Some("assume_sent") => Some(DoubtPolicy::AssumeSent),
            Some("fail") => Some(DoubtPolicy::Fail),
            Some(_) => None,
        }
    }

    /// The route; `classes` say how patient each class is where it does not say so itself.
    #[must_use]
    pub fn to_route(&self, classes: &[ClassSection]) -> Route {
        let mut route = Route::new(self.to.0.clone(), self.ways());
        route.fallback_on = self.fallback_on.iter().map(|code| code.get_ref().clone()).collect();
        route.reply_within = self.fallback_after_time.as_ref().map(|p| p.get_ref().0);
        route.delivered_within = self.delivered_within.as_ref().map(|p| p.get_ref().0);
        route.users = self.users.iter().filter_map(|u| UserName::parse(u.get_ref()).ok()).collect();
        route.priorities = self.priorities.iter().filter_map(|p| Priority::parse(p.get_ref())).collect();
        route.fallback_after = self.fallback_after.unwrap_or(route.fallback_after);
        route.fallback_down = self.fallback_down.map_or(route.fallback_down, |p| p.0);
        route.doubt = self.doubt_policy().unwrap_or_default();
        route.retry = class::retry(classes, self.tries, self.pauses.as_deref());
        route
    }
}

fn way(links: &[&str], weights: &[u16], by: Share) -> Option<Way> {
    let parsed: Vec<LinkId> = links.iter().filter_map(|l| LinkId::parse(l).ok()).collect();
    match parsed.as_slice() {
        [] => None,
        [one] => Some(Way::Link(one.clone())),
        many => {
            let weight = |n: usize| weights.get(n).copied().unwrap_or(1).max(1);
            let links = many.iter().enumerate();
            let links = links.map(|(n, link)| Balanced { link: link.clone(), weight: weight(n) }).collect();
            Some(Way::Balance { links, by })
        }
    }
}
