//! The one writer: takes what has queued up while the last commit ran, makes one transaction of it, answers after the commit.
//!
//! Never commits on a timer, never answers before the commit, never goes on after the disk has failed.

use super::answers::Answers;
use super::{
    Conn, Session, accept, cluster, cold, deadlines, dialect, directory, handoffs, inbox, lease, recalls,
    receipts, retain, settle, sweep,
};
use crate::error::Fault;
use crate::failpoints;
use crate::memory::Memory;
use crate::op::Op;
use crate::queue::Waiting;
use diesel::QueryResult;
use diesel_async::SimpleAsyncConnection;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use ports::driven::{Clock, StoreError};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::watch;

/// How often a transaction that met another one is tried.
const CONFLICTS: usize = 5;

/// How often it is tried whether a full disk has room again.
const TRY_ROOM: Duration = Duration::from_secs(2);
/// How often a transaction is tried that a server refused in words nobody here knows.
const ODDITIES: usize = 2;
/// What fails later than this failed because something was waited for: whoever goes through a batch one by one would wait each time anew.
const PROMPT: Duration = Duration::from_secs(1);
/// How many new ones in a row a server refuses, each by itself, before the others of a batch are not tried.
const REFUSED_IN_A_ROW: usize = 3;
/// How long a server that refused what was new is not believed able to write, unless it takes something new before.
const DISBELIEVED: Duration = Duration::from_secs(60);
/// How long one transaction with a server may take: more than the server itself gives a statement.
const LONGEST: Duration = Duration::from_secs(45);

/// The writer.
pub(crate) struct Writer {
    session: Session,
    waiting: Waiting,
    memory: Memory,
    clock: Arc<dyn Clock>,
    broken: Arc<OnceLock<String>>,
    answers: Answers,
    stopped: watch::Sender<bool>,
    /// The disk was full: nothing new until the reserve is back, which is tried from this time on.
    full: Option<Duration>,
    /// When a server last refused something new by itself, and why. A small change of what is there may work all the while: a full disk has
    /// room for that.
    refused: Option<(Duration, StoreError)>,
}

impl Writer {
    pub(super) fn new(
        session: Session,
        waiting: Waiting,
        memory: Memory,
        clock: Arc<dyn Clock>,
        broken: Arc<OnceLock<String>>,
        stopped: watch::Sender<bool>,
    ) -> Self {
        let answers = Answers::start();
        Self { session, waiting, memory, clock, broken, answers, stopped, full: None, refused: None }
    }

    /// Works until nobody can ask any more, then closes the database.
    pub(crate) async fn run(mut self, conn: Conn) {
        let mut conn = Some(conn);
        while let Some(batch) = self.waiting.next_batch().await {
            if let Some(text) = self.broken.get() {
                self.answers.refuse(batch, StoreError::Broken(text.clone())).await;
                continue;
            }
            if conn.is_none() {
                self.memory.forget();
                conn = match self.session.connect().await {
                    Ok(fresh) => Some(fresh),
                    Err(fault) => {
                        tracing::warn!(error = ?fault, "the database cannot be reached");
                        self.answers.refuse(batch, fault.into()).await;
                        continue;
                    }
                };
            }
            // Who waits for an answer of a turn that panicked hears that nobody knows, as after a lost connection.
            conn = match AssertUnwindSafe(self.turn(conn.take(), batch)).catch_unwind().await {
                Ok(conn) => conn,
                Err(_) => {
                    metrics::counter!("omnigate_store_panics_total").increment(1);
                    tracing::error!("writing panicked; it goes on over a new connection");
                    None
                }
            };
        }
        self.session.close(conn).await;
        let _ = self.stopped.send(true);
    }

