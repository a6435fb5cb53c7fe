//! An allocator that counts, by thread: the only unsafe code of the house's tests, and all it does is pass on and add.
#![allow(unsafe_code, reason = "an allocator cannot be written otherwise")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static NOW: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, counted.
#[derive(Debug)]
pub struct Counting;

fn add(octets: usize) {
    // A thread that ends frees things after its counters are gone.
    let _ = NOW.try_with(|now| {
        let sum = now.get().saturating_add(octets);
        now.set(sum);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(sum)));
    });
}

fn take(octets: usize) {
    let _ = NOW.try_with(|now| now.set(now.get().saturating_sub(octets)));
}

// SAFETY: every call is passed on to the system's allocator as it is; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        take(layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(place, layout) }
    }
}

/// The most that was allocated at one time while something ran, beyond what was before.
pub fn peak(run: impl FnOnce()) -> usize {
    let before = NOW.with(Cell::get);
    PEAK.with(|peak| peak.set(before));
    run();
    PEAK.with(Cell::get).saturating_sub(before)
}
