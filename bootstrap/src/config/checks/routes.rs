//! Routes: links that exist, shares that add up, times that can be kept.

use super::Checks;
use crate::config::problem::Problem;
use crate::config::{Config, Link, RouteSection};
use domain::directory::UserName;
use domain::message::Priority;

impl Checks<'_> {
    pub(super) fn routes(&mut self, config: &Config) {
        for route in &config.route {
            self.route(config, route);
        }
        for (place, route) in config.route.iter().enumerate() {
            if config.route.iter().take(place).any(|earlier| same_messages(earlier, route)) {
                let to = &route.to.0;
                self.warnings
                    .push(format!("two routes take the same messages to {to}: the first one counts"));
            }
        }
        let routed = |link: &Link| {
            config.route.iter().any(|r| r.steps().iter().any(|(links, _)| links.contains(&link.name())))
        };
        let forgotten: Vec<_> =
            config.link.iter().filter(|l| !routed(l)).map(|l| l.name().to_owned()).collect();
        if config.route.is_empty() && !config.link.is_empty() {
            self.problems.push(Problem::whole("route", "there is no [[route]]: say which messages go by which links, for example to = \"*\" and links = [\"TS0\"]"));
        } else if !forgotten.is_empty() {
            self.warnings.push(format!("no [[route]] uses {}", forgotten.join(", ")));
        }
    }

    fn route(&mut self, config: &Config, route: &RouteSection) {
        let names: Vec<_> = config.link.iter().map(Link::name).collect();
        let steps = route.steps();
        for link in steps.iter().flat_map(|(links, _)| links.iter()) {
            if !names.contains(link) {
                self.wrong(
                    &route.links,
                    "route.links",
                    match names.as_slice() {
                        [] => format!("there is no link called {link:?}; this file has none"),
                        names => format!("there is no link called {link:?}; there are: {}", names.join(", ")),
                    },
                );
            }
        }
        if steps.iter().all(|(links, _)| links.is_empty()) {
            self.wrong(&route.links, "route.links", format!("the route to {} names no link", route.to.0));
        }
        let mut seen: Vec<&str> = Vec::new();
        for link in steps.iter().flat_map(|(links, _)| links.iter().copied()) {
            if seen.contains(&link) {
                self.wrong(&route.links, "route.links", format!("{link:?} stands there twice"));
            }
            seen.push(link);
        }
        for (links, weights) in &steps {
            if weights.contains(&0) {
                self.wrong(&route.links, "route.links.weights", "a weight is at least 1");
            }
            if !weights.is_empty() && weights.len() != links.len() {
                self.wrong(&route.links, "route.links.weights", "as many weights as links");
            }
        }
        for priority in &route.priorities {
            self.one_of(Some(priority), "route.priorities".to_owned(), &Priority::ALL.map(Priority::as_str));
        }
        for user in
            route.users.iter().filter(|user| !config.user.iter().any(|u| u.name.get_ref() == user.get_ref()))
        {
            let name = user.get_ref();
            if UserName::parse(name).is_err() {
                self.wrong(user, "route.users", "a name is 1 to 64 letters, digits or . _ - @ +");
            } else {
                self.warnings
                    .push(format!("route.users: {name:?} is not in this file; it must be in the database"));
            }
        }
        self.times(route);
        if route.unknown_share() {
            self.wrong(&route.links, "route.links.by", "by is \"weight\" or \"free\"");
        }
        if route.doubt_policy().is_none() {
            self.one_of(route.doubt.as_ref(), "route.doubt".to_owned(), &["resend", "assume_sent", "fail"]);
        }
    }

    /// Fallback by time and by status.
    fn times(&mut self, route: &RouteSection) {
        let alone = route.steps().iter().map(|(links, _)| links.len()).sum::<usize>() < 2;
        let within = [
            (&route.fallback_after_time, "route.fallback_after_time"),
            (&route.delivered_within, "route.delivered_within"),
        ];
        for (time, key) in within {
            let Some(time) = time else { continue };
            if time.get_ref().0 < std::time::Duration::from_secs(1) {
                self.wrong(time, key, "at least 1 s: an operator needs some time to answer");
            } else if alone {
                self.wrong(time, key, "the route has one link only: name the next one in links");
            }
        }
        for code in &route.fallback_on {
            let word = code.get_ref().as_str();
            let words = ["permanent", "temporary", "throttled", "unanswered"];
            if !words.contains(&word) && !word.contains('-') {
                self.wrong(
                    code,
                    "route.fallback_on",
                    format!(
                        "{word:?} is no code of a link, such as smpp-0x00000008, and not one of {}",
                        words.join(", ")
                    ),
                );
            }
        }
    }
}

/// Whether the later of two routes is for just the messages of the earlier.
fn same_messages(earlier: &RouteSection, later: &RouteSection) -> bool {
    let set = |list: &[toml::Spanned<String>]| -> std::collections::BTreeSet<String> {
        list.iter().map(|one| one.get_ref().clone()).collect()
    };
    earlier.to == later.to
        && set(&earlier.users) == set(&later.users)
        && set(&earlier.priorities) == set(&later.priorities)
}
