//! The measures of the whole process, in Prometheus' text form.

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Buckets for durations in seconds, from a tenth of a millisecond to a minute.
const SECONDS: [f64; 15] =
    [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0];

/// Buckets for deliveries in seconds, from half a second to a day.
const DELIVERY: [f64; 13] =
    [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 1_800.0, 14_400.0, 86_400.0];

/// Collects what the crates of the gateway count and time.
#[derive(Clone)]
pub struct Measures(PrometheusHandle);

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
        Self(handle)
    }

    /// A collector that nothing reports to.
    #[must_use]
    pub fn detached() -> Self {
        Self(builder().build_recorder().handle())
    }

    /// The page.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// Lets the collector tidy up; to be called every few seconds.
    pub fn upkeep(&self) {
        self.0.run_upkeep();
    }
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
