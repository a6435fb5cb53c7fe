//! Receipts that come before their time, after it, or never.

use crate::stores::{LINK, RUN, RUN_B, Stores, json, link, minutes, put_back, seconds};
use domain::message::MessageId;
use domain::receipt::{Receipt, Verdict};
use domain::state::State;
use fakes::samples;
use ports::driven::{Applied, Content, Settlement};

/// A receipt that came before its reply is applied with the settlement, and the sender is told.
pub async fn before_the_reply(stores: &Stores) {
    let id = stores.held(1, |m| m.callback = json("crm.example.se")).await;
    assert!(matches!(stores.receipt("0A1", Verdict::Delivered).await, Applied::Parked));
    assert_eq!(stores.state(id).await, State::Sending);
    stores.settle(samples::sent(id, RUN, &link(), stores.now(), &["a1"])).await;
    let record = stores.record(id).await;
    assert_eq!((record.state, record.sent_at), (State::Delivered, Some(stores.now())));
    let told: Vec<_> = stores.handoffs(10, RUN_B).await.iter().map(|h| h.key.event).collect();
    assert_eq!(told, [State::Delivered.code()]);
    stores.audit().await;
}

/// All spellings hold for early receipts too, and the recipient is looked at.
pub async fn before_the_reply_in_another_spelling(stores: &Stores) {
    let receipt = |to: &str| Receipt {
        recipient: Some(samples::recipient(to)),
        ..samples::receipt(&link(), "59113978", Verdict::Delivered)
    };
    stores.receive(receipt("46709999999")).await;
    let id = stores.sent(1, &["38601fa"], |m| m.recipient = samples::recipient("46701234567")).await;
    assert_eq!(stores.state(id).await, State::Sent, "that one was about another");
    stores.receive(receipt("46702222222")).await;
    let id = stores.sent(2, &["38601fa"], |m| m.recipient = samples::recipient("46702222222")).await;
    assert_eq!(stores.state(id).await, State::Delivered);
}

/// Some parts early, some late.
pub async fn some_parts_before_the_reply(stores: &Stores) {
    let id = stores.held(1, |m| m.segments = 3).await;
    stores.receipt("a2", Verdict::Delivered).await;
    stores.receipt("a1", Verdict::Delivered).await;
    stores.settle(samples::sent(id, RUN, &link(), stores.now(), &["a1", "a2", "a3"])).await;
    assert_eq!(stores.state(id).await, State::Sent);
    stores.receipt("a3", Verdict::Delivered).await;
    assert_eq!(stores.state(id).await, State::Delivered);
}

/// An early receipt is used once: a later message with the same id does not get it.
pub async fn an_early_receipt_is_used_once(stores: &Stores) {
    stores.receipt("a1", Verdict::Delivered).await;
    let first = stores.sent(1, &["a1"], |_| {}).await;
    let second = stores.sent(2, &["a1"], |_| {}).await;
    assert_eq!((stores.state(first).await, stores.state(second).await), (State::Delivered, State::Sent));
}

/// An early receipt stays where it is when a stranger settles.
pub async fn a_stranger_does_not_use_it_up(stores: &Stores) {
    let id = stores.held(1, |_| {}).await;
    stores.receipt("a1", Verdict::Delivered).await;
    stores.settle(samples::sent(id, RUN_B, &link(), stores.now(), &["a1"])).await;
    assert_eq!(stores.state(id).await, State::Sending);
    stores.settle(samples::sent(id, RUN, &link(), stores.now(), &["a1"])).await;
    assert_eq!(stores.state(id).await, State::Delivered);
}

/// A part that was accepted before its message was put back: its receipt is kept through the rest.
pub async fn for_a_part_of_a_message_put_back(stores: &Stores) {
    let id = stores.held(1, |m| m.segments = 2).await;
    let half = Settlement {
        outcome: put_back(LINK, stores.now()),
        ..samples::sent(id, RUN, &link(), stores.now(), &["a1"])
    };
    stores.settle(half).await;
    assert_eq!(stores.lease(10).await.len(), 1, "it is on its way again with the old parts");
    stores.receipt("a1", Verdict::Delivered).await;
    let mut rest = samples::sent(id, RUN, &link(), stores.now(), &["a1", "a2"]);
    rest.awaiting.retain(|(seq, _)| *seq == 2);
    stores.settle(rest).await;
    assert_eq!(stores.state(id).await, State::Sent);
    stores.receipt("a2", Verdict::Delivered).await;
    assert_eq!(stores.state(id).await, State::Delivered, "the first part was delivered all along");
}

