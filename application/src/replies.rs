//! What an operator replied to a shipment, turned into what is written down.

use crate::moving;
use domain::Timestamp;
use domain::directory::{Directory, LinkId};
use domain::message::{Callback, Departure, Message, PartState, Parts};
use domain::receipt::correlate;
use domain::routing::{self, DoubtPolicy, Failure, FailureClass, Healths, Next, Question, Route, Turn};
use domain::state::State;
use ports::driven::{Outcome, PartReply, Settlement, Shipment};
use ports::driving::Reply;

/// Decides about one reply. Where it is not `sure` what time it is, nothing is over: it waits until that is known.
pub(crate) fn settlement(
    directory: &Directory,
    reply: Reply,
    healths: &Healths,
    now: Timestamp,
    sure: bool,
) -> Settlement {
    let Reply { shipment, link, at, parts: replies } = reply;
    let message = &shipment.message;
    let mut parts = shipment.parts.clone();
    let mut awaiting = Vec::new();
    let mut verdict = Verdict::Accepted;
    let (mut refused, mut unanswered) = (Vec::new(), Vec::new());
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
            PartReply::Unanswered => unanswered.push(seq),
            PartReply::NotOffered => verdict = verdict.worse(Verdict::NotOffered),
        }
    }
    let question = Question::about(message);
    let route = routing::route(directory, &question).filter(|r| r.ways.iter().any(|w| w.has(&link)));
    let mut in_doubt = !unanswered.is_empty();
    let mut decided = None;
    if in_doubt && verdict.yields_to_doubt(route) {
        let next = routing::after_silence(route, turn(&shipment, &link, &parts), healths, now);
        if next == Next::AssumeSent && !matches!(verdict, Verdict::Accepted) {
            // What he never answered is taken as sent, and nobody will know more of it; the rest he does not have, and it goes again alone.
            for seq in unanswered {
                parts.set(seq, PartState::Unknown, "", "");
            }
            in_doubt = false;
        } else {
            decided = Some((
                next,
                Some(failure("unanswered", "the operator gave no answer that says whether it was taken")),
            ));
        }
    }
    let (next, error) =
        decided.or_else(|| verdict.decide(route, turn(&shipment, &link, &parts), healths, now)).unzip();
    let error = error.flatten();
    if next == Some(Next::Fail) {
        // It is not tried again here: what was refused stays so, whatever another operator still has to say of it.
        for (seq, code) in refused {
            parts.set(seq, PartState::Failed, "", &code);
        }
    }
    let may_have_some = leave(&mut parts, next.as_ref(), &link, in_doubt, now) || in_doubt;
    let over = sure && message.expires_at <= now;
    let outcome = outcome(&parts, next, error, over, now);
    // What goes no further is sent no second time, whatever became of it here.
    let goes_again = matches!(outcome, Outcome::PutBack { .. });
    let possible_duplicate = shipment.possible_duplicate || (goes_again && may_have_some);
    let state = state_of(&outcome, &parts);
    let tell = state.is_some_and(|s| is_told(message, s, &parts, shipment.receipt));
    let grace = directory.defaults.receipt_grace;
    let awaiting_until = message.expires_at.max(now).checked_add(grace).unwrap_or(Timestamp::MAX);
    let settlement = Settlement {
        id: message.id,
        lease: shipment.lease,
        at,
        link,
        parts,
        outcome,
        possible_duplicate,
        awaiting,
        awaiting_until,
        tell,
        tell_lease: None,
    };
    moving::renewed(settlement, route, message.priority)
}

/// The turn that a shipment had, with what became of its segments.
fn turn<'a>(shipment: &'a Shipment, link: &'a LinkId, parts: &'a Parts) -> Turn<'a> {
    let (message, tries) = (&shipment.message, shipment.tries);
    let (spread, since) = (message.spread(), message.due_at);
    Turn { link, priority: message.priority, tries, parts, spread, since }
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

