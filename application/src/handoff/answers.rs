//! A text that a program answered to a received message goes back to its sender. The text is kept nowhere: as long as it cannot be taken, the
//! message is handed over again, and the key of the answer sees to it that the phone gets one.

use super::{HandOver, PATIENCE};
use domain::Timestamp;
use domain::access::Sender;
use domain::directory::User;
use domain::message::Door;
use domain::mo::{self, Mo};
use domain::refusal::Refusal;
use domain::submission::Request;
use ports::driven::{Answer, Content, Handoff, HandoffError, HandoffOutcome};
use ports::driving::SubmitMessages;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// Automatic replies to one number in [`REPLY_TIME`].
const REPLIES: usize = 3;
/// See [`REPLIES`].
const REPLY_TIME: Duration = Duration::from_mins(10);
/// How soon a program is asked again whose answer could not be taken.
const ASK_AGAIN: Duration = Duration::from_secs(5);

impl HandOver {
    /// What a receiver answered, if the rule of the number sends it back: the message, the text and whose it is.
    fn answered<'a>(
        &self,
        handoff: &'a Handoff,
        result: &'a Result<Answer, HandoffError>,
    ) -> Option<(&'a Mo, &'a str, Arc<User>)> {
        let (Ok(Answer { text: Some(text) }), Content::Mo { mo, .. }) = (result, &handoff.content) else {
            return None;
        };
        let directory = self.directory.current();
        let rule = mo::rule_for(&directory.mo_rules, &mo.destination).filter(|r| r.answers)?;
        let user = directory.user(rule.user.as_ref()?.as_str())?;
        Some((mo, text, Arc::clone(user)))
    }

    /// Sends an answer back, unless two machines are talking to each other.
    ///
    /// # Errors
    /// Why it was not taken now.
    pub(super) async fn send_back(
        &self,
        handoff: &Handoff,
        result: &Result<Answer, HandoffError>,
        lately: &mut Answered,
    ) -> Result<(), Refusal> {
        let Some((mo, text, user)) = self.answered(handoff, result) else { return Ok(()) };
        let now = self.clock.monotonic();
        if !lately.may(&mo.source, now) {
            metrics::counter!("omnigate_answers_stopped_total").increment(1);
            tracing::warn!(mo = mo.id.0, "not answered: too many automatic replies to one number");
            return Ok(());
        }
        let sender = Sender::internal(user, Door::Reply);
        let mut request = Request::text([format!("+{}", mo.source.trim_start_matches('+'))], text);
        request.from = Some(mo.destination.clone());
        request.idempotency_key = Some(format!("mo-{}", mo.id));
        match self.submit.submit(&sender, request).await {
            Ok(accepted) => {
                if !accepted.is_repeated() {
                    lately.note(&mo.source, now);
                }
                Ok(())
            }
            Err(refusal) if refusal.code.is_temporary() => {
                tracing::warn!(mo = mo.id.0, %refusal, "the answer to a received message is not taken yet");
                Err(refusal)
            }
            Err(refusal) => {
                tracing::warn!(mo = mo.id.0, %refusal, "the answer to a received message was refused");
                Ok(())
            }
        }
    }

    /// The program is asked again, for as long as anything is tried: what it said could not be taken.
    pub(super) fn ask_again(&self, handoff: &Handoff, refusal: &Refusal) -> HandoffOutcome {
        let error = format!("its answer was not taken: {refusal}");
        if self.age(handoff) >= PATIENCE {
            return self.outcome(handoff, Err(HandoffError::Temporary(error)));
        }
        self.later(self.after(ASK_AGAIN), error)
    }

    /// What becomes of a delivery that ends when nothing is taken any more: a program whose answer would be sent back is asked again by the
    /// next run.
    pub(super) fn last_outcome(
        &self,
        handoff: &Handoff,
        result: Result<Answer, HandoffError>,
        now: Timestamp,
    ) -> HandoffOutcome {
        if self.answered(handoff, &result).is_some() {
            return self.later(now, "stopped before its answer was taken".to_owned());
        }
        self.outcome(handoff, result)
    }

    fn later(&self, due_at: Timestamp, error: String) -> HandoffOutcome {
        self.meters.handoffs.count("again", 1);
        HandoffOutcome::Again { due_at, error, counts: false }
    }
}

/// Which numbers were answered automatically lately.
#[derive(Default)]
pub(super) struct Answered(HashMap<String, VecDeque<Duration>>);

impl Answered {
    fn may(&mut self, number: &str, now: Duration) -> bool {
        let recent = |at: &Duration| now.saturating_sub(*at) < REPLY_TIME;
        if self.0.len() > 10_000 {
            self.0.retain(|_, times| times.back().is_some_and(recent));
        }
        self.0.get_mut(number).is_none_or(|times| {
            times.retain(recent);
            times.len() < REPLIES
        })
    }

    fn note(&mut self, number: &str, now: Duration) {
        self.0.entry(number.to_owned()).or_default().push_back(now);
    }
}
