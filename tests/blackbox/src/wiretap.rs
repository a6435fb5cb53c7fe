//! A relay that keeps what passes, and what tshark makes of it: a second opinion on every octet of both sides.
//!
//! The recorded octets are made into a capture by text2pcap, so that no rights to capture from an interface are needed.

use crate::peers::{program, run};
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

/// Pieces beyond this are not kept.
const MOST_PIECES: usize = 100_000;

/// Who sent a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    Gateway,
    Operator,
}

/// How the frames of a protocol are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// By the octet that ends each.
    End(u8),
    /// By the length of the whole in the first four octets.
    Length,
}

impl Framing {
    /// Whether these octets are a whole frame.
    fn is_whole(self, octets: &[u8]) -> bool {
        match self {
            Self::End(end) => octets.last() == Some(&end),
            Self::Length => octets.first_chunk().is_some_and(|length| {
                usize::try_from(u32::from_be_bytes(*length)).is_ok_and(|length| octets.len() >= length)
            }),
        }
    }
}

type Pieces = Arc<Mutex<Vec<(From, Vec<u8>)>>>;

/// A listening relay; it ends with its last connection.
#[derive(Debug)]
pub struct Wiretap {
    address: SocketAddr,
    pieces: Pieces,
}

impl Wiretap {
    /// Listens on a free port and forwards to `target`.
    ///
    /// # Panics
    /// When no port is free.
    #[must_use]
    pub fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let pieces = Pieces::default();
        let kept = Arc::clone(&pieces);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(target) else { continue };
                pump(From::Gateway, &client, &server, &kept);
                pump(From::Operator, &server, &client, &kept);
            }
        });
        Self { address, pieces }
    }

    /// Where to connect.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What tshark reads of it, each frame in full, or nothing in a fast run without tshark. Each frame of the protocol becomes a packet
    /// of its own, as if it had travelled so.
    ///
    /// # Panics
    /// When tshark or text2pcap fail.
    #[must_use]
    pub fn dissected(&self, protocol: &str, port: u16, framing: Framing) -> Option<String> {
        let (text2pcap, tshark) = (program("text2pcap")?, program("tshark")?);
        let directory = tempfile::tempdir().expect("a directory");
        let (text, capture) = (directory.path().join("octets.txt"), directory.path().join("capture.pcap"));
        std::fs::write(&text, self.hexdump(framing)).expect("a file");
        let ports = format!("{port},{}", port + 1);
        let _ = run(Command::new(text2pcap).args(["-q", "-D", "-T", &ports]).args([&text, &capture]));
        let decode = format!("tcp.port=={port},{protocol}");
        Some(run(Command::new(tshark).arg("-r").arg(&capture).args(["-V", "-d", &decode])))
    }

    /// `O` or `I` and the octets of each frame, as text2pcap wants them.
    fn hexdump(&self, framing: Framing) -> String {
        let pieces = self.pieces.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut text, mut halves) = (String::new(), [Vec::new(), Vec::new()]);
        for (from, octets) in pieces.iter() {
            let half = &mut halves[usize::from(*from == From::Operator)];
            for octet in octets {
                half.push(*octet);
                if framing.is_whole(half) {
                    let _ = write!(text, "{}\n000000", if *from == From::Gateway { 'O' } else { 'I' });
                    half.drain(..).for_each(|octet| {
                        let _ = write!(text, " {octet:02x}");
                    });
                    text.push('\n');
                }
            }
        }
        text
    }
}

fn pump(from: From, source: &TcpStream, target: &TcpStream, pieces: &Pieces) {
    let (Ok(mut source), Ok(mut target)) = (source.try_clone(), target.try_clone()) else { return };
    let pieces = Arc::clone(pieces);
    std::thread::spawn(move || {
        let mut octets = [0; 16 * 1024];
        while let Ok(read @ 1..) = source.read(&mut octets) {
            let mut kept = pieces.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() < MOST_PIECES {
                kept.push((from, octets[..read].to_vec()));
            }
            drop(kept);
            if target.write_all(&octets[..read]).is_err() {
                break;
            }
        }
        let _ = target.shutdown(Shutdown::Both);
        let _ = source.shutdown(Shutdown::Both);
    });
}
