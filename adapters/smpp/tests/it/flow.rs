//! When all is well: messages, receipts, received messages, several sessions, priority, rate, stopping.

use crate::rig::{Rig, id, of_class, to, until};
use domain::message::{Priority, WHOLE};
use domain::mo::{MoBody, assemble};
use domain::receipt::{Verdict, correlate};
use domain::routing::Condition;
use domain::text::udh::Concat;
use ports::driven::{Clock as _, PartReply, Withdrawal, Withdrawn};
use smpp::config::{BindMode, DefaultAlphabet, LongForm};
use smpp::simulator::{IdForm, ReceiptForm, ReceiptIdForm, ReceiptOptions, SimulatorOptions};
use std::collections::HashSet;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

fn quiet() -> SimulatorOptions {
    SimulatorOptions { receipts: None, ..SimulatorOptions::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_messages_each_with_its_own_id() {
    let rig = Rig::bound(quiet(), |config| config.window = 50).await;
    let ends = rig.exchange(1_000).await;
    let ids: HashSet<_> = ends.iter().map(id).collect();
    let stats = rig.simulator.stats();
    assert_eq!((ids.len(), stats.submits, stats.bad_pdus), (1_000, 1_000, 0));
    assert!(stats.most_unanswered <= 50, "{stats:?}");
    let report = rig.link.report();
    assert_eq!((report.sessions, report.in_flight, report.waiting), (1, 0, 0));
    assert!(report.detail.starts_with("bound to 127.0.0.1:"), "{}", report.detail);
}

#[tokio::test]
async fn long_messages_in_every_form_keep_their_parts() {
    let text = "å€[0123456789]".repeat(40);
    for form in [LongForm::Header, LongForm::Sar] {
        let journal = tempfile(&format!("{form:?}"));
        let options = SimulatorOptions { journal: Some(journal.clone()), ..quiet() };
        let rig = Rig::bound(options, |config| config.long_form = form).await;
        rig.send(vec![rig.shipment(&text)]).await;
        let reply = rig.recorder.replies(1).await.remove(0);
        let places: Vec<u8> = reply.parts.iter().map(|(seq, _)| *seq).collect();
        assert_eq!(places, (1..=reply.shipment.message.segments).collect::<Vec<_>>());
        let parts: Vec<_> = lines(&journal, "submit");
        let joined: String = parts.iter().map(|line| line["text"].as_str().unwrap().to_owned()).collect();
        assert_eq!(joined, text, "{form:?}");
        let numbers: Vec<_> = parts.iter().map(|line| line["part"].as_u64().unwrap()).collect();
        assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "{form:?}");
        let _ = std::fs::remove_file(journal);
    }
}

/// What the operator is to cut goes as one submit_sm with everything in message_payload: one place in the window, one reply, one receipt.
#[tokio::test]
async fn a_long_message_for_the_operator_to_cut_is_one_request() {
    let text = "å€[0123456789]".repeat(40);
    let journal = tempfile("whole");
    let receipts = ReceiptOptions { delay: Duration::ZERO, ..ReceiptOptions::default() };
    let options = SimulatorOptions { journal: Some(journal.clone()), receipts: Some(receipts), ..quiet() };
    let rig = Rig::bound(options, |config| config.long_form = LongForm::Payload).await;
    let mut shipment = rig.shipment(&text);
    shipment.segments = vec![(WHOLE, shipment.message.body.whole())];
    rig.send(vec![shipment]).await;
    let reply = rig.recorder.replies(1).await.remove(0);
    let [(WHOLE, PartReply::Accepted { operator_id })] = reply.parts.as_slice() else {
        panic!("{:?}", reply.parts)
    };
    let receipt = rig.recorder.receipts(1).await.remove(0);
    assert_eq!((&receipt.operator_id, receipt.verdict), (operator_id, Verdict::Delivered));
    let submits = lines(&journal, "submit");
    assert_eq!((submits.len(), submits[0]["text"].as_str().unwrap()), (1, text.as_str()));
    assert!(submits[0]["part"].as_u64().is_none_or(|part| part == 1), "{:?}", submits[0]);
    let _ = std::fs::remove_file(journal);
}

#[tokio::test]
async fn texts_arrive_in_the_alphabet_the_operator_wants() {
    for (alphabet, arrives) in [(DefaultAlphabet::Gsm, "Hej åäö €"), (DefaultAlphabet::Ascii, "Hej aao ?")]
    {
        let journal = tempfile(&format!("{alphabet:?}"));
        let options = SimulatorOptions { journal: Some(journal.clone()), ..quiet() };
        let rig = Rig::bound(options, |config| config.default_alphabet = alphabet).await;
        rig.send(vec![rig.shipment("Hej åäö €"), rig.shipment("Привет")]).await;
        rig.recorder.replies(2).await;
        let texts: Vec<_> =
            lines(&journal, "submit").iter().map(|l| l["text"].as_str().unwrap().to_owned()).collect();
        assert_eq!(texts, [arrives, "Привет"]);
        let _ = std::fs::remove_file(journal);
    }
}

#[tokio::test]
async fn receipts_in_every_spelling_find_their_message() {
    let forms = [
        (IdForm::Hex, ReceiptIdForm::Decimal, ReceiptForm::Text),
        (IdForm::Decimal, ReceiptIdForm::Hex, ReceiptForm::Text),
        (IdForm::Hex, ReceiptIdForm::Padded, ReceiptForm::Both),
        (IdForm::Uuid, ReceiptIdForm::Capitals, ReceiptForm::Parameters),
    ];
    for (id_form, receipt_form, form) in forms {
        let receipts = ReceiptOptions {
            delay: Duration::ZERO,
            id_form: receipt_form,
            form,
            fail_every: 2,
            ..ReceiptOptions::default()
        };
        let options = SimulatorOptions { id_form, receipts: Some(receipts), ..SimulatorOptions::default() };
        let rig = Rig::bound(options, |_| {}).await;
        let ends = rig.exchange(2).await;
        let receipts = rig.recorder.receipts(2).await;
        let mut verdicts: Vec<_> = receipts.iter().map(|r| r.verdict).collect();
        verdicts.sort_by_key(|v| *v as u8);
        assert_eq!(verdicts, [Verdict::Delivered, Verdict::Failed]);
        for receipt in &receipts {
            let keys = correlate::keys(&receipt.operator_id);
            assert!(ends.iter().any(|end| keys.contains(&correlate::stored_key(id(end)))), "{receipt:?}");
            assert!(receipt.recipient.is_some());
        }
        rig.recorder.until("answered", |_| (rig.simulator.stats().receipts == 2).then_some(())).await;
    }
}

#[tokio::test]
async fn a_receipt_may_come_before_the_reply_and_twice() {
    let receipts = ReceiptOptions { before_reply: true, copies: 2, ..ReceiptOptions::default() };
    let options = SimulatorOptions { receipts: Some(receipts), ..SimulatorOptions::default() };
    let rig = Rig::bound(options, |_| {}).await;
    let ends = rig.exchange(3).await;
    assert_eq!(ends.len(), 3);
    assert_eq!(rig.recorder.receipts(6).await.len(), 6);
}

#[tokio::test]
async fn the_operator_is_answered_only_after_the_store() {
    let rig =
        Rig::bound(SimulatorOptions { retry_after: Duration::from_millis(20), ..quiet() }, |_| {}).await;
    rig.recorder.down.store(true, SeqCst);
    rig.simulator.mo("46701234567", "71234", "hej");
    rig.recorder
        .until("refused for now", |_| (rig.simulator.stats().refused_deliveries >= 2).then_some(()))
        .await;
    assert_eq!(rig.simulator.stats().mos, 0);
    rig.recorder.down.store(false, SeqCst);
    let part = rig.recorder.mos(1).await.remove(0);
    assert_eq!(
        (part.source.as_str(), part.destination.as_str(), part.body),
        ("46701234567", "71234", MoBody::Gsm7(b"hej".to_vec()))
    );
    rig.recorder.until("answered", |_| (rig.simulator.stats().mos == 1).then_some(())).await;
}

#[tokio::test]
async fn long_received_messages_come_in_parts() {
    let rig = Rig::bound(quiet(), |_| {}).await;
    let text = "En ganska lång text med å, ä och ö. ".repeat(12);
    rig.simulator.mo("46701234567", "71234", &text);
    let parts = rig.recorder.mos(3).await;
    let parts: Vec<_> = parts
        .into_iter()
        .map(|part| {
            let Concat { seq, total, .. } = part.concat.expect("a part");
            (seq, total, part.body)
        })
        .collect();
    assert_eq!(assemble(&parts).0.text, text);
}

#[tokio::test]
async fn transmitters_and_receivers_and_several_of_them() {
    for (mode, binds) in [(BindMode::Pair, 4), (BindMode::Transceiver, 2)] {
        let receipts = ReceiptOptions { delay: Duration::ZERO, ..ReceiptOptions::default() };
        let options = SimulatorOptions { receipts: Some(receipts), ..SimulatorOptions::default() };
        let rig = Rig::bound(options, |config| {
            config.mode = mode;
            config.sessions = 2;
        })
        .await;
        rig.recorder.until("all bound", |_| (rig.link.report().sessions == binds).then_some(())).await;
        assert_eq!(
            rig.exchange(100).await.iter().filter(|end| matches!(end, PartReply::Accepted { .. })).count(),
            100
        );
        assert_eq!(rig.recorder.receipts(100).await.len(), 100);
        rig.simulator.mo("46701234567", "71234", "hej");
        assert_eq!(rig.recorder.mos(1).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_to_one_recipient_keep_their_order_on_several_sessions() {
    let journal = tempfile("order");
    let options = SimulatorOptions { journal: Some(journal.clone()), ..quiet() };
    let rig = Rig::bound(options, |config| {
        config.sessions = 4;
        config.window = 2;
    })
    .await;
    rig.recorder.until("all bound", |_| (rig.link.report().sessions == 4).then_some(())).await;
    let shipments = (0..600).map(|n| to(rig.shipment(&format!("{n}")), &format!("4670123456{}", n % 7)));
    rig.send(shipments.collect()).await;
    rig.recorder.replies(600).await;
    let mut last = std::collections::HashMap::new();
    for line in lines(&journal, "submit") {
        let number: u64 = line["text"].as_str().unwrap().parse().unwrap();
        let before = last.insert(line["to"].as_str().unwrap().to_owned(), number);
        assert!(before.is_none_or(|before| before < number), "{number} after {before:?}");
    }
    let sessions: HashSet<_> = lines(&journal, "submit").iter().map(|l| l["session"].as_u64()).collect();
    assert!(sessions.len() > 1, "and still more than one session works");
    let _ = std::fs::remove_file(journal);
}

#[tokio::test]
async fn an_alarm_takes_the_next_slot() {
    let journal = tempfile("alarm");
    let options = SimulatorOptions { journal: Some(journal.clone()), ..quiet() };
    let rig = Rig::bound(options, |config| {
        config.rate = 20;
        config.window = 10;
    })
    .await;
    let bulk = (0..30).map(|n| of_class(rig.shipment(&format!("bulk {n}")), Priority::Bulk)).collect();
    assert!(rig.link.offer(bulk).is_empty());
    rig.recorder.until("some left", |r| (r.reply_count() >= 2).then_some(())).await;
    assert!(rig.link.offer(vec![of_class(rig.shipment("alarm"), Priority::Alarm)]).is_empty());
    rig.recorder.replies(31).await;
    let texts: Vec<_> =
        lines(&journal, "submit").iter().map(|l| l["text"].as_str().unwrap().to_owned()).collect();
    let place = texts.iter().position(|text| text == "alarm").expect("sent");
    assert!(place < 20, "the alarm went as number {place}");
    let _ = std::fs::remove_file(journal);
}

#[tokio::test]
async fn the_rate_holds_in_every_second() {
    let rig = Rig::bound(quiet(), |config| {
        config.rate = 50;
        config.window = 100;
    })
    .await;
    let start = rig.clock.monotonic();
    rig.exchange(160).await;
    let took = rig.clock.monotonic() - start;
    let most = rig.simulator.stats().most_in_a_second;
    // The operator counts what it has read, and on a busy machine it reads what came in some moments at once.
    assert!(most <= 55, "{most} in a second");
    assert!(took >= Duration::from_millis(2_900) && took < Duration::from_secs(8), "{took:?}");
}

#[tokio::test]
async fn there_is_only_so_much_room_and_it_is_told_when_it_returns() {
    let rig =
        Rig::bound(SimulatorOptions { reply_delay: Duration::from_millis(50), ..quiet() }, |_| {}).await;
    let room = rig.link.health().room;
    assert_eq!(room, 200);
    let left = rig.link.offer((0..500).map(|n| rig.shipment(&format!("{n}"))).collect());
    assert!(left.len() >= 290, "{}", left.len());
    let changes = rig.recorder.changes.load(SeqCst);
    rig.recorder.until("room", |r| (r.changes.load(SeqCst) > changes).then_some(())).await;
    assert!(rig.link.health().room >= 90);
}

#[tokio::test]
async fn nothing_is_sent_after_its_validity() {
    let rig = Rig::bound(quiet(), |_| {}).await;
    let stale = until(rig.shipment("stale"), rig.clock.now());
    rig.send(vec![stale, rig.shipment("fresh")]).await;
    let replies = rig.recorder.replies(2).await;
    let end = |text: &str| {
        let is = |r: &&ports::driving::Reply| matches!(&r.shipment.message.body, domain::message::Body::Text { text: t, .. } if t == text);
        replies.iter().find(is).map(|r| r.parts[0].1.clone())
    };
    assert_eq!(end("stale"), Some(PartReply::NotOffered));
    assert!(matches!(end("fresh"), Some(PartReply::Accepted { .. })));
    assert_eq!(rig.simulator.stats().submits, 1);
}

#[tokio::test]
async fn held_sends_nothing_and_recall_gives_back() {
    let rig = Rig::bound(quiet(), |config| config.rate = 1).await;
    rig.send(vec![rig.shipment("1"), rig.shipment("2")]).await;
    rig.link.hold(true);
    assert_eq!(rig.link.health().condition, Condition::Held);
    assert_eq!(rig.link.offer(vec![rig.shipment("3")]).len(), 1, "a held link takes nothing");
    rig.link.recall();
    let replies = rig.recorder.replies(2).await;
    assert!(replies.iter().any(|r| r.parts == [(1, PartReply::NotOffered)]));
    rig.link.hold(false);
    assert!(rig.link.health().is_up());
}

#[tokio::test]
async fn stopping_waits_for_replies_and_says_goodbye() {
    let rig = Rig::bound(SimulatorOptions { reply_delay: Duration::from_millis(200), ..quiet() }, |config| {
        config.window = 5
    })
    .await;
    rig.send((0..50).map(|n| rig.shipment(&format!("{n}"))).collect()).await;
    rig.recorder.until("some are under way", |_| (rig.simulator.stats().submits >= 5).then_some(())).await;
    rig.link.stop(Duration::from_secs(10)).await;
    let replies = rig.recorder.replies(50).await;
    let count = |wanted: fn(&PartReply) -> bool| replies.iter().filter(|r| wanted(&r.parts[0].1)).count();
    let (accepted, back) =
        (count(|e| matches!(e, PartReply::Accepted { .. })), count(|e| *e == PartReply::NotOffered));
    assert_eq!(accepted + back, 50, "none in doubt");
    assert_eq!(accepted as u64, rig.simulator.stats().submits);
    assert_eq!(rig.link.offer(vec![rig.shipment("late")]).len(), 1);
}

/// A file of this test's own.
fn tempfile(name: &str) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("omnigate-smpp-{}-{name}.jsonl", std::process::id()))
}

/// The journal's lines of an event.
fn lines(path: &std::path::Path, event: &str) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(path).expect("a journal");
    text.lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("json"))
        .filter(|l| l["event"] == event)
        .collect()
}

