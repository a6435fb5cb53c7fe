//! A simulated operator, a link to it, and a receiver that keeps what the link reports.

use domain::Timestamp;
use domain::message::Priority;
use fakes::{MachineClock, Recorder, SequentialIds, samples};
use ports::driven::{Clock, Link, PartReply, Shipment};
use smpp::simulator::{Faults, Simulator, SimulatorOptions};
use smpp::{SmppConfig, SmppLink};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

/// Both ends.
pub struct Rig {
    pub simulator: Simulator,
    pub link: Arc<dyn Link>,
    pub recorder: Arc<Recorder>,
    pub clock: Arc<MachineClock>,
    next: std::sync::atomic::AtomicI64,
}

/// Settings with short times.
pub fn config(hosts: &[String]) -> SmppConfig {
    SmppConfig {
        hosts: hosts.to_vec(),
        system_id: "omnigate".into(),
        password: "hemligt".into(),
        first_pause: Duration::from_millis(50),
        enquire_link: Duration::from_secs(30),
        response_timeout: Duration::from_secs(5),
        ..SmppConfig::default()
    }
}

/// Starts a link of these settings.
pub fn link(config: SmppConfig, recorder: &Arc<Recorder>, clock: &Arc<MachineClock>) -> Arc<dyn Link> {
    let ids = Arc::new(SequentialIds::default());
    SmppLink::start(config, samples::link("TS0"), recorder.clone(), clock.clone(), ids).expect("settings")
}

impl Rig {
    /// With an operator and a link that a test has changed.
    pub async fn start(options: SimulatorOptions, change: impl FnOnce(&mut SmppConfig)) -> Self {
        let clock = Arc::new(MachineClock::default());
        let simulator = Simulator::start(options, clock.clone()).await.expect("an operator");
        let recorder = Arc::new(Recorder::default());
        let mut config = config(&[simulator.address().to_string()]);
        change(&mut config);
        let link = link(config, &recorder, &clock);
        Self { simulator, link, recorder, clock, next: 1.into() }
    }

    /// The usual: bound.
    pub async fn bound(options: SimulatorOptions, change: impl FnOnce(&mut SmppConfig)) -> Self {
        let rig = Self::start(options, change).await;
        rig.until_up().await;
        rig
    }

    /// The usual with faults from the start of traffic.
    pub async fn faulty(faults: Faults, change: impl FnOnce(&mut SmppConfig)) -> Self {
        let rig =
            Self::bound(SimulatorOptions { receipts: None, ..SimulatorOptions::default() }, change).await;
        rig.simulator.set_faults(faults);
        rig
    }

    pub async fn until_up(&self) {
        self.recorder.until("the link is up", |_| self.link.health().is_up().then_some(())).await;
    }

    pub async fn until_down(&self) {
        self.recorder.until("the link is down", |_| (!self.link.health().is_up()).then_some(())).await;
    }

    /// A message of a text, of any length.
    pub fn shipment(&self, text: &str) -> Shipment {
        let id = self.next.fetch_add(1, SeqCst);
        samples::shipment(samples::message(id, self.clock.now()), text)
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

/// With another class.
pub fn of_class(mut shipment: Shipment, priority: Priority) -> Shipment {
    Arc::make_mut(&mut shipment.message).priority = priority;
    shipment
}

/// To another recipient.
pub fn to(mut shipment: Shipment, recipient: &str) -> Shipment {
    Arc::make_mut(&mut shipment.message).recipient = samples::recipient(recipient);
    shipment
}

/// Worth sending until then.
pub fn until(mut shipment: Shipment, expires_at: Timestamp) -> Shipment {
    Arc::make_mut(&mut shipment.message).expires_at = expires_at;
    shipment
}

/// The operator's id of an accepted part.
pub fn id(end: &PartReply) -> &str {
    match end {
        PartReply::Accepted { operator_id } => operator_id,
        other => panic!("not accepted: {other:?}"),
    }
}
