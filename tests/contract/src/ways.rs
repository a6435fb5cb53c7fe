//! `Deadlines`, and everything that happens to a message that goes by several ways: the first "delivered" ends it, whichever way says so.

use crate::stores::{LINK, OTHER_LINK, RUN, RUN_B, Stores, json, link, put_back, seconds};
use domain::message::{Leaving, MessageId, PartState};
use domain::receipt::Verdict;
use domain::routing::{Awaits, Deadline};
use domain::state::State;
use fakes::samples;
use ports::driven::{Applied, Content, Leased, NewMessage, Outcome, Overdue, Ruling, Settlement, Step};

fn within(stores: &Stores, awaits: Awaits, after: u64) -> Deadline {
    Deadline { awaits, due_at: samples::later(stores.now(), seconds(after)) }
}

/// A message with a minute to be delivered, in the queue of [`LINK`].
async fn timed(stores: &Stores, id: i64) -> MessageId {
    let mut message = samples::message(id, stores.now());
    message.callback = json("crm.example.se");
    let deadlines = vec![within(stores, Awaits::Delivery, 60)];
    let new = NewMessage { deadlines, ..samples::queued(message, &link()) };
    stores.outbox.accept(samples::acceptance(vec![new])).await.expect("accepted");
    MessageId(id)
}

/// The same, taken by the operator of [`LINK`] under an id.
async fn timed_and_sent(stores: &Stores, id: i64, operator_id: &str) -> MessageId {
    let id = timed(stores, id).await;
    assert_eq!(stores.lease(10).await.len(), 1);
    stores.settle(samples::sent(id, RUN, &link(), stores.now(), &[operator_id])).await;
    id
}

async fn overdue(stores: &Stores) -> Vec<Overdue> {
    stores.deadlines.overdue(stores.now(), 100).await.expect("read")
}

fn ruling(stores: &Stores, over: &Overdue, step: Step) -> Ruling {
    let record = over.record.as_ref().expect("the message is there");
    Ruling {
        id: over.id,
        awaits: over.awaits,
        due_at: over.due_at,
        state: record.state,
        link: record.link.clone(),
        step,
        at: stores.now(),
    }
}

fn to_the_other() -> Step {
    let (link, why) = (samples::link(OTHER_LINK), Leaving::NotDelivered);
    Step::Divert { link, why, deadlines: Vec::new() }
}

/// A minute passes, and the one message whose time is over goes by [`OTHER_LINK`].
async fn divert(stores: &Stores) {
    stores.clock.advance(seconds(60));
    let over = overdue(stores).await;
    assert_eq!(over.len(), 1, "{over:?}");
    let ruling = ruling(stores, &over[0], to_the_other());
    assert_eq!(stores.deadlines.rule(vec![ruling]).await, Ok(vec![true]));
}

/// Sent by [`LINK`] as `a1`, and then by [`OTHER_LINK`] as `b1`.
async fn sent_twice(stores: &Stores) -> MessageId {
    let id = timed_and_sent(stores, 1, "a1").await;
    divert(stores).await;
    let leased = stores.lease_of(OTHER_LINK, 10, RUN).await;
    stores.settle(taken_by_the_other(stores, &leased[0])).await;
    id
}

/// The operator of [`OTHER_LINK`] takes a message as `b1`.
fn taken_by_the_other(stores: &Stores, leased: &Leased) -> Settlement {
    let mut parts = leased.parts.clone();
    parts.set(1, PartState::Sent, "b1", "");
    let sent = samples::sent(leased.message.id, RUN, &samples::link(OTHER_LINK), stores.now(), &["b1"]);
    Settlement { parts, ..sent }
}

async fn said(stores: &Stores, link: &str, operator_id: &str, verdict: Verdict) -> Applied {
    stores.receive(samples::receipt(&samples::link(link), operator_id, verdict)).await
}

