//! Calls of the simulated operator: receipts and messages of phones, made again until they are taken.

use super::Hub;
use super::shape::{Said, Shape};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use secrecy::ExposeSecret as _;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinSet;
use web_kit::{Call, HttpClient};

/// Calls under way at once, and connections kept. Well below the 50 that a door takes from one address: programs that are rehearsed with call from
/// the same machine, and are not to find the door taken.
pub(super) const MOST_AT_ONCE: usize = 16;
/// Tries of one call.
const MOST_TRIES: u32 = 120;

/// A call to be made.
#[derive(Debug, Clone)]
pub(super) struct Post {
    url: String,
    after: Duration,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Receipt { id: String, to: String, delivered: bool },
    Mo { from: String, to: String, text: String, number: u64 },
}

impl Post {
    pub(super) fn receipt(url: String, id: String, to: String, delivered: bool, after: Duration) -> Self {
        Self { url, after, what: What::Receipt { id, to, delivered } }
    }

    pub(super) fn mo(url: String, from: String, to: String, text: String, number: u64) -> Self {
        Self { url, after: Duration::ZERO, what: What::Mo { from, to, text, number } }
    }
}

/// Makes them for ever.
pub(super) async fn deliver(hub: Arc<Hub>, client: HttpClient, mut waiting: Receiver<Post>) {
    let mut calls = JoinSet::new();
    while let Some(post) = waiting.recv().await {
        while calls.len() >= MOST_AT_ONCE {
            calls.join_next().await;
        }
        while calls.try_join_next().is_some() {}
        calls.spawn(call(Arc::clone(&hub), client.clone(), post));
    }
}

async fn call(hub: Arc<Hub>, client: HttpClient, post: Post) {
    if !post.after.is_zero() {
        tokio::time::sleep(post.after).await;
    }
    for _ in 0..MOST_TRIES {
        let now = hub.clock.now().to_string();
        let made = match &post.what {
            What::Receipt { id, to, delivered } => hub.shape.receipt(&post.url, id, to, *delivered, &now),
            What::Mo { from, to, text, number } => {
                let id = format!("m{number}");
                hub.shape.mo(&post.url, (from.as_str(), to.as_str(), text.as_str()), &id, &now)
            }
        };
        let Some((url, said)) = made else { return };
        let answer = client.call(request(&hub, url, said)).await.ok().map(|reply| reply.status);
        let taken = answer.is_some_and(|status| status.is_success());
        note(
            &hub,
            &post.what,
            answer.map(|status| if status.is_success() { 0 } else { u32::from(status.as_u16()) }),
        );
        if taken {
            return;
        }
        hub.counts.refused.fetch_add(1, Relaxed);
        tokio::time::sleep(hub.options.retry_after).await;
    }
}

fn request(hub: &Hub, url: String, said: Said) -> Call {
    let mut headers = HeaderMap::new();
    let method = if said.content_type.is_empty() { Method::GET } else { Method::POST };
    if !said.content_type.is_empty() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(said.content_type));
    }
    if hub.shape == Shape::Omnigate
        && let Some(secret) = &hub.options.secret
    {
        let value = web_kit::handing::signature(
            said.body.as_bytes(),
            secret.expose_secret().as_bytes(),
            hub.clock.now().as_second(),
        );
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert("omnigate-signature", value);
        }
    }
    Call { method, url, headers, body: Bytes::from(said.body) }
}

fn note(hub: &Hub, what: &What, answer: Option<u32>) {
    let taken = u64::from(answer == Some(0));
    match what {
        What::Receipt { id, to, delivered } => {
            hub.counts.receipts.fetch_add(taken, Relaxed);
            let word = if *delivered { "DELIVRD" } else { "UNDELIV" };
            let line = hub.line("receipt").number("session", 1).text("message_id", id).text("to", to);
            hub.write(line.text("state", word).maybe("answer", answer));
        }
        What::Mo { from, to, text, .. } => {
            hub.counts.mos.fetch_add(taken, Relaxed);
            let line = hub.line("mo").number("session", 1).text("from", from).text("to", to);
            hub.write(line.text("text", text).maybe("answer", answer));
        }
    }
}
