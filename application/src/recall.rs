//! Taking back a message that an operator has: the wish is written down, whoever has the link asks the operator (`withdrawals`), the answer is waited for.

use domain::directory::LinkId;
use domain::message::MessageId;
use domain::state::State;
use domain::{Language, Words, words};
use ports::driven::{Clock, Dispatch, Obstacle, RecallSaid, Recalls, Reports, StoreError};
use ports::driving::Recalled;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// How long whoever asks waits for the operators' answers.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the answers are looked for, at first; then less often, for those that another process writes down. Whoever asks hears of this
/// process's own at once.
const SOON: Duration = Duration::from_millis(50);
const SELDOM: Duration = Duration::from_secs(2);
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
    /// Where this process's own answers are heard of.
    pub answered: Arc<Answered>,
}

/// Why a message is not taken back: how far it is, and what stood in the way where anything is known of that.
pub type NotTakenBack = (State, Words);

impl TakeBack {
    /// Takes a message back that has not left, or else asks the operators that have it and waits for their answers; of one that has left in part,
    /// both. `written` is called once the wish is written down. `None` when there is no such message.
    ///
    /// # Errors
    /// [`StoreError`]; the wish may be written down all the same.
    pub async fn take_back(
        &self,
        id: MessageId,
        written: impl FnOnce() + Send,
    ) -> Result<Option<Result<Recalled, NotTakenBack>>, StoreError> {
        let end = self.clock.monotonic() + PATIENCE;
        match self.wish(id, end).await? {
            None => return Ok(None),
            Some(Err(answer)) => return Ok(Some(answer)),
            Some(Ok(())) => written(),
        }
        let (bell, mut pause) = (self.answered.of(id), SOON);
        loop {
            let heard = bell.notified();
            tokio::pin!(heard);
            heard.as_mut().enable();
            let answers = self.recalls.recall_answers(id).await?;
            let waiting = answers.iter().any(|(_, said)| said.is_none());
            let Some(record) = self.reports.message(id).await? else { return Ok(None) };
            let state = record.state;
            let asked = waiting && state.may_be_asked_back();
            let left = end.saturating_sub(self.clock.monotonic());
            if asked && left > Duration::ZERO {
                let _ = timeout(pause.min(left), heard).await;
                pause = (pause * 2).min(SELDOM);
                continue;
            }
            return Ok(Some(match state {
                State::Cancelled => Ok(Recalled::Back),
                State::Sent if waiting => Ok(Recalled::Asked),
                state => Err((state, how_it_went(state, asked, &answers))),
            }));
        }
    }

    /// Takes it back, or writes the wish down; what is on its way to an operator in this moment is waited for.
    async fn wish(
        &self,
        id: MessageId,
        end: Duration,
    ) -> Result<Option<Result<(), Result<Recalled, NotTakenBack>>>, StoreError> {
        let mut pause = SOON;
        loop {
            let before = match self.dispatch.cancel(id, self.clock.now()).await? {
                None => return Ok(None),
                Some(Ok(_)) => return Ok(Some(Err(Ok(Recalled::Back)))),
                Some(Err(state)) => state,
            };
            if matches!(before, State::Delivered | State::Cancelled) {
                return Ok(Some(Err(Err((before, Words::default())))));
            }
            let why = match self.recalls.recall(id, self.clock.now()).await? {
                None => return Ok(None),
                Some(Ok(())) => return Ok(Some(Ok(()))),
                Some(Err(State::Cancelled)) => return Ok(Some(Err(Ok(Recalled::Back)))),
                Some(Err(state)) if state.is_final() || state == State::Sent => {
                    (state, nobody_has(before, state))
                }
                Some(Err(state)) => (
                    state,
                    words!(
                        "det är på väg till en operatör; försök igen om en stund",
                        "it is on its way to an operator; try again in a while"
                    ),
                ),
            };
            let left = end.saturating_sub(self.clock.monotonic());
            if why.0.is_final() || why.0 == State::Sent || left.is_zero() {
                return Ok(Some(Err(Err(why))));
            }
            sleep(pause.min(left)).await;
            pause = (pause * 2).min(SELDOM);
        }
    }
}

/// Why nobody is asked.
fn nobody_has(before: State, state: State) -> Words {
    match state {
        State::Sent => words!("ingen operatör har det", "no operator has it"),
        State::Unknown if before == State::Sent => words!(
            "det sänds inte igen, och ingen vet om en operatör har tagit det",
            "it is not sent again, and nobody knows whether an operator has taken it"
        ),
        _ => Words::default(),
    }
}

/// What there is to say beside the state of what was not taken back as a whole. `asked` = somebody has not answered yet.
fn how_it_went(state: State, asked: bool, answers: &[(LinkId, Option<RecallSaid>)]) -> Words {
    let obstacles = obstacles(answers);
    match state {
        _ if !obstacles.is_empty() => obstacles,
        State::Delivered => obstacles,
        _ if asked => words!(
            "operatören har frågats om den del han har, och har inte svarat än",
            "the operator was asked for the part he has, and has not answered yet"
        ),
        _ if answers.iter().flat_map(|(_, said)| said).any(|said| said.taken > 0) => {
            words!("den del som en operatör hade är återtagen", "the part that an operator had is taken back")
        }
        _ => obstacles,
    }
}

/// Where those who wait for answers hear of them, when this process has written them down.
#[derive(Debug, Default)]
pub struct Answered(Mutex<HashMap<MessageId, Weak<Notify>>>);

impl Answered {
    /// Rung at every answer about a message.
    fn of(&self, id: MessageId) -> Arc<Notify> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bell) = all.get(&id).and_then(Weak::upgrade) {
            return bell;
        }
        all.retain(|_, bell| bell.strong_count() > 0);
        let bell = Arc::new(Notify::new());
        all.insert(id, Arc::downgrade(&bell));
        bell
    }

    pub(crate) fn ring(&self, id: MessageId) {
        let bell = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id).and_then(Weak::upgrade);
        if let Some(bell) = bell {
            bell.notify_waiters();
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
