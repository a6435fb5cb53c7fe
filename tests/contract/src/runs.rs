//! `Cluster`: who is alive, and what becomes of what the dead ones held.

use crate::stores::{LINK, RUN, RUN_B, Stores, ids, json, link, seconds};
use domain::message::{Incarnation, MessageId};
use domain::state::State;
use fakes::samples;
use ports::driven::{HandoffKey, Held, Leased, NODES, Neighbour, Outcome, Settlement};
use std::collections::HashSet;
use std::sync::Arc;

const NEXT: Incarnation = Incarnation(1_000_003);

/// What dead runs hold; nobody is declared dead.
async fn take_over(stores: &Stores, by: Incarnation, limit: usize) -> Vec<Leased> {
    bury(stores, by, &[], limit).await
}

/// The same, and these are dead if they are still as silent.
async fn bury(stores: &Stores, by: Incarnation, silent: &[Neighbour], limit: usize) -> Vec<Leased> {
    stores.cluster.take_over(by, stores.now(), silent, limit).await.expect("taken over")
}

/// A sign of life of a run, and the others that it hears of; `None` = it is dead.
async fn beat(stores: &Stores, run: Incarnation) -> Option<Vec<Neighbour>> {
    stores.cluster.beat(run, stores.now(), &[]).await.expect("a sign of life")
}

/// The last sign of another run, as one hears of it.
async fn sign_of(stores: &Stores, run: Incarnation, heard_by: Incarnation) -> Neighbour {
    let neighbours = beat(stores, heard_by).await.expect("who listens is alive");
    neighbours.into_iter().find(|n| n.run == run).expect("it is alive")
}

/// A node has a number of its own, for ever: the one it wishes, or the next that is free.
pub async fn numbers_of_nodes(stores: &Stores) {
    let number = async |node: &str, wish| stores.cluster.number(node, wish).await;
    assert_eq!(number("north", 7).await, Ok(7));
    assert_eq!(number("north", 9).await, Ok(7), "it keeps it");
    assert_eq!(number("south", 7).await, Ok(8), "that one is taken");
    assert_eq!(number("north/command", NODES - 1).await, Ok(NODES - 1));
    assert_eq!(number("east", NODES - 1).await, Ok(0), "around");
    for node in 0..NODES - 4 {
        number(&format!("n{node}"), node).await.expect("a number");
    }
    assert!(number("one too many", 5).await.is_err());
    assert_eq!(number("south", 0).await, Ok(8));
}

/// A node that starts again takes over what its earlier run held, marked; the earlier run writes nothing more.
pub async fn a_node_starts_again(stores: &Stores) {
    let sending = stores.held(1, |m| m.reference = Some("r".to_owned())).await;
    let queued = stores.queue(2, |_| {}).await;
    stores.cluster.join("a", NEXT, stores.now()).await.expect("joined");
    assert_eq!(beat(stores, RUN).await, None, "the earlier run is dead");
    let taken = take_over(stores, NEXT, 100).await;
    assert_eq!(ids(&taken), [1]);
    let leased = taken.first().expect("one");
    assert_eq!((leased.possible_duplicate, &leased.link), (true, &link()));
    assert_eq!(*leased.message, *stores.record(sending).await.message);
    assert!(stores.record(sending).await.possible_duplicate);
    assert!(!stores.record(queued).await.possible_duplicate);
    stores.end(sending, Outcome::Sent).await;
    assert_eq!(stores.state(sending).await, State::Sending, "the dead run is fenced");
    stores.settle(samples::sent(sending, NEXT, &link(), stores.now(), &["a1"])).await;
    assert_eq!(stores.state(sending).await, State::Sent);
    assert!(take_over(stores, NEXT, 100).await.is_empty());
    assert_eq!(stores.reports.audit().await.expect("audit").possible_duplicates, 1);
    stores.audit().await;
}

