//! `Dispatch::settle`: each end of a turn, fencing, repetition, telling the sender.

use crate::stores::{LINK, OTHER_LINK, RUN, RUN_B, Stores, json, link, put_back, seconds};
use domain::message::{MessageId, PartState};
use domain::routing::Tries;
use domain::state::State;
use fakes::samples;
use ports::driven::{Content, HandoffKey, Outcome, Settlement};
use std::sync::Arc;

/// Sent: state, time, link and parts.
pub async fn sent(stores: &Stores) {
    let id = stores.held(1, |m| m.segments = 2).await;
    stores.clock.advance(seconds(3));
    let settlement = samples::sent(id, RUN, &link(), stores.now(), &["00a1", "00A2"]);
    stores.settle(settlement.clone()).await;
    let record = stores.record(id).await;
    assert_eq!((record.state, record.sent_at, record.final_at), (State::Sent, Some(stores.now()), None));
    assert_eq!((record.link, record.parts, record.possible_duplicate), (link(), settlement.parts, false));
    assert!(stores.lease(10).await.is_empty());
    stores.audit().await;
}

/// Failed: the code, then the detail; the end has a time.
pub async fn failed(stores: &Stores) {
    let id = stores.held(1, |_| {}).await;
    stores.clock.advance(seconds(3));
    stores
        .end(id, Outcome::Failed { code: "smpp-0x0000000b".to_owned(), detail: "okänd mottagare".to_owned() })
        .await;
    let record = stores.record(id).await;
    assert_eq!((record.state, record.final_at, record.sent_at), (State::Failed, Some(stores.now()), None));
    assert!(record.error.starts_with("smpp-0x0000000b"), "{}", record.error);
    assert!(record.error.ends_with("okänd mottagare"), "{}", record.error);
    stores.audit().await;
}

/// Expired while it was held.
pub async fn expired(stores: &Stores) {
    let id = stores.held(1, |_| {}).await;
    stores.end(id, Outcome::Expired).await;
    let record = stores.record(id).await;
    assert_eq!((record.state, record.final_at), (State::Expired, Some(stores.now())));
    stores.audit().await;
}

/// Put back: queued again, on the link that is named, with tries and error.
pub async fn back_into_a_queue(stores: &Stores) {
    let id = stores.held(1, |_| {}).await;
    let tries = Tries { total: 3, on_link: 1 };
    let outcome = Outcome::PutBack {
        link: samples::link(OTHER_LINK),
        due_at: stores.now(),
        tries,
        error: "throttled".to_owned(),
        deadlines: Vec::new(),
    };
    stores.end(id, outcome).await;
    let record = stores.record(id).await;
    assert_eq!((record.state, record.link.as_str(), record.tries), (State::Queued, OTHER_LINK, tries));
    assert_eq!(
        (record.error.as_str(), record.possible_duplicate, record.final_at),
        ("throttled", false, None)
    );
    stores.audit().await;
}

/// Put back without an error, the one before stays.
pub async fn an_error_stays_until_there_is_another(stores: &Stores) {
    let id = stores.held(1, |_| {}).await;
    for (error, shown) in [("throttled", "throttled"), ("", "throttled"), ("unanswered", "unanswered")] {
        let mut outcome = put_back(LINK, stores.now());
        if let Outcome::PutBack { error: why, .. } = &mut outcome {
            error.clone_into(why);
        }
        stores.end(id, outcome).await;
        assert_eq!(stores.record(id).await.error, shown);
        assert_eq!(stores.lease(1).await.len(), 1);
    }
    stores.end(id, Outcome::Sent).await;
    assert_eq!(stores.record(id).await.error, "");
}

/// Once a possible duplicate, always one.
pub async fn a_possible_duplicate_stays_one(stores: &Stores) {
    let id = stores.held(1, |_| {}).await;
    let doubt = samples::settlement(id, RUN, &link(), stores.now(), put_back(LINK, stores.now()));
    stores.settle(Settlement { possible_duplicate: true, ..doubt }).await;
    assert!(stores.lease(1).await.first().expect("leased").possible_duplicate);
    stores.end(id, put_back(LINK, stores.now())).await;
    assert_eq!(stores.lease(1).await.len(), 1);
    stores.end(id, Outcome::Sent).await;
    assert!(stores.record(id).await.possible_duplicate);
    assert_eq!(stores.reports.audit().await.expect("audit").possible_duplicates, 1);
    // One that its link wrote twice, in the only turn it had.
    let other = stores.held(2, |_| {}).await;
    let twice = samples::sent(other, RUN, &link(), stores.now(), &["b1"]);
    stores.settle(Settlement { possible_duplicate: true, ..twice }).await;
    stores.receipt("b1", domain::receipt::Verdict::Delivered).await;
    let record = stores.record(other).await;
    assert_eq!((record.state, record.possible_duplicate), (State::Delivered, true));
    assert_eq!(stores.reports.audit().await.expect("audit").possible_duplicates, 2);
}

/// A settlement by another than the holder writes nothing.
pub async fn only_the_holder_settles(stores: &Stores) {
    let id = stores.held(1, |m| m.callback = json("crm.example.se")).await;
    let stranger = Settlement { tell: true, ..samples::sent(id, RUN_B, &link(), stores.now(), &["a1"]) };
    stores.settle(stranger).await;
    assert_eq!(stores.state(id).await, State::Sending);
    assert!(stores.handoffs(10, RUN).await.is_empty());
    stores.end(id, Outcome::Sent).await;
    assert_eq!(stores.state(id).await, State::Sent);
}

