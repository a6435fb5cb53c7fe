//! A centre that misbehaves: throttles, is late, damages, loses, drops, refuses, is half open.

use crate::rig::{Rig, accepted, id, quiet};
use cimd2::simulator::{Command, Faults};
use domain::routing::{Condition, FailureClass};
use ports::driven::PartReply;
use std::collections::HashSet;
use std::time::Duration;

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
    rig.seen("throttled", |stats| stats.submits >= 11).await;
    assert_eq!(rig.recorder.reply_count(), 0, "none is given up");
    rig.simulator.set_faults(Faults::default());
    let replies = rig.recorder.replies(20).await;
    assert!(replies.iter().all(|r| matches!(r.parts[0].1, PartReply::Accepted { .. })));
    assert_eq!(rig.simulator.stats().accepted, 20, "each was taken once");
}

#[tokio::test]
async fn refusals_by_class_and_the_rest_of_the_message_stays() {
    for (status, wanted) in [
        (300, FailureClass::Permanent),
        (6, FailureClass::Temporary),
        (9, FailureClass::Limited),
        (555, FailureClass::Limited),
    ] {
        let faults = Faults { status: Some(status), ..Faults::default() };
        let rig = Rig::faulty(faults, |config| config.window = 1).await;
        rig.send(vec![rig.shipment(&"x".repeat(400))]).await;
        let parts = rig.recorder.replies(1).await.remove(0).parts;
        assert_eq!(class(&parts[0].1), wanted);
        assert_eq!((&parts[1].1, &parts[2].1), (&PartReply::NotOffered, &PartReply::NotOffered));
    }
}

#[tokio::test]
async fn a_broken_way_behind_the_centre_is_another_connection() {
    let rig = Rig::faulty(Faults { status: Some(4), ..Faults::default() }, |_| {}).await;
    assert_eq!(rig.exchange(1).await, [PartReply::NotOffered]);
    rig.simulator.set_faults(Faults::default());
    rig.seen("logged in again", |stats| stats.binds == 2).await;
    rig.until_up().await;
    assert_eq!(accepted(&rig.exchange(5).await), 5);
}

#[tokio::test]
async fn what_is_refused_for_its_status_reports_goes_once_more_without() {
    let faults = Faults { status: Some(310), ..Faults::default() };
    let rig = Rig::faulty(faults, |config| config.window = 1).await;
    let ends = rig.exchange(1).await;
    assert!(matches!(&ends[0], PartReply::Refused(failure) if failure.code == "cimd2-310"), "{ends:?}");
    assert_eq!(rig.simulator.stats().submits, 2);
}

#[tokio::test]
async fn late_twice_unknown_and_out_of_order_change_nothing() {
    let faults = Faults {
        duplicate_every: 2,
        unknown_every: 3,
        garbage_every: 5,
        out_of_order: true,
        reply_delay: Some(Duration::from_millis(20)),
        ..Faults::default()
    };
    let rig = Rig::faulty(faults, |config| {
        config.window = 20;
        config.response_timeout = Duration::from_millis(50);
    })
    .await;
    let ends = rig.exchange(200).await;
    let ids: HashSet<_> = ends.iter().map(id).collect();
    assert_eq!((ids.len(), rig.simulator.stats().connections), (200, 1), "noise and nested STX included");
}

#[tokio::test]
async fn a_missing_or_damaged_reply_is_doubt_and_delays_no_other() {
    for faults in [
        Faults { no_answer_every: 4, ..Faults::default() },
        Faults { damage_every: 4, ..Faults::default() },
        Faults { wrong_command_every: 4, ..Faults::default() },
    ] {
        let rig = Rig::faulty(faults, |config| config.response_timeout = Duration::from_millis(200)).await;
        let ends = rig.exchange(20).await;
        assert_eq!(accepted(&ends), 15);
        assert_eq!(ends.iter().filter(|end| **end == PartReply::Unanswered).count(), 5);
        assert_eq!(rig.simulator.stats().connections, 1);
    }
}

