//! What goes wrong: the fault matrix of modems (C7), SIMs, networks and cables.

use crate::rig::{Rig, until};
use domain::routing::{Condition, FailureClass};
use modem::simulator::{ModemCommand, ModemFaults, ModemOptions};
use ports::driven::{PartReply, Trouble};
use secrecy::SecretString;
use std::time::Duration;

fn accepted(ends: &[PartReply]) -> bool {
    ends.iter().all(|end| matches!(end, PartReply::Accepted { .. }))
}

fn refusal(ends: &[PartReply]) -> (FailureClass, String) {
    match ends {
        [PartReply::Refused(failure)] => (failure.class, failure.code.clone()),
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn chatter_in_the_middle_loses_neither_the_message_nor_the_notice() {
    let rig = Rig::up(ModemOptions::default(), |_| {}).await;
    rig.faults(ModemFaults {
        chatter: true,
        delay: Some(Duration::from_millis(300)),
        ..ModemFaults::default()
    });
    rig.send(vec![rig.shipment("hej")]).await;
    rig.mo("46701234567", "mitt i");
    let replies = rig.replies(1).await;
    assert!(matches!(replies[0].parts[0].1, PartReply::Accepted { .. }), "{:?}", replies[0].parts);
    rig.mos(1).await;
    assert!(accepted(&rig.exchange("igen").await));
}

#[tokio::test]
async fn no_answer_is_doubt_and_the_modem_goes_on() {
    let rig =
        Rig::up(ModemOptions::default(), |config| config.send_timeout = Duration::from_millis(500)).await;
    rig.faults(ModemFaults { no_answer_every: 2, ..ModemFaults::default() });
    assert!(accepted(&rig.exchange("ett").await));
    assert_eq!(rig.exchange("två").await, [PartReply::Unanswered]);
    assert!(accepted(&rig.exchange("tre").await), "after the silence");
}

#[tokio::test]
async fn a_modem_that_starts_anew_in_the_middle_leaves_doubt() {
    let rig =
        Rig::up(ModemOptions::default(), |config| config.send_timeout = Duration::from_millis(500)).await;
    rig.faults(ModemFaults { restart_every: 1, ..ModemFaults::default() });
    assert_eq!(rig.exchange("ett").await, [PartReply::Unanswered]);
    rig.faults(ModemFaults::default());
    rig.until_up().await;
    until("a message goes", || Some(())).await;
    assert!(accepted(&rig.exchange("två").await));
}

#[tokio::test]
async fn codes_of_the_network() {
    let rig = Rig::up(ModemOptions::default(), |_| {}).await;
    for (code, class) in
        [(1, FailureClass::Permanent), (38, FailureClass::Temporary), (21, FailureClass::Limited)]
    {
        rig.faults(ModemFaults { status: Some(code), ..ModemFaults::default() });
        assert_eq!(refusal(&rig.exchange("hej").await), (class, format!("cms-{code}")));
    }
    rig.faults(ModemFaults { status: Some(322), ..ModemFaults::default() });
    assert_eq!(rig.exchange("hej").await, [PartReply::NotOffered], "the memory is emptied first");
    rig.faults(ModemFaults::default());
    assert!(accepted(&rig.exchange("hej").await));
}

#[tokio::test]
async fn a_message_without_prompt_is_tried_again() {
    let rig = Rig::up(ModemOptions::default(), |config| config.answer_timeout = Duration::from_secs(1)).await;
    rig.faults(ModemFaults { no_prompt_every: 2, ..ModemFaults::default() });
    assert!(accepted(&rig.exchange("ett").await));
    assert!(accepted(&rig.exchange("två").await), "by the second try");
}

#[tokio::test]
async fn coverage_lost_and_back_is_told_once_each() {
    let rig = Rig::up(ModemOptions::default(), |_| {}).await;
    rig.faults(ModemFaults { no_network: true, ..ModemFaults::default() });
    rig.until_down().await;
    assert_eq!(rig.link.offer(vec![rig.shipment("hej")]).len(), 1);
    let lost = rig.notices(1).await;
    assert_eq!((lost[0].trouble, lost[0].cleared), (Trouble::LinkDown, false));
    assert!(lost[0].detail.contains("network"), "{}", lost[0].detail);
    rig.faults(ModemFaults::default());
    rig.until_up().await;
    let told = rig.notices(2).await;
    assert_eq!((told.len(), told[1].cleared), (2, true));
    assert!(accepted(&rig.exchange("hej").await));
}

#[tokio::test]
async fn a_message_refused_for_want_of_a_network_goes_back_at_once() {
    let rig = Rig::up(ModemOptions::default(), |config| config.poll = Duration::from_secs(60)).await;
    rig.faults(ModemFaults { status: Some(331), ..ModemFaults::default() });
    assert_eq!(rig.exchange("hej").await, [PartReply::NotOffered]);
    rig.faults(ModemFaults::default());
    rig.until_up().await;
    assert!(accepted(&rig.exchange("hej").await));
}

#[tokio::test]
async fn unplugged_and_plugged_in() {
    let rig = Rig::up(ModemOptions::default(), |_| {}).await;
    for round in 0..3 {
        rig.simulator.command(ModemCommand::Unplug);
        rig.until_down().await;
        rig.mo("46701234567", &format!("medan den var borta {round}"));
        rig.simulator.command(ModemCommand::Plug);
        rig.until_up().await;
        assert!(accepted(&rig.exchange("hej").await));
    }
    assert_eq!(rig.mos(3).await.len(), 3);
}

#[tokio::test]
async fn unplugged_in_the_middle_is_doubt() {
    let rig = Rig::up(ModemOptions::default(), |_| {}).await;
    rig.faults(ModemFaults { delay: Some(Duration::from_secs(30)), ..ModemFaults::default() });
    rig.send(vec![rig.shipment("ett"), rig.shipment("två")]).await;
    until("it is written", || (rig.simulator.stats().submits == 1).then_some(())).await;
    rig.simulator.command(ModemCommand::Unplug);
    let replies = rig.replies(1).await;
    assert_eq!(replies[0].parts, [(1, PartReply::Unanswered)]);
    rig.faults(ModemFaults::default());
    rig.simulator.command(ModemCommand::Plug);
    let replies = rig.replies(1).await;
    assert!(matches!(replies[0].parts[0].1, PartReply::Accepted { .. }), "what was not begun goes after all");
}

#[tokio::test]
async fn a_deaf_modem_comes_back() {
    let short = |config: &mut modem::GsmConfig| config.answer_timeout = Duration::from_millis(300);
    let rig = Rig::up(ModemOptions::default(), short).await;
    rig.faults(ModemFaults { deaf: true, ..ModemFaults::default() });
    rig.until_detail("does not answer").await;
    rig.faults(ModemFaults::default());
    rig.until_up().await;
    assert!(accepted(&rig.exchange("hej").await));
}

#[tokio::test]
async fn a_right_pin_opens_and_a_wrong_one_is_tried_once_in_all_lives() {
    let options = ModemOptions { pin: Some("1234".into()), ..ModemOptions::default() };
    let rig = Rig::up(options.clone(), |config| config.pin = Some(SecretString::from("1234"))).await;
    assert!(accepted(&rig.exchange("hej").await));
    rig.simulator.command(ModemCommand::Unplug);
    rig.until_down().await;
    rig.simulator.command(ModemCommand::Plug);
    rig.until_up().await;
    assert_eq!(rig.simulator.stats().pins, 2, "a right PIN may be used again");

    let wrong = |config: &mut modem::GsmConfig| config.pin = Some(SecretString::from("9999"));
    let rig = Rig::start(options, wrong).await;
    rig.until_detail("refuse").await;
    for _ in 0..2 {
        let mut config = crate::rig::config(rig.simulator.port(), &rig.folder);
        wrong(&mut config);
        rig.link.stop(Duration::from_secs(5)).await;
        let again = crate::rig::link(config, &rig.recorder, &rig.clock);
        until("it is not tried", || again.report().detail.contains("not tried again").then_some(())).await;
        again.stop(Duration::from_secs(5)).await;
    }
    assert_eq!(rig.simulator.stats().pins, 1);
    assert_eq!(rig.notices(1).await[0].trouble, Trouble::LinkDown);
}

#[tokio::test]
async fn no_sim_is_said() {
    let faults = ModemFaults { no_sim: true, ..ModemFaults::default() };
    let rig = Rig::start(ModemOptions { faults, ..ModemOptions::default() }, |_| {}).await;
    rig.until_detail("SIM not inserted").await;
}

#[tokio::test]
async fn a_sim_that_is_pulled_out_is_told_and_not_called_well_while_it_is_gone() {
    let rig = Rig::up(ModemOptions::default(), |_| {}).await;
    rig.faults(ModemFaults { no_sim: true, ..ModemFaults::default() });
    rig.until_detail("SIM not inserted").await;
    until("it is parked", || matches!(rig.link.health().condition, Condition::Parked { .. }).then_some(()))
        .await;
    let told = rig.notices(1).await;
    assert_eq!((told[0].trouble, told[0].cleared), (Trouble::LinkDown, false));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(rig.notices(1).await.len(), 1, "no all-clear");
}

#[tokio::test]
async fn a_modem_that_started_anew_and_did_not_say_so_gets_its_pin_again() {
    let options = ModemOptions { pin: Some("1234".into()), ..ModemOptions::default() };
    let rig = Rig::up(options, |config| config.pin = Some(SecretString::from("1234"))).await;
    rig.simulator.command(ModemCommand::Restart);
    until("it is given", || (rig.simulator.stats().pins == 2).then_some(())).await;
    rig.until_up().await;
    assert!(accepted(&rig.exchange("hej").await));
}

#[tokio::test]
async fn a_full_memory_is_told_and_emptied() {
    let rig = Rig::up(ModemOptions { memory: 3, ..ModemOptions::default() }, |_| {}).await;
    for n in 0..10 {
        rig.mo("46701234567", &format!("nummer {n}"));
    }
    assert_eq!(rig.mos(10).await.len(), 10, "more than the memory holds");
    rig.faults(ModemFaults { full: true, ..ModemFaults::default() });
    assert_eq!(rig.notices(1).await[0].trouble, Trouble::MemoryFull);
    rig.faults(ModemFaults::default());
    assert!(rig.notices(2).await[1].cleared);
}
