//! Looking for messages: the store looks through a bounded number at a time, whoever asks wants what he asked for.

use domain::message::MessageId;
use ports::driven::{Clock, Filter, MessageRecord, Page, Reports, StoreError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long one search goes on, and how many go on at a time: a rare number among millions of messages is looked for by reading them.
const PATIENCE: Duration = Duration::from_millis(500);
const AT_A_TIME: usize = 1;

/// Lists messages.
pub(crate) struct Search {
    reports: Arc<dyn Reports>,
    clock: Arc<dyn Clock>,
    places: Semaphore,
}

impl Search {
    pub fn new(reports: Arc<dyn Reports>, clock: Arc<dyn Clock>) -> Self {
        Self { reports, clock, places: Semaphore::new(AT_A_TIME) }
    }

    /// A page of messages, newest first: full, or the last, or as much as half a second brings. Beside another search, what the store gives
    /// at once; then, and after the half second, it may be short and have a `next`.
    pub async fn page(&self, filter: &Filter) -> Result<Page<MessageRecord>, StoreError> {
        let mut page = self.reports.messages(filter).await?;
        let Ok(_place) = self.places.try_acquire() else { return Ok(page) };
        let began = self.clock.monotonic();
        while let Some(after) = page.next
            && page.items.len() < filter.limit
            && self.clock.monotonic().saturating_sub(began) < PATIENCE
        {
            let limit = filter.limit - page.items.len();
            let rest = Filter { after: Some(MessageId(after)), limit, ..filter.clone() };
            let more = self.reports.messages(&rest).await?;
            page.items.extend(more.items);
            page.next = more.next;
        }
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use domain::Timestamp;
    use fakes::{ManualClock, MemoryStore};
    use ports::driven::Audit;
    use std::sync::atomic::{AtomicI64, Ordering};

    /// A table whose pieces are empty; each takes a while.
    struct Pieces {
        left: AtomicI64,
        clock: ManualClock,
        each: Duration,
    }

    #[async_trait]
    impl Reports for Pieces {
        async fn message(&self, _id: MessageId) -> Result<Option<MessageRecord>, StoreError> {
            Ok(None)
        }

        async fn messages(&self, _filter: &Filter) -> Result<Page<MessageRecord>, StoreError> {
            self.clock.advance(self.each);
            let left = self.left.fetch_sub(1, Ordering::Relaxed) - 1;
            Ok(Page { items: Vec::new(), next: (left > 0).then_some(left) })
        }

        async fn audit(&self) -> Result<Audit, StoreError> {
            MemoryStore::new().audit().await
        }

        async fn ping(&self) -> Result<(), StoreError> {
            Ok(())
        }

        async fn retain(
            &self,
            _before: Timestamp,
            _now: Timestamp,
            _limit: usize,
        ) -> Result<usize, StoreError> {
            Ok(0)
        }
    }

    fn search(pieces: i64, each: Duration) -> Search {
        let clock = ManualClock::default();
        let reports = Pieces { left: AtomicI64::new(pieces), clock: clock.clone(), each };
        Search::new(Arc::new(reports), Arc::new(clock))
    }

    fn filter() -> Filter {
        Filter { limit: 100, ..Filter::default() }
    }

    #[tokio::test]
    async fn it_goes_on_to_the_end() {
        let page = search(40, Duration::from_millis(10)).page(&filter()).await.expect("a page");
        assert_eq!(page.next, None);
    }

    #[tokio::test]
    async fn it_ends_when_its_time_is_over() {
        let page = search(4_000, Duration::from_millis(10)).page(&filter()).await.expect("a page");
        assert_eq!(page.next, Some(4_000 - 51));
    }

    #[tokio::test]
    async fn beside_another_it_gives_what_is_there() {
        let search = search(40, Duration::from_millis(10));
        let _other = search.places.acquire().await.expect("a place");
        let page = search.page(&filter()).await.expect("a page");
        assert_eq!(page.next, Some(39));
    }
}
