//! What waits to be handed over in the store goes as fast as its receiver takes it, and receivers that hang hold up no other.
#![allow(missing_docs, reason = "a test")]

use application::{Gateway, Installation, Settings, World};
use async_trait::async_trait;
use domain::Timestamp;
use domain::message::{Callback, Incarnation, MessageId, Told};
use domain::mo::{Destination, MoRule};
use fakes::{
    FakeDeliver, FakePasswords, ManualClock, MemoryNotices, MemoryQuarantine, MemoryStore, MemoryTraffic,
    RuntimeClock, SequentialIds, samples,
};
use ports::driven::{
    Answer, Clock, Content, Deliver, Dispatch as _, Handoff, HandoffError, Outbox as _, Stores,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Handoffs left by an earlier run: many times what is taken from the store in one go.
const LEFT: i64 = 5_000;

async fn start(
    store: &Arc<MemoryStore>,
    clock: Arc<dyn Clock>,
    http: Arc<dyn Deliver>,
    installation: Installation,
) -> Arc<Gateway> {
    start_with(store, clock, http, Arc::new(FakeDeliver::default()), installation).await
}

async fn start_with(
    store: &Arc<MemoryStore>,
    clock: Arc<dyn Clock>,
    http: Arc<dyn Deliver>,
    mail: Arc<dyn Deliver>,
    installation: Installation,
) -> Arc<Gateway> {
    let world = World {
        clock,
        ids: Arc::new(SequentialIds::default()),
        passwords: Arc::new(FakePasswords::default()),
        traffic: Arc::new(MemoryTraffic::default()),
        quarantine: Arc::new(MemoryQuarantine::default()),
        notices: Arc::new(MemoryNotices::default()),
        http,
        mail,
    };
    Gateway::start(Settings::default(), installation, Stores::of(store), world).await.expect("a gateway")
}

/// A store with handoffs that an earlier run left, made now by a clock that stands still.
async fn left(count: i64) -> Arc<MemoryStore> {
    let (store, clock, link) = (Arc::new(MemoryStore::new()), ManualClock::default(), samples::link("TS0"));
    let (run, now) = (Incarnation(1), clock.now());
    let messages = (1..=count).map(|id| {
        let mut message = samples::message(id, now);
        message.callback =
            Some(Callback::Json { url: "http://a.example/sent".to_owned(), told: Told::Every });
        samples::sending(message, &link, run)
    });
    store.accept(samples::acceptance(messages.collect())).await.expect("stored");
    let settlements = (1..=count).map(|id| {
        let mut sent = samples::sent(MessageId(id), run, &link, now, &[&format!("a{id}")]);
        sent.tell = true;
        sent
    });
    store.settle(settlements.collect()).await.expect("stored");
    store
}

#[tokio::test(start_paused = true)]
async fn what_waits_in_the_store_follows_at_once() {
    let (store, clock) = (left(LEFT).await, ManualClock::default());
    let http = Arc::new(FakeDeliver::default());
    let gateway = start(&store, Arc::new(clock), http.clone(), Installation::default()).await;
    // By looking twice a second it would take five.
    let all = tokio::time::timeout(Duration::from_secs(2), http.until(LEFT as usize)).await;
    assert_eq!(all.map(|tries| tries.len()).ok(), Some(LEFT as usize));
    gateway.stop(Duration::from_secs(1)).await;
}

/// Takes what is for one at once. The others take a little and then hang until the deliverer's time is up.
struct Hanging {
    takes: usize,
    taken: AtomicUsize,
    healthy: FakeDeliver,
}

#[async_trait]
impl Deliver for Hanging {
    async fn deliver(&self, handoff: &Handoff) -> Result<Answer, HandoffError> {
        if ["http://healthy.example", "mailto:healthy@example.se"].contains(&handoff.target().as_str()) {
            return self.healthy.deliver(handoff).await;
        }
        if self.taken.fetch_add(1, Ordering::Relaxed) < self.takes {
            return Ok(Answer::default());
        }
        tokio::time::sleep(Duration::from_secs(10)).await;
        Err(HandoffError::Temporary("no answer in time".to_owned()))
    }
}

const A: &str = "46701111111";
const B: &str = "46702222222";
const HEALTHY: &str = "46703333333";

/// A message comes in for the program of a number.
async fn received(gateway: &Gateway, number: &str, text: &str, now: Timestamp) {
    let mut part = samples::mo_part(&samples::link("TS0"), text, None, now);
    part.destination = number.to_owned();
    gateway.receive().mo(part).await.expect("taken");
    tokio::task::yield_now().await;
}

#[tokio::test(start_paused = true)]
async fn receivers_that_hang_hold_up_no_other() {
    // From the beginning, and after they took so much that thousands may wait for them in memory.
    for takes in [0, 300] {
        let rule = |number: &str, host: &str| MoRule {
            number: Some(samples::recipient(number)),
            user: None,
            destination: Some(Destination::Url(format!("http://{host}.example/mo"))),
            answers: false,
        };
        let mo_rules = vec![rule(A, "a"), rule(B, "b"), rule(HEALTHY, "healthy")];
        let installation = Installation { mo_rules, ..Installation::default() };
        let (store, clock) = (Arc::new(MemoryStore::new()), RuntimeClock::ahead_by(0));
        let http =
            Arc::new(Hanging { takes, taken: AtomicUsize::default(), healthy: FakeDeliver::default() });
        let gateway = start(&store, Arc::new(clock.clone()), http.clone(), installation).await;
        for n in 0..3_000 {
            received(&gateway, A, &format!("a {n}"), clock.now()).await;
            received(&gateway, B, &format!("b {n}"), clock.now()).await;
        }
        // Before they are found to hang, and after, under traffic for both that goes on.
        for round in 1..=4 {
            received(&gateway, HEALTHY, &format!("healthy {round}"), clock.now()).await;
            let told = tokio::time::timeout(Duration::from_secs(1), http.healthy.until(round)).await;
            assert!(told.is_ok(), "{takes} taken, round {round}");
            for n in 0..100 {
                received(&gateway, A, &format!("a {round} {n}"), clock.now()).await;
                received(&gateway, B, &format!("b {round} {n}"), clock.now()).await;
            }
            tokio::time::sleep(Duration::from_secs(8)).await;
        }
        assert_eq!(http.healthy.tries().len(), 4, "each once, whether it went by the store or not");
        gateway.stop(Duration::from_secs(1)).await;
    }
}

fn mailed(number: &str, address: String) -> MoRule {
    let destination = Some(Destination::Mail(address));
    MoRule { number: Some(samples::recipient(number)), user: None, destination, answers: false }
}

#[tokio::test(start_paused = true)]
async fn mailboxes_that_are_held_up_hold_up_neither_another_nor_a_program() {
    const MAILBOXES: u32 = 400;
    let number = |n: u32| format!("4671{n:07}");
    let (healthy, program) = ("46703333333", "46704444444");
    let mut mo_rules: Vec<_> =
        (0..MAILBOXES).map(|n| mailed(&number(n), format!("m{n}@example.se"))).collect();
    mo_rules.push(mailed(healthy, "Healthy@example.se".to_owned()));
    let destination = Some(Destination::Url("http://healthy.example/mo".to_owned()));
    mo_rules.push(MoRule { destination, ..mailed(program, String::new()) });
    let installation = Installation { mo_rules, ..Installation::default() };
    let (store, clock) = (Arc::new(MemoryStore::new()), RuntimeClock::ahead_by(0));
    let hanging =
        || Arc::new(Hanging { takes: 0, taken: AtomicUsize::default(), healthy: FakeDeliver::default() });
    let (http, mail) = (hanging(), hanging());
    let gateway = start_with(&store, Arc::new(clock.clone()), http.clone(), mail.clone(), installation).await;
    // One mailbox, and then so many that there is no room for more mail in memory.
    for round in 1..=2 {
        let hang = if round == 1 { 1 } else { MAILBOXES };
        for n in 0..6_000 {
            received(&gateway, &number(n % hang), &format!("{round} {n}"), clock.now()).await;
        }
        if round == 1 {
            received(&gateway, healthy, "to a mailbox", clock.now()).await;
            let told = tokio::time::timeout(Duration::from_secs(1), mail.healthy.until(1)).await;
            assert!(told.is_ok(), "another mailbox waited");
        }
        received(&gateway, program, &format!("to a program {round}"), clock.now()).await;
        let told = tokio::time::timeout(Duration::from_secs(1), http.healthy.until(round)).await;
        assert!(told.is_ok(), "a program waited in round {round}");
    }
    gateway.stop(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_received_message_outlives_hours_of_a_relay_that_refuses_everything() {
    let mo_rules = vec![mailed(A, "sister@example.se".to_owned())];
    let installation = Installation { mo_rules, ..Installation::default() };
    let (store, clock, mail) =
        (Arc::new(MemoryStore::new()), ManualClock::default(), Arc::new(FakeDeliver::default()));
    let refused = |times: usize| {
        let error = HandoffError::Permanent("554 5.7.1 relay access denied".to_owned());
        std::iter::repeat_n(Err(error), times)
    };
    let http = Arc::new(FakeDeliver::default());
    let gateway = start_with(&store, Arc::new(clock.clone()), http, mail.clone(), installation).await;
    let hours = async |count: u32| {
        for _ in 0..count * 12 {
            clock.advance(Duration::from_mins(5));
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    mail.answer_with(refused(30));
    received(&gateway, A, "hjälp", clock.now()).await;
    hours(12).await;
    assert_eq!((mail.tries().len(), store.open_handoffs()), (31, 0));
    // One that is refused for more than a day is listed.
    mail.answer_with(refused(200));
    received(&gateway, A, "hjälp igen", clock.now()).await;
    hours(25).await;
    let dead = Stores::of(&store).handoffs.dead(10).await.expect("a list");
    assert_eq!(dead.len(), 1);
    gateway.stop(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn what_grew_old_while_nobody_could_try_it_gets_its_tries() {
    // A receiver that comes back a moment after we do, and one that stays away.
    for (failures, done) in [(4, true), (1_000, false)] {
        let store = left(1).await;
        let clock = ManualClock::default();
        clock.advance(Duration::from_hours(30));
        let http = Arc::new(FakeDeliver::default());
        http.answer_with((0..failures).map(|_| Err(HandoffError::Temporary("nobody is there".to_owned()))));
        let gateway = start(&store, Arc::new(clock.clone()), http.clone(), Installation::default()).await;
        for _ in 0..90 {
            clock.advance(Duration::from_mins(1));
            tokio::time::sleep(Duration::from_mins(1)).await;
        }
        let dead = Stores::of(&store).handoffs.dead(10).await.expect("a list");
        assert_eq!((store.open_handoffs(), dead.len()), if done { (0, 0) } else { (1, 1) });
        assert!(http.tries().len() >= 5, "{}", http.tries().len());
        gateway.stop(Duration::from_secs(1)).await;
    }
}

/// Takes half a second for the first message of each phone, and none for the second.
#[derive(Default)]
struct Uneven(FakeDeliver);

#[async_trait]
impl Deliver for Uneven {
    async fn deliver(&self, handoff: &Handoff) -> Result<Answer, HandoffError> {
        if matches!(&handoff.content, Content::Mo { mo, .. } if mo.text == "first") {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        self.0.deliver(handoff).await
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_phone_sent_comes_in_its_order_and_phones_side_by_side() {
    const PHONES: usize = 30;
    let rule = MoRule {
        number: Some(samples::recipient(A)),
        user: None,
        destination: Some(Destination::Url("http://a.example/mo".to_owned())),
        answers: false,
    };
    let installation = Installation { mo_rules: vec![rule], ..Installation::default() };
    let (store, clock) = (Arc::new(MemoryStore::new()), RuntimeClock::ahead_by(0));
    let http = Arc::new(Uneven::default());
    let gateway = start(&store, Arc::new(clock.clone()), http.clone(), installation).await;
    for phone in 0..PHONES {
        for text in ["first", "second"] {
            let mut part = samples::mo_part(&samples::link("TS0"), text, None, clock.now());
            (part.destination, part.source) = (A.to_owned(), format!("467011100{phone:02}"));
            gateway.receive().mo(part).await.expect("taken");
        }
    }
    // One after the other they would take fifteen seconds.
    let all =
        tokio::time::timeout(Duration::from_secs(1), http.0.until(2 * PHONES)).await.expect("side by side");
    let mut heard = std::collections::HashMap::<String, Vec<String>>::new();
    for handoff in all {
        let Content::Mo { mo, .. } = handoff.content else { panic!("received") };
        heard.entry(mo.source).or_default().push(mo.text);
    }
    assert!(heard.len() == PHONES && heard.values().all(|texts| texts == &["first", "second"]), "{heard:?}");
    gateway.stop(Duration::from_secs(1)).await;
}
