//! A receiver of handoffs that answers by script.

use crate::locked;
use async_trait::async_trait;
use ports::driven::{Answer, Deliver, Handoff, HandoffError};
use std::collections::VecDeque;
use std::sync::Mutex;
use tokio::sync::Notify;

/// Keeps what it is given; says yes unless the script says otherwise.
#[derive(Debug, Default)]
pub struct FakeDeliver {
    got: Mutex<Vec<Handoff>>,
    script: Mutex<VecDeque<Result<Answer, HandoffError>>>,
    changed: Notify,
}

impl FakeDeliver {
    /// What the next tries are answered, one after the other; after that it says yes again.
    pub fn answer_with(&self, answers: impl IntoIterator<Item = Result<Answer, HandoffError>>) {
        locked(&self.script).extend(answers);
    }

    /// Every try so far, also the ones that were refused.
    #[must_use]
    pub fn tries(&self) -> Vec<Handoff> {
        locked(&self.got).clone()
    }

    /// Waits until there have been so many tries; the caller sets the time limit.
    pub async fn until(&self, count: usize) -> Vec<Handoff> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let got = self.tries();
            if got.len() >= count {
                return got;
            }
            changed.await;
        }
    }
}

#[async_trait]
impl Deliver for FakeDeliver {
    async fn deliver(&self, handoff: &Handoff) -> Result<Answer, HandoffError> {
        let answer = locked(&self.script).pop_front().unwrap_or_else(|| Ok(Answer::default()));
        locked(&self.got).push(handoff.clone());
        self.changed.notify_waiters();
        answer
    }
}
