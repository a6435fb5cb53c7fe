//! An operator that misbehaves in its results: throttled, late, twice, out of order, damaged, not at all.

use crate::rig::{Rig, accepted};
use domain::routing::FailureClass;
use ports::driven::PartReply;
use std::time::Duration;
use ucp::simulator::Faults;

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
    rig.simulator.set_faults(Faults::default());
    let replies = rig.recorder.replies(20).await;
    assert!(replies.iter().all(|r| matches!(r.parts[0].1, PartReply::Accepted { .. })));
    assert_eq!(rig.simulator.stats().accepted, 20, "each was taken once");
}

#[tokio::test]
async fn refusals_by_class() {
    for (status, wanted) in [
        (6, FailureClass::Permanent),
        (54, FailureClass::Temporary),
        (1, FailureClass::Limited),
        (91, FailureClass::Limited),
    ] {
        let faults = Faults { status: Some(status), ..Faults::default() };
        let rig = Rig::faulty(faults, |_| {}).await;
        assert_eq!(class(&rig.exchange(1).await[0]), wanted, "{status}");
    }
}

#[tokio::test]
async fn a_late_result_settles_what_it_answers() {
    let faults = Faults { reply_delay: Some(Duration::from_millis(500)), ..Faults::default() };
    let rig = Rig::faulty(faults, |config| config.response_timeout = Duration::from_millis(250)).await;
    assert_eq!(accepted(&rig.exchange(10).await), 10);
    let stats = rig.simulator.stats();
    assert_eq!((stats.submits, stats.connections), (10, 1), "nothing twice, no new connection");
}

#[tokio::test]
async fn a_missing_result_is_doubt_and_a_damaged_one_too() {
    for faults in [
        Faults { no_answer_every: 4, ..Faults::default() },
        Faults { damage_every: 4, ..Faults::default() },
        Faults { wrong_command_every: 4, ..Faults::default() },
    ] {
        let rig =
            Rig::faulty(faults.clone(), |config| config.response_timeout = Duration::from_millis(200)).await;
        let ends = rig.exchange(20).await;
        let silent = ends.iter().filter(|end| **end == PartReply::Unanswered).count();
        assert_eq!((accepted(&ends), silent), (15, 5), "{faults:?}");
        assert_eq!(rig.simulator.stats().connections, 1);
    }
}

/// Every fourth result never comes. A quarter of the hundred numbers may be lost that way before a new connection is made;
/// none of them is used again for another message meanwhile.
#[tokio::test]
async fn lost_numbers_lead_to_a_new_connection_and_never_to_a_wrong_pair() {
    let faults = Faults { no_answer_every: 4, ..Faults::default() };
    let rig = Rig::faulty(faults, |config| {
        config.response_timeout = Duration::from_millis(30);
        config.window = 20;
    })
    .await;
    rig.send((0..160).map(|n| rig.shipment(&format!("{n}"))).collect()).await;
    let replies = rig.recorder.replies(160).await;
    let doubtful = replies.iter().filter(|r| r.parts[0].1 == PartReply::Unanswered).count();
    assert!((30..=100).contains(&doubtful), "{doubtful} in doubt");
    rig.recorder.until("a new connection", |_| (rig.simulator.stats().connections >= 2).then_some(())).await;
}

#[tokio::test]
async fn twice_unknown_garbage_and_out_of_order_change_nothing() {
    let faults = Faults {
        duplicate_every: 2,
        unknown_every: 3,
        garbage_every: 5,
        out_of_order: true,
        ..Faults::default()
    };
    let rig = Rig::faulty(faults, |config| config.window = 20).await;
    assert_eq!(accepted(&rig.exchange(200).await), 200);
    assert_eq!(rig.simulator.stats().connections, 1);
}

#[tokio::test]
async fn octet_by_octet_and_without_an_id() {
    let faults = Faults { drip: Some(Duration::from_millis(1)), empty_every: 2, ..Faults::default() };
    let rig = Rig::faulty(faults, |_| {}).await;
    assert_eq!(accepted(&rig.exchange(4).await), 4);
}

#[tokio::test]
async fn dropped_in_the_middle_is_doubt_for_what_was_written() {
    let rig = Rig::faulty(Faults { drop_every: 15, ..Faults::default() }, |_| {}).await;
    rig.send((0..40).map(|n| rig.shipment(&format!("{n}"))).collect()).await;
    let replies = rig.recorder.replies(40).await;
    let doubtful = replies.iter().filter(|r| r.parts[0].1 == PartReply::Unanswered).count();
    assert!((1..=40).contains(&doubtful), "{doubtful}");
    assert!(rig.simulator.stats().connections >= 2);
}
