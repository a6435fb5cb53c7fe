//! Work that is finished even if nobody waits for it any more.
//!
//! A door's future is dropped when its client goes away; what is being stored must all the same reach its link. Until then the work
//! runs where it is awaited, which costs no task; only an abandoned one gets a task of its own.

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, CatchUnwind};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A future that goes on by itself when it is dropped unfinished.
pub(crate) struct Unabandoned<T: Send + 'static>(
    Option<CatchUnwind<AssertUnwindSafe<BoxFuture<'static, T>>>>,
);

impl<T: Send + 'static> Unabandoned<T> {
    /// Wraps work that has not begun. Must be dropped inside a runtime to go on.
    pub(crate) fn new(work: impl Future<Output = T> + Send + 'static) -> Self {
        Self(Some(AssertUnwindSafe(work.boxed()).catch_unwind()))
    }
}

impl<T: Send + 'static> Future for Unabandoned<T> {
    /// `None`: it panicked.
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let Some(work) = &mut self.0 else { return Poll::Ready(None) };
        let done = std::task::ready!(work.poll_unpin(cx));
        self.0 = None;
        Poll::Ready(done.ok())
    }
}

impl<T: Send + 'static> Drop for Unabandoned<T> {
    fn drop(&mut self) {
        if let Some(work) = self.0.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(work);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn it_goes_on_when_nobody_waits() {
        let (go, wait) = oneshot::channel::<()>();
        let (done, heard) = oneshot::channel();
        let mut work = Unabandoned::new(async move {
            let _ = wait.await;
            let _ = done.send(7);
        });
        assert!((&mut work).now_or_never().is_none());
        drop(work);
        go.send(()).expect("it still runs");
        assert_eq!(heard.await, Ok(7));
    }

    #[tokio::test]
    async fn a_panic_is_no_answer() {
        assert_eq!(Unabandoned::new(async { 7 }).await, Some(7));
        let panics = Unabandoned::new(async {
            if std::hint::black_box(true) {
                panic!("on purpose")
            }
        });
        assert_eq!(panics.await, None);
    }
}