/// Times are kept from the acceptance on, and come up when they are over, the oldest first.
pub async fn times_come_up(stores: &Stores) {
    let mut message = samples::message(1, stores.now());
    message.segments = 2;
    let deadlines = vec![within(stores, Awaits::Delivery, 60), within(stores, Awaits::Reply, 30)];
    let new = NewMessage { deadlines, ..samples::queued(message, &link()) };
    stores.outbox.accept(samples::acceptance(vec![new])).await.expect("accepted");
    stores.queue(2, |_| {}).await;
    assert!(overdue(stores).await.is_empty());
    stores.clock.advance(seconds(60));
    let over = overdue(stores).await;
    let seen: Vec<_> = over.iter().map(|o| (o.id.0, o.awaits)).collect();
    assert_eq!(seen, [(1, Awaits::Reply), (1, Awaits::Delivery)]);
    assert_eq!(over[0].record.as_ref().map(|r| r.state), Some(State::Queued));
    assert_eq!(stores.deadlines.overdue(stores.now(), 1).await.expect("read").len(), 1);
    assert_eq!(overdue(stores).await.len(), 2, "looking changes nothing");
}

/// Times that are still to come, in the order of their messages, piece by piece.
pub async fn times_ahead(stores: &Stores) {
    for id in 1..=3 {
        let message = samples::message(id, stores.now());
        let deadlines = vec![within(stores, Awaits::Delivery, 60), within(stores, Awaits::Reply, 30)];
        let new = NewMessage { deadlines, ..samples::queued(message, &link()) };
        stores.outbox.accept(samples::acceptance(vec![new])).await.expect("accepted");
    }
    let later = |n: u64| samples::later(stores.now(), seconds(n));
    let ahead = async |after, from, limit| {
        let found = stores.deadlines.ahead(after, from, limit).await.expect("read");
        found.iter().map(|o| (o.id.0, o.awaits)).collect::<Vec<_>>()
    };
    let all: Vec<_> = (1..=3).flat_map(|id| [(id, Awaits::Reply), (id, Awaits::Delivery)]).collect();
    assert_eq!(ahead(later(0), None, 100).await, all);
    assert_eq!(ahead(later(0), None, 3).await, all[..3]);
    assert_eq!(ahead(later(0), Some((MessageId(2), Awaits::Reply)), 100).await, all[3..]);
    assert_eq!(ahead(later(30), None, 100).await.len(), 3, "none that is due then");
    assert_eq!(ahead(later(60), None, 100).await, []);
}

/// By another link: due at once, marked, with new times in place of all old ones, and the old way is known.
pub async fn by_another_link(stores: &Stores) {
    let id = timed_and_sent(stores, 1, "a1").await;
    stores.clock.advance(seconds(60));
    let over = overdue(stores).await;
    let deadlines = vec![within(stores, Awaits::Delivery, 30)];
    let (to, why) = (samples::link(OTHER_LINK), Leaving::NotDelivered);
    let step = Step::Divert { link: to, why, deadlines };
    assert_eq!(stores.deadlines.rule(vec![ruling(stores, &over[0], step)]).await, Ok(vec![true]));
    let record = stores.record(id).await;
    assert_eq!((record.state, record.link.as_str()), (State::Queued, OTHER_LINK));
    assert!(record.possible_duplicate && record.parts.as_slice().is_empty());
    let [past] = record.parts.past() else { unreachable!("{:?}", record.parts) };
    assert_eq!((past.link.as_str(), past.why, past.left_at), (LINK, why, stores.now()));
    assert_eq!((past.state(1), past.sent_at.is_some(), past.in_doubt), (State::Sent, true, false));
    assert!(overdue(stores).await.is_empty());
    assert!(stores.lease(10).await.is_empty(), "not by the first any more");
    let leased = stores.lease_of(OTHER_LINK, 10, RUN).await;
    assert_eq!(leased.first().map(|l| (l.possible_duplicate, l.parts.past().len())), Some((true, 1)));
    stores.clock.advance(seconds(30));
    assert_eq!(overdue(stores).await.len(), 1, "the new time");
    stores.audit().await;
}

