//! TAP over TCP and over calls of a simulated modem: what goes well, what the line and the central do wrong.

use crate::rig::{MachineClock, Recorder, clock, shipment, until};
use domain::routing::{Condition, FailureClass};
use fakes::{SequentialIds, samples};
use modem::call::{CallSettings, Lines, Script};
use modem::port::SerialOptions;
use modem::simulator::{AnalogueModem, AnalogueOptions, CentralOptions, LineFaults, SERVICE, line_faults};
use modem::tap::codec::Charset;
use modem::tap::{TapConfig, TapLink, TapTimes, Way};
use ports::driven::{Clock as _, Link, PartReply};
use ports::driving::Reply;
use rehearsal::{Faults, Simulator, SimulatorOptions};
use secrecy::SecretString;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::time::Duration;
use tempfile::TempDir;

const MS: fn(u64) -> Duration = Duration::from_millis;

/// A central, perhaps a modem before it, and a link to it.
struct Rig {
    central: Simulator,
    modem: Option<AnalogueModem>,
    link: Arc<dyn Link>,
    recorder: Arc<Recorder>,
    clock: Arc<MachineClock>,
    folder: TempDir,
    next: AtomicI64,
}

fn config() -> TapConfig {
    TapConfig {
        idle: MS(100),
        first_pause: MS(50),
        longest_pause: MS(200),
        give_back_after: Duration::from_secs(30),
        times: TapTimes {
            ask_again: MS(100),
            asks: 10,
            answer: MS(600),
            go_ahead: MS(600),
            goodbye: MS(500),
            tries: 3,
        },
        ..TapConfig::default()
    }
}

fn calls(port: &str, numbers: &[&str]) -> Way {
    Way::Call(CallSettings {
        port: port.to_owned(),
        serial: SerialOptions { baud: 9_600, seven_even: true, ..SerialOptions::default() },
        numbers: numbers.iter().map(|&number| number.to_owned()).collect(),
        script: Script {
            init: vec!["ATZ".into(), "ATE0V1Q0".into()],
            dial: "ATDT".into(),
            patience: Duration::from_secs(5),
        },
    })
}

async fn central(
    faults: Faults,
    password: Option<&str>,
    charset: Charset,
    clock: &Arc<MachineClock>,
) -> Simulator {
    let accounts = password.map(|word| (SERVICE.to_owned(), SecretString::from(word)));
    let common =
        SimulatorOptions { accounts: accounts.into_iter().collect(), faults, ..SimulatorOptions::default() };
    Simulator::start(CentralOptions { common, charset }, clock.clone()).await.expect("a central")
}

impl Rig {
    /// Over TCP.
    async fn direct(faults: Faults, change: impl FnOnce(&mut TapConfig)) -> Self {
        Self::of(faults, None, None, change).await
    }

    /// By a modem on a pseudo-terminal.
    async fn called(line: LineFaults, change: impl FnOnce(&mut TapConfig)) -> Self {
        Self::of(Faults::default(), Some(line), None, change).await
    }

    async fn of(
        faults: Faults,
        line: Option<LineFaults>,
        password: Option<&str>,
        change: impl FnOnce(&mut TapConfig),
    ) -> Self {
        let (clock, folder) = (clock(), tempfile::tempdir().expect("a folder"));
        let mut config = config();
        let central = central(faults, password, Charset::Ascii, &clock).await;
        config.way = Way::Hosts { hosts: vec![central.address().to_string()], tls: None };
        let mut modem = None;
        if let Some(faults) = line {
            let options = AnalogueOptions {
                path: Some(folder.path().join("modem")),
                target: central.address().to_string(),
                faults,
                ..AnalogueOptions::default()
            };
            let plugged = AnalogueModem::start(options, clock.clone()).await.expect("a modem");
            config.way = calls(plugged.port(), &["08-123 45 67"]);
            modem = Some(plugged);
        }
        change(&mut config);
        let recorder = Arc::new(Recorder::default());
        let (ids, lines) = (Arc::new(SequentialIds::default()), Arc::new(Lines::default()));
        let link = TapLink::start(config, samples::link("MC0"), recorder.clone(), clock.clone(), ids, &lines);
        Self { central, modem, link, recorder, clock, folder, next: 1.into() }
    }

