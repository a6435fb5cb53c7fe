//! What hands over received messages and reports: by HTTP, and by mail through the relay.

use super::{Machine, own_secret};
use crate::config::{Loaded, RelayTls, UserSection};
use anyhow::{Context as _, anyhow};
use async_trait::async_trait;
use domain::message::Callback;
use domain::mo::Destination;
use http_door::{DeliverOptions, HttpDeliver, MoForm};
use net::tls::TlsClient;
use ports::driven::{Answer, Content, Deliver, Handoff, HandoffError};
use smtp::relay::{MailRelay, RelayConfig, Security};
use std::sync::Arc;
use web_kit::handing::Secrets;
use web_kit::{ClientOptions, HttpClient};

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
        connect_timeout: callbacks.connect_timeout.0,
        answer_octets: callbacks.max_answer,
        idle_per_host: callbacks.idle_connections,
        tls: callbacks.ca.as_ref().map(|ca| TlsClient::with_ca_file(ca)).transpose()?,
        allow: callbacks.allow.iter().map(|r| r.0).collect(),
        deny: callbacks.deny.iter().map(|r| r.0).collect(),
    });
    let client = client.map_err(|e| anyhow!("callbacks: {e}"))?;
    let own = |user: &UserSection| {
        let secret = user.callback_secret.as_ref()?.get_ref().resolve();
        let name = user.name.get_ref().clone();
        Some(
            secret
                .map(|secret| (name.clone(), secret))
                .map_err(|e| anyhow!("user.{name}.callback_secret: {e}")),
        )
    };
    let secrets = Secrets {
        usual: Some(secret),
        by_user: loaded.config.user.iter().filter_map(own).collect::<anyhow::Result<_>>()?,
    };
    let mo_form = match callbacks.received.get_ref().as_str() {
        "form" => MoForm::Form,
        _ => MoForm::Json,
    };
    let clock = || Arc::clone(&machine.clock);
    Ok(Arc::new(Programs {
        parlayx: soap::ParlayXDeliver::new(client.clone(), clock(), secrets.clone()),
        rest: HttpDeliver::new(client, clock(), DeliverOptions { secrets, mo_form }),
    }))
}

/// What programs are told in: Parlay X where they asked for it, our own forms and Kannel's otherwise.
struct Programs {
    parlayx: soap::ParlayXDeliver,
    rest: HttpDeliver,
}

#[async_trait]
impl Deliver for Programs {
    async fn deliver(&self, handoff: &Handoff) -> Result<Answer, HandoffError> {
        match &handoff.content {
            Content::State { callback: Callback::ParlayX(_), .. }
            | Content::Mo { destination: Destination::ParlayX(_), .. } => self.parlayx.deliver(handoff).await,
            _ => self.rest.deliver(handoff).await,
        }
    }
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
        .or_else(|| smtp.domain.first().map(|d| d.name.get_ref().clone()))
        .context("smtp.relay.from_domain is needed")?;
    let password = relay
        .password
        .as_ref()
        .map(|p| p.get_ref().resolve())
        .transpose()
        .map_err(|e| anyhow!("smtp.relay.password: {e}"))?;
    let usual = RelayConfig::to(host, port.parse().context("smtp.relay.host: the port")?, domain);
    let config = RelayConfig {
        host: usual.host,
        port: usual.port,
        security: match relay.tls {
            RelayTls::None => Security::None,
            RelayTls::Offered => Security::IfOffered,
            RelayTls::Starttls => Security::StartTls,
            RelayTls::Tls => Security::Tls,
        },
        ca_file: relay.ca.clone(),
        login: relay.user.clone().zip(password),
        hello: relay.hello.clone(),
        domain: usual.domain,
        envelope_from: relay.envelope_from.clone(),
        language: loaded.config.defaults.language(),
        oms_headers: relay.oms_headers,
        timeout: relay.timeout.map_or(usual.timeout, |p| p.0),
        answer_timeout: relay.answer_timeout.map_or(usual.answer_timeout, |p| p.0),
        connections: relay.connections.unwrap_or(usual.connections),
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
