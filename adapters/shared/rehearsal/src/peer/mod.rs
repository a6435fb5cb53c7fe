//! One connection to the simulated operator, from accept to close.
//!
//! Everything that was read at once is handled and answered with one write. Replies and receipts that are due later wait
//! in queues of their own; what was delivered and not answered goes back to the hub when the connection ends.

mod deliver;
mod submit;

use crate::hub::{Delivery, Hub, Order};
use crate::options::Faults;
use crate::speech::{Heard, Kind, Login, Lost, Operator, Reply, Speech};
use bytes::{Buf as _, BytesMut};
use net::Stream;
use secrecy::ExposeSecret as _;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::sync::broadcast::Receiver;

/// Read at once.
const READ: usize = 64 * 1024;
/// Unwritten octets beyond which nothing is read.
const MOST_UNWRITTEN: usize = 1024 * 1024;
/// Nothing to do.
const LONG: Duration = Duration::from_secs(60);

/// What the peer may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bound {
    sends: bool,
    receives: bool,
}

/// Why the connection ends.
enum End {
    Closed,
    Io,
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Io
    }
}

/// A reply that waits to be written: to what, under which number in the journal, what.
type Due<S> = (<S as Speech>::To, u64, Reply);

/// One connection.
pub(crate) struct Peer<O: Operator> {
    operator: Arc<O>,
    hub: Arc<Hub>,
    speech: O::Speech,
    session: u64,
    name: String,
    bound: Option<Bound>,
    faults: Arc<Faults>,
    input: BytesMut,
    out: BytesMut,
    together: Vec<Due<O::Speech>>,
    delayed: VecDeque<(Duration, Due<O::Speech>)>,
    receipts: VecDeque<(Duration, Delivery)>,
    delivered: HashMap<u32, Delivery>,
    silent: u64,
    submits: u64,
    accepted: u64,
    closing: bool,
    /// Half a reply, after which nothing more is said.
    half: Option<BytesMut>,
    due: Vec<Delivery>,
}

impl<O: Operator> Peer<O> {
    pub(crate) fn new(operator: Arc<O>, hub: Arc<Hub>) -> Self {
        let speech = operator.speech();
        Self {
            operator,
            speech,
            session: hub.next_session(),
            faults: hub.faults(),
            hub,
            name: String::new(),
            bound: None,
            input: BytesMut::with_capacity(READ),
            out: BytesMut::new(),
            together: Vec::new(),
            delayed: VecDeque::new(),
            receipts: VecDeque::new(),
            delivered: HashMap::new(),
            silent: 0,
            submits: 0,
            accepted: 0,
            closing: false,
            half: None,
            due: Vec::new(),
        }
    }

    /// Serves until one of both has enough.
    pub(crate) async fn run(mut self, stream: Stream) {
        let orders = self.hub.orders.subscribe();
        self.speech.greet(&mut self.out);
        if self.speech.needs_no_login() && self.hub.bound("") {
            self.bound = Some(Bound { sends: true, receives: true });
        }
        let (mut reader, mut writer) = tokio::io::split(stream);
        let _ = self.turns(&mut reader, &mut writer, orders).await;
        self.leave();
    }

    async fn turns(
        &mut self,
        reader: &mut ReadHalf<Stream>,
        writer: &mut WriteHalf<Stream>,
        mut orders: Receiver<Order>,
    ) -> Result<(), End> {
        let hub = self.hub.clone();
        loop {
            let mut changed = std::pin::pin!(hub.changed.notified());
            changed.as_mut().enable();
            self.faults = hub.faults();
            if self.faults.refuse {
                return Err(End::Closed);
            }
            // What was ordered first goes first: raw octets are not overtaken by what is delivered after them.
            while let Ok(order) = orders.try_recv() {
                self.obey(Some(order))?;
            }
            let next = self.turn(hub.clock.monotonic());
            hub.journal.flush();
            if self.closing && self.out.is_empty() {
                let _ = writer.shutdown().await;
                return Err(End::Closed);
            }
            let awake = !self.faults.half_open;
            let may_write = awake && !self.out.is_empty();
            let may_read = awake && self.out.len() < MOST_UNWRITTEN;
            self.input.reserve(READ);
            tokio::select! {
                biased;
                written = write(writer, &mut self.out, self.faults.drip), if may_write => written?,
                read = reader.read_buf(&mut self.input), if may_read && !self.closing => {
                    if read? == 0 {
                        return Err(End::Closed);
                    }
                    self.read(hub.clock.monotonic())?;
                }
                order = orders.recv() => self.obey(order.ok())?,
                () = changed => {}
                () = tokio::time::sleep(next) => {}
            }
        }
    }

    /// What is due now; and how long until something is.
    fn turn(&mut self, now: Duration) -> Duration {
        while let Some((due, _)) = self.delayed.front()
            && *due <= now
        {
            if let Some((_, due)) = self.delayed.pop_front() {
                self.reply(&due);
            }
        }
        let mut next = self.delayed.front().map(|(due, _)| *due);
        if self.bound.is_some_and(|bound| bound.receives) && !self.closing {
            let window = self.hub.options.deliver_window.min(<O::Speech as Speech>::MOST_DELIVERIES);
            let mut room = window.saturating_sub(self.delivered.len());
            while room > 0
                && let Some((due, _)) = self.receipts.front()
                && *due <= now
            {
                if let Some((_, delivery)) = self.receipts.pop_front() {
                    self.deliver(delivery);
                    room -= 1;
                }
            }
            let mut due = std::mem::take(&mut self.due);
            let hub_next = self.hub.take(now, room, &mut due);
            due.drain(..).for_each(|delivery| self.deliver(delivery));
            self.due = due;
            if self.delivered.len() < window {
                let own = self.receipts.front().map(|(due, _)| *due);
                next = [next, own, hub_next].into_iter().flatten().min();
            }
        }
        next.map_or(LONG, |at| at.saturating_sub(now))
    }

