//! A mail server that takes everything and keeps it: the relay of stories in which an SMS becomes a mail. It never answers a mail to a
//! mailbox that begins with `held`, and may refuse all.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// Mails beyond this are not kept.
const MOST_MAILS: usize = 100_000;
/// A line beyond this ends the session.
const LONGEST_LINE: u64 = 64 * 1024;

/// A mail as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Envelope recipients.
    pub to: Vec<String>,
    /// Headers and body, dots unstuffed.
    pub data: String,
}

/// A listening relay.
#[derive(Debug)]
pub struct MailSink {
    address: SocketAddr,
    mails: Arc<Mutex<Vec<Mail>>>,
    mood: Arc<Mood>,
}

#[derive(Debug, Default)]
struct Mood {
    refuses: AtomicBool,
    refused: AtomicUsize,
}

impl MailSink {
    /// Listens on a free port.
    ///
    /// # Panics
    /// When no port is free.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let mails = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&mails);
        let mood = Arc::<Mood>::default();
        let how = Arc::clone(&mood);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, how) = (Arc::clone(&kept), Arc::clone(&how));
                std::thread::spawn(move || session(stream, &kept, &how));
            }
        });
        Self { address, mails, mood }
    }

    /// Whether it refuses every recipient for good.
    pub fn refuse(&self, refuses: bool) {
        self.mood.refuses.store(refuses, Ordering::Relaxed);
    }

    /// Recipients that it refused.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.mood.refused.load(Ordering::Relaxed)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What has come so far.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        lock(&self.mails).clone()
    }
}

fn lock(mails: &Mutex<Vec<Mail>>) -> MutexGuard<'_, Vec<Mail>> {
    mails.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn session(stream: TcpStream, mails: &Mutex<Vec<Mail>>, mood: &Mood) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut say = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    say.write_all(b"220 sink ESMTP\r\n")?;
    let mut to = Vec::new();
    loop {
        let line = line(&mut reader)?;
        let upper = line.to_ascii_uppercase();
        if upper.starts_with("EHLO") {
            say.write_all(b"250-sink\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n")?;
        } else if upper.starts_with("RCPT TO:") && mood.refuses.load(Ordering::Relaxed) {
            mood.refused.fetch_add(1, Ordering::Relaxed);
            say.write_all(b"554 5.7.1 relay access denied\r\n")?;
        } else if upper.starts_with("RCPT TO:") {
            to.push(
                line[8..].split('>').next().unwrap_or_default().trim_start_matches([' ', '<']).to_owned(),
            );
            say.write_all(b"250 ok\r\n")?;
        } else if upper == "DATA" {
            say.write_all(b"354 go\r\n")?;
            let data = data(&mut reader)?;
            if to.iter().any(|to: &String| to.starts_with("held")) {
                continue;
            }
            let mut kept = lock(mails);
            if kept.len() < MOST_MAILS {
                kept.push(Mail { to: std::mem::take(&mut to), data });
            }
            drop(kept);
            say.write_all(b"250 kept\r\n")?;
        } else if upper == "QUIT" {
            return say.write_all(b"221 bye\r\n");
        } else {
            say.write_all(b"250 ok\r\n")?;
        }
    }
}

fn line(reader: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut bytes = Vec::new();
    if reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut bytes)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned())
}

fn data(reader: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut data = String::new();
    loop {
        let line = line(reader)?;
        if line == "." {
            return Ok(data);
        }
        data.push_str(line.strip_prefix('.').unwrap_or(&line));
        data.push('\n');
    }
}
