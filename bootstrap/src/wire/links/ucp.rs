//! UCP links.

use super::{Around, Start, client_tls, number, password, said, texts};
use crate::config::{Common, UcpKeys, ucp_field, ucp_status};
use ::modem::call::{CallSettings, Dialler};
use anyhow::Context as _;
use domain::routing::FailureClass;
use jiff::tz::TimeZone;
use ports::driven::Link as OperatorLink;
use secrecy::ExposeSecret as _;
use session::{OnDemand, Surroundings};
use std::sync::Arc;
use std::time::Duration;
use ucp::alphabet::Alphabet;
use ucp::codec::Submission;
use ucp::config::FlashForm;
use ucp::{UcpConfig, UcpLink};

/// How a line to a centre is set.
const FORM: &str = "8N1";

/// The settings, and the modem that makes the connections where there is one.
pub(super) struct Ucp {
    config: UcpConfig,
    call: Option<CallSettings>,
}

impl Start for Ucp {
    fn fingerprint(&self) -> String {
        format!("{:?} {:?} {}", self.config, self.call, self.config.password.expose_secret())
    }

    fn check(&self) -> anyhow::Result<()> {
        Ok(self.config.check()?)
    }

    fn start(&self, around: Around) -> anyhow::Result<Arc<dyn OperatorLink>> {
        let Around { id, receiver, clock, ids, lines, .. } = around;
        let config = self.config.clone();
        let Some(call) = &self.call else {
            return Ok(UcpLink::start(config, id, receiver, clock, ids)?);
        };
        let dial = Arc::new(Dialler::new(&id, call.clone(), Arc::clone(&clock), lines));
        Ok(UcpLink::over(config, id, Surroundings { receiver, clock, ids, dial })?)
    }
}

/// Everything a section says.
pub(super) fn config(common: &Common, keys: &UcpKeys) -> anyhow::Result<Ucp> {
    let config = settings(common, keys)?;
    let Some(port) = &keys.port else { return Ok(Ucp { config, call: None }) };
    let call = keys.line.clone().unwrap_or_default().call(port.get_ref(), &keys.dial, FORM);
    let first_pause = keys.redial.map_or(Duration::from_secs(30), |p| p.0);
    let config = UcpConfig {
        hosts: call.numbers.clone(),
        first_pause,
        longest_pause: Duration::from_secs(900).max(first_pause),
        on_demand: Some(OnDemand {
            idle: keys.idle.map_or(Duration::from_secs(20), |p| p.0),
            every: keys.call_every.map(|p| p.0),
        }),
        ..config
    };
    Ok(Ucp { config, call: Some(call) })
}

fn settings(common: &Common, keys: &UcpKeys) -> anyhow::Result<UcpConfig> {
    let default = UcpConfig::default();
    let small =
        |value: &Option<toml::Spanned<u16>>| value.as_ref().and_then(|v| u8::try_from(*v.get_ref()).ok());
    let text = |value: &Option<toml::Spanned<String>>, default: &str| {
        value.as_ref().map_or_else(|| default.to_owned(), |v| v.get_ref().clone())
    };
    let zone = keys.time_zone.as_ref().map(|name| TimeZone::get(name.get_ref()).context("time_zone"));
    Ok(UcpConfig {
        hosts: texts(&common.hosts),
        tls: common.tls.as_ref().map(client_tls).transpose()?,
        account: text(&keys.system_id, ""),
        login: keys.login,
        password: password(common, keys.password.as_ref())?,
        account_ton: small(&keys.account_ton).unwrap_or(default.account_ton),
        account_npi: small(&keys.account_npi).unwrap_or(default.account_npi),
        sessions: number(common.sessions.as_ref(), default.sessions),
        window: number(common.window.as_ref(), default.window),
        replies_ahead: number(common.replies_ahead.as_ref(), default.replies_ahead),
        spread: common.spread,
        rate: common.rate,
        keep_alive: keys.keep_alive.map_or(default.keep_alive, |p| p.0),
        response_timeout: common.response_timeout.map_or(default.response_timeout, |p| p.0),
        submission: match said(keys.operation.as_ref()) {
            "30" => Submission::Transfer,
            "01" => Submission::Call,
            _ => Submission::Submit,
        },
        alphabet: Alphabet::named(said(keys.alphabet.as_ref())),
        recipient_prefix: text(&keys.recipient_prefix, &default.recipient_prefix),
        originator_prefix: text(&keys.originator_prefix, &default.originator_prefix),
        flash_form: match said(keys.flash.as_ref()) {
            "class" => FlashForm::Class,
            "coding" => FlashForm::Coding,
            _ => FlashForm::Both,
        },
        transparent_class: small(&keys.transparent_class)
            .map_or(default.transparent_class, |class| (class <= 3).then_some(class)),
        notifications: small(&keys.notifications).unwrap_or(default.notifications),
        notification_address: text(&keys.notification_address, &default.notification_address),
        notification_pid: text(&keys.notification_pid, &default.notification_pid),
        keep_alive_pid: text(&keys.keep_alive_pid, &default.keep_alive_pid),
        time_zone: zone.transpose()?,
        statuses: keys.statuses.iter().filter_map(|text| ucp_status(text.get_ref())).map(class).collect(),
        extra_fields: keys
            .fields
            .iter()
            .filter_map(|text| ucp_field(text.get_ref()))
            .map(|(place, value)| (place, value.to_owned()))
            .collect(),
        ..default
    })
}

fn class((code, class): (u8, &str)) -> (u8, FailureClass) {
    let class = match class {
        "permanent" => FailureClass::Permanent,
        "temporary" => FailureClass::Temporary,
        "throttled" => FailureClass::Throttled,
        _ => FailureClass::Limited,
    };
    (code, class)
}