/// A message in doubt that waits to be sent again is delivered by the receipt of its first turn, and not sent again.
pub async fn in_time_to_stop_a_resend(stores: &Stores) {
    let id = stores.held(1, |_| {}).await;
    let due = samples::later(stores.now(), seconds(30));
    stores
        .settle(Settlement {
            outcome: put_back(LINK, due),
            ..samples::sent(id, RUN, &link(), stores.now(), &["a1"])
        })
        .await;
    stores.receipt("a1", Verdict::Delivered).await;
    assert_eq!(stores.state(id).await, State::Delivered);
    stores.clock.advance(minutes(1));
    assert!(stores.lease(10).await.is_empty());
    stores.audit().await;
}

/// The operator gave one of two parts no id: nobody will say what became of it, and the message has its end with the other's receipt.
pub async fn beside_a_part_without_an_id(stores: &Stores) {
    let unnamed = |id, ids: &[&str]| {
        let mut sent = samples::sent(id, RUN, &link(), stores.now(), ids);
        sent.awaiting.retain(|(_, key)| !key.is_empty());
        sent
    };
    let two_parts = |m: &mut domain::message::Message| {
        m.segments = 2;
        m.callback = json("crm.example.se");
    };
    let late = stores.held(1, two_parts).await;
    stores.settle(unnamed(late, &["a1", ""])).await;
    stores.receipt("a1", Verdict::Delivered).await;
    assert_eq!(stores.state(late).await, State::Unknown);
    // Its receipt came while the other waited for its turn.
    let early = stores.held(2, two_parts).await;
    let half = Settlement { outcome: put_back(LINK, stores.now()), ..unnamed(early, &["b1"]) };
    stores.settle(half).await;
    stores.receipt("b1", Verdict::Delivered).await;
    assert_eq!(stores.lease(10).await.len(), 1);
    let mut rest = unnamed(early, &["b1", ""]);
    rest.awaiting.clear();
    stores.settle(rest).await;
    assert_eq!(stores.state(early).await, State::Unknown);
    let told = stores.handoffs(10, RUN).await;
    assert_eq!(told.iter().map(|h| h.key.event).collect::<Vec<_>>(), [State::Unknown.code(); 2]);
    stores.audit().await;
}

/// No receipt in time: unknown, told, and ended; not a moment before.
pub async fn never(stores: &Stores) {
    let id = stores.held(1, |m| m.callback = json("crm.example.se")).await;
    let until = samples::later(stores.now(), minutes(60));
    stores
        .settle(Settlement {
            awaiting_until: until,
            ..samples::sent(id, RUN, &link(), stores.now(), &["a1"])
        })
        .await;
    stores.clock.advance(minutes(59));
    assert_eq!(stores.receipts.give_up(stores.now(), 100).await, Ok(0));
    assert_eq!(stores.state(id).await, State::Sent);
    stores.clock.advance(minutes(2));
    assert_eq!(stores.receipts.give_up(stores.now(), 100).await, Ok(1));
    assert_eq!(stores.receipts.give_up(stores.now(), 100).await, Ok(0));
    let record = stores.record(id).await;
    assert_eq!((record.state, record.final_at), (State::Unknown, Some(stores.now())));
    let told = stores.handoffs(10, RUN).await;
    assert_eq!(told.iter().map(|h| h.key.event).collect::<Vec<_>>(), [State::Unknown.code()]);
    stores.audit().await;
}

