//! Fallback on the outcome: messages whose time is over go by the next link of their route, once by each.
//!
//! The times stand in the store, so that no crash forgets one; this only looks which are over, and decides. Several nodes may look at the
//! same time: a decision holds only while the message is as it was seen.

use crate::directory::CurrentDirectory;
use crate::elsewhere::Elsewhere;
use crate::fatal::Fatal;
use crate::jumps::Jumps;
use crate::lanes::Lanes;
use domain::Timestamp;
use domain::directory::{Directory, LinkId};
use domain::message::Priority;
use domain::routing::{self, Awaits, Course, Healths, Question};
use domain::state::State;
use ports::driven::{Deadlines, MessageRecord, Overdue, Ruling, Step, StoreError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How often it looks.
const EVERY: Duration = Duration::from_millis(500);
/// The same while no route gives messages a time: an earlier configuration may have.
const SELDOM: Duration = Duration::from_secs(10);
/// How many times in one go.
const LIMIT: usize = 500;

/// The use case.
#[derive(Clone)]
pub(crate) struct Ways {
    pub directory: Arc<CurrentDirectory>,
    pub lanes: Arc<Lanes>,
    pub deadlines: Arc<dyn Deadlines>,
    pub jumps: Arc<Jumps>,
    pub fatal: Fatal,
    /// Rung when a time is over before it was expected to be.
    pub hurry: Arc<Notify>,
    /// What other runs may know a way for.
    pub elsewhere: Arc<Elsewhere>,
}

impl Ways {
    /// Looks until told to stop.
    pub(crate) async fn run(self, stop: CancellationToken) {
        loop {
            let timed = self
                .directory
                .current()
                .routes
                .iter()
                .any(|r| !routing::deadlines(r, Priority::Alarm, Timestamp::UNIX_EPOCH).is_empty());
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.hurry.notified() => {}
                () = tokio::time::sleep(if timed { EVERY } else { SELDOM }) => {}
            }
            loop {
                match self.turn().await {
                    Ok(full) if full => {}
                    Ok(_) => break,
                    Err(error) => {
                        tracing::warn!(%error, "messages whose time is over could not be looked after");
                        break;
                    }
                }
            }
        }
    }

    /// Whether there is more.
    async fn turn(&self) -> Result<bool, StoreError> {
        let (now, sure) = self.jumps.now();
        if !sure {
            // By a clock that is wrong for a moment all would be overdue, and sent twice.
            return Ok(false);
        }
        let over = self.fatal.watch(self.deadlines.overdue(now, LIMIT).await)?;
        self.elsewhere.look(&over);
        if over.is_empty() {
            return Ok(false);
        }
        let full = over.len() >= LIMIT;
        let (directory, healths) = (self.directory.current(), self.lanes.healths());
        let steady = self.jumps.steady();
        let is_here = |link: &LinkId| directory.link(link).is_some() || self.lanes.get(link).is_some();
        let others = |o: &Overdue, r: &MessageRecord| self.elsewhere.may_know_a_way(o, r, is_here, steady);
        let ruling = |o: &Overdue| ruling(&directory, o, &healths, others, now);
        let rulings: Vec<Ruling> = over.iter().filter_map(ruling).collect();
        let held = self.fatal.watch(self.deadlines.rule(rulings.clone()).await)?;
        let mut moved = false;
        for (ruling, _) in rulings.iter().zip(held).filter(|(_, held)| *held) {
            moved |= self.carried_out(ruling);
        }
        Ok(full && moved)
    }

    /// The clock was ahead and was set back: a time that was given meanwhile is later than its message can have, and becomes the latest
    /// that it could have been given now. Those of messages that leave when they were asked to stay.
    pub(crate) async fn pull_back(
        &self,
        after: Timestamp,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let directory = self.directory.current();
        let (mut from, mut pulled) = (None, 0);
        loop {
            let ahead = self.deadlines.ahead(after, from, LIMIT).await?;
            let Some(last) = ahead.last() else { return Ok(pulled) };
            from = Some((last.id, last.awaits));
            let false_ones = ahead.iter().filter(|over| over.due_at <= until);
            let rulings: Vec<Ruling> =
                false_ones.filter_map(|over| pulled_back(&directory, over, now)).collect();
            if !rulings.is_empty() {
                pulled += self.deadlines.rule(rulings).await?.into_iter().filter(|held| *held).count();
            }
        }
    }

    /// Tells of it, and wakes the link it goes by now.
    fn carried_out(&self, ruling: &Ruling) -> bool {
        let Step::Divert { link, why, .. } = &ruling.step else { return matches!(ruling.step, Step::Done) };
        let (id, from) = (ruling.id, &ruling.link);
        tracing::warn!(message = %id, %from, to = %link, why = why.as_str(), "goes by another link");
        metrics::counter!("omnigate_fallback_total", "from" => from.to_string(), "to" => link.to_string(), "why" => why.as_str()).increment(1);
        if ruling.state == State::Sending {
            metrics::counter!("omnigate_possible_duplicate_total").increment(1);
        }
        if let Some(lane) = self.lanes.get(link) {
            lane.add_backlog();
        }
        true
    }
}

