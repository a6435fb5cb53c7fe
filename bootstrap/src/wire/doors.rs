//! The front doors, not open yet.

use super::Machine;
use crate::config::{Http, Loaded, Smtp, Tls};
use anyhow::Context as _;
use application::Gateway;
use axum::Router;
use domain::numbering::Country;
use net::tls::{TlsFiles, TlsServer};
use smtp::relay::MailRelay;
use std::sync::Arc;
use web_kit::BodyLimits;

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
