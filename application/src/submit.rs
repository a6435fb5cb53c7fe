//! Taking messages to send: plan, accept (durable), and hand straight to the link what it has room for.

use crate::directory::CurrentDirectory;
use crate::failpoints;
use crate::fatal::Fatal;
use crate::handoff::HandoffQueue;
use crate::known::InHand;
use crate::lanes::{Lane, Lanes};
use crate::meters::Meters;
use crate::settling::Settling;
use crate::shares::Shares;
use crate::ship;
use crate::unabandoned::Unabandoned;
use async_trait::async_trait;
use domain::Timestamp;
use domain::access::Sender;
use domain::directory::Directory;
use domain::message::{Incarnation, Message, MessageId, Priority, SubmissionId};
use domain::refusal::{Code, Refusal};
use domain::state::State;
use domain::submission::{self, Accepted, Content, Plan, Request};
use domain::trace::Trace;
use ports::driven::{
    Acceptance, Clock, Ids, NewMessage, Once, Outbox, Outcome, Settlement, Shipment, StoreError,
};
use ports::driving::{Preview, SubmitMessages};
use sha2::{Digest, Sha256};
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The use case. Cheap to clone: each submission holds one.
#[derive(Clone)]
pub(crate) struct Submit(Arc<Uses>);

impl Submit {
    pub(crate) fn new(uses: Uses) -> Self {
        Self(Arc::new(uses))
    }
}

impl Deref for Submit {
    type Target = Uses;

    fn deref(&self) -> &Uses {
        &self.0
    }
}

/// What the use case works with.
pub(crate) struct Uses {
    pub directory: Arc<CurrentDirectory>,
    pub lanes: Arc<Lanes>,
    pub outbox: Arc<dyn Outbox>,
    pub settling: Settling,
    pub handoffs: HandoffQueue,
    pub shares: Shares,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub incarnation: Incarnation,
    pub fatal: Fatal,
    pub closed: Arc<AtomicBool>,
    pub meters: Arc<Meters>,
}

/// A message that is stored as already handed to its lane.
struct Direct {
    lane: Arc<Lane>,
    shipment: Shipment,
}

#[async_trait]
impl SubmitMessages for Submit {
    async fn submit(&self, sender: &Sender, request: Request) -> Result<Accepted, Refusal> {
        if self.closed.load(Ordering::Acquire) || self.fatal.reason().is_some() {
            return Err(Refusal::new(Code::Busy));
        }
        let directory = self.directory.current();
        let now = self.clock.now();
        let submission = SubmissionId(self.ids.next());
        let healths = self.lanes.healths();
        let plan = submission::plan(
            &directory,
            sender,
            &request,
            &healths,
            spread(submission),
            now,
            &mut Trace::silent(),
        );
        let plan = match plan {
            Ok(plan) => plan,
            Err(refusal) => {
                return self
                    .earlier(sender, &request, now)
                    .await?
                    .ok_or(refusal)
                    .inspect_err(|refusal| refused(sender, refusal));
            }
        };
        self.make_way(&plan).await;
        let share = self.shares.wait(sender.name(), plan.recipients.len());
        let share = share.ok_or_else(|| Refusal::new(Code::Busy));
        let share = share.inspect_err(|refusal| refused(sender, refusal))?;
        let changes = plan.decided.changes.clone();
        let (acceptance, direct) = self.prepare(&directory, sender, request, plan, submission, now);
        let this = self.clone();
        // The caller may go away at any time; what is stored must all the same reach its link.
        let stored = Unabandoned::new(async move {
            let stored = this.store(acceptance, direct).await;
            drop(share);
            stored
        });
        let stored = stored.await;
        let accepted = stored.unwrap_or_else(|| Err(Refusal::new(Code::Busy)));
        match &accepted {
            Ok(accepted) => {
                self.meters.accepted.count(sender.door().as_str(), accepted.messages().len() as u64);
            }
            Err(refusal) => refused(sender, refusal),
        }
        accepted.map(|accepted| accepted.telling(changes))
    }

