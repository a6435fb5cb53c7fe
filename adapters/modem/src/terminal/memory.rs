//! The memory in use (3GPP TS 27.005 section 3.2.2): the one that received messages are kept in, and the way to another and back.
//!
//! A memory that the modem does not have is asked for once in a connection. A SIM that is only busy is waited for: what lies in it would
//! else not be read. A modem that takes no memory by name keeps the one that it uses.

use super::receive::Place;
use super::start::{SIM_PAUSE, SIM_TRIES, words};
use super::task::Task;
use super::{MOST_TASKS, Terminal};
use crate::at;
use crate::chat::Answer;
use crate::errors;

/// How the memory of a connection was found.
#[derive(Debug, Default)]
pub(super) struct Choice {
    /// Memories that the modem does not have.
    refused: Vec<String>,
    /// How often the SIM was busy.
    busy: u8,
    /// The modem takes none by name for all that is kept: it is left with the one it uses.
    as_it_stands: bool,
}

impl Terminal {
    /// The modem answered to [`Task::Memory`].
    pub(super) fn memory_chosen(&mut self, name: String, answer: &Answer) {
        if answer.is_ok() {
            if !self.start.is_serving() {
                self.home.clone_from(&name);
            }
            self.memory = name;
            return self.filled(answer.after("+CPMS:"));
        }
        if self.start.is_serving() || !self.memory.is_empty() {
            // The way back was not taken: the next look tries it again.
            return;
        }
        match answer.code() {
            Some((kind, code)) if errors::is_sim_out(kind, code) => {
                return self.broken(&format!("no memory for messages: {}", words(&answer.end)));
            }
            Some((kind, code)) if errors::is_sim_busy(kind, code) && self.choice.busy < SIM_TRIES => {
                self.choice.busy += 1;
                self.rest(SIM_PAUSE);
                return self.push_first(Task::Memory(name));
            }
            _ => {}
        }
        tracing::warn!(link = %self.link, memory = name, why = words(&answer.end), "the modem does not take this memory");
        self.choice.refused.push(name);
        let other =
            ["ME", "SM"].into_iter().find(|other| self.choice.refused.iter().all(|name| name != other));
        self.push_first(other.map_or(Task::Fill, |other| Task::Memory(other.to_owned())));
    }

    /// How full it is, the modem says, and with that which one it uses.
    pub(super) fn memory_told(&mut self, answer: &Answer) {
        if self.home.is_empty() && !self.start.is_serving() {
            self.choice.as_it_stands = true;
            self.home = answer.lines.iter().find_map(|line| at::memory(line)).unwrap_or_default();
            self.memory.clone_from(&self.home);
        }
        if self.memory == self.home {
            self.filled(answer.after("+CPMS:"));
        }
    }

    /// Leads from another memory to the one that received messages are kept in.
    pub(super) fn way_home(&self) -> Task {
        let home = self.home.clone();
        if self.choice.as_it_stands { Task::Detour(home) } else { Task::Memory(home) }
    }

    /// Does something with a place; one in a memory of its own, as some modems have for reports, by going there and back.
    pub(super) fn at_place(&mut self, task: Task, place: &Place) {
        if place.memory == self.home || self.home.is_empty() {
            return self.push(task);
        }
        let unit = [Task::Detour(place.memory.clone()), task, self.way_home()];
        // All three or none, and never joined with another's: what stands between two of them happens in the other memory.
        let [_, task, _] = &unit;
        if self.todo.len() + unit.len() <= MOST_TASKS && !self.todo.contains(task) {
            self.todo.extend(unit);
        }
    }

    /// Whether the memory in use is the one that a task is about.
    pub(super) fn is_elsewhere(&self, task: &Task) -> bool {
        let wanted = match task {
            Task::Fetch(place) | Task::Delete(place) => &place.memory,
            Task::Sweep | Task::Walk { .. } => &self.home,
            _ => return false,
        };
        !self.memory.is_empty() && *wanted != self.memory
    }

    /// A task that was left out since its memory could not be had.
    pub(super) fn left_out(&mut self, task: &Task) {
        tracing::warn!(link = %self.link, ?task, memory = self.memory, "the modem does not change to the memory for this");
        if let Task::Delete(place) = task {
            self.let_go(place.clone());
        }
    }
}
