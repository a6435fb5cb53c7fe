//! When all is well: messages, receipts, received messages, windows, TLS, several sessions.

use crate::rig::{Rig, accepted, id, quiet};
use cimd2::config::Refusal;
use cimd2::simulator::{ReceiptOptions, SimulatorOptions};
use domain::mo::{MoBody, assemble};
use domain::receipt::{Verdict, correlate};
use net::tls::{TlsClient, TlsServer};
use ports::driven::{Withdrawal, Withdrawn};
use serde_json::Value;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

fn with_receipts(receipts: ReceiptOptions) -> SimulatorOptions {
    let mut options = SimulatorOptions::default();
    options.common.receipts = Some(receipts);
    options
}

fn journal(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("omnigate-cimd2-{}-{name}.jsonl", std::process::id()))
}

fn texts(journal: &PathBuf) -> Vec<String> {
    let text = std::fs::read_to_string(journal).expect("a journal");
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("json"));
    let submits = lines.filter(|line| line["event"] == "submit");
    submits.map(|line| line["text"].as_str().expect("text").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packet_numbers_go_around_and_each_message_has_its_own_id() {
    let mut options = quiet();
    options.strict_numbers = true;
    let rig = Rig::bound(options, |config| config.window = 50).await;
    let ends = rig.exchange(1_000).await;
    let ids: HashSet<_> = ends.iter().map(id).collect();
    let stats = rig.simulator.stats();
    assert_eq!((ids.len(), stats.submits, stats.bad_pdus, stats.connections), (1_000, 1_000, 0, 1));
    assert!(stats.most_unanswered <= 50, "{stats:?}");
}

#[tokio::test]
async fn one_number_in_one_second_has_many_ids() {
    let rig = Rig::bound(quiet(), |_| {}).await;
    let same = (0..5).map(|n| {
        let mut shipment = rig.shipment(&n.to_string());
        let message = std::sync::Arc::make_mut(&mut shipment.message);
        message.recipient = fakes::samples::recipient("46701234567");
        shipment
    });
    rig.send(same.collect()).await;
    let ids: HashSet<_> =
        rig.recorder.replies(5).await.iter().map(|reply| id(&reply.parts[0].1).to_owned()).collect();
    assert_eq!(ids.len(), 5);
}

#[tokio::test]
async fn texts_of_all_kinds_arrive_on_both_kinds_of_links() {
    let all = ["Hej åäö ÅÄÖ é", "@£$¥èéùìòÇ_\"¤¡§¿ñ", "{[~]}\\|^€", "Привет", "ΔΩ a\nb"];
    for eight_bit in [false, true] {
        let file = journal(&format!("texts-{eight_bit}"));
        let mut options = quiet();
        options.common.journal = Some(file.clone());
        options.checksum = eight_bit;
        let rig = Rig::bound(options, |config| {
            config.eight_bit = eight_bit;
            config.checksum = !eight_bit;
            config.window = 1;
        })
        .await;
        let long = "å€[0123456789]".repeat(40);
        rig.send(all.iter().map(|text| rig.shipment(text)).chain([rig.shipment(&long)]).collect()).await;
        rig.recorder.replies(all.len() + 1).await;
        let arrived = texts(&file);
        assert_eq!(arrived[..all.len()], all);
        assert_eq!(arrived[all.len()..].concat(), long);
        let _ = std::fs::remove_file(file);
    }
}

#[tokio::test]
async fn receipts_find_their_message() {
    let receipts = ReceiptOptions { delay: Duration::ZERO, fail_every: 2, ..ReceiptOptions::default() };
    let rig = Rig::bound(with_receipts(receipts), |_| {}).await;
    let ends = rig.exchange(2).await;
    let receipts = rig.recorder.receipts(2).await;
    let mut verdicts: Vec<_> =
        receipts.iter().map(|r| (r.verdict as u8, r.verdict, r.error.as_str())).collect();
    verdicts.sort_by_key(|(order, ..)| *order);
    assert_eq!(
        (verdicts[0].1, verdicts[1].1, verdicts[1].2),
        (Verdict::Delivered, Verdict::Failed, "29 absent subscriber")
    );
    for receipt in &receipts {
        let keys = correlate::keys(&receipt.operator_id);
        assert!(ends.iter().any(|end| keys.contains(&correlate::stored_key(id(end)))), "{receipt:?}");
        assert!(receipt.recipient.is_some() && receipt.done_at.is_some());
    }
    rig.seen("answered", |stats| stats.receipts == 2).await;
}

#[tokio::test]
async fn a_receipt_may_come_before_the_reply_and_twice() {
    let receipts = ReceiptOptions { before_reply: true, copies: 2, ..ReceiptOptions::default() };
    let rig = Rig::bound(with_receipts(receipts), |_| {}).await;
    assert_eq!(rig.exchange(3).await.len(), 3);
    assert_eq!(rig.recorder.receipts(6).await.len(), 6);
}

#[tokio::test]
async fn received_messages_short_and_in_parts() {
    let rig = Rig::bound(quiet(), |_| {}).await;
    rig.simulator.mo("46701234567", "71234", "Hej [å]");
    let part = rig.recorder.mos(1).await.remove(0);
    assert_eq!((part.source.as_str(), part.destination.as_str()), ("46701234567", "71234"));
    assert_eq!(part.body, MoBody::Gsm7(b"Hej \x1B\x3C\x0F\x1B\x3E".to_vec()));
    assert!(part.operator_at.is_some());
    for text in ["En ganska lång text med å, ä och ö. ".repeat(12), "Длинный текст. ".repeat(12)]
    {
        rig.simulator.mo("46701234567", "71234", &text);
        let parts = rig.recorder.mos(3).await.into_iter();
        let parts: Vec<_> =
            parts.map(|p| p.concat.map(|c| (c.seq, c.total, p.body)).expect("a part")).collect();
        assert_eq!(assemble(&parts).0.text, text);
    }
    rig.seen("answered", |stats| stats.mos == 7).await;
}

#[tokio::test]
async fn not_now_is_said_by_silence_and_the_message_comes_on_a_new_connection() {
    let rig = Rig::bound(quiet(), |config| config.response_timeout = Duration::from_millis(300)).await;
    rig.recorder.down.store(true, SeqCst);
    rig.simulator.mo("46701234567", "71234", "hej");
    rig.seen("a new connection", |stats| stats.connections >= 2).await;
    assert_eq!(rig.simulator.stats().mos, 0);
    rig.recorder.down.store(false, SeqCst);
    assert_eq!(rig.recorder.mos(1).await[0].body, MoBody::Gsm7(b"hej".to_vec()));
    rig.seen("answered", |stats| stats.mos == 1).await;
    assert_eq!(rig.simulator.stats().refused_deliveries, 0);
}

#[tokio::test]
async fn not_now_is_said_by_a_code_where_the_operator_knows_it() {
    let mut options = quiet();
    options.common.retry_after = Duration::from_millis(20);
    let rig = Rig::bound(options, |config| config.refusal = Refusal::Code).await;
    rig.recorder.down.store(true, SeqCst);
    rig.simulator.mo("46701234567", "71234", "hej");
    rig.seen("refused for now", |stats| stats.refused_deliveries >= 2).await;
    rig.recorder.down.store(false, SeqCst);
    assert_eq!(rig.recorder.mos(1).await.len(), 1);
    assert_eq!(rig.simulator.stats().connections, 1);
}

#[tokio::test]
async fn an_operator_without_windows_is_asked_for_none() {
    let mut options = quiet();
    options.max_window = 0;
    let rig = Rig::bound(options, |config| config.window = 10).await;
    assert_eq!(accepted(&rig.exchange(20).await), 20);
    let stats = rig.simulator.stats();
    assert_eq!((stats.connections, stats.most_unanswered), (2, 1), "one at a time");
}

#[tokio::test]
async fn an_account_without_status_reports_sends_all_the_same() {
    let mut options = quiet();
    options.no_reports = true;
    let rig = Rig::bound(options, |_| {}).await;
    assert_eq!(accepted(&rig.exchange(30).await), 30);
    assert_eq!(rig.simulator.stats().connections, 1);
}

#[tokio::test]
async fn a_greeting_is_noise_or_waited_for() {
    for wait in [false, true] {
        let mut options = quiet();
        options.checksum = !wait;
        let rig = Rig::bound(options, |config| config.wait_for_greeting = wait).await;
        assert_eq!(accepted(&rig.exchange(3).await), 3);
    }
    let silent = SimulatorOptions { greeting: String::new(), ..quiet() };
    let rig = Rig::bound(silent, |_| {}).await;
    assert_eq!(accepted(&rig.exchange(1).await), 1);
}

#[tokio::test]
async fn tls_and_several_sessions() {
    net::tls::install_provider();
    let tls = TlsServer::self_signed(&["localhost", "127.0.0.1"], &[]).expect("a certificate");
    let mut options = quiet();
    options.common.tls = Some(tls);
    let rig = Rig::start(options, |config| {
        config.tls = Some(TlsClient::insecure().expect("tls"));
        config.sessions = 3;
    })
    .await;
    rig.recorder.until("all are up", |_| (rig.link.report().sessions == 3).then_some(())).await;
    assert_eq!(accepted(&rig.exchange(50).await), 50);
    rig.link.stop(Duration::from_secs(5)).await;
    rig.seen("logged out", |stats| stats.bound == 0).await;
}

/// Every packet number in its turn, and the window with submits: the centre takes back what it has not delivered.
#[tokio::test]
async fn what_the_centre_has_is_taken_back() {
    let receipts = ReceiptOptions { delay: Duration::from_secs(3_600), ..ReceiptOptions::default() };
    let mut options = with_receipts(receipts);
    options.strict_numbers = true;
    let rig = Rig::bound(options, |_| {}).await;
    rig.send((0..20).map(|n| rig.shipment(&n.to_string())).collect()).await;
    let replies = rig.recorder.replies(20).await;
    let asked = replies.iter().map(|reply| {
        let operator_id = id(&reply.parts[0].1).to_owned();
        let message = reply.shipment.message.clone();
        let link = rig.link.clone();
        tokio::spawn(
            async move { link.withdraw(Withdrawal { message, originator: None, operator_id }).await },
        )
    });
    let asked: Vec<_> = asked.collect();
    let mut answers = Vec::new();
    for answer in asked {
        answers.push(answer.await.expect("an answer"));
    }
    assert!(answers.iter().all(|answer| *answer == Withdrawn::TakenBack), "{answers:?}");
    let receipts = rig.recorder.receipts(20).await;
    assert!(receipts.iter().all(|receipt| receipt.verdict == Verdict::Deleted));
    let what = Withdrawal {
        message: replies[0].shipment.message.clone(),
        originator: None,
        operator_id: id(&replies[0].parts[0].1).to_owned(),
    };
    let refused = Withdrawn::Refused("7 cannot find information".to_owned());
    assert_eq!(rig.link.withdraw(what.clone()).await, refused);
    let nameless = Withdrawal { operator_id: "701234567".to_owned(), ..what };
    let unsayable = Withdrawn::Refused("its id has no time stamp".to_owned());
    assert_eq!(rig.link.withdraw(nameless).await, unsayable);
    assert_eq!(accepted(&rig.exchange(3).await), 3, "no number was left out");
    assert_eq!(rig.simulator.stats().connections, 1);
}
