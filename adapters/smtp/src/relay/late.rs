//! Reports about recipients that were refused after their mail had been accepted for others.
//!
//! Each has a task of its own, so that no SMTP reply waits for the relay and one report waits for no other. They are kept in memory only.

use super::MailRelay;
use super::again::{What, until_taken};
use super::report::{self, Refused};
use domain::directory::UserName;
use domain::message::SubmissionId;
use ports::driven::HandoffError;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;

/// Reports that may wait; more are dropped and said in the log.
const MOST: usize = 1_000;

/// Reports under way.
pub(crate) struct LateReports {
    relay: Arc<MailRelay>,
    waiting: Waiting,
    stop: CancellationToken,
}

#[derive(Clone, Default)]
struct Waiting(Arc<Mutex<HashSet<SubmissionId>>>);

impl Waiting {
    fn all(&self) -> MutexGuard<'_, HashSet<SubmissionId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LateReports {
    pub(crate) fn new(relay: Arc<MailRelay>) -> Self {
        Self { relay, waiting: Waiting::default(), stop: CancellationToken::new() }
    }

    /// Sends a report when the relay takes it. One about a mail that came again while its first report waits is not sent twice. Must be called inside a
    /// tokio runtime.
    pub(crate) fn give(&self, user: &UserName, refused: &Refused<'_>) {
        let submission = refused.submission;
        let mail = match report::refused(&self.relay.config, refused) {
            Ok(mail) => mail,
            Err(error) => {
                tracing::error!(%user, %submission, %error, "a report about refused recipients cannot be made");
                return;
            }
        };
        {
            let mut waiting = self.waiting.all();
            if waiting.len() >= MOST {
                tracing::error!(%user, %submission, "too many reports about refused recipients wait for the mail relay; one is dropped");
                return;
            }
            if !waiting.insert(submission) {
                return;
            }
        }
        let (relay, waiting, stop, user) =
            (Arc::clone(&self.relay), self.waiting.clone(), self.stop.clone(), user.clone());
        tokio::spawn(async move {
            let not_yet = |error: &HandoffError| {
                tracing::warn!(%user, %submission, %error, "a report about refused recipients is not mailed yet");
            };
            if let Err(error) = until_taken(&relay, &mail, What::Report, &stop, not_yet).await {
                tracing::error!(%user, %submission, %error, "a report about refused recipients is lost");
            }
            waiting.all().remove(&submission);
        });
    }
}

impl Drop for LateReports {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
