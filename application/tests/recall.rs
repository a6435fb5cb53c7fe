//! What an operator has is taken back by whoever has the link, for whoever asks.
#![allow(missing_docs, reason = "a test")]

mod stage;

use domain::Language;
use domain::access::Sender;
use domain::message::{Door, MessageId};
use domain::receipt::Verdict;
use domain::refusal::{Code, Refusal};
use domain::routing::{Condition, Failure, FailureClass};
use domain::state::State;
use fakes::{MemoryStore, Turn};
use ports::driven::{Clock as _, PartReply, Withdrawn};
use ports::driving::Recalled;
use stage::{Node, Plan, seconds};
use std::sync::Arc;
use std::time::Duration;

async fn ask(node: &Node, id: MessageId) -> Result<Recalled, Refusal> {
    let directory = node.gateway.directory();
    let user = directory.users.values().next().expect("a user");
    node.gateway.query().recall(&Sender::internal(Arc::clone(user), Door::Http), id).await
}

fn said(answer: Result<Recalled, Refusal>) -> (Code, String) {
    let refusal = answer.expect_err("a refusal");
    (refusal.code, refusal.detail.in_language(Language::English).to_owned())
}

/// Asked at a node that does not have the link.
#[tokio::test(start_paused = true)]
async fn another_node_has_the_link() {
    let store = Arc::new(MemoryStore::new());
    let here =
        Node::start(&store, Plan { name: "b", ids: 2_000_000, links: &["TS1"], ..Plan::default() }).await;
    let there = Node::start(&store, Plan::default()).await;
    there.link("TS0").withdraw_with([Withdrawn::TakenBack, Withdrawn::TakenBack]);
    let id = there.send_long().await;
    store.until(id, |r| r.state == State::Sent).await;
    assert_eq!(ask(&here, id).await, Ok(Recalled::Back));
    let record = store.record(id).expect("there");
    let ids: Vec<_> = record.parts.as_slice().iter().map(|p| p.operator_id.clone()).collect();
    assert_eq!((record.state, there.link("TS0").withdrawals()), (State::Cancelled, ids));
}

/// A part is refused: the message stays, the answer counts; the wish may be made again.
#[tokio::test(start_paused = true)]
async fn some_of_it() {
    let store = Arc::new(MemoryStore::new());
    let node = Node::start(&store, Plan { alone: true, ..Plan::default() }).await;
    let link = node.link("TS0");
    link.withdraw_with([
        Withdrawn::TakenBack,
        Withdrawn::Refused("busy with it".into()),
        Withdrawn::TakenBack,
    ]);
    let id = node.send_long().await;
    store.until(id, |r| r.state == State::Sent).await;
    let why = "sent: the operator of TS0 took back 1 of 2 parts: busy with it";
    assert_eq!(said(ask(&node, id).await), (Code::NotCancellable, why.to_owned()));
    assert_eq!(store.record(id).expect("there").state, State::Sent);
    assert_eq!(ask(&node, id).await, Ok(Recalled::Back));
    assert_eq!(link.withdrawals().len(), 3, "what was taken back is not asked for again");
}

/// A link that is down: the answer comes after ten seconds, the wish is fulfilled when it is up again, and not when the message has an end by then.
#[tokio::test(start_paused = true)]
async fn the_wish_stands() {
    let store = Arc::new(MemoryStore::new());
    let node = Node::start(&store, Plan { alone: true, ..Plan::default() }).await;
    let link = node.link("TS0");
    link.withdraw_with([Withdrawn::NotOffered, Withdrawn::TakenBack, Withdrawn::TakenBack]);
    let (id, delivered) = (node.send().await, node.send().await);
    for id in [id, delivered] {
        store.until(id, |r| r.state == State::Sent).await;
    }
    link.set_condition(Condition::Down { since: node.clock.now() });
    let began = node.clock.monotonic();
    assert_eq!(
        tokio::join!(ask(&node, id), ask(&node, delivered)),
        (Ok(Recalled::Asked), Ok(Recalled::Asked))
    );
    assert!((seconds(10)..seconds(12)).contains(&(node.clock.monotonic() - began)));
    assert!(link.withdrawals().is_empty());
    let receipt = link.receipt(delivered, 1, Verdict::Delivered).expect("it was sent");
    node.gateway.receive().receipts(vec![receipt]).await.into_iter().for_each(|taken| taken.expect("taken"));
    store.until(delivered, |r| r.state == State::Delivered).await;
    link.set_condition(Condition::Up);
    store.until(id, |r| r.state == State::Cancelled).await;
    tokio::time::sleep(seconds(600)).await;
    assert_eq!(link.withdrawals().len(), 2, "busy at first; the delivered one was not asked for");
    assert_eq!(said(ask(&node, delivered).await), (Code::NotCancellable, "delivered".to_owned()));
}

