//! A heartbeat says that its link is well only when it came back by that link, and that it is ill only when the beat came back nowhere.

use crate::rig::Rig;
use application::Installation;
use domain::directory::{Heartbeat, LinkProfile};
use domain::message::Body;
use domain::routing::{Condition, Failure, FailureClass, Pattern, Route, Way};
use fakes::{Call, FakeDeliver, FakeLink, Fault, Turn, samples};
use ports::driven::{Clock as _, Ids as _, Inbox, Link as _, StoreError, Trouble};
use std::sync::Arc;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(120);
const WITHIN: Duration = Duration::from_secs(60);
/// A beat that X does not take goes by Y before this.
const FALLEN_BACK: Duration = Duration::from_secs(30);
const SOON: Duration = Duration::from_secs(3);

/// X has a heartbeat; what it does not take goes by Y.
async fn rig() -> Rig {
    let to = "46701234567".to_owned();
    let alarm_to = vec!["46701119999".to_owned()];
    let heartbeat = Some(Heartbeat { to, every: EVERY, within: WITHIN, alarm_to });
    let ways = ["X", "Y"].map(|name| Way::Link(samples::link(name))).to_vec();
    let installation = Installation {
        links: vec![LinkProfile { heartbeat, ..samples::profile("X") }, samples::profile("Y")],
        routes: vec![Route::new(Pattern::Any, ways)],
        ..Installation::default()
    };
    Rig::start(&installation, Arc::new(FakeDeliver::default())).await
}

/// The beats that a link has taken, in order.
fn beats(link: &FakeLink) -> Vec<String> {
    let text = |body: &Body| match body {
        Body::Text { text, .. } if text.contains("heartbeat") => Some(text.clone()),
        _ => None,
    };
    link.taken().iter().filter_map(|shipment| text(&shipment.message.body)).collect()
}

/// The last beat that a link took comes in here.
async fn comes_back(rig: &Rig, link: &str) {
    let beat = beats(rig.link(link)).pop().expect("a beat");
    let part = samples::mo_part(&samples::link("Y"), &beat, None, rig.clock.now());
    rig.gateway.receive().mo(part).await.expect("taken");
    rig.pass(SOON).await;
}

/// The last beat that X took comes in at another node, which gave it this name.
async fn comes_back_elsewhere(rig: &Rig, name: i64) {
    let beat = beats(rig.link("X")).pop().expect("a beat");
    let part = samples::mo_part(&samples::link("Y"), &beat, None, rig.clock.now());
    Inbox::record(rig.store.as_ref(), samples::new_part(name, part)).await.expect("stored");
}

/// What was told of heartbeats: whether it is over, and why.
fn told(rig: &Rig) -> Vec<(bool, String)> {
    let all = rig.notices.given().into_iter().filter(|n| n.trouble == Trouble::Heartbeat);
    all.map(|n| (n.cleared, n.detail)).collect()
}

fn ill(why: &str) -> (bool, String) {
    (false, why.to_owned())
}

fn well() -> (bool, String) {
    (true, String::new())
}

fn refusing() -> Turn {
    let (class, detail) = (FailureClass::Temporary, String::new());
    Turn::Refuse(Failure { class, code: "smpp-0x00000008".to_owned(), detail })
}

#[tokio::test(start_paused = true)]
async fn one_that_comes_by_another_link_says_that_its_own_is_ill() {
    let rig = rig().await;
    rig.link("X").usually(refusing());
    rig.pass(FALLEN_BACK).await;
    comes_back(&rig, "Y").await;
    assert_eq!(told(&rig), [ill("it came by Y")]);
    rig.pass(EVERY).await;
    assert_eq!(beats(rig.link("Y")).len(), 2);
    comes_back(&rig, "Y").await;
    assert_eq!(told(&rig).len(), 1, "it is no better");
    rig.link("X").usually(Turn::Accept);
    rig.pass(EVERY).await;
    comes_back(&rig, "X").await;
    assert_eq!(told(&rig), [ill("it came by Y"), well()]);
    assert_eq!(rig.sent_by("hjärtslaget"), ["Y", "Y"], "never by the one that it is about");
}

#[tokio::test(start_paused = true)]
async fn one_of_a_link_that_is_down_does_not_say_that_it_is_well() {
    let rig = rig().await;
    rig.link("X").set_condition(Condition::Down { since: rig.clock.now() });
    rig.pass(FALLEN_BACK).await;
    comes_back(&rig, "Y").await;
    assert_eq!(told(&rig), [ill("it came by Y")]);
}

#[tokio::test(start_paused = true)]
async fn a_link_that_people_hold_does_not_beat() {
    let rig = rig().await;
    rig.link("X").usually(refusing());
    rig.pass(SOON).await;
    rig.link("X").hold(true);
    rig.pass(FALLEN_BACK).await;
    comes_back(&rig, "Y").await;
    rig.pass(EVERY * 3).await;
    assert_eq!((told(&rig), beats(rig.link("Y")).len()), (Vec::new(), 1));
    rig.link("X").usually(Turn::Accept);
    rig.link("X").hold(false);
    rig.pass(SOON).await;
    comes_back(&rig, "X").await;
    assert_eq!(told(&rig), []);
}

#[tokio::test(start_paused = true)]
async fn one_that_comes_in_at_another_node_is_not_lost() {
    let rig = rig().await;
    rig.pass(SOON).await;
    comes_back_elsewhere(&rig, rig.ids.next()).await;
    // The other node's clock is slow: the names it gives are those of a moment ago.
    let behind = rig.ids.next();
    rig.pass(EVERY).await;
    assert_eq!((told(&rig), beats(rig.link("X")).len()), (Vec::new(), 2));
    comes_back_elsewhere(&rig, behind).await;
    rig.pass(EVERY).await;
    assert_eq!((told(&rig), beats(rig.link("X")).len()), (Vec::new(), 3));
    rig.pass(WITHIN).await;
    assert_eq!(told(&rig), [ill("not back within 60 s")], "the third came nowhere");
    assert_eq!(rig.sent_by("hjärtslaget"), ["Y"]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_says_nothing_of_a_link() {
    let rig = rig().await;
    let away = |call| move |c| (c == call).then(|| Fault::Refuse(StoreError::Unavailable("away".to_owned())));
    rig.store.fail_by(away(Call::Accept));
    rig.pass(WITHIN * 2).await;
    assert_eq!((told(&rig), beats(rig.link("X")).len()), (Vec::new(), 0));
    rig.store.fail_by(away(Call::Reports));
    rig.pass(WITHIN * 2).await;
    assert_eq!((told(&rig), beats(rig.link("X")).len()), (Vec::new(), 1));
    comes_back_elsewhere(&rig, rig.ids.next()).await;
    rig.store.heal();
    rig.pass(SOON).await;
    assert_eq!((told(&rig), beats(rig.link("X")).len()), (Vec::new(), 2), "and it goes on");
}