/// The time that a message can have at most, where it has a later one.
fn pulled_back(directory: &Directory, over: &Overdue, now: Timestamp) -> Option<Ruling> {
    let record = over.record.as_ref()?;
    let message = &record.message;
    let route = routing::route(directory, &Question::about(message))?;
    let asked = Some(message.due_at).filter(|due_at| *due_at > message.accepted_at);
    let from = asked.map_or(now, |due_at| due_at.max(now));
    let times = routing::deadlines(route, message.priority, from);
    let latest = times.into_iter().find(|time| time.awaits == over.awaits)?.due_at;
    let (id, awaits, due_at) = (over.id, over.awaits, over.due_at);
    let (state, link, step) = (record.state, record.link.clone(), Step::Later(latest));
    (due_at > latest).then_some(Ruling { id, awaits, due_at, state, link, step, at: now })
}

/// The decision about one message; none where there is no way left here and `others` may know one.
fn ruling(
    directory: &Directory,
    over: &Overdue,
    healths: &Healths,
    others: impl Fn(&Overdue, &MessageRecord) -> bool,
    now: Timestamp,
) -> Option<Ruling> {
    let Some(record) = &over.record else {
        let (id, awaits, due_at) = (over.id, over.awaits, over.due_at);
        let link = directory.links.first()?.id.clone();
        let state = State::Unknown;
        return Some(Ruling { id, awaits, due_at, state, link, step: Step::Done, at: now });
    };
    let message = &record.message;
    let question = Question::about(message);
    let route = routing::route(directory, &question);
    let asked = routing::Overdue {
        awaits: over.awaits,
        state: record.state,
        link: &record.link,
        parts: &record.parts,
        total: message.segments,
        expires_at: message.expires_at,
    };
    let spread = message.spread();
    let step = match routing::course(route, asked, healths, spread, now) {
        Course::Done => Step::Done,
        Course::NoWayLeft | Course::End(_) if now < message.expires_at && others(over, record) => {
            return None;
        }
        Course::NoWayLeft => {
            if over.awaits == Awaits::Delivery && now < message.expires_at {
                tracing::error!(message = %message.id, link = %record.link, "not delivered in time, and no other way is left");
                metrics::counter!("omnigate_no_way_left_total").increment(1);
            }
            Step::Done
        }
        Course::Later(at) => Step::Later(at),
        Course::Divert { link, why } => {
            let deadlines = route.map_or_else(Vec::new, |r| routing::deadlines(r, message.priority, now));
            Step::Divert { link, why, deadlines }
        }
        Course::End(state) => Step::End(state),
    };
    Some(Ruling {
        id: over.id,
        awaits: over.awaits,
        due_at: over.due_at,
        state: record.state,
        link: record.link.clone(),
        step,
        at: now,
    })
}
