//! A connection that closes itself when the other side dawdles: silent before a request, slow in its header, idle
//! between requests, or not reading what it asked for. One that is idle gives its place at the door to who finds none.
//!
//! hyper has a header time-out of its own, but it counts idle time as header time and its HTTP/2 side has none.
//! Requests that are being worked on have no limit here: reading their body has one (`read_body`).

use crate::limits::Limits;
use net::Place;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// What a connection's requests are doing.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    /// Requests being worked on.
    working: AtomicUsize,
    /// Requests that ever began: tells of one that came and went between two looks.
    begun: AtomicUsize,
}

impl Activity {
    pub(crate) fn begin(self: &Arc<Self>) -> Working {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.working.fetch_add(1, Ordering::Relaxed);
        Working(Arc::clone(self))
    }
}

/// One request being worked on, until its answer is written.
#[derive(Debug)]
pub(crate) struct Working(Arc<Activity>);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.working.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing has come yet on this connection.
    New,
    /// Some octets of a header have come.
    Header,
    /// Between requests.
    Idle,
    /// A request is being worked on.
    Busy,
}

/// The connection.
pub(crate) struct Watched<S> {
    stream: S,
    activity: Arc<Activity>,
    phase: Phase,
    /// Requests that had begun when it was last looked at.
    begun: usize,
    /// HTTP/2 has frames between requests: no header phase can be told.
    multiplexed: bool,
    header_time: Duration,
    idle_time: Duration,
    write_time: Duration,
    reading: Option<(Phase, Pin<Box<Sleep>>)>,
    /// Whether anything came since the idle clock was started: it is then started anew when it rings, not at each request.
    stirred: bool,
    writing: Option<Pin<Box<Sleep>>>,
    place: Option<Arc<Place>>,
}

impl<S> Watched<S> {
    pub(crate) fn new(
        stream: S,
        limits: &Limits,
        multiplexed: bool,
        activity: Arc<Activity>,
        place: Option<Arc<Place>>,
    ) -> Self {
        Self {
            stream,
            activity,
            phase: Phase::New,
            begun: 0,
            multiplexed,
            header_time: limits.header_time,
            idle_time: limits.idle_time,
            write_time: limits.write_time,
            reading: None,
            stirred: false,
            writing: None,
            place,
        }
    }

    fn now_in(&mut self, octets_came: bool) -> Phase {
        let busy = self.activity.working.load(Ordering::Relaxed) > 0;
        let begun = self.activity.begun.load(Ordering::Relaxed);
        if begun != self.begun {
            self.begun = begun;
            self.phase = Phase::Idle;
            // The header whose time was running has come.
            self.reading = self.reading.take().filter(|(armed, _)| *armed == Phase::Idle);
        }
        self.phase = match self.phase {
            _ if busy => Phase::Busy,
            Phase::New | Phase::Idle | Phase::Busy if octets_came && !self.multiplexed => Phase::Header,
            Phase::New if !octets_came => Phase::New,
            Phase::Header => Phase::Header,
            Phase::New | Phase::Idle | Phase::Busy => Phase::Idle,
        };
        self.phase
    }

    /// Whether the reading side has been waited for too long.
    fn read_is_late(&mut self, cx: &mut Context<'_>) -> bool {
        let phase = self.now_in(false);
        let limit = match phase {
            Phase::Busy => return false,
            Phase::New | Phase::Header => self.header_time,
            Phase::Idle => self.idle_time,
        };
        if !matches!(&self.reading, Some((armed, _)) if *armed == phase) {
            self.reading = Some((phase, Box::pin(tokio::time::sleep(limit))));
            self.stirred = false;
        }
        let Some((_, sleep)) = &mut self.reading else { return false };
        while sleep.as_mut().poll(cx).is_ready() {
            if phase != Phase::Idle || !self.stirred {
                return true;
            }
            self.stirred = false;
            sleep.set(tokio::time::sleep(limit));
        }
        false
    }

    /// Whether it still has its place, after nothing came.
    fn may_stay(&self, cx: &mut Context<'_>) -> bool {
        let Some(place) = &self.place else { return true };
        // What is not yet written is under way too.
        if self.phase == Phase::Idle && self.writing.is_none() {
            place.poll_rest(cx).is_pending()
        } else {
            place.work()
        }
    }

    /// Whether the other side has not taken anything for too long; `waiting`: it did not take anything now.
    fn write_is_late(&mut self, cx: &mut Context<'_>, waiting: bool) -> bool {
        if !waiting {
            self.writing = None;
            return false;
        }
        let limit = self.write_time;
        let sleep = self.writing.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        sleep.as_mut().poll(cx).is_ready()
    }

    fn written<T>(&mut self, cx: &mut Context<'_>, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if self.write_is_late(cx, done.is_pending()) {
            Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
        } else {
            done
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let done = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if done.is_pending() {
            return if this.read_is_late(cx) {
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            } else if this.may_stay(cx) {
                Poll::Pending
            } else {
                // As if the other side had closed: the connection ends in order.
                Poll::Ready(Ok(()))
            };
        }
        let came = buffer.filled().len() > before;
        this.now_in(came);
        this.stirred = true;
        if came && this.place.as_ref().is_some_and(|place| !place.work()) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        done
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let done = Pin::new(&mut this.stream).poll_write(cx, octets);
        this.written(cx, done)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let done = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.written(cx, done)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let done = Pin::new(&mut this.stream).poll_flush(cx);
        this.written(cx, done)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let done = Pin::new(&mut this.stream).poll_shutdown(cx);
        this.written(cx, done)
    }
}
