//! Opening and closing the front doors that the configuration names.

use crate::config::{Http, Loaded, Parsed};
use crate::wire::{self, Machine};
use anyhow::Context as _;
use application::Gateway;
use axum::Router;
use domain::Language;
use domain::directory::AddressRange;
use net::tls::TlsServer;
use net::{ListenOptions, Listener, OpenDoor};
use ops::Measures;
use smtp::relay::MailRelay;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use web_kit::BodyLimits;

/// Who may come to a door; empty = everybody.
type Callers = net::Current<Vec<AddressRange>>;

/// Doors that are open.
#[derive(Default)]
pub struct OpenDoors {
    /// Where, by name.
    pub addresses: BTreeMap<&'static str, SocketAddr>,
    stop: CancellationToken,
    http: Vec<JoinHandle<()>>,
    telnet: Option<OpenDoor>,
    smtp: Option<OpenDoor>,
    mail: Option<net::Current<smtp::Config>>,
    text: Option<net::Current<telnet::Config>>,
    /// Who may come to each, by the same names.
    callers: BTreeMap<&'static str, Callers>,
    certificates: Vec<TlsServer>,
}

/// What callers of doors that are open are met with, made of a configuration and not yet in force.
pub struct FreshSettings {
    mail: Option<(net::Current<smtp::Config>, smtp::Config)>,
    text: Option<(net::Current<telnet::Config>, telnet::Config)>,
    callers: Vec<(Callers, Vec<AddressRange>)>,
}

impl FreshSettings {
    /// Puts them in force for who comes from now on.
    pub fn put(self) {
        if let Some((settings, config)) = self.mail {
            settings.replace(config);
        }
        if let Some((settings, config)) = self.text {
            settings.replace(config);
        }
        for (callers, ranges) in self.callers {
            callers.replace(ranges);
        }
    }
}

/// Opens every door that is named.
///
/// # Errors
/// The door that cannot be opened, and why.
pub async fn open(
    loaded: &Loaded,
    gateway: &Arc<Gateway>,
    machine: &Machine,
    measures: Measures,
    relay: Option<Arc<MailRelay>>,
) -> anyhow::Result<OpenDoors> {
    let mut doors = OpenDoors::default();
    if let Some(http) = &loaded.config.http {
        doors.open_http(loaded, http, gateway, machine, measures).await?;
    }
    if let Some(section) = &loaded.config.telnet {
        let tls = wire::server_tls(section.tls.as_ref(), &[])?;
        doors.certificates.extend(tls.clone());
        let options = listen_options(
            "telnet",
            &section.allow,
            tls,
            section.max_connections,
            section.max_per_address,
            telnet::full(loaded.config.defaults.language()),
        );
        doors.callers.insert("telnet", options.allow.clone());
        let listener = bind("telnet", &section.listen, options).await?;
        let door = wire::telnet_door(loaded, section, gateway, machine)?;
        doors.text = Some(door.settings());
        let handle = door.start(listener)?;
        doors.addresses.insert("telnet", handle.address());
        doors.telnet = Some(handle);
    }
    if let Some(section) = loaded.config.mail_door() {
        let tls = wire::server_tls(section.tls.as_ref(), &[])?;
        doors.certificates.extend(tls.clone());
        let options = listen_options(
            "smtp",
            &section.allow,
            None,
            section.max_connections,
            section.max_per_address,
            b"421 4.3.2 too many connections\r\n",
        );
        doors.callers.insert("smtp", options.allow.clone());
        let listener = bind("smtp", &section.listen, options).await?;
        let door = wire::smtp_door(loaded, section, tls, gateway, relay)?;
        doors.mail = Some(door.settings());
        let handle = door.start(listener)?;
        doors.addresses.insert("smtp", handle.address());
        doors.smtp = Some(handle);
    }
    Ok(doors)
}

fn ranges(allow: &[Parsed<AddressRange>]) -> Vec<AddressRange> {
    allow.iter().map(|range| range.0).collect()
}

fn listen_options(
    name: &'static str,
    allow: &[Parsed<AddressRange>],
    tls: Option<TlsServer>,
    max_connections: usize,
    max_per_address: usize,
    full_notice: &'static [u8],
) -> ListenOptions {
    ListenOptions {
        name,
        allow: net::Current::new(ranges(allow)),
        tls,
        max_connections,
        max_per_address,
        full_notice,
        ..ListenOptions::default()
    }
}

async fn bind(door: &str, address: &str, options: ListenOptions) -> anyhow::Result<Listener> {
    Listener::bind(address, options).await.with_context(|| format!("the {door} door ({door}.listen)"))
}

