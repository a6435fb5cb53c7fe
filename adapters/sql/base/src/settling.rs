//! What a batch of settled turns is, before and after it is written. It asks nothing of a database.

use crate::lately::Lately;
use crate::map::{Hashing, Set};
use crate::rows::{Awaited, DeadlineRow, HandoffRow, Settled, kept_key, millis};
use crate::told::{self, Tell};
use domain::Timestamp;
use domain::directory::LinkId;
use domain::message::{Incarnation, MessageId};
use domain::state::State;
use ports::driven::Settlement;

/// The turns of many callers, each once.
pub struct Turns {
    /// The turns as they are written.
    pub rows: Vec<Settled>,
    /// Where they come from.
    pub places: Places,
}

/// Where rows come from.
pub struct Places {
    /// Which settlement of which caller a row is.
    of_rows: Vec<(usize, usize)>,
    /// How many settlements each caller has.
    counts: Vec<usize>,
}

impl Turns {
    /// Takes what the callers ask for.
    pub fn of(asks: &[&[Settlement]]) -> Self {
        let all = asks.iter().map(|ask| ask.len()).sum();
        let mut seen: Set<(MessageId, Incarnation, &LinkId)> =
            Set::with_capacity_and_hasher(all, Hashing::default());
        let (mut rows, mut places) = (Vec::with_capacity(all), Vec::with_capacity(all));
        for (nth, ask) in asks.iter().enumerate() {
            // Two of one turn in a batch: the first ends the lease, so the second is a repetition. By another link it is another turn.
            for (at, settlement) in ask.iter().enumerate() {
                if seen.insert((settlement.id, settlement.lease, &settlement.link)) {
                    rows.push(settled(settlement.clone()));
                    places.push((nth, at));
                }
            }
        }
        let counts = asks.iter().map(|ask| ask.len()).collect();
        Self { rows, places: Places { of_rows: places, counts } }
    }
}

impl Places {
    /// What each caller is answered: the state of what was written.
    pub fn answers(self, rows: &[Settled], written: &[bool]) -> Vec<Vec<Option<State>>> {
        let mut answers: Vec<Vec<Option<State>>> =
            self.counts.into_iter().map(|count| vec![None; count]).collect();
        for (((nth, at), row), _) in
            self.of_rows.into_iter().zip(rows).zip(written).filter(|(_, done)| **done)
        {
            if let Some(answer) = answers.get_mut(nth).and_then(|answers| answers.get_mut(at)) {
                *answer = Some(row.state);
            }
        }
        answers
    }
}

fn settled(mut settlement: Settlement) -> Settled {
    let state = settlement.outcome.state(&settlement.parts);
    let parts = std::mem::take(&mut settlement.parts);
    Settled { settlement, state, parts }
}

/// What follows from turns that were written.
#[derive(Default)]
pub struct Following {
    /// Messages that go by another link, and their times there.
    pub moved: Vec<i64>,
    pub times: Vec<DeadlineRow>,
    /// Parts whose receipts are awaited.
    pub awaited: Vec<Awaited>,
    /// Senders to be told.
    pub tells: Vec<HandoffRow>,
    /// The same, of messages that the writer does not know.
    pub unknown: Vec<Tell>,
    /// The latest turn's time.
    pub latest: Option<Timestamp>,
}

impl Following {
    /// Works it out; the writer remembers what was written, and forgets what was not.
    pub fn of(lately: &mut Lately, rows: &[Settled], written: &[bool]) -> Self {
        let mut this = Self { latest: rows.iter().map(|row| row.settlement.at).max(), ..Self::default() };
        for (row, done) in rows.iter().zip(written) {
            let settlement = &row.settlement;
            if !done {
                lately.lose(settlement.id.0);
                continue;
            }
            if let Some(times) = settlement.outcome.new_times(&settlement.link) {
                this.moved.push(settlement.id.0);
                this.times.extend(times.iter().map(|time| DeadlineRow::of(settlement.id, time)));
            }
            let before = this.awaited.len();
            this.awaited.extend(parts_awaited(settlement));
            if let Some(tell) = tell(row) {
                match lately.message(tell.id) {
                    Some(message) => {
                        this.tells.extend(message.callback.as_ref().map(|to| told::row(&tell, to)));
                    }
                    None => this.unknown.push(tell),
                }
            }
            lately.settled(row, this.awaited.get(before..).unwrap_or_default());
        }
        this
    }
}

/// The parts of a turn whose receipts are awaited.
pub fn parts_awaited(settlement: &Settlement) -> impl Iterator<Item = Awaited> + '_ {
    settlement.awaiting.iter().map(|(seq, key)| Awaited {
        link: settlement.link.as_str().to_owned(),
        op_key: kept_key(key.clone()),
        message: settlement.id.0,
        seq: i16::from(*seq),
        until: millis(settlement.awaiting_until),
    })
}

fn tell(row: &Settled) -> Option<Tell> {
    let settlement = &row.settlement;
    settlement.tell.then_some(Tell {
        id: settlement.id.0,
        state: row.state,
        lease: settlement.tell_lease,
        at: settlement.at,
    })
}
