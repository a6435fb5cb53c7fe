//! An operator that misbehaves in its replies: throttled, late, twice, out of order, not at all.

use crate::rig::{Rig, id};
use domain::message::{Message, Priority};
use domain::routing::FailureClass;
use ports::driven::PartReply;
use smpp::simulator::{Faults, SimulatorOptions};
use std::collections::HashSet;
use std::time::Duration;

fn accepted(ends: &[PartReply]) -> usize {
    ends.iter().filter(|end| matches!(end, PartReply::Accepted { .. })).count()
}

fn class(end: &PartReply) -> FailureClass {
    match end {
        PartReply::Refused(failure) => failure.class,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn throttled_is_not_failed() {
    let rig = Rig::faulty(Faults { throttle: true, ..Faults::default() }, |_| {}).await;
    rig.send((0..20).map(|n| rig.shipment(&format!("{n}"))).collect()).await;
    rig.recorder.until("throttled", |_| (rig.simulator.stats().submits >= 11).then_some(())).await;
    assert_eq!(rig.recorder.reply_count(), 0, "none is given up");
    assert!(rig.simulator.stats().submits < 20, "and it has slowed down");
    rig.simulator.set_faults(Faults::default());
    let replies = rig.recorder.replies(20).await;
    assert!(replies.iter().all(|r| matches!(r.parts[0].1, PartReply::Accepted { .. })));
    assert_eq!(rig.simulator.stats().accepted, 20, "each was taken once");
}

#[tokio::test]
async fn a_full_queue_gives_the_message_back_uncounted() {
    let rig = Rig::faulty(Faults { status: Some(0x14), ..Faults::default() }, |_| {}).await;
    let ends = rig.exchange(1).await;
    assert_eq!(class(&ends[0]), FailureClass::Throttled);
}

#[tokio::test]
async fn an_alarm_does_not_wait_behind_what_is_throttled() {
    let rig = Rig::faulty(Faults { throttle: true, ..Faults::default() }, |config| config.window = 1).await;
    rig.send(vec![rig.shipment("not now")]).await;
    rig.recorder.until("throttled", |_| (rig.simulator.stats().submits >= 1).then_some(())).await;
    let mut alarm = rig.shipment("fire");
    let message = Message { priority: Priority::Alarm, ..(*alarm.message).clone() };
    alarm.message = message.into();
    rig.send(vec![alarm]).await;
    let first = rig.recorder.replies(1).await.remove(0);
    assert_eq!(first.parts[0].1, PartReply::NotOffered, "it makes way");
    assert!(rig.simulator.stats().submits <= 2);
    rig.simulator.set_faults(Faults::default());
    let second = rig.recorder.replies(1).await.remove(0);
    assert_eq!(second.shipment.message.priority, Priority::Alarm);
    assert!(matches!(second.parts[0].1, PartReply::Accepted { .. }));
}

#[tokio::test]
async fn one_that_is_throttled_again_and_again_lets_others_go() {
    let rig = Rig::faulty(Faults { throttle: true, ..Faults::default() }, |config| config.window = 1).await;
    rig.send(vec![rig.shipment("not now"), rig.shipment("another")]).await;
    let first = rig.recorder.replies(1).await.remove(0);
    assert_eq!(class(&first.parts[0].1), FailureClass::Throttled);
    assert_eq!(rig.simulator.stats().submits, 4);
}

#[tokio::test]
async fn refusals_by_class_and_the_rest_of_the_message_stays() {
    for (status, wanted) in [
        (0x0B, FailureClass::Permanent),
        (0x08, FailureClass::Temporary),
        (0x45, FailureClass::Limited),
        (0x4FE, FailureClass::Limited),
    ] {
        let rig =
            Rig::faulty(Faults { status: Some(status), ..Faults::default() }, |config| config.window = 1)
                .await;
        rig.send(vec![rig.shipment(&"x".repeat(400))]).await;
        let parts = rig.recorder.replies(1).await.remove(0).parts;
        assert_eq!(class(&parts[0].1), wanted);
        assert_eq!((&parts[1].1, &parts[2].1), (&PartReply::NotOffered, &PartReply::NotOffered));
        assert_eq!(rig.simulator.stats().submits, 1);
    }
}

#[tokio::test]
async fn not_bound_in_the_operators_view_binds_again() {
    let rig = Rig::faulty(Faults { status: Some(0x04), ..Faults::default() }, |_| {}).await;
    assert_eq!(rig.exchange(1).await, [PartReply::NotOffered]);
    rig.simulator.set_faults(Faults::default());
    rig.recorder.until("bound again", |_| (rig.simulator.stats().binds == 2).then_some(())).await;
    rig.until_up().await;
    assert_eq!(accepted(&rig.exchange(5).await), 5);
}

/// An operator that has forgotten the session refuses everything that is under way: all of it is known not to have been taken.
#[tokio::test]
async fn not_bound_leaves_nothing_in_doubt() {
    let rig = Rig::faulty(Faults { status: Some(0x04), ..Faults::default() }, |_| {}).await;
    let ends = rig.exchange(10).await;
    assert!(ends.iter().all(|end| *end == PartReply::NotOffered), "{ends:?}");
}

#[tokio::test]
async fn a_late_reply_settles_what_it_answers() {
    let faults = Faults { reply_delay: Some(Duration::from_millis(500)), ..Faults::default() };
    let rig = Rig::faulty(faults, |config| config.response_timeout = Duration::from_millis(250)).await;
    let ends = rig.exchange(10).await;
    assert_eq!(accepted(&ends), 10);
    assert_eq!(
        (rig.simulator.stats().submits, rig.simulator.stats().connections),
        (10, 1),
        "nothing twice, no new bind"
    );
}

#[tokio::test]
async fn a_missing_reply_is_doubt_and_delays_no_other() {
    let faults = Faults { no_answer_every: 4, ..Faults::default() };
    let rig = Rig::faulty(faults, |config| config.response_timeout = Duration::from_millis(200)).await;
    let ends = rig.exchange(20).await;
    assert_eq!(accepted(&ends), 15);
    assert_eq!(ends.iter().filter(|end| **end == PartReply::Unanswered).count(), 5);
    assert_eq!(rig.simulator.stats().connections, 1);
}

#[tokio::test]
async fn an_operator_that_answers_nothing_is_left() {
    let faults = Faults { no_answer: true, ..Faults::default() };
    let rig = Rig::faulty(faults, |config| {
        config.response_timeout = Duration::from_millis(150);
        config.window = 3;
    })
    .await;
    rig.send((0..7).map(|n| rig.shipment(&format!("{n}"))).collect()).await;
    rig.recorder.until("left", |_| (rig.simulator.stats().connections >= 2).then_some(())).await;
    rig.simulator.set_faults(Faults::default());
    let replies = rig.recorder.replies(7).await;
    let doubtful = replies.iter().filter(|r| r.parts[0].1 == PartReply::Unanswered).count();
    assert!((1..=7).contains(&doubtful), "{doubtful} in doubt");
}

#[tokio::test]
async fn twice_unknown_and_out_of_order_change_nothing() {
    let faults = Faults { duplicate_every: 2, unknown_every: 3, out_of_order: true, ..Faults::default() };
    let rig = Rig::faulty(faults, |config| config.window = 20).await;
    let ends = rig.exchange(200).await;
    let ids: HashSet<_> = ends.iter().map(id).collect();
    assert_eq!((ids.len(), rig.simulator.stats().connections), (200, 1));
}

#[tokio::test]
async fn a_nack_is_a_refusal_and_another_response_is_none() {
    let rig = Rig::faulty(Faults { nack_every: 1, ..Faults::default() }, |_| {}).await;
    assert_eq!(class(&rig.exchange(1).await[0]), FailureClass::Temporary);
    let faults = Faults { wrong_command_every: 1, ..Faults::default() };
    let rig = Rig::faulty(faults, |config| config.response_timeout = Duration::from_millis(100)).await;
    assert_eq!(rig.exchange(1).await, [PartReply::Unanswered]);
}

#[tokio::test]
async fn a_reply_without_an_id_is_a_reply() {
    let rig = Rig::faulty(Faults { empty_every: 1, ..Faults::default() }, |_| {}).await;
    assert_eq!(id(&rig.exchange(1).await[0]), "");
}

#[tokio::test]
async fn octet_by_octet() {
    let faults = Faults { drip: Some(Duration::from_millis(1)), ..Faults::default() };
    let rig = Rig::faulty(faults, |_| {}).await;
    assert_eq!(accepted(&rig.exchange(5).await), 5);
}

#[tokio::test]
async fn near_its_limit_it_is_spared() {
    let rig =
        Rig::faulty(Faults { congestion: Some(95), ..Faults::default() }, |config| config.rate = 40).await;
    let start = ports::driven::Clock::monotonic(&*rig.clock);
    rig.exchange(40).await;
    let took = ports::driven::Clock::monotonic(&*rig.clock) - start;
    assert!(took > Duration::from_millis(1_500), "40 at 40/s, slowed down: {took:?}");
}

#[tokio::test]
async fn faults_come_and_go_by_the_schedule() {
    let at = Duration::from_millis;
    let faults = Faults { status: Some(0x08), ..Faults::default() };
    let options = SimulatorOptions {
        receipts: None,
        schedule: vec![(at(0), faults), (at(3_000), Faults::default())],
        ..SimulatorOptions::default()
    };
    let rig = Rig::bound(options, |_| {}).await;
    assert_eq!(class(&rig.exchange(1).await[0]), FailureClass::Temporary);
    rig.recorder
        .until("well again", |_| (ports::driven::Clock::monotonic(&*rig.clock) > at(3_600)).then_some(()))
        .await;
    assert_eq!(accepted(&rig.exchange(1).await), 1);
}
