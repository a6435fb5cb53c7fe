//! A peer that keeps a transcript, and ports that answer as a test tells them.

use async_trait::async_trait;
use domain::Timestamp;
use domain::access::Sender;
use domain::directory::{LinkId, User, UserName};
use domain::message::{Body, Dimensions, Message, MessageId, MoId, Priority, SubmissionId};
use domain::refusal::{Code, Refusal};
use domain::state::State;
use domain::submission::{
    Accepted, AcceptedMessage, Content, Decided, Plan, Planned, RefusedRecipient, Request,
};
use domain::text::Alphabet;
use domain::trace::Trace;
use ports::driven::{Clock, MessageRecord, MoRecord, Page};
use ports::driving::{Authenticate, Credentials, MockQueryMessages, Preview, SubmitMessages};
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use telnet::{Config, Door, Ports};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream};
use tokio_util::sync::CancellationToken;

/// A clock that stands still: pacing is by what is asked, not by how fast a test runs.
pub struct Stopped;
impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

/// Lets `crm` with `secret` in, and 10.0.0.1 without anything, to submit so many times; then knows him for so many questions.
pub struct Gate {
    submissions: AtomicI64,
    known_for: AtomicI64,
}
#[async_trait]
impl Authenticate for Gate {
    async fn authenticate(
        &self,
        shown: &Credentials,
        peer: IpAddr,
        door: domain::message::Door,
    ) -> Result<Sender, Refusal> {
        use secrecy::ExposeSecret as _;
        let known = match shown {
            Credentials::None => peer.to_string() == "10.0.0.1",
            Credentials::Password { user, password } => user == "crm" && password.expose_secret() == "secret",
            Credentials::Key(_) => false,
        };
        let user = Arc::new(User::named(UserName::parse("crm").expect("name")));
        if known { Ok(Sender::internal(user, door)) } else { Err(Refusal::new(Code::NotAuthenticated)) }
    }
    async fn authenticate_mail(&self, _: &str, _: IpAddr) -> Result<Sender, Refusal> {
        Err(Refusal::new(Code::NotAuthenticated))
    }
    fn again(&self, sender: &Sender, _: IpAddr) -> Result<Sender, Refusal> {
        let left = self.known_for.fetch_sub(1, Ordering::Relaxed);
        if left > 0 { Ok(sender.clone()) } else { Err(Refusal::new(Code::NotAuthenticated)) }
    }
    fn pace(&self, sender: &Sender, peer: IpAddr) -> Result<Sender, Refusal> {
        let sender = self.again(sender, peer)?;
        let left = self.submissions.fetch_sub(1, Ordering::Relaxed);
        if left > 0 { Ok(sender) } else { Err(Refusal::too_often(Duration::from_secs(1))) }
    }
}

/// Accepts everything but numbers that begin with `9`; keeps what it got. `074` is a numeric pager's, and to `5` only what is of class high or has
/// a link gets through.
#[derive(Default)]
pub struct Desk {
    pub got: Mutex<Vec<Request>>,
    /// What it was asked about and did not get.
    pub asked: Mutex<Vec<Request>>,
    pub busy: bool,
    /// Submissions a caller has, when they are counted.
    pub submissions: Option<i64>,
    /// Questions after which nobody is known any more.
    pub known_for: Option<i64>,
    pub next: AtomicI64,
}

fn wrong_with(to: &str, request: &Request) -> Option<Refusal> {
    let digits = matches!(&request.content, Content::Text(text) if text.bytes().all(|b| b.is_ascii_digit()));
    match to {
        _ if to.starts_with('9') => Some(Refusal::field(Code::InvalidNumber, "to", "9")),
        _ if to.starts_with("074") && !digits => Some(Refusal::field(Code::PagerDigitsOnly, "text", "")),
        _ if to.starts_with('5') && request.link.is_none() && request.priority != Some(Priority::High) => {
            Some(Refusal::field(Code::NoRoute, "to", "5"))
        }
        _ => None,
    }
}

