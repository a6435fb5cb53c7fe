//! `Dispatch::cancel` and `Dispatch::expire`: ends that no operator brings.

use crate::stores::{LINK, RUN, Stores, ids, json, link, minutes, put_back, seconds};
use domain::message::{Callback, MessageId, PartState};
use domain::receipt::Verdict;
use domain::state::State;
use fakes::samples;
use ports::driven::{Outcome, Settlement};

/// What waits can be taken back: it has ended and never leaves.
pub async fn cancel_what_waits(stores: &Stores) {
    let queued = stores.queue(1, |_| {}).await;
    let due = samples::later(stores.now(), minutes(5));
    let scheduled = stores.queue(2, |m| m.due_at = due).await;
    stores.clock.advance(seconds(1));
    for id in [queued, scheduled] {
        assert_eq!(stores.dispatch.cancel(id, stores.now()).await, Ok(Some(Ok(State::Cancelled))));
        let record = stores.record(id).await;
        assert_eq!((record.state, record.final_at), (State::Cancelled, Some(stores.now())));
    }
    stores.clock.advance(minutes(10));
    assert!(stores.lease(10).await.is_empty());
    stores.audit().await;
}

/// What has left or ended cannot; the state that stops it is told.
pub async fn cancel_comes_too_late(stores: &Stores) {
    let cancelled = stores.queue(1, |_| {}).await;
    stores
        .dispatch
        .cancel(cancelled, stores.now())
        .await
        .expect("cancelled")
        .expect("there")
        .expect("in time");
    let sent = stores.sent(2, &["a2"], |_| {}).await;
    let delivered = stores.sent(3, &["a3"], |_| {}).await;
    stores.receipt("a3", Verdict::Delivered).await;
    let failed = stores.held(4, |_| {}).await;
    stores.end(failed, Outcome::Failed { code: "x".to_owned(), detail: String::new() }).await;
    let expired = stores.held(5, |_| {}).await;
    stores.end(expired, Outcome::Expired).await;
    let sending = stores.held(6, |_| {}).await;
    let states = [
        (cancelled, State::Cancelled),
        (sent, State::Sent),
        (delivered, State::Delivered),
        (failed, State::Failed),
        (expired, State::Expired),
        (sending, State::Sending),
    ];
    for (id, state) in states {
        let before = stores.record(id).await;
        assert_eq!(stores.dispatch.cancel(id, stores.now()).await, Ok(Some(Err(state))));
        assert_eq!(stores.record(id).await, before);
    }
}

/// What an operator has some of, or may have, has left, although it waits to be tried again.
pub async fn cancel_what_may_have_left(stores: &Stores) {
    let begun = stores.held(1, |m| m.segments = 2).await;
    let mut part = samples::sent(begun, RUN, &link(), stores.now(), &["a1"]);
    part.parts.set(2, PartState::Waiting, "", "");
    part.outcome = put_back(LINK, stores.now());
    stores.settle(part).await;
    let in_doubt = stores.held(2, |_| {}).await;
    let unanswered = samples::settlement(in_doubt, RUN, &link(), stores.now(), put_back(LINK, stores.now()));
    stores.settle(Settlement { possible_duplicate: true, ..unanswered }).await;
    let throttled = stores.held(3, |_| {}).await;
    let mut waits = samples::settlement(throttled, RUN, &link(), stores.now(), put_back(LINK, stores.now()));
    waits.parts.set(1, PartState::Waiting, "", "");
    stores.settle(waits).await;
    // The first two were taken again with the later ones.
    for id in [begun, in_doubt] {
        if stores.state(id).await == State::Sending {
            let record = stores.record(id).await;
            let back = samples::settlement(id, RUN, &link(), stores.now(), put_back(LINK, stores.now()));
            stores.settle(Settlement { parts: record.parts, ..back }).await;
        }
    }
    for id in [begun, in_doubt] {
        let before = stores.record(id).await;
        assert_eq!(before.state, State::Queued);
        assert_eq!(stores.dispatch.cancel(id, stores.now()).await, Ok(Some(Err(State::Sent))));
        assert_eq!(stores.record(id).await, before);
    }
    assert_eq!(stores.dispatch.cancel(throttled, stores.now()).await, Ok(Some(Ok(State::Cancelled))));
    assert_eq!(stores.dispatch.cancel(throttled, stores.now()).await, Ok(Some(Err(State::Cancelled))));
    stores.receipt("a1", Verdict::Delivered).await;
    assert_eq!(ids(&stores.lease(10).await), [1, 2], "both go on");
    stores.audit().await;
}

