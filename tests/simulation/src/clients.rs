//! Those who send, take back, and write from their phones.

use crate::plan::{STORM, VALID_FOR};
use crate::world::{Client, Event, Kept, World};
use application::Gateway;
use domain::access::Sender;
use domain::message::{Callback, Door, MessageId, Priority};
use domain::mo::{MoBody, MoPart};
use domain::submission::Request;
use fakes::samples;
use std::sync::Arc;
use std::time::Duration;

/// How often a client with a key tries.
const TRIES: u32 = 40;

/// Draws all requests, withdrawals and received messages of the story.
pub(crate) fn schedule(world: &World) {
    let storm = STORM.as_millis().try_into().unwrap_or(u64::MAX);
    let chance = world.plan.chance;
    for n in 0..world.plan.requests {
        let request = request(world, n);
        world.state().clients.push(Client {
            request,
            began: None,
            answered: None,
            accepted: Vec::new(),
            refused: false,
        });
        world.at(chance.millis("submit_at", n, 0, 0, storm), Event::Submit(usize::try_from(n).unwrap_or(0)));
    }
    for n in 0..world.plan.requests / 8 {
        world.at(chance.millis("cancel_at", n, 0, 0, storm), Event::Cancel(n));
    }
    for n in 0..world.plan.received {
        let total = u8::try_from(chance.within("mo_total", n, 0, 1, 4)).unwrap_or(1);
        for seq in 1..=total {
            let at = chance.millis("mo_at", n, 0, 0, storm)
                + chance.millis("mo_part_at", n, u64::from(seq), 0, 20_000);
            let concat =
                (total > 1).then(|| samples::concat(u16::try_from(n).unwrap_or(0), total, seq)).flatten();
            let body = MoBody::Text(format!("mo{n}p{seq} "));
            let part = MoPart {
                body,
                ..samples::mo_part(&crate::world::link_id(0), "", concat, crate::clock::wall(at))
            };
            let mut state = world.state();
            state.parts.push(Kept { what: part, taken: false });
            let index = state.parts.len() - 1;
            drop(state);
            world.at(at, Event::Mo(index));
        }
    }
}

fn request(world: &World, n: u64) -> Request {
    let chance = world.plan.chance;
    let count = chance.within("recipients", n, 0, 1, 4);
    let to: Vec<_> = (0..count).map(|r| format!("+4670123456{}", chance.within("to", n, r, 0, 9))).collect();
    let long = chance.happens("long", n, 0, 250);
    let text = if long { format!("{n} {}", "lång text ".repeat(30)) } else { format!("text {n}") };
    let mut request = Request::text(to, text);
    request.reference = Some(format!("r{n}"));
    request.idempotency_key = chance.happens("keyed", n, 0, 700).then(|| format!("k{n}"));
    request.valid_for = Some(VALID_FOR);
    request.callback = if chance.happens("callback", n, 0, 600) {
        Callback::json(&format!("http://sink{}/", n % 3), domain::message::Told::Every).ok()
    } else {
        None
    };
    request.priority = Priority::from_code(i16::try_from(chance.within("priority", n, 0, 0, 4)).unwrap_or(1));
    if chance.happens("scheduled", n, 0, 100) {
        request.send_at = Some(crate::clock::wall(chance.millis("send_at", n, 0, 0, 150_000)));
    }
    request
}

fn sender(gateway: &Gateway) -> Option<Sender> {
    gateway.directory().user("crm").map(|user| Sender::internal(Arc::clone(user), Door::Http))
}

/// A client sends; with a key he tries until he knows.
pub(crate) async fn submit(world: Arc<World>, gateway: Arc<Gateway>, index: usize) {
    let Some(sender) = sender(&gateway) else { return world.wrong("the user is gone".to_owned()) };
    let Some(request) = begin(&world, index) else { return };
    let keyed = request.idempotency_key.is_some();
    for _ in 0..TRIES {
        match gateway.submit().submit(&sender, request.clone()).await {
            Ok(accepted) => {
                let ids: Vec<MessageId> = accepted.messages().iter().map(|m| m.id).collect();
                let missing = ids.iter().find(|id| world.store.record(**id).is_none());
                if let Some(missing) = missing {
                    world.wrong(format!("message {missing} was accepted and is not in the store"));
                }
                return answered(&world, index, ids, false);
            }
            Err(refusal) if refusal.code.is_temporary() && keyed => {
                tokio::time::sleep(Duration::from_millis(900)).await
            }
            Err(_) => return answered(&world, index, Vec::new(), true),
        }
    }
    answered(&world, index, Vec::new(), true);
}

fn begin(world: &World, index: usize) -> Option<Request> {
    let mut state = world.state();
    let step = state.tick();
    let client = state.clients.get_mut(index)?;
    client.began.get_or_insert(step);
    Some(client.request.clone())
}

fn answered(world: &World, index: usize, ids: Vec<MessageId>, refused: bool) {
    let mut state = world.state();
    let step = state.tick();
    if let Some(client) = state.clients.get_mut(index) {
        client.answered = Some(step);
        client.accepted = ids;
        client.refused = refused;
    }
}

/// Somebody takes back a message that was accepted.
pub(crate) async fn cancel(world: Arc<World>, gateway: Arc<Gateway>, n: u64) {
    let ids: Vec<_> = world.state().clients.iter().flat_map(|c| c.accepted.clone()).collect();
    let at = world.plan.chance.within("cancel_which", n, 0, 0, ids.len() as u64);
    let (Some(id), Some(sender)) = (usize::try_from(at).ok().and_then(|at| ids.get(at)), sender(&gateway))
    else {
        return;
    };
    if gateway.query().cancel(&sender, *id).await.is_ok() {
        let mut state = world.state();
        let step = state.tick();
        state.cancelled.push((*id, step));
    }
}
