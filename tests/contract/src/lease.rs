//! `Dispatch::lease` and `Dispatch::backlog`: who gets what, in which order, and never twice.

use crate::stores::{LINK, OTHER_LINK, RUN, RUN_B, Stores, ids, link, of, put_back, seconds};
use domain::message::{MessageId, Priority, Quota};
use domain::routing::Tries;
use domain::state::State;
use fakes::samples;
use ports::driven::{LeaseRequest, Outcome, PutOff};
use std::collections::HashSet;
use std::sync::Arc;

/// Within a class by due time, then in the order they were accepted.
pub async fn by_due_time_then_acceptance(stores: &Stores) {
    let now = stores.now();
    for (id, due) in [(1, 30), (2, 10), (3, 20), (4, 10), (5, 0)] {
        stores.queue(id, |m| m.due_at = samples::later(now, seconds(due))).await;
    }
    stores.clock.advance(seconds(60));
    assert_eq!(ids(&stores.lease(3).await), [5, 2, 4]);
    assert_eq!(ids(&stores.lease(3).await), [3, 1]);
}

/// Higher classes come first.
pub async fn higher_classes_first(stores: &Stores) {
    for (id, priority) in
        (1..).zip([Priority::Bulk, Priority::Normal, Priority::Alarm, Priority::High, Priority::Alarm])
    {
        stores.queue(id, of(priority)).await;
    }
    assert_eq!(ids(&stores.lease(3).await), [3, 5, 4]);
    assert_eq!(ids(&stores.lease(3).await), [2, 1]);
}

/// The quota is divided among the classes that wait: the lower ones get their guaranteed places.
pub async fn the_quota_is_divided(stores: &Stores) {
    let mut id = 0;
    for (priority, count) in [(Priority::Bulk, 50), (Priority::Normal, 1), (Priority::Alarm, 50)] {
        for _ in 0..count {
            id += 1;
            stores.queue(id, of(priority)).await;
        }
    }
    let expected = Quota::share(32, 0).divide([50, 1, 0, 50]);
    let taken = stores.lease(32).await;
    let count = |p: Priority| taken.iter().filter(|l| l.message.priority == p).count();
    assert_eq!(
        [count(Priority::Bulk), count(Priority::Normal), count(Priority::High), count(Priority::Alarm)],
        expected
    );
    assert!(
        taken.windows(2).all(|w| matches!(w, [a, b] if a.message.priority >= b.message.priority)),
        "higher classes stand first"
    );
}

/// No room, nothing taken.
pub async fn without_room_nothing(stores: &Stores) {
    stores.queue_many([1]).await;
    assert!(stores.lease(0).await.is_empty());
    assert_eq!(stores.state(MessageId(1)).await, State::Queued);
}

/// Only of the link's own queue.
pub async fn of_its_own_link_only(stores: &Stores) {
    let other = samples::queued(samples::message(1, stores.now()), &samples::link(OTHER_LINK));
    stores.outbox.accept(samples::acceptance(vec![other])).await.expect("accepted");
    assert!(stores.lease(10).await.is_empty());
    assert_eq!(ids(&stores.lease_of(OTHER_LINK, 10, RUN).await), [1]);
}

/// A scheduled message waits for its time.
pub async fn scheduled_waits_for_its_time(stores: &Stores) {
    let due = samples::later(stores.now(), seconds(60));
    let id = stores.queue(1, |m| m.due_at = due).await;
    assert!(stores.lease(10).await.is_empty());
    stores.clock.advance(seconds(59));
    assert!(stores.lease(10).await.is_empty());
    assert_eq!(stores.state(id).await, State::Scheduled);
    stores.clock.advance(seconds(1));
    assert_eq!(ids(&stores.lease(10).await), [1]);
}

/// What has expired is not taken any more.
pub async fn expired_is_not_taken(stores: &Stores) {
    let end = samples::later(stores.now(), seconds(60));
    stores.queue(1, |m| m.expires_at = end).await;
    stores.queue(2, |_| {}).await;
    stores.clock.advance(seconds(61));
    assert_eq!(ids(&stores.lease(10).await), [2]);
}

