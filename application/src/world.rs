//! What the gateway is given: the ports that are no store, and how it is run.

use domain::Language;
use ports::driven::{Clock, Deliver, Ids, Notices, Passwords, Quarantine, Traffic};
use std::sync::Arc;
use std::time::Duration;

/// Everything else that is needed of the world.
#[derive(Clone)]
pub struct World {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Names and chance.
    pub ids: Arc<dyn Ids>,
    /// Passwords.
    pub passwords: Arc<dyn Passwords>,
    /// The traffic log.
    pub traffic: Arc<dyn Traffic>,
    /// Keeps what nobody can take.
    pub quarantine: Arc<dyn Quarantine>,
    /// Tells the people who run it.
    pub notices: Arc<dyn Notices>,
    /// Hands over by HTTP.
    pub http: Arc<dyn Deliver>,
    /// Hands over by mail.
    pub mail: Arc<dyn Deliver>,
}

/// How it is run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The node's name, unique among those that share a store.
    pub node: String,
    /// How long finished messages are kept.
    pub retention: Duration,
    /// How long parts of a received message wait for the others.
    pub mo_patience: Duration,
    /// Something else sees to it that no other run serves this store at the same time (the lock of a SQLite store does).
    pub alone: bool,
    /// What a link says of itself, which is English, in the language of those who are told.
    pub of_link: fn(&str, Language) -> String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            node: "a".to_owned(),
            retention: Duration::from_hours(24 * 90),
            mo_patience: Duration::from_hours(24),
            alone: false,
            of_link: |english, _| english.to_owned(),
        }
    }
}
