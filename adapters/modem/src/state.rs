//! What one terminal's connections share: what is known of network and SIM, and which rung of the reset ladder comes next.
//!
//! Behind a short lock; nothing waits in it.

use crate::notes::Notes;
use metrics::{Counter, Gauge, counter, gauge};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// What helps a modem that does not work, in this order. The last is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rung {
    /// Open the port again.
    #[default]
    Reopen,
    /// Set everything to its defaults first.
    Defaults,
    /// Start the modem anew by command.
    Restart,
    /// It was started anew: see whether that helped.
    Restarted,
    /// Drop DTR, which restarts modems and switches their power where it is wired so.
    DropDtr,
}

impl Rung {
    fn next(self) -> Self {
        match self {
            Self::Reopen => Self::Defaults,
            Self::Defaults => Self::Restart,
            Self::Restart => Self::Restarted,
            Self::Restarted | Self::DropDtr => Self::DropDtr,
        }
    }
}

/// What is known of a terminal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Whether it is registered in a network; `None` = not asked yet.
    pub registered: Option<bool>,
    /// The signal, 0..=31; `None` = not known.
    pub signal: Option<u8>,
    /// Messages in the memory, and how many it holds.
    pub memory: Option<(u16, u16)>,
    /// The memory stays nearly full although it was emptied of what was received.
    pub memory_full: bool,
}

/// What the connections of one terminal share.
#[derive(Debug)]
pub struct State {
    /// What outlives a restart.
    pub notes: Notes,
    inner: Mutex<(Facts, Rung)>,
    cannot_list: AtomicBool,
    /// Places of the memory that gave an error each time they were read, and how often.
    spoiled: Mutex<HashMap<u16, u8>>,
    /// What was received from a place, memory and index, and could not be removed from it.
    stays: Mutex<HashMap<(String, u16), Vec<u8>>>,
    meters: Meters,
}

#[derive(Debug)]
struct Meters {
    signal: Gauge,
    registered: Gauge,
    used: Gauge,
    total: Gauge,
    resets: Counter,
}

impl State {
    /// Of the terminal of this name.
    #[must_use]
    pub fn new(link: &str, notes: Notes) -> Self {
        let link = || link.to_owned();
        let meters = Meters {
            signal: gauge!("omnigate_modem_signal_dbm", "link" => link()),
            registered: gauge!("omnigate_modem_registered", "link" => link()),
            used: gauge!("omnigate_modem_memory_used", "link" => link()),
            total: gauge!("omnigate_modem_memory_size", "link" => link()),
            resets: counter!("omnigate_modem_resets_total", "link" => link()),
        };
        meters.registered.set(0.0);
        Self {
            notes,
            inner: Mutex::default(),
            cannot_list: AtomicBool::new(false),
            spoiled: Mutex::default(),
            stays: Mutex::default(),
            meters,
        }
    }

    /// What is known now.
    #[must_use]
    pub fn facts(&self) -> Facts {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// Something new is known.
    pub fn learn(&self, change: impl FnOnce(&mut Facts)) {
        let facts = {
            let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
            change(&mut inner.0);
            inner.0.clone()
        };
        self.meters.registered.set(if facts.registered == Some(true) { 1.0 } else { 0.0 });
        if let Some(signal) = facts.signal {
            self.meters.signal.set(dbm(signal));
        }
        if let Some((used, total)) = facts.memory {
            self.meters.used.set(f64::from(used));
            self.meters.total.set(f64::from(total));
        }
    }

    /// The connection is over, or never was: nothing is known any more.
    pub fn forget(&self) {
        self.learn(|facts| *facts = Facts { memory_full: facts.memory_full, ..Facts::default() });
    }

    /// Listing the memory never ended: from now on it is read place by place.
    pub fn cannot_list(&self) {
        self.cannot_list.store(true, Relaxed);
    }

    /// Whether the memory can be listed.
    #[must_use]
    pub fn lists(&self) -> bool {
        !self.cannot_list.load(Relaxed)
    }

    /// A place of the memory gave an error, again or for the first time: how often now.
    pub fn spoils(&self, index: u16) -> u8 {
        let mut spoiled = self.spoiled.lock().unwrap_or_else(PoisonError::into_inner);
        let times = spoiled.entry(index).or_default();
        *times = times.saturating_add(1);
        *times
    }

    /// It was read, or is empty.
    pub fn is_well(&self, index: u16) {
        self.spoiled.lock().unwrap_or_else(PoisonError::into_inner).remove(&index);
    }

    /// What was received from a place cannot be removed. True when that is new.
    pub fn stays(&self, memory: &str, index: u16, octets: Vec<u8>) -> bool {
        let mut all = self.stays.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert((memory.to_owned(), index), octets.clone()) != Some(octets)
    }

    /// Whether this was received from there and could not be removed.
    #[must_use]
    pub fn is_known(&self, memory: &str, index: u16, octets: &[u8]) -> bool {
        let all = self.stays.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&(memory.to_owned(), index)).is_some_and(|known| known == octets)
    }

    /// The place was freed.
    pub fn is_gone(&self, memory: &str, index: u16) {
        self.stays.lock().unwrap_or_else(PoisonError::into_inner).remove(&(memory.to_owned(), index));
    }

    /// What helps next.
    #[must_use]
    pub fn rung(&self) -> Rung {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    /// The modem does not work as it is: one rung up.
    pub fn climb(&self) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.1 = inner.1.next();
        self.meters.resets.increment(1);
    }

    /// The modem works.
    pub fn step_down(&self) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).1 = Rung::default();
    }
}

/// A signal as power (3GPP TS 27.007 section 8.5).
#[must_use]
pub fn dbm(signal: u8) -> f64 {
    -113.0 + 2.0 * f64::from(signal)
}