    /// One batch on a connection; gives the connection back if it can be used again.
    async fn turn(&mut self, conn: Option<Conn>, batch: Vec<Op>) -> Option<Conn> {
        let mut conn = conn?;
        let (batch, held_back) = self.while_full(batch);
        self.answers.refuse(held_back, StoreError::Full).await;
        let mut batch = self.disbelieve(batch).await;
        if batch.is_empty() {
            return Some(conn);
        }
        metrics::histogram!("omnigate_store_batch_operations").record(batch.len() as f64);
        let fault = match self.attempt(&mut conn, &mut batch, Joining::Open).await {
            Ok(()) => {
                let rows = batch.iter().map(Op::weight).sum();
                self.took(&batch);
                self.answers.answer(batch).await;
                if let Err(error) = self.session.written(&mut conn, rows).await {
                    tracing::warn!(%error, "the connection is given up after a commit");
                    return None;
                }
                return Some(conn);
            }
            Err(fault) => fault,
        };
        match fault {
            Fault::Data(_) | Fault::Conflict(_) | Fault::Odd(_) | Fault::Full => {
                if fault == Fault::Full {
                    self.fill_up();
                }
                self.one_by_one(conn, batch).await
            }
            Fault::Lost(_) | Fault::Broken(_) => self.give_up(fault, batch).await,
        }
    }

    /// Each in a transaction of its own, so that a bad one fails alone.
    async fn one_by_one(&mut self, mut conn: Conn, batch: Vec<Op>) -> Option<Conn> {
        let mut left = batch.into_iter();
        let mut in_a_row = 0;
        while let Some(op) = left.next() {
            if self.full.is_some() && !op.goes_on_while_full() {
                self.answers.refuse(vec![op], StoreError::Full).await;
                continue;
            }
            let new = !op.settles();
            if let Some((_, error)) = self.refused.as_ref().filter(|_| new && in_a_row >= REFUSED_IN_A_ROW) {
                self.answers.refuse(vec![op], error.clone()).await;
                continue;
            }
            let mut alone = vec![op];
            match self.attempt(&mut conn, &mut alone, Joining::Closed).await {
                Ok(()) => {
                    in_a_row = 0;
                    self.took(&alone);
                    self.answers.answer(alone).await;
                }
                Err(fault @ (Fault::Lost(_) | Fault::Broken(_))) => {
                    alone.extend(left);
                    return self.give_up(fault, alone).await;
                }
                Err(fault) => {
                    if fault == Fault::Full {
                        self.fill_up();
                    }
                    let blames_server = matches!(fault, Fault::Odd(_));
                    let error = StoreError::from(fault);
                    if new && blames_server && !dialect::SOLE {
                        in_a_row += 1;
                        self.refuses(&error);
                    }
                    alone.iter_mut().for_each(|op| op.fail(&error));
                    self.answers.answer(alone).await;
                }
            }
        }
        Some(conn)
    }

    /// The connection is of no use any more, and perhaps the disk.
    async fn give_up(&mut self, fault: Fault, batch: Vec<Op>) -> Option<Conn> {
        tracing::error!(error = ?fault, "the store could not write");
        if let Fault::Broken(text) = &fault {
            let _ = self.broken.set(text.clone());
        }
        metrics::counter!("omnigate_store_faults_total").increment(1);
        self.answers.refuse(batch, fault.into()).await;
        None
    }

    /// With a full disk only what was taken on goes on, until the reserve can be laid back.
    fn while_full(&mut self, batch: Vec<Op>) -> (Vec<Op>, Vec<Op>) {
        let now = self.clock.monotonic();
        let long_ago = |(at, _): &(Duration, StoreError)| now.saturating_sub(*at) > DISBELIEVED;
        if self.refused.as_ref().is_some_and(long_ago) {
            // Nobody has tried since, perhaps because we are not called ready.
            (self.full, self.refused) = (None, None);
        }
        let Some(try_at) = self.full else { return (batch, Vec::new()) };
        if !dialect::SOLE {
            // Nobody but the server knows, and what is new is the question.
            if now >= try_at && !batch.iter().all(Op::settles) {
                self.full = Some(now.saturating_add(TRY_ROOM));
                return (batch, Vec::new());
            }
        } else if now >= try_at {
            if self.session.restore_reserve() {
                tracing::info!("there is room on the disk again");
                self.full = None;
                return (batch, Vec::new());
            }
            self.full = Some(now.saturating_add(TRY_ROOM));
        }
        batch.into_iter().partition(Op::goes_on_while_full)
    }

    fn fill_up(&mut self) {
        let now = self.clock.monotonic();
        if self.full.is_none() {
            tracing::error!("the disk is full: nothing new is accepted until there is room");
            self.full = Some(if dialect::SOLE { now } else { now.saturating_add(TRY_ROOM) });
        }
        if !dialect::SOLE {
            self.refused = Some((now, StoreError::Full));
        }
        self.session.release_reserve();
    }

