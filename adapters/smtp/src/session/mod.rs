//! The conversation with one peer, without I/O: lines and mails in, replies and questions out (RFC 5321).
//!
//! [`Session::line`] takes a command, [`Session::mail`] what came after 354. When the answer is a question ([`Ask`]), what is found out goes
//! to [`Session::heard`] before the next line. Every line outside of a mail gets exactly one reply.

mod auth;
mod mail;

use crate::config::Config;
use crate::letter::Letter;
use crate::reply::Reply;
use crate::wire::CommandLine;
use auth::Login;
use domain::access::Sender;
use domain::refusal::{Code, Refusal};
use domain::submission::{Accepted, Request};
use mail::Transaction;
use ports::driving::Credentials;
use smtp_proto::Request as Verb;
use std::net::IpAddr;
use std::sync::Arc;

/// What to do next.
#[derive(Debug)]
pub enum Step {
    /// Say this.
    Say(Reply),
    /// Find this out and come back with it.
    Ask(Ask),
    /// Say this, then gather a mail.
    Gather(Reply),
    /// Say this, forget what was read ahead, protect the connection.
    Protect(Reply),
    /// Say this and hang up.
    End(Reply),
}

/// A question to the ports.
#[derive(Debug)]
pub enum Ask {
    /// Who is this?
    Enter(Credentials),
    /// Who may send mail from this address?
    EnterMail(String),
    /// Who is this now, that logged in a while ago?
    Again(Sender),
    /// Would this be accepted?
    Check(Sender, Box<Request>),
    /// Accept it.
    Submit(Sender, Box<Request>),
}

/// The answer to a question, of the same kind.
#[derive(Debug)]
pub enum Heard {
    /// To [`Ask::Enter`], [`Ask::EnterMail`] and [`Ask::Again`].
    Entered(Result<Sender, Refusal>),
    /// To [`Ask::Check`].
    Checked(Result<(), Refusal>),
    /// To [`Ask::Submit`].
    Submitted(Result<Accepted, Refusal>),
}

#[derive(Debug)]
enum Waiting {
    Login,
    Mail(String),
    MailAgain(String),
    Recipient { number: String, domain: String },
    Sent,
}

/// One conversation.
#[derive(Debug)]
pub struct Session {
    config: Arc<Config>,
    protected: bool,
    may_log_in: bool,
    pipelines: bool,
    greeted: bool,
    sender: Option<Sender>,
    login: Option<Login>,
    transaction: Option<Transaction>,
    waiting: Option<Waiting>,
    errors: u32,
    /// Recipients refused since a mail was sent.
    refused: usize,
    logins: u32,
}

impl Session {
    /// A conversation that has not begun. `protected`: TLS is on.
    #[must_use]
    pub fn new(config: Arc<Config>, peer: IpAddr, protected: bool) -> Self {
        let may_log_in = protected || config.may_log_in_plain(peer);
        let pipelines = !config.is_lenient(peer);
        Self {
            config,
            protected,
            may_log_in,
            pipelines,
            greeted: false,
            sender: None,
            login: None,
            transaction: None,
            waiting: None,
            errors: 0,
            refused: 0,
            logins: 0,
        }
    }

    /// The banner.
    #[must_use]
    pub fn greeting(&self) -> Reply {
        Reply::bare(220, vec![format!("{} ESMTP Omnigate", self.config.host)])
    }

    /// What to say to a peer that was silent or here for too long.
    #[must_use]
    pub fn idle(&self) -> Reply {
        Reply::new(421, "4.4.2", "silent for too long, goodbye")
    }

    /// What to say when the door closes.
    #[must_use]
    pub fn stopping(&self) -> Reply {
        Reply::new(421, "4.3.2", "the service is stopping, try again later")
    }

    /// After STARTTLS: everything said before is forgotten (RFC 3207, 4.2).
    pub fn protected(&mut self) {
        self.protected = true;
        self.may_log_in = true;
        self.greeted = false;
        self.sender = None;
        self.transaction = None;
    }

    /// Takes a command line; `ahead`: the peer has sent more without waiting for its reply.
    pub fn line(&mut self, line: CommandLine, ahead: bool) -> Step {
        let step = match line {
            CommandLine::TooLong => return Step::End(Reply::new(500, "5.5.6", "line too long, goodbye")),
            CommandLine::Broken => {
                Step::Say(Reply::new(554, "5.5.2", "lines end with CRLF, and with nothing else"))
            }
            CommandLine::Text(line) => match self.login.take() {
                Some(login) => self.login_line(login, &line),
                None => self.command(line, ahead),
            },
        };
        self.count(step)
    }

