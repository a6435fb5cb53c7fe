//! A simulated modem, a link to it, and a receiver that keeps what the link reports.

use async_trait::async_trait;
use domain::Timestamp;
use domain::message::Message;
use domain::mo::MoPart;
use domain::receipt::Receipt;
use fakes::{SequentialIds, samples};
use modem::simulator::{ModemCommand, ModemFaults, ModemOptions, ModemSimulator};
use modem::{GsmConfig, GsmLink, GsmSurroundings};
use ports::driven::{Clock, Link, Notice, Notices, PartReply, Shipment};
use ports::driving::{ReceiveError, ReceiveMessages, Reply};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything may take before a test gives up on it.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The machine's clock: these tests run over real pseudo-terminals in real time.
pub struct MachineClock(Instant);

impl Clock for MachineClock {
    #[allow(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

#[allow(clippy::disallowed_methods, reason = "this is the clock")]
pub fn clock() -> Arc<MachineClock> {
    Arc::new(MachineClock(Instant::now()))
}

/// Keeps what a link reports.
#[derive(Default)]
pub struct Recorder {
    pub replies: Mutex<Vec<Reply>>,
    pub receipts: Mutex<Vec<Receipt>>,
    pub mos: Mutex<Vec<MoPart>>,
    pub notices: Mutex<Vec<Notice>>,
    /// The store is down: try again.
    pub down: AtomicBool,
}

impl Recorder {
    fn answer(&self) -> Result<(), ReceiveError> {
        if self.down.load(SeqCst) { Err(ReceiveError::TryAgain) } else { Ok(()) }
    }
}

impl Notices for Recorder {
    fn give(&self, notice: Notice) {
        self.notices.lock().unwrap().push(notice);
    }
}

#[async_trait]
impl ReceiveMessages for Recorder {
    async fn mo(&self, part: MoPart) -> Result<(), ReceiveError> {
        self.answer()?;
        let mut mos = self.mos.lock().unwrap();
        // As the store does: the same part is taken once.
        if !mos.iter().any(|known| known.fingerprint() == part.fingerprint()) {
            mos.push(part);
        }
        Ok(())
    }

    async fn receipts(&self, receipts: Vec<Receipt>) -> Vec<Result<(), ReceiveError>> {
        let answer = self.answer();
        let answers = receipts.iter().map(|_| answer).collect();
        if answer.is_ok() {
            self.receipts.lock().unwrap().extend(receipts);
        }
        answers
    }

    async fn replies(&self, replies: Vec<Reply>) {
        self.replies.lock().unwrap().extend(replies);
    }

