//! What goes well: messages out and in, reports, limits, kinds of ports.

use crate::rig::{Rig, until};
use domain::mo::MoBody;
use domain::receipt::Verdict;
use modem::profile;
use modem::simulator::{ModemFaults, ModemOptions};
use ports::driven::PartReply;
use std::time::Duration;

fn with_receipts() -> ModemOptions {
    ModemOptions { receipts: Some(Duration::from_millis(50)), ..ModemOptions::default() }
}

#[tokio::test]
async fn short_and_long_messages_and_their_reports() {
    let rig = Rig::up(with_receipts(), |_| {}).await;
    let short = rig.exchange("Hej å @ €").await;
    let long = rig.exchange(&"åäö€ ".repeat(70)).await;
    assert!(matches!(short.as_slice(), [PartReply::Accepted { .. }]), "{short:?}");
    assert_eq!(long.len(), 3);
    let ids: Vec<String> = short
        .into_iter()
        .chain(long)
        .map(|end| match end {
            PartReply::Accepted { operator_id } => operator_id,
            other => panic!("{other:?}"),
        })
        .collect();
    let mut receipts = rig.receipts(4).await;
    receipts.sort_by_key(|r| ids.iter().position(|id| *id == r.operator_id));
    assert_eq!(receipts.iter().map(|r| r.operator_id.clone()).collect::<Vec<_>>(), ids);
    assert!(receipts.iter().all(|r| r.verdict == Verdict::Delivered && r.done_at.is_some()));
    until("the memory is empty", || (rig.simulator.stats().stored == 0).then_some(())).await;
}

#[tokio::test]
async fn long_messages_of_phones_are_removed_when_they_are_durable() {
    let rig = Rig::up(ModemOptions::default(), |_| {}).await;
    rig.recorder.down.store(true, std::sync::atomic::Ordering::SeqCst);
    rig.mo("46701234567", &"Långt meddelande. ".repeat(20));
    rig.mo("Foretaget", "Привет");
    until("the memory holds them", || (rig.simulator.stats().stored == 4).then_some(())).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(rig.simulator.stats().stored, 4, "not durable, not removed");
    rig.recorder.down.store(false, std::sync::atomic::Ordering::SeqCst);
    let mut mos = rig.mos(4).await;
    mos.sort_by_key(|mo| mo.concat.map(|c| c.seq));
    assert_eq!(
        mos.iter().map(|mo| mo.concat.map(|c| (c.seq, c.total))).collect::<Vec<_>>(),
        [None, Some((1, 3)), Some((2, 3)), Some((3, 3))]
    );
    assert_eq!((mos[0].source.as_str(), mos[1].source.as_str()), ("Foretaget", "46701234567"));
    assert!(matches!(mos[0].body, MoBody::Ucs2(_)) && mos[0].destination == "46700000001");
    until("they are removed", || (rig.simulator.stats().mos == 4).then_some(())).await;
}

#[tokio::test]
async fn direct_delivery_is_acknowledged_when_it_is_durable() {
    let options = ModemOptions { direct: true, ..with_receipts() };
    let rig = Rig::up(options, |_| {}).await;
    rig.mo("46701234567", "hej");
    assert_eq!(rig.mos(1).await[0].body, MoBody::Gsm7(b"hej".to_vec()));
    assert!(matches!(rig.exchange("svar").await.as_slice(), [PartReply::Accepted { .. }]));
    rig.receipts(1).await;
    until("both are acknowledged", || {
        let stats = rig.simulator.stats();
        ((stats.mos, stats.receipts) == (1, 1)).then_some(())
    })
    .await;
    rig.recorder.down.store(true, std::sync::atomic::Ordering::SeqCst);
    rig.mo("46701234567", "igen");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(rig.simulator.stats().mos, 1, "not durable, not acknowledged");
    rig.recorder.down.store(false, std::sync::atomic::Ordering::SeqCst);
    rig.mos(1).await;
    until("it is acknowledged", || (rig.simulator.stats().mos == 2).then_some(())).await;
}

#[tokio::test]
async fn what_came_while_nobody_was_there_is_found() {
    let rig = Rig::up(ModemOptions::default(), |_| {}).await;
    rig.link.stop(Duration::from_secs(5)).await;
    rig.mo("46701234567", "ett");
    rig.mo("46701234567", "två");
    until("they are stored", || (rig.simulator.stats().stored == 2).then_some(())).await;
    let again =
        crate::rig::link(crate::rig::config(rig.simulator.port(), &rig.folder), &rig.recorder, &rig.clock);
    rig.mos(2).await;
    until("they are removed", || (rig.simulator.stats().mos == 2).then_some(())).await;
    again.stop(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn every_profile_and_a_terminal_server() {
    for profile in &profile::PROFILES {
        let maker = profile.makers.first().copied().unwrap_or("Acme").to_owned();
        let rig = Rig::up(ModemOptions { maker, ..ModemOptions::default() }, |_| {}).await;
        assert!(
            matches!(rig.exchange("hej").await.as_slice(), [PartReply::Accepted { .. }]) || profile.bare_pdu,
            "{}",
            profile.name
        );
    }
    let options = ModemOptions { tcp: Some("127.0.0.1:0".into()), ..ModemOptions::default() };
    let rig = Rig::up(options, |_| {}).await;
    assert!(rig.simulator.port().starts_with("tcp://"));
    assert!(matches!(rig.exchange("hej").await.as_slice(), [PartReply::Accepted { .. }]));
}

#[tokio::test]
async fn a_day_that_is_full_takes_the_link_down() {
    let rig = Rig::up(ModemOptions::default(), |config| config.per_day = 2).await;
    for _ in 0..2 {
        assert!(matches!(rig.exchange("hej").await.as_slice(), [PartReply::Accepted { .. }]));
    }
    rig.until_detail("the day's 2 messages are sent").await;
    assert!(!rig.link.health().is_up());
    assert_eq!(rig.link.offer(vec![rig.shipment("tre")]).len(), 1, "it could go by another link");
}

#[tokio::test]
async fn a_minute_that_is_full_keeps_the_rest_waiting() {
    let rig = Rig::up(ModemOptions::default(), |config| config.per_minute = 1).await;
    rig.send(vec![rig.shipment("ett"), rig.shipment("två")]).await;
    rig.replies(1).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!((rig.simulator.stats().submits, rig.link.report().waiting), (1, 1));
    rig.link.recall();
    assert!(matches!(rig.replies(1).await[0].parts[0].1, PartReply::NotOffered));
}

#[tokio::test]
async fn slow_octets() {
    let drip = Some(Duration::from_millis(1));
    let options = ModemOptions { faults: ModemFaults { drip, ..ModemFaults::default() }, ..with_receipts() };
    let rig = Rig::up(options, |_| {}).await;
    assert!(matches!(rig.exchange("hej").await.as_slice(), [PartReply::Accepted { .. }]));
    rig.receipts(1).await;
}
