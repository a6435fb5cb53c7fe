//! What was seen of each message: at the operator and at the callback. Messages are told apart by a number in the text.

use crate::clock::now;
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// No measurement has more messages than this.
pub(crate) const MOST: usize = 50_000_000;
/// Begins the number in every text.
pub(crate) const SIGN: u8 = b'L';
/// Digits of the number.
pub(crate) const DIGITS: usize = 8;

/// How often each message was seen in one place, and when something came.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    times: RefCell<Vec<u8>>,
    total: Cell<u64>,
    at: RefCell<Vec<Instant>>,
}

impl Seen {
    /// Message `number` was seen.
    pub(crate) fn note(&self, number: usize) {
        if number >= MOST {
            return;
        }
        let mut times = self.times.borrow_mut();
        if times.len() <= number {
            times.resize((number + 1).next_power_of_two().max(1 << 16), 0);
        }
        times[number] = times[number].saturating_add(1);
        self.total.set(self.total.get() + 1);
        self.at.borrow_mut().push(now());
    }

    /// Sightings so far, repeats and all.
    pub(crate) fn total(&self) -> u64 {
        self.total.get()
    }

    /// How long after `began` all but one in a hundred had come. One straggler shall not decide a rate.
    pub(crate) fn mostly_by(&self, began: Instant) -> Option<Duration> {
        mostly(&self.at.borrow(), began)
    }

    /// Forgets when things came, not that they came.
    pub(crate) fn forget_times(&self) {
        self.at.borrow_mut().clear();
    }

    /// How often one message was seen.
    pub(crate) fn times(&self, number: usize) -> u8 {
        self.times.borrow().get(number).copied().unwrap_or(0)
    }
}

/// Everything that the parts of a measurement share. One thread, so plain cells.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// The next message's number.
    pub(crate) next: Cell<u64>,
    /// Numbers that were accepted at the door.
    pub(crate) accepted: RefCell<Vec<u32>>,
    /// Requests that were refused.
    pub(crate) refused: Cell<u64>,
    /// Requests without an answer.
    pub(crate) broken: Cell<u64>,
    /// When they were accepted.
    pub(crate) accepted_at: RefCell<Vec<Instant>>,
    /// Answer times of accepted requests in microseconds.
    pub(crate) latencies: RefCell<Vec<u32>>,
    /// At the operator.
    pub(crate) operator: Seen,
    /// At the callback sink.
    pub(crate) callback: Seen,
    /// Sessions bound at the operator now.
    pub(crate) bound: Cell<u32>,
}

impl Tally {
    /// A number for the next message.
    pub(crate) fn take(&self) -> u64 {
        let number = self.next.get();
        self.next.set(number + 1);
        number
    }

    /// Message `number`, asked at `began`, has been accepted just now.
    pub(crate) fn accept(&self, number: u64, began: Instant) {
        let at = now();
        let micros = u32::try_from(at.duration_since(began).as_micros()).unwrap_or(u32::MAX);
        self.latencies.borrow_mut().push(micros);
        self.accepted.borrow_mut().push(u32::try_from(number).unwrap_or(u32::MAX));
        self.accepted_at.borrow_mut().push(at);
    }

    /// What came before the measurement does not count.
    pub(crate) fn forget(&self) {
        self.accepted.borrow_mut().clear();
        self.accepted_at.borrow_mut().clear();
        self.latencies.borrow_mut().clear();
        self.operator.forget_times();
        self.callback.forget_times();
        self.refused.set(0);
        self.broken.set(0);
    }
}

/// How long after `began` all but one in a hundred of `times`, which ascend, lie.
pub(crate) fn mostly(times: &[Instant], began: Instant) -> Option<Duration> {
    let at = times.len().checked_sub(1)? * 99 / 100;
    Some(times[at].saturating_duration_since(began))
}

/// The message's number in bytes that begin with [`SIGN`] somewhere.
pub(crate) fn number(bytes: &[u8]) -> Option<usize> {
    let at = bytes.iter().position(|byte| *byte == SIGN)?;
    let digits = bytes.get(at + 1..at + 1 + DIGITS)?;
    digits.iter().try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + usize::from(byte - b'0')))
}

#[cfg(test)]
mod tests {
    use super::{Seen, number};

    #[test]
    fn numbers_are_found_in_texts() {
        assert_eq!(number(b"L00000042 hello"), Some(42));
        assert_eq!(number(b"GET /done?n=L00000007 HTTP"), Some(7));
        for none in [&b""[..], b"L123", b"L0000004x", b"hello"] {
            assert_eq!(number(none), None);
        }
    }

    #[test]
    fn sightings_are_counted() {
        let seen = Seen::default();
        seen.note(3);
        seen.note(3);
        seen.note(200_000);
        assert_eq!((seen.times(3), seen.times(4), seen.times(200_000), seen.total()), (2, 0, 1, 3));
    }
}
