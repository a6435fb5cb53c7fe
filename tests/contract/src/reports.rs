//! `Reports`: lists, the audit and retention.

use crate::stores::{RUN, Stores, link, minutes};
use domain::directory::UserName;
use domain::message::{MessageId, MoId};
use domain::mo::Destination;
use domain::receipt::Verdict;
use domain::state::State;
use fakes::samples;
use ports::driven::{Acceptance, Audit, Filter, HandoffKey, HandoffOutcome, NewMoPart, Outcome};

/// Every page of a list, from the newest.
async fn all(stores: &Stores, filter: Filter) -> Vec<i64> {
    let (mut seen, mut filter) = (Vec::new(), filter);
    for _ in 0..100 {
        let page = stores.reports.messages(&filter).await.expect("read");
        assert!(page.items.len() <= filter.limit);
        seen.extend(page.items.iter().map(|r| r.message.id.0));
        match page.next {
            None => return seen,
            next => filter.after = next.map(MessageId),
        }
    }
    unreachable!("a list has an end")
}

fn any(limit: usize) -> Filter {
    Filter { limit, ..Filter::default() }
}

/// No such message.
pub async fn what_is_not_there(stores: &Stores) {
    assert_eq!(stores.reports.message(MessageId(4711)).await, Ok(None));
    assert_eq!(all(stores, any(10)).await, Vec::<i64>::new());
}

/// Newest first, page by page.
pub async fn newest_first(stores: &Stores) {
    stores.queue_many(1..=25).await;
    assert_eq!(all(stores, any(7)).await, (1..=25).rev().collect::<Vec<_>>());
    assert_eq!(all(stores, Filter { after: Some(MessageId(4)), ..any(7) }).await, [3, 2, 1]);
}

/// Each filter, and all of them together.
pub async fn filters(stores: &Stores) {
    let erp: UserName = samples::user_name("erp");
    let to = samples::recipient("46709876543");
    for id in 1..=30 {
        stores
            .queue(id, |m| {
                if id % 2 == 0 {
                    m.user = erp.clone();
                }
                if id % 3 == 0 {
                    m.reference = Some("Order-1".to_owned());
                }
                if id % 5 == 0 {
                    m.recipient = to.clone();
                }
            })
            .await;
    }
    stores
        .dispatch
        .cancel(MessageId(30), stores.now())
        .await
        .expect("cancelled")
        .expect("there")
        .expect("in time");
    let expect = |fits: fn(i64) -> bool| (1..=30).rev().filter(|id| fits(*id)).collect::<Vec<_>>();
    assert_eq!(all(stores, Filter { user: Some(erp.clone()), ..any(4) }).await, expect(|id| id % 2 == 0));
    assert_eq!(
        all(stores, Filter { reference: Some("Order-1".to_owned()), ..any(4) }).await,
        expect(|id| id % 3 == 0)
    );
    assert_eq!(
        all(stores, Filter { reference: Some("order-1".to_owned()), ..any(4) }).await,
        Vec::<i64>::new()
    );
    assert_eq!(all(stores, Filter { to: Some(to.clone()), ..any(4) }).await, expect(|id| id % 5 == 0));
    assert_eq!(all(stores, Filter { state: Some(State::Cancelled), ..any(4) }).await, [30]);
    assert_eq!(all(stores, Filter { state: Some(State::Queued), ..any(4) }).await, expect(|id| id < 30));
    let reference = Some("Order-1".to_owned());
    let together =
        Filter { user: Some(erp), reference, to: Some(to), state: Some(State::Cancelled), ..any(4) };
    assert_eq!(all(stores, together).await, [30]);
}

/// A store that works says so.
pub async fn ping(stores: &Stores) {
    assert_eq!(stores.reports.ping().await, Ok(()));
}

async fn one_of_each_state(stores: &Stores) {
    let due = samples::later(stores.now(), minutes(60));
    let soon = samples::later(stores.now(), minutes(1));
    stores.queue(1, |m| m.due_at = due).await;
    stores.sent(3, &["s3"], |_| {}).await;
    for (id, verdict) in [(4, Verdict::Delivered), (5, Verdict::Failed), (8, Verdict::Unknown)] {
        stores.sent(id, &[&format!("s{id}")], |_| {}).await;
        stores.receipt(&format!("s{id}"), verdict).await;
    }
    stores.held(2, |_| {}).await;
    stores.queue(6, |m| m.expires_at = soon).await;
    stores.clock.advance(minutes(2));
    stores.dispatch.expire(stores.now(), 10).await.expect("expired");
    let cancelled = stores.queue(7, |_| {}).await;
    stores
        .dispatch
        .cancel(cancelled, stores.now())
        .await
        .expect("cancelled")
        .expect("there")
        .expect("in time");
    stores.queue(9, |_| {}).await;
}

fn counts(audit: &Audit) -> Vec<(State, u64)> {
    let mut counts: Vec<_> = audit.by_state.iter().copied().filter(|(_, n)| *n > 0).collect();
    counts.sort_unstable();
    counts
}

/// What was accepted is the sum of all states, in each state.
pub async fn the_books_are_right(stores: &Stores) {
    stores.audit().await;
    one_of_each_state(stores).await;
    let audit = stores.reports.audit().await.expect("read");
    assert_eq!((audit.accepted, audit.removed, audit.possible_duplicates), (9, 0, 0));
    assert_eq!(counts(&audit), State::ALL.map(|state| (state, 1)));
    stores.audit().await;
}

