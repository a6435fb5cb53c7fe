//! When all is well: logins, messages, receipts, received messages, the three operations, TLS, stopping.

use crate::rig::{Rig, accepted, quiet};
use domain::mo::MoBody;
use domain::receipt::{Verdict, correlate};
use net::tls::{TlsClient, TlsServer};
use ports::driven::PartReply;
use std::collections::HashSet;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use ucp::codec::Submission;
use ucp::simulator::{Command, Faults, ReceiptOptions, SimulatorOptions};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_come_around_many_times() {
    let rig = Rig::bound(quiet(), |config| config.window = 98).await;
    let ends = rig.exchange(1_000).await;
    let ids: HashSet<_> = ends
        .iter()
        .map(|end| match end {
            PartReply::Accepted { operator_id } => operator_id.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    let stats = rig.simulator.stats();
    assert_eq!((ids.len(), stats.submits, stats.bad_pdus), (1_000, 1_000, 0));
    assert!(stats.most_unanswered <= 98, "{stats:?}");
    rig.link.stop(Duration::from_secs(5)).await;
    assert_eq!(rig.link.report().sessions, 0);
}

#[tokio::test]
async fn receipts_find_their_message() {
    let mut options = SimulatorOptions::default();
    let receipts = ReceiptOptions { delay: Duration::ZERO, fail_every: 3, ..ReceiptOptions::default() };
    options.common.receipts = Some(receipts);
    for submission in [Submission::Submit, Submission::Transfer] {
        let rig = Rig::bound(options.clone(), |config| config.submission = submission).await;
        let ends = rig.exchange(6).await;
        let keys: HashSet<_> = ends
            .iter()
            .map(|end| match end {
                PartReply::Accepted { operator_id } => correlate::stored_key(operator_id),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(keys.len(), 6);
        let receipts = rig.recorder.receipts(6).await;
        let named: HashSet<_> = receipts.iter().map(|r| correlate::stored_key(&r.operator_id)).collect();
        assert_eq!(named, keys);
        assert_eq!(receipts.iter().filter(|r| r.verdict == Verdict::Failed).count(), 2);
        assert!(receipts.iter().all(|r| r.recipient.is_some()));
        rig.recorder.until("answered", |_| (rig.simulator.stats().receipts == 6).then_some(())).await;
    }
}

#[tokio::test]
async fn the_operator_is_answered_only_after_the_store() {
    let mut options = quiet();
    options.common.retry_after = Duration::from_millis(20);
    let rig = Rig::bound(options, |_| {}).await;
    rig.recorder.down.store(true, SeqCst);
    rig.simulator.mo("46701234567", "71234", "hej å");
    let refused = || (rig.simulator.stats().refused_deliveries >= 2).then_some(());
    rig.recorder.until("refused for now", |_| refused()).await;
    assert_eq!(rig.simulator.stats().mos, 0);
    rig.recorder.down.store(false, SeqCst);
    let part = rig.recorder.mos(1).await.remove(0);
    assert_eq!((part.source.as_str(), part.destination.as_str()), ("46701234567", "71234"));
    assert_eq!(part.body, MoBody::Gsm7(b"hej \x0f".to_vec()));
    rig.recorder.until("answered", |_| (rig.simulator.stats().mos == 1).then_some(())).await;
}

#[tokio::test]
async fn long_messages_from_phones_come_in_parts_that_fit_together() {
    let rig = Rig::bound(quiet(), |_| {}).await;
    for text in ["abc å€[] ".repeat(40), "привет ".repeat(30)] {
        rig.simulator.mo("46701234567", "71234", &text);
        let mut parts = rig.recorder.mos(1).await;
        while parts.len() < usize::from(parts[0].concat.unwrap().total) {
            parts.extend(rig.recorder.mos(1).await);
        }
        parts.sort_by_key(|part| part.concat.map(|concat| concat.seq));
        let joined: String = parts
            .iter()
            .map(|part| match &part.body {
                MoBody::Gsm7(septets) => domain::text::gsm7::decode(septets),
                MoBody::Ucs2(octets) => domain::text::ucs2::decode(octets),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(joined, text);
    }
}

#[tokio::test]
async fn a_simple_centre_takes_01() {
    let rig = Rig::bound(quiet(), |config| config.submission = Submission::Call).await;
    rig.send(vec![rig.shipment("Hej!"), rig.shipment(&"lång ".repeat(60)), rig.shipment("Larm från: при")])
        .await;
    let replies = rig.recorder.replies(3).await;
    let ends: Vec<_> = replies.into_iter().flat_map(|reply| reply.parts).map(|(_, end)| end).collect();
    assert_eq!((ends.len(), accepted(&ends)), (4, 4));
    assert_eq!(rig.simulator.stats().bad_pdus, 0);
}

#[tokio::test]
async fn no_login_where_the_address_is_enough() {
    let options = SimulatorOptions { login: false, ..quiet() };
    let rig = Rig::bound(options, |config| config.login = false).await;
    assert_eq!(accepted(&rig.exchange(5).await), 5);
    assert_eq!(rig.simulator.stats().bind_tries, 0);
}

#[tokio::test]
async fn a_wrong_password_is_not_hammered() {
    let mut options = quiet();
    options.common.accounts = vec![("71234".to_owned(), "another".into())];
    let rig = Rig::start(options, |config| config.first_pause = Duration::from_millis(5)).await;
    let parked = || rig.link.report().next_try.is_some_and(|pause| pause.as_secs() > 240).then_some(());
    rig.recorder.until("parked", |_| parked()).await;
    assert!(rig.link.report().detail.contains("07 authentication failure"), "{}", rig.link.report().detail);
    assert_eq!(rig.simulator.stats().bind_tries, 3);
}

#[tokio::test]
async fn over_tls_and_with_another_host_when_the_first_is_gone() {
    net::tls::install_provider();
    let mut options = quiet();
    options.common.tls = Some(TlsServer::self_signed(&["localhost"], &[]).unwrap());
    let rig = Rig::bound(options, |config| {
        config.tls = Some(TlsClient::insecure().unwrap());
        config.hosts.insert(0, "127.0.0.1:9".to_owned());
    })
    .await;
    assert_eq!(accepted(&rig.exchange(20).await), 20);
    rig.simulator.command(Command::Drop);
    rig.recorder.until("back", |_| (rig.simulator.stats().binds >= 2).then_some(())).await;
    rig.until_up().await;
    assert_eq!(accepted(&rig.exchange(20).await), 20);
}

#[tokio::test]
async fn silence_is_probed_and_a_dead_peer_is_left() {
    let rig = Rig::bound(quiet(), |config| {
        config.keep_alive = Duration::from_millis(100);
        config.keep_alive_timeout = Duration::from_millis(200);
    })
    .await;
    rig.recorder.until("probed", |_| (rig.simulator.stats().enquiries >= 3).then_some(())).await;
    assert_eq!(rig.simulator.stats().connections, 1);
    rig.simulator.set_faults(Faults { deaf: true, ..Faults::default() });
    rig.recorder.until("left", |_| (rig.simulator.stats().connections >= 2).then_some(())).await;
}
