//! What hands over received messages and reports: by HTTP, and by mail through the relay.

use super::{Machine, own_secret};
use crate::config::{Loaded, RelayTls};
use anyhow::{Context as _, anyhow};
use async_trait::async_trait;
use http_door::{DeliverOptions, HttpDeliver};
use ports::driven::{Answer, Deliver, Handoff, HandoffError};
use smtp::relay::{MailRelay, RelayConfig, Security};
use std::sync::Arc;
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
