//! A simulated centre, a link to it, and a receiver that keeps what the link reports.

use cimd2::simulator::{Faults, Simulator, SimulatorOptions};
use cimd2::{Cimd2Config, Cimd2Link};
use fakes::{MachineClock, Recorder, SequentialIds, samples};
use ports::driven::{Clock as _, Link, PartReply, Shipment};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::time::Duration;

/// Both ends.
pub struct Rig {
    pub simulator: Simulator,
    pub link: Arc<dyn Link>,
    pub recorder: Arc<Recorder>,
    next: AtomicI64,
}

/// A centre without receipts.
pub fn quiet() -> SimulatorOptions {
    let mut options = SimulatorOptions::default();
    options.common.receipts = None;
    options
}

impl Rig {
    /// With settings that a test has changed.
    pub async fn start(options: SimulatorOptions, change: impl FnOnce(&mut Cimd2Config)) -> Self {
        let clock = Arc::new(MachineClock::default());
        let simulator = Simulator::start(options, clock.clone()).await.expect("a centre");
        let recorder = Arc::new(Recorder::default());
        let mut config = Cimd2Config {
            hosts: vec![simulator.address().to_string()],
            user: "omnigate".into(),
            password: "hemligt".into(),
            first_pause: Duration::from_millis(50),
            response_timeout: Duration::from_secs(5),
            window: 10,
            ..Cimd2Config::default()
        };
        change(&mut config);
        let ids = Arc::new(SequentialIds::default());
        let link =
            Cimd2Link::start(config, samples::link("TS0"), recorder.clone(), clock, ids).expect("settings");
        Self { simulator, link, recorder, next: 1.into() }
    }

    /// The usual: logged in.
    pub async fn bound(options: SimulatorOptions, change: impl FnOnce(&mut Cimd2Config)) -> Self {
        let rig = Self::start(options, change).await;
        rig.until_up().await;
        rig
    }

    /// The usual with faults from the start of traffic.
    pub async fn faulty(faults: Faults, change: impl FnOnce(&mut Cimd2Config)) -> Self {
        let rig = Self::bound(quiet(), change).await;
        rig.simulator.set_faults(faults);
        rig
    }

    pub async fn until_up(&self) {
        self.recorder.until("the link is up", |_| self.link.health().is_up().then_some(())).await;
    }

    pub async fn until_down(&self) {
        self.recorder.until("the link is down", |_| (!self.link.health().is_up()).then_some(())).await;
    }

    /// Waits until the centre has seen something.
    pub async fn seen(&self, what: &str, holds: impl Fn(cimd2::simulator::Stats) -> bool) {
        self.recorder.until(what, |_| holds(self.simulator.stats()).then_some(())).await;
    }

    /// A message of a text, of any length, to a number of its own.
    pub fn shipment(&self, text: &str) -> Shipment {
        let id = self.next.fetch_add(1, SeqCst);
        let mut message = samples::message(id, MachineClock::default().now());
        message.recipient = samples::recipient(&(46_701_000_000 + id).to_string());
        samples::shipment(message, text)
    }

    /// Offers until all are taken.
    pub async fn send(&self, shipments: Vec<Shipment>) {
        let mut left = shipments;
        self.recorder
            .until("the link takes all", |_| {
                left = self.link.offer(std::mem::take(&mut left));
                left.is_empty().then_some(())
            })
            .await;
    }

    /// Sends single messages and waits for their replies.
    pub async fn exchange(&self, count: usize) -> Vec<PartReply> {
        self.send((0..count).map(|n| self.shipment(&format!("message {n}"))).collect()).await;
        let replies = self.recorder.replies(count).await;
        replies.into_iter().flat_map(|reply| reply.parts).map(|(_, end)| end).collect()
    }
}

/// How many were taken.
pub fn accepted(ends: &[PartReply]) -> usize {
    ends.iter().filter(|end| matches!(end, PartReply::Accepted { .. })).count()
}

/// The operator's id of an accepted part.
pub fn id(end: &PartReply) -> &str {
    match end {
        PartReply::Accepted { operator_id } => operator_id,
        other => panic!("not accepted: {other:?}"),
    }
}
