//! Wiring: from what the configuration says to adapters behind ports.

use crate::clock::SystemClock;
use crate::config::{Http, Link, LinkTls, Loaded, RelayTls, Smtp, Tls};
use crate::ids::NodeIds;
use anyhow::{Context as _, anyhow, bail};
use application::{Gateway, Stores};
use async_trait::async_trait;
use axum::Router;
use domain::directory::{LinkId, User};
use domain::numbering::Country;
use http_door::{DeliverOptions, HttpDeliver};
use net::tls::{TlsClient, TlsFiles, TlsServer};
use ports::driven::{
    Answer, Clock, Deliver, Handoff, HandoffError, Ids, Link as OperatorLink, Passwords, StoreError,
};
use ports::driving::ReceiveMessages;
use secrecy::{ExposeSecret as _, SecretString};
use smpp::config::{BindMode, DefaultAlphabet, LongForm};
use smpp::{SmppConfig, SmppLink};
use smtp::relay::{MailRelay, RelayConfig, Security};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use web_kit::{BodyLimits, ClientOptions, HttpClient};

/// How often a serving process tries to reach its database before it gives up, about a second apart.
const STORE_TRIES: u32 = 30;

/// The parts of the machine every command may use.
#[derive(Clone)]
pub struct Machine {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Names and chance.
    pub ids: Arc<dyn Ids>,
    /// Passwords.
    pub passwords: Arc<dyn Passwords>,
}

impl Machine {
    /// The machine as a node sees it.
    #[must_use]
    pub fn of(node: &str) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let ids: Arc<dyn Ids> = Arc::new(NodeIds::new(node, Arc::clone(&clock)));
        let passwords = Arc::new(credentials::Argon2Passwords::new(Arc::clone(&ids)));
        Self { clock, ids, passwords }
    }
}

/// The URL of the store.
///
/// # Errors
/// When its secret is missing.
pub fn database_url(loaded: &Loaded) -> anyhow::Result<SecretString> {
    match &loaded.config.database.url {
        Some(secret) => secret.resolve().map_err(|e| anyhow!("database.url: {e}")),
        None => {
            Ok(SecretString::from(format!("sqlite://{}/omnigate.db", loaded.config.node.data_dir.display())))
        }
    }
}

/// Opens the store to serve: creates and migrates it when needed, and keeps other processes from serving the same SQLite file. The second value ends it:
/// drop the ports, then await [`sql::Opened::closed`].
///
/// # Errors
/// What the store says.
pub async fn open_stores(loaded: &Loaded, clock: Arc<dyn Clock>) -> anyhow::Result<(Stores, sql::Opened)> {
    open(loaded, sql::StoreOptions::serving(&loaded.config.node.name, clock)).await
}

/// Opens the store for a command beside a process that serves.
///
/// # Errors
/// What the store says.
pub async fn read_stores(loaded: &Loaded, clock: Arc<dyn Clock>) -> anyhow::Result<Stores> {
    Ok(open(loaded, sql::StoreOptions::reading(clock)).await?.0)
}

async fn open(loaded: &Loaded, options: sql::StoreOptions) -> anyhow::Result<(Stores, sql::Opened)> {
    let url = database_url(loaded)?;
    let opened = patiently(url.expose_secret(), options).await.context("the store cannot be opened")?;
    let stores = opened.stores.clone();
    let stores = Stores {
        outbox: stores.outbox,
        dispatch: stores.dispatch,
        receipts: stores.receipts,
        inbox: stores.inbox,
        handoffs: stores.handoffs,
        directory: stores.directory,
        reports: stores.reports,
        cluster: stores.cluster,
    };
    Ok((stores, opened))
}

/// A database server may be slower to start than we are, or busy: one that serves waits for it, a command does not.
async fn patiently(url: &str, options: sql::StoreOptions) -> Result<sql::Opened, StoreError> {
    let mut tries = if options.serve { STORE_TRIES } else { 1 };
    loop {
        tries -= 1;
        match sql::open(url, options.clone()).await {
            Err(StoreError::Unavailable(detail)) if tries > 0 => {
                tracing::warn!(%detail, "the database is not there yet; trying again");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            other => return other,
        }
    }
}

/// The users of the file with their passwords hashed.
///
/// # Errors
/// A secret that is missing.
pub async fn users(loaded: &Loaded, passwords: &dyn Passwords) -> anyhow::Result<Vec<User>> {
    let country = Country::parse(loaded.config.defaults.country.get_ref()).unwrap_or(Country::SWEDEN);
    let mut users = Vec::with_capacity(loaded.config.user.len());
    for section in &loaded.config.user {
        let Some(mut user) = section.to_domain(country) else { continue };
        if let Some(secret) = &section.password {
            let password =
                secret.get_ref().resolve().map_err(|e| anyhow!("user.{}.password: {e}", user.name))?;
            user.password = Some(passwords.hash(&password).await);
        }
        users.push(user);
    }
    Ok(users)
}

/// What a link is set to. Two that are equal need no new connection.
#[derive(Clone)]
pub struct LinkSetup {
    /// Its name.
    pub id: LinkId,
    config: SmppConfig,
    fingerprint: String,
}

impl PartialEq for LinkSetup {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.fingerprint == other.fingerprint
    }
}

