//! Alarms that no link has sent yet, number by number, and the link that each goes by.

use domain::directory::{Directory, LinkId, UserName};
use domain::message::{MessageId, Priority};
use domain::numbering;
use domain::routing::{self, Healths, Question};
use ports::driven::{About, Trouble};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A number that is to be told something.
#[derive(Debug, Clone)]
pub(crate) struct Telling {
    /// Its name.
    pub id: i64,
    /// What it is about.
    pub about: About,
    /// What is, or was, wrong.
    pub trouble: Trouble,
    /// It is over.
    pub cleared: bool,
    /// The number.
    pub to: String,
    /// What it is told.
    pub text: String,
    /// When there was something to tell.
    pub raised_at: Duration,
    /// The message that tells it, and the link it was given to.
    pub given: Option<(MessageId, LinkId)>,
    /// How often a message of it came to a bad end.
    pub tries: u32,
    /// Links that it failed by.
    pub refused_by: Vec<LinkId>,
    /// Why it was not taken when it was last said in the log.
    waits: &'static str,
}

impl Telling {
    /// Something that was just found.
    pub(crate) fn new(id: i64, about: (About, Trouble, bool), to: &str, text: &str, now: Duration) -> Self {
        let (about, trouble, cleared) = about;
        Self {
            id,
            about,
            trouble,
            cleared,
            to: to.to_owned(),
            text: text.to_owned(),
            raised_at: now,
            given: None,
            tries: 0,
            refused_by: Vec::new(),
            waits: "",
        }
    }

    /// It is not taken now. Said once for each reason.
    pub(crate) fn waits_for(&mut self, reason: &'static str) {
        if self.waits != reason {
            tracing::warn!(about = %self.about, reason, "an alarm waits to be told by a message");
            self.waits = reason;
        }
    }

    /// The link it goes by: the first that is up of the number's own route, else the first that is up at all. Never one that it failed by, and
    /// the one it is about, unless that can send: it is well again, or what it reported cannot be taken. And then only when no other is up.
    pub(crate) fn way(&self, directory: &Directory, healths: &Healths, user: &UserName) -> Option<LinkId> {
        let usable = |link: &LinkId| directory.link(link).is_some() && !self.refused_by.contains(link);
        let up = healths.iter().filter(|(link, health)| health.is_up() && usable(link));
        let mut up: Healths = up.map(|(link, health)| (link.clone(), *health)).collect();
        let own = self.about.link().filter(|link| up.remove(*link).is_some() && self.can_send());
        self.first(directory, &up, user).or_else(|| own.cloned())
    }

    fn first(&self, directory: &Directory, up: &Healths, user: &UserName) -> Option<LinkId> {
        let defaults = &directory.defaults;
        let recipient = numbering::recipient(&self.to, defaults.country, defaults.strict_numbers).ok();
        let route = recipient.and_then(|recipient| {
            let question = Question { recipient: &recipient, user, priority: Priority::Alarm, link: None };
            routing::route(directory, &question)
        });
        let spread = self.id.unsigned_abs();
        let on_route = route.and_then(|r| r.ways.iter().find_map(|way| routing::pick(way, up, spread)));
        let any = || directory.links.iter().map(|l| &l.id).find(|l| up.contains_key(*l));
        on_route.or_else(any).cloned()
    }

    /// Whether the link it is about may send it.
    fn can_send(&self) -> bool {
        self.cleared || self.trouble == Trouble::Quarantine
    }

    /// Whether it is about the same state of affairs: what a link is parked for comes in the place of that it is down.
    fn is_about(&self, about: &About, trouble: Trouble) -> bool {
        let of_its_own = |trouble| matches!(trouble, Trouble::Heartbeat | Trouble::Quarantine);
        let same = self.trouble == trouble || !(of_its_own(self.trouble) || of_its_own(trouble));
        self.about == *about && same
    }
}

/// Everything that is to be told: never more than what is last known of each link or receiver, to each number.
#[derive(Debug, Default)]
pub(crate) struct Untold(Mutex<Vec<Telling>>);

impl Untold {
    fn lock(&self) -> MutexGuard<'_, Vec<Telling>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is found now, in the place of what was known before.
    pub(crate) fn put(&self, about: &About, trouble: Trouble, tellings: Vec<Telling>) {
        let mut all = self.lock();
        all.retain(|t| !t.is_about(about, trouble));
        all.extend(tellings);
    }

    /// All of it.
    pub(crate) fn all(&self) -> Vec<Telling> {
        self.lock().clone()
    }

    /// Puts one back as it is now, or forgets it when it is over. One that was replaced meanwhile stays away.
    pub(crate) fn keep(&self, telling: Telling, over: bool) {
        let mut all = self.lock();
        if over {
            all.retain(|t| t.id != telling.id);
        } else if let Some(kept) = all.iter_mut().find(|t| t.id == telling.id) {
            *kept = telling;
        }
    }
}
