//! SMPP links.

use super::{Around, Start, client_tls, number, password, said, texts};
use crate::config::{Common, SmppKeys};
use ports::driven::Link as OperatorLink;
use secrecy::ExposeSecret as _;
use smpp::config::{BindMode, DefaultAlphabet, LongForm};
use smpp::{SmppConfig, SmppLink};
use std::sync::Arc;

impl Start for SmppConfig {
    fn fingerprint(&self) -> String {
        format!("{self:?} {}", self.password.expose_secret())
    }

    fn start(&self, around: Around) -> anyhow::Result<Arc<dyn OperatorLink>> {
        Ok(SmppLink::start(self.clone(), around.id, around.receiver, around.clock, around.ids)?)
    }
}

/// Everything a section says.
pub(super) fn config(common: &Common, keys: &SmppKeys) -> anyhow::Result<SmppConfig> {
    let default = SmppConfig::default();
    Ok(SmppConfig {
        hosts: texts(&common.hosts),
        receiver_hosts: texts(&keys.receiver_hosts),
        tls: common.tls.as_ref().map(client_tls).transpose()?,
        system_id: keys.system_id.clone(),
        password: password(common, keys.password.as_ref())?,
        system_type: keys.system_type.clone(),
        service_type: keys.service_type.clone(),
        mode: if said(keys.bind.as_ref()) == "transmitter_receiver" {
            BindMode::Pair
        } else {
            BindMode::Transceiver
        },
        interface_version: if said(keys.version.as_ref()) == "5.0" { 0x50 } else { 0x34 },
        sessions: number(common.sessions.as_ref(), default.sessions),
        window: number(common.window.as_ref(), default.window),
        replies_ahead: number(keys.replies_ahead.as_ref(), default.replies_ahead),
        rate: common.rate,
        enquire_link: keys.enquire_link.map_or(default.enquire_link, |p| p.0),
        response_timeout: common.response_timeout.map_or(default.response_timeout, |p| p.0),
        default_alphabet: match said(keys.alphabet.as_ref()) {
            "latin1" => DefaultAlphabet::Latin1,
            "ascii" => DefaultAlphabet::Ascii,
            _ => DefaultAlphabet::Gsm,
        },
        long_form: match said(keys.long.as_ref()) {
            "sar" => LongForm::Sar,
            "payload" => LongForm::Payload,
            _ => LongForm::Header,
        },
        ..default
    })
}
