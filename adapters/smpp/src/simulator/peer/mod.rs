//! One connection to the simulated operator, from accept to close.
//!
//! Everything that was read at once is handled and answered with one write. Replies and receipts that are due later wait
//! in queues of their own; what was delivered and not answered goes back to the hub when the connection ends.

mod deliver;
mod submit;

use super::hub::{Delivery, Hub, Order};
use super::options::Faults;
use crate::codec::{self, Bind, BindResp, Body, CommandId, FrameCodec, Octets, Pdu, Tlvs, tag};
use crate::status::Status;
use bytes::{Buf as _, Bytes, BytesMut};
use net::Stream;
use secrecy::ExposeSecret as _;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::sync::broadcast::Receiver;
use tokio_util::codec::Decoder as _;

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

/// One connection.
pub(super) struct Peer {
    hub: Arc<Hub>,
    session: u64,
    name: String,
    bound: Option<Bound>,
    faults: Arc<Faults>,
    input: BytesMut,
    out: BytesMut,
    together: Vec<Pdu>,
    delayed: VecDeque<(Duration, Pdu)>,
    receipts: VecDeque<(Duration, Delivery)>,
    delivered: HashMap<u32, Delivery>,
    sequence: u32,
    silent: u64,
    submits: u64,
    accepted: u64,
    closing: bool,
    /// Half a reply, after which nothing more is said.
    half: Option<BytesMut>,
    due: Vec<Delivery>,
}

impl Peer {
    pub(super) fn new(hub: Arc<Hub>) -> Self {
        Self {
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
            sequence: 0,
            silent: 0,
            submits: 0,
            accepted: 0,
            closing: false,
            half: None,
            due: Vec::new(),
        }
    }

    /// Serves until one of both has enough.
    pub(super) async fn run(mut self, stream: Stream) {
        let orders = self.hub.orders.subscribe();
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
            if let Some((_, pdu)) = self.delayed.pop_front() {
                self.reply(&pdu);
            }
        }
        let mut next = self.delayed.front().map(|(due, _)| *due);
        if self.bound.is_some_and(|bound| bound.receives) && !self.closing {
            let mut room = self.hub.options.deliver_window.saturating_sub(self.delivered.len());
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
            if self.delivered.len() < self.hub.options.deliver_window {
                let own = self.receipts.front().map(|(due, _)| *due);
                next = [next, own, hub_next].into_iter().flatten().min();
            }
        }
        next.map_or(LONG, |at| at.saturating_sub(now))
    }

    fn read(&mut self, now: Duration) -> Result<(), End> {
        (self.submits, self.accepted) = (0, 0);
        while self.half.is_none() {
            match FrameCodec.decode(&mut self.input) {
                Ok(Some(frame)) => self.frame(now, &frame)?,
                Ok(None) => break,
                Err(_) => {
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
        for pdu in together.drain(..) {
            if delay.is_zero() { self.reply(&pdu) } else { self.delayed.push_back((now + delay, pdu)) }
        }
        self.together = together;
        if let Some(half) = self.half.take() {
            self.out.extend_from_slice(&half);
            self.delayed.clear();
            self.closing = true;
        }
        Ok(())
    }

    fn frame(&mut self, now: Duration, frame: &Bytes) -> Result<(), End> {
        let pdu = match codec::decode(frame) {
            Ok(decoded) => decoded.pdu,
            Err(error) => {
                self.hub.count(|stats| stats.bad_pdus += 1);
                error.answer().iter().for_each(|pdu| self.write(pdu));
                return Ok(());
            }
        };
        let (sequence, command) = (pdu.sequence, pdu.command_id());
        match pdu.body {
            Body::SubmitSm(message) => return self.submit(now, sequence, message),
            Body::DeliverSmResp(_) => self.answered(now, sequence, pdu.status),
            Body::BindTransceiver(bind) => {
                self.bind(command, sequence, &bind, Bound { sends: true, receives: true })
            }
            Body::BindTransmitter(bind) => {
                self.bind(command, sequence, &bind, Bound { sends: true, receives: false })
            }
            Body::BindReceiver(bind) => {
                self.bind(command, sequence, &bind, Bound { sends: false, receives: true })
            }
            Body::EnquireLink(_) => {
                self.hub.count(|stats| stats.enquiries += 1);
                if !self.faults.deaf {
                    self.write(&Pdu::new(sequence, Body::EnquireLinkResp(Tlvs::default())));
                }
            }
            Body::Unbind(_) => {
                self.write(&Pdu::new(sequence, Body::UnbindResp(Tlvs::default())));
                self.closing = true;
            }
            Body::UnbindResp(_) => self.closing = true,
            _ => {
                let refusal = Pdu::refusal(command, sequence, Status::ESME_RINVCMDID);
                refusal.iter().for_each(|pdu| self.write(pdu));
            }
        }
        Ok(())
    }

    fn bind(&mut self, command: CommandId, sequence: u32, bind: &Bind, bound: Bound) {
        self.hub.count(|stats| stats.bind_tries += 1);
        if self.faults.no_bind_answer {
            return;
        }
        let name = bind.system_id.text().into_owned();
        let known = |(account, password): &(String, secrecy::SecretString)| {
            *account == name && bind.password == *password.expose_secret()
        };
        let accounts = &self.hub.options.accounts;
        let status = match self.faults.bind_status {
            Some(status) => Status(status),
            None if self.bound.is_some() => Status::ESME_RALYBND,
            None if !accounts.is_empty() && !accounts.iter().any(known) => Status::ESME_RINVPASWD,
            None if !self.hub.bound(&name) => Status::ESME_RALYBND,
            None => Status::ESME_ROK,
        };
        if !status.is_ok() {
            Pdu::refusal(command, sequence, status).iter().for_each(|pdu| self.write(pdu));
            return;
        }
        let mut resp =
            BindResp { system_id: Some(Octets::from_static("omnigate-sim")), tlvs: Tlvs::default() };
        resp.tlvs.push_u8(tag::SC_INTERFACE_VERSION, 0x34);
        let body = match command {
            CommandId::BIND_RECEIVER => Body::BindReceiverResp(resp),
            CommandId::BIND_TRANSMITTER => Body::BindTransmitterResp(resp),
            _ => Body::BindTransceiverResp(resp),
        };
        self.write(&Pdu::new(sequence, body));
        self.hub
            .journal
            .write(self.hub.line("bind").number("session", self.session).text("system_id", &name));
        (self.name, self.bound) = (name, Some(bound));
    }

    fn reply(&mut self, pdu: &Pdu) {
        self.write(pdu);
        if self.hub.journal.is_open() && pdu.command_id() == CommandId::SUBMIT_SM_RESP {
            let line = self.hub.line("reply").number("session", self.session);
            self.hub
                .journal
                .write(line.number("seq", u64::from(pdu.sequence)).number("status", u64::from(pdu.status.0)));
        }
    }

    fn write(&mut self, pdu: &Pdu) {
        if let Err(error) = codec::encode(pdu, &mut self.out) {
            tracing::warn!(%error, "the simulated operator could not write a PDU");
        }
    }

    fn obey(&mut self, order: Option<Order>) -> Result<(), End> {
        match order {
            Some(Order::Unbind) if self.bound.is_some() => {
                self.sequence += 1;
                self.write(&Pdu::new(self.sequence, Body::Unbind(Tlvs::default())));
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
