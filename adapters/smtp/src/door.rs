//! The door: takes callers from its listener until it is stopped, each in a task of his own.

use crate::config::Config;
use crate::relay::MailRelay;
use crate::talk::Talk;
use net::{Listener, Stream};
use ports::driving::{Authenticate, SubmitMessages};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

/// What the door asks.
#[derive(Clone)]
pub struct Ports {
    /// Who callers are.
    pub authenticate: Arc<dyn Authenticate>,
    /// Takes messages.
    pub submit: Arc<dyn SubmitMessages>,
    /// Sends reports about recipients that are refused late; without it they are named in the reply only.
    pub relay: Option<Arc<MailRelay>>,
}

/// The mail door.
#[derive(Clone)]
pub struct Door {
    config: Arc<Config>,
    ports: Ports,
}

impl Door {
    /// A door that is not open yet.
    #[must_use]
    pub fn new(config: Config, ports: Ports) -> Self {
        Self { config: Arc::new(config), ports }
    }

    /// Opens the door. It stays open until the handle's [`DoorHandle::stop`].
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn start(self, listener: Listener) -> io::Result<DoorHandle> {
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let task = tokio::spawn(self.serve(listener, stop.clone()));
        Ok(DoorHandle { address, stop, task })
    }

    async fn talk(&self, stream: Stream, peer: IpAddr, stop: &CancellationToken) -> io::Result<()> {
        Talk::new(stream, peer, Arc::clone(&self.config), self.ports.clone()).run(stop).await
    }

    async fn serve(self, listener: Listener, stop: CancellationToken) {
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
                    let (door, stop) = (self.clone(), stop.clone());
                    talks.spawn(async move {
                        let ended = door.talk(incoming.stream, incoming.peer.ip(), &stop).await;
                        if let Err(error) = ended {
                            tracing::debug!(peer = %incoming.peer.ip(), %error, "mail door connection ended");
                        }
                    });
                }
                Err(error) => {
                    tracing::error!(%error, "the mail door cannot take callers any more");
                    break;
                }
            }
        }
        drop(listener);
        let all = async { while talks.join_next().await.is_some() {} };
        if tokio::time::timeout(self.config.patience, all).await.is_err() {
            talks.shutdown().await;
        }
    }
}

/// An open door.
#[derive(Debug)]
pub struct DoorHandle {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl DoorHandle {
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

    /// Takes no more callers, lets commands under way finish, tells everybody 421 and returns when all are gone (or the
    /// configured patience ran out).
    pub async fn stop(self) {
        self.stop.cancel();
        let _ = self.task.await;
    }
}
