//! A mail relay that keeps what it gets, and refuses as a test tells it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// A mail that came.
#[derive(Debug, Clone)]
pub struct Mail {
    /// `<from> -> <to>`.
    pub envelope: String,
    /// Head and body as they came.
    pub text: String,
}

type Answers = Arc<Mutex<Vec<(&'static str, &'static str)>>>;

/// The relay.
pub struct Sink {
    port: u16,
    answers: Answers,
    mails: Arc<Mutex<Vec<Mail>>>,
    connections: Arc<AtomicUsize>,
    open: Arc<Mutex<JoinSet<Option<()>>>>,
    holds: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Sink {
    /// A relay; `answers`: command (`MAIL`, `RCPT`, `.` …) and what to say to it instead of yes.
    pub async fn open(answers: &[(&'static str, &'static str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listener");
        let port = listener.local_addr().expect("address").port();
        let mails = Arc::new(Mutex::new(Vec::new()));
        let answers = Arc::new(Mutex::new(answers.to_vec()));
        let connections = Arc::<AtomicUsize>::default();
        let open = Arc::<Mutex<JoinSet<Option<()>>>>::default();
        let holds = watch::Sender::new(false);
        let (kept, said) = (Arc::clone(&mails), Arc::clone(&answers));
        let (count, all, held) = (Arc::clone(&connections), Arc::clone(&open), holds.subscribe());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                let talk = serve(stream, Arc::clone(&said), Arc::clone(&kept), held.clone());
                all.lock().expect("lock").spawn(talk);
            }
        });
        Self { port, answers, mails, connections, open, holds, task }
    }

    /// Whether its answer to a mail's end is held back.
    pub fn hold(&self, holds: bool) {
        self.holds.send_replace(holds);
    }

    /// Says this to a command from now on.
    pub fn say(&self, command: &'static str, said: &'static str) {
        self.answers.lock().expect("lock").push((command, said));
    }

    /// Closes every connection.
    pub fn hang_up(&self) {
        self.open.lock().expect("lock").abort_all();
    }

    /// Connections that were opened to it.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Says yes to everything from now on.
    pub fn relent(&self) {
        self.answers.lock().expect("lock").clear();
    }

    /// Waits for so many mails.
    pub async fn wait_for(&self, count: usize) -> Vec<Mail> {
        for _ in 0..500 {
            if self.mails().len() >= count {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let mails = self.mails();
        assert!(mails.len() >= count, "{} of {count} mails", mails.len());
        mails
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn mails(&self) -> Vec<Mail> {
        self.mails.lock().expect("lock").clone()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    stream: TcpStream,
    answers: Answers,
    mails: Arc<Mutex<Vec<Mail>>>,
    mut held: watch::Receiver<bool>,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    stream.get_mut().write_all(b"220 sink\r\n").await.ok()?;
    let (mut envelope, mut text, mut in_data) = (String::new(), String::new(), false);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        if in_data && line != ".\r\n" {
            text.push_str(line.strip_prefix('.').unwrap_or(&line));
            continue;
        }
        let verb = line.trim().get(..4).unwrap_or(".").to_ascii_uppercase();
        let said = {
            let answers = answers.lock().expect("lock");
            answers.iter().find(|(command, _)| *command == verb).map(|(_, said)| *said)
        };
        let said = match (verb.as_str(), said) {
            (_, Some(said)) => said,
            ("DATA", None) => "354 go",
            ("QUIT", None) => "221 bye",
            (_, None) => "250 ok",
        };
        match verb.as_str() {
            "MAIL" => envelope = path(&line),
            "RCPT" => envelope = format!("{envelope} -> {}", path(&line)),
            "DATA" => in_data = said.starts_with("354"),
            "." if said.starts_with("250") => mails
                .lock()
                .expect("lock")
                .push(Mail { envelope: envelope.clone(), text: std::mem::take(&mut text) }),
            _ => {}
        }
        if verb == "." {
            in_data = false;
            held.wait_for(|held| !held).await.ok()?;
        }
        stream.get_mut().write_all(format!("{said}\r\n").as_bytes()).await.ok()?;
    }
}

fn path(line: &str) -> String {
    let end = line.find('>').map_or(line.len(), |at| at + 1);
    line.find('<').and_then(|at| line.get(at..end)).unwrap_or_default().to_owned()
}
