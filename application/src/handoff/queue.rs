//! What passes between those who store handoffs and the one who hands them over: what was just stored, what this run holds, and whether
//! receivers keep up. Never asks a store.

use crate::known::Known;
use domain::message::Callback;
use ports::driven::{Handoff, HandoffKey, target_of};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard, mpsc};

/// The most handoffs held in memory.
pub(super) const HELD: usize = 10_000;
/// The most that are taken from the store in one go.
pub(super) const LEASED: usize = 500;

/// Where handoffs that were just stored are put.
#[derive(Clone)]
pub(crate) struct HandoffQueue {
    sender: mpsc::Sender<Handoff>,
    pub(super) held: Arc<AtomicUsize>,
    /// Something was left in the store that could have gone at once, had there been room.
    pub(super) behind: Arc<AtomicBool>,
    /// Targets that take much and that more is for than they take.
    pressed: Arc<std::sync::RwLock<HashSet<String>>>,
    pub(super) known: Known<HandoffKey>,
    gate: Arc<RwLock<()>>,
}

impl HandoffQueue {
    /// A queue and the end that [`HandOver::run`] reads.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Handoff>) {
        let (sender, receiver) = mpsc::channel(HELD);
        let queue = Self {
            sender,
            held: Arc::default(),
            behind: Arc::default(),
            pressed: Arc::default(),
            known: Known::default(),
            gate: Arc::default(),
        };
        (queue, receiver)
    }

    /// Whether handoffs may be held by this run at once. One who hears that they may not leaves them in the store.
    pub(crate) fn has_room(&self) -> bool {
        let room = self.held.load(Ordering::Relaxed) < HELD / 2;
        if !room {
            self.behind.store(true, Ordering::Release);
        }
        room
    }

    /// Whether any may be taken from the store: there is a place for targets that have nothing to do when others hold all the room there is
    /// for what is new.
    pub(super) fn has_a_place(&self) -> bool {
        let place = self.held.load(Ordering::Relaxed) < HELD - 2 * LEASED;
        if !place {
            self.behind.store(true, Ordering::Release);
        }
        place
    }

    /// Whether what is told by this callback piles up although its receiver takes much.
    pub(crate) fn is_pressed(&self, callback: &Callback) -> bool {
        let pressed = self.pressed.read().unwrap_or_else(PoisonError::into_inner);
        !pressed.is_empty() && pressed.contains(&target_of(callback))
    }

    /// Whether it does for any.
    pub(crate) fn is_any_pressed(&self) -> bool {
        !self.pressed.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    pub(super) fn press(&self, target: &str, pressed: bool) {
        let mut all = self.pressed.write().unwrap_or_else(PoisonError::into_inner);
        if pressed {
            all.insert(target.to_owned());
        } else {
            all.remove(target);
        }
    }

    /// Nothing is for anybody any more.
    pub(super) fn relieve_all(&self) {
        self.pressed.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The handoffs this run holds.
    pub(crate) fn known(&self) -> &Known<HandoffKey> {
        &self.known
    }

    /// Lives as long as a call may make handoffs that this run holds, until they are offered or known.
    pub(crate) async fn taking(&self) -> RwLockReadGuard<'_, ()> {
        self.gate.read().await
    }

    /// As long as the answer lives, nobody is [`HandoffQueue::taking`].
    pub(crate) async fn while_none_is_taken(&self) -> RwLockWriteGuard<'_, ()> {
        self.gate.write().await
    }

    /// Hands one over soon. Callers ask [`HandoffQueue::has_room`] first; one that all the same finds no place is astray until it is found.
    pub(crate) fn offer(&self, handoff: Handoff) {
        let key = handoff.key;
        self.known.hold([key]);
        self.held.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = self.sender.try_send(handoff) {
            self.held.fetch_sub(1, Ordering::Relaxed);
            self.known.over([key]);
            tracing::warn!(%error, "a handoff found no place in memory; it goes later");
        }
    }
}
