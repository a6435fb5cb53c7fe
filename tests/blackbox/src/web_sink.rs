//! A program that is called when a message changes: keeps what it is told, or fails as told. Answers each call on a connection of its own.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Calls beyond this are not kept.
const MOST_CALLS: usize = 100_000;
/// A body beyond this is not read.
const LONGEST_BODY: u64 = 1024 * 1024;
/// How long a silent sink keeps a caller waiting.
const SILENCE: Duration = Duration::from_secs(120);

/// How it takes a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Keeps it and says 200.
    Well,
    /// Does not keep it and answers this status.
    Fails(u16),
    /// Never answers.
    Silent,
}

/// A listening sink.
#[derive(Debug, Clone)]
pub struct WebSink {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    mood: Mutex<Mood>,
    kept: Mutex<Vec<String>>,
    calls: Mutex<usize>,
}

impl WebSink {
    /// Listens on a free port.
    ///
    /// # Panics
    /// When no port is free.
    #[must_use]
    pub fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let shared =
            Arc::new(Shared { mood: Mutex::new(mood), kept: Mutex::default(), calls: Mutex::default() });
        let sink = Self { address, shared };
        let serving = sink.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = serving.clone();
                std::thread::spawn(move || serving.answer(stream));
            }
        });
        sink
    }

    /// The URL to call.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/told", self.address)
    }

    /// Changes its mood from the next call on.
    pub fn set(&self, mood: Mood) {
        *lock(&self.shared.mood) = mood;
    }

    /// Bodies of the calls that were kept, in order.
    #[must_use]
    pub fn kept(&self) -> Vec<String> {
        lock(&self.shared.kept).clone()
    }

    /// How often it was called, kept or not.
    #[must_use]
    pub fn calls(&self) -> usize {
        *lock(&self.shared.calls)
    }

    fn answer(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        let mut say = stream.try_clone()?;
        let body = body(BufReader::new(stream))?;
        *lock(&self.shared.calls) += 1;
        let mood = *lock(&self.shared.mood);
        let status = match mood {
            Mood::Well => 200,
            Mood::Fails(status) => status,
            Mood::Silent => {
                crate::clock::pause(SILENCE);
                return Ok(());
            }
        };
        if mood == Mood::Well {
            let mut kept = lock(&self.shared.kept);
            if kept.len() < MOST_CALLS {
                kept.push(body);
            }
        }
        write!(say, "HTTP/1.1 {status} so\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    }
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

fn body(mut reader: BufReader<TcpStream>) -> io::Result<String> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.by_ref().take(16 * 1024).read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut text = String::new();
    reader.take(u64::min(length, LONGEST_BODY)).read_to_string(&mut text)?;
    Ok(text)
}
