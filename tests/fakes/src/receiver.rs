//! The application's side of a link: keeps what a link reports, and can be down, hang or panic.

use crate::locked;
use async_trait::async_trait;
use domain::directory::LinkId;
use domain::mo::MoPart;
use domain::receipt::Receipt;
use ports::driving::{ReceiveError, ReceiveMessages, Reply};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use tokio::sync::Notify;

/// How long anything may take before a test gives up on it.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Keeps what a link reports.
#[derive(Debug, Default)]
pub struct Recorder {
    /// Replies not yet taken.
    pub replies: Mutex<Vec<Reply>>,
    /// Receipts not yet taken.
    pub receipts: Mutex<Vec<Receipt>>,
    /// Parts of received messages not yet taken.
    pub mos: Mutex<Vec<MoPart>>,
    /// How often the link's state changed.
    pub changes: AtomicUsize,
    /// The store is down: try again.
    pub down: AtomicBool,
    /// The store does not answer.
    pub hung: AtomicBool,
    /// The next call panics.
    pub panics: AtomicBool,
    heard: Notify,
}

impl Recorder {
    fn answer(&self) -> Result<(), ReceiveError> {
        assert!(!self.panics.swap(false, SeqCst), "as the test wanted");
        if self.down.load(SeqCst) { Err(ReceiveError::TryAgain) } else { Ok(()) }
    }

    /// Waits until something holds.
    ///
    /// # Panics
    /// When it does not within [`PATIENCE`].
    pub async fn until<T>(&self, what: &str, mut holds: impl FnMut(&Self) -> Option<T>) -> T {
        let wait = async {
            loop {
                let heard = self.heard.notified();
                if let Some(found) = holds(self) {
                    return found;
                }
                // Some conditions are not announced: look again from time to time.
                let _ = tokio::time::timeout(Duration::from_millis(20), heard).await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, wait).await;
        assert!(found.is_ok(), "never: {what}");
        found.expect("just asserted")
    }

    /// Replies not yet taken.
    pub fn reply_count(&self) -> usize {
        locked(&self.replies).len()
    }

    /// Waits for so many replies and takes them.
    pub async fn replies(&self, count: usize) -> Vec<Reply> {
        self.until(&format!("{count} replies"), |r| {
            let mut replies = locked(&r.replies);
            (replies.len() >= count).then(|| std::mem::take(&mut *replies))
        })
        .await
    }

    /// Waits for so many receipts and takes them.
    pub async fn receipts(&self, count: usize) -> Vec<Receipt> {
        self.until(&format!("{count} receipts"), |r| {
            let mut receipts = locked(&r.receipts);
            (receipts.len() >= count).then(|| std::mem::take(&mut *receipts))
        })
        .await
    }

    /// Waits for so many received parts and takes them.
    pub async fn mos(&self, count: usize) -> Vec<MoPart> {
        self.until(&format!("{count} messages"), |r| {
            let mut mos = locked(&r.mos);
            (mos.len() >= count).then(|| std::mem::take(&mut *mos))
        })
        .await
    }
}

#[async_trait]
impl ReceiveMessages for Recorder {
    async fn mo(&self, part: MoPart) -> Result<(), ReceiveError> {
        self.until("the store answers", |r| (!r.hung.load(SeqCst)).then_some(())).await;
        self.answer()?;
        locked(&self.mos).push(part);
        self.heard.notify_waiters();
        Ok(())
    }

    async fn receipts(&self, receipts: Vec<Receipt>) -> Vec<Result<(), ReceiveError>> {
        let answer = self.answer();
        let answers = receipts.iter().map(|_| answer).collect();
        if answer.is_ok() {
            locked(&self.receipts).extend(receipts);
            self.heard.notify_waiters();
        }
        answers
    }

    async fn replies(&self, replies: Vec<Reply>) {
        locked(&self.replies).extend(replies);
        self.heard.notify_waiters();
    }

    fn link_changed(&self, _: &LinkId) {
        self.changes.fetch_add(1, SeqCst);
        self.heard.notify_waiters();
    }
}
