//! What phones send to one place, in the order in which they sent it: the next message of a phone is handed over when the one before has been
//! tried. Other phones do not wait for it.

use ports::driven::{Content, Handoff, HandoffKey};
use std::collections::{HashMap, VecDeque};

/// So many wait behind one of the same sender. Who sends more than that at once is a program, and gains more from speed.
const BEHIND: usize = 16;

/// Whose turn it is, and what waits for it.
struct Line {
    turn: HandoffKey,
    behind: VecDeque<Handoff>,
}

/// The senders of what is handed over to one target, or waits to be.
#[derive(Default)]
pub(crate) struct Senders {
    lines: HashMap<String, Line>,
    behind: usize,
}

fn sender(handoff: &Handoff) -> Option<&str> {
    match &handoff.content {
        Content::Mo { mo, .. } => Some(&mo.source),
        Content::State { .. } => None,
    }
}

impl Senders {
    /// Whether one of the same sender is on its way, behind which this has to wait.
    pub(crate) fn has_to_wait(&self, handoff: &Handoff) -> bool {
        let line = sender(handoff).and_then(|sender| self.lines.get(sender));
        line.is_some_and(|line| line.behind.len() < BEHIND)
    }

    /// It waits behind the one of its sender.
    pub(crate) fn wait(&mut self, handoff: Handoff) {
        if let Some(line) = sender(&handoff).and_then(|sender| self.lines.get_mut(sender)) {
            self.behind += 1;
            line.behind.push_back(handoff);
        }
    }

    /// It is on its way, or waits for its target and for nothing else.
    pub(crate) fn goes(&mut self, handoff: &Handoff) {
        if let Some(sender) = sender(handoff)
            && !self.lines.contains_key(sender)
        {
            let line = Line { turn: handoff.key, behind: VecDeque::new() };
            self.lines.insert(sender.to_owned(), line);
        }
    }

    /// It has been tried. The next of its sender.
    pub(crate) fn went(&mut self, handoff: &Handoff) -> Option<Handoff> {
        let sender = sender(handoff)?;
        let line = self.lines.get_mut(sender).filter(|line| line.turn == handoff.key)?;
        let next = line.behind.pop_front();
        match &next {
            Some(next) => {
                self.behind -= 1;
                line.turn = next.key;
            }
            None => drop(self.lines.remove(sender)),
        }
        next
    }

    /// It is given back, and so is what waits behind it.
    pub(crate) fn given_back(&mut self, handoff: &Handoff) -> VecDeque<Handoff> {
        let line = sender(handoff)
            .filter(|sender| self.lines.get(*sender).is_some_and(|line| line.turn == handoff.key));
        let line = line.and_then(|sender| self.lines.remove(sender));
        let behind = line.map(|line| line.behind).unwrap_or_default();
        self.behind -= behind.len();
        behind
    }

    /// Takes out what waits behind others, the newest of each, until no more than `most` wait so.
    pub(crate) fn surplus(&mut self, most: usize) -> Vec<Handoff> {
        let mut surplus = Vec::new();
        while self.behind > most {
            let newest = self.lines.values_mut().filter_map(|line| line.behind.pop_back());
            let newest: Vec<Handoff> = newest.take(self.behind - most).collect();
            self.behind -= newest.len();
            surplus.extend(newest);
        }
        surplus
    }

    /// How many wait behind others.
    pub(crate) fn waiting(&self) -> usize {
        self.behind
    }

    /// All that wait behind others.
    pub(crate) fn into_waiting(self) -> impl Iterator<Item = Handoff> {
        self.lines.into_values().flat_map(|line| line.behind)
    }
}
