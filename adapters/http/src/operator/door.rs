//! Where operators call us: `/operator/<link>/receipt/<secret>`, `…/mo/<secret>`, or `…/call/<secret>` for both.
//!
//! Where an operator gives a received message neither an id nor a time, the same words are another message once the first was taken and answered
//! in time; who was not repeats it.
//!
//! A call is answered positively only when what it says is on disk; until then the operator keeps it and calls again. Who calls must know the
//! secret in the path, or come from an address that the link names; anybody else hears the same 404, whether the link exists or not.

use super::callback::{Heard, Incoming, NotHeard, Place, hear};
use super::profile::{Profile, Reply};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use domain::directory::{AddressRange, LinkId};
use http::{HeaderValue, StatusCode, header};
use ports::driven::Clock;
use ports::driving::{ReceiveError, ReceiveMessages};
use secrecy::{ExposeSecret, SecretString};
use session::{Meters, Said, Utterance};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use web_kit::{BodyLimits, Caller, read_body};

/// Who may call for a link, and what his calls mean.
#[derive(Clone)]
pub(super) struct Post {
    pub(super) link: LinkId,
    pub(super) profile: Arc<Profile>,
    pub(super) secret: Option<SecretString>,
    pub(super) addresses: Vec<AddressRange>,
    /// For the signatures of another gateway of our kind.
    pub(super) signing: Option<SecretString>,
    pub(super) receiver: Arc<dyn ReceiveMessages>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) meters: Arc<Meters>,
}

/// How long an operator waits for our answer to a call, at least. One that is later may find nobody any more.
const PATIENCE: Duration = Duration::from_secs(3);

/// The door. Links that are started put up their posts here; clones share them.
#[derive(Clone)]
pub struct OperatorDoor {
    posts: Arc<RwLock<Posts>>,
    said: Arc<Mutex<Said>>,
}

impl Default for OperatorDoor {
    fn default() -> Self {
        Self { posts: Arc::default(), said: Arc::new(Mutex::new(Said::to(PATIENCE))) }
    }
}

#[derive(Default)]
struct Posts {
    by_link: HashMap<String, (u64, Post)>,
    /// How many were ever put up. Never begins again: a link that was replaced may be let go of long after its post was taken down.
    count: u64,
}

impl OperatorDoor {
    /// The routes. Must be served by [`web_kit::serve`], which says who calls.
    pub fn router(&self, body: BodyLimits) -> Router {
        Router::new()
            .route("/operator/{link}/{kind}", any(open))
            .route("/operator/{link}/{kind}/{secret}", any(secret))
            .with_state(Arc::new(Served { door: self.clone(), body }))
    }

    /// Puts up a link's post; the newest counts. The number is for [`OperatorDoor::take_down`].
    pub(super) fn put_up(&self, post: Post) -> u64 {
        let mut posts = self.posts.write().unwrap_or_else(PoisonError::into_inner);
        posts.count += 1;
        let number = posts.count;
        posts.by_link.insert(post.link.to_string(), (number, post));
        number
    }

    /// Takes it down, unless another was put up since.
    pub(super) fn take_down(&self, link: &LinkId, number: u64) {
        let mut posts = self.posts.write().unwrap_or_else(PoisonError::into_inner);
        if posts.by_link.get(link.as_str()).is_some_and(|(known, _)| *known == number) {
            posts.by_link.remove(link.as_str());
        }
    }

    fn post(&self, link: &str) -> Option<Post> {
        let posts = self.posts.read().unwrap_or_else(PoisonError::into_inner);
        posts.by_link.get(link).map(|(_, post)| post.clone())
    }
}

struct Served {
    door: OperatorDoor,
    body: BodyLimits,
}

async fn open(
    State(served): State<Arc<Served>>,
    Path((link, kind)): Path<(String, String)>,
    caller: Caller,
    request: Request,
) -> Response {
    answer(&served, (&link, &kind, None), caller, request).await
}

async fn secret(
    State(served): State<Arc<Served>>,
    Path((link, kind, secret)): Path<(String, String, String)>,
    caller: Caller,
    request: Request,
) -> Response {
    answer(&served, (&link, &kind, Some(&secret)), caller, request).await
}