    /// Takes the answer to the last question.
    pub fn heard(&mut self, heard: Heard) -> Step {
        let step = match (self.waiting.take(), heard) {
            (Some(Waiting::Login), Heard::Entered(entered)) => self.logged_in(entered),
            (Some(Waiting::Mail(from)), Heard::Entered(entered)) => self.known_sender(from, entered),
            (Some(Waiting::MailAgain(from)), Heard::Entered(entered)) => self.still_known(from, entered),
            (Some(Waiting::Recipient { number, domain }), Heard::Checked(checked)) => {
                return self.recipient(number, domain, checked);
            }
            (Some(Waiting::Sent), Heard::Submitted(result)) => self.sent(result),
            _ => Step::Say(Reply::new(451, "4.3.0", "out of order")),
        };
        self.count(step)
    }

    fn command(&mut self, mut line: Vec<u8>, ahead: bool) -> Step {
        line.extend(b"\r\n");
        let verb = match Verb::parse(&mut line.iter()) {
            Ok(verb) => verb.into_owned(),
            // What follows was written by a web page, in a browser that may be known by its address.
            Err(_) if is_web(&line) => {
                return Step::End(Reply::new(421, "4.7.0", "this is SMTP and not HTTP, goodbye"));
            }
            Err(error) => return Step::Say(syntax(&error)),
        };
        match verb {
            Verb::Ehlo { .. } => self.hello(true),
            Verb::Helo { .. } => self.hello(false),
            Verb::Mail { from } if self.greeted => self.mail_from(from),
            Verb::Rcpt { to } if self.greeted => self.rcpt_to(&to.address),
            Verb::Data if self.greeted => self.data(ahead),
            Verb::Auth { mechanism, initial_response } if self.greeted => {
                self.auth(mechanism, initial_response)
            }
            Verb::Mail { .. } | Verb::Rcpt { .. } | Verb::Data | Verb::Auth { .. } => {
                Step::Say(Reply::new(503, "5.5.1", "say EHLO first"))
            }
            Verb::StartTls => self.start_tls(),
            Verb::Rset => {
                self.transaction = None;
                say(250, "2.0.0", "ok")
            }
            Verb::Noop { .. } => say(250, "2.0.0", "ok"),
            Verb::Vrfy { .. } => say(252, "2.5.0", "send some mail, then you will see"),
            Verb::Help { .. } => {
                say(214, "2.0.0", "mail to number@domain becomes an SMS, see docs/api/mail.md")
            }
            Verb::Quit => Step::End(Reply::new(221, "2.0.0", "goodbye")),
            _ => say(502, "5.5.1", "not offered here"),
        }
    }

    fn hello(&mut self, extended: bool) -> Step {
        self.greeted = true;
        self.transaction = None;
        let mut lines = vec![self.config.host.clone()];
        if extended {
            lines.extend(["PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"].map(str::to_owned));
            lines.push(format!("SIZE {}", self.config.max_message));
            if self.config.tls.is_some() && !self.protected {
                lines.push("STARTTLS".to_owned());
            }
            if self.may_log_in {
                lines.push("AUTH PLAIN LOGIN".to_owned());
            }
        }
        Step::Say(Reply::bare(250, lines))
    }

    fn start_tls(&mut self) -> Step {
        match (self.protected, self.config.tls.is_some()) {
            (true, _) => say(503, "5.5.1", "the connection is protected already"),
            (false, false) => say(502, "5.5.1", "not offered here"),
            (false, true) => Step::Protect(Reply::new(220, "2.0.0", "go ahead")),
        }
    }

    fn ask(&mut self, waiting: Waiting, ask: Ask) -> Step {
        self.waiting = Some(waiting);
        Step::Ask(ask)
    }

    fn count(&mut self, step: Step) -> Step {
        let Step::Say(reply) = &step else { return step };
        if reply.code() >= 500 {
            self.errors += 1;
        }
        if self.errors >= self.config.max_errors || self.logins >= self.config.max_logins {
            return Step::End(Reply::new(421, "4.7.0", "too many errors, goodbye"));
        }
        step
    }
}

fn say(code: u16, status: &str, text: &str) -> Step {
    Step::Say(Reply::new(code, status, text))
}

/// Whether a line is the request line of HTTP (RFC 9112 3): `POST /path HTTP/1.1`.
fn is_web(line: &[u8]) -> bool {
    line.trim_ascii_end().rsplit(|octet| *octet == b' ').next().is_some_and(|last| last.starts_with(b"HTTP/"))
}

fn syntax(error: &smtp_proto::Error) -> Reply {
    use smtp_proto::Error as E;
    match error {
        E::InvalidSenderAddress => Reply::new(553, "5.1.7", "the sender's address cannot be read"),
        E::InvalidRecipientAddress => Reply::new(553, "5.1.3", "the recipient's address cannot be read"),
        E::SyntaxError { syntax } => Reply::new(501, "5.5.4", &format!("syntax: {syntax}")),
        E::InvalidParameter { param } => {
            Reply::new(501, "5.5.4", &format!("the parameter {param} cannot be read"))
        }
        E::UnsupportedParameter { param } => {
            Reply::new(555, "5.5.4", &format!("the parameter {param} is not offered"))
        }
        _ => Reply::new(500, "5.5.1", "unknown command"),
    }
}
