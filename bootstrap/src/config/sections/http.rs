//! The HTTP doors, and the directory that is not watched yet.

use crate::config::values::{Parsed, Period};
use domain::directory::AddressRange;
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

/// A certificate and its key, in PEM files.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate chain.
    pub cert: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// `[http]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Where it listens; port 0 takes a free one.
    pub listen: String,
    /// HTTPS.
    pub tls: Option<Tls>,
    /// The address callers see, for the WSDL and links: `https://sms.example.se`.
    pub public_url: Option<String>,
    /// Who may connect; empty = everybody.
    pub allow: Vec<Parsed<AddressRange>>,
    /// Proxies whose X-Forwarded-For, -Proto and -Host are believed.
    pub proxies: Vec<Parsed<AddressRange>>,
    /// Connections at once. Idle ones make room for who has something to ask, here and in `max_per_address`.
    pub max_connections: usize,
    /// Connections at once from one address. Behind a reverse proxy that is the proxy's.
    pub max_per_address: usize,
    /// The most octets of a request body (SOAP has its own).
    pub max_body: usize,
    /// How long a request header may take.
    pub header_timeout: Period,
    /// How long a request body may take.
    pub body_timeout: Period,
    /// How long a connection may be idle.
    pub idle_timeout: Period,
    /// Whether SOAP passwords are taken over plain HTTP from other machines.
    pub soap_plain_passwords: bool,
    /// Where health and metrics listen; on the same port when absent.
    pub ops_listen: Option<String>,
    /// How long the other side may refuse to take what we write.
    pub write_timeout: Period,
    /// Octets of a request's header; more is answered 431.
    pub max_header: usize,
    /// Requests worked on at once, on all connections together; more are answered 503 (SOAP: a fault).
    pub max_requests: usize,
    /// The most octets of a SOAP request.
    pub soap_max_body: usize,
    /// Messages in one SendSmsBatch or DeliverXmsBatch.
    pub soap_max_batch: usize,
    /// Ids in one GetStatus or AckReceived.
    pub soap_max_ids: usize,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".to_owned(),
            tls: None,
            public_url: None,
            allow: Vec::new(),
            proxies: Vec::new(),
            max_connections: 1_000,
            max_per_address: 50,
            max_body: 256 * 1024,
            header_timeout: Period(Duration::from_secs(10)),
            body_timeout: Period(Duration::from_secs(30)),
            idle_timeout: Period(Duration::from_secs(60)),
            soap_plain_passwords: false,
            ops_listen: None,
            write_timeout: Period(Duration::from_secs(30)),
            max_header: 16 * 1024,
            max_requests: 1_000,
            soap_max_body: 1024 * 1024,
            soap_max_batch: 1_000,
            soap_max_ids: 1_000,
        }
    }
}

/// `[file]`: read, so that one file can serve several versions; this version does not watch the directory and says so.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileDoor {
    /// The directory files are dropped in.
    pub outgoing: PathBuf,
}
