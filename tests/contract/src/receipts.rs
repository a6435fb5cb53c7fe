//! `Receipts::apply`: which message, which part, which state, whatever the spelling and the order.

use crate::stores::{LINK, OTHER_LINK, RUN, RUN_B, Stores, json, link, seconds};
use domain::message::{Callback, DlrMask, MessageId, PartState};
use domain::receipt::{Receipt, Spelling, Verdict};
use domain::state::State;
use fakes::samples;
use ports::driven::{Applied, Content, HandoffKey};
use std::sync::Arc;

fn changed(applied: &Applied) -> Option<(i64, Option<State>)> {
    match applied {
        Applied::Changed { id, state, .. } => Some((id.0, *state)),
        Applied::Nothing | Applied::Parked => None,
    }
}

/// One part: each verdict brings its end, with time and the operator's error.
pub async fn each_verdict_brings_its_end(stores: &Stores) {
    let ends = [
        (Verdict::Delivered, State::Delivered),
        (Verdict::Failed, State::Failed),
        (Verdict::Expired, State::Expired),
        (Verdict::Unknown, State::Unknown),
    ];
    for (id, (verdict, state)) in (1..).zip(ends) {
        let id = stores.sent(id, &[&format!("a{id}")], |_| {}).await;
        stores.clock.advance(seconds(5));
        let mut receipt = samples::receipt(&link(), &format!("a{id}"), verdict);
        "012".clone_into(&mut receipt.error);
        assert_eq!(changed(&stores.receive(receipt).await), Some((id.0, Some(state))));
        let record = stores.record(id).await;
        assert_eq!((record.state, record.final_at), (state, Some(stores.now())));
        assert_eq!(record.parts.as_slice().first().map(|p| p.error.as_str()), Some("012"));
    }
    stores.audit().await;
}

/// A message is delivered when its last part is, whatever the order.
pub async fn parts_in_any_order(stores: &Stores) {
    for (n, order) in (1..).zip([[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]]) {
        let name = |part: i32| format!("m{n}p{part}");
        let id = stores.sent(n, &[&name(1), &name(2), &name(3)], |_| {}).await;
        for (count, part) in (1..).zip(order) {
            let applied = stores.receipt(&name(part), Verdict::Delivered).await;
            let end = (count == 3).then_some(State::Delivered);
            assert_eq!(changed(&applied), Some((n, end)), "{order:?}");
        }
        assert_eq!(stores.state(id).await, State::Delivered);
    }
}

/// One part that fails, and the message has failed once all are known.
pub async fn one_part_fails(stores: &Stores) {
    let id = stores.sent(1, &["a1", "a2"], |_| {}).await;
    stores.receipt("a1", Verdict::Failed).await;
    assert_eq!(stores.state(id).await, State::Sent);
    stores.receipt("a2", Verdict::Delivered).await;
    assert_eq!(stores.state(id).await, State::Failed);
}

/// One that is pending decides nothing.
pub async fn pending_decides_nothing(stores: &Stores) {
    let id = stores.sent(1, &["a1"], |_| {}).await;
    assert!(matches!(stores.receipt("a1", Verdict::Pending).await, Applied::Nothing));
    assert_eq!(stores.state(id).await, State::Sent);
    stores.receipt("a1", Verdict::Delivered).await;
    assert_eq!(stores.state(id).await, State::Delivered);
}

/// A duplicate changes nothing and tells nobody again; nor does one that contradicts the end.
pub async fn twice_and_after_the_end(stores: &Stores) {
    let id = stores.sent(1, &["a1"], |m| m.callback = json("crm.example.se")).await;
    stores.receipt("a1", Verdict::Delivered).await;
    let before = stores.record(id).await;
    stores.clock.advance(seconds(5));
    for verdict in [Verdict::Delivered, Verdict::Failed, Verdict::Unknown, Verdict::Pending] {
        assert_eq!(changed(&stores.receipt("a1", verdict).await), None, "{verdict:?}");
    }
    assert_eq!(stores.record(id).await, before);
    assert_eq!(stores.handoffs(10, RUN).await.len(), 1);
}