    fn offer(&self, text: &str) {
        let id = self.next.fetch_add(1, SeqCst);
        let left = self.link.offer(vec![shipment(samples::message(id, self.clock.now()), text)]);
        assert!(left.is_empty(), "{:?}", self.link.report());
    }

    async fn ends(&self, count: usize) -> Vec<PartReply> {
        let replies = until(&format!("{count} replies"), || {
            let mut replies = self.recorder.replies.lock().unwrap();
            (replies.len() >= count).then(|| std::mem::take(&mut *replies))
        })
        .await;
        replies.into_iter().flat_map(|reply| reply.parts).map(|(_, end)| end).collect()
    }

    /// Whether each page was said to be a possible duplicate when it ended.
    async fn marks(&self, count: usize) -> Vec<(bool, bool)> {
        let replies = until(&format!("{count} replies"), || {
            let mut replies = self.recorder.replies.lock().unwrap();
            (replies.len() >= count).then(|| std::mem::take(&mut *replies))
        })
        .await;
        let of = |reply: Reply| (taken(&reply.parts[0].1), reply.shipment.possible_duplicate);
        replies.into_iter().map(of).collect()
    }

    async fn exchange(&self, text: &str) -> PartReply {
        self.offer(text);
        self.ends(1).await.remove(0)
    }
}

fn taken(end: &PartReply) -> bool {
    matches!(end, PartReply::Accepted { .. })
}

fn every(change: impl FnOnce(&mut Faults)) -> Faults {
    let mut faults = Faults::default();
    change(&mut faults);
    faults
}

#[tokio::test]
async fn pages_over_tcp_in_calls_of_three() {
    let rig = Rig::direct(Faults::default(), |config| config.pages_per_call = 3).await;
    assert!(rig.link.health().is_up(), "ready before there is a connection");
    (0..7).for_each(|n| rig.offer(&format!("Larm {n}")));
    assert!(rig.ends(7).await.iter().all(taken));
    until("the last call has ended", || (rig.central.stats().bound == 0).then_some(())).await;
    let stats = rig.central.stats();
    assert_eq!((stats.binds, stats.accepted, stats.bad_pdus), (3, 7, 0));
    assert!(rig.link.health().is_up(), "and ready again");
}

#[tokio::test]
async fn long_pages_go_in_blocks_and_parts_are_numbered() {
    let rig = Rig::direct(Faults::default(), |config| config.block = 60).await;
    assert!(taken(&rig.exchange(&"Brand i kvarter fem. ".repeat(7)).await));
    rig.offer(&"x".repeat(200));
    let ends = rig.ends(1).await;
    assert!(ends.len() == 2 && ends.iter().all(taken), "{ends:?}");
    assert_eq!((rig.central.stats().submits, rig.central.stats().bad_pdus), (3, 0));
}

#[tokio::test]
async fn a_called_central() {
    let rig = Rig::called(LineFaults::default(), |_| {}).await;
    let modem = rig.modem.as_ref().expect("a modem");
    assert_eq!(modem.stats().dialled, 0, "nothing to send, no call");
    (0..3).for_each(|n| rig.offer(&format!("Larm {n}")));
    assert!(rig.ends(3).await.iter().all(taken));
    until("it hung up", || (rig.central.stats().bound == 0).then_some(())).await;
    assert_eq!((modem.stats().dialled, modem.stats().connected), (1, 1));
    // And once more: the modem is back where commands are heard.
    assert!(taken(&rig.exchange("igen").await));
    assert_eq!(modem.stats().connected, 2);
}

