//! A simulated operator and a link to it.

use domain::directory::LinkId;
use fakes::{MachineClock, Recorder, SequentialIds, samples};
use ports::driven::{Clock, Link, PartReply, Shipment};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::time::Duration;
use ucp::simulator::{Centre, Faults, Simulator, SimulatorOptions};
use ucp::{UcpConfig, UcpLink};

/// Both ends.
pub struct Rig {
    pub simulator: Simulator,
    pub link: Arc<dyn Link>,
    pub recorder: Arc<Recorder>,
    next: AtomicI64,
}

/// An operator that sends no receipts and listens on a free port.
pub fn quiet() -> SimulatorOptions {
    let mut options = SimulatorOptions::default();
    options.common.receipts = None;
    options
}

pub fn id() -> LinkId {
    samples::link("TS0")
}

impl Rig {
    /// With an operator and a link that a test has changed.
    pub async fn start(options: SimulatorOptions, change: impl FnOnce(&mut UcpConfig)) -> Self {
        let clock = Arc::new(MachineClock::default());
        let simulator = Simulator::start(Centre::new(options), clock.clone()).await.expect("an operator");
        let recorder = Arc::new(Recorder::default());
        let mut config = UcpConfig {
            hosts: vec![simulator.address().to_string()],
            account: "71234".into(),
            password: "hemligt".into(),
            first_pause: Duration::from_millis(50),
            response_timeout: Duration::from_secs(5),
            ..UcpConfig::default()
        };
        change(&mut config);
        let ids = Arc::new(SequentialIds::default());
        let link = UcpLink::start(config, id(), recorder.clone(), clock, ids).expect("settings");
        Self { simulator, link, recorder, next: 1.into() }
    }

    /// The usual: logged in.
    pub async fn bound(options: SimulatorOptions, change: impl FnOnce(&mut UcpConfig)) -> Self {
        let rig = Self::start(options, change).await;
        rig.until_up().await;
        rig
    }

    /// The usual with faults from the start of traffic.
    pub async fn faulty(faults: Faults, change: impl FnOnce(&mut UcpConfig)) -> Self {
        let rig = Self::bound(quiet(), change).await;
        rig.simulator.set_faults(faults);
        rig
    }

    pub async fn until_up(&self) {
        self.recorder.until("the link is up", |_| self.link.health().is_up().then_some(())).await;
    }

    /// A message of a text, of any length.
    pub fn shipment(&self, text: &str) -> Shipment {
        let number = self.next.fetch_add(1, SeqCst);
        samples::shipment(samples::message(number, MachineClock::default().now()), text)
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

/// How many were taken over.
pub fn accepted(ends: &[PartReply]) -> usize {
    ends.iter().filter(|end| matches!(end, PartReply::Accepted { .. })).count()
}