/// The same receipt twice in one call is applied once.
pub async fn twice_in_one_call(stores: &Stores) {
    let id = stores.sent(1, &["a1"], |m| m.callback = json("crm.example.se")).await;
    let receipt = samples::receipt(&link(), "a1", Verdict::Delivered);
    let applied =
        stores.receipts.apply(vec![receipt.clone(), receipt], None, stores.now()).await.expect("applied");
    assert_eq!(applied.iter().map(changed).collect::<Vec<_>>(), [Some((1, Some(State::Delivered))), None]);
    assert_eq!(stores.state(id).await, State::Delivered);
    assert_eq!(stores.handoffs(10, RUN).await.len(), 1);
}

/// As many answers as receipts, in their order.
pub async fn answers_in_order(stores: &Stores) {
    stores.sent(1, &["a1"], |_| {}).await;
    stores.sent(2, &["b1", "b2"], |_| {}).await;
    let receipts = [
        ("b2", Verdict::Delivered),
        ("zz-1", Verdict::Delivered),
        ("a1", Verdict::Failed),
        ("b1", Verdict::Pending),
        ("b1", Verdict::Delivered),
    ];
    let receipts = receipts.map(|(id, verdict)| samples::receipt(&link(), id, verdict)).to_vec();
    let applied = stores.receipts.apply(receipts, None, stores.now()).await.expect("applied");
    let seen: Vec<_> = applied.iter().map(changed).collect();
    assert_eq!(
        seen,
        [Some((2, None)), None, Some((1, Some(State::Failed))), None, Some((2, Some(State::Delivered)))]
    );
    assert!(matches!(applied.get(1), Some(Applied::Parked)), "nobody has that id");
}

/// Hexadecimal and decimal, zeros, case, white space and NUL: one id.
pub async fn every_spelling_of_an_id(stores: &Stores) {
    let spellings = [
        ("38601fa", "0059113978"),
        ("59113979", "38601fb"),
        ("00A0C1", "a0c1"),
        ("77", "00000077"),
        ("b-7F", "B-7f"),
        ("c9d", " c9d\0"),
        ("0000", "0"),
    ];
    for (id, (reply, receipt)) in (1..).zip(spellings) {
        let id = stores.sent(id, &[reply], |_| {}).await;
        stores.receipt(receipt, Verdict::Delivered).await;
        assert_eq!(stores.state(id).await, State::Delivered, "{reply} {receipt:?}");
    }
}

/// The exact spelling goes before a converted one.
pub async fn the_exact_spelling_first(stores: &Stores) {
    let converted = stores.sent(1, &["16"], |_| {}).await;
    let exact = stores.sent(2, &["10"], |_| {}).await;
    stores.receipt("10", Verdict::Delivered).await;
    assert_eq!((stores.state(converted).await, stores.state(exact).await), (State::Sent, State::Delivered));
}

/// A match under a converted spelling must agree on the recipient where the receipt names one.
pub async fn a_converted_match_agrees_on_the_recipient(stores: &Stores) {
    let id = stores.sent(1, &["38601fa"], |m| m.recipient = samples::recipient("46701234567")).await;
    let receipt = |to: &str| Receipt {
        recipient: Some(samples::recipient(to)),
        ..samples::receipt(&link(), "59113978", Verdict::Delivered)
    };
    assert!(matches!(stores.receive(receipt("46709999999")).await, Applied::Parked));
    assert_eq!(stores.state(id).await, State::Sent);
    stores.receive(receipt("46701234567")).await;
    assert_eq!(stores.state(id).await, State::Delivered);
}