/// Whether the sender is told of a state: also of `sent`, when no receipt is awaited and nobody will say more than that.
fn is_told(message: &Message, state: State, parts: &Parts, receipts: bool) -> bool {
    let wants = |c: &Callback| {
        if parts.awaits_receipt(receipts) { c.wants(state) } else { c.wants_at_last(state) }
    };
    message.callback.as_ref().is_some_and(wants)
}

/// What follows from the next step and the error that led to it, for a message whose time may be over.
pub(crate) fn outcome(
    parts: &Parts,
    next: Option<Next>,
    error: Option<Failure>,
    over: bool,
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
        Some(Next::Again { .. } | Next::Divert { .. }) if over => Outcome::Expired,
        Some(Next::Divert { link, tries, .. }) => {
            let (error, deadlines) = (error.as_ref().map(words).unwrap_or_default(), Vec::new());
            Outcome::PutBack { link, due_at: now, tries, error, deadlines }
        }
        Some(Next::Again { link, due_at, tries }) => {
            let (error, deadlines) = (error.as_ref().map(words).unwrap_or_default(), Vec::new());
            Outcome::PutBack { link, due_at, tries, error, deadlines }
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
    lease: domain::message::Incarnation,
    now: Timestamp,
    sure: bool,
) -> Settlement {
    let message = &leased.message;
    let question = Question::about(message);
    let route = routing::route(directory, &question);
    let (priority, parts) = (message.priority, &leased.parts);
    let (spread, since) = (message.spread(), message.due_at);
    let turn = Turn { link: &leased.link, priority, tries: leased.tries, parts, spread, since };
    let next = routing::after_death(route, turn, now);
    let error = failure("in_doubt", "the node stopped before the operator answered");
    let over = sure && message.expires_at <= now;
    let outcome = outcome(parts, Some(next), Some(error), over, now);
    let receipts =
        directory.link(&leased.link).is_none_or(|l| l.receipts) && message.recipient.has_receipts();
    let tell = state_of(&outcome, parts).is_some_and(|s| is_told(message, s, parts, receipts));
    Settlement {
        id: message.id,
        lease,
        at: now,
        link: leased.link,
        parts: leased.parts,
        outcome,
        possible_duplicate: true,
        awaiting: Vec::new(),
        awaiting_until: now,
        tell,
        tell_lease: None,
    }
}

/// The worst of what was replied to a shipment's segments, and of what was not offered, decides.
enum Verdict {
    Accepted,
    NotOffered,
    Failed(Failure),
}

impl Verdict {
    fn weight(&self) -> u8 {
        match self {
            Self::Accepted => 0,
            Self::NotOffered => 1,
            Self::Failed(failure) if failure.class == FailureClass::Permanent => 3,
            Self::Failed(_) => 2,
        }
    }

    fn worse(self, other: Self) -> Self {
        if other.weight() > self.weight() { other } else { self }
    }

    /// Whether what became of other segments of the shipment, which were never answered, weighs more: then the route's word on doubt is heard
    /// first. A failure that may pass is a reason to go again, which only that word can forbid.
    fn yields_to_doubt(&self, route: Option<&Route>) -> bool {
        match self {
            Self::Accepted | Self::NotOffered => true,
            Self::Failed(failure) => {
                failure.class != FailureClass::Permanent
                    && route.is_some_and(|r| r.doubt != DoubtPolicy::Resend)
            }
        }
    }

    /// What follows, and the error to show; nothing when the operator took all of it.
    fn decide(
        self,
        route: Option<&Route>,
        turn: Turn<'_>,
        healths: &Healths,
        now: Timestamp,
    ) -> Option<(Next, Option<Failure>)> {
        match self {
            Self::Accepted => None,
            Self::Failed(failure) => {
                Some((routing::after_failure(route, turn, &failure, healths, now), Some(failure)))
            }
            Self::NotOffered => {
                let not_offered = failure("not_offered", "the link could not offer it");
                let not_offered = Failure { class: FailureClass::NotOffered, ..not_offered };
                Some((routing::after_failure(route, turn, &not_offered, healths, now), None))
            }
        }
    }
}
