//! Sends what may go, one task a request, and sees whether an operator who was away is back.
//!
//! What a task holds is reported by it, or by its [`InHand`] when the task is dropped or panics: then nobody knows what the operator has.

use super::breaker::Outcome;
use super::shared::Shared;
use crate::operator::answer::{self, Answer, Verdict};
use crate::operator::request;
use domain::message::Body;
use domain::routing::{Failure, FailureClass};
use domain::text::Segment;
use ports::driven::{PartReply, Shipment};
use ports::driving::Reply;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use web_kit::{Call, CallError, HttpClient};

/// How often it looks when nothing happens.
const ROUND: Duration = Duration::from_millis(250);
/// How long a connection to see whether the operator is back may take.
const PROBE: Duration = Duration::from_secs(5);

/// Runs until the link is stopped and the last request is over.
pub(super) async fn run(shared: Arc<Shared>, client: HttpClient, host: (String, u16)) {
    let mut tasks = JoinSet::new();
    let mut probe = JoinSet::new();
    loop {
        let going = shared.go();
        shared.give_back(going.expired);
        for request in going.requests {
            let task = send(InHand::new(Arc::clone(&shared), request), client.clone());
            tasks.spawn(task);
        }
        if probe.is_empty() && shared.is_due() {
            probe.spawn(reach(Arc::clone(&shared), host.clone()));
        }
        shared.report_returned();
        if shared.is_stopping() && tasks.is_empty() {
            return;
        }
        let pause = going.again_at.map_or(ROUND, |at| at.saturating_sub(shared.clock.monotonic()).min(ROUND));
        tokio::select! {
            () = shared.wake.notified() => {}
            Some(ended) = tasks.join_next(), if !tasks.is_empty() => {
                if ended.is_err() {
                    shared.meters.panics.increment(1);
                }
            }
            Some(_) = probe.join_next(), if !probe.is_empty() => {}
            () = tokio::time::sleep(pause.max(Duration::from_millis(1))) => shared.give_back_overdue(),
        }
    }
}

/// Sees whether somebody listens there.
async fn reach(shared: Arc<Shared>, (host, port): (String, u16)) {
    let connecting = tokio::net::TcpStream::connect((host.as_str(), port));
    let reached = match tokio::time::timeout(PROBE, connecting).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(format!("no connection to {host}:{port}: {error}")),
        Err(_) => Err(format!("no connection to {host}:{port} in time")),
    };
    shared.probed(reached);
}

/// Messages that one task has.
struct InHand {
    shared: Arc<Shared>,
    shipments: Vec<Shipment>,
    /// What is known of the parts so far.
    parts: Vec<Vec<(u8, PartReply)>>,
    outcome: Option<(Outcome, String)>,
    /// Something was, or may have been, written.
    begun: bool,
}

impl InHand {
    fn new(shared: Arc<Shared>, shipments: Vec<Shipment>) -> Self {
        let parts = vec![Vec::new(); shipments.len()];
        Self { shared, shipments, parts, outcome: None, begun: false }
    }

    /// The next thing known: of a request about these parts of each message.
    fn know(&mut self, n: usize, seqs: &[u8], end: &PartReply) {
        let Some(parts) = self.parts.get_mut(n) else { return };
        for (at, seq) in seqs.iter().enumerate() {
            let one = match end {
                // The first part says why; the others did not fail by themselves.
                PartReply::Refused(_) if at > 0 => PartReply::NotOffered,
                other => other.clone(),
            };
            parts.push((*seq, one));
        }
    }

    /// Replies to everything; what nothing is known of has this end.
    fn replies(&mut self, rest: &PartReply) -> Vec<Reply> {
        let shipments = std::mem::take(&mut self.shipments);
        let parts = std::mem::take(&mut self.parts);
        let replies = shipments.into_iter().zip(parts).map(|(shipment, mut parts)| {
            for (seq, _) in &shipment.segments {
                if parts.iter().all(|(known, _)| known != seq) {
                    parts.push((*seq, rest.clone()));
                }
            }
            parts.sort_unstable_by_key(|(seq, _)| *seq);
            Reply { link: self.shared.id.clone(), at: self.shared.clock.now(), shipment, parts }
        });
        replies.collect()
    }