/// Two messages under ids that both look like the receipt's: the recipient decides.
pub async fn the_recipient_breaks_ties(stores: &Stores) {
    let a = stores.sent(1, &["a"], |m| m.recipient = samples::recipient("46701111111")).await;
    let b = stores.sent(2, &["16"], |m| m.recipient = samples::recipient("46702222222")).await;
    let receipt = Receipt {
        recipient: Some(samples::recipient("46702222222")),
        ..samples::receipt(&link(), "10", Verdict::Delivered)
    };
    stores.receive(receipt).await;
    assert_eq!((stores.state(a).await, stores.state(b).await), (State::Sent, State::Delivered));
}

/// Two messages under the very same id (the operator began again): the recipient decides.
pub async fn the_same_id_twice(stores: &Stores) {
    let a = stores.sent(1, &["77"], |m| m.recipient = samples::recipient("46701111111")).await;
    let b = stores.sent(2, &["77"], |m| m.recipient = samples::recipient("46702222222")).await;
    let receipt = |to: &str| Receipt {
        recipient: Some(samples::recipient(to)),
        ..samples::receipt(&link(), "77", Verdict::Delivered)
    };
    stores.receive(receipt("46701111111")).await;
    assert_eq!((stores.state(a).await, stores.state(b).await), (State::Delivered, State::Sent));
    stores.receive(receipt("46702222222")).await;
    assert_eq!(stores.state(b).await, State::Delivered);
}

/// One id for all recipients of a request: each receipt is only about whom it names, also when it comes again.
pub async fn one_id_for_several_recipients(stores: &Stores) {
    let phones = ["46701111111", "46702222222", "46703333333"];
    for (n, phone) in (1..).zip(phones) {
        stores.sent(n, &["batch-1"], |m| m.recipient = samples::recipient(phone)).await;
    }
    let [a, b, c] = phones.map(|phone| {
        move |verdict| Receipt {
            recipient: Some(samples::recipient(phone)),
            ..samples::receipt(&link(), "batch-1", verdict)
        }
    });
    let states = async || {
        let [a, b, c] = [1, 2, 3].map(MessageId);
        [stores.state(a).await, stores.state(b).await, stores.state(c).await]
    };
    // Twice in one call, and then again and again.
    let twice = vec![a(Verdict::Delivered), a(Verdict::Delivered)];
    let applied = stores.receipts.apply(twice, None, stores.now()).await.expect("applied");
    assert_eq!(applied.iter().map(changed).collect::<Vec<_>>(), [Some((1, Some(State::Delivered))), None]);
    for verdict in [Verdict::Delivered, Verdict::Failed] {
        assert_eq!(changed(&stores.receive(a(verdict)).await), None, "{verdict:?}");
    }
    assert_eq!(states().await, [State::Delivered, State::Sent, State::Sent]);
    stores.receive(c(Verdict::Failed)).await;
    assert_eq!(states().await, [State::Delivered, State::Sent, State::Failed]);
    // Only one is left, and nothing of it but the ended ones' receipts.
    for again in [a(Verdict::Delivered), c(Verdict::Failed), c(Verdict::Delivered)] {
        assert_eq!(changed(&stores.receive(again).await), None);
    }
    assert_eq!(states().await, [State::Delivered, State::Sent, State::Failed]);
    stores.receive(b(Verdict::Delivered)).await;
    assert_eq!(states().await, [State::Delivered, State::Delivered, State::Failed]);
    stores.audit().await;
}

/// One of several under one id, whose number the operator writes in the national way.
pub async fn one_id_and_a_national_number(stores: &Stores) {
    for (n, phone) in [(1, "46701111111"), (2, "46702222222")] {
        stores.sent(n, &["batch-1"], |m| m.recipient = samples::recipient(phone)).await;
    }
    let receipt = Receipt {
        recipient: Some(samples::recipient("701111111")),
        ..samples::receipt(&link(), "batch-1", Verdict::Delivered)
    };
    for _ in 0..2 {
        stores.receive(receipt.clone()).await;
        let states = (stores.state(MessageId(1)).await, stores.state(MessageId(2)).await);
        assert_eq!(states, (State::Delivered, State::Sent));
    }
}

