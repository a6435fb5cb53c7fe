//! Entries of the memory that are no PDU at all: what stands there is kept, or it would fill the memory in the end.
//!
//! A line that was disturbed reads well the next time, so an entry is read again, in a list and alone, before it is believed.

use super::Terminal;
use super::receive::{Mark, Place, is_sim_busy, is_worth_another};
use super::start::words;
use super::task::Task;
use crate::at;
use crate::chat::Answer;
use session::Event;
use std::collections::HashMap;

/// How often an entry is found unreadable before it is read alone.
const READINGS: u8 = 3;
/// How often before it need not be read alone either.
const MOST_READINGS: u8 = 2 * READINGS;

/// Entries that could not be read: what stood there, and how often the same.
pub(super) type Unread = HashMap<u16, (String, u8)>;

impl Terminal {
    /// An entry of a list, or of a place that was read, is no PDU.
    pub(super) fn not_read(&mut self, index: u16, raw: &str) {
        let place = Place { memory: self.home.clone(), index };
        if self.held.contains(&place) || self.is_received(&place, raw.as_bytes()) {
            return;
        }
        let (known, times) = self.unread.entry(index).or_default();
        if known != raw {
            (*known, *times) = (raw.to_owned(), 0);
        }
        *times = times.saturating_add(1);
        match *times {
            MOST_READINGS.. => return self.keep(place, raw.to_owned()),
            READINGS.. => self.at_place(Task::Fetch(place.clone()), &place),
            _ => {}
        }
        self.sweep_soon();
    }

    /// A place was read alone and gave no message.
    pub(super) fn not_read_alone(&mut self, place: Place, answer: &Answer) {
        if place.memory != self.home {
            return;
        }
        if !answer.is_ok() {
            return self.gave_an_error(place, answer);
        }
        let raw = at::unreadable_alone(&answer.lines);
        match (self.unread.get(&place.index), raw) {
            (Some((listed, READINGS..)), raw) => {
                let raw = raw.unwrap_or_else(|| listed.clone());
                self.keep(place, raw);
            }
            (_, Some(raw)) => self.not_read(place.index, &raw),
            (_, None) => {}
        }
    }

    /// The modem errs on a place. What it cannot read in the end is lost, and is given up when the memory needs its room. It is read on until then.
    fn gave_an_error(&mut self, place: Place, answer: &Answer) {
        if is_sim_busy(answer) || self.held.contains(&place) {
            return;
        }
        if !is_worth_another(answer) {
            return self.state.is_well(place.index);
        }
        let times = self.state.spoils(place.index);
        let (link, index, why) = (&self.link, place.index, words(&answer.end));
        if times == MOST_READINGS {
            tracing::warn!(%link, index, why, "a place of the memory cannot be read; it is freed when the memory is nearly full");
        }
        if times >= MOST_READINGS && self.state.facts().memory_full {
            tracing::warn!(%link, index, why, "a place of the memory cannot be read, and the memory is nearly full: it is freed");
            self.held.insert(place.clone());
            self.at_place(Task::Delete(place.clone()), &place);
        }
    }

    /// The characters that stand there go to the inbox as octets; a place with nothing at all is freed.
    fn keep(&mut self, place: Place, raw: String) {
        self.unread.remove(&place.index);
        self.counts.bad_frames += 1;
        self.held.insert(place.clone());
        self.lies.insert(place.clone(), raw.clone().into_bytes());
        if raw.is_empty() {
            tracing::warn!(link = %self.link, index = place.index, "a place of the memory holds a message without octets; it is removed");
            return self.at_place(Task::Delete(place.clone()), &place);
        }
        tracing::warn!(link = %self.link, index = place.index, "a stored message is no PDU; what stands there is kept as binary");
        let part = self.unreadable(raw.as_bytes());
        self.events.push_back(Event::Mo { to: Mark::Stored(place), part });
    }
}