/// A message that goes by another link without a decision about its time, because it failed or its link is down, has new times there in place
/// of all old ones; one that stays with its link keeps those it has.
pub async fn put_back_by_another_link(stores: &Stores) {
    let id = timed(stores, 1).await;
    let other = timed(stores, 2).await;
    let back = |deadlines| {
        let mut back = put_back(OTHER_LINK, stores.now());
        if let Outcome::PutBack { deadlines: times, .. } = &mut back {
            *times = deadlines;
        }
        back
    };
    stores.clock.advance(seconds(50));
    assert_eq!(stores.lease(10).await.len(), 2);
    stores.end(id, put_back(LINK, stores.now())).await;
    stores.end(other, back(Vec::new())).await;
    stores.clock.advance(seconds(10));
    assert_eq!(overdue(stores).await.iter().map(|o| o.id).collect::<Vec<_>>(), [id], "its old time");
    assert_eq!(stores.lease(10).await.len(), 1);
    let times = vec![within(stores, Awaits::Delivery, 60), within(stores, Awaits::Reply, 20)];
    let settlement = samples::settlement(id, RUN, &link(), stores.now(), back(times));
    stores.settle(settlement.clone()).await;
    assert!(overdue(stores).await.is_empty());
    stores.clock.advance(seconds(20));
    assert_eq!(overdue(stores).await.iter().map(|o| o.awaits).collect::<Vec<_>>(), [Awaits::Reply]);
    // What is not written changes no times: it is a repetition.
    stores.settle(Settlement { outcome: back(Vec::new()), ..settlement }).await;
    stores.clock.advance(seconds(40));
    let awaits = overdue(stores).await.iter().map(|o| o.awaits).collect::<Vec<_>>();
    assert_eq!(awaits, [Awaits::Reply, Awaits::Delivery]);
    stores.audit().await;
}

/// A decision holds only while the message is as it was seen, and only once.
pub async fn a_decision_holds_once(stores: &Stores) {
    let id = timed_and_sent(stores, 1, "a1").await;
    stores.clock.advance(seconds(60));
    let over = overdue(stores).await;
    let held = ruling(stores, &over[0], to_the_other());
    let other_state = Ruling { state: State::Queued, ..held.clone() };
    let other_link = Ruling { link: samples::link(OTHER_LINK), ..held.clone() };
    let other_time = Ruling { due_at: stores.now().checked_add(seconds(1)).expect("time"), ..held.clone() };
    let wrong = vec![other_state, other_link, other_time];
    assert_eq!(stores.deadlines.rule(wrong).await, Ok(vec![false; 3]));
    assert_eq!(stores.state(id).await, State::Sent);
    let twice = vec![held.clone(), held.clone()];
    assert_eq!(stores.deadlines.rule(twice).await, Ok(vec![true, false]));
    assert_eq!(stores.deadlines.rule(vec![held]).await, Ok(vec![false]));
    assert_eq!(stores.record(id).await.parts.past().len(), 1);
}

/// Put off, forgotten.
pub async fn later_or_never(stores: &Stores) {
    timed(stores, 1).await;
    stores.clock.advance(seconds(60));
    let over = overdue(stores).await;
    let later = Step::Later(samples::later(stores.now(), seconds(5)));
    assert_eq!(stores.deadlines.rule(vec![ruling(stores, &over[0], later)]).await, Ok(vec![true]));
    assert!(overdue(stores).await.is_empty());
    stores.clock.advance(seconds(5));
    let over = overdue(stores).await;
    assert_eq!(stores.deadlines.rule(vec![ruling(stores, &over[0], Step::Done)]).await, Ok(vec![true]));
    stores.clock.advance(seconds(600));
    assert!(overdue(stores).await.is_empty());
}