/// What is leased is `Sending`, comes as it was accepted, and is not leased again.
pub async fn leased_once(stores: &Stores) {
    let id = stores.queue(1, |m| m.reference = Some("r".to_owned())).await;
    let leased = stores.lease(10).await;
    let first = leased.first().expect("one is leased");
    assert_eq!(*first.message, *stores.record(id).await.message);
    assert_eq!(
        (&first.link, first.tries, first.possible_duplicate, first.parts.as_slice()),
        (&link(), Tries::default(), false, &[][..])
    );
    assert_eq!(stores.state(id).await, State::Sending);
    assert!(stores.lease(10).await.is_empty());
    assert!(stores.lease_of(LINK, 10, RUN_B).await.is_empty());
    stores.audit().await;
}

/// A message that was put back comes with what is to be remembered.
pub async fn comes_back_with_what_was_remembered(stores: &Stores) {
    let id = stores.held(1, |m| m.segments = 2).await;
    let tries = Tries { total: 5, on_link: 2 };
    let outcome = Outcome::PutBack {
        link: samples::link(OTHER_LINK),
        due_at: stores.now(),
        tries,
        error: "busy".to_owned(),
        deadlines: Vec::new(),
    };
    let mut settlement = samples::sent(id, RUN, &link(), stores.now(), &["a1"]);
    settlement.outcome = outcome;
    settlement.possible_duplicate = true;
    stores.settle(settlement.clone()).await;
    assert!(stores.lease(10).await.is_empty(), "it is on the other link now");
    let leased = stores.lease_of(OTHER_LINK, 10, RUN).await;
    let back = leased.first().expect("it is leased again");
    assert_eq!((back.tries, back.possible_duplicate, &back.parts), (tries, true, &settlement.parts));
    assert_eq!(back.link, samples::link(OTHER_LINK));
}

/// A message that was put back waits until it is due, and stands in the queue by that time.
pub async fn put_back_stands_by_its_new_time(stores: &Stores) {
    let id = stores.held(1, |_| {}).await;
    stores.end(id, put_back(LINK, samples::later(stores.now(), seconds(30)))).await;
    stores.clock.advance(seconds(10));
    stores.queue(2, |_| {}).await;
    assert_eq!(ids(&stores.lease(10).await), [2]);
    stores.clock.advance(seconds(20));
    stores.queue(3, |m| m.due_at = m.accepted_at).await;
    stores.clock.advance(seconds(1));
    assert_eq!(ids(&stores.lease(10).await), [1, 3]);
}

/// What stands at a place or before it is left out, in each class for itself; a message comes with its own place.
pub async fn behind_a_place_of_each_class(stores: &Stores) {
    let start = stores.now();
    for (id, due, priority) in [
        (1, 0, Priority::Normal),
        (2, 10, Priority::Normal),
        (3, 10, Priority::Normal),
        (4, 10, Priority::Normal),
        (5, 20, Priority::Normal),
        (6, 0, Priority::Alarm),
        (7, 5, Priority::Alarm),
        (8, 0, Priority::Bulk),
    ] {
        let change = |m: &mut domain::message::Message| {
            m.priority = priority;
            m.due_at = samples::later(start, seconds(due));
        };
        stores.queue(id, change).await;
    }
    stores.clock.advance(seconds(60));
    let place = |due, id| Some((samples::later(start, seconds(due)), MessageId(id)));
    let request = LeaseRequest {
        link: link(),
        quota: Quota::share(100, 0),
        now: stores.now(),
        lease: RUN,
        behind: [None, place(10, 3), None, place(0, i64::MAX)],
    };
    let leased = stores.dispatch.lease(request).await.expect("leased");
    assert_eq!(ids(&leased), [7, 4, 5, 8]);
    let due: Vec<_> = leased.iter().map(|l| l.due_at).collect();
    assert_eq!(due, [5, 10, 20, 0].map(|n| samples::later(start, seconds(n))));
    assert_eq!(ids(&stores.lease(100).await), [6, 1, 2, 3], "and they are still there");
}

