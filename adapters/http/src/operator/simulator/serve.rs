//! Connections of the simulated operator: requests in, answers out, with what the faults make of them.

use super::Hub;
use super::post::Post;
use super::shape::{Asked, No, Request, Said};
use bytes::Bytes;
use http::{HeaderMap, Response, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rehearsal::Faults;
use secrecy::ExposeSecret as _;
use std::io;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Connections at once.
const MOST_CONNECTIONS: usize = 1_000;
/// Octets of a request.
const LONGEST: usize = 4 * 1024 * 1024;
/// Repetitions that are known.
const MOST_KNOWN: usize = 100_000;

/// Takes connections for ever.
pub(super) async fn accept(hub: Arc<Hub>, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                while connections.try_join_next().is_some() {}
                if let Ok((stream, _)) = accepted
                    && !hub.faults().refuse
                    && connections.len() < MOST_CONNECTIONS
                {
                    connections.spawn(connection(Arc::clone(&hub), stream));
                }
            }
            () = hub.drop.notified() => connections.abort_all(),
        }
    }
}

async fn connection(hub: Arc<Hub>, stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    // Each connection is a session of the journal.
    let session = hub.counts.session.fetch_add(1, Relaxed) + 1;
    let service = service_fn(move |request| answer(Arc::clone(&hub), session, request));
    // An answer that is an error closes the connection in the middle.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    hub: Arc<Hub>,
    session: u64,
    request: hyper::Request<Incoming>,
) -> io::Result<Response<Full<Bytes>>> {
    let now = hub.counts.at_once.fetch_add(1, Relaxed) + 1;
    hub.counts.most_at_once.fetch_max(now, Relaxed);
    let answered = taken(&hub, session, request).await;
    hub.counts.at_once.fetch_sub(1, Relaxed);
    answered
}

async fn taken(
    hub: &Hub,
    session: u64,
    request: hyper::Request<Incoming>,
) -> io::Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, LONGEST).collect().await.map_err(io::Error::other)?.to_bytes();
    let text =
        |headers: &HeaderMap, name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let request = Request {
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        content_type: text(&parts.headers, "content-type").unwrap_or_default(),
        authorization: text(&parts.headers, "authorization").unwrap_or_default(),
        idempotency_key: text(&parts.headers, "idempotency-key"),
        body: body.to_vec(),
    };
    let number = hub.counts.submits.fetch_add(1, Relaxed) + 1;
    let faults = hub.faults();
    let every = |n: u64| n > 0 && number.is_multiple_of(n);
    let delay = faults.reply_delay.unwrap_or(hub.options.reply_delay);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let (said, recipients) = decide(hub, &request, (session, number), &faults);
    if faults.no_answer || faults.half_open || every(faults.no_answer_every) {
        std::future::pending::<()>().await;
    }
    if every(faults.drop_every) {
        return Err(io::ErrorKind::ConnectionReset.into());
    }
    let (is_garbage, is_empty) = (every(faults.garbage_every), every(faults.empty_every));
    // Nobody can understand the others as an answer.
    if !is_garbage && !is_empty {
        let status =
            if (200..300).contains(&said.status) && !said.refuses { 0 } else { u64::from(said.status) };
        for _ in 0..recipients {
            hub.write(
                hub.line("reply").number("session", session).number("seq", number).number("status", status),
            );
        }
    }
    let said = if is_garbage {
        Said {
            status: 200,
            content_type: "text/html",
            body: "<html><body>Welcome to nginx!".to_owned(),
            ..Said::default()
        }
    } else if is_empty {
        Said { body: String::new(), ..said }
    } else {
        said
    };
    let mut response =
        Response::builder().status(said.status).header(header::CONTENT_TYPE, said.content_type);
    if let Some(seconds) = said.retry_after {
        response = response.header(header::RETRY_AFTER, seconds);
    }
    response.body(Full::new(Bytes::from(said.body))).map_err(io::Error::other)
}

/// The answer, and how many submits were written down.
fn decide(hub: &Hub, request: &Request, at: (u64, u64), faults: &Faults) -> (Said, usize) {
    let (_, number) = at;
    let every = |n: u64| n > 0 && number.is_multiple_of(n);
    let known = match &hub.options.account {
        Some((user, password)) => hub.shape.lets_in(request, user, password.expose_secret()),
        None => true,
    };
    if !known || faults.bind_status.is_some() {
        return (hub.shape.no(No::Login), 0);
    }
    let Some(asked) = hub.shape.read(request) else { return (hub.shape.no(No::Wrong), 0) };
    if faults.throttle || every(faults.throttle_every) {
        return (hub.shape.no(No::Busy), note(hub, at, &asked, &[]));
    }
    if faults.status.is_some() && (faults.status_every == 0 || every(faults.status_every)) {
        return (hub.shape.no(No::Wrong), note(hub, at, &asked, &[]));
    }
    let mut once = hub.once.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(said) = asked.once.as_ref().and_then(|key| once.get(key)) {
        return (said.clone(), 0);
    }
    let ids: Vec<String> = if hub.shape.one_id() {
        let id = hub.shape.id(hub.counts.number.fetch_add(1, Relaxed) + 1);
        vec![id; asked.to.len()]
    } else {
        asked.to.iter().map(|_| hub.shape.id(hub.counts.number.fetch_add(1, Relaxed) + 1)).collect()
    };
    let noted = note(hub, at, &asked, &ids);
    let said = hub.shape.yes(&asked, &ids);
    if let Some(key) = &asked.once
        && once.len() < MOST_KNOWN
    {
        once.insert(key.clone(), said.clone());
    }
    drop(once);
    hub.counts.accepted.fetch_add(asked.to.len() as u64, Relaxed);
    receipts(hub, number, &asked, &ids);
    (said, noted)
}

/// Writes the submits down, one for each recipient.
fn note(hub: &Hub, (session, number): (u64, u64), asked: &Asked, ids: &[String]) -> usize {
    let none = String::new();
    for (n, to) in asked.to.iter().enumerate() {
        let line =
            hub.line("submit").number("session", session).number("seq", number).text("from", &asked.from);
        let line = line.text("to", to).text("text", &asked.text);
        let line = line.number("part", asked.part.0).number("parts", asked.part.1);
        hub.write(line.text("message_id", ids.get(n).unwrap_or(&none)));
    }
    asked.to.len()
}

fn receipts(hub: &Hub, number: u64, asked: &Asked, ids: &[String]) {
    let Some(options) = hub.options.receipts.filter(|_| asked.wants_receipt) else { return };
    let Some(url) = asked.receipt_url.clone().or_else(|| hub.options.receipts_to.clone()) else { return };
    let failed = options.fail_every > 0 && number.is_multiple_of(options.fail_every);
    let delay = if options.before_reply { Duration::ZERO } else { options.delay };
    for (id, to) in ids.iter().zip(&asked.to) {
        for _ in 0..options.copies.max(1) {
            let _ = hub.posts.try_send(Post::receipt(url.clone(), id.clone(), to.clone(), !failed, delay));
        }
    }
}
