//! What an installation may choose about the mail door. Values only; reading files is bootstrap's.

use crate::template::Template;
use domain::directory::AddressRange;
use net::tls::TlsServer;
use std::net::IpAddr;
use std::time::Duration;

/// Whether the `From:` header must agree with who sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FromPolicy {
    /// It is the envelope's sender, or another address of the same user. A mail without it makes no claim and is fine.
    #[default]
    MustAgree,
    /// It does not matter.
    Ignore,
}

/// A domain that mail is taken for, and how it becomes text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailDomain {
    /// The part after `@`, compared without case.
    pub name: String,
    /// How subject and body make the text.
    pub template: Template,
    /// Whether a signature is left out.
    pub cut_signature: bool,
    /// Whether quoted earlier mail is left out.
    pub cut_quotes: bool,
}

impl MailDomain {
    /// A domain with subject and body, without signatures and quotes.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), template: Template::default(), cut_signature: true, cut_quotes: true }
    }
}

/// Settings of the mail door.
#[derive(Debug, Clone)]
pub struct Config {
    /// The host's name in the banner.
    pub host: String,
    /// Domains that mail is taken for; everything else is refused.
    pub domains: Vec<MailDomain>,
    /// Senders whose mail becomes text by a template of their own, in whichever domain: an address, or `@` and a domain. The first that fits.
    pub senders: Vec<(String, Template)>,
    /// Whether `From:` must agree.
    pub from_policy: FromPolicy,
    /// Whether the same mail (Message-ID, recipients, text) is taken once only.
    pub once: bool,
    /// Whether mail that says `Auto-Submitted: auto-generated` is taken. Some alarm systems say so; automatic replies are refused
    /// in any case, and so is mail of this gateway.
    pub take_generated: bool,
    /// STARTTLS, when there is a certificate.
    pub tls: Option<TlsServer>,
    /// Peers that may log in without TLS.
    pub plain_login: Vec<AddressRange>,
    /// Old devices whose bare LF are taken for line ends, and that may send ahead of replies.
    pub lenient: Vec<AddressRange>,
    /// Largest mail in octets; 552 above.
    pub max_message: usize,
    /// Recipients of one mail; 452 above.
    pub max_recipients: usize,
    /// Longest line of a mail in octets with its CRLF.
    pub max_line: usize,
    /// Longest command in octets with its CRLF; a longer one ends the session.
    pub max_command: usize,
    /// Errors in a session before 421.
    pub max_errors: u32,
    /// Wrong logins in a session before 421.
    pub max_logins: u32,
    /// Silence (no whole line) before 421.
    pub idle: Duration,
    /// A session is never longer.
    pub session: Duration,
    /// How long a TLS handshake may take, how long a peer may take to read, and how long a stop waits for sessions.
    pub patience: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            host: "omnigate".to_owned(),
            domains: Vec::new(),
            senders: Vec::new(),
            from_policy: FromPolicy::default(),
            once: true,
            take_generated: false,
            tls: None,
            plain_login: ["127.0.0.0/8", "::1"].iter().filter_map(|r| r.parse().ok()).collect(),
            lenient: Vec::new(),
            max_message: 1024 * 1024,
            max_recipients: 100,
            max_line: 1000,
            max_command: 1024,
            max_errors: 10,
            max_logins: 3,
            idle: Duration::from_secs(300),
            session: Duration::from_secs(3600),
            patience: Duration::from_secs(10),
        }
    }
}

impl Config {
    /// The domain of a recipient.
    #[must_use]
    pub fn domain(&self, name: &str) -> Option<&MailDomain> {
        self.domains.iter().find(|d| d.name.eq_ignore_ascii_case(name))
    }

    /// The template of a sender, where it has one of its own.
    #[must_use]
    pub fn sender_template(&self, sender: &str) -> Option<&Template> {
        let fits = |pattern: &str| match pattern.strip_prefix('@') {
            Some(domain) => sender.rsplit_once('@').is_some_and(|(_, of)| of.eq_ignore_ascii_case(domain)),
            None => pattern.eq_ignore_ascii_case(sender),
        };
        self.senders.iter().find(|(pattern, _)| fits(pattern)).map(|(_, template)| template)
    }

    pub(crate) fn is_lenient(&self, peer: IpAddr) -> bool {
        self.lenient.iter().any(|r| r.contains(peer))
    }

    pub(crate) fn may_log_in_plain(&self, peer: IpAddr) -> bool {
        self.plain_login.iter().any(|r| r.contains(peer))
    }
}
