//! How the gateway is doing.

use crate::fatal::Fatal;
use crate::lanes::Lanes;
use async_trait::async_trait;
use domain::directory::LinkId;
use domain::receipt::Spelling;
use domain::routing::Condition;
use domain::{Language, Words, words};
use ports::driven::{LinkReport, Reports};
use ports::driving::{Observe, Readiness};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Why the store takes nothing new at this moment, if it does not.
pub(crate) async fn trouble_of(reports: &dyn Reports) -> Option<Words> {
    match tokio::time::timeout(Duration::from_secs(2), reports.ping()).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.words()),
        Err(_) => Some(Words::new("inget svar inom 2 s", "no answer within 2 s")),
    }
}

/// The use case.
#[derive(Clone)]
pub(crate) struct Watch {
    pub lanes: Arc<Lanes>,
    pub reports: Arc<dyn Reports>,
    pub fatal: Fatal,
    pub closed: Arc<AtomicBool>,
}

#[async_trait]
impl Observe for Watch {
    async fn readiness(&self) -> Readiness {
        let mut readiness = Readiness::default();
        if let Some(reason) = self.fatal.reason() {
            readiness.reasons.push(reason);
        }
        if self.closed.load(Ordering::Acquire) {
            readiness.reasons.push(Words::new("stängs av", "stopping"));
        }
        if let Some(why) = trouble_of(self.reports.as_ref()).await {
            let (swedish, english) = (why.in_language(Language::Swedish), why.in_language(Language::English));
            readiness.reasons.push(words!("lagret: {swedish}", "store: {english}"));
        }
        let lanes = self.lanes.all();
        let ill = lanes.iter().filter(|l| l.health().condition != Condition::Up || l.link.is_deaf());
        let ill: Vec<_> = ill.map(|lane| lane.report()).collect();
        if !self.lanes.any_up() {
            readiness.reasons.push(Words::new("ingen väg är uppe", "no link is up"));
        }
        readiness
            .warnings
            .extend(ill.into_iter().map(|l| words!("väg {}: {}", "link {}: {}", l.id, l.detail)));
        readiness
    }

    fn links(&self) -> Vec<LinkReport> {
        self.lanes.all().iter().map(|lane| lane.report()).collect()
    }

    fn receipt_ids(&self, link: &LinkId) -> Option<Spelling> {
        self.lanes.get(link).and_then(|lane| lane.spelling())
    }

    fn delivery_times(&self, link: &LinkId) -> Option<(Duration, Duration)> {
        self.lanes.get(link).and_then(|lane| lane.delivery_times())
    }
}