/// The operator of the first way says "delivered" while the message waits for the second, or is on its way there: that is the end.
pub async fn the_first_delivered_wins(stores: &Stores) {
    let id = timed_and_sent(stores, 1, "a1").await;
    divert(stores).await;
    stores.clock.advance(seconds(5));
    let applied = said(stores, LINK, "a1", Verdict::Delivered).await;
    let Applied::Changed { state, delivered_after, .. } = applied else { unreachable!("{applied:?}") };
    assert_eq!((state, delivered_after), (Some(State::Delivered), Some(seconds(65))));
    assert!(stores.lease_of(OTHER_LINK, 10, RUN).await.is_empty(), "it does not leave again");
    assert_eq!(stores.record(id).await.parts.past()[0].state(1), State::Delivered);
    let told = stores.handoffs(10, RUN).await;
    assert!(
        matches!(&told[..], [h] if matches!(&h.content, Content::State { record, .. } if record.state == State::Delivered))
    );
    stores.audit().await;
}

/// Both say "delivered": the first ends it, the other is kept beside it.
pub async fn the_others_receipts_are_kept(stores: &Stores) {
    let id = sent_twice(stores).await;
    said(stores, OTHER_LINK, "b1", Verdict::Delivered).await;
    assert_eq!(stores.state(id).await, State::Delivered);
    let applied = said(stores, LINK, "a1", Verdict::Delivered).await;
    assert!(matches!(applied, Applied::Changed { state: None, .. }), "{applied:?}");
    let record = stores.record(id).await;
    assert_eq!((record.state, record.parts.past()[0].state(1)), (State::Delivered, State::Delivered));
    assert_eq!(stores.handoffs(10, RUN).await.len(), 1);
}

/// A message that left its way while it was on its way to the operator: his late reply is kept, and his receipt known.
pub async fn a_late_reply_of_a_way_that_was_left(stores: &Stores) {
    let id = timed(stores, 1).await;
    assert_eq!(stores.lease(10).await.len(), 1);
    divert(stores).await;
    let record = stores.record(id).await;
    assert!(record.parts.past()[0].in_doubt && record.possible_duplicate);
    let leased = stores.lease_of(OTHER_LINK, 10, RUN).await;
    let late = samples::sent(id, RUN, &link(), stores.now(), &["a1"]);
    stores.settle(late.clone()).await;
    stores.settle(late).await;
    let record = stores.record(id).await;
    assert_eq!(
        (record.state, record.link.as_str()),
        (State::Sending, OTHER_LINK),
        "it is on the other still"
    );
    assert_eq!(record.parts.past()[0].parts[0].operator_id, "a1");
    said(stores, LINK, "a1", Verdict::Delivered).await;
    assert_eq!(stores.state(id).await, State::Delivered);
    stores.settle(taken_by_the_other(stores, &leased[0])).await;
    let record = stores.record(id).await;
    assert_eq!(
        (record.state, record.parts.as_slice().len()),
        (State::Delivered, 1),
        "what the other said is kept"
    );
    said(stores, OTHER_LINK, "b1", Verdict::Delivered).await;
    assert_eq!(stores.record(id).await.parts.outcome(1), Some(State::Delivered));
    stores.audit().await;
}

/// The operator of the way that was left and that of the way it is on answer in the same moment, the late one first: both are heard.
pub async fn both_ways_answer_at_once(stores: &Stores) {
    let id = timed(stores, 1).await;
    assert_eq!(stores.lease(10).await.len(), 1);
    divert(stores).await;
    let leased = stores.lease_of(OTHER_LINK, 10, RUN).await;
    let late = samples::sent(id, RUN, &link(), stores.now(), &["a1"]);
    let both = vec![late, taken_by_the_other(stores, &leased[0])];
    let written = stores.dispatch.settle(both).await.expect("written");
    assert_eq!(written, [None, Some(State::Sent)]);
    let record = stores.record(id).await;
    assert_eq!((record.state, record.link.as_str()), (State::Sent, OTHER_LINK));
    assert_eq!(record.parts.past()[0].parts[0].operator_id, "a1");
    said(stores, LINK, "a1", Verdict::Delivered).await;
    said(stores, OTHER_LINK, "b1", Verdict::Delivered).await;
    assert_eq!(stores.state(id).await, State::Delivered);
    stores.audit().await;
}