impl LinkSetup {
    /// Reads a section.
    ///
    /// # Errors
    /// Secrets or certificates that are missing.
    pub fn of(section: &Link) -> anyhow::Result<Self> {
        let id = section.id().ok_or_else(|| anyhow!("a link without a name"))?;
        let password = match &section.password {
            Some(secret) => secret.get_ref().resolve().map_err(|e| anyhow!("link.{id}.password: {e}"))?,
            None => SecretString::from(""),
        };
        let config = smpp_config(section, password)?;
        let fingerprint = format!("{config:?} {}", config.password.expose_secret());
        Ok(Self { id, config, fingerprint })
    }

    /// Starts it.
    ///
    /// # Errors
    /// Settings that cannot be.
    pub fn start(
        &self,
        receiver: Arc<dyn ReceiveMessages>,
        machine: &Machine,
    ) -> anyhow::Result<Arc<dyn OperatorLink>> {
        let (clock, ids) = (Arc::clone(&machine.clock), Arc::clone(&machine.ids));
        SmppLink::start(self.config.clone(), self.id.clone(), receiver, clock, ids)
            .with_context(|| format!("link {}", self.id))
    }
}

fn smpp_config(section: &Link, password: SecretString) -> anyhow::Result<SmppConfig> {
    let said = |value: &Option<toml::Spanned<String>>| {
        value.as_ref().map(|v| v.get_ref().clone()).unwrap_or_default()
    };
    let hosts = |list: &[toml::Spanned<String>]| list.iter().map(|h| h.get_ref().clone()).collect();
    let default = SmppConfig::default();
    Ok(SmppConfig {
        hosts: hosts(&section.hosts),
        receiver_hosts: hosts(&section.receiver_hosts),
        tls: section.tls.as_ref().map(client_tls).transpose()?,
        system_id: section.system_id.clone(),
        password,
        system_type: section.system_type.clone(),
        service_type: section.service_type.clone(),
        mode: if said(&section.bind) == "transmitter_receiver" {
            BindMode::Pair
        } else {
            BindMode::Transceiver
        },
        interface_version: if said(&section.version) == "5.0" { 0x50 } else { 0x34 },
        sessions: section.sessions.as_ref().map_or(default.sessions, |s| usize::from(*s.get_ref())),
        window: section.window.as_ref().map_or(default.window, |w| usize::from(*w.get_ref())),
        rate: section.rate,
        enquire_link: section.enquire_link.map_or(default.enquire_link, |p| p.0),
        response_timeout: section.response_timeout.map_or(default.response_timeout, |p| p.0),
        default_alphabet: match said(&section.alphabet).as_str() {
            "latin1" => DefaultAlphabet::Latin1,
            "ascii" => DefaultAlphabet::Ascii,
            _ => DefaultAlphabet::Gsm,
        },
        long_form: match said(&section.long).as_str() {
            "sar" => LongForm::Sar,
            "payload" => LongForm::Payload,
            _ => LongForm::Header,
        },
        ..default
    })
}

fn client_tls(tls: &LinkTls) -> anyhow::Result<TlsClient> {
    let client = match &tls.ca {
        _ if tls.insecure => TlsClient::insecure()?,
        Some(file) => TlsClient::with_ca_file(file)?,
        None => TlsClient::platform()?,
    };
    Ok(match &tls.name {
        Some(name) => client.server_name(name),
        None => client,
    })
}

/// The certificate of a door.
///
/// # Errors
/// Files that cannot be read.
pub fn server_tls(tls: Option<&Tls>, alpn: &[&[u8]]) -> anyhow::Result<Option<TlsServer>> {
    let Some(Tls { cert, key }) = tls else { return Ok(None) };
    let files = TlsFiles { certificate: cert.clone(), key: key.clone(), client_ca: None };
    Ok(Some(
        TlsServer::from_pem_files(files, alpn)
            .with_context(|| format!("the certificate {}", cert.display()))?,
    ))
}

/// Where mail goes when nobody said where: nowhere, and it is said.
struct NoRelay;

#[async_trait]
impl Deliver for NoRelay {
    async fn deliver(&self, _handoff: &Handoff) -> Result<Answer, HandoffError> {
        Err(HandoffError::Permanent("no mail relay is configured ([smtp.relay] host)".to_owned()))
    }
}

/// What hands over by HTTP. Callbacks are signed with the secret of the file, or else one of this installation's own.
///
/// # Errors
/// A secret that is missing, TLS that cannot be set up.
pub fn http(loaded: &Loaded, machine: &Machine) -> anyhow::Result<Arc<dyn Deliver>> {
    let callbacks = &loaded.config.callbacks;
    let secret = match &callbacks.secret {
        Some(secret) => secret.get_ref().resolve().map_err(|e| anyhow!("callbacks.secret: {e}"))?,
        None => own_secret(&loaded.config.node.data_dir, "callback.key", machine.ids.as_ref())?,
    };
    let client = HttpClient::new(ClientOptions {
        timeout: callbacks.timeout.0,
        allow: callbacks.allow.iter().map(|r| r.0).collect(),
        ..ClientOptions::default()
    });
    let client = client.map_err(|e| anyhow!("callbacks: {e}"))?;
    let options = DeliverOptions { secret: Some(secret), ..DeliverOptions::default() };
    Ok(Arc::new(HttpDeliver::new(client, Arc::clone(&machine.clock), options)))
}

