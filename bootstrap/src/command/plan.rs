//! What `explain` and `message send` share: flags of a request, and the decision about it, made with no server running.

use crate::config::{Loaded, Period};
use crate::swedish::WrongUsage;
use anyhow::{Context as _, anyhow};
use application::CurrentDirectory;
use domain::Timestamp;
use domain::access::Sender;
use domain::directory::{Directory, User, UserName};
use domain::language::Words;
use domain::message::{Door, Priority};
use domain::routing::{Condition, Health, Healths};
use domain::submission::Request;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use ports::driven::DirectoryStore;
use std::sync::Arc;

/// A message as it is described on the command line.
#[derive(Debug, Clone, clap::Args)]
pub struct Asked {
    /// Who gets it, as a person would write the number; may be given several times
    #[arg(long, required = true, value_delimiter = ',')]
    pub to: Vec<String>,
    /// What it says
    #[arg(long, default_value = "Hej")]
    pub text: String,
    /// Whose message it is; somebody without any limits when absent
    #[arg(long)]
    pub user: Option<String>,
    /// Who it shows as its sender
    #[arg(long)]
    pub from: Option<String>,
    /// Its class
    #[arg(long, value_parser = ["bulk", "normal", "high", "alarm"])]
    pub priority: Option<String>,
    /// Not before this: 2026-12-24T18:00 (local time), or with an offset
    #[arg(long, value_name = "TIME", value_parser = local_moment)]
    pub at: Option<Timestamp>,
    /// How long it is worth sending: 10m, 2h
    #[arg(long, value_name = "TIME")]
    pub valid_for: Option<Period>,
    /// Show it at once and do not keep it
    #[arg(long)]
    pub flash: bool,
    /// By this link
    #[arg(long)]
    pub link: Option<String>,
    /// The sender's own name for it
    #[arg(long)]
    pub reference: Option<String>,
}

impl Asked {
    /// The request, as a door would make it.
    #[must_use]
    pub fn request(&self) -> Request {
        let mut request = Request::text(self.to.clone(), self.text.clone());
        request.from.clone_from(&self.from);
        request.priority = self.priority.as_deref().and_then(Priority::parse);
        request.send_at = self.at;
        request.valid_for = self.valid_for.map(|period| period.0);
        request.flash = self.flash;
        request.link.clone_from(&self.link);
        request.reference.clone_from(&self.reference);
        request
    }

    /// The user it belongs to.
    ///
    /// # Errors
    /// A user that is not there.
    pub fn sender(&self, directory: &Directory) -> anyhow::Result<Sender> {
        let user = match &self.user {
            Some(name) => directory
                .user(name)
                .cloned()
                .ok_or_else(|| anyhow!("there is no user called {name:?} (omnigate user list shows all)"))?,
            None => Arc::new(User::named(UserName::parse("command").map_err(|e| anyhow!("{e}"))?)),
        };
        Ok(Sender::internal(user, Door::Command))
    }
}

fn local_moment(text: &str) -> Result<Timestamp, WrongUsage> {
    moment(text, &TimeZone::system())
}

/// A moment with an offset, or in local time.
fn moment(text: &str, zone: &TimeZone) -> Result<Timestamp, WrongUsage> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let local = text.parse::<DateTime>().and_then(|local| local.to_zoned(zone.clone()));
    local.map(|zoned| zoned.timestamp()).map_err(|_| {
        WrongUsage::new(Words::new(
            "en tid är 2026-12-24T18:00 (lokal) eller 2026-12-24T18:00+01:00",
            "a time is 2026-12-24T18:00 (local) or 2026-12-24T18:00+01:00",
        ))
    })
}

/// Users, links and routes as the server sees them: of the file, and of the store where there is one. Without passwords, which
/// decide nothing here.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn directory(
    loaded: &Loaded,
    store: Option<&dyn DirectoryStore>,
) -> anyhow::Result<Arc<Directory>> {
    let country = loaded.config.defaults.country();
    let users = loaded.config.user.iter().filter_map(|section| section.to_domain(country)).collect();
    let current = CurrentDirectory::new(loaded.config.installation(users));
    if let Some(store) = store {
        current.set_stored_users(store.users().await.context("the users could not be read")?);
        current
            .set_subscriptions(store.subscriptions().await.context("the subscriptions could not be read")?);
    }
    Ok(current.current())
}

/// Every link, taken to be up: how they really are is known only to the server that holds them.
pub(super) fn all_up(directory: &Directory) -> Healths {
    let up = Health { condition: Condition::Up, room: 1 };
    directory.links.iter().map(|link| (link.id.clone(), up)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        let stockholm = TimeZone::get("Europe/Stockholm").unwrap_or(TimeZone::fixed(jiff::tz::offset(1)));
        let cases = [
            ("2026-12-24T18:00+01:00", "2026-12-24T17:00:00Z"),
            ("2026-12-24T18:00:00Z", "2026-12-24T18:00:00Z"),
            ("2026-12-24T18:00", "2026-12-24T17:00:00Z"),
            ("2026-12-24 18:00", "2026-12-24T17:00:00Z"),
        ];
        for (text, expected) in cases {
            assert_eq!(moment(text, &stockholm).expect(text).to_string(), expected, "{text}");
        }
        assert!(moment("tomorrow", &stockholm).is_err());
    }
}
