//! The wall clock is wrong for a moment: nothing ends by it, nothing is sent twice, and what it put off goes when it is right again.
#![allow(missing_docs, reason = "a test")]

#[allow(dead_code, reason = "each story needs some of it")]
#[path = "told/rig.rs"]
mod rig;

use application::Installation;
use domain::access::Sender;
use domain::message::{Callback, Door, MessageId, Told};
use domain::routing::{Condition, Failure, FailureClass, Pattern, Route, Way};
use domain::state::State;
use domain::submission::Request;
use fakes::{Call, FakeDeliver, Fault, Turn, samples};
use ports::driven::{Clock as _, HandoffError, Handoffs as _, Outbox as _, StoreError};
use rig::Rig;
use std::sync::Arc;
use std::time::Duration;

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

const HOUR: Duration = Duration::from_hours(1);
/// More than all tasks look at the clock between two rounds of housekeeping.
const LOOKS: usize = 120;

fn installation() -> Installation {
    let ways = ["A", "B"].iter().map(|name| Way::Link(samples::link(name))).collect();
    let mut route = Route::new(Pattern::Any, ways);
    route.delivered_within = Some(seconds(60));
    Installation {
        users: vec![samples::user("crm")],
        links: ["A", "B"].map(samples::profile).to_vec(),
        routes: vec![route],
        ..Installation::default()
    }
}

async fn rig(http: &Arc<FakeDeliver>) -> Rig {
    Rig::start(&installation(), http.clone()).await
}

/// The wall clock is ahead by so much from now on.
fn ahead(rig: &Rig, by: Duration) {
    rig.clock.set(samples::later(rig.clock.now(), by));
}

/// It is set right again.
fn right(rig: &Rig, by: Duration) {
    rig.clock.set(samples::earlier(rig.clock.now(), by));
}

/// Messages of this validity in the queue of a link.
async fn waiting(rig: &Rig, link: &str, ids: std::ops::RangeInclusive<i64>, valid_for: Duration) {
    let now = rig.clock.now();
    let messages = ids.map(|id| {
        let mut message = samples::message(id, now);
        message.expires_at = samples::later(now, valid_for);
        samples::queued(message, &samples::link(link))
    });
    rig.store.accept(samples::acceptance(messages.collect())).await.expect("accepted");
}

async fn send(rig: &Rig, callback: Option<Callback>) -> MessageId {
    let directory = rig.gateway.directory();
    let user = directory.users.values().next().expect("a user");
    let sender = Sender::internal(Arc::clone(user), Door::Http);
    let mut request = Request::text(["+46701234567".to_owned()], "Hej!");
    request.callback = callback;
    let accepted = rig.gateway.submit().submit(&sender, request).await.expect("accepted");
    accepted.messages().first().expect("a message").id
}

fn taken(rig: &Rig, link: &str) -> Vec<i64> {
    rig.link(link).taken().iter().map(|s| s.message.id.0).collect()
}

fn down(rig: &Rig) {
    let since = rig.clock.now();
    ["A", "B"].iter().for_each(|name| rig.link(name).set_condition(Condition::Down { since }));
}