/// Unknown is mended by a receipt that comes after all, and the sender is told of that too.
pub async fn after_it_was_given_up(stores: &Stores) {
    let one = stores.sent(1, &["a1"], |m| m.callback = json("crm.example.se")).await;
    let two = stores.sent(2, &["b1", "b2"], |_| {}).await;
    stores.receipt("b1", Verdict::Delivered).await;
    stores.clock.advance(minutes(72 * 60 + 1));
    assert_eq!(stores.receipts.give_up(stores.now(), 100).await, Ok(2));
    assert_eq!((stores.state(one).await, stores.state(two).await), (State::Unknown, State::Unknown));
    assert_eq!(stores.handoffs(10, RUN).await.len(), 1);
    stores.clock.advance(minutes(5));
    stores.receipt("a1", Verdict::Delivered).await;
    stores.receipt("b2", Verdict::Failed).await;
    assert_eq!((stores.state(one).await, stores.state(two).await), (State::Delivered, State::Failed));
    let told = stores.handoffs(10, RUN).await;
    assert!(
        matches!(told.first().map(|h| &h.content), Some(Content::State { record, .. }) if record.state == State::Delivered)
    );
    stores.audit().await;
}

/// The operator says it does not know, and later it does.
pub async fn after_the_operator_did_not_know(stores: &Stores) {
    let id = stores.sent(1, &["a1"], |_| {}).await;
    stores.receipt("a1", Verdict::Unknown).await;
    assert_eq!(stores.state(id).await, State::Unknown);
    stores.receipt("a1", Verdict::Delivered).await;
    assert_eq!(stores.state(id).await, State::Delivered);
}

/// The operator did not know of one part while the other was on its way, and later it does.
pub async fn after_the_operator_did_not_know_of_a_part(stores: &Stores) {
    let id = stores.sent(1, &["a1", "a2"], |_| {}).await;
    stores.receipt("a1", Verdict::Unknown).await;
    assert_eq!(stores.state(id).await, State::Sent);
    stores.receipt("a1", Verdict::Delivered).await;
    stores.receipt("a1", Verdict::Failed).await;
    stores.receipt("a2", Verdict::Delivered).await;
    assert_eq!(stores.state(id).await, State::Delivered);
}

/// What has its end already is not given up, and giving up has a limit.
pub async fn giving_up_has_a_limit(stores: &Stores) {
    for n in 1..=5 {
        stores.sent(n, &[&format!("x-{n}")], |_| {}).await;
    }
    stores.receipt("x-1", Verdict::Delivered).await;
    stores.clock.advance(minutes(72 * 60 + 1));
    let mut given_up = Vec::new();
    for _ in 0..3 {
        given_up.push(stores.receipts.give_up(stores.now(), 3).await.expect("given up"));
    }
    assert_eq!(given_up, [3, 1, 0]);
    assert_eq!(stores.state(MessageId(1)).await, State::Delivered);
}

/// A message that was put back is not given up: it is sent again first.
pub async fn what_is_put_back_is_not_given_up(stores: &Stores) {
    let id = stores
        .held(1, |m| {
            m.segments = 2;
            m.expires_at = samples::later(m.accepted_at, minutes(6000));
        })
        .await;
    let half = Settlement {
        outcome: put_back(LINK, stores.now()),
        ..samples::sent(id, RUN, &link(), stores.now(), &["a1"])
    };
    stores.settle(half).await;
    stores.clock.advance(minutes(72 * 60 + 1));
    assert_eq!(stores.receipts.give_up(stores.now(), 10).await, Ok(0));
    assert_eq!(stores.state(id).await, State::Queued);
}

/// A parked receipt is dropped after an hour.
pub async fn a_parked_receipt_is_dropped(stores: &Stores) {
    stores.receipt("a1", Verdict::Delivered).await;
    stores.clock.advance(minutes(30));
    stores.receipt("a2", Verdict::Delivered).await;
    stores.clock.advance(minutes(31));
    stores.receipts.give_up(stores.now(), 10).await.expect("given up");
    let old = stores.sent(1, &["a1"], |_| {}).await;
    let young = stores.sent(2, &["a2"], |_| {}).await;
    assert_eq!((stores.state(old).await, stores.state(young).await), (State::Sent, State::Delivered));
}
