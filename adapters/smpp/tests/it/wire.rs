//! Octets that real operators send and should not: each is refused by the book, and a good message after it gets through
//! on the same connection (promise B8).

use crate::rig::Rig;
use bytes::BytesMut;
use domain::mo::MoBody;
use domain::receipt::Verdict;
use smpp::codec::{Address, AlertNotification, Body, DataSm, Outbind, Pdu, ShortMessage, Tlvs, encode, tag};
use smpp::simulator::{Command, SimulatorOptions};
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

fn quiet() -> SimulatorOptions {
    SimulatorOptions { receipts: None, ..SimulatorOptions::default() }
}

fn octets(body: Body) -> Vec<u8> {
    let mut out = BytesMut::new();
    encode(&Pdu::new(900, body), &mut out).expect("sayable");
    out.to_vec()
}

/// A header and whatever follows, with the right length.
fn raw(command: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(16 + body.len()).expect("short");
    [&length.to_be_bytes()[..], &command.to_be_bytes(), &[0; 4], &901_u32.to_be_bytes(), body].concat()
}

fn deliver(message: ShortMessage) -> Vec<u8> {
    octets(Body::DeliverSm(message))
}

#[tokio::test]
async fn a_bad_pdu_costs_no_session() {
    let rig = Rig::bound(quiet(), |_| {}).await;
    let bad = [
        raw(5, b""),
        raw(5, b"\0\x01\x0146701\0\x01\x0171234\0\0\0\0\0\0\0\0\0\0\xffhej"),
        raw(5, b"\0\x01\x01467011111111111111111111111111111111111111111"),
        raw(0x103, b"\0\x01"),
        raw(0x7777, b"what is this"),
        raw(0x8000_0004, b""),
        raw(0x8000_0005, b"\0"),
        raw(0x8000_0000, b""),
        raw(4, b"\0"),
        raw(0x111, b"broadcast"),
        octets(Body::AlertNotification(AlertNotification::default())),
        octets(Body::Outbind(Outbind::default())),
        octets(Body::EnquireLink(Tlvs::default())),
    ];
    for (number, octets) in bad.into_iter().enumerate() {
        rig.simulator.command(Command::Raw(octets));
        rig.simulator.mo("46701234567", "71234", &format!("good {number}"));
        let part = rig.recorder.mos(1).await.remove(0);
        assert_eq!(part.body, MoBody::Gsm7(format!("good {number}").into_bytes()));
    }
    let stats = rig.simulator.stats();
    assert_eq!((stats.connections, stats.bad_pdus), (1, 0));
}

#[tokio::test]
async fn odd_messages_are_taken() {
    let rig = Rig::bound(quiet(), |_| {}).await;
    let from = |ton, addr: &[u8]| Address::new(ton, 0, addr.to_vec());
    let mut unknown = Tlvs::default();
    unknown.push(0x1403, vec![1, 2, 3]);
    unknown.push(tag::MESSAGE_STATE, vec![0; 9]);
    let mut both = Tlvs::default();
    both.push(tag::MESSAGE_PAYLOAD, "payload");
    let mut data = Tlvs::default();
    data.push(tag::MESSAGE_PAYLOAD, "data");
    let hej = || ShortMessage { short_message: "hej".into(), ..ShortMessage::default() };
    let odd = [
        (deliver(ShortMessage { source: from(5, b"F\xf6retag"), ..hej() }), "Företag", "hej"),
        (
            deliver(ShortMessage { source: from(1, b"+46701234567"), tlvs: unknown, ..hej() }),
            "46701234567",
            "hej",
        ),
        (deliver(ShortMessage { tlvs: both, ..hej() }), "", "hej"),
        (
            deliver(ShortMessage {
                esm_class: 0x40,
                short_message: b"\x04\x70\x02\x01\x02hej".to_vec().into(),
                ..hej()
            }),
            "",
            "hej",
        ),
        (
            octets(Body::DataSm(DataSm { source: from(1, b"46701"), tlvs: data, ..DataSm::default() })),
            "46701",
            "data",
        ),
    ];
    for (octets, source, text) in odd {
        rig.simulator.command(Command::Raw(octets));
        let part = rig.recorder.mos(1).await.remove(0);
        assert_eq!((part.source.as_str(), part.body), (source, MoBody::Gsm7(text.as_bytes().to_vec())));
    }
    assert_eq!(rig.simulator.stats().connections, 1);
}

#[tokio::test]
async fn lengths_that_cannot_be_close_and_the_link_comes_back() {
    for (times, head) in
        [b"\0\0\0\0", b"\0\0\0\x0f", b"\xff\xff\xff\xff", b"\0\x01\x10\x01"].into_iter().enumerate()
    {
        let rig = Rig::bound(quiet(), |_| {}).await;
        rig.simulator.command(Command::Raw([&head[..], &[0; 12]].concat()));
        rig.recorder.until("bound again", |_| (rig.simulator.stats().binds == 2).then_some(())).await;
        assert_eq!(rig.simulator.stats().bad_pdus, 0, "number {times}: refused with a PDU that can be read");
    }
}

