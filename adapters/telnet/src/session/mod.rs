//! The conversation with one peer, without I/O: lines in, replies and questions out (RFC 1861, sections 4.4 to 4.6).
//!
//! [`Session::line`] takes a line and says what to do next. When that is a question ([`Ask`]), its answer goes to
//! [`Session::heard`] before the next line. Every line outside of `DATA` gets exactly one reply.

mod answers;
mod entry;
mod parameters;

use crate::charset::Charset;
use crate::command::{self, Command, NoCommand};
use crate::config::Config;
use crate::lines::Line;
use crate::page::{Page, Parameters};
use crate::passcode::pass_code;
use crate::reply::Reply;
use crate::texts::{self, Said};
use domain::access::Sender;
use domain::message::{MessageId, MoId};
use domain::refusal::{Code, Refusal};
use domain::state::State;
use domain::submission::{Accepted, Request};
use entry::Entry;
use ports::driven::{MessageRecord, MoRecord, Page as Listing};
use ports::driving::Credentials;
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::Arc;

/// What a recipient is looked at with before the text is known: every kind takes it, numeric pagers too.
const ANY_TEXT: &str = "0";

/// What to do next.
#[derive(Debug)]
pub enum Step {
    /// Nothing: the line was part of a text.
    Nothing,
    /// Say this.
    Say(Reply),
    /// Find this out and come back with it.
    Ask(Box<Ask>),
    /// Say this and hang up.
    End(Reply),
}

/// A question to the ports.
#[derive(Debug)]
pub enum Ask {
    /// Who is this?
    Enter(Credentials),
    /// Would this be accepted?
    Check(Sender, Box<Request>),
    /// Accept these, one after the other.
    Submit(Sender, Vec<Request>),
    /// How is this one doing?
    Status(Sender, MessageId),
    /// Take it back.
    Cancel(Sender, MessageId),
    /// What has been received?
    Inbox(Sender),
    /// It is taken care of.
    Acknowledge(Sender, MoId),
}

/// The answer to a question, of the same kind.
#[derive(Debug)]
pub enum Heard {
    /// To [`Ask::Enter`].
    Entered(Result<Sender, Refusal>),
    /// To [`Ask::Check`].
    Checked(Result<(), Refusal>),
    /// To [`Ask::Submit`], as many as there were requests.
    Submitted(Vec<Result<Accepted, Refusal>>),
    /// To [`Ask::Status`].
    Status(Result<Box<MessageRecord>, Refusal>),
    /// To [`Ask::Cancel`].
    Cancelled(Result<State, Refusal>),
    /// To [`Ask::Inbox`].
    Inbox(Result<Listing<MoRecord>, Refusal>),
    /// To [`Ask::Acknowledge`].
    Acknowledged(Result<(), Refusal>),
}

/// What the session waits for.
#[derive(Debug)]
enum Waiting {
    Login,
    /// Whether the address alone makes the peer known; then the command is carried out.
    Address(Command),
    Recipient(String),
    Sent {
        two_way: bool,
        /// The recipients of each request.
        to: Vec<Vec<String>>,
    },
    Status,
    TagStatus,
    Other,
}

/// One conversation.
#[derive(Debug)]
pub struct Session {
    config: Arc<Config>,
    charset: Charset,
    sender: Option<Sender>,
    /// Who logged in by his address says he is.
    person: Option<String>,
    address_tried: bool,
    two_way: bool,
    page: Page,
    entry: Option<Entry>,
    waiting: Option<Waiting>,
    errors: u32,
    /// Recipients refused since something was sent.
    refused_recipients: usize,
    logins: u32,
}

impl Session {
    /// A conversation that has not begun.
    #[must_use]
    pub fn new(config: Arc<Config>) -> Self {
        Self {
            config,
            charset: Charset::default(),
            sender: None,
            person: None,
            address_tried: false,
            two_way: false,
            page: Page::default(),
            entry: None,
            waiting: None,
            errors: 0,
            refused_recipients: 0,
            logins: 0,
        }
    }

    /// The banner.
    #[must_use]
    pub fn greeting(&self) -> Reply {
        Reply::new(220, format!("{} {}", self.config.host, self.text(texts::READY)))
    }

    /// What to say to a peer that was silent for too long.
    #[must_use]
    pub fn idle(&self) -> Reply {
        self.reply(421, texts::IDLE)
    }

    /// What to say when the door closes.
    #[must_use]
    pub fn stopping(&self) -> Reply {
        self.reply(421, texts::STOPPING)
    }