    fn link_changed(&self, _: &domain::directory::LinkId) {}
}

/// Both ends.
pub struct Rig {
    pub simulator: ModemSimulator,
    pub link: Arc<dyn Link>,
    pub recorder: Arc<Recorder>,
    pub clock: Arc<MachineClock>,
    pub folder: TempDir,
    next: AtomicI64,
}

/// Waits until something holds.
pub async fn until<T>(what: &str, mut holds: impl FnMut() -> Option<T>) -> T {
    let wait = async {
        loop {
            if let Some(found) = holds() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("never: {what}"))
}

/// Settings with short times.
pub fn config(port: String, folder: &TempDir) -> GsmConfig {
    GsmConfig {
        first_pause: Duration::from_millis(50),
        longest_pause: Duration::from_millis(200),
        poll: Duration::from_millis(200),
        search: Duration::from_millis(50),
        search_patience: Duration::from_secs(30),
        answer_timeout: Duration::from_secs(5),
        send_timeout: Duration::from_secs(5),
        notice_after: Duration::from_millis(400),
        number: "46700000001".into(),
        ..GsmConfig::on(port, folder.path().join("notes.json"))
    }
}

pub fn link(config: GsmConfig, recorder: &Arc<Recorder>, clock: &Arc<MachineClock>) -> Arc<dyn Link> {
    let around = GsmSurroundings {
        receiver: recorder.clone(),
        clock: clock.clone(),
        ids: Arc::new(SequentialIds::default()),
        notices: recorder.clone(),
    };
    GsmLink::start(config, samples::link("GSM0"), around).expect("settings")
}

impl Rig {
    /// With a modem and a link that a test has changed.
    pub async fn start(mut options: ModemOptions, change: impl FnOnce(&mut GsmConfig)) -> Self {
        let clock = clock();
        let folder = tempfile::tempdir().expect("a folder");
        if options.tcp.is_none() {
            options.path = Some(folder.path().join("modem"));
        }
        let simulator = ModemSimulator::start(options, clock.clone()).await.expect("a modem");
        let recorder = Arc::new(Recorder::default());
        let mut config = config(simulator.port(), &folder);
        change(&mut config);
        let link = link(config, &recorder, &clock);
        Self { simulator, link, recorder, clock, folder, next: 1.into() }
    }

    /// The usual: registered.
    pub async fn up(options: ModemOptions, change: impl FnOnce(&mut GsmConfig)) -> Self {
        let rig = Self::start(options, change).await;
        rig.until_up().await;
        // A slow start may have been told; it is cleared before anything else is.
        tokio::time::sleep(Duration::from_millis(250)).await;
        until("nothing is told any more", || {
            let notices = rig.recorder.notices.lock().unwrap();
            (notices.iter().filter(|n| n.cleared).count() * 2 == notices.len()).then_some(())
        })
        .await;
        rig.recorder.notices.lock().unwrap().clear();
        rig
    }

    pub async fn until_up(&self) {
        until("the link is up", || self.link.health().is_up().then_some(())).await;
    }

    pub async fn until_down(&self) -> String {
        until("the link is down", || (!self.link.health().is_up()).then(|| self.link.report().detail)).await
    }

    pub async fn until_detail(&self, what: &str) {
        until(what, || self.link.report().detail.contains(what).then_some(())).await;
    }

    pub fn faults(&self, faults: ModemFaults) {
        assert!(self.simulator.command(ModemCommand::Faults(faults)));
    }

    pub fn mo(&self, from: &str, text: &str) {
        assert!(self.simulator.command(ModemCommand::Mo { from: from.into(), text: text.into() }));
    }

    /// A message of a text, of any length.
    pub fn shipment(&self, text: &str) -> Shipment {
        let id = self.next.fetch_add(1, SeqCst);
        shipment(samples::message(id, self.clock.now()), text)
    }

    /// Offers until all are taken.
    pub async fn send(&self, shipments: Vec<Shipment>) {
        let mut left = shipments;
        until("the link takes all", || {
            left = self.link.offer(std::mem::take(&mut left));
            left.is_empty().then_some(())
        })
        .await;
    }

    /// Waits for so many replies and takes them.
    pub async fn replies(&self, count: usize) -> Vec<Reply> {
        until(&format!("{count} replies"), || {
            let mut replies = self.recorder.replies.lock().unwrap();
            (replies.len() >= count).then(|| std::mem::take(&mut *replies))
        })
        .await
    }

    /// Sends one message and waits for what becomes of its parts.
    pub async fn exchange(&self, text: &str) -> Vec<PartReply> {
        self.send(vec![self.shipment(text)]).await;
        self.replies(1).await.into_iter().flat_map(|reply| reply.parts).map(|(_, end)| end).collect()
    }

    pub async fn mos(&self, count: usize) -> Vec<MoPart> {
        until(&format!("{count} messages"), || {
            let mut mos = self.recorder.mos.lock().unwrap();
            (mos.len() >= count).then(|| std::mem::take(&mut *mos))
        })
        .await
    }

    pub async fn receipts(&self, count: usize) -> Vec<Receipt> {
        until(&format!("{count} receipts"), || {
            let mut receipts = self.recorder.receipts.lock().unwrap();
            (receipts.len() >= count).then(|| std::mem::take(&mut *receipts))
        })
        .await
    }

    pub async fn notices(&self, count: usize) -> Vec<Notice> {
        until(&format!("{count} notices"), || {
            let notices = self.recorder.notices.lock().unwrap();
            (notices.len() >= count).then(|| notices.clone())
        })
        .await
    }
}

/// A message as a shipment; a terminal sends under its SIM's own number.
pub fn shipment(message: Message, text: &str) -> Shipment {
    Shipment { originator: None, ..samples::shipment(message, text) }
}
