//! Connections to the relay. Over each goes one mail at a time, and it is kept for the next one only when everything that was said over it has been
//! answered. Whatever else happens (a time limit, a refusal, a future that is dropped) closes it: with a reply outstanding, every later one would be
//! taken for the one before it, and a mail that was refused for one that was sent.
//!
//! Two time limits (RFC 5321, 4.5.3.2): a short one until the relay is ready for the mail's content, when another try costs nothing, and a long one
//! for its last answer, because a relay that is given up while it takes the mail gets it twice.

use super::clean;
use lettre::address::Envelope;
use lettre::message::Message;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Tls};
use lettre::transport::smtp::commands::{Data, Mail, Noop, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};
use ports::driven::HandoffError;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::net::lookup_host;
use tokio::time::timeout;

/// A connection that nobody uses is closed after one to two of these.
const IDLE: Duration = Duration::from_secs(30);
/// How long a goodbye may take. Nobody waits for it.
const GOODBYE: Duration = Duration::from_secs(5);

/// How the relay is reached.
pub(super) struct Reach {
    pub host: String,
    pub port: u16,
    pub hello: ClientId,
    pub tls: Tls,
    pub login: Option<Credentials>,
    /// Until the relay is ready for a mail's content.
    pub timeout: Duration,
    /// For its answer to the whole mail.
    pub answer_timeout: Duration,
    /// Connections kept while there is nothing to send.
    pub most: usize,
}

/// The connections.
pub(super) struct Connections(Arc<Inner>);

struct Inner {
    reach: Reach,
    idle: Mutex<Idle>,
}

#[derive(Default)]
struct Idle {
    kept: Vec<Kept>,
    swept: bool,
}

struct Kept {
    connection: AsyncSmtpConnection,
    /// Whether a sweep has passed it.
    seen: bool,
}

impl Connections {
    pub(super) fn new(reach: Reach) -> Self {
        Self(Arc::new(Inner { reach, idle: Mutex::default() }))
    }

    /// Sends one mail. Dropped, it closes its connection.
    ///
    /// # Errors
    /// The relay's own, or that it did not answer in time.
    pub(super) async fn send(&self, mail: &Message) -> Result<(), HandoffError> {
        let Reach { timeout: begin, answer_timeout: end, .. } = self.0.reach;
        let content = mail.formatted();
        let mut connection =
            timeout(begin, self.0.begin(mail.envelope(), &content)).await.map_err(|_| late())??;
        let said = timeout(end, connection.message(&content)).await.map_err(|_| late())?;
        match said {
            Ok(said) if completes(&said) => {
                self.0.keep(connection);
                Ok(())
            }
            Ok(said) => Err(out_of_step(&said)),
            Err(error) => {
                leave(connection);
                Err(classify(&error))
            }
        }
    }
}

impl Inner {
    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection over which the relay waits for the content.
    async fn begin(&self, envelope: &Envelope, content: &[u8]) -> Result<AsyncSmtpConnection, HandoffError> {
        let mut connection = match self.kept().await {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        match introduce(&mut connection, envelope, content).await {
            Ok(()) => Ok(connection),
            Err(error) => {
                leave(connection);
                Err(error)
            }
        }
    }

    /// One that is there and works. The relay may have closed it, or be gone without a word: then so are the others.
    async fn kept(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let mut connection = self.idle().kept.pop()?.connection;
            match timeout(self.reach.timeout / 4, connection.command(Noop)).await {
                Ok(Ok(said)) if completes(&said) => return Some(connection),
                Ok(_) => {}
                Err(_) => {
                    self.idle().kept.clear();
                    return None;
                }
            }
        }
    }

    /// Every address of the relay's name is tried in turn.
    async fn connect(&self) -> Result<AsyncSmtpConnection, HandoffError> {
        let Reach { host, port, hello, tls, login, timeout: limit, .. } = &self.reach;
        let found: Vec<SocketAddr> = lookup_host((host.as_str(), *port))
            .await
            .map_err(|e| HandoffError::Temporary(format!("the mail relay has no address: {e}")))?
            .collect();
        let share = *limit / u32::try_from(found.len().max(1)).unwrap_or(1);
        let wrapped = if let Tls::Wrapper(tls) = tls { Some(tls.clone()) } else { None };
        let open = || {
            let wrapped = wrapped.clone();
            AsyncSmtpConnection::connect_tokio1(found.as_slice(), Some(share), hello, wrapped, None)
        };
        let mut connection = open().await.map_err(|e| classify(&e))?;
        match tls {
            Tls::Required(tls) => connection.starttls(tls.clone(), hello).await.map_err(|e| classify(&e))?,
            Tls::Opportunistic(tls) if connection.can_starttls() => {
                match connection.starttls(tls.clone(), hello).await {
                    Ok(()) => {}
                    // What may go in the clear where nothing is offered may do so where what is offered does not work; a password better not.
                    Err(error) if login.is_none() => {
                        tracing::warn!(%host, %error, "the mail relay offers TLS that does not work: mail goes in the clear");
                        connection = open().await.map_err(|e| classify(&e))?;
                    }
                    Err(error) => return Err(classify(&error)),
                }
            }
            Tls::Opportunistic(_) | Tls::Wrapper(_) | Tls::None => {}
        }
        if let Some(login) = login {
            connection.auth(DEFAULT_MECHANISMS, login).await.map_err(|e| classify(&e))?;
        }
        Ok(connection)
    }

