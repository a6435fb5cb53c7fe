//! GSM terminals.

use super::{Around, Start, said};
use crate::config::{Common, ModemKeys};
use crate::wire::notices::to_mailboxes;
use ::modem::{GsmConfig, GsmLink, GsmSurroundings, profile};
use anyhow::anyhow;
use ports::driven::Link as OperatorLink;
use secrecy::ExposeSecret as _;
use std::path::Path;
use std::sync::Arc;

/// A terminal, and who is told of its troubles.
pub(super) struct Terminal {
    config: GsmConfig,
    alarm_to: Option<String>,
}

impl Start for Terminal {
    fn fingerprint(&self) -> String {
        let pin = self.config.pin.as_ref().map(|pin| pin.expose_secret().to_owned());
        format!("{:?} {pin:?} {:?}", self.config, self.alarm_to)
    }

    fn start(&self, around: Around) -> anyhow::Result<Arc<dyn OperatorLink>> {
        let notices = to_mailboxes(self.alarm_to.as_deref(), around.relay.as_ref())?;
        let surroundings =
            GsmSurroundings { receiver: around.receiver, clock: around.clock, ids: around.ids, notices };
        Ok(GsmLink::start(self.config.clone(), around.id, surroundings)?)
    }
}

/// Everything a section says.
pub(super) fn config(common: &Common, keys: &ModemKeys, data_dir: &Path) -> anyhow::Result<Terminal> {
    let name = common.name.get_ref();
    let pin = keys.pin.as_ref().map(|pin| pin.get_ref().resolve()).transpose();
    let default = GsmConfig::on(keys.port.get_ref().clone(), data_dir.join(format!("modem-{name}.json")));
    let config = GsmConfig {
        baud: keys.baud,
        handshake: keys.handshake,
        profile: keys.modem.as_ref().and_then(|name| profile::named(name.get_ref())),
        pin: pin.map_err(|e| anyhow!("link.{name}.pin: {e}"))?,
        service_centre: keys.service_centre.as_ref().map(|centre| centre.get_ref().clone()),
        number: keys.number.clone(),
        storage: Some(said(keys.storage.as_ref()).to_owned()).filter(|storage| !storage.is_empty()),
        per_minute: keys.per_minute,
        per_day: keys.per_day,
        poll: keys.poll.map_or(default.poll, |p| p.0),
        search: keys.poll.map_or(default.search, |p| p.0.min(default.search)),
        weak_signal: keys.weak_signal,
        send_timeout: common.response_timeout.map_or(default.send_timeout, |p| p.0),
        hang_up: keys.hang_up,
        notice_after: keys.alarm_after.map_or(default.notice_after, |p| p.0),
        rate: common.rate,
        ..default
    };
    Ok(Terminal { config, alarm_to: keys.alarm_to.as_ref().map(|to| to.get_ref().clone()) })
}
