//! Watches whether the store takes what is new, and has people told when it does not: then every door refuses, however well the links are.

use crate::alarms::{Alarm, Alarms};
use crate::observe::trouble_of;
use domain::Words;
use domain::routing::{Ailment, Condition, Turning, Vigil};
use ports::driven::{About, Reports, Trouble};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it asks.
const EVERY: Duration = Duration::from_secs(2);

/// The use case.
#[derive(Clone)]
pub(crate) struct Storekeeper {
    pub alarms: Alarms,
    pub reports: Arc<dyn Reports>,
    pub node: String,
}

impl Storekeeper {
    /// Watches until told to stop.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let told = (About::Node(self.node.clone()), Trouble::Store);
        let mut vigil = match self.alarms.notices.ongoing().contains(&told) {
            true => Vigil::resumed(Ailment::Down),
            false => Vigil::default(),
        };
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
            let trouble = trouble_of(self.reports.as_ref()).await;
            self.look(&mut vigil, trouble.as_ref());
        }
    }

    fn look(&self, vigil: &mut Vigil, trouble: Option<&Words>) {
        let (directory, now) = (self.alarms.directory.current(), self.alarms.clock.monotonic());
        let condition = match trouble {
            None => Condition::Up,
            Some(_) => Condition::Down { since: self.alarms.clock.now() },
        };
        let turning = vigil.look(condition, false, directory.alarm.after, now);
        let Some(Turning { cleared, lasted, .. }) = turning else { return };
        let language = directory.defaults.language;
        let detail = trouble.map(|words| words.in_language(language).to_owned()).unwrap_or_default();
        if cleared {
            tracing::info!(seconds = lasted.as_secs(), "the store takes what is new again");
        } else {
            tracing::error!(detail, "the store takes nothing new; those whom [alarm] names are told");
        }
        let about = About::Node(self.node.clone());
        self.alarms.raise(Alarm { about, trouble: Trouble::Store, cleared, detail, lasted }, &[]);
    }
}