#[tokio::test]
async fn a_flood_while_the_store_is_down_is_put_off_and_not_lost() {
    let options =
        SimulatorOptions { retry_after: Duration::from_millis(100), deliver_window: 5_000, ..quiet() };
    let rig = Rig::bound(options, |_| {}).await;
    rig.recorder.down.store(true, SeqCst);
    for n in 0..2_000 {
        rig.simulator.mo("46701234567", "71234", &format!("{n}"));
    }
    rig.recorder
        .until("put off", |_| (rig.simulator.stats().refused_deliveries >= 2_000).then_some(()))
        .await;
    assert!(rig.link.health().is_up());
    rig.recorder.down.store(false, SeqCst);
    assert_eq!(rig.recorder.mos(2_000).await.len(), 2_000);
    rig.recorder.until("answered", |_| (rig.simulator.stats().mos == 2_000).then_some(())).await;
    assert_eq!(rig.simulator.stats().connections, 1);
}

#[tokio::test]
async fn a_store_that_hangs_holds_up_neither_replies_nor_memory() {
    let options =
        SimulatorOptions { retry_after: Duration::from_millis(500), deliver_window: 5_000, ..quiet() };
    let rig = Rig::bound(options, |_| {}).await;
    rig.recorder.hung.store(true, SeqCst);
    for n in 0..1_500 {
        rig.simulator.mo("46701234567", "71234", &format!("{n}"));
    }
    let put_off = |rig: &Rig| (rig.simulator.stats().refused_deliveries >= 500).then_some(());
    rig.recorder.until("what is too much is put off", |_| put_off(&rig)).await;
    assert_eq!(rig.exchange(5).await.len(), 5, "replies are read all the same");
    rig.recorder.hung.store(false, SeqCst);
    assert_eq!(rig.recorder.mos(1_500).await.len(), 1_500);
    assert_eq!(rig.simulator.stats().connections, 1);
}

#[tokio::test]
async fn a_receipt_about_nothing_is_answered_and_dropped() {
    let rig = Rig::bound(quiet(), |_| {}).await;
    rig.simulator.command(Command::Raw(deliver(ShortMessage { esm_class: 0x04, ..ShortMessage::default() })));
    rig.simulator.mo("46701234567", "71234", "good");
    assert_eq!(rig.recorder.mos(1).await.len(), 1);
    assert!(rig.recorder.receipts.lock().unwrap().is_empty());
}

/// Thousands of keep-alives at once are answered one by one, and cost nobody his turn.
#[tokio::test]
async fn a_flood_of_keep_alives_holds_up_nothing() {
    let rig = Rig::bound(quiet(), |_| {}).await;
    let flood = octets(Body::EnquireLink(Tlvs::default())).repeat(1_000);
    for _ in 0..50 {
        rig.simulator.command(Command::Raw(flood.clone()));
    }
    assert_eq!(rig.exchange(20).await.len(), 20, "submits go on");
    rig.simulator.mo("46701234567", "71234", "good");
    assert_eq!(rig.recorder.mos(1).await.len(), 1);
    let stats = rig.simulator.stats();
    assert_eq!((stats.connections, stats.bad_pdus), (1, 0));
}

/// A receipt in a data_sm is a receipt; an outbind on a session that is bound already asks for nothing.
#[tokio::test]
async fn a_receipt_may_come_in_a_data_sm_and_an_outbind_changes_nothing() {
    let rig = Rig::bound(quiet(), |_| {}).await;
    let ends = rig.exchange(1).await;
    let mut tlvs = Tlvs::default();
    tlvs.push(tag::RECEIPTED_MESSAGE_ID, format!("{}\0", crate::rig::id(&ends[0])));
    tlvs.push(tag::MESSAGE_STATE, vec![2]);
    let outbind = Outbind { system_id: "smsc".into(), ..Outbind::default() };
    rig.simulator.command(Command::Raw(octets(Body::Outbind(outbind))));
    let receipt =
        DataSm { esm_class: 0x04, source: Address::new(1, 1, "46701234567"), tlvs, ..DataSm::default() };
    rig.simulator.command(Command::Raw(octets(Body::DataSm(receipt))));
    let receipt = rig.recorder.receipts(1).await.remove(0);
    assert_eq!(
        (receipt.operator_id.as_str(), receipt.verdict),
        (crate::rig::id(&ends[0]), Verdict::Delivered)
    );
    assert_eq!(rig.exchange(1).await.len(), 1);
    assert_eq!(rig.simulator.stats().connections, 1);
}
