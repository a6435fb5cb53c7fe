//! A peer that keeps a transcript, and ports that answer as a test tells them.

use async_trait::async_trait;
use domain::Timestamp;
use domain::access::Sender;
use domain::directory::{LinkId, User, UserName};
use domain::message::{Body, Dimensions, MessageId, Priority, SubmissionId};
use domain::refusal::{Code, Refusal};
use domain::state::State;
use domain::submission::{
    Accepted, AcceptedMessage, Content, Decided, Plan, Planned, RefusedRecipient, Request,
};
use domain::text::Alphabet;
use domain::trace::Trace;
use net::{ListenOptions, Listener};
use ports::driving::{Authenticate, Credentials, Preview, SubmitMessages};
use smtp::relay::MailRelay;
use smtp::{Config, Door, MailDomain, OpenDoor, Ports};
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpStream;

/// Lets `crm` with `secret` in, and mail from anybody at example.se, to submit so many times; then knows him for so many questions.
pub struct Gate {
    submissions: AtomicI64,
    known_for: AtomicI64,
}

fn crm(door: domain::message::Door) -> Sender {
    let mut user = User::named(UserName::parse("crm").expect("name"));
    user.mail_from = vec!["@example.se".into()];
    Sender::internal(Arc::new(user), door)
}

#[async_trait]
impl Authenticate for Gate {
    async fn authenticate(
        &self,
        shown: &Credentials,
        _: IpAddr,
        door: domain::message::Door,
    ) -> Result<Sender, Refusal> {
        use secrecy::ExposeSecret as _;
        match shown {
            Credentials::Password { user, password }
                if user == "crm" && password.expose_secret() == "secret" =>
            {
                Ok(crm(door))
            }
            _ => Err(Refusal::new(Code::NotAuthenticated)),
        }
    }
    async fn authenticate_mail(&self, from: &str, _: IpAddr) -> Result<Sender, Refusal> {
        if from.ends_with("@example.se") {
            Ok(crm(domain::message::Door::Smtp))
        } else {
            Err(Refusal::new(Code::NotAuthenticated))
        }
    }
    fn again(&self, sender: &Sender, _: IpAddr) -> Result<Sender, Refusal> {
        let left = self.known_for.fetch_sub(1, Ordering::Relaxed);
        if left > 0 { Ok(sender.clone()) } else { Err(Refusal::new(Code::NotAuthenticated)) }
    }
    fn pace(&self, sender: &Sender, peer: IpAddr) -> Result<Sender, Refusal> {
        let sender = self.again(sender, peer)?;
        let left = self.submissions.fetch_sub(1, Ordering::Relaxed);
        if left > 0 { Ok(sender) } else { Err(Refusal::too_often(std::time::Duration::from_secs(1))) }
    }
}

/// Accepts everything but numbers that begin with `9` (at RCPT) or `8` (later); keeps what it got. `074` is a numeric pager's.
#[derive(Default)]
pub struct Desk {
    pub got: Mutex<Vec<Request>>,
    pub refuse: Option<Code>,
    /// Submissions a caller has, when they are counted.
    pub submissions: Option<i64>,
    /// Questions after which nobody is known any more.
    pub known_for: Option<i64>,
    pub next: AtomicI64,
}

fn sort_out(request: &Request, bad: &[char]) -> Result<(Vec<String>, Vec<RefusedRecipient>), Refusal> {
    let (bad, good): (Vec<_>, Vec<_>) = request.to.iter().cloned().partition(|to| to.starts_with(bad));
    let refusal = Refusal::field(Code::InvalidNumber, "to", "9");
    if good.is_empty() {
        return Err(refusal);
    }
    Ok((good, bad.into_iter().map(|input| RefusedRecipient { input, refusal: refusal.clone() }).collect()))
}

fn digits_for_pagers(request: &Request) -> Result<(), Refusal> {
    let digits = matches!(&request.content, Content::Text(text) if text.bytes().all(|b| b.is_ascii_digit()));
    let pager = request.to.iter().any(|to| to.starts_with("074"));
    if pager && !digits { Err(Refusal::field(Code::PagerDigitsOnly, "text", "")) } else { Ok(()) }
}

