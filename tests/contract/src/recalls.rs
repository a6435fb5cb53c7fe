//! `Recalls`: operators are asked to take back what they have.

use crate::stores::{LINK, RUN, Stores, json, link, minutes, put_back, seconds};
use domain::message::{MessageId, PartState};
use domain::receipt::Verdict;
use domain::state::State;
use fakes::samples;
use ports::driven::{
    HandoffKey, Obstacle, Outcome, Recall, RecallAnswer, RecallOutcome, RecallSaid, Settlement,
};

async fn wish(stores: &Stores, id: MessageId) {
    assert_eq!(stores.recalls.recall(id, stores.now()).await, Ok(Some(Ok(()))));
}

async fn given(stores: &Stores) -> Vec<Recall> {
    let now = stores.now();
    let again = samples::later(now, minutes(5));
    stores.recalls.recalls(&[link()], now, again, 10).await.expect("given out")
}

fn said(taken: u16, of: u16, why: Obstacle, words: &str) -> RecallSaid {
    RecallSaid { taken, of, why, words: words.to_owned() }
}

fn answer(stores: &Stores, id: MessageId, taken: &[(u8, &str)], said: RecallSaid) -> RecallAnswer {
    let taken = taken.iter().map(|(seq, id)| (*seq, (*id).to_owned())).collect();
    RecallAnswer { id, link: link(), taken, outcome: RecallOutcome::Said(said), now: stores.now() }
}

/// All segments are taken back: the message is cancelled and its sender told; what its operator reports later changes nothing.
pub async fn taken_back(stores: &Stores) {
    let id = stores.sent(1, &["a1", "a2"], |m| m.callback = json("a")).await;
    wish(stores, id).await;
    assert_eq!(stores.recalls.recall_answers(id).await, Ok(vec![(link(), None)]));
    let recalls = given(stores).await;
    assert_eq!(recalls.iter().map(|r| (r.record.message.id, r.tries)).collect::<Vec<_>>(), [(id, 1)]);
    assert_eq!(recalls.first().map(|r| r.record.parts.encode()), Some("1sa1;2sa2".to_owned()));
    assert!(given(stores).await.is_empty(), "it is given out");
    stores.clock.advance(seconds(1));
    let all = said(2, 2, Obstacle::None, "");
    let answer = answer(stores, id, &[(1, "a1"), (2, "a2")], all.clone());
    assert_eq!(stores.recalls.recalled(answer.clone()).await, Ok(Some(State::Cancelled)));
    assert_eq!(stores.recalls.recalled(answer).await, Ok(None), "it may be repeated");
    let told = stores.handoffs.lease(10, &[], RUN, stores.now()).await.expect("leased");
    assert!(told.iter().any(|h| h.key == HandoffKey { subject: id.0, event: State::Cancelled.code() }));
    let record = stores.record(id).await;
    assert_eq!((record.state, record.final_at), (State::Cancelled, Some(stores.now())));
    assert!(record.parts.as_slice().iter().all(|p| p.state == PartState::Cancelled));
    assert_eq!(stores.recalls.recall_answers(id).await, Ok(vec![(link(), Some(all))]));
    stores.receipt("a1", Verdict::Deleted).await;
    stores.receipt("a2", Verdict::Delivered).await;
    assert_eq!(stores.state(id).await, State::Cancelled);
    stores.audit().await;
}

/// The operator's own report that it is deleted may come before his answer.
pub async fn the_report_comes_first(stores: &Stores) {
    let id = stores.sent(1, &["a1"], |_| {}).await;
    wish(stores, id).await;
    stores.receipt("a1", Verdict::Deleted).await;
    assert_eq!(stores.state(id).await, State::Cancelled);
    let late = answer(stores, id, &[(1, "a1")], said(1, 1, Obstacle::None, ""));
    assert_eq!(stores.recalls.recalled(late).await, Ok(None));
    let unasked = stores.sent(2, &["b1"], |_| {}).await;
    stores.receipt("b1", Verdict::Deleted).await;
    assert_eq!(stores.state(unasked).await, State::Failed, "nobody had asked for it");
}

/// What is refused stays sent, and may be wished again; what was delivered meanwhile is delivered.
pub async fn refused_and_again(stores: &Stores) {
    let id = stores.sent(1, &["a1", "a2"], |_| {}).await;
    wish(stores, id).await;
    given(stores).await;
    let refused = said(1, 2, Obstacle::Refused, "ESME_RCANCELFAIL");
    let part = answer(stores, id, &[(2, "a2")], refused.clone());
    assert_eq!(stores.recalls.recalled(part).await, Ok(None));
    assert_eq!(stores.state(id).await, State::Sent);
    assert_eq!(stores.recalls.recall_answers(id).await, Ok(vec![(link(), Some(refused))]));
    stores.clock.advance(minutes(10));
    assert!(given(stores).await.is_empty(), "it is answered");
    wish(stores, id).await;
    assert_eq!(stores.recalls.recall_answers(id).await, Ok(vec![(link(), None)]));
    assert_eq!(given(stores).await.first().map(|r| r.tries), Some(1));
    let whole = stores.sent(2, &["b1"], |_| {}).await;
    wish(stores, whole).await;
    stores.receipt("b1", Verdict::Delivered).await;
    let late = answer(stores, whole, &[(1, "b1")], said(1, 1, Obstacle::None, ""));
    assert_eq!(stores.recalls.recalled(late).await, Ok(None));
    assert_eq!(stores.state(whole).await, State::Delivered);
    stores.audit().await;
}