#[tokio::test]
async fn not_understood_is_a_refusal_and_no_id_is_an_id() {
    let rig = Rig::faulty(Faults { nack_every: 1, ..Faults::default() }, |_| {}).await;
    assert_eq!(class(&rig.exchange(1).await[0]), FailureClass::Limited);
    rig.simulator.set_faults(Faults { empty_every: 1, ..Faults::default() });
    assert_eq!(id(&rig.exchange(1).await[0]), "");
}

#[tokio::test]
async fn a_lost_connection_leaves_doubt_only_for_what_was_written() {
    let rig = Rig::faulty(Faults { drop_every: 40, ..Faults::default() }, |config| config.window = 7).await;
    rig.send((0..150).map(|n| rig.shipment(&format!("{n}"))).collect()).await;
    let replies = rig.recorder.replies(150).await;
    let count = |wanted: fn(&PartReply) -> bool| replies.iter().filter(|r| wanted(&r.parts[0].1)).count();
    let doubtful = count(|end| *end == PartReply::Unanswered);
    assert_eq!(count(|end| matches!(end, PartReply::Accepted { .. })) + doubtful, 150);
    assert!((3..=21).contains(&doubtful), "{doubtful} in doubt");
}

#[tokio::test]
async fn half_open_is_noticed_by_keep_alives() {
    let rig = Rig::bound(quiet(), |config| {
        config.alive = Duration::from_millis(200);
        config.alive_timeout = Duration::from_millis(500);
    })
    .await;
    rig.seen("keep-alives", |stats| stats.enquiries >= 2).await;
    assert!(rig.link.health().is_up(), "answered keep-alives keep it up");
    rig.simulator.set_faults(Faults { half_open: true, ..Faults::default() });
    rig.link.offer(vec![rig.shipment("into the void")]);
    rig.until_down().await;
    assert_eq!(rig.recorder.replies(1).await[0].parts, [(1, PartReply::Unanswered)]);
    rig.simulator.set_faults(Faults::default());
    rig.until_up().await;
}

#[tokio::test]
async fn a_wrong_password_is_not_hammered() {
    let mut options = quiet();
    options.common.accounts = vec![("omnigate".to_owned(), "another".into())];
    let rig = Rig::start(options, |config| config.first_pause = Duration::from_millis(5)).await;
    rig.recorder
        .until("parked", |_| {
            rig.link.report().next_try.is_some_and(|pause| pause.as_secs() > 240).then_some(())
        })
        .await;
    let report = rig.link.report();
    assert!(report.detail.contains("100 invalid login"), "{}", report.detail);
    assert!(matches!(report.health.condition, Condition::Parked { .. }));
    assert_eq!(rig.simulator.stats().bind_tries, 3);
}

#[tokio::test]
async fn logins_refused_or_unanswered_are_tried_again() {
    for faults in [
        Faults { refuse: true, ..Faults::default() },
        Faults { no_bind_answer: true, ..Faults::default() },
        Faults { bind_status: Some(102), ..Faults::default() },
        Faults { bind_status: Some(6), ..Faults::default() },
    ] {
        let mut options = quiet();
        options.common.faults = faults.clone();
        let rig = Rig::start(options, |config| config.login_timeout = Duration::from_millis(200)).await;
        rig.seen("tried again", |stats| stats.connections >= 3).await;
        assert!(!rig.link.health().is_up(), "{faults:?}");
        rig.simulator.set_faults(Faults::default());
        rig.until_up().await;
    }
}

#[tokio::test]
async fn a_centre_that_closes_is_found_again_and_drips_are_read() {
    let rig = Rig::bound(quiet(), |_| {}).await;
    rig.simulator.command(Command::Unbind);
    rig.seen("logged in again", |stats| stats.binds == 2).await;
    rig.until_up().await;
    rig.simulator.set_faults(Faults { drip: Some(Duration::from_millis(1)), ..Faults::default() });
    assert_eq!(accepted(&rig.exchange(5).await), 5);
}