#[async_trait]
impl SubmitMessages for Desk {
    async fn submit(&self, _: &Sender, request: Request) -> Result<Accepted, Refusal> {
        if let Some(code) = self.refuse {
            return Err(Refusal::new(code));
        }
        let (good, refused) = sort_out(&request, &['8', '9'])?;
        digits_for_pagers(&request)?;
        let mut got = self.got.lock().expect("lock");
        let key = request.idempotency_key.clone();
        let repeated = key.is_some() && got.iter().any(|earlier| earlier.idempotency_key == key);
        got.push(request);
        let messages = good.into_iter().map(|to| AcceptedMessage {
            id: MessageId(self.next.fetch_add(1, Ordering::Relaxed) + 4711),
            to,
            segments: 1,
            alphabet: Alphabet::Gsm7,
            state: State::Queued,
        });
        Ok(Accepted::after_commit(SubmissionId(77), messages.collect(), refused, repeated))
    }
    async fn preview(&self, _: &Sender, request: Request) -> Result<Preview, Refusal> {
        let (good, refused) = sort_out(&request, &['9'])?;
        digits_for_pagers(&request)?;
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

pub fn config() -> Config {
    Config {
        domains: vec![MailDomain::named("sms.example.se"), MailDomain::named("larm.example.se")],
        max_errors: 10,
        ..Config::default()
    }
}

pub async fn open(config: Config, desk: &Arc<Desk>, relay: Option<Arc<MailRelay>>) -> OpenDoor {
    let listener = Listener::bind("127.0.0.1:0", ListenOptions { name: "smtp", ..ListenOptions::default() })
        .await
        .expect("listener");
    let many = |count: Option<i64>| AtomicI64::new(count.unwrap_or(i64::MAX));
    let gate = Gate { submissions: many(desk.submissions), known_for: many(desk.known_for) };
    Door::new(config, Ports { authenticate: Arc::new(gate), submit: Arc::clone(desk) as _, relay })
        .start(listener)
        .expect("open")
}

/// Reads one reply, all lines of it; empty at the end.
pub async fn hear<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> String {
    let mut reply = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return reply;
        }
        reply.push_str(&line);
        if line.as_bytes().get(3) == Some(&b' ') {
            return reply;
        }
    }
}

/// A conversation: each piece is sent as it is, then one reply awaited.
pub async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    pieces: &[&str],
) -> String {
    let mut text = String::new();
    for piece in pieces {
        for line in piece.lines() {
            text.push_str(&format!("> {line}\n"));
        }
        stream.get_mut().write_all(piece.as_bytes()).await.expect("write");
        let reply = hear(stream).await;
        for line in reply.lines() {
            text.push_str(&format!("< {line}\n"));
        }
        if reply.is_empty() {
            text.push_str("< (closed)\n");
            break;
        }
    }
    text
}

/// A conversation with a door of its own.
pub async fn transcript(config: Config, desk: &Arc<Desk>, pieces: &[&str]) -> String {
    let handle = open(config, desk, None).await;
    let mut stream = BufReader::new(TcpStream::connect(handle.address()).await.expect("connected"));
    let banner = hear(&mut stream).await;
    let text = format!("< {banner}{}", converse(&mut stream, pieces).await).replace('\r', "");
    drop(stream);
    handle.stop().await;
    text
}

/// Everything the door says to these octets; the peer then stops writing. Codes only.
pub async fn codes(config: Config, desk: &Arc<Desk>, octets: &[u8]) -> String {
    let handle = open(config, desk, None).await;
    let mut stream = TcpStream::connect(handle.address()).await.expect("connected");
    let _ = stream.write_all(octets).await;
    let _ = stream.shutdown().await;
    let mut heard = Vec::new();
    let _ = stream.read_to_end(&mut heard).await;
    handle.stop().await;
    let text = String::from_utf8_lossy(&heard).into_owned();
    text.lines()
        .filter(|l| l.as_bytes().get(3) == Some(&b' '))
        .filter_map(|l| l.get(..3))
        .collect::<Vec<_>>()
        .join(" ")
}

/// The last line of the reply to a mail of any octets, with a door of its own. Lines of the mail end with LF here.
pub async fn mailed(config: Config, desk: &Arc<Desk>, mail: &[u8]) -> String {
    let handle = open(config, desk, None).await;
    let mut stream = BufReader::new(TcpStream::connect(handle.address()).await.expect("connected"));
    hear(&mut stream).await;
    let pieces = [
        "EHLO x\r\n",
        "MAIL FROM:<a@example.se> BODY=8BITMIME\r\n",
        "RCPT TO:<0701@sms.example.se>\r\n",
        "DATA\r\n",
    ];
    converse(&mut stream, &pieces).await;
    for line in mail.split(|octet| *octet == b'\n') {
        stream.get_mut().write_all(&[line, b"\r\n"].concat()).await.expect("write");
    }
    stream.get_mut().write_all(b".\r\n").await.expect("write");
    let told = hear(&mut stream).await;
    drop(stream);
    handle.stop().await;
    told
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
