//! Calls into the application that a session has under way: replies, receipts and received messages to be stored.
//!
//! They run beside the session, so that a slow store never keeps it from reading; few at a time, so that what waits
//! meanwhile goes in one call. A call that panics counts as "try again".

use crate::dialect::Answer;
use crate::said::Utterance;
use crate::shared::Shared;
use domain::mo::MoPart;
use domain::receipt::Receipt;
use futures_util::FutureExt as _;
use ports::driving::{ReceiveError, Reply};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, Waker};
use tokio::task::JoinSet;

/// Calls with replies, and calls with receipts, that run at once.
const MOST_CALLS: usize = 3;

enum Done<A> {
    Replies(usize),
    Receipts(Vec<(A, Answer)>),
    Mo(A, Answer, Option<Utterance>),
}

/// The calls of one session.
pub(crate) struct Jobs<A> {
    shared: Arc<Shared>,
    /// Which session of the link, of all that there ever were.
    session: u64,
    running: JoinSet<Done<A>>,
    reply_calls: usize,
    unstored: usize,
    receipt_calls: usize,
    receipts: Vec<(A, Receipt)>,
    unanswered: usize,
}

impl<A: Send + 'static> Jobs<A> {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            session: shared.sessions.fetch_add(1, Relaxed),
            shared,
            running: JoinSet::new(),
            reply_calls: 0,
            unstored: 0,
            receipt_calls: 0,
            receipts: Vec::new(),
            unanswered: 0,
        }
    }

    /// How many things the operator waits for an answer to.
    pub(crate) fn unanswered(&self) -> usize {
        self.unanswered
    }

    /// Segments whose replies are being stored.
    pub(crate) fn unstored(&self) -> usize {
        self.unstored
    }

    /// A receipt came; it is stored with the next call.
    pub(crate) fn receipt(&mut self, to: A, receipt: Receipt) {
        self.unanswered += 1;
        self.shared.meters.receipts.increment(1);
        self.receipts.push((to, receipt));
    }

    /// A message came; it is stored at once, after those that came before it.
    pub(crate) fn mo(&mut self, to: A, mut part: MoPart) {
        self.unanswered += 1;
        self.shared.meters.mos.increment(1);
        let now = self.shared.clock.monotonic();
        let heard = self.shared.said().heard(&mut part, self.session, now);
        let shared = self.shared.clone();
        let call = async move {
            let stored = AssertUnwindSafe(shared.receiver.mo(part)).catch_unwind().await;
            Done::Mo(to, stored.map_or_else(|_| panicked(&shared), answer), heard)
        };
        self.begin(call);
    }

    /// Begins a call here: then it takes its place before those that come after it, whichever task runs first (a worker of tokio runs the one
    /// that was spawned last).
    fn begin(&mut self, call: impl Future<Output = Done<A>> + Send + 'static) {
        let mut call = Box::pin(self.shared.calls.track_future(call));
        match call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => self.running.spawn(std::future::ready(done)),
            Poll::Pending => self.running.spawn(call),
        };
    }

    /// Starts calls for what waits.
    pub(crate) fn launch(&mut self, done: &mut Vec<Reply>) {
        if !done.is_empty() && self.reply_calls < MOST_CALLS {
            self.reply_calls += 1;
            self.replies(std::mem::take(done));
        }
        // A receipt that overtakes the reply it follows is kept by its id, and looked for when the reply comes.
        if done.is_empty() && !self.receipts.is_empty() && self.receipt_calls < MOST_CALLS {
            self.receipt_calls += 1;
            let shared = self.shared.clone();
            let (to, receipts): (Vec<_>, Vec<_>) = std::mem::take(&mut self.receipts).into_iter().unzip();
            let call = async move {
                let stored = AssertUnwindSafe(shared.receiver.receipts(receipts)).catch_unwind().await;
                let answers: Vec<Answer> = stored.map_or_else(
                    |_| vec![panicked(&shared)],
                    |stored| stored.into_iter().map(answer).collect(),
                );
                let answers = answers.into_iter().chain(std::iter::repeat(Answer::TryAgain));
                Done::Receipts(to.into_iter().zip(answers).collect())
            };
            self.running.spawn(self.shared.calls.track_future(call));
        }
    }

    fn replies(&mut self, replies: Vec<Reply>) {
        replies.iter().flat_map(|reply| &reply.parts).for_each(|(_, end)| self.shared.meters.ended(end));
        let count = replies.iter().map(|reply| reply.parts.len()).sum();
        self.unstored += count;
        let shared = self.shared.clone();
        let call = async move {
            if AssertUnwindSafe(shared.receiver.replies(replies)).catch_unwind().await.is_err() {
                panicked(&shared);
            }
            Done::Replies(count)
        };
        self.begin(call);
    }

    /// Waits for the next call to end (for ever when there is none) and gives what is to be answered now.
    pub(crate) async fn next(&mut self, answers: &mut Vec<(A, Answer)>) {
        match self.running.join_next().await {
            Some(ended) => self.settle(ended.ok(), answers),
            None => std::future::pending().await,
        }
        while let Some(ended) = self.running.try_join_next() {
            self.settle(ended.ok(), answers);
        }
    }

    fn settle(&mut self, done: Option<Done<A>>, answers: &mut Vec<(A, Answer)>) {
        match done {
            Some(Done::Replies(count)) => {
                self.reply_calls = self.reply_calls.saturating_sub(1);
                self.unstored = self.unstored.saturating_sub(count);
            }
            Some(Done::Receipts(all)) => {
                self.receipt_calls = self.receipt_calls.saturating_sub(1);
                self.unanswered = self.unanswered.saturating_sub(all.len());
                answers.extend(all);
            }
            Some(Done::Mo(to, answer, heard)) => {
                self.unanswered = self.unanswered.saturating_sub(1);
                if let Some(which) = heard {
                    let now = self.shared.clock.monotonic();
                    self.shared.said().answered(which, answer == Answer::Taken, now);
                }
                answers.push((to, answer));
            }
            None => {}
        }
    }

    /// Lets the calls end by themselves: the session is over, what they store is not.
    pub(crate) fn leave(mut self) {
        self.shared.said().ended(self.session, self.shared.clock.monotonic());
        self.running.detach_all();
    }
}

fn answer(stored: Result<(), ReceiveError>) -> Answer {
    match stored {
        Ok(()) => Answer::Taken,
        Err(ReceiveError::TryAgain) => Answer::TryAgain,
        Err(ReceiveError::Refused) => Answer::Refused,
    }
}

fn panicked(shared: &Shared) -> Answer {
    shared.meters.panics.increment(1);
    tracing::error!(link = %shared.id, "storing what the link reported panicked");
    Answer::TryAgain
}
