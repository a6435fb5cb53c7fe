//! What an operator replied to a shipment, turned into what is written down.

use domain::Timestamp;
use domain::directory::{Directory, LinkId};
use domain::message::{Callback, Departure, Message, PartState, Parts};
use domain::receipt::correlate;
use domain::routing::{self, Failure, FailureClass, Healths, Next, Question, Tries, Turn};
use domain::state::State;
use ports::driven::{Outcome, PartReply, Settlement};
use ports::driving::Reply;

/// Decides about one reply.
pub(crate) fn settlement(
    directory: &Directory,
    reply: Reply,
    healths: &Healths,
    now: Timestamp,
) -> Settlement {
    let Reply { shipment, link, at, parts: replies } = reply;
    let message = &shipment.message;
    let mut parts = shipment.parts.clone();
    let mut awaiting = Vec::new();
    let mut verdict = Verdict::Accepted;
    let mut in_doubt = false;
    let mut refused = Vec::new();
    for (seq, reply) in replies {
        match reply {
            PartReply::Accepted { operator_id } => {
                parts.set(seq, PartState::Sent, &operator_id, "");
                if shipment.receipt && !operator_id.is_empty() {
                    awaiting.push((seq, correlate::stored_key(&operator_id)));
                }
            }
            PartReply::Refused(failure) => {
                refused.push((seq, failure.code.clone()));
                verdict = verdict.worse(Verdict::Failed(failure));
            }
            PartReply::Unanswered => {
                in_doubt = true;
                verdict = verdict.worse(Verdict::Silent);
            }
            PartReply::NotOffered => verdict = verdict.worse(Verdict::NotOffered),
        }
    }
    let possible_duplicate = shipment.possible_duplicate || in_doubt;
    let question = Question::about(message);
    let route = routing::route(directory, &question).filter(|r| r.ways.iter().any(|w| w.has(&link)));
    let turn = Turn {
        link: &link,
        priority: message.priority,
        tries: shipment.tries,
        parts: &parts,
        spread: message.spread(),
        since: message.due_at,
    };
    let (next, error) = match verdict {
        Verdict::Accepted => (None, None),
        Verdict::Failed(failure) => {
            let next = routing::after_failure(route, turn, &failure, healths, now);
            (Some(next), Some(failure))
        }
        Verdict::Silent => {
            let next = routing::after_silence(route, turn, healths, now);
            (Some(next), Some(failure("unanswered", "the operator never answered")))
        }
        Verdict::NotOffered => {
            let not_offered = failure("not_offered", "the link could not offer it");
            let not_offered = Failure { class: FailureClass::NotOffered, ..not_offered };
            (Some(routing::after_failure(route, turn, &not_offered, healths, now)), None)
        }
    };
    if next == Some(Next::Fail) {
        // It is not tried again here: what was refused stays so, whatever another operator still has to say of it.
        for (seq, code) in refused {
            parts.set(seq, PartState::Failed, "", &code);
        }
    }
    let possible_duplicate = leave(&mut parts, next.as_ref(), &link, in_doubt, now) || possible_duplicate;
    let outcome = outcome(message, &parts, next, error, possible_duplicate, now);
    let state = state_of(&outcome, &parts);
    let wants = |c: &Callback, s| if shipment.receipt { c.wants(s) } else { c.wants_at_last(s) };
    let tell = state.is_some_and(|s| message.callback.as_ref().is_some_and(|c| wants(c, s)));
    let grace = directory.defaults.receipt_grace;
    let awaiting_until = message.expires_at.max(now).checked_add(grace).unwrap_or(Timestamp::MAX);
    Settlement {
        id: message.id,
        lease: shipment.lease,
        at,
        link,
        parts,
        outcome,
        awaiting,
        awaiting_until,
        tell,
        tell_lease: None,
    }
}

/// A message that is diverted leaves its way. Whether the recipient may get it twice.
fn leave(parts: &mut Parts, next: Option<&Next>, link: &LinkId, in_doubt: bool, at: Timestamp) -> bool {
    let Some(Next::Divert { link: to, why, .. }) = next else { return false };
    metrics::counter!("omnigate_fallback_total", "from" => link.to_string(), "to" => to.to_string(), "why" => why.as_str()).increment(1);
    parts.leave(&Departure { link, sent_at: None, at, why: *why, in_doubt })
}

