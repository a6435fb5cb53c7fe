//! An open door: takes callers from its listener until it is stopped, each in a task of his own.
//!
//! What is said with a caller is the door's own affair; here is what all doors of line protocols do alike.

use crate::listen::{Incoming, Listener};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

/// A door that is open.
#[derive(Debug)]
pub struct OpenDoor {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl OpenDoor {
    /// Opens a door. `talk` speaks with one caller until either has enough or the token is cancelled; it must then end by itself, and is ended
    /// `patience` after. `name` is for the log.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn open<T, F>(name: &'static str, listener: Listener, patience: Duration, talk: T) -> io::Result<Self>
    where
        T: Fn(Incoming, CancellationToken) -> F + Send + 'static,
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let task = tokio::spawn(serve(name, listener, patience, talk, stop.clone()));
        Ok(Self { address, stop, task })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether it has closed by itself, because its listener failed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.task.is_finished()
    }

    /// Takes no more callers, lets talks end and returns when all have, or when the patience ran out.
    pub async fn stop(self) {
        self.stop.cancel();
        let _ = self.task.await;
    }
}

async fn serve<T, F>(
    name: &'static str,
    listener: Listener,
    patience: Duration,
    talk: T,
    stop: CancellationToken,
) where
    T: Fn(Incoming, CancellationToken) -> F,
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    // Bounded by the listener's places.
    let mut talks = JoinSet::new();
    loop {
        let incoming = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(_) = talks.join_next(), if !talks.is_empty() => continue,
            incoming = listener.accept() => incoming,
        };
        match incoming {
            Ok(incoming) => {
                let peer = incoming.peer.ip();
                let talk = talk(incoming, stop.clone());
                talks.spawn(async move {
                    if let Err(error) = talk.await {
                        tracing::debug!(door = name, %peer, %error, "a connection ended");
                    }
                });
            }
            Err(error) => {
                tracing::error!(door = name, %error, "the door cannot take callers any more");
                break;
            }
        }
    }
    drop(listener);
    let all = async { while talks.join_next().await.is_some() {} };
    if tokio::time::timeout(patience, all).await.is_err() {
        talks.shutdown().await;
    }
}