/// A run that begins hears when anybody gave the last sign of life, however he ended.
pub async fn when_there_was_life(stores: &Stores) {
    let later = samples::later(stores.now(), std::time::Duration::from_secs(60));
    stores.cluster.beat(RUN, later, &[]).await.expect("a sign of life");
    stores.cluster.leave(RUN).await.expect("left");
    let joined = stores.cluster.join("c", NEXT, stores.now()).await;
    assert_eq!(joined, Ok(Some(later)));
}

/// What was handed over at acceptance is taken over as well.
pub async fn also_what_was_handed_over_at_once(stores: &Stores) {
    let new = samples::sending(samples::message(1, stores.now()), &link(), RUN);
    stores.outbox.accept(samples::acceptance(vec![new])).await.expect("accepted");
    stores.cluster.join("a", NEXT, stores.now()).await.expect("joined");
    assert_eq!(ids(&take_over(stores, NEXT, 100).await), [1]);
}

/// A run hears of all others that are alive, and never of itself or of dead ones.
pub async fn who_else_is_alive(stores: &Stores) {
    let others = |found: Option<Vec<Neighbour>>| -> Vec<Incarnation> {
        found.expect("it is alive").iter().map(|n| n.run).collect()
    };
    assert_eq!(others(beat(stores, RUN).await), [RUN_B]);
    stores.cluster.join("c", NEXT, stores.now()).await.expect("joined");
    assert_eq!(others(beat(stores, RUN).await), [RUN_B, NEXT]);
    assert_eq!(others(beat(stores, NEXT).await), [RUN, RUN_B]);
    stores.cluster.leave(RUN_B).await.expect("left");
    assert_eq!(others(beat(stores, RUN).await), [NEXT]);
    assert_eq!(beat(stores, RUN_B).await, None);
    assert_eq!(beat(stores, Incarnation(7)).await, None, "it never joined");
}

/// With each sign of life a run says which links it has; one that has given none yet has not said.
pub async fn which_links_others_have(stores: &Stores) {
    assert_eq!(sign_of(stores, RUN, RUN_B).await.links, None);
    let many: Vec<_> = (0..100).map(|n| samples::link(&format!("länk-{n:02}.a@b+c_d"))).collect();
    for links in [&many[..], &many[..1], &[]] {
        stores.cluster.beat(RUN, stores.now(), links).await.expect("a sign of life");
        assert_eq!(sign_of(stores, RUN, RUN_B).await.links.as_deref(), Some(links));
    }
    let seen = sign_of(stores, RUN_B, RUN).await;
    assert_eq!(seen.links, Some(Vec::new()), "its own are not mixed with others'");
}

/// Each sign of life is another than the one before, also by a clock that stands still or is set back.
pub async fn each_sign_differs(stores: &Stores) {
    let mut seen = vec![sign_of(stores, RUN, RUN_B).await.beat_at];
    for set in [stores.now(), stores.now(), samples::earlier(stores.now(), seconds(3_600)), stores.now()] {
        stores.clock.set(set);
        beat(stores, RUN).await.expect("alive");
        seen.push(sign_of(stores, RUN, RUN_B).await.beat_at);
    }
    assert!(seen.windows(2).all(|w| w[0] < w[1]), "{seen:?}");
    assert_eq!(sign_of(stores, RUN, RUN_B).await.beat_at, seen[4], "a look changes nothing");
}

/// A run that gives no other sign of life than the one that was seen is dead when it is named; one that beat since is not.
pub async fn the_silent_are_named(stores: &Stores) {
    stores.held(1, |_| {}).await;
    let seen = sign_of(stores, RUN, RUN_B).await;
    assert!(beat(stores, RUN).await.is_some());
    assert!(bury(stores, RUN_B, &[seen], 100).await.is_empty(), "it has been heard of since");
    assert!(beat(stores, RUN).await.is_some());
    stores.clock.advance(seconds(1));
    let seen = sign_of(stores, RUN, RUN_B).await;
    let own = Neighbour { run: RUN_B, beat_at: stores.now(), links: None };
    assert_eq!(ids(&bury(stores, RUN_B, &[seen, own], 100).await), [1]);
    assert_eq!(beat(stores, RUN).await, None, "it must stop sending");
    assert_eq!(beat(stores, RUN_B).await, Some(Vec::new()), "who takes over does not bury himself");
}