    fn read(&mut self, now: Duration) -> Result<(), End> {
        (self.submits, self.accepted) = (0, 0);
        while self.half.is_none() {
            match self.speech.hear(&mut self.input, &mut self.out) {
                Ok(Some(heard)) => self.heard(now, heard),
                Ok(None) => break,
                Err(Lost) => {
                    self.hub.count(|stats| stats.bad_pdus += 1);
                    return Err(End::Closed);
                }
            }
        }
        if self.submits > 0 {
            let unanswered = self.submits + self.delayed.len() as u64 + self.silent;
            self.hub.came(now, self.submits, self.accepted, unanswered);
        }
        let mut together = std::mem::take(&mut self.together);
        if self.faults.out_of_order {
            together.reverse();
        }
        let delay = self.faults.reply_delay.unwrap_or(self.hub.options.reply_delay);
        for due in together.drain(..) {
            if delay.is_zero() { self.reply(&due) } else { self.delayed.push_back((now + delay, due)) }
        }
        self.together = together;
        if let Some(half) = self.half.take() {
            self.out.extend_from_slice(&half);
            self.delayed.clear();
            self.closing = true;
        }
        Ok(())
    }

    fn heard(&mut self, now: Duration, heard: Heard<O::Speech>) {
        match heard {
            Heard::Submit { to, number, submit } => self.submit(now, to, number, &submit),
            Heard::Cancel { to, number, id } => self.cancel(now, &to, number, &id),
            Heard::Answer { key, status, again } => self.answered(now, key, status, again),
            Heard::Login { to, login } => self.login(&to, login),
            Heard::Alive { to } => {
                self.hub.count(|stats| stats.enquiries += 1);
                if !self.faults.deaf {
                    self.speech.answer_alive(&to, &mut self.out);
                }
            }
            Heard::Goodbye => self.closing = true,
            Heard::Other => {}
            Heard::Bad => self.hub.count(|stats| stats.bad_pdus += 1),
        }
    }

    fn login(&mut self, to: &<O::Speech as Speech>::To, login: Login) {
        self.hub.count(|stats| stats.bind_tries += 1);
        if self.faults.no_bind_answer {
            return;
        }
        let Login { name, password, sends, receives } = login;
        let known = |(account, secret): &(String, secrecy::SecretString)| {
            *account == name && password.expose_secret() == secret.expose_secret()
        };
        let (accounts, codes) = (&self.hub.options.accounts, <O::Speech as Speech>::CODES);
        let status = match self.faults.bind_status {
            Some(status) => status,
            None if self.bound.is_some() => codes.already_bound,
            None if !accounts.is_empty() && !accounts.iter().any(known) => codes.bad_login,
            None if !self.hub.bound(&name) => codes.already_bound,
            None => 0,
        };
        self.speech.answer_login(to, status, &mut self.out);
        if status == 0 {
            let line = self.hub.line("bind").number("session", self.session);
            self.hub.journal.write(line.text("system_id", &name));
            (self.name, self.bound) = (name, Some(Bound { sends, receives }));
        }
    }

    fn reply(&mut self, (to, seq, reply): &Due<O::Speech>) {
        self.speech.reply(to, reply, &mut self.out);
        if self.hub.journal.is_open()
            && !matches!(reply.kind, Kind::Unknown | Kind::WrongCommand | Kind::Damaged)
        {
            let line = self.hub.line("reply").number("session", self.session);
            self.hub.journal.write(line.number("seq", *seq).number("status", u64::from(reply.status)));
        }
    }

    fn obey(&mut self, order: Option<Order>) -> Result<(), End> {
        match order {
            Some(Order::Unbind) if self.bound.is_some() => {
                return if self.speech.goodbye(&mut self.out) { Ok(()) } else { Err(End::Closed) };
            }
            Some(Order::Raw(octets)) if self.bound.is_some() => self.out.extend_from_slice(&octets),
            Some(Order::Drop | Order::Stop) => return Err(End::Closed),
            _ => {}
        }
        Ok(())
    }

    /// What was not answered is delivered again by another session.
    fn leave(&mut self) {
        if self.bound.is_some() {
            self.hub.unbound(&self.name);
        }
        let now = self.hub.clock.monotonic();
        let mut unanswered: Vec<_> = self.delivered.drain().collect();
        unanswered.sort_unstable_by_key(|(sequence, _)| *sequence);
        unanswered.iter().for_each(|(_, delivery)| self.journal_delivery(delivery, None));
        let again = unanswered.into_iter().map(|(_, delivery)| (now, delivery));
        self.hub.leave(again.chain(std::mem::take(&mut self.receipts)));
        self.hub.journal.write(self.hub.line("closed").number("session", self.session));
        self.hub.journal.flush();
    }
}

/// Writes all, or one octet and a pause.
async fn write(
    writer: &mut WriteHalf<Stream>,
    out: &mut BytesMut,
    drip: Option<Duration>,
) -> Result<(), End> {
    match drip {
        Some(pause) => {
            let Some(octet) = out.first().copied() else { return Ok(()) };
            writer.write_all(&[octet]).await?;
            out.advance(1);
            writer.flush().await?;
            tokio::time::sleep(pause).await;
        }
        None => {
            while !out.is_empty() {
                writer.write_buf(out).await?;
            }
            writer.flush().await?;
        }
    }
    Ok(())
}
