//! `Handoffs`: leased by due time, settled by their holder, given up and sent again.

use crate::stores::{RUN, RUN_B, Stores, json, link, minutes, seconds};
use domain::message::Callback;
use domain::receipt::Verdict;
use domain::state::State;
use fakes::samples;
use ports::driven::{Content, Handoff, HandoffKey, HandoffOutcome, MAIL, Settlement};
use std::collections::HashSet;
use std::sync::Arc;

/// A message to tell about: sent now, its sender behind this host.
async fn told(stores: &Stores, id: i64, host: &str) -> HandoffKey {
    let message = stores.held(id, |m| m.callback = json(host)).await;
    stores
        .settle(Settlement {
            tell: true,
            ..samples::sent(message, RUN, &link(), stores.now(), &[&format!("h-{id}")])
        })
        .await;
    HandoffKey { subject: id, event: State::Sent.code() }
}

fn subjects(handoffs: &[Handoff]) -> Vec<i64> {
    handoffs.iter().map(|h| h.key.subject).collect()
}

fn again(due_at: domain::Timestamp, counts: bool) -> HandoffOutcome {
    HandoffOutcome::Again { due_at, error: "refused".to_owned(), counts }
}

async fn settle(stores: &Stores, key: HandoffKey, outcome: HandoffOutcome) {
    stores.handoffs.settle(vec![(key, outcome)], RUN).await.expect("written");
}

/// The oldest due first, and no more than asked for.
pub async fn oldest_due_first(stores: &Stores) {
    for id in [3, 1, 2] {
        told(stores, id, "a").await;
        stores.clock.advance(seconds(1));
    }
    assert_eq!(subjects(&stores.handoffs(2, RUN).await), [3, 1]);
    assert_eq!(subjects(&stores.handoffs(2, RUN).await), [2]);
    assert!(stores.handoffs(0, RUN).await.is_empty());
}

/// Targets that have enough to do are left out, and take no place.
pub async fn busy_targets_are_left_out(stores: &Stores) {
    for id in 1..=40 {
        told(stores, id, "slow").await;
    }
    told(stores, 41, "quick").await;
    let without = ["http://slow".to_owned(), "mail".to_owned()];
    let leased = stores.handoffs.lease(10, &without, RUN, stores.now()).await.expect("leased");
    assert_eq!(subjects(&leased), [41]);
    assert_eq!(stores.handoffs(100, RUN).await.len(), 40);
}

/// All mailboxes are left out by one name; one of them by its own.
pub async fn mailboxes_are_left_out_alone_and_together(stores: &Stores) {
    let mailbox = |address: &str| Some(Callback::Mail { address: address.to_owned() });
    for (id, address) in [(1, "a@example.se"), (2, "B@example.se")] {
        let message = stores.held(id, |m| m.callback = mailbox(address)).await;
        let sent = samples::sent(message, RUN, &link(), stores.now(), &[&format!("h-{id}")]);
        stores.settle(Settlement { tell: true, ..sent }).await;
    }
    told(stores, 3, "quick").await;
    for (without, left) in [(MAIL, vec![3]), ("mailto:b@example.se", vec![1, 3])] {
        let leased = stores.handoffs.lease(10, &[without.to_owned()], RUN, stores.now()).await;
        let leased = leased.expect("leased");
        let mut subjects = subjects(&leased);
        subjects.sort_unstable();
        assert_eq!(subjects, left, "without {without}");
        for handoff in leased {
            settle(stores, handoff.key, again(stores.now(), false)).await;
        }
    }
}

/// What is leased is nobody else's.
pub async fn leased_once(stores: &Stores) {
    told(stores, 1, "a").await;
    assert_eq!(stores.handoffs(10, RUN).await.len(), 1);
    assert!(stores.handoffs(10, RUN).await.is_empty());
    assert!(stores.handoffs(10, RUN_B).await.is_empty());
}