/// An id that one message alone has is enough: there are operators whose receipts name the sender.
pub async fn an_id_of_one_needs_no_recipient(stores: &Stores) {
    let id = stores.sent(1, &["77"], |m| m.recipient = samples::recipient("46701111111")).await;
    let receipt = Receipt {
        recipient: Some(samples::recipient("71234")),
        ..samples::receipt(&link(), "77", Verdict::Delivered)
    };
    stores.receive(receipt).await;
    assert_eq!(stores.state(id).await, State::Delivered);
}

/// The parts of a long message under one id (UCP names them by recipient and second), and their receipts all at once.
pub async fn three_parts_under_one_id(stores: &Stores) {
    let id = stores.sent(1, &["77", "77", "77"], |_| {}).await;
    let receipt = || Receipt {
        recipient: Some(samples::recipient("46701234567")),
        ..samples::receipt(&link(), "77", Verdict::Delivered)
    };
    let three = vec![receipt(), receipt(), receipt()];
    stores.receipts.apply(three, None, stores.now()).await.expect("applied");
    let record = stores.record(id).await;
    assert_eq!(record.state, State::Delivered, "{:?}", record.parts);
}

/// Two links of one account: the operator sends a receipt over either, before its reply too. Only under whom it names.
pub async fn over_another_link_of_the_account(stores: &Stores) {
    let (own, other) = (link(), samples::link(OTHER_LINK));
    stores.receipts.one_account(vec![(own.clone(), vec![other.clone()]), (other.clone(), vec![own])]);
    let receipt = |id: &str, to: &str| Receipt {
        recipient: Some(samples::recipient(to)),
        ..samples::receipt(&other, id, Verdict::Delivered)
    };
    let id = stores.sent(1, &["a1"], |m| m.recipient = samples::recipient("46701111111")).await;
    assert!(matches!(stores.receive(receipt("a1", "46702222222")).await, Applied::Parked));
    assert_eq!(
        changed(&stores.receive(receipt("a1", "46701111111")).await),
        Some((1, Some(State::Delivered)))
    );
    assert_eq!(changed(&stores.receive(receipt("a1", "46701111111")).await), None, "it came again");
    stores.receive(receipt("a2", "46703333333")).await;
    let early = stores.sent(2, &["a2"], |m| m.recipient = samples::recipient("46703333333")).await;
    assert_eq!((stores.state(id).await, stores.state(early).await), (State::Delivered, State::Delivered));
    stores.audit().await;
}

/// Ids are of their link.
pub async fn ids_are_of_their_link(stores: &Stores) {
    let id = stores.sent(1, &["a1"], |_| {}).await;
    let stranger = samples::receipt(&samples::link(OTHER_LINK), "a1", Verdict::Delivered);
    assert!(matches!(stores.receive(stranger).await, Applied::Parked));
    assert_eq!((stores.state(id).await, LINK), (State::Sent, "TS0"));
}

/// The sender is told of the states he asked for, and of no other.
pub async fn told_what_was_asked_for(stores: &Stores) {
    let mail = Some(Callback::Mail { address: "a@example.se".to_owned() });
    let delivered_only = Some(Callback::Kannel { url: "http://k/".to_owned(), mask: DlrMask(1) });
    let cases = [
        (json("h"), Verdict::Delivered, true),
        (json("h"), Verdict::Failed, true),
        (mail.clone(), Verdict::Delivered, false),
        (mail, Verdict::Failed, true),
        (delivered_only.clone(), Verdict::Delivered, true),
        (delivered_only, Verdict::Expired, false),
        (None, Verdict::Delivered, false),
    ];
    for (n, (callback, verdict, told)) in (1..).zip(cases) {
        let name = format!("q{n}-z");
        stores.sent(n, &[&name], |m| m.callback = callback).await;
        let applied = stores.receipt(&name, verdict).await;
        assert!(
            matches!(&applied, Applied::Changed { tell, .. } if tell.is_some() == told),
            "case {n}: {applied:?}"
        );
        assert_eq!(stores.handoffs(10, RUN).await.len(), usize::from(told), "case {n}");
    }
}