    /// What to say to a peer that hung up in the middle of a line (`midway`) or of a text; it may still be listening.
    #[must_use]
    pub fn cut(&self, midway: bool) -> Option<Reply> {
        let said = match (self.entry.is_some(), midway) {
            (true, _) => texts::CUT_TEXT,
            (false, true) => texts::CUT_LINE,
            (false, false) => return None,
        };
        Some(self.reply(421, said))
    }

    /// The octets of a reply in the session's character set.
    #[must_use]
    pub fn octets(&self, reply: &Reply) -> Vec<u8> {
        self.charset.write(&reply.render())
    }

    /// Whether lines are text now and no commands: they are not paced.
    #[must_use]
    pub fn takes_text(&self) -> bool {
        self.entry.is_some()
    }

    /// Takes a line.
    pub fn line(&mut self, line: Line) -> Step {
        let Line::Text(octets) = line else { return Step::End(self.reply(421, texts::LONG_LINE)) };
        let step = if self.entry.is_some() { self.text_line(&octets) } else { self.command_line(&octets) };
        self.count(step)
    }

    /// Takes the answer to the last question. An answer nobody asked for is said to be out of order.
    pub fn heard(&mut self, heard: Heard) -> Step {
        let step = match (self.waiting.take(), heard) {
            (Some(Waiting::Address(command)), Heard::Entered(entered)) => {
                self.known_by_address(entered, command)
            }
            (Some(Waiting::Login), Heard::Entered(entered)) => self.logged_in(entered),
            (Some(Waiting::Recipient(to)), Heard::Checked(checked)) => return self.recipient(to, checked),
            (Some(Waiting::Sent { two_way, to }), Heard::Submitted(results)) => {
                self.sent(&results, two_way, &to)
            }
            (Some(Waiting::Status), Heard::Status(record)) => self.status(record),
            (Some(Waiting::TagStatus), Heard::Status(record)) => self.tag_status(record),
            (Some(Waiting::Other), Heard::Cancelled(state)) => self.done(state.map(|_| ()), texts::CANCELLED),
            (Some(Waiting::Other), Heard::Acknowledged(done)) => self.done(done, texts::DONE),
            (Some(Waiting::Other), Heard::Inbox(page)) => self.inbox(page),
            _ => self.say(503, texts::UNKNOWN),
        };
        self.count(step)
    }

    fn command_line(&mut self, octets: &[u8]) -> Step {
        let Some(line) = self.charset.read(octets) else { return self.say(550, texts::NOT_TEXT) };
        match command::parse(&line) {
            Ok(command) => self.command(command),
            Err(NoCommand::Unknown) => self.say(500, texts::UNKNOWN),
            Err(NoCommand::Web) => Step::End(self.reply(421, texts::NO_WEB)),
            Err(NoCommand::Usage(usage)) => {
                let usage = texts::usage(usage, self.config.language);
                Step::Say(Reply::new(550, format!("{} {usage}", self.text(texts::USAGE))))
            }
        }
    }

    /// Commands that anybody may give; all others need a known sender.
    fn command(&mut self, command: Command) -> Step {
        match command {
            Command::Quit => Step::End(self.reply(221, texts::BYE)),
            Command::Help(about) => self.help(about.as_deref()),
            Command::Login(user, password) => self.login(user, password),
            Command::Charset(name) => self.set_charset(name.as_deref()),
            command => match self.sender.clone() {
                Some(sender) => self.permitted(command, sender),
                None if self.address_tried => self.say(550, texts::LOGIN_FIRST),
                None => self.ask(Waiting::Address(command), Ask::Enter(Credentials::None)),
            },
        }
    }