#[tokio::test]
async fn busy_is_dialled_again_and_the_other_number_is_tried() {
    let faults = line_faults(&json!({"busy_number": 81_234_567})).expect("faults");
    let rig = Rig::called(faults, |config| {
        if let Way::Call(call) = &mut config.way {
            call.numbers.push("08-765 43 21".into());
        }
    })
    .await;
    assert!(taken(&rig.exchange("larm").await));
    let modem = rig.modem.as_ref().expect("a modem");
    assert_eq!((modem.stats().dialled, modem.stats().connected), (2, 1));
}

#[tokio::test]
async fn what_a_line_can_do() {
    for (fault, why) in [
        (json!({"busy": true}), "busy"),
        (json!({"no_carrier": true}), "no carrier"),
        (json!({"no_dial_tone": true}), "no dial tone"),
        (json!({"no_answer": true}), "no answer"),
    ] {
        let rig = Rig::called(line_faults(&fault).expect("faults"), |_| {}).await;
        rig.offer("larm");
        until(why, || rig.link.report().detail.contains(why).then_some(())).await;
        assert!(matches!(rig.link.health().condition, Condition::Down { .. }), "{why}");
        assert!(rig.modem.as_ref().is_some_and(|modem| modem.set_faults(LineFaults::default())));
        assert!(taken(&rig.ends(1).await[0]), "{why}");
        until("it is ready again", || rig.link.health().is_up().then_some(())).await;
    }
}

#[tokio::test]
async fn a_line_that_breaks_in_the_middle_of_a_page() {
    // The log-on is 42 octets, or a few more; the answer to the first page is cut before its ACK.
    let faults = line_faults(&json!({"drop_after": 52})).expect("faults");
    let rig = Rig::called(faults, |_| {}).await;
    assert_eq!(rig.exchange("larm").await, PartReply::Unanswered, "it may have been sent");
    assert_eq!(rig.central.stats().accepted, 1);
    assert!(rig.modem.as_ref().is_some_and(|modem| modem.set_faults(LineFaults::default())));
    until("it is ready again", || rig.link.health().is_up().then_some(())).await;
    assert!(taken(&rig.exchange("igen").await));
}

