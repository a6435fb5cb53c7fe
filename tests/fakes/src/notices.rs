//! People who are told things, in memory.

use crate::locked;
use ports::driven::{Notice, Notices};
use std::sync::Mutex;

/// Keeps every notice.
#[derive(Debug, Default)]
pub struct MemoryNotices(Mutex<Vec<Notice>>);

impl MemoryNotices {
    /// The notices so far.
    #[must_use]
    pub fn given(&self) -> Vec<Notice> {
        locked(&self.0).clone()
    }
}

impl Notices for MemoryNotices {
    fn give(&self, notice: Notice) {
        locked(&self.0).push(notice);
    }
}