/// The handoff carries the message as the receipt left it; held by the run that asked, it is nobody else's.
pub async fn told_directly(stores: &Stores) {
    let id = stores.sent(1, &["a1"], |m| m.callback = json("crm.example.se")).await;
    let receipt = samples::receipt(&link(), "a1", Verdict::Delivered);
    let mut applied = stores.receipts.apply(vec![receipt], Some(RUN), stores.now()).await.expect("applied");
    let Some(Applied::Changed { tell: Some(handoff), .. }) = applied.pop() else {
        unreachable!("the sender is told")
    };
    assert_eq!(handoff.key, HandoffKey { subject: 1, event: State::Delivered.code() });
    let Content::State { record, .. } = &handoff.content else { unreachable!("it is about a state") };
    assert_eq!(**record, stores.record(id).await);
    assert_eq!(record.state, State::Delivered);
    assert!(stores.handoffs(10, RUN_B).await.is_empty());
    stores
        .handoffs
        .settle(vec![(handoff.key, ports::driven::HandoffOutcome::Done)], RUN)
        .await
        .expect("written");
    assert!(stores.handoffs(10, RUN_B).await.is_empty());
}

/// A receipt keeps the operator's id of its part.
pub async fn the_parts_keep_their_ids(stores: &Stores) {
    let id = stores.sent(1, &["00Ab", "00Ac"], |_| {}).await;
    stores.receipt("ac", Verdict::Delivered).await;
    let record = stores.record(id).await;
    let parts: Vec<_> =
        record.parts.as_slice().iter().map(|p| (p.seq, p.state, p.operator_id.as_str())).collect();
    assert_eq!(parts, [(1, PartState::Sent, "00Ab"), (2, PartState::Delivered, "00Ac")]);
}

/// Many callers at once: each receipt lands.
pub async fn many_at_once(stores: &Stores) {
    stores.queue_many(1..=100).await;
    assert_eq!(stores.lease(100).await.len(), 100);
    let settlements = (1..=100)
        .map(|id| samples::sent(MessageId(id), RUN, &link(), stores.now(), &[&format!("r-{id}")]))
        .collect();
    stores.dispatch.settle(settlements).await.expect("written");
    let tasks: Vec<_> = (1..=100)
        .map(|id| {
            let (receipts, now) = (Arc::clone(&stores.receipts), stores.now());
            let receipt = samples::receipt(&link(), &format!("R-{id}"), Verdict::Delivered);
            tokio::spawn(async move { receipts.apply(vec![receipt], None, now).await })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic").expect("applied");
    }
    for id in 1..=100 {
        assert_eq!(stores.state(MessageId(id)).await, State::Delivered);
    }
    stores.audit().await;
}

/// An operator whose receipts have been decimal for a while is believed: a number is not taken for the hexadecimal id that looks like it.
pub async fn a_learned_spelling_comes_first(stores: &Stores) {
    for (n, (reply, receipt)) in (1..).zip([("1f", "31"), ("2a", "42"), ("3b", "59")]) {
        let id = stores.sent(n, &[reply], |_| {}).await;
        let applied = stores.receipt(receipt, Verdict::Delivered).await;
        let learned = (n == 3).then_some(Spelling::Decimal);
        assert!(matches!(applied, Applied::Changed { spelling, .. } if spelling == learned), "{applied:?}");
        assert_eq!(stores.state(id).await, State::Delivered);
    }
    let looks_alike = stores.sent(4, &["777"], |_| {}).await;
    let meant = stores.sent(5, &["309"], |_| {}).await;
    stores.receipt("777", Verdict::Delivered).await;
    assert_eq!((stores.state(looks_alike).await, stores.state(meant).await), (State::Sent, State::Delivered));
}
