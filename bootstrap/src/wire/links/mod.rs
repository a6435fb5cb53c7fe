//! Links, from their sections to adapters. One file a protocol; here is what is the same for all.

mod cimd2;
mod http;
mod modem;
mod smpp;
mod tap;
mod ucp;

use super::Machine;
use crate::config::{Common, Link, LinkTls, Own, Secret};
use ::modem::call::Lines;
use anyhow::{Context as _, anyhow};
use domain::directory::LinkId;
use http_door::operator::OperatorDoor;
use net::tls::TlsClient;
use ports::driven::{Clock, Ids, Link as OperatorLink};
use ports::driving::ReceiveMessages;
use secrecy::SecretString;
use smtp::relay::MailRelay;
use std::path::Path;
use std::sync::Arc;

/// What a link is set to. Two that are equal need no new connection.
#[derive(Clone)]
pub struct LinkSetup {
    /// Its name.
    pub id: LinkId,
    start: Arc<dyn Start>,
    fingerprint: String,
}

impl PartialEq for LinkSetup {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.fingerprint == other.fingerprint
    }
}

/// The settings of one link, read and complete.
trait Start: Send + Sync {
    /// Everything it is set to, secrets too: a link with another fingerprint is started anew. Never shown.
    fn fingerprint(&self) -> String;

    /// Refuses what could not be started.
    fn check(&self) -> anyhow::Result<()> {
        Ok(())
    }

    /// Starts it.
    fn start(&self, around: Around) -> anyhow::Result<Arc<dyn OperatorLink>>;
}

/// What every link is given.
struct Around {
    id: LinkId,
    receiver: Arc<dyn ReceiveMessages>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    lines: Arc<Lines>,
    relay: Option<Arc<MailRelay>>,
    operators: OperatorDoor,
}

impl LinkSetup {
    /// Reads a section.
    ///
    /// # Errors
    /// Secrets or certificates that are missing, and settings that cannot be.
    pub fn of(section: &Link, data_dir: &Path) -> anyhow::Result<Self> {
        let id = section.id().ok_or_else(|| anyhow!("a link without a name"))?;
        let common = &section.common;
        let start: Arc<dyn Start> = match &section.own {
            Own::Smpp(keys) => Arc::new(smpp::config(common, keys)?),
            Own::Ucp(keys) => Arc::new(ucp::config(common, keys)?),
            Own::Modem(keys) => Arc::new(modem::config(common, keys, data_dir)?),
            Own::Tap(keys) => Arc::new(tap::config(common, keys)?),
            Own::Cimd2(keys) => Arc::new(cimd2::config(common, keys)?),
            Own::Http(keys) => Arc::new(http::config(common, keys)?),
        };
        start.check().with_context(|| format!("link {id}"))?;
        let trusted = common.tls.as_ref().map(trusted).transpose()?;
        let fingerprint = format!("{} {} {trusted:?}", common.protocol.as_str(), start.fingerprint());
        Ok(Self { id, start, fingerprint })
    }

    /// Starts it.
    ///
    /// # Errors
    /// Settings that cannot be.
    pub fn start(
        &self,
        receiver: Arc<dyn ReceiveMessages>,
        machine: &Machine,
        relay: Option<&Arc<MailRelay>>,
    ) -> anyhow::Result<Arc<dyn OperatorLink>> {
        let (clock, ids) = (Arc::clone(&machine.clock), Arc::clone(&machine.ids));
        let around = Around {
            id: self.id.clone(),
            receiver,
            clock,
            ids,
            lines: Arc::clone(&machine.lines),
            relay: relay.map(Arc::clone),
            operators: machine.operators.clone(),
        };
        self.start.start(around).with_context(|| format!("link {}", self.id))
    }
}

/// A password of a link; empty when there is none.
fn password(common: &Common, secret: Option<&toml::Spanned<Secret>>) -> anyhow::Result<SecretString> {
    match secret {
        Some(secret) => {
            secret.get_ref().resolve().map_err(|e| anyhow!("link.{}.password: {e}", common.name.get_ref()))
        }
        None => Ok(SecretString::from("")),
    }
}

fn texts(list: &[toml::Spanned<String>]) -> Vec<String> {
    list.iter().map(|text| text.get_ref().clone()).collect()
}

fn said(value: Option<&toml::Spanned<String>>) -> &str {
    value.map_or("", |v| v.get_ref().as_str())
}

fn number(value: Option<&toml::Spanned<u16>>, default: usize) -> usize {
    value.map_or(default, |v| usize::from(*v.get_ref()))
}

/// Whom a link believes, as a text: its keys, and what the file of authorities says now.
fn trusted(tls: &LinkTls) -> anyhow::Result<String> {
    let authorities = match &tls.ca {
        Some(file) => std::fs::read(file).with_context(|| file.display().to_string())?,
        None => Vec::new(),
    };
    Ok(format!("{tls:?} {}", String::from_utf8_lossy(&authorities)))
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
