//! Looking at the network, the signal and the memory, with hysteresis (3GPP TS 27.007 sections 7.2 and 8.5).
//!
//! The terminal can send while it is registered and its day is not full. One bad look is doubt, the second is loss; it takes two good
//! ones to come back. A long search climbs the reset ladder.

use super::Terminal;
use super::start::words;
use super::task::{ERROR_NUMBERS, Network, PDU_MODE, Task};
use crate::at;
use crate::chat::Answer;
use crate::errors::{self, Class};
use crate::state::dbm;
use session::Event;
use std::time::Duration;

/// Looks that agree before a change is believed.
const LOOKS: u8 = 2;
/// How often the whole memory is read although nothing was announced.
const SWEEP_EVERY: Duration = Duration::from_secs(300);
/// After an unasked change of the registration.
const SOON: Duration = Duration::from_secs(1);

/// What the looks have shown.
#[derive(Debug)]
pub(super) struct Coverage {
    /// Segments may go: the application was told so.
    up: bool,
    /// The network is there, as far as is believed.
    covered: bool,
    /// Looks that say otherwise.
    contrary: u8,
    ever: bool,
    next: Option<Duration>,
    sweep: Duration,
    lost_at: Duration,
    radio_cycled: bool,
    told: String,
}

impl Coverage {
    pub(super) fn new(now: Duration) -> Self {
        Self {
            up: false,
            covered: false,
            contrary: 0,
            ever: false,
            next: None,
            sweep: now + SWEEP_EVERY,
            lost_at: now,
            radio_cycled: false,
            told: String::new(),
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.up
    }

    pub(super) fn next_look(&self) -> Option<Duration> {
        Some(self.next.map_or(self.sweep, |next| next.min(self.sweep)))
    }

    pub(super) fn sweep_at(&mut self, at: Duration) {
        self.sweep = self.sweep.min(at);
    }

    /// One look. Whether what is believed changed.
    fn look(&mut self, good: bool) -> bool {
        if good == self.covered {
            self.contrary = 0;
            return false;
        }
        self.contrary += 1;
        if self.contrary < LOOKS && (self.ever || !good) {
            return false;
        }
        self.contrary = 0;
        self.covered = good;
        self.ever |= good;
        true
    }
}

impl Terminal {
    /// Puts looks that are due on the list.
    pub(super) fn look_around(&mut self) {
        let now = self.at();
        self.open_pace();
        if !self.start.is_serving() {
            return;
        }
        if self.watch.next.is_some_and(|next| next <= now) {
            // Counted from the end of this look, so that a slow modem is not asked all the time.
            self.watch.next = None;
            if self.memory != self.home {
                // The way back from another memory was not taken.
                self.push(self.way_home());
            }
            // What is received is read in PDU mode too, and a modem may have left it by itself.
            self.push(Task::Set(PDU_MODE.into()));
            for task in [Task::Registration(Network::Gsm), Task::Signal, Task::Announced, Task::Fill] {
                self.push(task);
            }
            self.look_at_limits();
        }
        if self.watch.sweep <= now {
            self.watch.sweep = now + SWEEP_EVERY;
            self.push(Task::Sweep);
            self.fetch_put_off();
        }
    }

    pub(super) fn look_now(&mut self) {
        let now = self.at();
        self.watch.lost_at = now;
        self.watch.next = Some(now);
    }

    /// The modem says that something changed.
    pub(super) fn look_soon(&mut self) {
        if self.start.is_serving() {
            let soon = self.at() + SOON.min(self.config.search);
            self.watch.next = Some(self.watch.next.map_or(soon, |next| next.min(soon)));
        }
    }

    /// A look has its end.
    pub(super) fn watched(&mut self, task: &Task, answer: &Answer) {
        match task {
            Task::Registration(network) => self.registration(*network, answer),
            Task::Signal => {
                let signal = answer.lines.iter().find_map(|line| at::csq(line));
                self.state.learn(|facts| facts.signal = signal);
                self.describe();
            }
            Task::Announced => self.still_announces(answer),
            Task::Fill => {
                let next = self.at() + self.config.poll;
                self.watch.next = Some(self.watch.next.map_or(next, |known| known.min(next)));
                self.memory_told(answer);
            }
            _ => {}
        }
    }

    /// A modem that missed an acknowledgement hands over nothing any more (27.005 section 3.4.1), and says so only when asked.
    fn still_announces(&mut self, answer: &Answer) {
        let (Some(wanted), Some(now)) = (self.announced, answer.lines.iter().find_map(|line| at::cnmi(line)))
        else {
            return;
        };
        let ([_, messages, _, reports, _], [_, messages_now, _, reports_now, _]) = (wanted, now);
        if (messages, reports) != (messages_now, reports_now) {
            tracing::warn!(link = %self.link, "the modem had ceased to announce what it receives; it is asked to again");
            self.push(Task::Announce(wanted));
            self.push(Task::Sweep);
        }
    }

