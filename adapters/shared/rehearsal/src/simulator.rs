//! A running simulated operator: it listens, follows its schedule, lets phones send, and obeys.

use crate::control::Command;
use crate::hub::{Delivery, Hub, Order, Stats};
use crate::journal::Journal;
use crate::options::{Faults, MoOptions};
use crate::peer::Peer;
use crate::speech::Operator;
use domain::text::{Policy, choose, split};
use net::{ListenOptions, Listener};
use ports::driven::Clock;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};
use std::time::Duration;
use tokio::task::JoinSet;

/// Connections at a time.
const MOST_CONNECTIONS: usize = 1_000;
/// How often phones send, when they send by themselves.
const MO_ROUND: Duration = Duration::from_millis(20);

/// A running simulated operator; it ends when dropped.
pub struct Simulator {
    hub: Arc<Hub>,
    address: SocketAddr,
    references: AtomicU16,
    tasks: JoinSet<()>,
}

impl Simulator {
    /// Listens. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// When it cannot listen there or write its journal.
    pub async fn start<O: Operator>(operator: O, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let options = operator.options();
        let journal = Journal::open(options.journal.as_deref())?;
        let listening = ListenOptions {
            name: "simulator",
            tls: options.tls.clone(),
            max_connections: MOST_CONNECTIONS,
            max_per_address: MOST_CONNECTIONS,
            ..ListenOptions::default()
        };
        let listener = Listener::bind(&options.listen, listening).await?;
        let address = listener.local_addr()?;
        let hub = Arc::new(Hub::new(options, clock, journal));
        hub.journal.write(hub.line("listening").text("address", &address.to_string()));
        hub.journal.flush();
        let mut tasks = JoinSet::new();
        // The schedule first: what it says of the beginning holds for the first who comes.
        tasks.spawn(follow_schedule(hub.clone()));
        tasks.spawn(accept(Arc::new(operator), hub.clone(), listener));
        if let Some(mo) = hub.options.mo.clone() {
            tasks.spawn(phones(hub.clone(), mo));
        }
        Ok(Self { hub, address, references: AtomicU16::new(0), tasks })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has seen so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.hub.stats()
    }

    /// Misbehaves like this from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.hub.set_faults(faults);
    }

    /// A phone sends a message; in parts when it is long.
    pub fn mo(&self, from: &str, to: &str, text: &str) {
        let (now, at) = (self.hub.clock.monotonic(), self.hub.clock.now());
        let reference = self.references.fetch_add(1, Relaxed).wrapping_add(1);
        let segments =
            choose(text, Policy::Keep).ok().and_then(|c| split(&c.text, c.alphabet, reference, false).ok());
        let segments = segments.filter(|segments| segments.len() > 1).unwrap_or_default();
        let (from, to) = (from.to_owned(), to.to_owned());
        if segments.is_empty() {
            let mo = Delivery::Mo { from, to, text: text.to_owned(), at };
            return self.hub.leave([(now, mo)]);
        }
        let part = |segment| Delivery::Part { from: from.clone(), to: to.clone(), segment, at };
        self.hub.leave(segments.into_iter().map(|segment| (now, part(segment))));
    }

    /// Obeys.
    pub fn command(&self, command: Command) {
        let order = match command {
            Command::Mo { from, to, text } => return self.mo(&from, &to, &text),
            Command::Faults(faults) => return self.set_faults(faults),
            Command::Unbind => Order::Unbind,
            Command::Drop => Order::Drop,
            Command::Raw(octets) => Order::Raw(octets.into()),
        };
        // Nobody is connected: nobody has to obey.
        let _ = self.hub.orders.send(order);
    }

    /// Closes every connection and stops listening.
    pub async fn stop(mut self) {
        let _ = self.hub.orders.send(Order::Stop);
        self.tasks.shutdown().await;
        self.hub.journal.flush();
    }
}

async fn accept<O: Operator>(operator: Arc<O>, hub: Arc<Hub>, listener: Listener) {
    let mut peers = JoinSet::new();
    loop {
        tokio::select! {
            incoming = listener.accept() => {
                let Ok(incoming) = incoming else { continue };
                peers.spawn(Peer::new(operator.clone(), hub.clone()).run(incoming.stream));
            }
            Some(_) = peers.join_next() => {}
        }
    }
}

async fn follow_schedule(hub: Arc<Hub>) {
    let start = hub.clock.monotonic();
    let mut schedule = hub.options.schedule.clone();
    schedule.sort_by_key(|(at, _)| *at);
    for (at, faults) in schedule {
        let pause = (start + at).saturating_sub(hub.clock.monotonic());
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        hub.set_faults(faults);
    }
}

async fn phones(hub: Arc<Hub>, mo: MoOptions) {
    let start = hub.clock.monotonic();
    let mut sent = 0_u64;
    loop {
        tokio::time::sleep(MO_ROUND).await;
        let now = hub.clock.monotonic();
        let wanted = (now.saturating_sub(start).as_secs_f64() * f64::from(mo.rate)) as u64;
        let texts = (sent..wanted).map(|n| {
            let text = mo.text.replace("{n}", &(n + 1).to_string());
            let (from, to, at) = ((mo.from + n % 1_000_000).to_string(), mo.to.clone(), hub.clock.now());
            (now, Delivery::Mo { from, to, text, at })
        });
        hub.leave(texts);
        sent = sent.max(wanted);
    }
}
