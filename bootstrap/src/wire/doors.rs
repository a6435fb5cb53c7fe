//! The front doors, not open yet.

use super::{Machine, own_secret};
use crate::config::{Http, Loaded, Oms, Smtp, SmtpSender, Telnet, Tls};
use anyhow::{Context as _, anyhow};
use application::Gateway;
use axum::Router;
use domain::language::Language;
use jiff::tz::TimeZone;
use net::tls::{TlsFiles, TlsServer};
use secrecy::SecretString;
use smtp::relay::MailRelay;
use std::sync::Arc;
use toml::Spanned;
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
    let config = smtp_config(&loaded.config.node.name, section, tls)?;
    let ports = smtp::Ports { authenticate: gateway.authenticate(), submit: gateway.submit(), relay };
    Ok(smtp::Door::new(config, ports))
}

/// What callers of the open mail door are met with from now on. Its certificate and its patience stay those it was opened with.
///
/// # Errors
/// A template that cannot be read.
pub fn smtp_again(
    loaded: &Loaded,
    section: &Smtp,
    settings: &net::Current<smtp::Config>,
) -> anyhow::Result<smtp::Config> {
    let now = settings.get();
    let fresh = smtp_config(&loaded.config.node.name, section, now.tls.clone())?;
    Ok(smtp::Config { patience: now.patience, ..fresh })
}

/// Every field is named: one that the file could not set would not compile.
fn smtp_config(node: &str, section: &Smtp, tls: Option<TlsServer>) -> anyhow::Result<smtp::Config> {
    let template =
        |text: &Spanned<String>| text.get_ref().parse::<smtp::Template>().context("smtp: template");
    let usual = template(&section.template)?;
    let mut domains: Vec<_> = section
        .domain
        .iter()
        .map(|domain| {
            Ok(smtp::MailDomain {
                name: domain.name.get_ref().clone(),
                template: domain.template.as_ref().map_or(Ok(usual.clone()), template)?,
                cut_signature: domain.cut_signature,
                cut_quotes: domain.cut_quotes,
            })
        })
        .collect::<anyhow::Result<_>>()?;
    domains.extend(
        section
            .domains
            .iter()
            .map(|name| smtp::MailDomain { template: usual.clone(), ..smtp::MailDomain::named(name) }),
    );
    let sender = |sender: &SmtpSender| Ok((sender.address.get_ref().clone(), template(&sender.template)?));
    let first = section.domains.first().or(section.domain.first().map(|d| d.name.get_ref()));
    Ok(smtp::Config {
        host: section.host.as_ref().or(first).map_or_else(|| node.to_owned(), String::clone),
        domains,
        senders: section.sender.iter().map(sender).collect::<anyhow::Result<_>>()?,
        from_policy: match section.from.get_ref().as_str() {
            "ignore" => smtp::FromPolicy::Ignore,
            _ => smtp::FromPolicy::MustAgree,
        },
        once: section.once,
        take_generated: section.take_generated,
        tls,
        plain_login: section.plain_login.iter().map(|r| r.0).collect(),
        lenient: section.lenient.iter().map(|r| r.0).collect(),
        max_message: section.max_message,
        max_recipients: section.max_recipients,
        max_line: section.max_line,
        max_command: section.max_command,
        max_errors: section.max_errors,
        max_logins: section.max_logins,
        idle: section.idle_timeout.0,
        session: section.session_timeout.0,
        patience: section.patience.0,
    })
}

/// The text door, not open yet.
///
/// # Errors
/// A key that cannot be read or made.
pub fn telnet_door(
    loaded: &Loaded,
    section: &Telnet,
    gateway: &Gateway,
    machine: &Machine,
) -> anyhow::Result<telnet::Door> {
    let passcode_key = match &section.passcode_key {
        Some(secret) => secret.get_ref().resolve().map_err(|e| anyhow!("telnet.passcode_key: {e}"))?,
        None => own_secret(&loaded.config.node.data_dir, "passcode.key", machine.ids.as_ref())?,
    };
    let ports = telnet::Ports {
        authenticate: gateway.authenticate(),
        submit: gateway.submit(),
        query: gateway.query(),
        clock: Arc::clone(&machine.clock),
    };
    let config = telnet_config(section, loaded.config.defaults.language(), passcode_key)?;
    Ok(telnet::Door::new(config, ports))
}

/// What callers of the open text door are met with from now on. Its key and its patience stay those it was opened with.
///
/// # Errors
/// A time zone that is not known.
pub fn telnet_again(
    loaded: &Loaded,
    section: &Telnet,
    settings: &net::Current<telnet::Config>,
) -> anyhow::Result<telnet::Config> {
    let now = settings.get();
    let fresh = telnet_config(section, loaded.config.defaults.language(), now.passcode_key.clone())?;
    Ok(telnet::Config { patience: now.patience, ..fresh })
}

/// Every field is named: one that the file could not set would not compile.
fn telnet_config(
    section: &Telnet,
    language: Language,
    passcode_key: SecretString,
) -> anyhow::Result<telnet::Config> {
    let zone = section.time_zone.as_ref().map(|zone| TimeZone::get(zone.get_ref()));
    Ok(telnet::Config {
        host: section.host.clone(),
        language,
        max_line: section.max_line,
        max_text: section.max_text,
        max_recipients: section.max_recipients,
        commands_per_second: section.commands_per_second,
        max_errors: section.max_errors,
        max_logins: section.max_logins,
        idle: section.idle_timeout.0,
        patience: section.patience.0,
        time_zone: zone.transpose().context("telnet.time_zone")?.unwrap_or_else(TimeZone::system),
        short_hold_is_utc: section.short_hold_is_utc,
        subject: match section.subject.get_ref().as_str() {
            "reference" => telnet::SubjectUse::Reference,
            _ => telnet::SubjectUse::Prefix,
        },
        passcode_key,
    })
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
            country: loaded.config.defaults.country(),
            body: BodyLimits { octets: http.max_body, time: http.body_timeout.0 },
        },
    })
}

/// The SOAP web services.
pub fn soap_router(loaded: &Loaded, http: &Http, gateway: &Gateway, machine: &Machine) -> Router {
    soap::router(soap::Doors {
        auth: gateway.authenticate(),
        submit: gateway.submit(),
        query: gateway.query(),
        subscribe: gateway.subscribe(),
        ids: Arc::clone(&machine.ids),
        clock: Arc::clone(&machine.clock),
        config: soap::Config {
            country: loaded.config.defaults.country(),
            language: loaded.config.defaults.language(),
            public_url: http.public_url.clone(),
            plain_passwords: http.soap_plain_passwords,
            body: BodyLimits { octets: http.soap_max_body, time: http.body_timeout.0 },
            batch: http.soap_max_batch,
            ids: http.soap_max_ids,
            oms: oms_config(&loaded.config.oms),
            // How deep and how wide a document may be guards the parser; no honest caller comes near, so there is no key.
            ..soap::Config::default()
        },
    })
}

/// Every field is named: one that the file could not set would not compile.
fn oms_config(section: &Oms) -> soap::OmsConfig {
    soap::OmsConfig {
        swedish_name: section.swedish_name.clone(),
        english_name: section.english_name.clone(),
        provider: section.provider.clone(),
        service_uri: section.service_uri.as_ref().map(|uri| uri.get_ref().clone()),
        sign_up_page: section.sign_up_page.as_ref().map(|page| page.get_ref().clone()),
        max_recipients: section.max_recipients,
        max_messages: section.max_messages,
        join: section.join,
        other_code: section.other_code.get_ref().clone(),
    }
}