    fn permitted(&mut self, command: Command, sender: Sender) -> Step {
        match command {
            Command::Page(to) => self.check_recipient(to, sender),
            Command::Message(text) if self.page.text.is_none() => {
                self.page.text = Some(text);
                self.say(250, texts::TEXT_TAKEN)
            }
            Command::Data if self.page.text.is_none() => {
                self.entry = Some(Entry::default());
                self.say(354, texts::DATA_BEGIN)
            }
            Command::Message(_) | Command::Data => self.say(503, texts::TEXT_TWICE),
            Command::Reset => {
                self.page = Page::default();
                self.two_way = false;
                self.say(250, texts::RESET)
            }
            Command::Send => self.send(sender),
            Command::Sms(to, text) => {
                let to: Vec<_> =
                    to.split([',', ';']).map(|n| n.trim().to_owned()).filter(|n| !n.is_empty()).collect();
                if to.len() > self.config.max_recipients {
                    return self.say(552, texts::MANY_RECIPIENTS);
                }
                let request = self.page.parameters().request(to, &text, self.config.subject);
                self.submit(sender, vec![request], false)
            }
            Command::TwoWay => {
                self.page = Page::default();
                self.two_way = true;
                self.say(250, texts::TWO_WAY)
            }
            Command::TagStatus(tag, pass) => match self.tagged(&tag, &pass) {
                Some(id) => self.ask(Waiting::TagStatus, Ask::Status(sender, id)),
                None => self.say(550, texts::WRONG_PASS),
            },
            Command::Kill(tag, pass) => match self.tagged(&tag, &pass) {
                Some(id) => self.ask(Waiting::Other, Ask::Cancel(sender, id)),
                None => self.say(550, texts::WRONG_PASS),
            },
            Command::Status(id) => match id.parse() {
                Ok(id) => self.ask(Waiting::Status, Ask::Status(sender, id)),
                Err(_) => self.refused(&Refusal::new(Code::NotFound)),
            },
            Command::Acknowledge(id) => match id.parse() {
                Ok(id) => self.ask(Waiting::Other, Ask::Acknowledge(sender, id)),
                Err(_) => self.refused(&Refusal::new(Code::NotFound)),
            },
            Command::Inbox => self.ask(Waiting::Other, Ask::Inbox(sender)),
            command => self.parameter(command),
        }
    }

    /// HylaFAX logs in with the name of whoever runs it and no password: then the address speaks for him, and the name tells
    /// who asks.
    fn login(&mut self, user: String, password: SecretString) -> Step {
        self.sender = None;
        self.person = None;
        let credentials = if password.expose_secret().is_empty() {
            self.person = Some(user);
            Credentials::None
        } else {
            Credentials::Password { user, password }
        };
        self.ask(Waiting::Login, Ask::Enter(credentials))
    }

    fn submit(&mut self, sender: Sender, mut requests: Vec<Request>, two_way: bool) -> Step {
        for request in &mut requests {
            request.asked_by = request.asked_by.take().or_else(|| self.person.clone());
        }
        let to = requests.iter().map(|request| request.to.clone()).collect();
        self.ask(Waiting::Sent { two_way, to }, Ask::Submit(sender, requests))
    }

    fn check_recipient(&mut self, to: String, sender: Sender) -> Step {
        if self.two_way && self.page.len() == 1 {
            return self.say(552, texts::ONE_IN_TWO_WAY);
        }
        if self.page.len() >= self.config.max_recipients {
            return self.say(552, texts::MANY_RECIPIENTS);
        }
        let Parameters { priority, link, .. } = self.page.parameters();
        let request = Request { priority, link, ..Request::text([to.clone()], ANY_TEXT) };
        self.ask(Waiting::Recipient(to), Ask::Check(sender, Box::new(request)))
    }

    /// Whatever becomes of it, nothing of it stays: the next message begins anew.
    fn send(&mut self, sender: Sender) -> Step {
        let Some(requests) = self.page.requests(self.config.subject) else {
            return self.say(503, texts::NOTHING);
        };
        self.page = Page::default();
        self.submit(sender, requests, self.two_way)
    }

    fn tagged(&self, tag: &str, pass: &str) -> Option<MessageId> {
        let id: MessageId = tag.parse().ok()?;
        (pass == pass_code(&self.config.passcode_key, id).to_string()).then_some(id)
    }

    fn ask(&mut self, waiting: Waiting, ask: Ask) -> Step {
        self.waiting = Some(waiting);
        Step::Ask(Box::new(ask))
    }

    fn count(&mut self, step: Step) -> Step {
        let Step::Say(reply) = &step else { return step };
        if reply.is_error() && reply.code() != 554 {
            self.errors += 1;
        }
        if self.errors >= self.config.max_errors || self.logins >= self.config.max_logins {
            return Step::End(self.reply(421, texts::ERRORS));
        }
        step
    }

    fn text(&self, said: Said) -> &'static str {
        said.to(self.config.language)
    }

    fn reply(&self, code: u16, said: Said) -> Reply {
        Reply::new(code, self.text(said))
    }

    fn say(&self, code: u16, said: Said) -> Step {
        Step::Say(self.reply(code, said))
    }

    fn refused(&self, refusal: &Refusal) -> Step {
        Step::Say(Reply::refusal(refusal, self.config.language))
    }
}
