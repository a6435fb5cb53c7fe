//! The CIMD2 centre of the bench: answers everything at once, counts what comes, sends status reports in a window of its
//! own. As cheap as can be, like the SMPP operator beside it; no greeting, no checksums of its own, none read.

use crate::clock::wall_seconds;
use crate::tally::{Tally, number};
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;

/// No packet of a sane peer is longer.
const LONGEST: usize = 4096;
/// Read at once.
const READ: usize = 64 * 1024;
/// Status reports that may be unanswered at once on a connection whose login names a window; one where it does not.
const REPORT_WINDOW: usize = 50;
/// Reports that may wait; the submits that they belong to are the bound.
const MOST_WAITING: usize = 1_000_000;
const STX: u8 = 2;
const ETX: u8 = 3;
const TAB: u8 = 9;

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

/// A report that waits for room in the window.
struct Waiting {
    to: Vec<u8>,
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
    window: usize,
    waiting: VecDeque<Waiting>,
    out: Vec<u8>,
}

impl Connection {
    fn new(tally: Rc<Tally>, receipts: bool) -> Self {
        let seconds = wall_seconds();
        let (waiting, out) = (VecDeque::new(), Vec::with_capacity(READ));
        Self { tally, receipts, bound: false, seconds, next: 0, unanswered: 0, window: 1, waiting, out }
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
                let packet = &buffer[at..at + end];
                at += end + 1;
                let start =
                    packet.iter().rposition(|octet| *octet == STX).map_or(packet.len(), |stx| stx + 1);
                self.handle(&packet[start..]);
            }
            buffer.copy_within(at..held, 0);
            held -= at;
            if held > LONGEST {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a packet without end"));
            }
            self.send_reports();
            if !self.out.is_empty() {
                stream.write_all(&self.out).await?;
                self.out.clear();
            }
        }
    }

    /// A packet from after STX to before ETX.
    fn handle(&mut self, packet: &[u8]) {
        let Some((operation, number)) = packet.get(..2).zip(packet.get(3..6)) else { return };
        match operation {
            b"01" => {
                self.bound = true;
                self.window = if parameter(packet, b"019:").is_some() { REPORT_WINDOW } else { 1 };
                self.tally.bound.set(self.tally.bound.get() + 1);
                self.answer(b"51", number, &[]);
            }
            b"02" => self.answer(b"52", number, &[]),
            b"03" => self.submit(packet, number),
            b"40" => self.answer(b"90", number, &[]),
            b"70" | b"73" => self.unanswered = self.unanswered.saturating_sub(1),
            _ => {}
        }
    }

    fn answer(&mut self, operation: &[u8; 2], number: &[u8], parameters: &[(&[u8; 4], &[u8])]) {
        self.out.push(STX);
        self.out.extend_from_slice(operation);
        self.out.push(b':');
        self.out.extend_from_slice(number);
        self.out.push(TAB);
        for (code, value) in parameters {
            self.out.extend_from_slice(*code);
            self.out.extend_from_slice(value);
            self.out.push(TAB);
        }
        self.out.push(ETX);
    }

    fn submit(&mut self, packet: &[u8], number_of_packet: &[u8]) {
        let to = parameter(packet, b"021:").unwrap_or_default();
        self.seconds += 1;
        let stamp = stamp(self.seconds);
        self.answer(b"53", number_of_packet, &[(b"021:", to), (b"060:", &stamp)]);
        if let Some(number) = parameter(packet, b"033:").and_then(number) {
            self.tally.operator.note(number);
        }
        let wanted = parameter(packet, b"056:").is_some_and(|flags| flags != b"0");
        if self.receipts && wanted && self.waiting.len() < MOST_WAITING {
            self.waiting.push_back(Waiting { to: to.to_vec(), stamp });
        }
    }

    fn send_reports(&mut self) {
        while self.unanswered < self.window {
            let Some(Waiting { to, stamp }) = self.waiting.pop_front() else { return };
            let number = [b'0' + self.next / 100, b'0' + self.next / 10 % 10, b'0' + self.next % 10];
            self.next = self.next.wrapping_add(2);
            let facts: [(&[u8; 4], &[u8]); 4] =
                [(b"021:", &to), (b"060:", &stamp), (b"061:", b"4"), (b"063:", &stamp)];
            self.answer(b"23", &number, &facts);
            self.unanswered += 1;
        }
    }
}

/// The value of a parameter, given with its colon.
fn parameter<'a>(packet: &'a [u8], code: &[u8; 4]) -> Option<&'a [u8]> {
    packet.split(|octet| *octet == TAB).find_map(|part| part.strip_prefix(code))
}

/// `yymmddhhmmss` of a day in 2026 and so many seconds: a name, not a time.
fn stamp(seconds: u64) -> [u8; 12] {
    let fields = [26, 1 + seconds / 2_419_200 % 12, 1 + seconds / 86_400 % 28, seconds / 3_600 % 24];
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
    fn parameters_are_found_and_stamps_differ() {
        let packet = b"03:007\t021:+46701\t033:L00000042 x\t";
        assert_eq!((parameter(packet, b"021:"), parameter(packet, b"099:")), (Some(&b"+46701"[..]), None));
        assert_eq!(parameter(packet, b"033:").and_then(number), Some(42));
        let first = wall_seconds();
        let stamps: std::collections::HashSet<_> = (first..first + 100_000).map(stamp).collect();
        assert_eq!(stamps.len(), 100_000);
    }
}
