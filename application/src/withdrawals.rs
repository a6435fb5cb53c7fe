//! Passing wishes that operators take messages back on to this run's links, and writing down what came of them.

use crate::directory::CurrentDirectory;
use crate::fatal::Fatal;
use crate::lanes::{Lane, Lanes};
use crate::recall::Answered;
use domain::directory::LinkId;
use domain::message::{MessageId, Part};
use domain::originator;
use futures_util::future::join_all;
use ports::driven::{
    Clock, Obstacle, Recall, RecallAnswer, RecallOutcome, RecallSaid, Recalls, Withdrawal, Withdrawn,
};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often wishes of others are looked for, and for how many rounds sooner when there were some: a list of messages is taken back one by one.
const EVERY: Duration = Duration::from_secs(1);
const SOONER: Duration = Duration::from_millis(100);
const ROUNDS: u32 = 30;
/// Wishes about one link that are under way at once.
const AT_ONCE: usize = 8;
/// How long an operator has for one answer.
const ANSWER: Duration = Duration::from_mins(1);
/// When a wish is given out again about which nothing was heard: its run is dead then, since it says so often that it has it in hand.
const AGAIN: Duration = Duration::from_secs(15);
const IN_HAND: Duration = Duration::from_secs(5);
/// When an operator is asked again that did not answer, and how often he is asked.
const SILENT: Duration = Duration::from_secs(30);
const TRIES: u16 = 4;
/// When an operator is asked again that could not be asked.
const BUSY: Duration = Duration::from_secs(2);
/// How often writing an answer down is tried; after that the operator is asked again.
const WRITES: u32 = 5;

/// Asks operators to take back what is wished, by this run's links.
#[derive(Clone)]
pub(crate) struct Withdrawals {
    pub directory: Arc<CurrentDirectory>,
    pub lanes: Arc<Lanes>,
    pub recalls: Arc<dyn Recalls>,
    pub clock: Arc<dyn Clock>,
    pub fatal: Fatal,
    /// Rung when a wish was written down here.
    pub bell: Arc<Notify>,
    /// Who waits for answers.
    pub answered: Arc<Answered>,
    /// What this run has in hand: it is asked for once at a time, also when the store gives it out again.
    pub in_hand: Arc<Mutex<HashSet<(MessageId, LinkId)>>>,
}