    /// The end: the window's place is free only when the replies are stored.
    async fn report(mut self) {
        let landed = self.shipments.clone();
        let replies = self.replies(&PartReply::NotOffered);
        let outcome = self.outcome.take();
        self.shared.count(&replies);
        replies.iter().for_each(|reply| self.shared.forget(&reply.shipment));
        let receiver = Arc::clone(&self.shared.receiver);
        let storing = self.shared.calls.spawn(async move { receiver.replies(replies).await });
        if storing.await.is_err() {
            self.shared.meters.panics.increment(1);
        }
        self.shared.landed(&landed, outcome);
    }

    /// The operator has no time: nothing happened, all stand first again.
    fn again(mut self, failure: Failure, detail: String) {
        let shipments = std::mem::take(&mut self.shipments);
        let landed = shipments.clone();
        let mut back = Vec::new();
        for shipment in shipments.into_iter().rev() {
            let goes_on = failure.is_among(&shipment.leaves_on);
            if self.shared.is_too_long_for(&shipment) {
                back.push(self.shared.reply(shipment, &PartReply::NotOffered));
            } else if let Some(shipment) = if goes_on { Some(shipment) } else { self.shared.again(shipment) }
            {
                let first = shipment.segments.first().map(|(seq, _)| *seq);
                let mut reply = self.shared.reply(shipment, &PartReply::NotOffered);
                if let Some((_, end)) = reply.parts.iter_mut().find(|(seq, _)| Some(*seq) == first) {
                    *end = PartReply::Refused(failure.clone());
                }
                back.push(reply);
            }
        }
        self.shared.return_replies(back);
        self.shared.landed(&landed, Some((Outcome::Answered, detail)));
    }
}

impl InHand {
    /// The operator refused all of them at once, perhaps because of one: each goes by itself before it is held against anybody.
    fn apart(mut self, failure: &Failure) {
        let shipments = std::mem::take(&mut self.shipments);
        let landed = shipments.clone();
        let back = shipments.into_iter().rev().filter_map(|shipment| self.shared.apart(shipment));
        self.shared.give_back(back.collect());
        let words = format!("refuses a request with several recipients ({})", failure.code);
        self.shared.landed(&landed, Some((Outcome::Answered, words)));
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        if self.shipments.is_empty() {
            return;
        }
        let landed = self.shipments.clone();
        let rest = if self.begun { PartReply::Unanswered } else { PartReply::NotOffered };
        let replies = self.replies(&rest);
        self.shared.return_replies(replies);
        self.shared.landed(&landed, None);
    }
}

/// How one request ended.
enum Ended {
    Answered(Answer, Option<u64>),
    NotConnected(String),
    Silent(String),
    Unsayable(String),
}

async fn send(mut hand: InHand, client: HttpClient) {
    let profile = Arc::clone(&hand.shared.config.profile);
    let binary = hand.shipments.iter().any(|s| matches!(s.message.body, Body::Binary { .. }));
    // An operator who cuts texts need not cut octets; what he cuts is one piece.
    let pieces: Vec<Option<(u8, Segment)>> = match hand.shipments.first() {
        Some(one) if (!profile.cut_by_operator || binary) && hand.shipments.len() == 1 => {
            one.segments.iter().cloned().map(Some).collect()
        }
        _ => vec![None],
    };
    let several = pieces.len() > 1;
    for piece in pieces {
        let ended = request(&mut hand, &client, piece.as_ref()).await;
        let seqs = |hand: &InHand, n: usize| -> Vec<u8> {
            match (&piece, hand.shipments.get(n)) {
                (Some((seq, _)), _) => vec![*seq],
                (None, Some(shipment)) => shipment.segments.iter().map(|(seq, _)| *seq).collect(),
                (None, None) => Vec::new(),
            }
        };
        let all = |hand: &mut InHand, end: &PartReply| {
            for n in 0..hand.shipments.len() {
                let seqs = seqs(hand, n);
                hand.know(n, &seqs, end);
            }
        };
        match ended {
            Ended::NotConnected(why) => {
                hand.outcome = Some((Outcome::NotConnected, why));
                all(&mut hand, &PartReply::NotOffered);
                break;
            }
            Ended::Silent(why) => {
                hand.outcome = Some((Outcome::Silent, why));
                all(&mut hand, &PartReply::Unanswered);
                break;
            }
            Ended::Unsayable(why) => {
                let code = "http-unsayable".to_owned();
                let failure = Failure { class: FailureClass::Permanent, code, detail: why };
                all(&mut hand, &PartReply::Refused(failure));
                break;
            }
            Ended::Answered(answer, wait) => {
                if let Some(failure) = answer.refused_together().cloned() {
                    return hand.apart(&failure);
                }
                let verdicts = answer.verdicts;
                if let Some(failure) = throttled(&verdicts) {
                    hand.shared.slow_down(wait);
                    let words = format!("asks to slow down ({})", failure.code);
                    if hand.parts.iter().all(Vec::is_empty)
                        && verdicts.len() == hand.shipments.len()
                        && only_throttled(&verdicts)
                    {
                        return hand.again(failure, words);
                    }
                }
                if let Some(why) = not_understood(&verdicts) {
                    let messages = hand.shipments.len();
                    tracing::warn!(link = %hand.shared.id, %why, messages, "an answer of the operator was not understood: nobody knows whether he has taken it");
                }
                let mut refused = false;
                hand.outcome = Some(outcome(&verdicts));
                for (n, verdict) in verdicts.into_iter().enumerate() {
                    refused |= !matches!(verdict, Verdict::Taken(_));
                    let seqs = seqs(&hand, n);
                    let end = match verdict {
                        Verdict::Taken(operator_id) => PartReply::Accepted { operator_id },
                        Verdict::Refused(failure) => PartReply::Refused(failure),
                        Verdict::Unanswered(_) => PartReply::Unanswered,
                    };
                    hand.know(n, &seqs, &end);
                }
                if several && refused {
                    break;
                }
            }
        }
    }
    hand.report().await;
}