    /// Whoever asks whether writing works hears of what a server refused a moment ago, and of nothing that it took since.
    async fn disbelieve(&mut self, batch: Vec<Op>) -> Vec<Op> {
        let Some((_, error)) = self.refused.clone() else { return batch };
        let (asking, others) = batch.into_iter().partition(|op| matches!(op, Op::Ping(_)));
        self.answers.refuse(asking, error).await;
        others
    }

    /// Remembers that a server refused something new; says so now and then.
    fn refuses(&mut self, error: &StoreError) {
        let now = self.clock.monotonic();
        let lately = |(at, _): &(Duration, StoreError)| now.saturating_sub(*at) < TRY_ROOM;
        if !self.refused.as_ref().is_some_and(lately) {
            tracing::error!(%error, "the database refused something new");
        }
        self.refused = Some((now, error.clone()));
    }

    /// Something was committed: a server that took something new has room.
    fn took(&mut self, batch: &[Op]) {
        if dialect::SOLE || (self.full.is_none() && self.refused.is_none()) || batch.iter().all(Op::settles) {
            return;
        }
        tracing::info!("the database takes new messages again");
        (self.full, self.refused) = (None, None);
    }

    /// One transaction.
    async fn attempt(&mut self, conn: &mut Conn, batch: &mut Vec<Op>, joining: Joining) -> Result<(), Fault> {
        let mut tries = 0;
        loop {
            let began = self.clock.monotonic();
            // A server that hangs with its connection alive would else hold everything up until a restart.
            let transaction = async {
                let transaction = self.transaction(conn, batch, joining);
                if dialect::SOLE {
                    return transaction.await.map_err(Fault::from);
                }
                let late = |_| Fault::Lost("the database does not answer".to_owned());
                let done = tokio::time::timeout(LONGEST, transaction).await.map_err(late)?;
                done.map_err(Fault::from)
            };
            let Err(fault) = transaction.await else {
                let whole = self.session.is_whole();
                if whole.is_err() {
                    batch.iter_mut().for_each(Op::forget);
                    self.session.leave(conn).await;
                }
                return whole;
            };
            batch.iter_mut().for_each(Op::forget);
            self.memory.forget();
            let prompt = self.clock.monotonic().saturating_sub(began) < PROMPT;
            let fault = match fault {
                Fault::Odd(text) if dialect::SOLE || !prompt => Fault::Lost(text),
                other => other,
            };
            let gone = matches!(fault, Fault::Lost(_) | Fault::Broken(_));
            // Some errors have rolled back already; then there is nothing to undo.
            if !gone && !rolled_back(conn).await {
                tracing::debug!("nothing to roll back");
                if let Fault::Odd(text) = fault {
                    return Err(Fault::Lost(text));
                }
            }
            tries += 1;
            let most = match fault {
                Fault::Conflict(_) => CONFLICTS,
                Fault::Odd(_) => ODDITIES,
                _ => 0,
            };
            if tries >= most {
                return Err(fault);
            }
        }
    }

    async fn transaction(
        &mut self,
        conn: &mut Conn,
        batch: &mut Vec<Op>,
        joining: Joining,
    ) -> QueryResult<()> {
        conn.batch_execute(dialect::BEGIN).await?;
        if let Some(version) = dialect::version(conn).await? {
            self.memory.lately.at_version(version);
        }
        work(conn, &mut self.memory, batch).await?;
        if joining == Joining::Open {
            // A window's replies that came while this ran would else wait for two commits: this one and their own.
            let joined = self.waiting.join(batch);
            let from = batch.len() - joined;
            work(conn, &mut self.memory, batch.get_mut(from..).unwrap_or_default()).await?;
        }
        let began = self.clock.monotonic();
        failpoints::pass(failpoints::BEFORE_COMMIT);
        failpoints::instead_of_commit()?;
        conn.batch_execute("COMMIT").await?;
        failpoints::pass(failpoints::AFTER_COMMIT);
        let took = self.clock.monotonic().saturating_sub(began);
        metrics::histogram!("omnigate_store_commit_seconds").record(took.as_secs_f64());
        Ok(())
    }
}

/// Undoes what an open transaction did; whether the connection could.
async fn rolled_back(conn: &mut Conn) -> bool {
    let undoing = conn.batch_execute("ROLLBACK");
    if dialect::SOLE {
        return undoing.await.is_ok();
    }
    let undone = tokio::time::timeout(PROMPT * 2, undoing).await;
    matches!(undone, Ok(Ok(())))
}

