//! One connection: moves octets between the wire and the [`Session`], and asks the ports what it wants to know.

use crate::config::Config;
use crate::door::Ports;
use crate::relay::{LateReports, Refused};
use crate::reply::Reply;
use crate::session::{Ask, Heard, Session, Step};
use crate::wire::{CommandReader, DataReader};
use domain::access::Sender;
use domain::message::{Callback, Door};
use domain::refusal::Refusal;
use domain::submission::{Accepted, Request};
use net::Stream;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;

/// Octets read at once.
const CHUNK: usize = 8192;

/// What to do with the octets that come next.
enum Reading {
    Commands(CommandReader),
    Mail(DataReader),
}

/// Whether and how the conversation goes on.
enum After {
    Line,
    Protect,
    End,
}

/// A conversation in progress.
pub(crate) struct Talk {
    stream: Stream,
    peer: IpAddr,
    config: Arc<Config>,
    ports: Ports,
    reports: Option<Arc<LateReports>>,
    session: Session,
    reading: Reading,
}

impl Talk {
    pub(crate) fn new(
        stream: Stream,
        peer: IpAddr,
        config: Arc<Config>,
        ports: Ports,
        reports: Option<Arc<LateReports>>,
    ) -> Self {
        let session = Session::new(Arc::clone(&config), peer, stream.is_tls());
        let reading = Reading::Commands(CommandReader::new(config.max_command, config.is_lenient(peer)));
        Self { stream, peer, config, ports, reports, session, reading }
    }

    /// Talks until one side has enough. A command that has begun is finished even when `stop` comes.
    pub(crate) async fn run(mut self, stop: &CancellationToken) -> io::Result<()> {
        let greeting = self.session.greeting();
        self.say(&greeting).await?;
        let mut chunk = vec![0_u8; CHUNK];
        let idle = tokio::time::sleep(self.config.idle);
        let session = tokio::time::sleep(self.config.session);
        tokio::pin!(idle, session);
        loop {
            let read = tokio::select! {
                biased;
                () = stop.cancelled() => return self.end(&self.session.stopping()).await,
                read = self.stream.read(&mut chunk) => read?,
                () = &mut idle => return self.end(&self.session.idle()).await,
                () = &mut session => return self.end(&self.session.idle()).await,
            };
            if read == 0 {
                return Ok(());
            }
            let mut rest = chunk.get(..read).unwrap_or_default();
            while let Some((octet, more)) = rest.split_first() {
                rest = more;
                if *octet == b'\n' {
                    // Only lines count as life: octets in drips do not keep a connection.
                    idle.set(tokio::time::sleep(self.config.idle));
                }
                let Some(step) = self.octet(*octet, !rest.is_empty()) else { continue };
                if stop.is_cancelled() {
                    return self.end(&self.session.stopping()).await;
                }
                match self.follow(step).await? {
                    After::Line => {}
                    After::End => return Ok(()),
                    After::Protect => {
                        // What came with STARTTLS came unprotected, from whomever: it is thrown away (RFC 3207, section 6).
                        rest = &[];
                        self = self.protect()?;
                    }
                }
            }
        }
    }

    fn octet(&mut self, octet: u8, ahead: bool) -> Option<Step> {
        match &mut self.reading {
            Reading::Commands(reader) => reader.push(octet).map(|line| self.session.line(line, ahead)),
            Reading::Mail(reader) => {
                let mail = reader.push(octet)?;
                self.reading = self.commands();
                Some(self.session.mail(mail))
            }
        }
    }

    async fn follow(&mut self, mut step: Step) -> io::Result<After> {
        loop {
            match step {
                Step::Say(reply) => return self.say(&reply).await.map(|()| After::Line),
                Step::End(reply) => return self.end(&reply).await.map(|()| After::End),
                Step::Protect(reply) => return self.say(&reply).await.map(|()| After::Protect),
                Step::Gather(reply) => {
                    let (config, lenient) = (&self.config, self.config.is_lenient(self.peer));
                    self.reading =
                        Reading::Mail(DataReader::new(config.max_message, config.max_line, lenient));
                    return self.say(&reply).await.map(|()| After::Line);
                }
                Step::Ask(ask) => {
                    let heard = self.find_out(ask).await;
                    step = self.session.heard(heard);
                }
            }
        }
    }

    async fn find_out(&self, ask: Ask) -> Heard {
        let ports = &self.ports;
        match ask {
            Ask::Enter(credentials) => {
                Heard::Entered(ports.authenticate.authenticate(&credentials, self.peer, Door::Smtp).await)
            }
            Ask::EnterMail(from) => {
                Heard::Entered(ports.authenticate.authenticate_mail(&from, self.peer).await)
            }
            Ask::Again(sender) => Heard::Entered(ports.authenticate.again(&sender, self.peer)),
            Ask::Check(sender, request) => {
                Heard::Checked(match ports.authenticate.again(&sender, self.peer) {
                    Ok(sender) => ports.submit.preview(&sender, *request).await.map(|_| ()),
                    Err(refusal) => Err(refusal),
                })
            }
            Ask::Submit(sender, request) => Heard::Submitted(self.submit(&sender, *request).await),
        }
    }

    /// Recipients that were fine at RCPT and are not now get a report: the mail as a whole was accepted. A mail that comes again is reported again, for
    /// nobody knows whether the first report arrived.
    async fn submit(&self, sender: &Sender, request: Request) -> Result<Accepted, Refusal> {
        let (callback, reference) = (request.callback.clone(), request.reference.clone());
        let result = match self.ports.authenticate.pace(sender, self.peer) {
            Ok(sender) => self.ports.submit.submit(&sender, request).await,
            Err(refusal) => Err(refusal),
        };
        match &result {
            Err(refusal) => {
                tracing::info!(user = %sender.name(), peer = %self.peer, code = %refusal.code, "mail refused")
            }
            Ok(accepted) if !accepted.refused().is_empty() => {
                if let (Some(reports), Some(Callback::Mail { address })) = (&self.reports, callback) {
                    let refused = Refused {
                        to: address,
                        submission: accepted.submission(),
                        reference,
                        recipients: accepted.refused(),
                    };
                    reports.give(sender.name(), &refused);
                }
            }
            Ok(_) => {}
        }
        result
    }

    fn commands(&self) -> Reading {
        Reading::Commands(CommandReader::new(self.config.max_command, self.config.is_lenient(self.peer)))
    }

    fn protect(self) -> io::Result<Self> {
        let Self { stream, peer, config, ports, reports, mut session, reading: _ } = self;
        let tls = config.tls.clone().ok_or(io::ErrorKind::Unsupported)?;
        let stream = stream.upgrade(&tls, config.patience)?;
        session.protected();
        let reading = Reading::Commands(CommandReader::new(config.max_command, config.is_lenient(peer)));
        Ok(Self { stream, peer, config, ports, reports, session, reading })
    }

    async fn say(&mut self, reply: &Reply) -> io::Result<()> {
        let stream = &mut self.stream;
        let text = reply.render();
        let written = async {
            stream.write_all(text.as_bytes()).await?;
            stream.flush().await
        };
        tokio::time::timeout(self.config.patience, written)
            .await
            .unwrap_or(Err(io::ErrorKind::TimedOut.into()))
    }

    async fn end(&mut self, reply: &Reply) -> io::Result<()> {
        self.say(reply).await?;
        tokio::time::timeout(self.config.patience, self.stream.shutdown()).await.unwrap_or(Ok(()))
    }
}