/// An operator that never answers is asked four times, and then that is the answer. A link that cannot says so at once.
#[tokio::test(start_paused = true)]
async fn silent_or_unable() {
    let store = Arc::new(MemoryStore::new());
    let node = Node::start(&store, Plan { alone: true, ..Plan::default() }).await;
    let id = node.send().await;
    store.until(id, |r| r.state == State::Sent).await;
    let why = "sent: link TS0 cannot take back what it has sent";
    assert_eq!(said(ask(&node, id).await), (Code::NotCancellable, why.to_owned()));
    node.link("TS0").withdraw_with([]);
    assert_eq!(ask(&node, id).await, Ok(Recalled::Asked));
    tokio::time::sleep(seconds(600)).await;
    assert_eq!(node.link("TS0").withdrawals().len(), 4);
    assert_eq!(store.record(id).expect("there").state, State::Sent);
}

/// A run that ends with a wish in its hands: the next one asks soon. As long as it lives it asks once.
#[tokio::test(start_paused = true)]
async fn given_to_a_run_that_ended() {
    let store = Arc::new(MemoryStore::new());
    let node = Node::start(&store, Plan { alone: true, ..Plan::default() }).await;
    let id = node.send().await;
    store.until(id, |r| r.state == State::Sent).await;
    node.link("TS0").withdraw_in_vain();
    assert_eq!(ask(&node, id).await, Ok(Recalled::Asked));
    tokio::time::sleep(seconds(20)).await;
    assert_eq!(node.link("TS0").withdrawals().len(), 1, "it is in hand");
    node.gateway.stop(seconds(1)).await;
    // Its clock begins afresh, at the time that it is.
    let ahead_by = i64::try_from(node.clock.monotonic().as_secs()).expect("a short while");
    let plan = Plan { ids: 2_000_000, alone: true, ahead_by, ..Plan::default() };
    let next = Node::start(&store, plan).await;
    next.link("TS0").withdraw_with([Withdrawn::TakenBack]);
    let began = next.clock.monotonic();
    store.until(id, |r| r.state == State::Cancelled).await;
    let took = next.clock.monotonic().saturating_sub(began);
    assert!(took < seconds(17), "{took:?}");
    assert_eq!(next.link("TS0").withdrawals().len(), 1);
}

/// Whoever asks hears of the answer when it comes.
#[tokio::test(start_paused = true)]
async fn an_answer_is_heard_at_once() {
    let store = Arc::new(MemoryStore::new());
    let node = Node::start(&store, Plan { alone: true, ..Plan::default() }).await;
    let link = node.link("TS0");
    // Asked again two seconds later.
    link.withdraw_with([
        Withdrawn::NotOffered,
        Withdrawn::NotOffered,
        Withdrawn::NotOffered,
        Withdrawn::TakenBack,
    ]);
    let id = node.send().await;
    store.until(id, |r| r.state == State::Sent).await;
    let cancelled = async {
        store.until(id, |r| r.state == State::Cancelled).await;
        node.clock.monotonic()
    };
    let (answer, cancelled) = tokio::join!(ask(&node, id), cancelled);
    assert_eq!(answer, Ok(Recalled::Back));
    assert!(node.clock.monotonic() - cancelled < Duration::from_millis(10), "at once");
}

/// What is on its way in this moment is asked back when the operator has it.
#[tokio::test(start_paused = true)]
async fn on_its_way() {
    let store = Arc::new(MemoryStore::new());
    let node = Node::start(&store, Plan { alone: true, ..Plan::default() }).await;
    let link = node.link("TS0");
    link.usually(Turn::Wait);
    link.withdraw_with([Withdrawn::TakenBack]);
    let id = node.send().await;
    link.until_taken(1).await;
    let taken = async {
        tokio::time::sleep(seconds(3)).await;
        link.answer(&Turn::Accept);
    };
    assert_eq!(tokio::join!(ask(&node, id), taken).0, Ok(Recalled::Back));
}

/// The operator has one part and was too busy for the other: that one is not sent, and the first is asked back.
#[tokio::test(start_paused = true)]
async fn one_part_waits() {
    let store = Arc::new(MemoryStore::new());
    let node = Node::start(&store, Plan { alone: true, ..Plan::default() }).await;
    let link = node.link("TS0");
    let failure = Failure { class: FailureClass::Temporary, code: "8".into(), detail: "busy".into() };
    link.reply_with([Turn::Parts(vec![
        PartReply::Accepted { operator_id: "a1".into() },
        PartReply::Refused(failure),
    ])]);
    link.withdraw_with([Withdrawn::TakenBack]);
    let id = node.send_long().await;
    store.until(id, |r| r.state == State::Queued && r.parts.is_begun()).await;
    assert_eq!(ask(&node, id).await, Ok(Recalled::Back));
    assert_eq!((link.withdrawals(), link.taken().len()), (vec!["a1".to_owned()], 1));
    let parts = store.record(id).expect("there").parts;
    assert_eq!(parts.encode(), "1ca1;2c");
}