impl OpenDoors {
    async fn open_http(
        &mut self,
        loaded: &Loaded,
        http: &Http,
        gateway: &Arc<Gateway>,
        machine: &Machine,
        measures: Measures,
    ) -> anyhow::Result<()> {
        let language = loaded.config.defaults.language();
        let tls = wire::server_tls(http.tls.as_ref(), &[b"h2", b"http/1.1"])?;
        self.certificates.extend(tls.clone());
        let options = listen_options(
            "http",
            &http.allow,
            tls,
            http.max_connections,
            http.max_per_address,
            web_kit::FULL_NOTICE,
        );
        self.callers.insert("http", options.allow.clone());
        let listener = bind("http", &http.listen, options).await?;
        self.addresses.insert("http", listener.local_addr()?);
        let ops = ops::router(gateway.observe(), measures, language);
        let app = wire::http_router(loaded, http, gateway, machine)
            .merge(wire::soap_router(loaded, http, gateway, machine))
            .merge(machine.operators.router(BodyLimits { octets: http.max_body, time: http.body_timeout.0 }));
        let app = match &http.ops_listen {
            None => app.merge(ops),
            Some(address) => {
                let listener = bind(
                    "http.ops",
                    address,
                    listen_options("ops", &[], None, 100, 100, web_kit::FULL_NOTICE),
                )
                .await?;
                self.addresses.insert("ops", listener.local_addr()?);
                self.serve(listener, ops, http, language);
                app
            }
        };
        self.serve(listener, app, http, language);
        Ok(())
    }

    fn serve(&mut self, listener: Listener, app: Router, http: &Http, language: Language) {
        let usual = web_kit::Limits::default();
        let limits = web_kit::Limits {
            name: usual.name,
            header_time: http.header_timeout.0,
            idle_time: http.idle_timeout.0,
            write_time: http.write_timeout.0,
            header_octets: http.max_header,
            // A hundred fields is what every server allows; who needs more octets sets max_header.
            header_fields: usual.header_fields,
            requests: http.max_requests,
            busy: |parts, language| http_door::busy(parts, language).or_else(|| soap::busy(parts, language)),
            // node.drain bounds a stop as a whole.
            grace: usual.grace,
            proxies: http.proxies.iter().map(|p| p.0).collect(),
            language,
        };
        let stop = self.stop.clone();
        self.http.push(tokio::spawn(async move {
            if let Err(error) = web_kit::serve(listener, app, limits, Box::pin(stop.cancelled_owned())).await
            {
                tracing::error!(%error, "the HTTP door failed");
            }
        }));
    }

    /// The settings that the open mail and text doors would have by this configuration, and who might come to each door. Doors that it adds
    /// or removes wait for a new start.
    ///
    /// # Errors
    /// Settings that cannot be.
    pub fn fresh(&self, loaded: &Loaded) -> anyhow::Result<FreshSettings> {
        let mail = self.mail.as_ref().zip(loaded.config.mail_door());
        let mail = mail.map(|(settings, section)| {
            anyhow::Ok((settings.clone(), wire::smtp_again(loaded, section, settings)?))
        });
        let text = self.text.as_ref().zip(loaded.config.telnet.as_ref());
        let text = text.map(|(settings, section)| {
            anyhow::Ok((settings.clone(), wire::telnet_again(loaded, section, settings)?))
        });
        let config = &loaded.config;
        let lists = [
            ("http", config.http.as_ref().map(|section| &section.allow)),
            ("smtp", config.mail_door().map(|section| &section.allow)),
            ("telnet", config.telnet.as_ref().map(|section| &section.allow)),
        ];
        let callers = lists
            .into_iter()
            .filter_map(|(door, allow)| Some((self.callers.get(door)?.clone(), ranges(allow?))))
            .collect();
        Ok(FreshSettings { mail: mail.transpose()?, text: text.transpose()?, callers })
    }

    /// Reads certificates again; one that cannot be read stays as it was.
    pub fn reload_certificates(&self) {
        for tls in &self.certificates {
            if let Err(error) = tls.reload() {
                tracing::error!(%error, "a certificate was not reloaded; the old one stays");
            }
        }
    }

    /// Closes the doors: nobody new, who is inside may finish within the limit.
    pub async fn close(self, limit: Duration) {
        self.stop.cancel();
        let rest = async {
            if let Some(telnet) = self.telnet {
                telnet.stop().await;
            }
            if let Some(smtp) = self.smtp {
                smtp.stop().await;
            }
            for task in self.http {
                let _ = task.await;
            }
        };
        if tokio::time::timeout(limit, rest).await.is_err() {
            tracing::warn!("a door did not close in time");
        }
    }
}