impl Withdrawals {
    /// Passes wishes on until told to stop.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let (mut places, under_way) = (HashMap::new(), TaskTracker::new());
        let mut sooner = 0;
        while !stop.is_cancelled() {
            let found = self.round(&mut places, &under_way, &stop).await;
            sooner = if found { ROUNDS } else { sooner.saturating_sub(1) };
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.bell.notified() => {}
                () = sleep(if sooner > 0 { SOONER } else { EVERY }) => {}
            }
        }
    }

    /// Gives out what is due; whether there was anything.
    async fn round(
        &self,
        places: &mut HashMap<LinkId, Arc<Semaphore>>,
        under_way: &TaskTracker,
        stop: &CancellationToken,
    ) -> bool {
        let mut found = false;
        loop {
            // A silent operator has so many wishes under way, and no more; those of others go on.
            let ready = self.lanes.all().into_iter().filter(|lane| {
                let id = lane.link.id().clone();
                let free = places.entry(id).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE)));
                free.available_permits() > 0 && lane.may_send() && lane.link.withdraws() != Some(false)
            });
            let ready: HashMap<LinkId, Arc<Lane>> =
                ready.map(|lane| (lane.link.id().clone(), lane)).collect();
            let links: Vec<LinkId> = ready.keys().cloned().collect();
            if links.is_empty() {
                return found;
            }
            let now = self.clock.now();
            let again = now.checked_add(AGAIN).unwrap_or(now);
            let given = match self.fatal.watch(self.recalls.recalls(&links, now, again, AT_ONCE).await) {
                Ok(given) => given,
                Err(error) => {
                    tracing::warn!(%error, "what operators are to take back could not be read");
                    return found;
                }
            };
            let all = given.len() < AT_ONCE;
            found |= !given.is_empty();
            for recall in given {
                let Some((lane, place)) = ready.get(&recall.link).zip(places.get(&recall.link)) else {
                    continue;
                };
                let (this, lane, place) = (self.clone(), Arc::clone(lane), Arc::clone(place));
                let stop = stop.clone();
                under_way.spawn(async move { this.pass_on(recall, &lane, place, &stop).await });
            }
            if all {
                return found;
            }
        }
    }

    /// Passes it on once its link has a place, and says all the while that it is in hand.
    async fn pass_on(&self, recall: Recall, lane: &Lane, place: Arc<Semaphore>, stop: &CancellationToken) {
        let key = (recall.record.message.id, recall.link.clone());
        let Some(_in_hand) = InHand::take(&self.in_hand, key) else { return };
        let work = async {
            let _place = place.acquire_owned().await;
            self.ask_and_write(&recall, lane).await;
        };
        tokio::pin!(work);
        while timeout(IN_HAND, work.as_mut()).await.is_err() {
            if stop.is_cancelled() {
                // Another run may have it soon.
                continue;
            }
            let now = self.clock.now();
            let outcome = RecallOutcome::Later(now.checked_add(AGAIN).unwrap_or(now));
            let (id, link) = (recall.record.message.id, recall.link.clone());
            let answer = RecallAnswer { id, link, taken: Vec::new(), outcome, now };
            if let Err(error) = self.fatal.watch(self.recalls.recalled(answer).await) {
                tracing::debug!(%id, %error, "that a wish is in hand could not be stored");
            }
        }
    }

    async fn ask_and_write(&self, recall: &Recall, lane: &Lane) {
        let (id, link) = (recall.record.message.id, recall.link.clone());
        let (taken, outcome) = self.ask(recall, lane).await;
        let answered = matches!(outcome, RecallOutcome::Said(_));
        tracing::info!(%id, %link, taken = taken.len(), answered, "the operator was asked to take a message back");
        let answer = RecallAnswer { id, link, taken, outcome, now: self.clock.now() };
        for _ in 0..WRITES {
            match self.fatal.watch(self.recalls.recalled(answer.clone()).await) {
                Ok(_) => return self.answered.ring(id),
                Err(error) => {
                    tracing::warn!(%id, %error, "an operator's answer could not be stored")
                }
            }
            sleep(BUSY).await;
        }
    }

    /// Asks for each segment that the operator has: those he took back, and what comes of the wish.
    async fn ask(&self, recall: &Recall, lane: &Lane) -> (Vec<(u8, String)>, RecallOutcome) {
        let Recall { record, link, tries } = recall;
        let held: Vec<Part> = match record.state {
            state if state.may_be_asked_back() => record.parts.held_by(&record.link, link).cloned().collect(),
            _ => Vec::new(),
        };
        let of = u16::try_from(held.len()).unwrap_or(u16::MAX);
        let said = |taken: usize, why, words: String| {
            let taken = u16::try_from(taken).unwrap_or(u16::MAX);
            RecallOutcome::Said(RecallSaid { taken, of, why, words })
        };
        if lane.link.withdraws().is_none() && of > 0 {
            return (Vec::new(), said(0, Obstacle::Impossible, String::new()));
        }
        let directory = self.directory.current();
        let profile = directory.link(link);
        let message = &record.message;
        let shown = profile.and_then(|p| originator::on_link(message.originator.as_ref(), p)).cloned();
        let (named, nameless): (Vec<Part>, Vec<Part>) =
            held.into_iter().partition(|part| !part.operator_id.is_empty());
        let asked = named.iter().map(|part| {
            let what = Withdrawal {
                message: Arc::clone(message),
                originator: shown.clone(),
                operator_id: part.operator_id.clone(),
            };
            async move { timeout(ANSWER, lane.link.withdraw(what)).await.unwrap_or(Withdrawn::Unanswered) }
        });
        let answers = join_all(asked).await;
        let mut taken = Vec::new();
        let (mut refused, mut silent, mut busy) = (None, false, false);
        for (part, answer) in named.into_iter().zip(answers) {
            match answer {
                Withdrawn::TakenBack => taken.push((part.seq, part.operator_id)),
                Withdrawn::Refused(words) => refused = refused.or(Some(words)),
                Withdrawn::Unanswered => silent = true,
                Withdrawn::NotOffered => busy = true,
            }
        }
        let later = |after: Duration| {
            let now = self.clock.now();
            RecallOutcome::Later(now.checked_add(after).unwrap_or(now))
        };
        let count = taken.len();
        let outcome = match refused {
            _ if silent && *tries < TRIES => later(SILENT),
            _ if busy => later(BUSY),
            Some(words) => said(count, Obstacle::Refused, words),
            None if silent => said(count, Obstacle::Silent, String::new()),
            None if !nameless.is_empty() => said(count, Obstacle::Nameless, String::new()),
            None => said(count, Obstacle::None, String::new()),
        };
        (taken, outcome)
    }
}

/// A wish that this run has in hand, until it is dropped.
struct InHand<'a> {
    all: &'a Mutex<HashSet<(MessageId, LinkId)>>,
    key: (MessageId, LinkId),
}

impl<'a> InHand<'a> {
    /// None when it is in hand already.
    fn take(all: &'a Mutex<HashSet<(MessageId, LinkId)>>, key: (MessageId, LinkId)) -> Option<Self> {
        let new = all.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        new.then_some(Self { all, key })
    }
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
