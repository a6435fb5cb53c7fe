//! CIMD2 links.

use super::{Around, Start, client_tls, number, password, said, texts};
use crate::config::{Cimd2Keys, Common};
use anyhow::Context as _;
use cimd2::config::{Refusal, ValidityForm};
use cimd2::{Cimd2Config, Cimd2Link};
use jiff::tz::TimeZone;
use ports::driven::Link as OperatorLink;
use secrecy::ExposeSecret as _;
use std::sync::Arc;

impl Start for Cimd2Config {
    fn fingerprint(&self) -> String {
        format!("{self:?} {}", self.password.expose_secret())
    }

    fn check(&self) -> anyhow::Result<()> {
        Ok(Cimd2Config::check(self)?)
    }

    fn start(&self, around: Around) -> anyhow::Result<Arc<dyn OperatorLink>> {
        Ok(Cimd2Link::start(self.clone(), around.id, around.receiver, around.clock, around.ids)?)
    }
}

/// Everything a section says.
pub(super) fn config(common: &Common, keys: &Cimd2Keys) -> anyhow::Result<Cimd2Config> {
    let default = Cimd2Config::default();
    let small = |value: Option<&toml::Spanned<u16>>| value.and_then(|v| u8::try_from(*v.get_ref()).ok());
    let zone = match &keys.time_zone {
        Some(name) => TimeZone::get(name.get_ref()).context("time_zone")?,
        None => default.zone.clone(),
    };
    Ok(Cimd2Config {
        hosts: texts(&common.hosts),
        tls: common.tls.as_ref().map(client_tls).transpose()?,
        user: keys.system_id.clone(),
        password: password(common, keys.password.as_ref())?,
        subaddress: small(keys.subaddress.as_ref()),
        sessions: number(common.sessions.as_ref(), default.sessions),
        window: number(common.window.as_ref(), default.window),
        replies_ahead: number(common.replies_ahead.as_ref(), default.replies_ahead),
        spread: common.spread,
        announce_window: keys.announce_window,
        rate: common.rate,
        wait_for_greeting: keys.wait_for_greeting,
        checksum: keys.checksum,
        eight_bit: keys.eight_bit,
        alive: keys.alive.map_or(default.alive, |p| p.0),
        response_timeout: common.response_timeout.map_or(default.response_timeout, |p| p.0),
        international_prefix: keys
            .international
            .as_ref()
            .map_or(default.international_prefix, |prefix| prefix.get_ref().clone()),
        own_number: keys.own_number.clone(),
        validity: match said(keys.validity.as_ref()) {
            "absolute" => ValidityForm::Absolute,
            "none" => ValidityForm::None,
            _ => ValidityForm::Relative,
        },
        reports: small(keys.reports.as_ref()).unwrap_or(default.reports),
        tariff: small(keys.tariff.as_ref()),
        service: small(keys.service.as_ref()),
        refusal: if said(keys.refusal.as_ref()) == "code" { Refusal::Code } else { Refusal::Silence },
        zone,
        ..default
    })
}
