//! One connection to a GSM terminal, from waking it to the last message: a sans-IO machine over a [`Chat`].
//!
//! It has a list of tasks, one command each, and does them one after the other: acknowledgements first, then what was received, then
//! what is to be sent, then looking at the network. It implements [`session::Conversation`], so that a terminal shares queue, pace,
//! watchdog and reports with every other link. It never removes a message from the modem before somebody said that it is durable,
//! and never sends a PIN that the notes do not allow.

mod memory;
mod receive;
mod send;
mod silence;
mod start;
mod task;
#[cfg(test)]
mod tests;
mod unreadable;
mod watch;

pub use receive::Mark;

use crate::chat::{Answer, Chat, End, Said};
use crate::config::GsmConfig;
use crate::profile::{GENERIC, Profile};
use crate::state::State;
use bytes::BytesMut;
use domain::directory::LinkId;
use domain::routing::Failure;
use ports::driven::Shipment;
use send::Job;
use session::{Closed, Conversation, Counts, Event, Now};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use task::Task;

/// Tasks that may wait; announcements beyond it are found by the next sweep.
const MOST_TASKS: usize = 512;
/// After something went wrong, before the next command.
const SETTLE: Duration = Duration::from_millis(500);
/// Commands without an answer, one after the other, before the connection is given up.
const MOST_SILENT: u8 = 3;

/// One connection to a terminal.
#[derive(Debug)]
pub struct Terminal {
    link: LinkId,
    config: Arc<GsmConfig>,
    state: Arc<State>,
    profile: &'static Profile,
    chat: Chat,
    now: Now,
    doing: Option<Task>,
    todo: VecDeque<Task>,
    events: VecDeque<Event<Mark>>,
    closed: Option<Closed>,
    counts: Counts,
    /// Nothing is asked before this.
    rest_until: Option<Duration>,
    silent: u8,
    /// What was not answered, though the modem answered to `AT` after it.
    stubborn: Option<Task>,
    start: start::Progress,
    job: Option<Job>,
    pace: send::SimPace,
    /// Places that were read and whose messages wait to become durable.
    held: HashSet<receive::Place>,
    /// What was read there.
    lies: HashMap<receive::Place, Vec<u8>>,
    /// Those of them where something was announced since.
    anew: HashSet<receive::Place>,
    /// Entries of the memory that could not be read.
    unread: unreadable::Unread,
    /// Places in other memories whose messages could not be read or made durable yet.
    put_off: Vec<receive::Place>,
    /// The memory in use at the moment, and the one that received messages are kept in.
    memory: String,
    home: String,
    /// How the home was found.
    choice: memory::Choice,
    watch: watch::Coverage,
    /// What the modem was asked to announce, and took.
    announced: Option<[u8; 5]>,
}

impl Terminal {
    /// Begins on a fresh connection.
    #[must_use]
    pub fn new(link: LinkId, config: Arc<GsmConfig>, state: Arc<State>, now: Now) -> Self {
        let profile = config.profile.unwrap_or(&GENERIC);
        let mut terminal = Self {
            link,
            profile,
            chat: Chat::default(),
            now,
            doing: None,
            todo: VecDeque::new(),
            events: VecDeque::new(),
            closed: None,
            counts: Counts::default(),
            rest_until: None,
            silent: 0,
            stubborn: None,
            start: start::Progress::default(),
            job: None,
            pace: send::SimPace::default(),
            held: HashSet::new(),
            lies: HashMap::new(),
            anew: HashSet::new(),
            unread: unreadable::Unread::new(),
            put_off: Vec::new(),
            memory: String::new(),
            home: String::new(),
            choice: memory::Choice::default(),
            watch: watch::Coverage::new(now.monotonic),
            announced: None,
            config,
            state,
        };
        terminal.begin();
        terminal
    }

    fn at(&self) -> Duration {
        self.now.monotonic
    }

    /// Asks the next thing when nothing is asked.
    fn pump(&mut self) {
        if self.closed.is_some() || self.chat.is_busy() {
            return;
        }
        match self.rest_until {
            Some(until) if until > self.at() => return,
            _ => self.rest_until = None,
        }
        self.look_around();
        let task = match self.todo.pop_front().or_else(|| self.job.as_ref().and_then(Job::next)) {
            Some(task) => task,
            None if self.start.is_serving() => return,
            // A start that waits for nothing would wait for ever.
            None => return self.broken("the start came to no end"),
        };
        let ask = match &task {
            Task::Submit => self.submit_ask(),
            Task::TellPin => self.pin_ask(),
            task if self.is_elsewhere(task) => {
                self.left_out(task);
                None
            }
            Task::Sweep if !self.state.lists() => {
                self.walk();
                None
            }
            other => other.ask(&self.config),
        };
        match ask {
            Some(ask) => {
                self.doing = Some(task);
                self.chat.ask(self.now.monotonic, ask);
            }
            // Only what has lost its reason has no command.
            None => {
                self.serve_when_ready();
                self.rest(Duration::ZERO);
            }
        }
    }