/// No such message.
pub async fn cancel_what_is_not_there(stores: &Stores) {
    assert_eq!(stores.dispatch.cancel(MessageId(4711), stores.now()).await, Ok(None));
}

/// Taken back or taken by a link, never both.
pub async fn cancel_against_lease(stores: &Stores) {
    stores.queue_many(1..=60).await;
    let (dispatch, now) = (std::sync::Arc::clone(&stores.dispatch), stores.now());
    let cancelling = tokio::spawn(async move {
        let mut cancelled = Vec::new();
        for id in (1..=60).rev() {
            if dispatch.cancel(MessageId(id), now).await.expect("asked").expect("there").is_ok() {
                cancelled.push(id);
            }
        }
        cancelled
    });
    let mut leased = Vec::new();
    for _ in 0..60 {
        leased.extend(stores.lease(2).await.iter().map(|l| l.message.id.0));
    }
    let mut all = cancelling.await.expect("no panic");
    all.extend(leased);
    all.sort_unstable();
    assert_eq!(all, (1..=60).collect::<Vec<_>>());
    stores.audit().await;
}

/// What waits past its time is ended, so many at a time; what is held or sent is not.
pub async fn expire_what_waits(stores: &Stores) {
    let end = samples::later(stores.now(), minutes(10));
    let sending = stores.held(1, |m| m.expires_at = end).await;
    let sent = stores.sent(2, &["a2"], |m| m.expires_at = end).await;
    for id in 3..=5 {
        stores.queue(id, |m| m.expires_at = end).await;
    }
    let scheduled = stores
        .queue(6, |m| {
            m.due_at = samples::later(m.due_at, minutes(5));
            m.expires_at = end;
        })
        .await;
    let patient = stores.queue(7, |_| {}).await;
    assert_eq!(stores.dispatch.expire(stores.now(), 100).await, Ok(0));
    stores.clock.advance(minutes(11));
    let mut ended = Vec::new();
    for _ in 0..3 {
        ended.push(stores.dispatch.expire(stores.now(), 3).await.expect("expired"));
    }
    assert_eq!(ended, [3, 1, 0]);
    for id in [MessageId(3), MessageId(4), MessageId(5), scheduled] {
        let record = stores.record(id).await;
        assert_eq!((record.state, record.final_at), (State::Expired, Some(stores.now())));
    }
    assert_eq!(
        (stores.state(sending).await, stores.state(sent).await, stores.state(patient).await),
        (State::Sending, State::Sent, State::Queued)
    );
    stores.audit().await;
}

/// Who asked to hear of it is told.
pub async fn expire_tells_the_sender(stores: &Stores) {
    let end = samples::later(stores.now(), minutes(10));
    let callbacks =
        [json("crm.example.se"), Some(Callback::Mail { address: "a@example.se".to_owned() }), None];
    for (id, callback) in (1..).zip(callbacks) {
        stores
            .queue(id, |m| {
                m.expires_at = end;
                m.callback = callback;
            })
            .await;
    }
    stores.clock.advance(minutes(11));
    stores.dispatch.expire(stores.now(), 100).await.expect("expired");
    let mut told: Vec<_> =
        stores.handoffs(10, RUN).await.iter().map(|h| (h.key.subject, h.key.event)).collect();
    told.sort_unstable();
    assert_eq!(told, [(1, State::Expired.code()), (2, State::Expired.code())]);
}

/// A receipt cannot bring back what was cancelled, and a settlement of it writes nothing.
pub async fn an_end_stays(stores: &Stores) {
    let id = stores.queue(1, |_| {}).await;
    stores.dispatch.cancel(id, stores.now()).await.expect("cancelled").expect("there").expect("in time");
    stores.settle(samples::sent(id, RUN, &link(), stores.now(), &["a1"])).await;
    stores.receipt("a1", Verdict::Delivered).await;
    assert_eq!(stores.state(id).await, State::Cancelled);
}