/// The mail relay, when there is one.
///
/// # Errors
/// A relay that cannot be set up.
pub fn relay(loaded: &Loaded) -> anyhow::Result<Option<Arc<MailRelay>>> {
    let Some((smtp, relay)) = loaded.config.smtp.as_ref().and_then(|s| s.relay.as_ref().map(|r| (s, r)))
    else {
        return Ok(None);
    };
    let (host, port) = relay.host.get_ref().rsplit_once(':').context("smtp.relay.host is host:port")?;
    let domain = relay
        .from_domain
        .clone()
        .or_else(|| smtp.domains.first().cloned())
        .context("smtp.relay.from_domain is needed")?;
    let password = relay
        .password
        .as_ref()
        .map(|p| p.get_ref().resolve())
        .transpose()
        .map_err(|e| anyhow!("smtp.relay.password: {e}"))?;
    let config = RelayConfig {
        security: match relay.tls {
            RelayTls::None => Security::None,
            RelayTls::Starttls => Security::StartTls,
            RelayTls::Tls => Security::Tls,
        },
        login: relay.user.clone().zip(password),
        language: loaded.config.defaults.language(),
        oms_headers: relay.oms_headers,
        ..RelayConfig::to(host, port.parse().context("smtp.relay.host: the port")?, domain)
    };
    Ok(Some(Arc::new(MailRelay::new(config).context("smtp.relay")?)))
}

/// What hands over mail: the relay, or something that says there is none.
#[must_use]
pub fn mail(relay: Option<&Arc<MailRelay>>) -> Arc<dyn Deliver> {
    match relay {
        Some(relay) => Arc::clone(relay) as Arc<dyn Deliver>,
        None => Arc::new(NoRelay),
    }
}

/// The mail door, not open yet.
///
/// # Errors
/// A template that cannot be read.
pub fn smtp_door(
    loaded: &Loaded,
    section: &Smtp,
    tls: Option<TlsServer>,
    gateway: &Gateway,
    relay: Option<Arc<MailRelay>>,
) -> anyhow::Result<smtp::Door> {
    let template: smtp::Template = section.template.parse().context("smtp.template")?;
    let domains = section
        .domains
        .iter()
        .map(|name| smtp::MailDomain { template: template.clone(), ..smtp::MailDomain::named(name) })
        .collect();
    let host = section.domains.first().cloned().unwrap_or_else(|| loaded.config.node.name.clone());
    let config = smtp::Config { host, domains, tls, ..smtp::Config::default() };
    let ports = smtp::Ports { authenticate: gateway.authenticate(), submit: gateway.submit(), relay };
    Ok(smtp::Door::new(config, ports))
}

/// JSON, the form and Kannel's sendsms.
pub fn http_router(loaded: &Loaded, http: &Http, gateway: &Gateway, machine: &Machine) -> Router {
    http_door::router(http_door::Doors {
        auth: gateway.authenticate(),
        submit: gateway.submit(),
        query: gateway.query(),
        clock: Arc::clone(&machine.clock),
        config: http_door::Config {
            language: loaded.config.defaults.language(),
            country: Country::parse(loaded.config.defaults.country.get_ref()).unwrap_or(Country::SWEDEN),
            body: BodyLimits { octets: http.max_body, time: http.body_timeout.0 },
        },
    })
}

/// The SOAP web service.
pub fn soap_router(loaded: &Loaded, http: &Http, gateway: &Gateway, machine: &Machine) -> Router {
    soap::router(soap::Doors {
        auth: gateway.authenticate(),
        submit: gateway.submit(),
        query: gateway.query(),
        clock: Arc::clone(&machine.clock),
        config: soap::Config {
            language: loaded.config.defaults.language(),
            public_url: http.public_url.clone(),
            plain_passwords: http.soap_plain_passwords,
            ..soap::Config::default()
        },
    })
}

/// A secret of this installation, made once and kept in the data directory, readable by its owner only.
///
/// # Errors
/// When it can be neither read nor made.
pub fn own_secret(data_dir: &Path, name: &str, ids: &dyn Ids) -> anyhow::Result<SecretString> {
    let path = data_dir.join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) if text.trim().len() >= 32 => return Ok(SecretString::from(text.trim())),
        Ok(_) => bail!("{} is too short to be a secret; remove it to have a new one made", path.display()),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| path.display().to_string());
        }
        Err(_) => {}
    }
    let mut chance = [0_u8; 32];
    ids.fill(&mut chance);
    let text: String = chance.iter().map(|b| format!("{b:02x}")).collect();
    crate::platform::write_private(&path, text.as_bytes())
        .with_context(|| format!("{} cannot be made", path.display()))?;
    Ok(SecretString::from(text))
}