    async fn preview(&self, sender: &Sender, request: Request) -> Result<Preview, Refusal> {
        let directory = self.directory.current();
        let mut trace = Trace::new();
        let plan = submission::plan(
            &directory,
            sender,
            &request,
            &self.lanes.healths(),
            0,
            self.clock.now(),
            &mut trace,
        )?;
        Ok(Preview { plan, trace })
    }
}

fn refused(sender: &Sender, refusal: &Refusal) {
    metrics::counter!("omnigate_refused_total", "door" => sender.door().as_str(), "code" => refusal.code.as_str()).increment(1);
}

/// Any number that differs between submissions.
fn spread(submission: SubmissionId) -> u64 {
    submission.0.unsigned_abs()
}

impl Submit {
    /// What the same request was answered before, by its key: the rules may have become others since.
    async fn earlier(
        &self,
        sender: &Sender,
        request: &Request,
        now: Timestamp,
    ) -> Result<Option<Accepted>, Refusal> {
        let Some(once) = once(sender, request) else { return Ok(None) };
        Ok(self.fatal.watch(self.outbox.earlier(&once, now).await)?)
    }

    /// A message by itself lets others go before it when the link is busy; who has a hundred to send is not made to wait for each, nor is an alarm.
    async fn make_way(&self, plan: &Plan) {
        let [only] = plan.recipients.as_slice() else { return };
        if plan.decided.state == State::Queued
            && plan.decided.priority != Priority::Alarm
            && let Some(lane) = self.lanes.get(&only.link)
        {
            let piles_up = plan.decided.callback.as_ref().is_some_and(|c| self.handoffs.is_pressed(c));
            lane.make_way(piles_up, self.clock.monotonic()).await;
        }
    }

    fn prepare(
        &self,
        directory: &Directory,
        sender: &Sender,
        request: Request,
        plan: Plan,
        submission: SubmissionId,
        now: Timestamp,
    ) -> (Acceptance, Vec<Direct>) {
        let once = once(sender, &request);
        let Request { reference, asked_by, .. } = request;
        let Plan { decided, recipients, refused } = plan;
        let mut messages = Vec::with_capacity(recipients.len());
        let mut direct = Vec::new();
        for planned in recipients {
            let (body, segments) = planned.content(&decided);
            let message = Arc::new(Message {
                id: MessageId(self.ids.next()),
                submission,
                user: sender.name().clone(),
                asked_by: asked_by.clone(),
                door: sender.door(),
                recipient: planned.recipient,
                originator: decided.originator.clone(),
                body,
                flash: request.flash && planned.pages.is_none(),
                segments,
                priority: decided.priority,
                accepted_at: now,
                due_at: decided.due_at,
                expires_at: decided.expires_at,
                reference: reference.clone(),
                callback: decided.callback.clone(),
                dimensions: decided.dimensions.clone(),
            });
            let profile = directory.link(&planned.link).filter(|_| decided.state == State::Queued);
            let lane = self.lanes.get(&planned.link).filter(|lane| profile.is_some() && lane.promise());
            let (state, lease) = match (&lane, profile) {
                (Some(lane), Some(profile)) => {
                    let shipment = ship::fresh(Arc::clone(&message), directory, profile, self.incarnation);
                    direct.push(Direct { lane: Arc::clone(lane), shipment });
                    (State::Sending, Some(self.incarnation))
                }
                _ => (decided.state, None),
            };
            messages.push(NewMessage {
                message,
                link: planned.link,
                state,
                lease,
                deadlines: planned.deadlines,
            });
        }
        (Acceptance { submission, messages, refused, once }, direct)
    }

    async fn store(&self, acceptance: Acceptance, direct: Vec<Direct>) -> Result<Accepted, Refusal> {
        let queued: Vec<_> =
            acceptance.messages.iter().filter(|m| m.state == State::Queued).map(|m| m.link.clone()).collect();
        let ids = || direct.iter().map(|d| d.shipment.message.id);
        self.settling.known().hold(ids());
        let in_hand = InHand::of(self.settling.known(), ids());
        let result = self.fatal.watch(self.outbox.accept(acceptance).await);
        let stored = result.as_ref().is_ok_and(|accepted| !accepted.is_repeated());
        let in_doubt = matches!(result, Err(StoreError::Unavailable(_)));
        failpoints::pass(failpoints::SUBMIT_STORED);
        in_hand.passed_on();
        let mut unknown = Vec::new();
        for Direct { lane, shipment } in direct {
            if stored {
                let back = lane.offer(vec![shipment]);
                lane.release(1);
                self.put_back(&lane, back).await;
            } else {
                lane.release(1);
                unknown.push((lane, shipment));
            }
        }
        if in_doubt {
            self.recover(unknown);
        } else {
            self.settling.known().over(unknown.iter().map(|(_, s)| s.message.id));
        }
        if stored {
            queued.iter().filter_map(|link| self.lanes.get(link)).for_each(|lane| lane.add_backlog());
        }
        Ok(result?)
    }