/// The first way's bad receipt came while the second had the message; when that refuses it too the message has failed, and the sender hears it although
/// whoever settled believed that the first operator still had it.
pub async fn an_end_that_only_the_store_knows(stores: &Stores) {
    let id = timed_and_sent(stores, 1, "a1").await;
    divert(stores).await;
    let leased = stores.lease_of(OTHER_LINK, 10, RUN).await;
    said(stores, LINK, "a1", Verdict::Failed).await;
    let outcome = Outcome::Abandoned { code: "no".to_owned(), detail: String::new() };
    let other = samples::link(OTHER_LINK);
    let settlement = samples::settlement(id, RUN, &other, stores.now(), outcome);
    let written = stores.settle(Settlement { parts: leased[0].parts.clone(), ..settlement }).await;
    assert_eq!((written, stores.state(id).await), (Some(State::Failed), State::Failed));
    let told = stores.handoffs(10, RUN_B).await;
    assert_eq!(told.len(), 1, "the sender is told");
    assert_eq!(told[0].key.event, State::Failed.code());
    stores.audit().await;
}

/// What a dead run says late is not taken for a late reply of a way that was left.
pub async fn a_dead_run_says_nothing(stores: &Stores) {
    let id = sent_twice(stores).await;
    let stale = samples::sent(id, RUN_B, &samples::link(OTHER_LINK), stores.now(), &["zz"]);
    stores.settle(stale).await;
    assert_eq!(stores.record(id).await.parts.as_slice()[0].operator_id, "b1");
}

/// While its time runs, a bad receipt does not end a message: its time is over at once, and another way is tried.
pub async fn a_bad_receipt_hurries(stores: &Stores) {
    let id = timed_and_sent(stores, 1, "a1").await;
    stores.clock.advance(seconds(5));
    let applied = said(stores, LINK, "a1", Verdict::Failed).await;
    assert!(matches!(applied, Applied::Changed { state: None, hopeless: true, .. }), "{applied:?}");
    assert_eq!(stores.state(id).await, State::Sent);
    let over = overdue(stores).await;
    assert_eq!(over.len(), 1);
    assert!(stores.handoffs(10, RUN).await.is_empty());
    let end = ruling(stores, &over[0], Step::End(State::Failed));
    assert_eq!(stores.deadlines.rule(vec![end]).await, Ok(vec![true]));
    assert_eq!(stores.state(id).await, State::Failed);
    assert_eq!(stores.handoffs(10, RUN).await.len(), 1, "the sender is told");
    stores.audit().await;
}

/// With its times over, a bad receipt of one way waits for the other, and the last one ends it.
pub async fn the_last_bad_receipt_ends(stores: &Stores) {
    let id = sent_twice(stores).await;
    said(stores, OTHER_LINK, "b1", Verdict::Failed).await;
    assert_eq!(stores.state(id).await, State::Sent, "the first operator still has it");
    said(stores, LINK, "a1", Verdict::Expired).await;
    assert_eq!(stores.state(id).await, State::Expired);
    stores.audit().await;
}

