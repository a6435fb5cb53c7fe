//! HTTP operators.

use super::{Around, Start, client_tls, number, password};
use crate::config::{Common, HttpKeys, http_profile};
use anyhow::anyhow;
use http_door::operator::{Account, HttpOperator, HttpOperatorConfig, HttpSurroundings};
use ports::driven::Link as OperatorLink;
use secrecy::{ExposeSecret as _, SecretString};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An operator, and who may call for him.
pub(super) struct Operator(HttpOperatorConfig);

impl Start for Operator {
    fn fingerprint(&self) -> String {
        let account = &self.0.account;
        let shown = |secret: &SecretString| secret.expose_secret().to_owned();
        let secrets: BTreeMap<_, _> = account.secrets.iter().map(|(k, v)| (k, shown(v))).collect();
        let callback = self.0.secret.as_ref().map(shown);
        format!("{:?} {} {secrets:?} {callback:?}", self.0, shown(&account.password))
    }

    fn start(&self, around: Around) -> anyhow::Result<Arc<dyn OperatorLink>> {
        let surroundings = HttpSurroundings {
            receiver: around.receiver,
            clock: around.clock,
            ids: around.ids,
            door: around.operators,
        };
        let link = HttpOperator::start(around.id, self.0.clone(), surroundings).map_err(|e| anyhow!(e))?;
        Ok(link)
    }
}

/// Everything a section says.
pub(super) fn config(common: &Common, keys: &HttpKeys) -> anyhow::Result<Operator> {
    let name = common.name.get_ref();
    let profile = http_profile(keys.profile.get_ref()).map_err(|flaws| {
        anyhow!(
            "link.{name}.profile: {}",
            flaws.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        )
    })?;
    let secret = |key: &str, secret: &crate::config::Secret| {
        secret.resolve().map_err(|e| anyhow!("link.{name}.{key}: {e}"))
    };
    let secrets = keys
        .secrets
        .iter()
        .map(|(key, s)| Ok((key.clone(), secret(&format!("secrets.{key}"), s.get_ref())?)));
    let callback =
        keys.callback_secret.as_ref().map(|s| secret("callback_secret", s.get_ref())).transpose()?;
    let path = |kind: &str| {
        let base = keys.callback_url.as_ref().map(|url| url.get_ref().trim_end_matches('/').to_owned());
        let end = callback.as_ref().map(|s| format!("/{}", s.expose_secret())).unwrap_or_default();
        base.map(|base| format!("{base}/operator/{name}/{kind}{end}")).unwrap_or_default()
    };
    let account = Account {
        url: keys
            .url
            .as_ref()
            .map(|url| url.get_ref().clone())
            .or_else(|| profile.url.clone())
            .unwrap_or_default(),
        user: keys.user.clone(),
        password: password(common, keys.password.as_ref())?,
        values: keys.values.clone(),
        secrets: secrets.collect::<anyhow::Result<_>>()?,
        // Receipts that nobody asked for need no address. One that takes both kinds of calls serves operators who know one only.
        receipt_url: if common.receipts { path("call") } else { String::new() },
        mo_url: path("mo"),
    };
    let default = HttpOperatorConfig::new(Arc::new(profile), account);
    Ok(Operator(HttpOperatorConfig {
        secret: callback,
        addresses: keys.callback_from.iter().map(|range| range.0).collect(),
        window: number(common.window.as_ref(), default.window),
        rate: common.rate,
        timeout: common.response_timeout.map_or(default.timeout, |p| p.0),
        tls: common.tls.as_ref().map(client_tls).transpose()?,
        park_for: common.park_for.map_or(default.park_for, |p| p.0),
        ..default
    }))
}