    /// Nobody knows whether these were stored. If they were, this run holds them and nobody sends them: they join the queue.
    fn recover(&self, unknown: Vec<(Arc<Lane>, Shipment)>) {
        if unknown.is_empty() {
            return;
        }
        let this = self.clone();
        tokio::spawn(async move {
            let now = this.clock.now();
            let (lanes, settlements): (Vec<_>, Vec<_>) = unknown
                .into_iter()
                .map(|(lane, s)| (Arc::clone(&lane), back_to_queue(s, &lane, now)))
                .unzip();
            this.settling.write_down(settlements).await;
            lanes.iter().for_each(|lane| lane.add_backlog());
        });
    }

    /// The link went down or filled up meanwhile: the messages join the queue after all.
    async fn put_back(&self, lane: &Lane, shipments: Vec<Shipment>) {
        if shipments.is_empty() {
            return;
        }
        let now = self.clock.now();
        let settlements = shipments.into_iter().map(|s| back_to_queue(s, lane, now)).collect::<Vec<_>>();
        self.settling.write_down(settlements).await;
        lane.add_backlog();
    }
}

/// Writes down that a shipment was not offered to the operator.
pub(crate) fn back_to_queue(shipment: Shipment, lane: &Lane, now: Timestamp) -> Settlement {
    let link = lane.link.id().clone();
    Settlement {
        id: shipment.message.id,
        lease: shipment.lease,
        at: now,
        link: link.clone(),
        parts: shipment.parts,
        outcome: Outcome::PutBack {
            link,
            // Its old place: what was accepted later must not overtake it.
            due_at: shipment.message.due_at,
            tries: shipment.tries,
            error: String::new(),
            deadlines: Vec::new(),
        },
        possible_duplicate: shipment.possible_duplicate,
        awaiting: Vec::new(),
        awaiting_until: now,
        tell: false,
        tell_lease: None,
    }
}

fn once(sender: &Sender, request: &Request) -> Option<Once> {
    let key = request.idempotency_key.clone()?;
    Some(Once { user: sender.name().clone(), key, digest: digest(request) })
}

/// A digest of everything that makes a request another request.
fn digest(request: &Request) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut eat = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    for to in &request.to {
        eat(to.as_bytes());
    }
    match &request.content {
        Content::Text(text) => eat(text.as_bytes()),
        Content::Headed { text, udh } => {
            eat(text.as_bytes());
            eat(udh);
        }
        Content::Binary { data, udh } => {
            eat(data);
            eat(udh);
        }
    }
    let dimensions = &request.dimensions;
    let texts = [
        request.from.as_deref().unwrap_or_default(),
        request.reference.as_deref().unwrap_or_default(),
        request.link.as_deref().unwrap_or_default(),
        request.priority.map_or("", domain::message::Priority::as_str),
        if request.flash { "flash" } else { "" },
        &request.callback.as_ref().map(ToString::to_string).unwrap_or_default(),
        &dimensions.company,
        &dimensions.department,
        &dimensions.cost_centre,
        &dimensions.project,
    ];
    texts.iter().for_each(|t| eat(t.as_bytes()));
    eat(&request.send_at.map_or(0, Timestamp::as_millisecond).to_be_bytes());
    eat(&request.valid_for.map_or(0, |d| d.as_millis()).to_be_bytes());
    if let Some(until) = request.valid_until {
        eat(&until.as_millisecond().to_be_bytes());
    }
    if let Some(policy) = request.policy {
        eat(format!("{policy:?}").as_bytes());
    }
    hash.finalize().into()
}