/// However long a run has been silent, and whatever the clocks say: nobody is dead who was not named.
pub async fn time_alone_kills_nobody(stores: &Stores) {
    stores.held(1, |_| {}).await;
    stores.clock.advance(seconds(3_600));
    assert!(take_over(stores, RUN_B, 100).await.is_empty());
    stores.clock.advance(seconds(3_600));
    assert!(beat(stores, RUN_B).await.is_some());
    assert!(take_over(stores, RUN_B, 100).await.is_empty());
    assert!(beat(stores, RUN).await.is_some(), "it lives");
}

/// A run that is dead declares nobody dead and takes nothing.
pub async fn the_dead_take_nothing(stores: &Stores) {
    stores.held(1, |_| {}).await;
    let seen = sign_of(stores, RUN, RUN_B).await;
    stores.cluster.leave(RUN_B).await.expect("left");
    assert!(bury(stores, RUN_B, &[seen], 100).await.is_empty());
    assert!(beat(stores, RUN).await.is_some());
}

/// A sign of life and somebody who declares dead meet: one of them is first, and both hear of it.
pub async fn a_sign_at_the_last_moment(stores: &Stores) {
    signs_and_burials(stores, stores).await;
}

/// The same with two nodes' hold on one store. Both runs have joined.
///
/// # Panics
/// When a run lives that was taken over, or is dead and was not.
pub async fn signs_and_burials(one: &Stores, other: &Stores) {
    for round in 1..=20 {
        let run = Incarnation(2_000_000 + round);
        one.cluster.join("c", run, one.now()).await.expect("joined");
        one.queue_many([round]).await;
        assert_eq!(ids(&one.lease_of(LINK, 1, run).await), [round]);
        let seen = sign_of(other, run, RUN_B).await;
        let (cluster, now) = (Arc::clone(&one.cluster), one.now());
        let sign =
            tokio::spawn(async move { cluster.beat(run, now, &[]).await.expect("an answer").is_some() });
        let taken = bury(other, RUN_B, &[seen], 100).await;
        let lives = sign.await.expect("no panic");
        assert_eq!(taken.is_empty(), lives, "round {round}");
        if lives {
            one.cluster.leave(run).await.expect("left");
            assert_eq!(ids(&take_over(other, RUN_B, 100).await), [round]);
        }
    }
}

/// A run that leaves in good order is no longer alive; what it still held is taken over by others.
pub async fn leaving(stores: &Stores) {
    stores.held(1, |_| {}).await;
    stores.cluster.leave(RUN).await.expect("left");
    assert_eq!(ids(&take_over(stores, RUN_B, 100).await), [1]);
    assert_eq!(beat(stores, RUN).await, None);
}

/// So many at a time, until nothing is left.
pub async fn so_many_at_a_time(stores: &Stores) {
    stores.queue_many(1..=25).await;
    assert_eq!(stores.lease(25).await.len(), 25);
    stores.cluster.leave(RUN).await.expect("left");
    let mut taken = Vec::new();
    for expected in [10, 10, 5, 0] {
        let some = take_over(stores, RUN_B, 10).await;
        assert_eq!(some.len(), expected);
        taken.extend(ids(&some));
    }
    taken.sort_unstable();
    assert_eq!(taken, (1..=25).collect::<Vec<_>>());
    stores.audit().await;
}

/// What a living run holds, and what was settled, is left alone.
pub async fn the_living_keep_theirs(stores: &Stores) {
    stores.queue_many(1..=3).await;
    assert_eq!(stores.lease(1).await.len(), 1);
    stores.end(MessageId(1), Outcome::Sent).await;
    assert_eq!(ids(&stores.lease(1).await), [2]);
    assert_eq!(ids(&stores.lease_of(LINK, 1, RUN_B).await), [3]);
    stores.cluster.leave(RUN).await.expect("left");
    stores.cluster.join("c", NEXT, stores.now()).await.expect("joined");
    assert_eq!(ids(&take_over(stores, NEXT, 100).await), [2]);
    assert_eq!(
        (stores.state(MessageId(1)).await, stores.state(MessageId(3)).await),
        (State::Sent, State::Sending)
    );
}