/// The state an outcome leads to, when it is one that is told of.
pub(crate) fn state_of(outcome: &Outcome, parts: &Parts) -> Option<State> {
    (!matches!(outcome, Outcome::PutBack { .. })).then(|| outcome.state(parts))
}

/// What follows from the next step and the error that led to it.
pub(crate) fn outcome(
    message: &Message,
    parts: &Parts,
    next: Option<Next>,
    error: Option<Failure>,
    possible_duplicate: bool,
    now: Timestamp,
) -> Outcome {
    let words = |failure: &Failure| {
        if failure.detail.is_empty() {
            failure.code.clone()
        } else {
            format!("{} {}", failure.code, failure.detail)
        }
    };
    match next {
        None | Some(Next::AssumeSent) => Outcome::Sent,
        Some(Next::Fail) => {
            let Failure { code, detail, .. } = error.unwrap_or_else(|| failure("failed", ""));
            match parts.rests_as(State::Failed) {
                State::Failed => Outcome::Failed { code, detail },
                _ => Outcome::Abandoned { code, detail },
            }
        }
        Some(Next::Again { .. } | Next::Divert { .. }) if message.expires_at <= now => Outcome::Expired,
        Some(Next::Divert { link, tries, .. }) => {
            let error = error.as_ref().map(words).unwrap_or_default();
            Outcome::PutBack { link, due_at: now, tries, possible_duplicate, error }
        }
        Some(Next::Again { link, due_at, tries }) => {
            let error = error.as_ref().map(words).unwrap_or_default();
            Outcome::PutBack { link, due_at, tries, possible_duplicate, error }
        }
    }
}

fn failure(code: &str, detail: &str) -> Failure {
    Failure { class: FailureClass::Temporary, code: code.to_owned(), detail: detail.to_owned() }
}

/// What a run that died leaves: nobody knows whether it was sent.
pub(crate) fn doubt(
    directory: &Directory,
    leased: ports::driven::Leased,
    healths: &Healths,
    lease: domain::message::Incarnation,
    now: Timestamp,
) -> Settlement {
    let message = &leased.message;
    let question = Question::about(message);
    let route = routing::route(directory, &question);
    let (priority, parts) = (message.priority, &leased.parts);
    let (spread, since) = (message.spread(), message.due_at);
    let turn = Turn { link: &leased.link, priority, tries: leased.tries, parts, spread, since };
    let next = match routing::after_silence(route, turn, healths, now) {
        // Nothing failed: it goes again at once, by the same way, and no try is counted.
        Next::Again { .. } | Next::Divert { .. } => {
            Next::Again { link: leased.link.clone(), due_at: now, tries: Tries { ..leased.tries } }
        }
        other => other,
    };
    let error = failure("in_doubt", "the node stopped before the operator answered");
    let outcome = outcome(message, parts, Some(next), Some(error), true, now);
    let tell =
        state_of(&outcome, parts).is_some_and(|s| message.callback.as_ref().is_some_and(|c| c.wants(s)));
    Settlement {
        id: message.id,
        lease,
        at: now,
        link: leased.link,
        parts: leased.parts,
        outcome,
        awaiting: Vec::new(),
        awaiting_until: now,
        tell,
        tell_lease: None,
    }
}

/// The worst of the replies to a shipment's segments decides.
enum Verdict {
    Accepted,
    NotOffered,
    Silent,
    Failed(Failure),
}

impl Verdict {
    fn weight(&self) -> u8 {
        match self {
            Self::Accepted => 0,
            Self::NotOffered => 1,
            Self::Silent => 2,
            Self::Failed(failure) if failure.class == FailureClass::Permanent => 4,
            Self::Failed(_) => 3,
        }
    }

    fn worse(self, other: Self) -> Self {
        if other.weight() > self.weight() { other } else { self }
    }
}
