//! Whether this run may be sure that no other has taken its place, and holding its links as long as it may not.
//!
//! Others declare a run dead that was silent for [`SILENCE`], and send what it holds. A run that cannot say that it lives counts the same time from its
//! last sign, by its own steady clock, and stops before they begin.

use crate::lanes::Lanes;
use crate::pulse::SILENCE;
use ports::driven::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How long before others may begin: what links have in memory must be back by then.
const MARGIN: Duration = Duration::from_secs(2);
/// How often it is looked.
const EVERY: Duration = Duration::from_millis(250);

/// The right to send what this run holds.
pub(crate) struct Tenure {
    clock: Arc<dyn Clock>,
    alone: bool,
    /// When the last sign of life that was stored had been asked for, ms of the steady clock.
    renewed: AtomicU64,
    lost: AtomicBool,
    changed: Notify,
}

impl Tenure {
    /// Begins now. `alone`: no other run can serve this store, so that it need not be renewed.
    pub(crate) fn new(clock: Arc<dyn Clock>, alone: bool) -> Self {
        let renewed = AtomicU64::new(millis(clock.monotonic()));
        Self { clock, alone, renewed, lost: AtomicBool::new(false), changed: Notify::new() }
    }

    /// A sign of life that was asked for at this time was stored.
    pub(crate) fn renew(&self, asked: Duration) {
        self.renewed.fetch_max(millis(asked), Ordering::AcqRel);
        self.changed.notify_one();
    }

    /// Others have declared this run dead.
    pub(crate) fn lose(&self) {
        self.lost.store(true, Ordering::Release);
        self.changed.notify_one();
    }

    /// Whether what this run holds is still its own to send. Cheap: asked for at each message.
    pub(crate) fn is_sure(&self) -> bool {
        !self.lost.load(Ordering::Acquire) && (self.alone || self.silent_for() < SILENCE - MARGIN)
    }

    fn silent_for(&self) -> Duration {
        let renewed = Duration::from_millis(self.renewed.load(Ordering::Acquire));
        self.clock.monotonic().saturating_sub(renewed)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Holds the links while it is not sure. A task of its own: whatever keeps the sign of life from being given must not keep this from seeing it.
#[derive(Clone)]
pub(crate) struct Restraint {
    pub tenure: Arc<Tenure>,
    pub lanes: Arc<Lanes>,
}

impl Restraint {
    /// Looks until told to stop.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut held = false;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.tenure.changed.notified() => {}
                () = tokio::time::sleep(EVERY) => {}
            }
            let hold = !self.tenure.is_sure();
            if hold && !held {
                metrics::counter!("omnigate_held_back_total").increment(1);
                let seconds = self.tenure.silent_for().as_secs();
                tracing::error!(
                    seconds,
                    "links are held: no sign of life could be stored, and another node may send what this one holds"
                );
            } else if held && !hold {
                tracing::info!("links go on: the sign of life is stored again");
            }
            held = hold;
            self.lanes.all().iter().for_each(|lane| lane.hold_back(hold));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fakes::ManualClock;

    fn tenure(alone: bool) -> (ManualClock, Tenure) {
        let clock = ManualClock::default();
        (clock.clone(), Tenure::new(Arc::new(clock), alone))
    }

    #[test]
    fn it_ends_two_seconds_before_others_may_begin() {
        let (clock, tenure) = tenure(false);
        clock.advance(Duration::from_secs(3));
        tenure.renew(Duration::from_secs(3));
        clock.advance(Duration::from_millis(7_999));
        assert!(tenure.is_sure());
        clock.advance(Duration::from_millis(1));
        assert!(!tenure.is_sure());
        tenure.renew(Duration::from_secs(2));
        assert!(!tenure.is_sure(), "an answer that comes late says what was, not what is");
        tenure.renew(clock.monotonic());
        assert!(tenure.is_sure());
    }

    #[test]
    fn the_wall_clock_has_no_say() {
        let (clock, tenure) = tenure(false);
        clock.set(domain::Timestamp::MAX);
        assert!(tenure.is_sure());
        clock.set(domain::Timestamp::UNIX_EPOCH);
        clock.advance(Duration::from_secs(60));
        assert!(!tenure.is_sure());
    }

    #[test]
    fn who_serves_alone_needs_none_and_who_is_dead_has_none() {
        let (clock, tenure) = tenure(true);
        clock.advance(Duration::from_hours(1));
        assert!(tenure.is_sure());
        tenure.lose();
        assert!(!tenure.is_sure());
        tenure.renew(clock.monotonic());
        assert!(!tenure.is_sure());
    }
}