fn good(request: &Request) -> Result<(Vec<String>, Vec<RefusedRecipient>), Refusal> {
    let (mut good, mut refused) = (Vec::new(), Vec::new());
    for to in &request.to {
        match wrong_with(to, request) {
            None => good.push(to.clone()),
            Some(refusal) => refused.push(RefusedRecipient { input: to.clone(), refusal }),
        }
    }
    match refused.first() {
        Some(first) if good.is_empty() => Err(first.refusal.clone()),
        _ => Ok((good, refused)),
    }
}

#[async_trait]
impl SubmitMessages for Desk {
    async fn submit(&self, _: &Sender, request: Request) -> Result<Accepted, Refusal> {
        if self.busy {
            return Err(Refusal::new(Code::Busy));
        }
        let (good, refused) = good(&request)?;
        self.got.lock().expect("lock").push(request);
        let messages = good.into_iter().map(|to| AcceptedMessage {
            id: MessageId(self.next.fetch_add(1, Ordering::Relaxed) + 4711),
            to,
            segments: 1,
            alphabet: Alphabet::Gsm7,
            state: State::Queued,
        });
        Ok(Accepted::after_commit(SubmissionId(1), messages.collect(), refused, false))
    }
    async fn preview(&self, _: &Sender, request: Request) -> Result<Preview, Refusal> {
        self.asked.lock().expect("lock").push(request.clone());
        let (good, refused) = good(&request)?;
        let link = LinkId::parse("TS0").expect("link");
        let planned = good.iter().filter_map(|to| to.parse().ok()).map(|recipient| Planned {
            recipient,
            link: link.clone(),
            deadlines: Vec::new(),
            pages: None,
        });
        let decided = Decided {
            body: Body::Text { text: "?".into(), alphabet: Alphabet::Gsm7, udh: Vec::new() },
            changes: Vec::new(),
            segments: 1,
            originator: None,
            priority: Priority::Normal,
            state: State::Queued,
            due_at: Timestamp::UNIX_EPOCH,
            expires_at: Timestamp::UNIX_EPOCH,
            dimensions: Dimensions::default(),
            callback: None,
        };
        Ok(Preview { plan: Plan { decided, recipients: planned.collect(), refused }, trace: Trace::silent() })
    }
}

pub fn record(id: i64, state: State, error: &str) -> MessageRecord {
    let at = "2026-11-23T12:00:00Z".parse().expect("time");
    let message = Message {
        id: MessageId(id),
        submission: SubmissionId(1),
        user: UserName::parse("crm").expect("name"),
        asked_by: None,
        door: domain::message::Door::Telnet,
        recipient: "46701234567".parse().expect("number"),
        originator: None,
        body: Body::Text { text: "Hej".into(), alphabet: Alphabet::Gsm7, udh: Vec::new() },
        flash: false,
        segments: 1,
        priority: Priority::Normal,
        accepted_at: at,
        due_at: at,
        expires_at: at,
        reference: None,
        callback: None,
        dimensions: Dimensions::default(),
    };
    MessageRecord {
        message: Arc::new(message),
        state,
        link: LinkId::parse("TS0").expect("link"),
        parts: domain::message::Parts::default(),
        sent_at: None,
        final_at: None,
        error: error.to_owned(),
        tries: Default::default(),
        possible_duplicate: false,
    }
}

fn received(text: &str) -> MoRecord {
    let mo = domain::mo::Mo {
        id: MoId(81),
        link: LinkId::parse("TS0").expect("link"),
        source: "46709876543".into(),
        destination: "71234".into(),
        text: text.to_owned(),
        binary: Vec::new(),
        segments: 1,
        complete: true,
        received_at: "2026-11-23T11:00:00Z".parse().expect("time"),
    };
    MoRecord { mo, user: None, acknowledged_at: None }
}