/// However many ask at once.
pub async fn never_twice_at_once(stores: &Stores) {
    for id in 1..=60 {
        told(stores, id, "a").await;
    }
    let tasks: Vec<_> = [RUN, RUN_B, RUN, RUN_B]
        .into_iter()
        .map(|run| {
            let (handoffs, now) = (Arc::clone(&stores.handoffs), stores.now());
            tokio::spawn(async move {
                let mut got = Vec::new();
                for _ in 0..20 {
                    got.extend(subjects(&handoffs.lease(5, &[], run, now).await.expect("leased")));
                }
                got
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.expect("no panic"));
    }
    assert_eq!((all.len(), all.iter().collect::<HashSet<_>>().len()), (60, 60));
}

/// Done is gone.
pub async fn done_is_gone(stores: &Stores) {
    let key = told(stores, 1, "a").await;
    assert_eq!(stores.handoffs(10, RUN).await.len(), 1);
    settle(stores, key, HandoffOutcome::Done).await;
    settle(stores, key, HandoffOutcome::Done).await;
    stores.clock.advance(minutes(60));
    assert!(stores.handoffs(10, RUN).await.is_empty());
    assert!(stores.handoffs.dead(10).await.expect("read").is_empty());
}

/// Again later: under the same name, not before its time, and tries are counted where they count.
pub async fn again_later(stores: &Stores) {
    let key = told(stores, 1, "a").await;
    for (tries, counts) in [(0, true), (1, false), (1, true), (2, true)] {
        let leased = stores.handoffs(10, RUN).await;
        let handoff = leased.first().expect("due");
        assert_eq!((handoff.key, handoff.tries), (key, tries));
        settle(stores, key, again(samples::later(stores.now(), seconds(10)), counts)).await;
        stores.clock.advance(seconds(9));
        assert!(stores.handoffs(10, RUN).await.is_empty());
        stores.clock.advance(seconds(1));
    }
}

/// Only the holder settles; nothing is written by another, or for what nobody holds.
pub async fn only_the_holder_settles(stores: &Stores) {
    let key = told(stores, 1, "a").await;
    settle(stores, key, HandoffOutcome::Done).await;
    assert_eq!(stores.handoffs(10, RUN).await.len(), 1, "nobody held it");
    stores.handoffs.settle(vec![(key, HandoffOutcome::Done)], RUN_B).await.expect("nothing to write");
    settle(stores, key, again(stores.now(), true)).await;
    assert_eq!(stores.handoffs(10, RUN_B).await.len(), 1, "it is still there");
}

/// What a clock that was ahead put off is due now; what is due sooner, or later than that clock ever said, is left alone.
pub async fn put_off_is_pulled_back(stores: &Stores) {
    let later = |n: u64| samples::later(stores.now(), seconds(n));
    let mut keys = Vec::new();
    for id in 1..=3 {
        keys.push(told(stores, id, "a").await);
    }
    assert_eq!(stores.handoffs(10, RUN).await.len(), 3);
    for (key, due_at) in keys.into_iter().zip([later(10), later(60), later(90)]) {
        settle(stores, key, again(due_at, true)).await;
    }
    let pulled = stores.handoffs.pull_back(later(10), later(60), stores.now()).await;
    assert_eq!(pulled, Ok(1));
    assert_eq!(subjects(&stores.handoffs(10, RUN).await), [2]);
}

/// Given up: listed, newest first, with the reason, and not leased any more.
pub async fn given_up_is_listed(stores: &Stores) {
    for id in 1..=3 {
        let key = told(stores, id, "a").await;
        assert_eq!(stores.handoffs(10, RUN).await.len(), 1);
        settle(stores, key, HandoffOutcome::Dead { error: format!("404 nr {id}") }).await;
        stores.clock.advance(seconds(1));
    }
    assert!(stores.handoffs(10, RUN).await.is_empty());
    let dead = stores.handoffs.dead(2).await.expect("read");
    let seen: Vec<_> =
        dead.iter().map(|g| (g.key.subject, g.key.event, g.target.as_str(), g.error.as_str())).collect();
    let sent = State::Sent.code();
    assert_eq!(seen, [(3, sent, "http://a", "404 nr 3"), (2, sent, "http://a", "404 nr 2")]);
}

/// Given-up ones are due again when somebody asks: one of them, or all.
pub async fn given_up_is_sent_again(stores: &Stores) {
    let mut keys = Vec::new();
    for id in 1..=3 {
        let key = told(stores, id, "a").await;
        assert_eq!(stores.handoffs(10, RUN).await.len(), 1);
        settle(stores, key, HandoffOutcome::Dead { error: "gone".to_owned() }).await;
        keys.push(key);
    }
    let second = keys.get(1).copied();
    assert_eq!(stores.handoffs.resend(second, stores.now()).await, Ok(1));
    assert_eq!(stores.handoffs.resend(second, stores.now()).await, Ok(0));
    assert_eq!(subjects(&stores.handoffs(10, RUN).await), [2]);
    assert_eq!(stores.handoffs.resend(None, stores.now()).await, Ok(2));
    assert_eq!(subjects(&stores.handoffs(10, RUN).await).len(), 2);
    assert!(stores.handoffs.dead(10).await.expect("read").is_empty());
}

/// Sent again, it has the patience of a new one, and says when it was made all the same.
pub async fn sent_again_it_is_as_if_it_was_never_tried(stores: &Stores) {
    let made_at = stores.now();
    let key = told(stores, 1, "a").await;
    for _ in 0..2 {
        let leased = stores.handoffs(10, RUN).await;
        assert_eq!(leased.first().map(|h| (h.created_at, h.resent_at)), Some((made_at, None)));
        settle(stores, key, again(stores.now(), true)).await;
    }
    assert_eq!(stores.handoffs(10, RUN).await.len(), 1);
    settle(stores, key, HandoffOutcome::Dead { error: "gone".to_owned() }).await;
    stores.clock.advance(minutes(25 * 60));
    let resent_at = stores.now();
    assert_eq!(stores.handoffs.resend(None, resent_at).await, Ok(1));
    stores.clock.advance(seconds(1));
    for tries in 0..2 {
        let leased = stores.handoffs(10, RUN).await;
        let seen = leased.first().map(|h| (h.key, h.tries, h.created_at, h.resent_at));
        assert_eq!(seen, Some((key, tries, made_at, Some(resent_at))));
        settle(stores, key, again(stores.now(), true)).await;
    }
}

/// A handoff shows the message as it is now, under the event it was made for.
pub async fn the_message_as_it_is_now(stores: &Stores) {
    let key = told(stores, 1, "a").await;
    stores.receipt("h-1", Verdict::Delivered).await;
    let leased = stores.handoffs(10, RUN).await;
    assert_eq!(leased.len(), 2, "one of each event");
    let first = leased.iter().find(|h| h.key == key).expect("the first event");
    assert!(matches!(&first.content, Content::State { record, .. } if record.state == State::Delivered));
}
