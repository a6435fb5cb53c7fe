//! The EMI/UCP centre of the bench: answers everything at once, counts what comes, sends notifications in a window of its own. As cheap as
//! can be, like the others beside it; checksums are written and none is read.

use crate::clock::wall_seconds;
use crate::tally::{Tally, number};
use std::collections::VecDeque;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::rc::Rc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;

/// No frame of a sane peer is longer.
const LONGEST: usize = 4096;
/// Read at once.
const READ: usize = 64 * 1024;
/// Notifications that may be unanswered at once on a connection.
const NOTIFICATION_WINDOW: usize = 50;
/// Notifications that may wait; the submits that they belong to are the bound.
const MOST_WAITING: usize = 1_000_000;
const STX: u8 = 2;
const ETX: u8 = 3;

/// Listens on a free port until the runtime ends.
pub(crate) async fn listen(tally: Rc<Tally>, receipts: bool) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let tally = Rc::clone(&tally);
            spawn_local(async move {
                let mut connection = Connection::new(Rc::clone(&tally), receipts);
                let _ = connection.run(stream).await;
                if connection.bound {
                    tally.bound.set(tally.bound.get().saturating_sub(1));
                }
            });
        }
    });
    Ok(address)
}

/// A notification that waits for room in the window.
struct Waiting {
    to: Vec<u8>,
    sender: Vec<u8>,
    stamp: [u8; 12],
}

struct Connection {
    tally: Rc<Tally>,
    receipts: bool,
    bound: bool,
    /// Counts up, so that no two messages have the same stamp.
    seconds: u64,
    next: u8,
    unanswered: usize,
    waiting: VecDeque<Waiting>,
    body: Vec<u8>,
    out: Vec<u8>,
}

impl Connection {
    fn new(tally: Rc<Tally>, receipts: bool) -> Self {
        let (waiting, body, out) = (VecDeque::new(), Vec::with_capacity(256), Vec::with_capacity(READ));
        Self {
            tally,
            receipts,
            bound: false,
            seconds: wall_seconds(),
            next: 0,
            unanswered: 0,
            waiting,
            body,
            out,
        }
    }

    async fn run(&mut self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut buffer = vec![0; READ + LONGEST];
        let mut held = 0;
        loop {
            let read = stream.read(&mut buffer[held..]).await?;
            if read == 0 {
                return Ok(());
            }
            held += read;
            let mut at = 0;
            while let Some(end) = buffer[at..held].iter().position(|octet| *octet == ETX) {
                let frame = &buffer[at..at + end];
                at += end + 1;
                let start = frame.iter().rposition(|octet| *octet == STX).map_or(frame.len(), |stx| stx + 1);
                self.handle(&frame[start..]);
            }
            buffer.copy_within(at..held, 0);
            held -= at;
            if held > LONGEST {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame without end"));
            }
            self.send_notifications();
            if !self.out.is_empty() {
                stream.write_all(&self.out).await?;
                self.out.clear();
            }
        }
    }

    /// A frame from after STX to before ETX: `TRN/LEN/O or R/OT/fields/checksum`.
    fn handle(&mut self, frame: &[u8]) {
        let mut parts = frame.split(|octet| *octet == b'/');
        let (Some(trn), Some(_), Some(kind), Some(operation)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return;
        };
        if kind == b"R" {
            self.unanswered = self.unanswered.saturating_sub(1);
            return;
        }
        match operation {
            b"60" => {
                self.bound = true;
                self.tally.bound.set(self.tally.bound.get() + 1);
                self.say(trn, b'R', b"60", b"A/");
            }
            b"31" => self.say(trn, b'R', b"31", b"A/0000"),
            b"51" => self.submit(trn, &parts.collect::<Vec<_>>()),
            _ => {}
        }
    }

    fn submit(&mut self, trn: &[u8], fields: &[&[u8]]) {
        let field = |place: usize| fields.get(place).copied().unwrap_or_default();
        let (to, sender) = (field(0), field(1));
        self.seconds += 1;
        let stamp = stamp(self.seconds);
        self.say(trn, b'R', b"51", &[b"A//", to, b":", &stamp].concat());
        if let Some(number) = number(&plain(field(20))) {
            self.tally.operator.note(number);
        }
        if self.receipts && field(3) == b"1" && self.waiting.len() < MOST_WAITING {
            self.waiting.push_back(Waiting { to: to.to_vec(), sender: sender.to_vec(), stamp });
        }
    }

