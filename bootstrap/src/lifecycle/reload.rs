//! Reading the configuration again while the gateway runs: what changes at once, and links that are started anew.

use super::{Running, link_setups, start_link};
use crate::wire::{self, LinkSetup};
use crate::{config, restart};
use domain::directory::LinkId;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;

impl Running {
    /// Reads the configuration file again and puts in force what changed: users, routes, rules, links, who may come to the doors and what
    /// callers of the mail and text doors are met with; names what waits for the next start. A file that is wrong changes nothing; a link
    /// that cannot be started is named, stays as it was and is tried again by the next reload.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn reload(&self) -> anyhow::Result<String> {
        let fresh = config::load(&self.file)?;
        let users = wire::users(&fresh, &self.gateway.directory(), self.machine.passwords.as_ref()).await?;
        let mut wanted = link_setups(&fresh)?;
        let settings = match self.doors.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            Some(doors) => Some(doors.fresh(&fresh)?),
            None => None,
        };
        self.gateway.install(fresh.config.installation(users));
        if let Some(settings) = settings {
            settings.put();
        }
        let current = self.links.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let gone: Vec<_> = current
            .values()
            .filter(|old| wanted.get(&old.id) != Some(*old))
            .map(|old| old.id.clone())
            .collect();
        let new: Vec<_> =
            wanted.values().filter(|setup| current.get(&setup.id) != Some(*setup)).cloned().collect();
        self.measures.name_links(wanted.keys());
        let kept = wanted.len() - new.len();
        // Each as soon as it may: one that waits for its operator holds up no other.
        let mut leaving = JoinSet::new();
        for id in gone.clone() {
            let gateway = Arc::clone(&self.gateway);
            leaving.spawn(async move {
                gateway.detach(&id, Duration::from_secs(10)).await;
                id
            });
        }
        let (mut later, now): (Vec<_>, Vec<_>) = new.iter().partition(|setup| gone.contains(&setup.id));
        let mut started = 0;
        for setup in now {
            started += usize::from(self.attach(setup, &current, &mut wanted));
        }
        while let Some(left) = leaving.join_next().await {
            let Ok(id) = left else { continue };
            if let Some(at) = later.iter().position(|setup| setup.id == id) {
                started += usize::from(self.attach(later.swap_remove(at), &current, &mut wanted));
            }
        }
        *self.links.lock().unwrap_or_else(PoisonError::into_inner) = wanted;
        if let Some(doors) = self.doors.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            doors.reload_certificates();
        }
        *self.drain.lock().unwrap_or_else(PoisonError::into_inner) = fresh.config.node.drain.0;
        let later = restart::waiting(&self.started, &fresh.marks);
        let mut said = format!("{kept} link(s) kept, {started} started, {} stopped", gone.len());
        if started < new.len() {
            said.push_str(&format!("; {} not started", new.len() - started));
        }
        if !later.is_empty() {
            said.push_str(&format!("; these take effect at the next start: {}", later.join(", ")));
        }
        Ok(said)
    }

    /// Starts a link. When that cannot be, the log says why, and the one that was there before is started again where there was one.
    fn attach(
        &self,
        setup: &LinkSetup,
        before: &BTreeMap<LinkId, LinkSetup>,
        wanted: &mut BTreeMap<LinkId, LinkSetup>,
    ) -> bool {
        let start =
            |setup| start_link(setup, &self.gateway, &self.machine, &self.thread, self.relay.as_ref());
        let error = match start(setup) {
            Ok(link) => {
                self.gateway.attach(link);
                return true;
            }
            Err(error) => error,
        };
        tracing::error!(
            "a link is not as the configuration wants it until that is put right and read again: {error:#}"
        );
        // Not among those in force, so that the next reload takes it for new.
        wanted.remove(&setup.id);
        match before.get(&setup.id).and_then(|old| Some((old, start(old).ok()?))) {
            Some((old, link)) => {
                self.gateway.attach(link);
                wanted.insert(old.id.clone(), old.clone());
            }
            None => self.measures.stands_still(&setup.id),
        }
        false
    }
}
