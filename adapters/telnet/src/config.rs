//! What an installation may choose about the text door. Values only; reading files is bootstrap's.

use domain::language::Language;
use jiff::tz::TimeZone;
use secrecy::SecretString;
use std::time::Duration;

/// What becomes of a `SUBJ`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SubjectUse {
    /// It stands before the text, with a space between.
    #[default]
    Prefix,
    /// It is the message's reference.
    Reference,
}

/// Settings of the text door. [`Config::default`] is what an installation gets that says nothing.
#[derive(Debug, Clone)]
pub struct Config {
    /// The host's name in the banner.
    pub host: String,
    /// Language of texts for people; codes are the same in all.
    pub language: Language,
    /// Longest line in octets without its end; a longer one ends the session with 421.
    pub max_line: usize,
    /// Longest text in octets that `DATA` takes; 552 above.
    pub max_text: usize,
    /// Recipients of one `SEND`; 552 above.
    pub max_recipients: usize,
    /// Commands a second; faster ones wait for their turn. 0 = no limit.
    pub commands_per_second: u32,
    /// Errors in a session before 421.
    pub max_errors: u32,
    /// Wrong logins in a session before 421.
    pub max_logins: u32,
    /// Silence before 421.
    pub idle: Duration,
    /// How long a peer may take to read what it is sent, and how long a stop waits for commands under way.
    pub patience: Duration,
    /// The zone of a `HOLD` of twelve digits without one.
    pub time_zone: TimeZone,
    /// Whether a `HOLD` of ten digits (HylaFAX) is UTC rather than in `time_zone`.
    pub short_hold_is_utc: bool,
    /// What becomes of a `SUBJ`.
    pub subject: SubjectUse,
    /// Goes into the pass codes of `960` replies. Another key makes the pass codes given before worthless.
    pub passcode_key: SecretString,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            host: "omnigate".to_owned(),
            language: Language::default(),
            max_line: 1024,
            max_text: 64 * 1024,
            max_recipients: 1000,
            commands_per_second: 10,
            max_errors: 25,
            max_logins: 3,
            idle: Duration::from_secs(300),
            patience: Duration::from_secs(10),
            time_zone: TimeZone::UTC,
            short_hold_is_utc: true,
            subject: SubjectUse::Prefix,
            passcode_key: SecretString::from("omnigate snpp"),
        }
    }
}