async fn answer(
    served: &Served,
    (link, kind, given): (&str, &str, Option<&str>),
    caller: Caller,
    request: Request,
) -> Response {
    let place = match kind {
        "receipt" => Place::Receipt,
        "mo" => Place::Mo,
        "call" => Place::Either,
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let Some(post) = served.door.post(link).filter(|post| post.lets_in(given, caller.address)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let (parts, body) = request.into_parts();
    let Ok(body) = read_body(body, served.body).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let text = |name| parts.headers.get(name).and_then(|v: &HeaderValue| v.to_str().ok());
    let incoming = Incoming {
        place,
        content_type: text("content-type").unwrap_or_default(),
        query: parts.uri.query().unwrap_or_default(),
        body: &body,
        signature: text("omnigate-signature"),
        secret: post.signing.as_ref().map(|s| s.expose_secret().as_bytes()),
        now: post.clock.now(),
    };
    post.take(&incoming, &served.door.said).await
}

impl Post {
    /// Both are compared by their digests, so that the time says nothing of how much was right.
    fn lets_in(&self, given: Option<&str>, address: IpAddr) -> bool {
        let listed = self.addresses.is_empty() || self.addresses.iter().any(|range| range.contains(address));
        let digest = |text: &str| Sha256::digest(text.as_bytes());
        let knows = match (&self.secret, given) {
            (Some(secret), Some(given)) => digest(secret.expose_secret()) == digest(given),
            (None, None) => !self.addresses.is_empty(),
            _ => false,
        };
        listed && knows
    }

    async fn take(&self, incoming: &Incoming<'_>, said: &Mutex<Said>) -> Response {
        let (heard, reply) = match hear(&self.profile, &self.link, incoming) {
            Ok(heard) => heard,
            Err(why) => {
                self.meters.bad_frames.increment(1);
                tracing::warn!(link = %self.link, %why, octets = incoming.body.len(), "a call of the operator was not understood");
                let status =
                    if why == NotHeard::Signature { StatusCode::FORBIDDEN } else { StatusCode::BAD_REQUEST };
                return (status, why.to_string()).into_response();
            }
        };
        let stored = match heard {
            Heard::Receipts(receipts) => {
                self.meters.receipts.increment(receipts.len() as u64);
                let stored = self.receiver.receipts(receipts).await;
                stored.into_iter().find(|one| *one == Err(ReceiveError::TryAgain)).unwrap_or(Ok(()))
            }
            Heard::Mo(mut part) => {
                self.meters.mos.increment(1);
                let now = self.clock.monotonic();
                let which = said.lock().unwrap_or_else(PoisonError::into_inner).heard(&mut part, 0, now);
                let mut answer = PartAnswer { said, which, taken: false, clock: self.clock.as_ref() };
                let stored = self.receiver.mo(*part).await;
                answer.taken = stored.is_ok();
                stored
            }
        };
        match stored {
            Ok(()) => taken(reply),
            Err(ReceiveError::TryAgain) => {
                (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")]).into_response()
            }
            // It was put aside: asking for it again would change nothing.
            Err(ReceiveError::Refused) => StatusCode::UNPROCESSABLE_ENTITY.into_response(),
        }
    }
}

/// Notes how a received message was answered; dropped with its call, that it was not.
struct PartAnswer<'a> {
    said: &'a Mutex<Said>,
    which: Option<Utterance>,
    taken: bool,
    clock: &'a dyn Clock,
}

impl Drop for PartAnswer<'_> {
    fn drop(&mut self) {
        if let Some(which) = self.which {
            let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            said.answered(which, self.taken, self.clock.monotonic());
        }
    }
}

fn taken(reply: &Reply) -> Response {
    let mut response = Response::new(Body::from(reply.body.clone()));
    *response.status_mut() = reply.status;
    if let Some(kind) = &reply.content_type {
        response.headers_mut().insert(header::CONTENT_TYPE, kind.clone());
    }
    response
}
