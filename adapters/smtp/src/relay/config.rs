//! What an installation may choose about mail that leaves. Values only.

use domain::language::Language;
use secrecy::SecretString;
use std::path::PathBuf;
use std::time::Duration;

/// How the connection to the relay is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Security {
    /// STARTTLS where the relay offers it, with any certificate; in the clear where it does not, or where that fails and there is no login.
    #[default]
    IfOffered,
    /// Never.
    None,
    /// STARTTLS, or nothing is sent.
    StartTls,
    /// TLS from the first octet.
    Tls,
}

/// Settings of the mail relay.
#[derive(Debug, Clone)]
pub struct RelayConfig {
    /// Host of the relay.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Protection of the connection.
    pub security: Security,
    /// An authority for the relay's certificate, PEM, besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Name and password at the relay.
    pub login: Option<(String, SecretString)>,
    /// Our name for EHLO; `None` = the mail domain.
    pub hello: Option<String>,
    /// The domain of `From:` addresses: a reply to `46701234567@domain` becomes an SMS where the mail door takes it.
    pub domain: String,
    /// The envelope's sender of received messages; `None` = the `From:` address. Reports always have the null sender.
    pub envelope_from: Option<String>,
    /// Language of subjects and reports.
    pub language: Language,
    /// Whether received messages carry the headers by which Outlook shows them as text messages.
    pub oms_headers: bool,
    /// The relay is ready for a mail's content within this time.
    pub timeout: Duration,
    /// It answers the whole mail within this one (RFC 5321, 4.5.3.2.6, wants ten minutes): a mail that is given up while the relay takes it comes
    /// twice.
    pub answer_timeout: Duration,
    /// Connections kept to the relay.
    pub connections: u32,
}

impl RelayConfig {
    /// A relay with everything else at its default.
    #[must_use]
    pub fn to(host: impl Into<String>, port: u16, domain: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port,
            security: Security::default(),
            ca_file: None,
            login: None,
            hello: None,
            domain: domain.into(),
            envelope_from: None,
            language: Language::default(),
            oms_headers: false,
            timeout: Duration::from_secs(10),
            answer_timeout: Duration::from_mins(10),
            connections: 8,
        }
    }
}
