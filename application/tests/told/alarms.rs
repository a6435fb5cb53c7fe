//! People hear of a link by a message of another, also when that does not go at once.

use crate::rig::Rig;
use application::Installation;
use domain::directory::Alarm;
use domain::routing::{Condition, Failure, FailureClass, Pattern, Route, Way};
use domain::state::State;
use fakes::{Call, FakeDeliver, Fault, Turn, samples};
use ports::driven::{Clock as _, StoreError};
use std::sync::Arc;
use std::time::Duration;

/// Who is on duty.
const DUTY: &str = "+46701119999";
const AFTER: Duration = Duration::from_secs(2);
/// Longer than it takes to find a link down or up, and to tell of it.
const SOON: Duration = Duration::from_secs(5);

fn by(links: &[&str]) -> Vec<Way> {
    links.iter().map(|name| Way::Link(samples::link(name))).collect()
}

/// A pager link that is named first, and two links for everybody.
fn installation() -> Installation {
    let pagers = Route::new(Pattern::Minicall, by(&["TAP"]));
    Installation {
        links: ["TAP", "A", "B"].map(samples::profile).to_vec(),
        routes: vec![pagers, Route::new(Pattern::Any, by(&["A", "B"]))],
        alarm: Alarm { sms: vec![DUTY.to_owned()], after: AFTER },
        ..Installation::default()
    }
}

async fn rig() -> Rig {
    Rig::start(&installation(), Arc::new(FakeDeliver::default())).await
}

fn down(rig: &Rig, links: &[&str]) {
    let since = rig.clock.now();
    links.iter().for_each(|name| rig.link(name).set_condition(Condition::Down { since }));
}

fn up(rig: &Rig, links: &[&str]) {
    links.iter().for_each(|name| rig.link(name).set_condition(Condition::Up));
}

#[tokio::test(start_paused = true)]
async fn by_the_numbers_own_route_once_and_once_more_when_it_is_over() {
    let rig = rig().await;
    down(&rig, &["A"]);
    rig.pass(Duration::from_secs(600)).await;
    assert_eq!(rig.sent_by("A nere"), ["B"]);
    up(&rig, &["A"]);
    rig.pass(SOON).await;
    assert_eq!(rig.sent_by("A uppe igen"), ["B"], "another says it, as long as there is one");
    assert_eq!(rig.store.records().len(), 2);
    assert_eq!(rig.notices.given().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_at_the_moment_costs_no_alarm() {
    let rig = rig().await;
    rig.store.fail_on(Call::Accept, 3, Fault::LoseAnswer);
    rig.store.fail_by(|call| {
        (call == Call::Accept).then(|| Fault::Refuse(StoreError::Unavailable("restarts".to_owned())))
    });
    down(&rig, &["A"]);
    rig.pass(Duration::from_secs(60)).await;
    rig.store.heal();
    rig.pass(Duration::from_secs(60)).await;
    // What was stored when nobody could say so waits at a link that has a backlog by now; it is not told again.
    assert_eq!(rig.saying("A nere").len(), 1);
    assert_eq!(rig.sent_by("A nere"), ["B"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_waits_at_a_link_that_is_ill() {
    let rig = rig().await;
    down(&rig, &["TAP", "A", "B"]);
    rig.pass(SOON).await;
    rig.clock.advance(Duration::from_hours(5));
    rig.pass(SOON).await;
    assert!(rig.store.records().is_empty(), "longer than a message about it is worth sending");
    up(&rig, &["B"]);
    rig.pass(SOON).await;
    assert_eq!(rig.sent_by("A nere"), ["B"]);
    assert_eq!(rig.sent_by("TAP nere"), ["B"]);
    assert_eq!(rig.sent_by("B uppe igen"), ["B"], "no other is up, and it is well");
    assert!(rig.saying("B nere").is_empty(), "that is over");
}

#[tokio::test(start_paused = true)]
async fn a_link_that_will_not_have_it_is_not_the_last_that_is_tried() {
    let rig = rig().await;
    let class = FailureClass::Permanent;
    let refused = Failure { class, code: "tap-invalid".to_owned(), detail: String::new() };
    rig.link("TAP").usually(Turn::Refuse(refused));
    down(&rig, &["A", "B"]);
    rig.pass(Duration::from_secs(60)).await;
    let tried: Vec<_> = rig.saying("A nere").iter().map(|r| (r.link.to_string(), r.state)).collect();
    assert_eq!(tried, [("TAP".to_owned(), State::Failed)], "once: it was the only one that was up");
    up(&rig, &["B"]);
    rig.pass(SOON).await;
    assert_eq!(rig.sent_by("A nere"), ["B"]);
}

#[tokio::test(start_paused = true)]
async fn a_number_that_nobody_can_send_to_is_given_up() {
    let mut installation = installation();
    installation.alarm.sms = vec!["anna".to_owned(), DUTY.to_owned()];
    let rig = Rig::start(&installation, Arc::new(FakeDeliver::default())).await;
    down(&rig, &["A"]);
    rig.pass(Duration::from_secs(60)).await;
    assert_eq!(rig.sent_by("A nere"), ["B"]);
}