/// The second way refuses it: it is sent as long as the first operator has it.
pub async fn abandoned_on_the_second_way(stores: &Stores) {
    let id = timed_and_sent(stores, 1, "a1").await;
    divert(stores).await;
    let leased = stores.lease_of(OTHER_LINK, 10, RUN).await;
    let outcome = Outcome::Abandoned { code: "no".to_owned(), detail: String::new() };
    let other = samples::link(OTHER_LINK);
    let parts = leased[0].parts.clone();
    let settlement = samples::settlement(id, RUN, &other, stores.now(), outcome);
    stores.settle(Settlement { parts, ..settlement }).await;
    let record = stores.record(id).await;
    assert_eq!((record.state, record.error.as_str(), record.final_at), (State::Sent, "no", None));
    said(stores, LINK, "a1", Verdict::Delivered).await;
    assert_eq!(stores.state(id).await, State::Delivered);
    stores.audit().await;
}

/// The second way refuses it, and nobody knows what became of it on the first: unknown, which a late word mends.
pub async fn abandoned_in_doubt(stores: &Stores) {
    let id = timed(stores, 1).await;
    assert_eq!(stores.lease(10).await.len(), 1);
    divert(stores).await;
    let leased = stores.lease_of(OTHER_LINK, 10, RUN).await;
    let outcome = Outcome::Abandoned { code: "no".to_owned(), detail: String::new() };
    let settlement = samples::settlement(id, RUN, &samples::link(OTHER_LINK), stores.now(), outcome);
    stores.settle(Settlement { parts: leased[0].parts.clone(), ..settlement }).await;
    assert_eq!(stores.state(id).await, State::Unknown);
    stores.settle(samples::sent(id, RUN, &link(), stores.now(), &["a1"])).await;
    said(stores, LINK, "a1", Verdict::Delivered).await;
    assert_eq!(stores.state(id).await, State::Delivered);
    stores.audit().await;
}

/// Its validity runs out while it waits for the second way: the first operator still has it.
pub async fn validity_runs_out_on_the_second_way(stores: &Stores) {
    let id = timed_and_sent(stores, 1, "a1").await;
    divert(stores).await;
    stores.clock.advance(seconds(49 * 3600));
    assert_eq!(stores.dispatch.expire(stores.now(), 10).await, Ok(1));
    assert_eq!(stores.state(id).await, State::Sent);
    assert_eq!(stores.dispatch.expire(stores.now(), 10).await, Ok(0));
    stores.clock.advance(seconds(48 * 3600));
    assert_eq!(stores.receipts.give_up(stores.now(), 10).await, Ok(1));
    let record = stores.record(id).await;
    assert_eq!((record.state, record.parts.past()[0].parts[0].state), (State::Unknown, PartState::Unknown));
    said(stores, LINK, "a1", Verdict::Delivered).await;
    assert_eq!(stores.state(id).await, State::Delivered, "and a late receipt mends it");
    stores.audit().await;
}

/// What has left by one way is not taken back while it waits for another.
pub async fn what_has_left_is_not_taken_back(stores: &Stores) {
    let id = timed_and_sent(stores, 1, "a1").await;
    divert(stores).await;
    assert_eq!(stores.dispatch.cancel(id, stores.now()).await, Ok(Some(Err(State::Sent))));
    assert_eq!(stores.state(id).await, State::Queued);
    let waiting = timed(stores, 2).await;
    divert(stores).await;
    assert_eq!(stores.dispatch.cancel(waiting, stores.now()).await, Ok(Some(Ok(State::Cancelled))));
}

/// A run dies with a message on the second way: it is taken over with all that is known.
pub async fn taken_over_on_the_second_way(stores: &Stores) {
    let id = timed_and_sent(stores, 1, "a1").await;
    divert(stores).await;
    assert_eq!(stores.lease_of(OTHER_LINK, 10, RUN).await.len(), 1);
    stores.cluster.leave(RUN).await.expect("left");
    let taken = stores.cluster.take_over(RUN_B, stores.now(), &[], 10).await.expect("taken");
    assert_eq!(taken.iter().map(|l| (l.message.id, l.parts.past().len())).collect::<Vec<_>>(), [(id, 1)]);
    said(stores, LINK, "a1", Verdict::Delivered).await;
    assert_eq!(stores.state(id).await, State::Delivered);
}
