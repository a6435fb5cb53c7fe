//! How the store in memory fails: by a list of faults, or by a source that a seeded simulation gives it.

use ports::driven::StoreError;
use std::collections::VecDeque;

/// Which call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// `Outbox::accept`.
    Accept,
    /// `Dispatch::lease`.
    Lease,
    /// `Dispatch::settle`.
    Settle,
    /// `Dispatch::cancel`, `Dispatch::expire`.
    End,
    /// `Receipts::apply`, `Receipts::give_up`.
    Receipts,
    /// `Inbox::record`, `Inbox::complete_overdue`, `Inbox::acknowledge`.
    Inbox,
    /// `Handoffs::lease`, `Handoffs::settle`, `Handoffs::resend`.
    Handoffs,
    /// `DirectoryStore`.
    Directory,
    /// `Cluster`.
    Cluster,
    /// Everything that only reads, and `Reports::retain`.
    Reports,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The call stores nothing and fails.
    Refuse(StoreError),
    /// The call is stored, and the caller hears that the database is unavailable: the connection broke during the commit.
    LoseAnswer,
    /// The process is killed before the commit: the call never returns.
    StopBefore,
    /// The process is killed after the commit: it is stored, and the call never returns.
    StopAfter,
}

type Source = Box<dyn FnMut(Call) -> Option<Fault> + Send>;

/// The faults to come.
#[derive(Default)]
pub(super) struct Faults {
    planned: VecDeque<(Option<Call>, Fault)>,
    source: Option<Source>,
}

impl Faults {
    pub(super) fn plan(&mut self, call: Option<Call>, times: usize, fault: &Fault) {
        self.planned.extend(std::iter::repeat_n((call, fault.clone()), times));
    }

    pub(super) fn set_source(&mut self, source: Option<Source>) {
        self.source = source;
    }

    pub(super) fn clear(&mut self) {
        self.planned.clear();
        self.source = None;
    }

    pub(super) fn next(&mut self, call: Call) -> Option<Fault> {
        let at = self.planned.iter().position(|(only, _)| only.is_none_or(|only| only == call));
        match at.and_then(|at| self.planned.remove(at)) {
            Some((_, fault)) => Some(fault),
            None => self.source.as_mut().and_then(|source| source(call)),
        }
    }
}
