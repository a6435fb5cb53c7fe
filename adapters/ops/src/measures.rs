//! The measures of the whole process, in Prometheus' text form.

use domain::directory::LinkId;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::{Arc, PoisonError, RwLock};

/// Buckets for durations in seconds, from a tenth of a millisecond to a minute.
const SECONDS: [f64; 15] =
    [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0];

/// Buckets for deliveries in seconds, from half a second to a day.
const DELIVERY: [f64; 13] =
    [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 1_800.0, 14_400.0, 86_400.0];

/// Collects what the crates of the gateway count and time.
#[derive(Clone)]
pub struct Measures {
    collected: PrometheusHandle,
    /// The links that there are; `None` = nobody has said.
    links: Arc<RwLock<Option<Vec<LinkId>>>>,
}

impl Measures {
    /// Installs the collector for the process; the first call counts, later ones collect nothing.
    #[must_use]
    pub fn install() -> Self {
        let recorder = builder().build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::debug!("measures are collected already");
        }
        describe();
        Self::of(handle)
    }

    /// A collector that nothing reports to.
    #[must_use]
    pub fn detached() -> Self {
        Self::of(builder().build_recorder().handle())
    }

    fn of(collected: PrometheusHandle) -> Self {
        Self { collected, links: Arc::default() }
    }

    /// Says which links the configuration names now. How others were doing at last stands on no page any more: nobody could tell it from how they
    /// are doing.
    pub fn name_links<'a>(&self, links: impl IntoIterator<Item = &'a LinkId>) {
        let named = links.into_iter().cloned().collect();
        *self.links.write().unwrap_or_else(PoisonError::into_inner) = Some(named);
    }

    /// Says that a link the configuration names could not be started.
    pub fn stands_still(&self, link: &LinkId) {
        metrics::gauge!("omnigate_link_up", "link" => link.to_string()).set(0.0);
    }

    /// The page.
    #[must_use]
    pub fn render(&self) -> String {
        let page = self.collected.render();
        match self.links.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            Some(links) => without_gone(&page, links),
            None => page,
        }
    }

    /// Lets the collector tidy up; to be called every few seconds.
    pub fn upkeep(&self) {
        self.collected.run_upkeep();
    }
}

/// The page without the gauges of links that are gone. Counters stay: what happened has happened.
fn without_gone(page: &str, links: &[LinkId]) -> String {
    let mut is_gauge = false;
    let mut kept = String::with_capacity(page.len());
    for line in page.split_inclusive('\n') {
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            is_gauge = kind.trim_end().ends_with(" gauge");
        }
        if !is_gauge || link_of(line).is_none_or(|link| links.iter().any(|named| named.as_str() == link)) {
            kept.push_str(line);
        }
    }
    kept
}

/// The link that a line is about.
fn link_of(line: &str) -> Option<&str> {
    let (_, labels) = line.split_once('{')?;
    let from = labels.strip_prefix("link=\"").or_else(|| Some(labels.split_once(",link=\"")?.1))?;
    from.split('"').next()
}

fn builder() -> PrometheusBuilder {
    let builder = PrometheusBuilder::new();
    builder
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .and_then(|b| {
            b.set_buckets_for_metric(Matcher::Full("omnigate_delivery_seconds".to_owned()), &DELIVERY)
        })
        .and_then(|b| {
            b.set_buckets_for_metric(Matcher::Full("omnigate_heartbeat_seconds".to_owned()), &DELIVERY)
        })
        .unwrap_or_else(|_| PrometheusBuilder::new())
}

fn describe() {
    metrics::describe_counter!("omnigate_accepted_total", "Messages accepted, by door");
    metrics::describe_counter!("omnigate_refused_total", "Requests refused, by door and code");
    metrics::describe_counter!(
        "omnigate_settled_total",
        "Messages settled with the operator, by link and state"
    );
    metrics::describe_counter!("omnigate_put_back_total", "Messages put back into a queue, by link");
    metrics::describe_counter!("omnigate_receipts_total", "Receipts, by what they did");
    metrics::describe_counter!(
        "omnigate_parked_receipts_dropped_total",
        "Receipts of no message that were dropped because there were too many"
    );
    metrics::describe_counter!("omnigate_mo_total", "Messages received, by link");
    metrics::describe_counter!("omnigate_handoffs_total", "Tries to hand something over, by outcome");
    metrics::describe_counter!(
        "omnigate_possible_duplicate_total",
        "Messages sent again without knowing whether they had been sent"
    );
    metrics::describe_counter!("omnigate_fallback_total", "Messages that moved to another link, and why");
    metrics::describe_counter!(
        "omnigate_no_way_left_total",
        "Messages not delivered in time that no other link was left for"
    );
    metrics::describe_counter!("omnigate_link_parked_total", "Times a link was parked");
    metrics::describe_gauge!("omnigate_link_parked", "1 while the operator takes nothing from us");
    metrics::describe_gauge!("omnigate_link_held", "1 while the link is paused or drained by command");
    metrics::describe_histogram!(
        "omnigate_delivery_seconds",
        "From the operator's reply to its receipt of delivery, by link"
    );
    metrics::describe_gauge!("omnigate_link_up", "1 when the link is bound");
    metrics::describe_gauge!("omnigate_link_in_flight", "Segments written to the operator and not answered");
    metrics::describe_gauge!("omnigate_link_waiting", "Messages taken by the link and not yet written");
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrics::{counter, gauge};

    fn link(name: &str) -> LinkId {
        LinkId::parse(name).expect("name")
    }

    #[test]
    fn a_link_that_was_taken_away_is_neither_up_nor_down() {
        let recorder = builder().build_recorder();
        let measures = Measures::of(recorder.handle());
        metrics::with_local_recorder(&recorder, || {
            for name in ["TS0", "TS1"] {
                gauge!("omnigate_link_up", "link" => name).set(1.0);
                gauge!("omnigate_modem_signal_dbm", "at" => "x", "link" => name).set(-70.0);
                counter!("omnigate_link_submits_total", "link" => name).increment(7);
            }
            gauge!("omnigate_store_queue_rows").set(3.0);
            assert!(measures.render().contains("omnigate_link_up{link=\"TS0\"} 1"), "{}", measures.render());
            measures.name_links([&link("TS1"), &link("TS2")]);
            measures.stands_still(&link("TS2"));
        });
        let page = measures.render();
        let gone: Vec<&str> = page.lines().filter(|line| line.contains("TS0")).collect();
        assert_eq!(gone, ["omnigate_link_submits_total{link=\"TS0\"} 7"], "{page}");
        for line in [
            "omnigate_link_up{link=\"TS1\"} 1",
            "omnigate_link_up{link=\"TS2\"} 0",
            "link=\"TS1\"} -70",
            "omnigate_link_submits_total{link=\"TS1\"} 7",
            "omnigate_store_queue_rows 3",
        ] {
            assert!(page.contains(line), "{line} in {page}");
        }
    }
}