/// Whether what comes while a transaction runs may still become part of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joining {
    Open,
    Closed,
}

/// The changes of a batch: those there are many of together, the others one after another.
async fn work(conn: &mut Conn, memory: &mut Memory, batch: &mut [Op]) -> QueryResult<()> {
    let (mut accepts, mut settles, mut applies, mut others) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for op in batch {
        match op {
            Op::Accept(ticket) => accepts.push(ticket),
            Op::Settle(ticket) => settles.push(ticket),
            Op::Apply(ticket) => applies.push(ticket),
            other => others.push(other),
        }
    }
    accept::accept(conn, memory, accepts).await?;
    settle::settle(conn, memory, settles).await?;
    receipts::apply(conn, memory, applies).await?;
    let parts =
        others.iter().filter_map(|op| if let Op::Record(ticket) = op { Some(&ticket.ask) } else { None });
    inbox::hold(conn, parts).await?;
    for op in others {
        alone(conn, memory, op).await?;
        if op.changes_unseen() {
            memory.lately.forget();
        }
    }
    Ok(())
}

async fn alone(conn: &mut Conn, memory: &mut Memory, op: &mut Op) -> QueryResult<()> {
    // Boxed, or they would all be one function: it took a compiler longer than the rest of the crate.
    let work: BoxFuture<'_, QueryResult<()>> = match op {
        Op::Accept(_) | Op::Settle(_) | Op::Apply(_) => return Ok(()),
        Op::Lease(ticket) => Box::pin(lease::lease(conn, memory, ticket)),
        Op::Cancel(ticket) => Box::pin(cold::cancel(conn, ticket)),
        Op::Wish(ticket) => Box::pin(recalls::wish(conn, ticket)),
        Op::GiveOut(ticket) => Box::pin(recalls::give_out(conn, ticket)),
        Op::Recalled(ticket) => Box::pin(recalls::answer(conn, ticket)),
        Op::Expire(ticket) => Box::pin(sweep::expire(conn, ticket)),
        Op::PullBack(ticket) => Box::pin(cold::pull_back(conn, ticket)),
        Op::GiveUp(ticket) => Box::pin(sweep::give_up(conn, memory, ticket)),
        Op::Record(ticket) => Box::pin(inbox::record(conn, ticket)),
        Op::CompleteOverdue(ticket) => Box::pin(inbox::complete_overdue(conn, ticket)),
        Op::Acknowledge(ticket) => Box::pin(inbox::acknowledge(conn, ticket)),
        Op::LeaseHandoffs(ticket) => Box::pin(handoffs::lease(conn, memory, ticket)),
        Op::SettleHandoffs(ticket) => Box::pin(handoffs::settle(conn, ticket)),
        Op::PullHandoffsBack(ticket) => Box::pin(handoffs::pull_back(conn, ticket)),
        Op::Resend(ticket) => Box::pin(handoffs::resend(conn, ticket)),
        Op::Rule(ticket) => Box::pin(deadlines::rule(conn, ticket)),
        Op::OrderLink(ticket) => Box::pin(directory::order_link(conn, ticket)),
        Op::PutUser(ticket) => Box::pin(directory::put(conn, ticket)),
        Op::RemoveUser(ticket) => Box::pin(directory::remove(conn, ticket)),
        Op::Subscribe(ticket) => Box::pin(directory::subscribe(conn, ticket)),
        Op::Unsubscribe(ticket) => Box::pin(directory::unsubscribe(conn, ticket)),
        Op::Join(ticket) => Box::pin(cluster::join(conn, ticket)),
        Op::Beat(ticket) => Box::pin(cluster::beat(conn, ticket)),
        Op::TakeOver(ticket) => Box::pin(cluster::take_over(conn, ticket)),
        Op::LetGo(ticket) => Box::pin(cluster::let_go(conn, ticket)),
        Op::Number(ticket) => Box::pin(cluster::number(conn, ticket)),
        Op::Leave(ticket) => Box::pin(cluster::leave(conn, ticket)),
        Op::Retain(ticket) => Box::pin(retain::retain(conn, memory, ticket)),
        Op::Ping(ticket) => Box::pin(cold::ping(conn, memory, ticket)),
    };
    work.await
}