#[tokio::test]
async fn what_a_central_refuses() {
    for (status, class) in [
        (511, FailureClass::Permanent),
        (516, FailureClass::Temporary),
        (30, FailureClass::Permanent),
        (4, FailureClass::Temporary),
        (21, FailureClass::Temporary),
        (599, FailureClass::Limited),
    ] {
        let rig = Rig::direct(every(|faults| faults.status = Some(status)), |_| {}).await;
        match rig.exchange("larm").await {
            PartReply::Refused(failure) => assert_eq!(failure.class, class, "{status} {failure:?}"),
            other => panic!("{status}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn what_is_said_otherwise_or_again() {
    let seen = [
        every(|f| f.nack_every = 2),
        every(|f| f.empty_every = 1),
        every(|f| f.unknown_every = 1),
        every(|f| f.garbage_every = 1),
        every(|f| f.no_answer_every = 3),
        every(|f| f.drip = Some(MS(1))),
    ];
    for faults in seen {
        let rig = Rig::direct(faults.clone(), |_| {}).await;
        for n in 0..4 {
            assert!(taken(&rig.exchange(&format!("larm {n}")).await), "{faults:?}");
        }
    }
}

#[tokio::test]
async fn what_is_written_again_for_silence_is_marked() {
    for (faults, marked) in [
        (every(|f| f.no_answer_every = 2), true),
        (every(|f| f.damage_every = 2), true),
        (every(|f| f.nack_every = 2), false),
    ] {
        let rig = Rig::direct(faults.clone(), |_| {}).await;
        rig.offer("first");
        assert_eq!(rig.marks(1).await, [(true, false)], "{faults:?}");
        rig.offer("second");
        assert_eq!(rig.marks(1).await, [(true, marked)], "{faults:?}");
    }
}

#[tokio::test]
async fn the_time_of_a_call_is_over_for_the_central() {
    let rig = Rig::direct(every(|f| (f.status, f.status_every) = (Some(113), 2)), |_| {}).await;
    (0..5).for_each(|n| rig.offer(&format!("larm {n}")));
    let ends = rig.ends(5).await;
    assert!(ends.iter().all(|end| taken(end) || *end == PartReply::NotOffered), "{ends:?}");
    assert!(rig.central.stats().binds >= 2);
}

#[tokio::test]
async fn a_central_that_takes_nothing_in_any_call_is_not_called_again_at_once() {
    let pause = |config: &mut TapConfig| {
        (config.first_pause, config.longest_pause) = (Duration::from_secs(3), Duration::from_secs(3));
    };
    let rig = Rig::direct(every(|f| f.status = Some(113)), pause).await;
    assert_eq!(rig.exchange("larm").await, PartReply::NotOffered);
    until("it is down", || (!rig.link.health().is_up()).then_some(())).await;
    for id in 100..150 {
        let again = shipment(samples::message(id, rig.clock.now()), "larm");
        assert_eq!(rig.link.offer(vec![again]).len(), 1, "routes go on with their next link");
        tokio::time::sleep(MS(20)).await;
    }
    assert_eq!(rig.central.stats().binds, 1);
}

#[tokio::test]
async fn a_silent_central_leaves_a_doubt() {
    let rig = Rig::direct(every(|f| f.no_answer = true), |_| {}).await;
    assert_eq!(rig.exchange("larm").await, PartReply::Unanswered);
    assert_eq!(rig.central.stats().accepted, 4, "the same block, four times in one call");
}

#[tokio::test]
async fn a_wrong_password_parks_the_link() {
    let rig = Rig::of(Faults::default(), None, Some("000000"), |c| c.give_back_after = MS(50)).await;
    rig.offer("larm");
    assert_eq!(rig.ends(1).await, [PartReply::NotOffered]);
    let parked = || matches!(rig.link.health().condition, Condition::Parked { .. }).then_some(());
    until("it is parked", parked).await;
    assert!(rig.link.report().detail.contains("509"), "{}", rig.link.report().detail);
    let right = Rig::of(Faults::default(), None, Some("000000"), |c| c.password = "000000".into()).await;
    assert!(taken(&right.exchange("larm").await));
}

#[tokio::test]
async fn two_links_share_a_modem() {
    let clock = clock();
    let folder = tempfile::tempdir().expect("a folder");
    let central = central(Faults::default(), None, Charset::Ascii, &clock).await;
    let target = central.address().to_string();
    let options = AnalogueOptions { tcp: Some("127.0.0.1:0".into()), target, ..AnalogueOptions::default() };
    let modem = AnalogueModem::start(options, clock.clone()).await.expect("a modem");
    let (lines, recorder) = (Arc::new(Lines::default()), Arc::new(Recorder::default()));
    let link = |name: &str| {
        let config = TapConfig { way: calls(modem.port(), &["08-123 45 67"]), ..config() };
        let ids = Arc::new(SequentialIds::default());
        TapLink::start(config, samples::link(name), recorder.clone(), clock.clone(), ids, &lines)
    };
    let links = [link("MC0"), link("MC1")];
    for (id, link) in (1..).zip(&links) {
        assert!(link.offer(vec![shipment(samples::message(id, clock.now()), "larm")]).is_empty());
    }
    let rig =
        Rig { central, modem: Some(modem), link: links[0].clone(), recorder, clock, folder, next: 9.into() };
    assert!(rig.ends(2).await.iter().all(taken));
    assert!(rig.folder.path().exists());
    assert_eq!(rig.modem.as_ref().map(|m| m.stats().connected), Some(2));
}