/// Retention removes what has ended long ago and nothing else, and the books stay right.
pub async fn retention_removes_what_is_over(stores: &Stores) {
    one_of_each_state(stores).await;
    let ended = stores.now();
    assert_eq!(
        stores.reports.retain(samples::earlier(ended, minutes(5)), ended, 100).await,
        Ok(0),
        "nothing is that old"
    );
    stores.clock.advance(minutes(10));
    let before = samples::later(ended, minutes(1));
    let mut removed = Vec::new();
    for _ in 0..3 {
        removed.push(stores.reports.retain(before, stores.now(), 3).await.expect("removed"));
    }
    assert_eq!(removed, [3, 2, 0], "delivered, failed, expired, cancelled, unknown");
    let audit = stores.reports.audit().await.expect("read");
    assert_eq!((audit.accepted, audit.removed), (9, 5));
    assert_eq!(
        counts(&audit),
        [State::Scheduled, State::Queued, State::Sending, State::Sent].map(|state| (state, 1))
    );
    stores.audit().await;
    assert_eq!(stores.reports.message(MessageId(4)).await, Ok(None));
}

/// A message whose receipt nobody awaits has ended when the operator took it: it is removed too, in its time.
pub async fn retention_removes_what_was_sent_for_good(stores: &Stores) {
    let id = stores.held(1, |_| {}).await;
    stores.end(id, Outcome::Sent).await;
    let waits = stores.sent(2, &["a2"], |_| {}).await;
    stores.clock.advance(minutes(10));
    assert_eq!(
        stores.reports.retain(samples::earlier(stores.now(), minutes(5)), stores.now(), 100).await,
        Ok(1)
    );
    assert_eq!((stores.reports.message(id).await, stores.state(waits).await), (Ok(None), State::Sent));
    stores.audit().await;
}

/// Received messages are removed when somebody has taken care of them long ago; the others stay.
pub async fn retention_of_received_messages(stores: &Stores) {
    for id in [1, 2] {
        let part = samples::mo_part(&link(), &format!("t{id}"), None, stores.now());
        stores.inbox.record(samples::new_part(id, part)).await.expect("recorded");
    }
    assert_eq!(stores.inbox.acknowledge(None, MoId(1), stores.now()).await, Ok(true));
    // One that is handed over by a rule, and that nobody will ever acknowledge.
    let part = samples::mo_part(&link(), "t3", None, stores.now());
    let url = Destination::Url("https://crm.example.se/sms".to_owned());
    let new = NewMoPart { handing: Some(url).into(), tell_lease: Some(RUN), ..samples::new_part(3, part) };
    stores.inbox.record(new).await.expect("recorded");
    let key = HandoffKey { subject: 3, event: HandoffKey::MO };
    stores.handoffs.settle(vec![(key, HandoffOutcome::Done)], RUN).await.expect("written");
    stores.clock.advance(minutes(10));
    assert_eq!(
        stores.reports.retain(stores.now(), stores.now(), 100).await,
        Ok(0),
        "it counts messages that were sent"
    );
    assert_eq!(stores.inbox.acknowledge(None, MoId(1), stores.now()).await, Ok(false), "it is gone");
    assert_eq!(stores.inbox.acknowledge(None, MoId(2), stores.now()).await, Ok(true), "it was waiting");
    assert_eq!(stores.inbox.acknowledge(None, MoId(3), stores.now()).await, Ok(false), "it was handed over");
}

/// Retention leaves keys that are still in force, and the answers they give.
pub async fn retention_leaves_keys_in_force(stores: &Stores) {
    let request = |id| Acceptance {
        once: Some(samples::once("k", 1)),
        ..samples::acceptance(vec![samples::queued(samples::message(id, stores.now()), &link())])
    };
    let first = stores.outbox.accept(request(1)).await.expect("accepted");
    stores
        .dispatch
        .cancel(MessageId(1), stores.now())
        .await
        .expect("cancelled")
        .expect("there")
        .expect("in time");
    stores.clock.advance(minutes(60 * 24 * 6));
    stores.reports.retain(stores.now(), stores.now(), 100).await.expect("removed");
    let again = stores.outbox.accept(request(2)).await.expect("repeated");
    assert_eq!((again.is_repeated(), again.messages()), (true, first.messages()));
    stores.clock.advance(minutes(60 * 24 * 2));
    stores.reports.retain(stores.now(), stores.now(), 100).await.expect("removed");
    assert!(!stores.outbox.accept(request(3)).await.expect("new").is_repeated());
}

/// A late receipt for a message that was removed changes nothing.
pub async fn a_receipt_for_what_was_removed(stores: &Stores) {
    stores.sent(1, &["a1"], |_| {}).await;
    stores.receipt("a1", Verdict::Unknown).await;
    stores.clock.advance(minutes(10));
    assert_eq!(stores.reports.retain(stores.now(), stores.now(), 100).await, Ok(1));
    stores.receipt("a1", Verdict::Delivered).await;
    assert!(stores.handoffs(10, RUN).await.is_empty());
    stores.audit().await;
}
