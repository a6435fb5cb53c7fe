//! Watches the links and has people told of them. It never stops a link.
//!
//! After a restart a link that is still ill is told of again, and one that was told of and is well is told to be.

use crate::alarms::{Alarm, Alarms};
use domain::directory::LinkId;
use domain::routing::{Ailment, Turning, Vigil};
use ports::driven::{About, Trouble};
use std::collections::HashMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(1);

/// The use case.
#[derive(Clone)]
pub(crate) struct Watchman {
    pub alarms: Alarms,
}

impl Watchman {
    /// Watches and tells until told to stop, each at its own pace.
    pub(crate) async fn run(self, stop: CancellationToken) {
        tokio::join!(self.watch(&stop), self.alarms.run(&stop));
    }

    async fn watch(&self, stop: &CancellationToken) {
        let told = self.alarms.notices.ongoing();
        let mut vigils: HashMap<LinkId, Vigil> = told
            .into_iter()
            .filter_map(|(about, trouble)| Some((about.link()?.clone(), Vigil::resumed(ailment(trouble)?))))
            .collect();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
            self.round(&mut vigils);
        }
    }

    fn round(&self, vigils: &mut HashMap<LinkId, Vigil>) {
        let now = self.alarms.clock.monotonic();
        let after = self.alarms.directory.current().alarm.after;
        let lanes = self.alarms.lanes.all();
        vigils.retain(|link, _| lanes.iter().any(|lane| lane.link.id() == link));
        for lane in lanes {
            let link = lane.link.id();
            let condition = lane.health().condition;
            let turning =
                vigils.entry(link.clone()).or_default().look(condition, lane.link.is_deaf(), after, now);
            let Some(Turning { ailment, cleared, lasted }) = turning else { continue };
            let detail = lane.report().detail;
            if cleared {
                tracing::info!(%link, seconds = lasted.as_secs(), "the link is well again");
            } else {
                tracing::error!(%link, detail, condition = condition.as_str(), "the link is ill; those whom [alarm] names are told");
            }
            let trouble = trouble(ailment);
            self.alarms
                .raise(Alarm { about: About::Link(link.clone()), trouble, cleared, detail, lasted }, &[]);
        }
    }
}

/// What people are told of an ailment.
fn trouble(ailment: Ailment) -> Trouble {
    match ailment {
        Ailment::Deaf => Trouble::Deaf,
        Ailment::Down => Trouble::LinkDown,
        Ailment::Parked => Trouble::Parked,
    }
}

/// The ailment that people were told of.
fn ailment(told: Trouble) -> Option<Ailment> {
    [Ailment::Deaf, Ailment::Down, Ailment::Parked].into_iter().find(|ailment| trouble(*ailment) == told)
}