/// What a clock that was ahead put off is due in its old place again, or now if it was accepted ahead of it; a time that was asked for stays.
pub async fn what_was_put_off_gets_its_place_back(stores: &Stores) {
    let right = stores.now();
    let before = stores.held(1, |_| {}).await;
    let asked = stores.held(2, |m| m.accepted_at = samples::earlier(right, seconds(60))).await;
    let hour = seconds(3_600);
    let put_off = samples::later(right, hour + seconds(300));
    for id in [before, asked] {
        stores.end(id, put_back(LINK, put_off)).await;
    }
    stores.clock.advance(hour);
    // Its validity is shorter than the clock was wrong.
    stores.queue(3, |m| m.expires_at = samples::later(m.accepted_at, seconds(600))).await;
    stores.queue(4, |m| m.due_at = samples::later(m.accepted_at, seconds(1_200))).await;
    let ahead = stores.now();
    stores.queue(5, |m| m.due_at = samples::later(ahead, seconds(7_200))).await;
    let other = samples::queued(samples::message(6, ahead), &samples::link(OTHER_LINK));
    stores.outbox.accept(samples::acceptance(vec![other])).await.expect("accepted");

    let now = samples::later(right, seconds(5));
    stores.clock.set(now);
    stores.queue(7, |_| {}).await;
    let until = samples::later(ahead, seconds(3_600));
    let put_off = PutOff { link: link(), after: now, until, now };
    assert_eq!(stores.dispatch.pull_back(put_off.clone(), 100).await, Ok(3));
    assert_eq!(stores.dispatch.pull_back(put_off, 100).await, Ok(0), "it is done");
    assert_eq!(ids(&stores.lease(100).await), [1, 2, 3, 7]);
    assert!(stores.lease_of(OTHER_LINK, 100, RUN).await.is_empty(), "another queue");
    stores.clock.set(samples::later(ahead, seconds(1_200)));
    assert_eq!(ids(&stores.lease(100).await), [4], "at the time that was asked for");
    stores.audit().await;
}

/// The first first, and again until there are none left.
pub async fn places_are_given_back_so_many_at_a_time(stores: &Stores) {
    let right = stores.now();
    stores.clock.advance(seconds(3_600));
    stores.queue_many(1..=7).await;
    let until = stores.now();
    stores.clock.set(right);
    let put_off = PutOff { link: link(), after: right, until, now: right };
    let mut counts = Vec::new();
    for _ in 0..4 {
        counts.push(stores.dispatch.pull_back(put_off.clone(), 3).await.expect("pulled back"));
    }
    assert_eq!(counts, [3, 3, 1, 0]);
    assert_eq!(ids(&stores.lease(100).await), [1, 2, 3, 4, 5, 6, 7]);
}

/// Two callers never get the same message, however many ask at once.
pub async fn never_twice_at_once(stores: &Stores) {
    stores.queue_many(1..=300).await;
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let (dispatch, now) = (Arc::clone(&stores.dispatch), stores.now());
            tokio::spawn(async move {
                let mut got = Vec::new();
                for _ in 0..200 {
                    let lease = if n % 2 == 0 { RUN } else { RUN_B };
                    let (quota, behind) = (Quota::share(7, 0), Default::default());
                    let request = LeaseRequest { link: link(), quota, now, lease, behind };
                    let taken = ids(&dispatch.lease(request).await.expect("leased"));
                    if taken.is_empty() && got.len() > 1 {
                        break;
                    }
                    got.extend(taken);
                }
                got
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.expect("no panic"));
    }
    all.extend(ids(&stores.lease(300).await));
    assert_eq!(all.len(), 300, "each is taken");
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), 300, "and only once");
    stores.audit().await;
}

/// The backlog is what is due and waits, by link and class, with the oldest.
pub async fn the_backlog_is_what_is_due(stores: &Stores) {
    let start = stores.now();
    assert!(stores.dispatch.backlog(start).await.expect("read").is_empty());
    stores.queue(1, of(Priority::Alarm)).await;
    stores.clock.advance(seconds(5));
    stores.queue(2, of(Priority::Bulk)).await;
    stores.queue(3, of(Priority::Bulk)).await;
    let now = stores.now();
    stores.queue(4, |m| m.due_at = samples::later(now, seconds(60))).await;
    let other = samples::queued(samples::message(5, now), &samples::link(OTHER_LINK));
    stores.outbox.accept(samples::acceptance(vec![other])).await.expect("accepted");
    let mut backlog = stores.dispatch.backlog(now).await.expect("read");
    backlog.sort_by(|a, b| a.link.cmp(&b.link));
    let seen: Vec<_> = backlog.iter().map(|b| (b.link.as_str(), b.waiting, b.oldest_due_at)).collect();
    assert_eq!(seen, [(LINK, [2, 0, 0, 1], Some(start)), (OTHER_LINK, [0, 1, 0, 0], Some(now))]);
    assert_eq!(stores.lease(10).await.len(), 3);
    let backlog = stores.dispatch.backlog(now).await.expect("read");
    let waiting: usize = backlog.iter().filter(|b| b.link == link()).flat_map(|b| b.waiting).sum();
    assert_eq!(waiting, 0, "what is leased does not wait");
}
