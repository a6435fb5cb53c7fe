//! Connections and binds that fail: refused, silent, dropped, half open, several hosts, TLS.

use crate::rig::{Rig, config, link, of_class};
use domain::message::Priority;
use domain::routing::Condition;
use fakes::{MachineClock, Recorder};
use net::tls::{TlsClient, TlsServer};
use ports::driven::{Clock as _, PartReply};
use smpp::simulator::{Command, Faults, Simulator, SimulatorOptions};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

fn quiet() -> SimulatorOptions {
    SimulatorOptions { receipts: None, ..SimulatorOptions::default() }
}

fn with(faults: Faults) -> SimulatorOptions {
    SimulatorOptions { faults, ..quiet() }
}

#[tokio::test]
async fn a_wrong_password_is_not_hammered() {
    let accounts = vec![("omnigate".to_owned(), "another".into())];
    let rig = Rig::start(SimulatorOptions { accounts, ..quiet() }, |config| {
        config.first_pause = Duration::from_millis(5)
    })
    .await;
    rig.recorder
        .until("parked", |_| {
            rig.link.report().next_try.is_some_and(|pause| pause.as_secs() > 240).then_some(())
        })
        .await;
    let report = rig.link.report();
    assert!(report.detail.contains("ESME_RINVPASWD"), "{}", report.detail);
    assert!(matches!(report.health.condition, Condition::Parked { .. }) && report.health.room == 0);
    assert_eq!(rig.simulator.stats().bind_tries, 3);
    assert_eq!(rig.link.offer(vec![rig.shipment("x")]).len(), 1, "a link that is down takes nothing");
}

#[tokio::test]
async fn connections_refused_or_silent_are_tried_again_with_growing_pauses() {
    let fast = |config: &mut smpp::SmppConfig| {
        config.bind_timeout = Duration::from_millis(200);
        config.first_pause = Duration::from_millis(50);
    };
    for faults in [
        Faults { refuse: true, ..Faults::default() },
        Faults { no_bind_answer: true, ..Faults::default() },
        Faults { half_open: true, ..Faults::default() },
        Faults { bind_status: Some(0x0D), ..Faults::default() },
        Faults { bind_status: Some(0x05), ..Faults::default() },
    ] {
        let rig = Rig::start(with(faults.clone()), fast).await;
        rig.recorder.until("tried again", |_| (rig.simulator.stats().connections >= 3).then_some(())).await;
        assert!(!rig.link.health().is_up(), "{faults:?}");
        rig.simulator.set_faults(Faults::default());
        rig.until_up().await;
        assert!(rig.simulator.stats().connections < 12, "{faults:?}");
    }
}

#[tokio::test]
async fn a_lost_connection_leaves_doubt_only_for_what_was_written() {
    let rig = Rig::faulty(Faults { drop_every: 40, ..Faults::default() }, |config| config.window = 7).await;
    rig.send((0..150).map(|n| rig.shipment(&format!("{n}"))).collect()).await;
    let replies = rig.recorder.replies(150).await;
    let count = |wanted: fn(&PartReply) -> bool| replies.iter().filter(|r| wanted(&r.parts[0].1)).count();
    let doubtful = count(|end| *end == PartReply::Unanswered);
    assert_eq!(
        count(|end| matches!(end, PartReply::Accepted { .. })) + doubtful,
        150,
        "what was not written waits for the next session"
    );
    assert!((3..=21).contains(&doubtful), "{doubtful} in doubt");
    assert!(rig.simulator.stats().connections >= 4);
}

#[tokio::test]
async fn what_is_no_pdu_ends_the_session_and_nothing_more() {
    let rig =
        Rig::faulty(Faults { garbage_every: 10, ..Faults::default() }, |config| config.window = 4).await;
    rig.send((0..30).map(|n| rig.shipment(&format!("{n}"))).collect()).await;
    let replies = rig.recorder.replies(30).await;
    assert!(
        replies.iter().all(|r| matches!(r.parts[0].1, PartReply::Accepted { .. } | PartReply::Unanswered))
    );
    assert!(rig.simulator.stats().connections >= 3);
}

#[tokio::test]
async fn half_open_is_noticed_by_keep_alives() {
    let rig = Rig::bound(quiet(), |config| {
        config.enquire_link = Duration::from_millis(200);
        config.enquire_link_timeout = Duration::from_millis(200);
    })
    .await;
    rig.recorder.until("keep-alives", |_| (rig.simulator.stats().enquiries >= 2).then_some(())).await;
    assert!(rig.link.health().is_up(), "answered keep-alives keep it up");
    rig.simulator.set_faults(Faults { half_open: true, ..Faults::default() });
    rig.link.offer(vec![rig.shipment("into the void")]);
    let start = rig.clock.monotonic();
    rig.until_down().await;
    assert!(rig.clock.monotonic() - start < Duration::from_secs(3));
    assert_eq!(rig.recorder.replies(1).await[0].parts, [(1, PartReply::Unanswered)]);
    rig.simulator.set_faults(Faults::default());
    rig.until_up().await;
}