async fn request(hand: &mut InHand, client: &HttpClient, piece: Option<&(u8, Segment)>) -> Ended {
    let shared = Arc::clone(&hand.shared);
    let config = &shared.config;
    let part = piece.map(|(seq, segment)| (*seq, segment));
    let call: Call =
        match request::call(&config.profile, &config.account, &hand.shipments, part, shared.clock.now()) {
            Ok(call) => call,
            Err(error) => return Ended::Unsayable(error.to_string()),
        };
    let segments: usize =
        if piece.is_some() { 1 } else { hand.shipments.iter().map(|s| s.segments.len()).sum() };
    shared.meters.submits.increment(segments as u64);
    let began = shared.clock.monotonic();
    hand.begun = true;
    let patience = shared.patience(&hand.shipments);
    let called = tokio::time::timeout(patience, client.call(call)).await.unwrap_or_else(|_| {
        Err(CallError::Unreachable(format!("no answer within {} s", patience.as_secs())))
    });
    match called {
        Ok(reply) => {
            let took = shared.clock.monotonic().saturating_sub(began);
            shared.meters.round_trip.record(took.as_secs_f64());
            shared.took(took);
            let answer = answer::read(&config.profile, &reply, &hand.shipments, part.map(|(seq, _)| seq));
            Ended::Answered(answer, reply.retry_after)
        }
        Err(CallError::Refused(why) | CallError::NotConnected(why)) => {
            hand.begun = hand.parts.iter().any(|parts| !parts.is_empty());
            Ended::NotConnected(why)
        }
        Err(CallError::Unreachable(why)) => Ended::Silent(why),
    }
}

fn throttled(verdicts: &[Verdict]) -> Option<Failure> {
    verdicts.iter().find_map(|verdict| match verdict {
        Verdict::Refused(failure) if failure.class == FailureClass::Throttled => Some(failure.clone()),
        _ => None,
    })
}

fn only_throttled(verdicts: &[Verdict]) -> bool {
    let is = |verdict: &Verdict| matches!(verdict, Verdict::Refused(failure) if failure.class == FailureClass::Throttled);
    verdicts.iter().all(is)
}

/// Why an answer leaves in doubt what it is about.
fn not_understood(verdicts: &[Verdict]) -> Option<&str> {
    verdicts.iter().find_map(|v| if let Verdict::Unanswered(why) = v { Some(why.as_str()) } else { None })
}

/// What the verdicts say of the operator himself.
fn outcome(verdicts: &[Verdict]) -> (Outcome, String) {
    let barred = verdicts.iter().find_map(|verdict| match verdict {
        Verdict::Refused(failure) if failure.class == FailureClass::Barred => Some(failure),
        _ => None,
    });
    if let Some(failure) = barred {
        return (
            Outcome::Barred,
            format!("takes nothing from us: {} {}", failure.code, failure.detail).trim_end().to_owned(),
        );
    }
    match not_understood(verdicts) {
        Some(why) => (Outcome::Silent, format!("an answer that says nothing: {why}")),
        None => (Outcome::Answered, "answers".to_owned()),
    }
}