    fn keep(self: &Arc<Self>, connection: AsyncSmtpConnection) {
        let mut idle = self.idle();
        if idle.kept.len() >= self.reach.most {
            drop(idle);
            leave(connection);
            return;
        }
        idle.kept.push(Kept { connection, seen: false });
        if !std::mem::replace(&mut idle.swept, true) {
            tokio::spawn(sweep(Arc::downgrade(self)));
        }
    }

    /// Takes away those that a sweep has passed before, and says whether others are left.
    fn unused(&self) -> (Vec<Kept>, bool) {
        let mut idle = self.idle();
        let (old, mut young): (Vec<_>, Vec<_>) =
            std::mem::take(&mut idle.kept).into_iter().partition(|kept| kept.seen);
        young.iter_mut().for_each(|kept| kept.seen = true);
        idle.swept = !young.is_empty();
        idle.kept = young;
        (old, idle.swept)
    }
}

/// Closes what nobody has used for long, until there is nothing.
async fn sweep(connections: Weak<Inner>) {
    loop {
        tokio::time::sleep(IDLE).await;
        let Some(connections) = connections.upgrade() else { return };
        let (old, more) = connections.unused();
        old.into_iter().for_each(|kept| leave(kept.connection));
        if !more {
            return;
        }
    }
}

/// Says who sends the mail and who gets it, and that it comes.
async fn introduce(
    connection: &mut AsyncSmtpConnection,
    envelope: &Envelope,
    content: &[u8],
) -> Result<(), HandoffError> {
    let options = options(connection, envelope, content)?;
    completed(connection.command(Mail::new(envelope.from().cloned(), options)).await)?;
    for to in envelope.to() {
        completed(connection.command(Rcpt::new(to.clone(), Vec::new())).await)?;
    }
    match connection.command(Data).await {
        Ok(said) if said.has_code(354) => Ok(()),
        Ok(said) => Err(out_of_step(&said)),
        Err(error) => Err(classify(&error)),
    }
}

fn options(
    connection: &AsyncSmtpConnection,
    envelope: &Envelope,
    content: &[u8],
) -> Result<Vec<MailParameter>, HandoffError> {
    let offers = |extension| connection.server_info().supports_feature(extension);
    let lacks = |what: &str| HandoffError::Temporary(format!("the mail relay does not offer {what}"));
    let mut options = Vec::new();
    let mut addresses = envelope.to().iter().chain(envelope.from());
    if addresses.any(|address| !AsRef::<str>::as_ref(address).is_ascii()) {
        if !offers(Extension::SmtpUtfEight) {
            return Err(lacks("SMTPUTF8"));
        }
        options.push(MailParameter::SmtpUtfEight);
    }
    if !content.is_ascii() {
        if !offers(Extension::EightBitMime) {
            return Err(lacks("8BITMIME"));
        }
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    Ok(options)
}

/// Takes leave without waiting for it.
fn leave(mut connection: AsyncSmtpConnection) {
    tokio::spawn(async move {
        let _ = timeout(GOODBYE, connection.abort()).await;
    });
}

/// The mail library takes 354 for a yes to anything.
fn completes(said: &Response) -> bool {
    said.code().severity == Severity::PositiveCompletion
}

fn completed(said: Result<Response, Error>) -> Result<(), HandoffError> {
    match said {
        Ok(said) if completes(&said) => Ok(()),
        Ok(said) => Err(out_of_step(&said)),
        Err(error) => Err(classify(&error)),
    }
}

fn out_of_step(said: &Response) -> HandoffError {
    HandoffError::Temporary(format!("the mail relay said {} out of turn", said.code()))
}

fn late() -> HandoffError {
    HandoffError::Temporary("the mail relay did not answer in time".to_owned())
}

/// 5xx is for good, except where it is about our login or the relay as a whole: that is the installation's fault and can be mended.
fn classify(error: &Error) -> HandoffError {
    let text = clean::one_line(&error.to_string());
    let code = error.status().map(|code| code.to_string());
    let ours = matches!(code.as_deref(), Some("521" | "530" | "534" | "535" | "538"));
    if error.is_permanent() && !ours { HandoffError::Permanent(text) } else { HandoffError::Temporary(text) }
}
