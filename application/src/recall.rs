//! Taking back a message that an operator has: the wish is written down, whoever has the link asks the operator, the answer is waited for.

use crate::directory::CurrentDirectory;
use crate::fatal::Fatal;
use crate::lanes::{Lane, Lanes};
use domain::directory::LinkId;
use domain::message::{MessageId, Part};
use domain::state::State;
use domain::{Language, Words, originator, words};
use futures_util::future::join_all;
use ports::driven::{
    Clock, Dispatch, Obstacle, Recall, RecallAnswer, RecallOutcome, RecallSaid, Recalls, Reports, StoreError,
    Withdrawal, Withdrawn,
};
use ports::driving::Recalled;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long whoever asks waits for the operators' answers.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the answers are looked for, at first; then less often.
const SOON: Duration = Duration::from_millis(50);
/// How often wishes of others are looked for, and for how many rounds sooner when there were some: a list of messages is taken back one by one.
const EVERY: Duration = Duration::from_secs(1);
const SOONER: Duration = Duration::from_millis(100);
const ROUNDS: u32 = 30;
/// Wishes about one link that are under way at once.
const AT_ONCE: usize = 8;
/// How long an operator has for one answer.
const ANSWER: Duration = Duration::from_mins(1);
/// When a wish is given out again about which nothing was heard: longer than all its segments may take.
const AGAIN: Duration = Duration::from_mins(5);
/// When an operator is asked again that did not answer, and how often he is asked.
const SILENT: Duration = Duration::from_secs(30);
const TRIES: u16 = 4;
/// When an operator is asked again that could not be asked.
const BUSY: Duration = Duration::from_secs(2);
/// How often writing an answer down is tried; after that the operator is asked again.
const WRITES: u32 = 5;

/// What taking a message back needs.
pub struct TakeBack {
    /// Takes back what has not left.
    pub dispatch: Arc<dyn Dispatch>,
    /// Keeps the wishes.
    pub recalls: Arc<dyn Recalls>,
    /// Shows what became of the message.
    pub reports: Arc<dyn Reports>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Why a message is not taken back: how far it is, and what stood in the way where anything is known of that.
pub type NotTakenBack = (State, Words);

impl TakeBack {
    /// Takes a message back that has not left, or else asks the operators that have it and waits for their answers. `written` is called once the wish is
    /// written down. `None` when there is no such message.
    ///
    /// # Errors
    /// [`StoreError`]; the wish may be written down all the same.
    pub async fn take_back(
        &self,
        id: MessageId,
        written: impl FnOnce() + Send,
    ) -> Result<Option<Result<Recalled, NotTakenBack>>, StoreError> {
        match self.dispatch.cancel(id, self.clock.now()).await? {
            None => return Ok(None),
            Some(Ok(_)) => return Ok(Some(Ok(Recalled::Back))),
            Some(Err(State::Sent)) => {}
            Some(Err(state)) => return Ok(Some(Err((state, Words::default())))),
        }
        match self.recalls.recall(id, self.clock.now()).await? {
            None => return Ok(None),
            Some(Err(State::Sent)) => {
                let why = words!("ingen operatör har det", "no operator has it");
                return Ok(Some(Err((State::Sent, why))));
            }
            Some(Err(state)) if !state.is_final() => {
                let why = words!(
                    "en del av det är hos en operatör och resten är på väg; försök igen om en stund",
                    "an operator has some of it and the rest is on its way; try again in a while"
                );
                return Ok(Some(Err((state, why))));
            }
            Some(Err(State::Cancelled)) => return Ok(Some(Ok(Recalled::Back))),
            Some(Err(state)) => return Ok(Some(Err((state, Words::default())))),
            Some(Ok(())) => written(),
        }
        let (end, mut pause) = (self.clock.monotonic() + PATIENCE, SOON);
        loop {
            sleep(pause).await;
            pause = (pause * 2).min(SOON * 10);
            let answers = self.recalls.recall_answers(id).await?;
            let waiting = answers.iter().any(|(_, said)| said.is_none());
            let Some(record) = self.reports.message(id).await? else { return Ok(None) };
            if waiting && record.state == State::Sent && self.clock.monotonic() < end {
                continue;
            }
            return Ok(Some(match record.state {
                State::Cancelled => Ok(Recalled::Back),
                State::Sent if waiting => Ok(Recalled::Asked),
                state => Err((state, obstacles(&answers))),
            }));
        }
    }
}

/// What stood in the way at each link, of those that have answered.
#[must_use]
pub fn obstacles(answers: &[(LinkId, Option<RecallSaid>)]) -> Words {
    let all = answers.iter().filter_map(|(link, said)| {
        let RecallSaid { taken, of, why, words } = said.as_ref()?;
        Some(match why {
            Obstacle::None => return None,
            Obstacle::Impossible => words!(
                "förbindelsen {link} kan inte ta tillbaka det den har skickat",
                "link {link} cannot take back what it has sent"
            ),
            Obstacle::Silent => words!(
                "operatören bakom {link} har frågats flera gånger och svarar inte",
                "the operator of {link} was asked several times and does not answer"
            ),
            Obstacle::Nameless => words!(
                "operatören bakom {link} gav det inget id som det kan tas tillbaka med",
                "the operator of {link} gave it no id by which it could be taken back"
            ),
            Obstacle::Refused => words!(
                "operatören bakom {link} tog tillbaka {taken} av {of} delar: {words}",
                "the operator of {link} took back {taken} of {of} parts: {words}"
            ),
        })
    });
    all.reduce(|all, one| {
        let both = |language| format!("{}; {}", all.in_language(language), one.in_language(language));
        Words::new(both(Language::Swedish), both(Language::English))
    })
    .unwrap_or_default()
}

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
}

impl Withdrawals {
    /// Passes wishes on until told to stop.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let (mut places, under_way) = (HashMap::new(), TaskTracker::new());
        let mut sooner = 0;
        while !stop.is_cancelled() {
            let found = self.round(&mut places, &under_way).await;
            sooner = if found { ROUNDS } else { sooner.saturating_sub(1) };
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.bell.notified() => {}
                () = sleep(if sooner > 0 { SOONER } else { EVERY }) => {}
            }
        }
    }

    /// Gives out what is due; whether there was anything.
    async fn round(&self, places: &mut HashMap<LinkId, Arc<Semaphore>>, under_way: &TaskTracker) -> bool {
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
                under_way.spawn(async move {
                    let _place = place.acquire_owned().await;
                    this.pass_on(recall, &lane).await;
                });
            }
            if all {
                return found;
            }
        }
    }

    async fn pass_on(&self, recall: Recall, lane: &Lane) {
        let (id, link) = (recall.record.message.id, recall.link.clone());
        let (taken, outcome) = self.ask(&recall, lane).await;
        let answered = matches!(outcome, RecallOutcome::Said(_));
        tracing::info!(%id, %link, taken = taken.len(), answered, "the operator was asked to take a message back");
        let answer = RecallAnswer { id, link, taken, outcome, now: self.clock.now() };
        for _ in 0..WRITES {
            match self.fatal.watch(self.recalls.recalled(answer.clone()).await) {
                Ok(_) => return,
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
            State::Sent => record.parts.held_by(&record.link, link).cloned().collect(),
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
