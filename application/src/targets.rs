//! All places that things are handed over to, as far as there is something to do for them.
//!
//! Each mailbox is one of its own, so that one that the relay holds up delays no other. All of them stand behind one relay, though: when it hangs,
//! mail must not fill the memory that programs need too.

use crate::target::{Target, Turn};
use ports::driven::{Handoff, MAIL};
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// The most handoffs in memory for all mailboxes together.
const MAIL_HELD: usize = 4_000;

/// The places.
#[derive(Default)]
pub(crate) struct Targets {
    all: HashMap<String, Target>,
    mail: usize,
}

/// How a delivery went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Went {
    /// It was taken.
    Taken,
    /// It was refused for good: the receiver is there.
    Refused,
    /// It failed.
    Failed,
}

/// What follows from the end of a delivery.
#[derive(Default)]
pub(crate) struct Ended {
    /// To be delivered now.
    pub(crate) next: Vec<Handoff>,
    /// To be given back.
    pub(crate) surplus: VecDeque<Handoff>,
    /// Whether the target began or ceased to be pressed.
    pub(crate) pressed: Option<bool>,
    /// Whether more can be taken from the store than before.
    pub(crate) more: bool,
}

impl Targets {
    /// Something came for one. What to do with it, and whether the target began or ceased to be pressed.
    pub(crate) fn take(&mut self, name: &str, handoff: Handoff, now: Duration) -> (Turn, Option<bool>) {
        let mail = handoff.is_mail();
        if mail && self.is_mail_full() {
            return (Turn::Full(Box::new(handoff)), None);
        }
        let new = if mail { Target::mailbox } else { Target::program };
        let target = self.all.entry(name.to_owned()).or_insert_with(new);
        let turn = target.take(handoff, now);
        if mail && !matches!(turn, Turn::Full(_)) {
            self.mail += 1;
        }
        (turn, target.pressed(now))
    }

    /// A delivery to one ended.
    pub(crate) fn ended(&mut self, name: &str, handoff: &Handoff, went: Went, now: Duration) -> Ended {
        let full = self.is_mail_full();
        let Some(target) = self.all.get_mut(name) else { return Ended::default() };
        let busy = target.is_busy();
        let next = target.ended(handoff, went != Went::Failed);
        let surplus = if went == Went::Failed { target.surplus(now) } else { VecDeque::new() };
        if went == Went::Taken {
            target.took_one(now);
        }
        let pressed = target.pressed(now);
        let relieved = busy && !target.is_busy();
        if target.is_idle() {
            self.all.remove(name);
        }
        if name.starts_with(MAIL) {
            self.mail = self.mail.saturating_sub(1 + surplus.len());
        }
        Ended { next, surplus, pressed, more: relieved || (full && !self.is_mail_full()) }
    }

    /// Those that have enough to do.
    pub(crate) fn busy(&self) -> Vec<String> {
        let mail = self.is_mail_full().then(|| MAIL.to_owned());
        let each = self.all.iter().filter(|(_, target)| target.is_busy()).map(|(name, _)| name.clone());
        mail.into_iter().chain(each).collect()
    }

    /// What waits.
    pub(crate) fn into_waiting(self) -> impl Iterator<Item = Handoff> {
        self.all.into_values().flat_map(Target::into_waiting)
    }

    fn is_mail_full(&self) -> bool {
        self.mail >= MAIL_HELD
    }
}
