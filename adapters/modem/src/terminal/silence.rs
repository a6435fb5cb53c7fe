//! Commands without an answer, and a listing that never ends.
//!
//! The modem is asked whether it is there, and then the same once more. A command that is silent twice, while `AT` is answered, has its end
//! with what lines there were: some modems leave out the `OK`, others never finish a certain command. What cannot be done without ends the
//! connection instead, so that the reset ladder is climbed. What does harm when it is done twice is never asked again.

use super::task::Task;
use super::{MOST_SILENT, SETTLE, Terminal};
use crate::chat::Answer;

impl Terminal {
    /// The modem said nothing in time.
    pub(super) fn not_answered(&mut self, task: Task, answer: &Answer) {
        // The command with the PIN stands in no log.
        let command = if task == Task::TellPin { "AT+CPIN" } else { answer.command.as_str() };
        tracing::warn!(link = %self.link, command, "the modem did not answer");
        self.silent = self.silent.saturating_add(1);
        if task == Task::Submit {
            self.in_doubt();
        }
        if self.silent >= MOST_SILENT {
            return self.broken("the modem does not answer");
        }
        self.rest(SETTLE);
        if !self.start.is_awake() {
            self.chat.escape();
        }
        match task {
            // Asked again below. A place that cannot be read ends the walk.
            Task::Wake | Task::Walk { .. } => {}
            Task::Submit => self.failed_once_more(),
            // The SIM is asked what came of it. The PIN itself never goes out twice.
            Task::TellPin => self.push_first(Task::Pin),
            Task::Sweep => {
                self.state.cannot_list();
                self.ended(Task::Sweep, answer);
                self.push(Task::Sweep);
            }
            // It may be done and its answer lost. Done twice, it would concern what came since: a message that nobody has read.
            Task::Restart(_) | Task::Acknowledge(_) => self.ended(task, answer),
            Task::Delete(_) => {
                let before = self.stubborn.replace(task.clone());
                self.ended(task, answer);
                if !matches!(before, Some(Task::Delete(_))) {
                    self.sweep_soon();
                }
            }
            Task::Pin if answer.after("+CPIN:").is_some() => self.ended(task, answer),
            task if self.stubborn.take_if(|stubborn| *stubborn == task).is_some() => {
                self.ended(task, answer);
            }
            task => {
                self.stubborn = Some(task.clone());
                self.push_first(task);
            }
        }
        if self.closed.is_none() {
            self.push_first(Task::Wake);
        }
    }

    /// Reads the memory place by place, as far as something is in it: for modems whose listing hangs.
    pub(super) fn walk(&mut self) {
        if let Some((used @ 1.., _)) = self.state.facts().memory {
            self.push(Task::Walk { index: 0, left: used });
        }
    }

    /// One place was read; on to the next while there is something left.
    pub(super) fn walked(&mut self, index: u16, left: u16, answer: &Answer) {
        let found = answer.after("+CMGR:").is_some();
        let left = left.saturating_sub(u16::from(found));
        let more = self.state.facts().memory.is_some_and(|(_, total)| index < total);
        if left > 0 && more {
            self.push(Task::Walk { index: index + 1, left });
        }
    }
}