/// Two that take over at once do not get the same message.
pub async fn never_twice_at_once(stores: &Stores) {
    stores.queue_many(1..=40).await;
    assert_eq!(stores.lease(40).await.len(), 40);
    stores.cluster.join("c", NEXT, stores.now()).await.expect("joined");
    stores.cluster.leave(RUN).await.expect("left");
    let tasks: Vec<_> = [RUN_B, NEXT]
        .into_iter()
        .map(|by| {
            let (cluster, now) = (Arc::clone(&stores.cluster), stores.now());
            tokio::spawn(async move {
                let mut got = Vec::new();
                for _ in 0..10 {
                    got.extend(ids(&cluster.take_over(by, now, &[], 7).await.expect("taken over")));
                }
                got
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.expect("no panic"));
    }
    assert_eq!((all.len(), all.iter().collect::<HashSet<_>>().len()), (40, 40));
}

/// Handoffs that a dead run held are free again.
pub async fn handoffs_are_set_free(stores: &Stores) {
    for id in [1, 2] {
        let message = stores.held(id, |m| m.callback = json("crm.example.se")).await;
        let settlement = samples::sent(message, RUN, &link(), stores.now(), &[&format!("h-{id}")]);
        stores.settle(Settlement { tell: true, tell_lease: (id == 1).then_some(RUN), ..settlement }).await;
    }
    assert_eq!(stores.handoffs(1, RUN).await.len(), 1);
    assert!(stores.handoffs(10, RUN_B).await.is_empty());
    stores.cluster.leave(RUN).await.expect("left");
    take_over(stores, RUN_B, 100).await;
    assert_eq!(stores.handoffs(10, RUN_B).await.len(), 2);
}

/// What a run is said to hold is what it took and has not settled, oldest first and so many at a time.
pub async fn what_a_run_holds(stores: &Stores) {
    assert_eq!(stores.cluster.held(RUN, 10).await, Ok(Held::default()));
    let key = handoff(stores, 6).await;
    stores.queue_many(1..=5).await;
    assert_eq!(stores.lease(3).await.len(), 3);
    assert_eq!(stores.lease_of(LINK, 1, RUN_B).await.len(), 1);
    stores.end(MessageId(2), Outcome::Sent).await;
    let held = stores.cluster.held(RUN, 10).await.expect("held");
    assert_eq!(held, Held { messages: vec![MessageId(1), MessageId(3)], handoffs: vec![key] });
    let first = stores.cluster.held(RUN, 1).await.expect("held");
    assert_eq!(first.messages, [MessageId(1)]);
    let other = stores.cluster.held(RUN_B, 10).await.expect("held");
    assert_eq!((other.messages, other.handoffs), (vec![MessageId(4)], vec![]));
}

/// A message that was let go of stands in its queue as before, in its old place; the run writes nothing of it any more.
pub async fn let_go_of_a_message(stores: &Stores) {
    let before = stores.queue(1, |_| {}).await;
    let as_it_was = stores.record(before).await;
    stores.queue_many(2..=3).await;
    assert_eq!(ids(&stores.lease(1).await), [1]);
    assert_eq!(let_go(stores, RUN, &[1]).await, 1);
    assert_eq!(stores.record(before).await, as_it_was);
    stores.end(before, Outcome::Sent).await;
    assert_eq!(stores.state(before).await, State::Queued, "no longer its own");
    assert_eq!(ids(&stores.lease_of(LINK, 10, RUN_B).await), [1, 2, 3], "its old place");
    stores.audit().await;
}

/// One that may have been sent is held by nobody, and taken over with its mark.
pub async fn let_go_of_what_may_have_been_sent(stores: &Stores) {
    stores.held(1, |_| {}).await;
    stores.cluster.leave(RUN_B).await.expect("left");
    stores.cluster.leave(RUN).await.expect("left");
    stores.cluster.join("a", NEXT, stores.now()).await.expect("joined");
    assert_eq!(ids(&take_over(stores, NEXT, 10).await), [1]);
    assert_eq!(let_go(stores, NEXT, &[1]).await, 1);
    stores.audit().await;
    assert!(stores.lease_of(LINK, 10, NEXT).await.is_empty(), "doubt is decided first");
    let again = take_over(stores, NEXT, 10).await;
    assert_eq!(again.iter().map(|l| (l.message.id.0, l.possible_duplicate)).collect::<Vec<_>>(), [(1, true)]);
    assert_eq!(stores.cluster.held(NEXT, 10).await.expect("held").messages, [MessageId(1)]);
}

/// When all are in doubt, also one without a mark is taken over, and marked then.
pub async fn let_go_in_doubt(stores: &Stores) {
    let message = stores.held(1, |_| {}).await;
    let what = Held { messages: vec![message], handoffs: Vec::new() };
    assert_eq!(stores.cluster.let_go(RUN, what, true).await, Ok(1));
    stores.audit().await;
    let taken = take_over(stores, RUN, 10).await;
    assert_eq!(
        taken.iter().map(|l| (l.message.id, l.possible_duplicate)).collect::<Vec<_>>(),
        [(message, true)]
    );
}

/// A handoff that was let go of is due as before.
pub async fn let_go_of_a_handoff(stores: &Stores) {
    let key = handoff(stores, 1).await;
    assert!(stores.handoffs(10, RUN_B).await.is_empty());
    let what = Held { messages: Vec::new(), handoffs: vec![key] };
    assert_eq!(stores.cluster.let_go(RUN, what, false).await, Ok(1));
    let free = stores.handoffs(10, RUN_B).await;
    assert_eq!(free.iter().map(|h| (h.key, h.tries)).collect::<Vec<_>>(), [(key, 0)]);
}

/// What is not held by the run is left alone: waiting, another's, settled, not there.
pub async fn let_go_of_nothing_else(stores: &Stores) {
    let key = handoff(stores, 4).await;
    stores.queue_many(1..=3).await;
    assert_eq!(ids(&stores.lease(1).await), [1]);
    stores.end(MessageId(1), Outcome::Sent).await;
    assert_eq!(ids(&stores.lease_of(LINK, 1, RUN_B).await), [2]);
    assert_eq!(let_go(stores, RUN, &[1, 2, 3, 99]).await, 0);
    let states = [
        stores.state(MessageId(1)).await,
        stores.state(MessageId(2)).await,
        stores.state(MessageId(3)).await,
    ];
    assert_eq!(states, [State::Sent, State::Sending, State::Queued]);
    let what = Held { messages: Vec::new(), handoffs: vec![key] };
    assert_eq!(stores.cluster.let_go(RUN_B, what, false).await, Ok(0));
    assert_eq!(stores.cluster.held(RUN, 10).await.expect("held").handoffs, [key]);
    stores.audit().await;
}

async fn let_go(stores: &Stores, by: Incarnation, ids: &[i64]) -> usize {
    let what = Held { messages: ids.iter().copied().map(MessageId).collect(), handoffs: Vec::new() };
    stores.cluster.let_go(by, what, false).await.expect("let go")
}

/// A handoff about a message that was sent, held by the first run.
async fn handoff(stores: &Stores, id: i64) -> HandoffKey {
    let message = stores.held(id, |m| m.callback = json("crm.example.se")).await;
    let settlement = samples::sent(message, RUN, &link(), stores.now(), &[&format!("h-{id}")]);
    stores.settle(Settlement { tell: true, tell_lease: Some(RUN), ..settlement }).await;
    HandoffKey { subject: id, event: State::Sent.code() }
}
