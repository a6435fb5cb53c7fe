//! A simulated HTTP operator for rehearsals and tests: takes requests in one operator's shape, calls back with receipts and messages of
//! phones, keeps a journal, and misbehaves on request. It is no SMS centre: it forgets everything when it stops.

mod post;
mod serve;
mod shape;

pub use shape::SHAPES;

use futures_util::future::BoxFuture;
use ports::driven::Clock;
use post::Post;
use rehearsal::{Command, Faults, Journal, Line, ReceiptOptions};
use secrecy::SecretString;
use shape::Shape;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use web_kit::{ClientOptions, HttpClient};

/// Calls that may wait to be made.
const MOST_CALLS: usize = 100_000;

/// How it is.
#[derive(Debug, Clone)]
pub struct HttpSimulatorOptions {
    /// Where to listen; port 0 takes a free one.
    pub listen: String,
    /// Whose shape: one of [`SHAPES`].
    pub shape: String,
    /// Who may send; anybody when absent.
    pub account: Option<(String, SecretString)>,
    /// How long it thinks.
    pub reply_delay: Duration,
    /// When receipts come; `None` = never.
    pub receipts: Option<ReceiptOptions>,
    /// Where receipts go, when the request does not say it.
    pub receipts_to: Option<String>,
    /// Where messages of phones go.
    pub mo_to: Option<String>,
    /// Signs calls, where the operator is of our kind.
    pub secret: Option<SecretString>,
    /// How long until a call that was not taken is made again.
    pub retry_after: Duration,
    /// A file for every event.
    pub journal: Option<PathBuf>,
    /// How it misbehaves.
    pub faults: Faults,
}

/// What it has seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HttpStats {
    /// Requests.
    pub submits: u64,
    /// Messages that were taken.
    pub accepted: u64,
    /// Receipts that were taken by the gateway.
    pub receipts: u64,
    /// Messages of phones that were taken by the gateway.
    pub mos: u64,
    /// Calls that were not.
    pub refused: u64,
    /// Requests under way at once, at most.
    pub most_at_once: u64,
}

#[derive(Default)]
struct Counts {
    submits: AtomicU64,
    accepted: AtomicU64,
    receipts: AtomicU64,
    mos: AtomicU64,
    refused: AtomicU64,
    at_once: AtomicU64,
    most_at_once: AtomicU64,
    number: AtomicU64,
    session: AtomicU64,
}

/// What its tasks share.
struct Hub {
    shape: Shape,
    options: HttpSimulatorOptions,
    clock: Arc<dyn Clock>,
    journal: Journal,
    counts: Counts,
    faults: Mutex<Faults>,
    /// What was answered under each Idempotency-Key.
    once: Mutex<HashMap<String, shape::Said>>,
    posts: tokio::sync::mpsc::Sender<Post>,
    /// Connections that have to go.
    drop: tokio::sync::Notify,
}

impl Hub {
    fn line(&self, event: &str) -> Line {
        Line::new(self.clock.now().as_millisecond(), event)
    }

    fn write(&self, line: Line) {
        self.journal.write(line);
        self.journal.flush();
    }

    fn faults(&self) -> Faults {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A simulated operator that runs.
pub struct HttpSimulator {
    address: SocketAddr,
    hub: Arc<Hub>,
    tasks: JoinSet<()>,
}

impl HttpSimulator {
    /// Starts one.
    ///
    /// # Errors
    /// A shape that there is not, an address or a journal that cannot be used.
    pub fn start(
        options: HttpSimulatorOptions,
        clock: Arc<dyn Clock>,
    ) -> BoxFuture<'static, io::Result<Self>> {
        Box::pin(Self::begin(options, clock))
    }

    async fn begin(options: HttpSimulatorOptions, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let no = |what: String| io::Error::new(io::ErrorKind::InvalidInput, what);
        let shape = Shape::named(&options.shape)
            .ok_or_else(|| no(format!("no operator {:?}; there are {}", options.shape, SHAPES.join(", "))))?;
        let client = ClientOptions {
            timeout: Duration::from_secs(10),
            idle_per_host: post::MOST_AT_ONCE,
            ..ClientOptions::default()
        };
        let client = HttpClient::new(client).map_err(|e| no(e.to_string()))?;
        let listener = TcpListener::bind(&options.listen).await?;
        let address = listener.local_addr()?;
        let journal = Journal::open(options.journal.as_deref())?;
        let (posts, waiting) = tokio::sync::mpsc::channel(MOST_CALLS);
        let hub = Arc::new(Hub {
            shape,
            faults: Mutex::new(options.faults.clone()),
            options,
            clock,
            journal,
            counts: Counts::default(),
            once: Mutex::default(),
            posts,
            drop: tokio::sync::Notify::new(),
        });
        hub.write(hub.line("listening").text("address", &address.to_string()));
        let mut tasks = JoinSet::new();
        tasks.spawn(serve::accept(Arc::clone(&hub), listener));
        tasks.spawn(post::deliver(Arc::clone(&hub), client, waiting));
        Ok(Self { address, hub, tasks })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Obeys an order.
    ///
    /// # Errors
    /// One that means nothing here.
    pub fn command(&self, command: Command) -> Result<(), String> {
        match command {
            Command::Mo { from, to, text } => {
                let url = self
                    .hub
                    .options
                    .mo_to
                    .clone()
                    .ok_or("where messages of phones go was not said: --mo-to")?;
                let post = Post::mo(url, from, to, text, self.hub.counts.number.fetch_add(1, Relaxed) + 1);
                self.hub.posts.try_send(post).map_err(|_| "too many calls wait".to_owned())
            }
            Command::Faults(faults) => {
                *self.hub.faults.lock().unwrap_or_else(PoisonError::into_inner) = faults;
                Ok(())
            }
            Command::Drop => {
                self.hub.drop.notify_waiters();
                Ok(())
            }
            Command::Unbind | Command::Raw(_) => Err("HTTP has no sessions for that".to_owned()),
        }
    }

    /// What it has seen.
    #[must_use]
    pub fn stats(&self) -> HttpStats {
        let counts = &self.hub.counts;
        HttpStats {
            submits: counts.submits.load(Relaxed),
            accepted: counts.accepted.load(Relaxed),
            receipts: counts.receipts.load(Relaxed),
            mos: counts.mos.load(Relaxed),
            refused: counts.refused.load(Relaxed),
            most_at_once: counts.most_at_once.load(Relaxed),
        }
    }

    /// Stops.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
        self.hub.journal.flush();
    }
}