/// What waits in a queue is held by nobody: a settlement writes nothing.
pub async fn what_is_not_held_is_not_settled(stores: &Stores) {
    let id = stores.queue(1, |_| {}).await;
    stores.end(id, Outcome::Failed { code: "x".to_owned(), detail: String::new() }).await;
    assert_eq!(stores.state(id).await, State::Queued);
}

/// Repeating a settlement changes nothing.
pub async fn a_repetition_changes_nothing(stores: &Stores) {
    let id = stores.held(1, |m| m.callback = json("crm.example.se")).await;
    let settlement = Settlement { tell: true, ..samples::sent(id, RUN, &link(), stores.now(), &["a1"]) };
    stores.settle(settlement.clone()).await;
    let before = stores.record(id).await;
    stores.clock.advance(seconds(10));
    stores.settle(Settlement { at: stores.now(), outcome: Outcome::Expired, ..settlement.clone() }).await;
    stores.dispatch.settle(vec![settlement.clone(), settlement]).await.expect("written");
    assert_eq!(stores.record(id).await, before);
    assert_eq!(stores.handoffs(10, RUN).await.len(), 1);
    stores.audit().await;
}

/// One that names no message does not hold up the others of the call.
pub async fn a_stranger_among_many(stores: &Stores) {
    stores.queue_many(1..=50).await;
    assert_eq!(stores.lease(50).await.len(), 50);
    let now = stores.now();
    let all =
        (0..=51).map(|id| samples::settlement(MessageId(id), RUN, &link(), now, Outcome::Sent)).collect();
    stores.dispatch.settle(all).await.expect("written");
    let audit = stores.reports.audit().await.expect("audit");
    assert_eq!(audit.by_state.into_iter().filter(|(_, n)| *n > 0).collect::<Vec<_>>(), [(State::Sent, 50)]);
}

/// Many settlements at once are all written.
pub async fn many_at_once(stores: &Stores) {
    stores.queue_many(1..=200).await;
    assert_eq!(stores.lease(200).await.len(), 200);
    let tasks: Vec<_> = (1..=200)
        .map(|id| {
            let settlement = samples::sent(MessageId(id), RUN, &link(), stores.now(), &[&format!("{id:x}")]);
            let dispatch = Arc::clone(&stores.dispatch);
            tokio::spawn(async move { dispatch.settle(vec![settlement]).await })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic").expect("written");
    }
    for id in 1..=200 {
        assert_eq!(stores.state(MessageId(id)).await, State::Sent);
    }
    stores.audit().await;
}

/// The sender is told: a free handoff with the message is stored with the settlement.
pub async fn telling_the_sender(stores: &Stores) {
    let id = stores.held(1, |m| m.callback = json("crm.example.se")).await;
    stores.settle(Settlement { tell: true, ..samples::sent(id, RUN, &link(), stores.now(), &["a1"]) }).await;
    let told = stores.handoffs(10, RUN_B).await;
    let handoff = told.first().expect("a handoff is stored");
    assert_eq!((handoff.key, handoff.tries), (HandoffKey { subject: 1, event: State::Sent.code() }, 0));
    assert_eq!((handoff.created_at, handoff.target().as_str()), (stores.now(), "http://crm.example.se"));
    let Content::State { callback, record } = &handoff.content else { unreachable!("it is about a state") };
    assert_eq!((Some(callback.clone()), record.as_ref()), (json("crm.example.se"), &stores.record(id).await));
}

/// A handoff that is about to be delivered directly is held by its run: nobody else gets it, and its run can settle it.
pub async fn telling_directly(stores: &Stores) {
    let id = stores.held(1, |m| m.callback = json("crm.example.se")).await;
    stores
        .settle(Settlement {
            tell: true,
            tell_lease: Some(RUN),
            ..samples::sent(id, RUN, &link(), stores.now(), &["a1"])
        })
        .await;
    assert!(stores.handoffs(10, RUN_B).await.is_empty());
    assert!(stores.handoffs(10, RUN).await.is_empty());
    let later = ports::driven::HandoffOutcome::Again {
        due_at: stores.now(),
        error: "refused".to_owned(),
        counts: true,
    };
    stores
        .handoffs
        .settle(vec![(HandoffKey { subject: 1, event: State::Sent.code() }, later)], RUN)
        .await
        .expect("written");
    assert_eq!(stores.handoffs(10, RUN_B).await.len(), 1);
}

/// Nobody to tell, nothing stored; nobody told, nothing stored.
pub async fn telling_nobody(stores: &Stores) {
    let id = stores.held(1, |_| {}).await;
    stores.settle(Settlement { tell: true, ..samples::sent(id, RUN, &link(), stores.now(), &["a1"]) }).await;
    let id = stores.held(2, |m| m.callback = json("crm.example.se")).await;
    stores.settle(samples::sent(id, RUN, &link(), stores.now(), &["a2"])).await;
    assert!(stores.handoffs(10, RUN).await.is_empty());
}

/// Parts come back exactly: states, operator ids, errors.
pub async fn parts_come_back(stores: &Stores) {
    let id = stores.held(1, |m| m.segments = 3).await;
    let mut parts = samples::sent_parts(&["0x-Ab/9 z", ""]);
    parts.set(3, PartState::Failed, "", "smpp-0x00000045");
    stores
        .settle(Settlement {
            parts: parts.clone(),
            ..samples::settlement(id, RUN, &link(), stores.now(), Outcome::Expired)
        })
        .await;
    assert_eq!(stores.record(id).await.parts, parts);
}
