//! Mail that leaves: received messages to mailboxes, reports of failure to whoever sent by mail (RFC 3464), through one relay.
//!
//! Of handoffs it keeps nothing: tries and pauses are the application's. The same handoff always has the same Message-ID, so that a repetition can be
//! told. What no handoff stands for (notices, recipients refused late) is tried again from memory.

mod again;
pub mod clean;
mod config;
mod connections;
mod late;
mod notice;
mod places;
mod received;
mod report;

pub use config::{RelayConfig, Security};
pub(crate) use late::LateReports;
pub use notice::MailNotices;
pub(crate) use report::Refused;

use async_trait::async_trait;
use connections::{Connections, Reach};
use domain::message::Callback;
use domain::mo::Destination;
use lettre::Address;
use lettre::message::Message;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use places::Places;
use ports::driven::{Answer, Content, Deliver, Handoff, HandoffError};
use secrecy::ExposeSecret as _;
use std::sync::Arc;

/// Settings that cannot work.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The domain makes no mail address.
    #[error("{0:?} is no mail domain")]
    Domain(String),
    /// The envelope's sender is no mail address.
    #[error("{0:?} is no mail address")]
    Address(String),
    /// The authority's file cannot be read.
    #[error("cannot read the authority's certificate {path}: {why}")]
    Authority {
        /// The file.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// TLS cannot be set up.
    #[error("cannot set up TLS to the relay: {0}")]
    Tls(String),
}

/// Sends mail through a relay; implements [`Deliver`] for mailboxes.
pub struct MailRelay {
    config: RelayConfig,
    connections: Connections,
    places: Arc<Places>,
}

impl std::fmt::Debug for MailRelay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailRelay")
            .field("host", &self.config.host)
            .field("port", &self.config.port)
            .finish_non_exhaustive()
    }
}

impl MailRelay {
    /// Sets the relay up; connects when there is something to send. Call it inside a runtime.
    ///
    /// # Errors
    /// [`RelayError`].
    pub fn new(config: RelayConfig) -> Result<Self, RelayError> {
        if clean::address(&format!("x@{}", config.domain)).is_none() {
            return Err(RelayError::Domain(config.domain));
        }
        if let Some(from) = config.envelope_from.as_deref().filter(|from| clean::address(from).is_none()) {
            return Err(RelayError::Address(from.to_owned()));
        }
        let hello = config.hello.clone().unwrap_or_else(|| config.domain.clone());
        let login = config.login.as_ref();
        let connections = Connections::new(Reach {
            host: config.host.clone(),
            port: config.port,
            hello: ClientId::Domain(hello),
            tls: tls(&config)?,
            login: login.map(|(user, p)| Credentials::new(user.clone(), p.expose_secret().to_owned())),
            timeout: config.timeout,
            answer_timeout: config.answer_timeout,
            most: usize::try_from(config.connections).unwrap_or(usize::MAX),
        });
        Ok(Self { connections, config, places: Arc::default() })
    }

    /// Sends a mail when there is a place for it among the others.
    async fn send(&self, mail: &Message) -> Result<(), HandoffError> {
        let domain = mail.envelope().to().first().map_or("", Address::domain);
        let _place = self.places.place(domain).await;
        self.connections.send(mail).await
    }

    /// Sends an alarm, which waits for nobody.
    async fn send_before_others(&self, mail: &Message) -> Result<(), HandoffError> {
        self.connections.send(mail).await
    }
}

#[async_trait]
impl Deliver for MailRelay {
    async fn deliver(&self, handoff: &Handoff) -> Result<Answer, HandoffError> {
        let mail = match &handoff.content {
            Content::State { callback: callback @ Callback::Mail { address }, record } => {
                let event = domain::state::State::from_code(handoff.key.event).unwrap_or(record.state);
                if !callback.wants(event) {
                    return Ok(Answer::default());
                }
                report::failed(&self.config, handoff, address, record, event)?
            }
            Content::Mo { destination: Destination::Mail(address), mo, .. } => {
                received::mail(&self.config, handoff, address, mo)?
            }
            Content::State { .. } | Content::Mo { .. } => {
                return Err(HandoffError::Permanent("this is not for a mailbox".to_owned()));
            }
        };
        self.send(&mail).await.map(|()| Answer::default())
    }
}

fn tls(config: &RelayConfig) -> Result<Tls, RelayError> {
    if config.security == Security::None {
        return Ok(Tls::None);
    }
    let mut parameters = TlsParameters::builder(config.host.clone());
    if let Some(path) = &config.ca_file {
        let unreadable = |why: String| RelayError::Authority { path: path.display().to_string(), why };
        let pem = std::fs::read(path).map_err(|e| unreadable(e.to_string()))?;
        parameters = parameters
            .add_root_certificate(Certificate::from_pem(&pem).map_err(|e| unreadable(e.to_string()))?);
    }
    if config.security == Security::IfOffered {
        // Whoever can take the offer away could also read the mail: a check, of the name or of who signed, would only make it fail.
        parameters = parameters.dangerous_accept_invalid_certs(true).dangerous_accept_invalid_hostnames(true);
    }
    let parameters = parameters.build_rustls().map_err(|e| RelayError::Tls(e.to_string()))?;
    Ok(match config.security {
        Security::Tls => Tls::Wrapper(parameters),
        Security::StartTls => Tls::Required(parameters),
        Security::IfOffered | Security::None => Tls::Opportunistic(parameters),
    })
}
