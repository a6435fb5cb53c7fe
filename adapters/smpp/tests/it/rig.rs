//! A simulated operator, a link to it, and a receiver that keeps what the link reports.

use crate::clock::MachineClock;
use async_trait::async_trait;
use domain::Timestamp;
use domain::address::Originator;
use domain::directory::LinkId;
use domain::message::{Incarnation, Message, Parts, Priority};
use domain::mo::MoPart;
use domain::receipt::Receipt;
use domain::routing::Tries;
use domain::text::{Alphabet, split};
use fakes::{SequentialIds, samples};
use ports::driven::{Clock, Link, PartReply, Shipment};
use ports::driving::{ReceiveError, ReceiveMessages, Reply};
use smpp::simulator::{Faults, Simulator, SimulatorOptions};
use smpp::{SmppConfig, SmppLink};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

/// How long anything may take before a test gives up on it.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Keeps what a link reports.
#[derive(Default)]
pub struct Recorder {
    pub replies: Mutex<Vec<Reply>>,
    pub receipts: Mutex<Vec<Receipt>>,
    pub mos: Mutex<Vec<MoPart>>,
    pub changes: AtomicUsize,
    /// The store is down: try again.
    pub down: AtomicBool,
    /// The store does not answer.
    pub hung: AtomicBool,
    /// The next call panics.
    pub panics: AtomicBool,
    heard: Notify,
}

impl Recorder {
    fn answer(&self) -> Result<(), ReceiveError> {
        assert!(!self.panics.swap(false, SeqCst), "as the test wanted");
        if self.down.load(SeqCst) { Err(ReceiveError::TryAgain) } else { Ok(()) }
    }

    /// Waits until something holds.
    pub async fn until<T>(&self, what: &str, mut holds: impl FnMut(&Self) -> Option<T>) -> T {
        let wait = async {
            loop {
                let heard = self.heard.notified();
                if let Some(found) = holds(self) {
                    return found;
                }
                // Some conditions are not announced: look again from time to time.
                let _ = tokio::time::timeout(Duration::from_millis(20), heard).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("never: {what}"))
    }

    pub fn reply_count(&self) -> usize {
        self.replies.lock().unwrap().len()
    }

    /// Waits for so many replies and takes them.
    pub async fn replies(&self, count: usize) -> Vec<Reply> {
        self.until(&format!("{count} replies"), |r| {
            let mut replies = r.replies.lock().unwrap();
            (replies.len() >= count).then(|| std::mem::take(&mut *replies))
        })
        .await
    }

    /// Waits for so many receipts and takes them.
    pub async fn receipts(&self, count: usize) -> Vec<Receipt> {
        self.until(&format!("{count} receipts"), |r| {
            let mut receipts = r.receipts.lock().unwrap();
            (receipts.len() >= count).then(|| std::mem::take(&mut *receipts))
        })
        .await
    }

    /// Waits for so many received parts and takes them.
    pub async fn mos(&self, count: usize) -> Vec<MoPart> {
        self.until(&format!("{count} messages"), |r| {
            let mut mos = r.mos.lock().unwrap();
            (mos.len() >= count).then(|| std::mem::take(&mut *mos))
        })
        .await
    }
}

#[async_trait]
impl ReceiveMessages for Recorder {
    async fn mo(&self, part: MoPart) -> Result<(), ReceiveError> {
        self.until("the store answers", |r| (!r.hung.load(SeqCst)).then_some(())).await;
        self.answer()?;
        self.mos.lock().unwrap().push(part);
        self.heard.notify_waiters();
        Ok(())
    }

    async fn receipts(&self, receipts: Vec<Receipt>) -> Vec<Result<(), ReceiveError>> {
        let answer = self.answer();
        let answers = receipts.iter().map(|_| answer).collect();
        if answer.is_ok() {
            self.receipts.lock().unwrap().extend(receipts);
            self.heard.notify_waiters();
        }
        answers
    }

    async fn replies(&self, replies: Vec<Reply>) {
        self.replies.lock().unwrap().extend(replies);
        self.heard.notify_waiters();
    }

    fn link_changed(&self, _: &LinkId) {
        self.changes.fetch_add(1, SeqCst);
        self.heard.notify_waiters();
    }
}

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
        let clock = Arc::new(MachineClock::new());
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
        shipment(samples::message(id, self.clock.now()), text)
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

/// A message as a shipment.
pub fn shipment(mut message: Message, text: &str) -> Shipment {
    let alphabet = if domain::text::gsm7::is_exact(text) { Alphabet::Gsm7 } else { Alphabet::Ucs2 };
    let segments = split(text, alphabet, 0x2A, false).expect("fits");
    message.segments = u8::try_from(segments.len()).expect("fits");
    message.body = domain::message::Body::Text { text: text.to_owned(), alphabet };
    Shipment {
        originator: Originator::parse("Example").ok(),
        segments: (1..).zip(segments).collect(),
        message: Arc::new(message),
        receipt: true,
        possible_duplicate: false,
        parts: Parts::default(),
        tries: Tries::default(),
        lease: Incarnation(1),
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