/// The operator takes back what he has not delivered, by the id and the addresses of the submit; he reports it as deleted. What he does not know he refuses.
#[tokio::test]
async fn what_the_operator_has_is_taken_back() {
    let receipts = ReceiptOptions { delay: Duration::from_secs(3_600), ..ReceiptOptions::default() };
    let journal = tempfile("withdraw");
    let options = SimulatorOptions { journal: Some(journal.clone()), receipts: Some(receipts), ..quiet() };
    let rig = Rig::bound(options, |_| {}).await;
    rig.send(vec![rig.shipment("hej")]).await;
    let reply = rig.recorder.replies(1).await.remove(0);
    let operator_id = id(&reply.parts[0].1).to_owned();
    let what = Withdrawal { message: reply.shipment.message.clone(), originator: None, operator_id };
    assert_eq!(rig.link.withdraw(what.clone()).await, Withdrawn::TakenBack);
    let receipt = rig.recorder.receipts(1).await.remove(0);
    assert_eq!((&receipt.operator_id, receipt.verdict), (&what.operator_id, Verdict::Deleted));
    let again = rig.link.withdraw(what).await;
    assert_eq!(again, Withdrawn::Refused("ESME_RCANCELFAIL".to_owned()));
    let cancels: Vec<_> = lines(&journal, "cancel").iter().map(|l| l["status"].as_u64()).collect();
    assert_eq!(cancels, [Some(0), Some(1)]);
    let _ = std::fs::remove_file(journal);
}
