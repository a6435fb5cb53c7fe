//! The SMPP operator of the bench: answers everything at once, counts what comes, sends receipts in a window of its own.
//! As cheap as can be: all PDUs of one read are answered with one write, nothing is decoded that is not needed. The full
//! simulator, with faults and a journal, is a command of the gateway.

use crate::receipt;
use crate::tally::{Tally, number};
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;

/// No PDU of a sane peer is longer.
const LONGEST: usize = 64 * 1024;
/// Receipts that may be unanswered at once on a session.
const RECEIPT_WINDOW: usize = 100;
/// Receipts that may wait; the submits that they belong to are the bound.
const MOST_WAITING: usize = 1_000_000;
/// Answer of a submit (4.4.2).
const SUBMIT_SM: u32 = 0x04;
/// Answer bit of a command id.
const RESPONSE: u32 = 0x8000_0000;

/// Listens on a free port until the runtime ends.
pub(crate) async fn listen(tally: Rc<Tally>, receipts: bool) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let tally = Rc::clone(&tally);
            spawn_local(async move {
                let mut session = Session::new(Rc::clone(&tally), receipts);
                let _ = session.run(stream).await;
                if session.bound {
                    tally.bound.set(tally.bound.get().saturating_sub(1));
                }
            });
        }
    });
    Ok(address)
}

/// A receipt that waits for room in the window.
struct Waiting {
    id: u64,
    from: Vec<u8>,
    to: Vec<u8>,
}

struct Session {
    tally: Rc<Tally>,
    receipts: bool,
    bound: bool,
    next_id: u64,
    next_sequence: u32,
    unanswered: usize,
    waiting: VecDeque<Waiting>,
    out: Vec<u8>,
}

impl Session {
    fn new(tally: Rc<Tally>, receipts: bool) -> Self {
        Self {
            tally,
            receipts,
            bound: false,
            next_id: 1,
            next_sequence: 1,
            unanswered: 0,
            waiting: VecDeque::new(),
            out: Vec::with_capacity(LONGEST),
        }
    }

    async fn run(&mut self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut buffer = vec![0; 2 * LONGEST];
        let mut held = 0;
        loop {
            let read = stream.read(&mut buffer[held..]).await?;
            if read == 0 {
                return Ok(());
            }
            held += read;
            let mut at = 0;
            while let Some(pdu) = next(&buffer[at..held])? {
                at += pdu.len();
                self.handle(pdu);
            }
            buffer.copy_within(at..held, 0);
            held -= at;
            self.send_receipts();
            if !self.out.is_empty() {
                stream.write_all(&self.out).await?;
                self.out.clear();
            }
        }
    }

    fn handle(&mut self, pdu: &[u8]) {
        let command = word(pdu, 4);
        match command {
            // bind_receiver, bind_transmitter, bind_transceiver
            1 | 2 | 9 => {
                self.bound = true;
                self.tally.bound.set(self.tally.bound.get() + 1);
                self.answer(pdu, b"operator\0");
            }
            SUBMIT_SM => self.submit(pdu),
            // unbind, enquire_link
            0x06 | 0x15 => self.answer(pdu, b""),
            _ if command & RESPONSE != 0 => self.unanswered = self.unanswered.saturating_sub(1),
            _ => {}
        }
    }

    fn answer(&mut self, pdu: &[u8], body: &[u8]) {
        let length = u32::try_from(16 + body.len()).unwrap_or(16);
        self.out.extend_from_slice(&length.to_be_bytes());
        self.out.extend_from_slice(&(word(pdu, 4) | RESPONSE).to_be_bytes());
        self.out.extend_from_slice(&0_u32.to_be_bytes());
        self.out.extend_from_slice(&pdu[12..16]);
        self.out.extend_from_slice(body);
    }

    fn submit(&mut self, pdu: &[u8]) {
        let id = self.next_id;
        self.next_id += 1;
        let mut text = id_text(id).to_vec();
        text.push(0);
        self.answer(pdu, &text);
        let Some(submit) = Submit::read(&pdu[16..]) else { return };
        if let Some(number) = number(submit.message) {
            self.tally.operator.note(number);
        }
        if self.receipts && submit.wants_receipt && self.waiting.len() < MOST_WAITING {
            self.waiting.push_back(Waiting { id, from: submit.from.to_vec(), to: submit.to.to_vec() });
        }
    }

    fn send_receipts(&mut self) {
        while self.unanswered < RECEIPT_WINDOW {
            let Some(next) = self.waiting.pop_front() else { return };
            receipt::push(&mut self.out, self.next_sequence, &id_text(next.id), &next.from, &next.to);
            self.next_sequence = self.next_sequence % 0x7fff_ffff + 1;
            self.unanswered += 1;
        }
    }
}

/// The operator's ids are hexadecimal, eight digits.
fn id_text(id: u64) -> [u8; 8] {
    let mut text = [b'0'; 8];
    for (place, digit) in text.iter_mut().rev().enumerate() {
        let nibble = u8::try_from((id >> (4 * place)) & 0xf).unwrap_or(0);
        *digit = if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
    }
    text
}

fn word(pdu: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([pdu[at], pdu[at + 1], pdu[at + 2], pdu[at + 3]])
}

/// The first whole PDU.
fn next(bytes: &[u8]) -> io::Result<Option<&[u8]>> {
    if bytes.len() < 16 {
        return Ok(None);
    }
    let length = word(bytes, 0) as usize;
    if !(16..=LONGEST).contains(&length) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a PDU length beyond reason"));
    }
    Ok(bytes.get(..length))
}

/// The few fields of a submit_sm (4.4.1) that the bench needs.
struct Submit<'a> {
    from: &'a [u8],
    to: &'a [u8],
    wants_receipt: bool,
    message: &'a [u8],
}

impl<'a> Submit<'a> {
    fn read(mut body: &'a [u8]) -> Option<Self> {
        string(&mut body)?;
        skip(&mut body, 2)?;
        let from = string(&mut body)?;
        skip(&mut body, 2)?;
        let to = string(&mut body)?;
        skip(&mut body, 3)?;
        string(&mut body)?;
        string(&mut body)?;
        let wants_receipt = body.first()? & 1 != 0;
        skip(&mut body, 4)?;
        let length = usize::from(*body.first()?);
        let message = body.get(1..=length)?;
        Some(Self { from, to, wants_receipt, message })
    }
}

fn string<'a>(body: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = body.iter().position(|byte| *byte == 0)?;
    let text = &body[..end];
    *body = &body[end + 1..];
    Some(text)
}

fn skip(body: &mut &[u8], count: usize) -> Option<()> {
    *body = body.get(count..)?;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::{Submit, id_text, next};

    #[test]
    fn the_needed_fields_are_found() {
        let body = b"\0\x01\x01crm\0\x01\x0146701\0\0\0\0\0\0\x01\0\0\0\x09L00000042rest";
        let submit = Submit::read(body).expect("a submit");
        assert_eq!((submit.from, submit.to, submit.wants_receipt), (&b"crm"[..], &b"46701"[..], true));
        assert_eq!(submit.message, b"L00000042");
        assert!(Submit::read(&body[..10]).is_none() && Submit::read(b"").is_none());
    }

    #[test]
    fn frames_are_cut_by_length() {
        let mut bytes = vec![0, 0, 0, 17];
        bytes.extend([0; 13]);
        assert_eq!(next(&bytes).expect("fine").map(<[u8]>::len), Some(17));
        assert!(next(&bytes[..16]).expect("fine").is_none());
        assert!(next(&[0xff; 16]).is_err());
        assert_eq!(&id_text(0x1a2b), b"00001a2b");
    }
}