#[tokio::test]
async fn the_next_host_takes_over_and_what_waited_goes_there() {
    let clock = Arc::new(MachineClock::default());
    let first = Simulator::start(quiet(), clock.clone()).await.expect("an operator");
    let second = Simulator::start(quiet(), clock.clone()).await.expect("an operator");
    let recorder = Arc::new(Recorder::default());
    let mut settings = config(&[first.address().to_string(), second.address().to_string()]);
    settings.rate = 20;
    let link = link(settings, &recorder, &clock);
    recorder.until("up", |_| link.health().is_up().then_some(())).await;
    let rig = Rig::start(quiet(), |_| {}).await;
    assert!(link.offer((0..20).map(|n| rig.shipment(&format!("{n}"))).collect()).is_empty());
    recorder.until("some are sent", |r| (r.reply_count() >= 3).then_some(())).await;
    first.stop().await;
    let replies = recorder.replies(20).await;
    assert!(replies.iter().all(|r| !r.parts.contains(&(1, PartReply::NotOffered))), "none is given back");
    assert!(second.stats().accepted >= 10);
    assert!(link.report().detail.contains(&second.address().to_string()), "{}", link.report().detail);
}

#[tokio::test]
async fn what_waits_for_a_link_that_stays_down_goes_back_alarms_first() {
    let rig = Rig::bound(quiet(), |config| {
        config.rate = 1;
        config.first_pause = Duration::from_secs(60);
        config.give_back_alarms_after = Duration::from_millis(300);
        config.give_back_after = Duration::from_millis(900);
    })
    .await;
    rig.link.hold(false);
    rig.send(vec![rig.shipment("sent")]).await;
    rig.recorder.replies(1).await;
    rig.send(vec![rig.shipment("waits"), of_class(rig.shipment("alarm"), Priority::Alarm)]).await;
    rig.simulator.command(Command::Drop);
    rig.until_down().await;
    let first = rig.recorder.replies(1).await;
    assert_eq!((first.len(), first[0].shipment.message.priority), (1, Priority::Alarm));
    assert_eq!(first[0].parts, [(1, PartReply::NotOffered)]);
    assert_eq!(rig.recorder.replies(1).await[0].parts, [(1, PartReply::NotOffered)]);
}

#[tokio::test]
async fn a_goodbye_is_answered_and_respected() {
    let rig = Rig::bound(quiet(), |_| {}).await;
    rig.simulator.command(Command::Unbind);
    rig.until_down().await;
    rig.recorder.until("waits", |_| rig.link.report().detail.contains("said goodbye").then_some(())).await;
    assert_eq!(rig.simulator.stats().connections, 1);
}

#[tokio::test]
async fn a_lingering_session_is_waited_out() {
    let clock = Arc::new(MachineClock::default());
    let options = SimulatorOptions { max_binds: 1, ..quiet() };
    let rig = Rig::bound(options, |_| {}).await;
    let recorder = Arc::new(Recorder::default());
    let second = link(config(&[rig.simulator.address().to_string()]), &recorder, &clock);
    recorder.until("refused", |_| second.report().detail.contains("ESME_RALYBND").then_some(())).await;
    rig.link.stop(Duration::from_secs(5)).await;
    recorder.until("bound", |_| second.health().is_up().then_some(())).await;
}

#[tokio::test]
async fn tls_or_a_clear_refusal() {
    net::tls::install_provider();
    let tls = TlsServer::self_signed(&["localhost", "127.0.0.1"], &[]).expect("a certificate");
    let options = SimulatorOptions { tls: Some(tls), ..quiet() };
    let rig = Rig::start(options, |config| config.tls = Some(TlsClient::insecure().expect("tls"))).await;
    rig.until_up().await;
    assert_eq!(rig.exchange(50).await.len(), 50);
    let recorder = Arc::new(Recorder::default());
    let mut strict = config(&[rig.simulator.address().to_string()]);
    strict.tls = Some(TlsClient::platform().expect("tls"));
    let strict = link(strict, &recorder, &rig.clock);
    recorder.until("refused", |_| strict.report().detail.contains("certificate").then_some(())).await;
    assert!(!strict.health().is_up());
}

#[tokio::test]
async fn a_store_that_panics_is_asked_again() {
    let rig =
        Rig::bound(SimulatorOptions { retry_after: Duration::from_millis(20), ..quiet() }, |_| {}).await;
    rig.recorder.panics.store(true, SeqCst);
    rig.simulator.mo("46701234567", "71234", "hej");
    assert_eq!(rig.recorder.mos(1).await.len(), 1);
    assert_eq!(rig.simulator.stats().connections, 1, "and the session did not notice");
}