    fn send_notifications(&mut self) {
        while self.unanswered < NOTIFICATION_WINDOW {
            let Some(Waiting { to, sender, stamp }) = self.waiting.pop_front() else { return };
            let trn = [b'0' + self.next / 10, b'0' + self.next % 10];
            self.next = (self.next + 1) % 100;
            // AdC, OAdC, twelve empty fields, SCTS, Dst, Rsn, DSCTS, MT, NB, AMsg ("ok"), and twelve more.
            let parts: [&[u8]; 9] = [
                &sender,
                b"/",
                &to,
                b"/////////////",
                &stamp,
                b"/0/000/",
                &stamp,
                b"/3//6F6B",
                b"////////////",
            ];
            self.say(&trn, b'O', b"53", &parts.concat());
            self.unanswered += 1;
        }
    }

    fn say(&mut self, trn: &[u8], kind: u8, operation: &[u8; 2], fields: &[u8]) {
        self.body.clear();
        self.body.extend_from_slice(trn);
        let length = fields.len() + 17;
        let _ = write!(self.body, "/{length:05}/{}/", char::from(kind));
        self.body.extend_from_slice(operation);
        self.body.push(b'/');
        self.body.extend_from_slice(fields);
        self.body.push(b'/');
        let sum = self.body.iter().fold(0_u8, |sum, octet| sum.wrapping_add(*octet));
        self.out.push(STX);
        self.out.extend_from_slice(&self.body);
        let _ = write!(self.out, "{sum:02X}");
        self.out.push(ETX);
    }
}

/// The beginning of a text that is written in hexadecimal digits: enough to find its number.
fn plain(digits: &[u8]) -> Vec<u8> {
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let pairs = digits.chunks_exact(2).take(16);
    pairs.filter_map(|pair| Some(value(pair[0])? << 4 | value(pair[1])?)).collect()
}

/// `DDMMYYhhmmss` of a day in 2026 and so many seconds: a name, not a time.
fn stamp(seconds: u64) -> [u8; 12] {
    let fields = [1 + seconds / 86_400 % 28, 1 + seconds / 2_419_200 % 12, 26, seconds / 3_600 % 24];
    let fields = fields.into_iter().chain([seconds / 60 % 60, seconds % 60]);
    let mut text = [b'0'; 12];
    for (pair, value) in text.chunks_exact_mut(2).zip(fields) {
        pair[0] += u8::try_from(value / 10 % 10).unwrap_or(0);
        pair[1] += u8::try_from(value % 10).unwrap_or(0);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_answered_by_the_book() {
        let tally = Rc::new(Tally::default());
        let mut connection = Connection::new(Rc::clone(&tally), true);
        connection.handle(b"00/00059/O/60/07656765/2/1/1/50617373776F7264//0100//////61");
        assert_eq!(connection.out, b"\x0200/00019/R/60/A//6D\x03");
        connection.out.clear();
        let text = "L00000042 x".bytes().map(|octet| format!("{octet:02X}")).collect::<String>();
        let mut fields = vec![""; 33];
        for (place, value) in [(0, "46701"), (1, "12345"), (3, "1"), (5, "3"), (18, "3"), (20, &text)] {
            fields[place] = value;
        }
        let submit = format!("01/00000/O/51/{}/00", fields.join("/"));
        connection.handle(submit.as_bytes());
        assert!(connection.out.starts_with(b"\x0201/00"), "{}", String::from_utf8_lossy(&connection.out));
        assert_eq!((tally.operator.times(42), connection.waiting.len()), (1, 1));
        connection.out.clear();
        connection.send_notifications();
        let said = String::from_utf8_lossy(&connection.out).into_owned();
        assert!(said.contains("/O/53/12345/46701/"), "{said}");
        assert_eq!(said.matches('/').count(), 4 + 33, "{said}");
    }
}