    fn registration(&mut self, network: Network, answer: &Answer) {
        match answer.code() {
            // The next connection asks the SIM what is wrong, and gives it its PIN again.
            Some((kind, code)) if errors::is_sim_out(kind, code) => return self.broken(&words(&answer.end)),
            Some((kind, code)) if errors::class(kind, code) == Class::Link => {
                self.out_of_service(words(&answer.end));
                return self.looked(false);
            }
            _ => {}
        }
        let states = answer.lines.iter().filter_map(|line| at::creg(line).ok());
        // A change that came unasked in the middle is no answer, if there is an answer.
        let state = states.max_by_key(|state| state.mode.is_some());
        let registered = state.is_some_and(|state| state.is_registered());
        let next = match network {
            _ if registered => None,
            Network::Gsm => Some(Network::Lte),
            Network::Lte => Some(Network::Packet),
            Network::Packet => None,
        };
        match next {
            Some(next) => self.push_first(Task::Registration(next)),
            None => self.looked(registered),
        }
    }

    fn looked(&mut self, registered: bool) {
        let now = self.at();
        self.state.learn(|facts| facts.registered = Some(registered));
        if self.watch.look(registered) && !registered {
            self.watch.lost_at = now;
        }
        if registered != self.watch.covered || !registered {
            self.watch.next = Some(now + self.config.search);
        }
        if !registered {
            // A modem that started anew by itself has forgotten it, and says no more than ERROR of a SIM that wants its PIN.
            self.push(Task::Set(ERROR_NUMBERS.into()));
        }
        if registered && self.watch.covered {
            self.watch.radio_cycled = false;
            self.state.step_down();
        }
        self.judge();
        if !registered && now.saturating_sub(self.watch.lost_at) > self.config.search_patience {
            self.help_search(now);
        }
    }

    /// The search has lasted long: the radio off and on, after that the next rung.
    fn help_search(&mut self, now: Duration) {
        self.watch.lost_at = now;
        if self.watch.radio_cycled {
            return self.broken("no network for long");
        }
        self.watch.radio_cycled = true;
        tracing::warn!(link = %self.link, "no network for long: the radio is switched off and on");
        for command in self.profile.radio {
            self.push(Task::Set((*command).to_owned()));
        }
    }

    /// The network is out of service, an answer says: no second look is needed.
    pub(super) fn out_of_service(&mut self, why: String) {
        self.state.learn(|facts| facts.registered = Some(false));
        self.watch.contrary = 0;
        if std::mem::take(&mut self.watch.covered) {
            self.watch.lost_at = self.at();
        }
        self.watch.next = Some(self.at() + self.config.search);
        self.watch.told = why;
        self.judge();
    }

    pub(super) fn look_at_limits(&mut self) {
        self.judge();
    }

    /// Tells the application when it may send and when not any more.
    fn judge(&mut self) {
        let full = self.day_is_full();
        let may = self.watch.covered && !full;
        if may != self.watch.up {
            self.watch.up = may;
            self.events.push_back(if may {
                self.watch.told.clear();
                Event::Bound
            } else {
                let why = if full {
                    format!("the day's {} messages are sent", self.config.per_day)
                } else if self.watch.told.is_empty() {
                    "no network".to_owned()
                } else {
                    std::mem::take(&mut self.watch.told)
                };
                Event::Lost { why }
            });
        }
        self.describe();
    }

    fn describe(&mut self) {
        let facts = self.state.facts();
        let signal = facts.signal.map_or(String::new(), |s| format!(", signal {} dBm", dbm(s)));
        let what = match (self.watch.up, self.watch.covered) {
            (true, _) => format!("{}: registered{signal}", self.config.port),
            (false, true) => {
                format!("{}: the day's {} messages are sent", self.config.port, self.config.per_day)
            }
            (false, false) => format!("{}: searching for a network{signal}", self.config.port),
        };
        self.events.push_back(Event::Doing(what));
    }

    /// How full the memory is: nearly full is emptied, and told when that does not help.
    pub(super) fn filled(&mut self, numbers: Option<&str>) {
        let Some((used, total)) = numbers.and_then(|numbers| at::cpms(&format!("+CPMS:{numbers}"))) else {
            return;
        };
        let nearly = used.saturating_mul(5) >= total.saturating_mul(4);
        let before = self.state.facts().memory;
        if nearly && self.start.is_serving() {
            self.push(Task::Sweep);
        }
        let stays =
            nearly && before.is_some_and(|(used, total)| used.saturating_mul(5) >= total.saturating_mul(4));
        self.state.learn(|facts| {
            facts.memory = Some((used, total));
            facts.memory_full = stays;
        });
    }
}
