//! What a program answers to a received message goes back to the phone, also when it cannot be taken at once.

use crate::rig::Rig;
use application::Installation;
use async_trait::async_trait;
use domain::address::Recipient;
use domain::mo::{Destination, MoRule};
use fakes::{FakeDeliver, samples};
use ports::driven::{Answer, Clock as _, Deliver, Handoff, HandoffError, StoreError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

const ANSWER: &str = "Tack för ditt meddelande";

/// A program that answers with a text, which is sent back or not.
fn installation(answers: bool) -> Installation {
    let destination = Some(Destination::Url("http://program.example/mo".to_owned()));
    let user = Some(samples::user_name("crm"));
    let directory = samples::directory(&[], &["TS0"]);
    Installation {
        users: vec![samples::user("crm")],
        links: directory.links,
        routes: directory.routes,
        mo_rules: vec![MoRule { number: None, user, destination, answers }],
        ..Installation::default()
    }
}

/// What it answers each time.
fn text() -> Result<Answer, HandoffError> {
    Ok(Answer { text: Some(ANSWER.to_owned()) })
}

fn program() -> Arc<FakeDeliver> {
    let program = FakeDeliver::default();
    program.answer_with((0..50).map(|_| text()));
    Arc::new(program)
}

/// A message comes in.
async fn received(rig: &Rig) {
    let part = samples::mo_part(&samples::link("TS0"), "Hej", None, rig.clock.now());
    rig.gateway.receive().mo(part).await.expect("taken");
}

#[tokio::test(start_paused = true)]
async fn it_waits_for_a_store_that_is_busy() {
    let program = program();
    let rig = Rig::start(&installation(true), program.clone()).await;
    let busy = || fakes::Fault::Refuse(StoreError::Busy);
    // More often than one number gets automatic replies.
    rig.store.fail_on(fakes::Call::Accept, 5, busy());
    received(&rig).await;
    rig.pass(Duration::from_secs(40)).await;
    assert_eq!(rig.sent_by(ANSWER), ["TS0"]);
    assert_eq!((program.tries().len(), rig.store.open_handoffs()), (6, 0));
    assert!(program.tries().iter().all(|handoff| handoff.tries == 0), "the program is not to blame");
}

#[tokio::test(start_paused = true)]
async fn numbers_may_be_written_nationally() {
    let program = program();
    let mut installation = installation(true);
    // The rule is found by the number that the message was sent to, which this operator writes as it is dialled at home.
    installation.mo_rules[0].number = Some(Recipient::parse("46710123456").expect("a number"));
    let rig = Rig::start(&installation, program.clone()).await;
    let mut part = samples::mo_part(&samples::link("TS0"), "Hej", None, rig.clock.now());
    (part.source, part.destination) = ("0701234567".to_owned(), "0710123456".to_owned());
    rig.gateway.receive().mo(part).await.expect("taken");
    rig.pass(Duration::from_secs(10)).await;
    assert_eq!((rig.sent_by(ANSWER).len(), program.tries().len()), (1, 1));
    assert_eq!(rig.saying(ANSWER)[0].message.recipient.to_string(), "46701234567");
}

#[tokio::test(start_paused = true)]
async fn one_that_was_stored_unheard_is_not_doubled() {
    let program = program();
    let rig = Rig::start(&installation(true), program.clone()).await;
    rig.store.fail_on(fakes::Call::Accept, 2, fakes::Fault::LoseAnswer);
    received(&rig).await;
    rig.pass(Duration::from_secs(30)).await;
    assert_eq!((rig.sent_by(ANSWER).len(), rig.link("TS0").taken().len()), (1, 1));
    assert_eq!(rig.store.open_handoffs(), 0);
}

#[tokio::test(start_paused = true)]
async fn one_that_comes_while_nothing_is_taken_any_more_is_sent_by_the_next_run() {
    let installation = installation(true);
    let mut rig = Rig::start(&installation, program()).await;
    rig.gateway.close();
    received(&rig).await;
    rig.pass(Duration::from_secs(2)).await;
    assert!(rig.saying(ANSWER).is_empty());
    rig.restart(&installation, program()).await;
    rig.pass(Duration::from_secs(10)).await;
    assert_eq!(rig.saying(ANSWER).len(), 1);
    assert_eq!(rig.store.open_handoffs(), 0);
}

/// A program that answers when it is let.
struct Slow(Semaphore);

#[async_trait]
impl Deliver for Slow {
    async fn deliver(&self, _: &Handoff) -> Result<Answer, HandoffError> {
        self.0.acquire().await.expect("open").forget();
        text()
    }
}

/// Stops a run while a program thinks, and lets it answer a moment later.
async fn stopped_meanwhile(answers: bool) -> (Rig, Arc<Slow>) {
    let installation = installation(answers);
    let slow = Arc::new(Slow(Semaphore::new(0)));
    let mut rig = Rig::start(&installation, slow.clone()).await;
    received(&rig).await;
    rig.pass(Duration::from_secs(1)).await;
    let later = slow.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(500)).await;
        later.0.add_permits(1);
    });
    rig.restart(&installation, slow.clone()).await;
    (rig, slow)
}

#[tokio::test(start_paused = true)]
async fn one_that_comes_at_the_stop_is_asked_for_again() {
    let (rig, slow) = stopped_meanwhile(true).await;
    assert_eq!((rig.store.open_handoffs(), rig.saying(ANSWER).len()), (1, 0));
    slow.0.add_permits(1);
    rig.pass(Duration::from_secs(2)).await;
    assert_eq!((rig.store.open_handoffs(), rig.saying(ANSWER).len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn one_that_nobody_sends_back_is_not_asked_for_again() {
    let (rig, _) = stopped_meanwhile(false).await;
    assert_eq!(rig.store.open_handoffs(), 0);
}