    fn rest(&mut self, pause: Duration) {
        let until = self.at() + pause;
        self.rest_until = Some(self.rest_until.map_or(until, |known| known.max(until)));
    }

    fn push(&mut self, task: Task) {
        if self.todo.len() < MOST_TASKS && !self.todo.contains(&task) {
            self.todo.push_back(task);
        }
    }

    fn push_first(&mut self, task: Task) {
        if self.todo.len() < MOST_TASKS {
            self.todo.push_front(task);
        }
    }

    fn said(&mut self, said: Said) {
        match said {
            Said::Answer(answer) => self.answered(answer),
            Said::Unasked { line, pdu } => self.unasked(&line, pdu.as_deref()),
            Said::Noise(_) => {}
        }
        self.pump();
    }

    fn answered(&mut self, answer: Answer) {
        let Some(task) = self.doing.take() else { return };
        self.rest(Duration::from_millis(self.profile.pause_ms));
        if answer.end == End::Silence {
            self.not_answered(task, &answer);
        } else {
            self.silent = 0;
            self.stubborn.take_if(|stubborn| *stubborn == task);
            self.ended(task, &answer);
        }
        self.serve_when_ready();
    }

    /// A task has its end.
    fn ended(&mut self, task: Task, answer: &Answer) {
        match task {
            Task::Submit => self.submitted(answer),
            Task::Format => self.formatted(answer),
            Task::Sweep | Task::Fetch(_) | Task::Walk { .. } | Task::Delete(_) | Task::Acknowledge(_) => {
                self.handled(task, answer)
            }
            Task::Registration(_) | Task::Signal | Task::Announced | Task::Fill => {
                self.watched(&task, answer)
            }
            other => self.started(other, answer),
        }
    }

    /// This connection cannot go on; the next begins one rung higher.
    fn broken(&mut self, why: &str) {
        self.state.climb();
        self.close(Closed::Broken(why.to_owned()));
    }

    fn close(&mut self, why: Closed) {
        if self.closed.is_none() {
            self.state.forget();
            self.closed = Some(why);
        }
    }
}

impl Conversation for Terminal {
    type AnswerTo = Mark;

    const PROTOCOL: &'static str = "modem";

    fn handle_input(&mut self, now: Now, input: &mut BytesMut) -> bool {
        self.now = now;
        match self.chat.next(now.monotonic, input) {
            Some(said) => {
                self.said(said);
                self.closed.is_none()
            }
            None => false,
        }
    }

    fn handle_timeout(&mut self, now: Now) {
        self.now = now;
        if let Some(said) = self.chat.handle_timeout(now.monotonic) {
            return self.said(said);
        }
        self.pump();
    }

    fn poll_timeout(&self) -> Option<Duration> {
        if self.closed.is_some() {
            return None;
        }
        if self.chat.is_busy() {
            return self.chat.poll_timeout();
        }
        match self.rest_until {
            Some(until) => Some(until),
            None => {
                // Before it serves nothing is looked at, so that no time of a look comes either.
                let look = self.start.is_serving().then(|| self.watch.next_look());
                [look.flatten(), self.pace.open_at()].into_iter().flatten().min()
            }
        }
    }

    fn poll_event(&mut self) -> Option<Event<Mark>> {
        self.events.pop_front()
    }

    fn poll_transmit(&mut self) -> Option<&mut BytesMut> {
        Some(self.chat.out()).filter(|out| !out.is_empty())
    }

    fn unwritten(&self) -> usize {
        self.chat.unwritten()
    }

    fn free(&self) -> usize {
        let idle =
            self.job.is_none() && !self.chat.is_busy() && self.rest_until.is_none() && self.todo.is_empty();
        usize::from(idle && self.watch.is_up() && self.pace.open_at().is_none() && self.closed.is_none())
    }

    fn in_flight(&self) -> usize {
        usize::from(self.job.is_some())
    }

    fn closed(&self) -> Option<&Closed> {
        self.closed.as_ref()
    }

    fn counts(&self) -> Counts {
        self.counts
    }

    fn submit(&mut self, now: Now, token: u64, shipment: &Shipment, index: usize) -> Result<(), Failure> {
        self.now = now;
        self.job = Some(Job::new(self.profile, now, token, shipment, index)?);
        self.pump();
        Ok(())
    }

    fn answer(&mut self, to: &Mark, answer: session::Answer) {
        self.taken(to, answer);
        self.pump();
    }

    fn unbind(&mut self, _: Now) {
        self.close(Closed::Finished);
    }

    fn cut_off(&mut self) {
        self.state.forget();
        self.give_back_unwritten();
    }
}
