//! Mail in, and the relay for mail out.

use super::http::Tls;
use crate::config::values::{Parsed, Period, Secret};
use domain::directory::AddressRange;
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;
use toml::Spanned;

/// `[smtp]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Smtp {
    /// Where it listens; port 0 takes a free one. Without `domains` it does not, and there is only the relay.
    pub listen: String,
    /// Domains whose mail becomes SMS: `0701234567@sms.example.se`.
    pub domains: Vec<String>,
    /// STARTTLS.
    pub tls: Option<Tls>,
    /// Who may connect; empty = everybody.
    pub allow: Vec<Parsed<AddressRange>>,
    /// Connections at once.
    pub max_connections: usize,
    /// Connections at once from one address.
    pub max_per_address: usize,
    /// How the text is made: `{subject}`, `{body}` and `{from}`.
    pub template: Spanned<String>,
    /// The name in the banner; the first domain when absent.
    pub host: Option<String>,
    /// Whether the `From:` header must agree with who sends: `must_agree` (the envelope's sender or another address of the same user) or `ignore`.
    pub from: Spanned<String>,
    /// Whether the same mail (Message-ID, recipients, text) is sent once only.
    pub once: bool,
    /// Whether mail that says `Auto-Submitted: auto-generated` is taken, as some alarm systems say. Automatic replies never are.
    pub take_generated: bool,
    /// Who may log in without TLS.
    pub plain_login: Vec<Parsed<AddressRange>>,
    /// Old devices whose bare LF are taken for line ends, and that may send ahead of replies.
    pub lenient: Vec<Parsed<AddressRange>>,
    /// The most octets of a mail; 552 above.
    pub max_message: usize,
    /// The most recipients of a mail; 452 above.
    pub max_recipients: usize,
    /// The longest line of a mail in octets.
    pub max_line: usize,
    /// The longest command in octets; a longer one ends the session.
    pub max_command: usize,
    /// Errors in a session before it is ended.
    pub max_errors: u32,
    /// Wrong logins in a session before it is ended.
    pub max_logins: u32,
    /// How long a connection may be idle.
    pub idle_timeout: Period,
    /// How long a session may last.
    pub session_timeout: Period,
    /// How long a handshake or a peer that does not read may take, and how long a stop waits for sessions.
    pub patience: Period,
    /// Domains that differ from the above.
    pub domain: Vec<SmtpDomain>,
    /// Senders whose mail becomes text in another way.
    pub sender: Vec<SmtpSender>,
    /// The mail server that takes mail from us.
    pub relay: Option<Relay>,
}

impl Smtp {
    /// Whether mail is taken: without a domain the section only says how mail leaves.
    #[must_use]
    pub fn is_door(&self) -> bool {
        !self.domains.is_empty() || !self.domain.is_empty()
    }
}

impl Default for Smtp {
    fn default() -> Self {
        let spanned = |text: &str| Spanned::new(0..0, text.to_owned());
        Self {
            listen: "127.0.0.1:2525".to_owned(),
            domains: Vec::new(),
            tls: None,
            allow: Vec::new(),
            max_connections: 1_000,
            max_per_address: 50,
            template: spanned("{subject} {body}"),
            host: None,
            from: spanned("must_agree"),
            once: true,
            take_generated: false,
            plain_login: ranges(&["127.0.0.0/8", "::1"]),
            lenient: Vec::new(),
            max_message: 1024 * 1024,
            max_recipients: 100,
            max_line: 1_000,
            max_command: 1_024,
            max_errors: 10,
            max_logins: 3,
            idle_timeout: Period(Duration::from_secs(300)),
            session_timeout: Period(Duration::from_hours(1)),
            patience: Period(Duration::from_secs(10)),
            domain: Vec::new(),
            sender: Vec::new(),
            relay: None,
        }
    }
}

fn ranges(texts: &[&str]) -> Vec<Parsed<AddressRange>> {
    texts.iter().filter_map(|text| text.parse().ok().map(Parsed)).collect()
}

/// `[[smtp.domain]]`: a domain whose mail becomes text in its own way.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpDomain {
    /// The domain; it need not stand in `smtp.domains` too.
    pub name: Spanned<String>,
    /// How the text is made; `smtp.template` when absent.
    pub template: Option<Spanned<String>>,
    /// Whether a signature is left out.
    #[serde(default = "yes")]
    pub cut_signature: bool,
    /// Whether quoted earlier mail is left out.
    #[serde(default = "yes")]
    pub cut_quotes: bool,
}

/// `[[smtp.sender]]`: a sender whose mail becomes text in its own way, whatever the domain.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpSender {
    /// The envelope's sender; `@example.se` = all of a domain.
    pub address: Spanned<String>,
    /// How the text is made.
    pub template: Spanned<String>,
}

fn yes() -> bool {
    true
}

/// How the relay is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RelayTls {
    /// Plain.
    #[default]
    None,
    /// STARTTLS where the relay offers it, with any certificate.
    Offered,
    /// STARTTLS, or not at all.
    Starttls,
    /// TLS from the first octet.
    Tls,
}

/// `[smtp.relay]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relay {
    /// `host:port`.
    pub host: Spanned<String>,
    /// `none`: in the clear. `offered`: STARTTLS where the relay offers it, with any certificate and name, else in the clear (as Postfix's `may`; with a
    /// login not where it offers TLS that does not work). `starttls`, and `tls` from the first octet: only with a certificate for the name in `host` that this machine or `ca` trusts.
    #[serde(default)]
    pub tls: RelayTls,
    /// Login name, if it wants one.
    pub user: Option<String>,
    /// Password.
    pub password: Option<Spanned<Secret>>,
    /// The domain of senders we make: `46701234567@…`; the first of `smtp.domains` when absent, needed where there is none.
    pub from_domain: Option<String>,
    /// Whether received messages carry the headers that make Outlook show a text message.
    #[serde(default)]
    pub oms_headers: bool,
    /// A PEM file with an authority for the relay's certificate, besides the system's.
    pub ca: Option<PathBuf>,
    /// The name we say in EHLO; `from_domain` when absent.
    pub hello: Option<String>,
    /// The envelope's sender of received messages; the `From:` address when absent. Reports have the null sender.
    pub envelope_from: Option<String>,
    /// How long it may take until the relay is ready for a mail's content; 10 s when absent.
    pub timeout: Option<Period>,
    /// How long the relay's answer to the whole mail may take; 10 min when absent. A mail that is given up while the relay takes it is sent twice.
    pub answer_timeout: Option<Period>,
    /// Connections kept to the relay; 8 when absent.
    pub connections: Option<u32>,
}