#[tokio::test(start_paused = true)]
async fn all_that_was_accepted_ahead_goes_when_the_clock_is_right() {
    let rig = rig(&Arc::default()).await;
    down(&rig);
    waiting(&rig, "A", 1..=3, HOUR).await;
    ahead(&rig, HOUR);
    rig.pass(seconds(3)).await;
    waiting(&rig, "A", 4..=2_500, seconds(600)).await;
    rig.pass(seconds(2)).await;
    right(&rig, HOUR);
    // It is told once that the clock was set back; a store that is away then must not make it forgotten.
    rig.store.fail_on(Call::End, 2, Fault::Refuse(StoreError::Busy));
    rig.pass(seconds(10)).await;
    rig.link("A").set_condition(Condition::Up);
    rig.pass(seconds(5)).await;
    assert_eq!(taken(&rig, "A"), (1..=2_500).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn an_earlier_run_died_before_the_clock_was_right() {
    let mut rig = rig(&Arc::default()).await;
    down(&rig);
    ahead(&rig, 24 * HOUR);
    waiting(&rig, "B", 1..=3, HOUR).await;
    right(&rig, 24 * HOUR);
    rig.restart(&installation(), Arc::<FakeDeliver>::default()).await;
    let link = fakes::FakeLink::new(samples::link("B"), rig.clock.clone());
    link.attach(Some(rig.gateway.receive()));
    rig.gateway.attach(link.clone());
    rig.pass(seconds(5)).await;
    assert_eq!(link.taken().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_its_link_has_does_not_expire() {
    let rig = rig(&Arc::default()).await;
    for name in ["A", "B"] {
        rig.link(name).usually(Turn::Wait);
    }
    waiting(&rig, "A", 1..=3, seconds(1_800)).await;
    rig.pass(seconds(2)).await;
    assert_eq!(rig.link("A").open(), 3);
    ahead(&rig, HOUR);
    // Its memory gives back what is over; the operator is busy.
    rig.link("A").answer(&Turn::NotOffered);
    rig.pass(seconds(3)).await;
    assert!(rig.store.states().iter().all(|(_, state)| *state == State::Queued), "{:?}", rig.store.states());
    right(&rig, HOUR);
    for name in ["A", "B"] {
        rig.link(name).usually(Turn::Accept);
    }
    rig.pass(seconds(5)).await;
    assert!(rig.store.states().iter().all(|(_, state)| *state == State::Sent), "{:?}", rig.store.states());
}

#[tokio::test(start_paused = true)]
async fn what_is_over_is_over_when_the_clock_stays() {
    let rig = rig(&Arc::default()).await;
    rig.link("A").usually(Turn::Wait);
    waiting(&rig, "A", 1..=1, seconds(1_800)).await;
    rig.pass(seconds(2)).await;
    ahead(&rig, HOUR);
    rig.link("A").answer(&Turn::NotOffered);
    rig.pass(seconds(70)).await;
    assert_eq!(rig.store.states(), [(MessageId(1), State::Expired)]);
}

#[tokio::test(start_paused = true)]
async fn what_awaits_its_receipt_goes_by_no_other_link() {
    let rig = rig(&Arc::default()).await;
    let id = send(&rig, None).await;
    rig.pass(seconds(5)).await;
    assert_eq!(taken(&rig, "A"), [id.0]);
    ahead(&rig, HOUR);
    rig.pass(seconds(5)).await;
    right(&rig, HOUR);
    rig.pass(seconds(40)).await;
    assert!(taken(&rig, "B").is_empty(), "its time is not over");
    rig.pass(seconds(40)).await;
    assert_eq!(taken(&rig, "B"), [id.0], "now it is");
}

#[tokio::test(start_paused = true)]
async fn what_was_to_be_delivered_by_a_false_time_goes_by_the_next_link_in_time() {
    let rig = rig(&Arc::default()).await;
    ahead(&rig, HOUR);
    let id = send(&rig, None).await;
    rig.pass(seconds(5)).await;
    assert_eq!(taken(&rig, "A"), [id.0]);
    right(&rig, HOUR);
    rig.pass(seconds(40)).await;
    assert!(taken(&rig, "B").is_empty(), "its time is not over");
    rig.pass(seconds(30)).await;
    assert_eq!(taken(&rig, "B"), [id.0], "a minute after the clock was set right");
}

#[tokio::test(start_paused = true)]
async fn no_callback_is_given_up() {
    let http = Arc::new(FakeDeliver::default());
    let busy = || Err(HandoffError::Temporary("503".to_owned()));
    http.answer_with((0..200).map(|_| busy()));
    let rig = rig(&http).await;
    let callback = Callback::Json { url: "http://a.example/sent".to_owned(), told: Told::Every };
    send(&rig, Some(callback)).await;
    rig.pass(seconds(1)).await;
    ahead(&rig, 25 * HOUR);
    rig.pass(seconds(30)).await;
    assert!(http.tries().len() >= 3, "it was tried meanwhile");
    assert_eq!(rig.store.dead(10).await, Ok(Vec::new()));
    // It stays: then a day is over.
    rig.pass(seconds(120)).await;
    assert_eq!(rig.store.dead(10).await.map(|dead| dead.len()), Ok(1));
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_handed_over_meanwhile_is_handed_over_in_time() {
    let http = Arc::new(FakeDeliver::default());
    http.answer_with((0..4).map(|_| Err(HandoffError::Temporary("503".to_owned()))));
    let rig = rig(&http).await;
    ahead(&rig, 25 * HOUR);
    let callback = Callback::Json { url: "http://a.example/sent".to_owned(), told: Told::Every };
    send(&rig, Some(callback)).await;
    rig.pass(seconds(30)).await;
    right(&rig, 25 * HOUR);
    // Before the message's own time is over, when it goes by the next link and is told of again.
    rig.pass(seconds(40)).await;
    assert_eq!(http.tries().len(), 5, "four failed, and the next one came when the clock was right");
}

/// Who looks at the clock twice for one thing sees two times when it is set back in between.
#[tokio::test(start_paused = true)]
async fn it_does_not_matter_between_which_two_looks_the_clock_is_set_right() {
    for looks in 0..LOOKS {
        let http = Arc::new(FakeDeliver::default());
        http.answer_with((0..4).map(|_| Err(HandoffError::Temporary("503".to_owned()))));
        let rig = rig(&http).await;
        ahead(&rig, 25 * HOUR);
        let callback = Callback::Json { url: "http://a.example/sent".to_owned(), told: Told::Every };
        send(&rig, Some(callback)).await;
        rig.pass(seconds(30)).await;
        assert_eq!(http.tries().len(), 4);
        rig.clock.fall_after(looks, 25 * HOUR);
        rig.pass(seconds(40)).await;
        assert_eq!(http.tries().len(), 5, "after {looks} looks");
        rig.gateway.stop(seconds(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_failed_meanwhile_is_tried_again_in_time() {
    let rig = rig(&Arc::default()).await;
    let class = FailureClass::Temporary;
    let failure = Failure { class, code: "smpp-0x00000008".to_owned(), detail: String::new() };
    for name in ["A", "B"] {
        rig.link(name).usually(Turn::Refuse(failure.clone()));
    }
    ahead(&rig, HOUR);
    waiting(&rig, "A", 1..=3, seconds(1_800)).await;
    rig.pass(seconds(10)).await;
    right(&rig, HOUR);
    for name in ["A", "B"] {
        rig.link(name).usually(Turn::Accept);
    }
    rig.pass(seconds(10)).await;
    assert!(rig.store.states().iter().all(|(_, state)| *state == State::Sent), "{:?}", rig.store.states());
}
