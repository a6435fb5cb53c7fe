//! One connection: moves octets between the wire and the [`Session`], and asks the ports what it wants to know.

use crate::config::Config;
use crate::door::Ports;
use crate::lines::{Line, LineReader};
use crate::pace::Pace;
use crate::reply::Reply;
use crate::session::{Ask, Heard, Session, Step};
use domain::access::Sender;
use domain::message::Door;
use domain::refusal::Refusal;
use domain::submission::{Accepted, Request};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;

/// Received messages listed at once.
const LISTED: usize = 20;

/// Octets read at once.
const CHUNK: usize = 2048;

/// A conversation in progress.
pub(crate) struct Talk<S> {
    stream: S,
    peer: IpAddr,
    config: Arc<Config>,
    ports: Ports,
    session: Session,
    reader: LineReader,
    pace: Pace,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Talk<S> {
    pub(crate) fn new(stream: S, peer: IpAddr, config: Arc<Config>, ports: Ports) -> Self {
        let session = Session::new(Arc::clone(&config));
        let reader = LineReader::new(config.max_line);
        let pace = Pace::new(config.commands_per_second);
        Self { stream, peer, config, ports, session, reader, pace }
    }

    /// Talks until one side has enough. A command that has begun is finished even when `stop` comes.
    pub(crate) async fn run(mut self, stop: &CancellationToken) -> io::Result<()> {
        let greeting = self.session.greeting();
        self.say(&greeting).await?;
        let mut chunk = [0_u8; CHUNK];
        let idle = tokio::time::sleep(self.config.idle);
        tokio::pin!(idle);
        loop {
            let read = tokio::select! {
                biased;
                () = stop.cancelled() => { let bye = self.session.stopping(); return self.end(&bye).await; }
                read = self.stream.read(&mut chunk) => read?,
                () = &mut idle => { let bye = self.session.idle(); return self.end(&bye).await; }
            };
            let octets = chunk.get(..read).unwrap_or_default();
            if octets.is_empty() {
                return match self.session.cut(self.reader.is_midway()) {
                    Some(cut) => self.end(&cut).await.or(Ok(())),
                    None => Ok(()),
                };
            }
            for octet in octets {
                let Some(line) = self.reader.push(*octet) else { continue };
                if stop.is_cancelled() {
                    let bye = self.session.stopping();
                    return self.end(&bye).await;
                }
                if !self.line(line).await? {
                    return Ok(());
                }
                // Only whole lines count as life: octets in drips do not keep a connection.
                idle.set(tokio::time::sleep(self.config.idle));
            }
            let answers = self.reader.take_answers();
            self.write(&answers).await?;
        }
    }

    /// Handles a line; false when the conversation is over.
    async fn line(&mut self, line: Line) -> io::Result<bool> {
        if !self.session.takes_text() {
            let wait = self.pace.wait(self.ports.clock.monotonic());
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
        }
        let mut step = self.session.line(line);
        loop {
            match step {
                Step::Nothing => return Ok(true),
                Step::Say(reply) => {
                    self.say(&reply).await?;
                    return Ok(true);
                }
                Step::End(reply) => {
                    self.end(&reply).await?;
                    return Ok(false);
                }
                Step::Ask(ask) => {
                    let heard = self.find_out(*ask).await;
                    step = self.session.heard(heard);
                }
            }
        }
    }

    async fn find_out(&self, ask: Ask) -> Heard {
        let (submit, query) = (&self.ports.submit, &self.ports.query);
        // Whoever logged in may have been changed or removed since.
        let again = |sender: &Sender| self.ports.authenticate.again(sender, self.peer);
        match ask {
            Ask::Enter(credentials) => {
                let entered =
                    self.ports.authenticate.authenticate(&credentials, self.peer, Door::Telnet).await;
                if let Err(refusal) = &entered {
                    tracing::debug!(peer = %self.peer, code = %refusal.code, "not let in at the text door");
                }
                Heard::Entered(entered)
            }
            Ask::Check(sender, request) => Heard::Checked(match again(&sender) {
                Ok(sender) => submit.preview(&sender, *request).await.map(|_| ()),
                Err(refusal) => Err(refusal),
            }),
            Ask::Submit(sender, requests) => Heard::Submitted(self.submit(&sender, requests).await),
            Ask::Status(sender, id) => Heard::Status(match again(&sender) {
                Ok(sender) => query.status(&sender, id).await.map(Box::new),
                Err(refusal) => Err(refusal),
            }),
            Ask::Cancel(sender, id) => Heard::Cancelled(match again(&sender) {
                Ok(sender) => query.cancel(&sender, id).await,
                Err(refusal) => Err(refusal),
            }),
            Ask::Inbox(sender) => Heard::Inbox(match again(&sender) {
                Ok(sender) => query.inbox(&sender, None, LISTED).await,
                Err(refusal) => Err(refusal),
            }),
            Ask::Acknowledge(sender, id) => Heard::Acknowledged(match again(&sender) {
                Ok(sender) => query.acknowledge(&sender, id).await,
                Err(refusal) => Err(refusal),
            }),
        }
    }

    /// What one `SEND` gives counts once against the user's limit, however many requests it becomes.
    async fn submit(&self, sender: &Sender, requests: Vec<Request>) -> Vec<Result<Accepted, Refusal>> {
        let sender = match self.ports.authenticate.pace(sender, self.peer) {
            Ok(sender) => sender,
            Err(refusal) => {
                tracing::info!(user = %sender.name(), peer = %self.peer, code = %refusal.code, "refused at the text door");
                return requests.iter().map(|_| Err(refusal.clone())).collect();
            }
        };
        let mut results = Vec::with_capacity(requests.len());
        for request in requests {
            let result = self.ports.submit.submit(&sender, request).await;
            if let Err(refusal) = &result {
                tracing::info!(user = %sender.name(), peer = %self.peer, code = %refusal.code, "refused at the text door");
            }
            results.push(result);
        }
        results
    }

    async fn say(&mut self, reply: &Reply) -> io::Result<()> {
        let octets = self.session.octets(reply);
        self.write(&octets).await
    }

    async fn end(&mut self, reply: &Reply) -> io::Result<()> {
        self.say(reply).await?;
        let patience = self.config.patience;
        tokio::time::timeout(patience, self.stream.shutdown()).await.unwrap_or(Ok(()))
    }

    async fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        if octets.is_empty() {
            return Ok(());
        }
        let stream = &mut self.stream;
        let written = async {
            stream.write_all(octets).await?;
            stream.flush().await
        };
        tokio::time::timeout(self.config.patience, written)
            .await
            .unwrap_or(Err(io::ErrorKind::TimedOut.into()))
    }
}
