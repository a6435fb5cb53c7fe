//! TAP links.

use super::{Around, Start, client_tls, password, said, texts};
use crate::config::{Common, TapKeys};
use ::modem::tap::codec::Charset;
use ::modem::tap::{NumberForm, TapConfig, TapLink, TapTimes, Way};
use ports::driven::Link as OperatorLink;
use secrecy::ExposeSecret as _;
use std::sync::Arc;
use std::time::Duration;

/// The pauses between connections to hosts: they cost nothing.
const HOST_PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// How a line of a pager's central is set.
const FORM: &str = "7E1";

impl Start for TapConfig {
    fn fingerprint(&self) -> String {
        format!("{self:?} {}", self.password.expose_secret())
    }

    fn start(&self, around: Around) -> anyhow::Result<Arc<dyn OperatorLink>> {
        let Around { id, receiver, clock, ids, lines, .. } = around;
        Ok(TapLink::start(self.clone(), id, receiver, clock, ids, &lines))
    }
}

/// Everything a section says.
pub(super) fn config(common: &Common, keys: &TapKeys) -> anyhow::Result<TapConfig> {
    let default = TapConfig::default();
    let size = |value: &Option<toml::Spanned<u16>>, default| {
        value.as_ref().map_or(default, |v| usize::from(*v.get_ref()))
    };
    let line = keys.line.clone().unwrap_or_default();
    let way = match &keys.port {
        Some(port) if keys.dial.is_empty() => {
            Way::Port { name: port.get_ref().clone(), serial: line.serial(FORM) }
        }
        Some(port) => Way::Call(line.call(port.get_ref(), &keys.dial, FORM)),
        None => {
            Way::Hosts { hosts: texts(&common.hosts), tls: common.tls.as_ref().map(client_tls).transpose()? }
        }
    };
    let (first, longest) = match way {
        Way::Call(_) => (default.first_pause, default.longest_pause),
        Way::Hosts { .. } | Way::Port { .. } => HOST_PAUSES,
    };
    Ok(TapConfig {
        way,
        password: password(common, keys.password.as_ref())?,
        charset: Charset::named(said(keys.charset.as_ref())),
        escapes: keys.escapes,
        block: size(&keys.block, default.block),
        length: size(&keys.length, default.length),
        numbers: match said(keys.numbers.as_ref()) {
            "international" => NumberForm::International,
            "plus" => NumberForm::Plus,
            _ => NumberForm::National,
        },
        country: keys.country.as_ref().map_or(default.country, |country| country.get_ref().clone()),
        pages_per_call: keys.pages_per_call.unwrap_or(default.pages_per_call),
        longest_call: keys.longest_call.map_or(default.longest_call, |p| p.0),
        idle: keys.idle.map_or(default.idle, |p| p.0),
        rate: common.rate,
        times: TapTimes {
            answer: keys.answer_timeout.map_or(default.times.answer, |p| p.0),
            ..default.times
        },
        first_pause: keys.redial.map_or(first, |p| p.0),
        longest_pause: keys.redial.map_or(longest, |p| longest.max(p.0)),
        give_back_after: default.give_back_after,
    })
}