/// A query port that knows message 4711, delivered, and one received message.
pub fn library() -> MockQueryMessages {
    let mut query = MockQueryMessages::new();
    query.expect_status().returning(|_, id| match id {
        MessageId(4711) => Ok(record(4711, State::Delivered, "")),
        MessageId(4712) => Ok(record(4712, State::Failed, "no_route \u{1b}[31mred")),
        _ => Err(Refusal::new(Code::NotFound)),
    });
    query.expect_cancel().returning(|_, id| match id {
        MessageId(4711) => {
            Err(Refusal { code: Code::NotCancellable, field: None, detail: "delivered".into() })
        }
        _ => Ok(State::Cancelled),
    });
    query
        .expect_inbox()
        .returning(|_, _, _| Ok(Page { items: vec![received("Ja\r\n250 tack\u{1b}[2J")], next: None }));
    query
        .expect_acknowledge()
        .returning(|_, id| if id == MoId(81) { Ok(()) } else { Err(Refusal::new(Code::NotFound)) });
    query
}

pub fn ports(desk: &Arc<Desk>) -> Ports {
    let many = |count: Option<i64>| AtomicI64::new(count.unwrap_or(i64::MAX));
    Ports {
        authenticate: Arc::new(Gate { submissions: many(desk.submissions), known_for: many(desk.known_for) }),
        submit: Arc::clone(desk) as _,
        query: Arc::new(library()),
        clock: Arc::new(Stopped),
    }
}

pub fn config() -> Config {
    Config { language: domain::language::Language::English, commands_per_second: 0, ..Config::default() }
}

/// Everything the door says to these octets, given in pieces of `piece` octets; the peer then hangs up.
pub async fn say(config: Config, desk: &Arc<Desk>, from: &str, octets: &[u8], piece: usize) -> Vec<u8> {
    use tokio::io::AsyncReadExt as _;
    let (mut mine, theirs) = tokio::io::duplex(1 << 20);
    let door = Door::new(config, ports(desk));
    let peer = from.parse().expect("ip");
    let talk = tokio::spawn(async move { door.talk(theirs, peer, &CancellationToken::new()).await });
    for part in octets.chunks(piece.max(1)) {
        if mine.write_all(part).await.is_err() {
            break;
        }
        tokio::task::yield_now().await;
    }
    let _ = mine.shutdown().await;
    let mut heard = Vec::new();
    let _ = mine.read_to_end(&mut heard).await;
    let _ = talk.await.expect("no panic");
    heard
}

/// A conversation line by line, as a transcript: `> ` the peer, `< ` the door. After a line that begins with `~` no reply is awaited.
pub async fn transcript(config: Config, desk: &Arc<Desk>, from: &str, lines: &[&str]) -> String {
    let (mine, theirs) = tokio::io::duplex(1 << 20);
    let door = Door::new(config, ports(desk));
    let peer = from.parse().expect("ip");
    let talk = tokio::spawn(async move { door.talk(theirs, peer, &CancellationToken::new()).await });
    let mut mine = BufReader::new(mine);
    let mut text = String::new();
    hear(&mut mine, &mut text).await;
    for line in lines {
        let (silent, line) = line.strip_prefix('~').map_or((false, *line), |rest| (true, rest));
        text.push_str(&format!("> {line}\n"));
        mine.get_mut().write_all(format!("{line}\r\n").as_bytes()).await.expect("write");
        if !silent {
            hear(&mut mine, &mut text).await;
        }
    }
    drop(mine);
    let _ = talk.await.expect("no panic");
    text
}

async fn hear(mine: &mut BufReader<DuplexStream>, text: &mut String) {
    loop {
        let mut line = String::new();
        if mine.read_line(&mut line).await.expect("read") == 0 {
            text.push_str("< (closed)\n");
            return;
        }
        text.push_str(&format!("< {}\n", line.trim_end()));
        if !line.starts_with("214") && line.as_bytes().get(3) == Some(&b' ') {
            return;
        }
    }
}

pub fn texts(desk: &Desk) -> Vec<String> {
    let got = desk.got.lock().expect("lock");
    got.iter()
        .map(|r| match &r.content {
            Content::Text(text) | Content::Headed { text, .. } => format!("{} {text}", r.to.join(",")),
            Content::Binary { .. } => "binary".to_owned(),
        })
        .collect()
}