/// Who was given a wish and said nothing is asked again; so is who asked for time.
pub async fn given_out_again(stores: &Stores) {
    let id = stores.sent(1, &["a1"], |_| {}).await;
    wish(stores, id).await;
    assert_eq!(given(stores).await.len(), 1);
    wish(stores, id).await;
    assert!(given(stores).await.is_empty(), "a wish that stands is left as it is");
    stores.clock.advance(minutes(6));
    assert_eq!(given(stores).await.first().map(|r| r.tries), Some(2));
    let soon = samples::later(stores.now(), seconds(2));
    let mut later = answer(stores, id, &[], said(0, 1, Obstacle::None, ""));
    later.outcome = RecallOutcome::Later(soon);
    assert_eq!(stores.recalls.recalled(later).await, Ok(None));
    assert!(given(stores).await.is_empty());
    stores.clock.advance(seconds(3));
    assert_eq!(given(stores).await.first().map(|r| r.tries), Some(3));
    let now = stores.now();
    stores.clock.advance(minutes(6));
    let other = samples::link("OTHER");
    assert_eq!(
        stores.recalls.recalls(&[other], now, now, 10).await.map(|r| r.len()),
        Ok(0),
        "not of that link"
    );
    assert_eq!(stores.recalls.recalls(&[], now, now, 10).await.map(|r| r.len()), Ok(0));
}

/// One segment is with the operator and the other waits: nothing more is sent, and what left is asked back.
pub async fn some_of_it_waits(stores: &Stores) {
    let id = stores.held(1, |m| (m.segments, m.callback) = (2, json("a"))).await;
    let mut back = samples::sent(id, RUN, &link(), stores.now(), &["a1"]);
    back.outcome = put_back(LINK, stores.now());
    assert_eq!(stores.settle(back).await, Some(State::Queued));
    assert_eq!(stores.dispatch.cancel(id, stores.now()).await, Ok(Some(Err(State::Sent))));
    assert_eq!(stores.state(id).await, State::Queued, "nobody asked for more");
    wish(stores, id).await;
    let record = stores.record(id).await;
    assert_eq!((record.state, record.parts.encode()), (State::Sent, "1sa1;2c".to_owned()));
    assert!(stores.lease(10).await.is_empty(), "it is not sent any further");
    assert_eq!(given(stores).await.len(), 1);
    let all = answer(stores, id, &[(1, "a1")], said(1, 1, Obstacle::None, ""));
    assert_eq!(stores.recalls.recalled(all).await, Ok(Some(State::Cancelled)));
    let told = stores.handoffs.lease(10, &[], RUN, stores.now()).await.expect("leased");
    assert!(told.iter().any(|h| h.key == HandoffKey { subject: id.0, event: State::Cancelled.code() }));
    stores.audit().await;
}

/// It waits to be sent once more after an operator gave no answer: it stays where it is, and nobody knows more.
pub async fn nobody_knows(stores: &Stores) {
    let id = stores.held(1, |_| {}).await;
    let doubt = samples::settlement(id, RUN, &link(), stores.now(), put_back(LINK, stores.now()));
    stores.settle(Settlement { possible_duplicate: true, ..doubt }).await;
    assert_eq!(stores.recalls.recall(id, stores.now()).await, Ok(Some(Err(State::Unknown))));
    assert!(stores.lease(10).await.is_empty());
    assert_eq!(stores.record(id).await.final_at, Some(stores.now()));
    assert_eq!(stores.recalls.recall(id, stores.now()).await, Ok(Some(Err(State::Unknown))));
    stores.audit().await;
}

/// A segment was refused for good, which is the message's end: the others are still with the operator, and are taken back.
pub async fn what_failed_is_still_there(stores: &Stores) {
    let id = stores.held(1, |m| m.segments = 2).await;
    let mut failed = samples::sent(id, RUN, &link(), stores.now(), &["a1"]);
    failed.parts.set(2, PartState::Failed, "", "11");
    failed.outcome = Outcome::Failed { code: "11".to_owned(), detail: String::new() };
    assert_eq!(stores.settle(failed).await, Some(State::Failed));
    wish(stores, id).await;
    assert_eq!(given(stores).await.len(), 1);
    let all = answer(stores, id, &[(1, "a1")], said(1, 1, Obstacle::None, ""));
    assert_eq!(stores.recalls.recalled(all).await, Ok(None));
    let record = stores.record(id).await;
    assert_eq!((record.state, record.parts.encode()), (State::Failed, "1ca1;2f,11".to_owned()));
    assert_eq!(
        stores.recalls.recall(id, stores.now()).await,
        Ok(Some(Err(State::Failed))),
        "no more to ask for"
    );
    stores.audit().await;
}

/// There is nothing to take back, or it is not with an operator.
pub async fn not_with_an_operator(stores: &Stores) {
    assert_eq!(stores.recalls.recall(MessageId(4711), stores.now()).await, Ok(None));
    let delivered = stores.sent(2, &["a2"], |_| {}).await;
    stores.receipt("a2", Verdict::Delivered).await;
    let queued = stores.queue(1, |_| {}).await;
    for (id, state) in [(queued, State::Queued), (delivered, State::Delivered)] {
        assert_eq!(stores.recalls.recall(id, stores.now()).await, Ok(Some(Err(state))));
        assert_eq!(stores.recalls.recall_answers(id).await, Ok(Vec::new()));
    }
    assert!(given(stores).await.is_empty());
}
