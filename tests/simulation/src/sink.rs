//! Where handoffs go: it fails, it is slow, and it remembers what it took.

use crate::world::World;
use async_trait::async_trait;
use ports::driven::{Answer, Deliver, Handoff, HandoffError};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A program or mailbox outside.
pub(crate) struct Sink {
    pub(crate) world: Arc<World>,
    pub(crate) tries: AtomicU64,
}

#[async_trait]
impl Deliver for Sink {
    async fn deliver(&self, handoff: &Handoff) -> Result<Answer, HandoffError> {
        let (world, n) = (&self.world, self.tries.fetch_add(1, Ordering::Relaxed));
        let subject = handoff.key.subject.unsigned_abs();
        tokio::time::sleep(world.plan.chance.millis("sink_slow", subject, n, 1, 3_000)).await;
        let (fails, before) = {
            let state = world.state();
            let chance = world.plan.chance;
            let fails = !state.calm && chance.happens("sink_fails", subject, n, world.plan.sink_fails);
            (fails, chance.happens("sink_fails_before", subject, n, 500))
        };
        if !fails || !before {
            world.state().delivered.push(handoff.key);
        }
        if fails {
            tokio::time::sleep(Duration::from_millis(10)).await;
            return Err(HandoffError::Temporary("503".to_owned()));
        }
        Ok(Answer::default())
    }
}
