//! A real client of each door: octets over a socket, as other people's programs send them. Knows nothing of the gateway's inside.

use super::stage::{DOMAIN, MAIL, Stage, USER};
use anyhow::{Context as _, bail};
use domain::language::Language;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// How long a door may take for anything.
const LIMIT: Duration = Duration::from_secs(10);
/// Callbacks that the one message that asks for them causes: sent, delivered.
pub(super) const CALLBACKS: usize = 2;

/// A way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// `POST /api/v1/messages`
    Json,
    /// `GET /send`
    Form,
    /// `GET /cgi-bin/sendsms`
    Kannel,
    /// `POST /soap/gateway`
    Soap,
    /// One line at the text door.
    Telnet,
    /// The pager protocol, RFC 1861.
    Snpp,
    /// Mail, RFC 5321.
    Mail,
}

/// All of them, in the order of the show.
pub(super) const DOORS: &[Way] =
    &[Way::Json, Way::Form, Way::Kannel, Way::Soap, Way::Telnet, Way::Snpp, Way::Mail];

impl Way {
    /// Its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Json => "HTTP JSON",
            Self::Form => "HTTP GET",
            Self::Kannel => "Kannel sendsms",
            Self::Soap => "SOAP",
            Self::Telnet => "Telnet",
            Self::Snpp => "SNPP",
            Self::Mail => "SMTP",
        }
    }
}

/// The phone that the message through the so manieth door goes to.
pub(super) fn number(door: usize) -> String {
    format!("4670123450{door}")
}

/// What a phone says.
pub(super) fn phone_text(language: Language) -> &'static str {
    language.pick("Hej Omnigate, är du där? Åäö €", "Hello Omnigate, are you there? Åäö €")
}

/// Sends a message through a door; `Ok` when the door has said that it is accepted.
pub(super) async fn send(way: Way, number: &str, stage: &Stage) -> anyhow::Result<()> {
    let text = format!("{} {}", stage.language.pick("Hej från", "Hello from"), way.name());
    let sent = async {
        match way {
            Way::Json => json(stage.door("http")?, number, &text, &stage.sink.callback_url()).await,
            Way::Form => form(stage.door("http")?, number, &text).await,
            Way::Kannel => kannel(stage.door("http")?, number, &text).await,
            Way::Soap => soap(stage.door("http")?, number, &text).await,
            Way::Telnet => telnet(stage.door("telnet")?, number, &text).await,
            Way::Snpp => snpp(stage.door("telnet")?, number, &text).await,
            Way::Mail => mail(stage.door("smtp")?, number, &text).await,
        }
    };
    tokio::time::timeout(LIMIT, sent).await.context("no answer in time")?
}

fn client() -> anyhow::Result<reqwest::Client> {
    Ok(reqwest::Client::builder().no_proxy().timeout(LIMIT).build()?)
}

async fn answered(request: reqwest::RequestBuilder, good: &str) -> anyhow::Result<()> {
    let response = request.send().await?;
    let status = response.status();
    let body = response.text().await?;
    if status.is_success() && body.contains(good) {
        return Ok(());
    }
    bail!("{status}: {}", body.trim().chars().take(300).collect::<String>())
}

async fn json(door: SocketAddr, number: &str, text: &str, callback: &str) -> anyhow::Result<()> {
    let body = serde_json::json!({ "to": [number], "text": text, "callback_url": callback });
    let request = client()?
        .post(format!("http://{door}/api/v1/messages"))
        .basic_auth(USER, Some(USER))
        .header("content-type", "application/json")
        .body(body.to_string());
    answered(request, "\"messages\"").await
}

fn with_query(door: SocketAddr, path: &str, pairs: &[(&str, &str)]) -> anyhow::Result<url::Url> {
    Ok(url::Url::parse_with_params(&format!("http://{door}{path}"), pairs)?)
}

async fn form(door: SocketAddr, number: &str, text: &str) -> anyhow::Result<()> {
    let pairs = [("username", USER), ("password", USER), ("numbers", number), ("text", text)];
    answered(client()?.get(with_query(door, "/send", &pairs)?), "OK ").await
}

async fn kannel(door: SocketAddr, number: &str, text: &str) -> anyhow::Result<()> {
    let pairs = [("username", USER), ("password", USER), ("to", number), ("text", text)];
    answered(client()?.get(with_query(door, "/cgi-bin/sendsms", &pairs)?), "Accepted").await
}

async fn soap(door: SocketAddr, number: &str, text: &str) -> anyhow::Result<()> {
    // SOAP 1.1; the text holds nothing that XML would mind.
    let body = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>\
         <SendSms xmlns=\"urn:omnigate:gateway:1\"><username>{USER}</username><password>{USER}</password>\
         <to>{number}</to><text>{text}</text></SendSms></s:Body></s:Envelope>"
    );
    let request = client()?
        .post(format!("http://{door}/soap/gateway"))
        .header("content-type", "text/xml; charset=utf-8")
        .header("soapaction", "\"urn:omnigate:gateway:1/SendSms\"")
        .body(body);
    answered(request, "SendSmsResponse").await
}

/// A talk in lines: say, then hear an answer that begins as it should.
struct Talk {
    stream: BufReader<TcpStream>,
}

impl Talk {
    async fn open(door: SocketAddr, greeting: &str) -> anyhow::Result<Self> {
        let mut talk = Self { stream: BufReader::new(TcpStream::connect(door).await?) };
        talk.hear(greeting).await?;
        Ok(talk)
    }

    async fn say(&mut self, line: &str, answer: &str) -> anyhow::Result<()> {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await?;
        self.hear(answer).await
    }

    /// Hears the last line of an answer: its code has no dash after it.
    async fn hear(&mut self, answer: &str) -> anyhow::Result<()> {
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).await? == 0 {
                bail!("the door closed");
            }
            let line = line.trim_end();
            if line.as_bytes().get(3) == Some(&b'-') {
                continue;
            }
            return if line.starts_with(answer) { Ok(()) } else { bail!("{line}") };
        }
    }
}

async fn telnet(door: SocketAddr, number: &str, text: &str) -> anyhow::Result<()> {
    let mut talk = Talk::open(door, "220").await?;
    talk.say(&format!("LOGI {USER} {USER}"), "250").await?;
    talk.say(&format!("SMS {number} {text}"), "250").await?;
    talk.say("BYE", "221").await
}

async fn snpp(door: SocketAddr, number: &str, text: &str) -> anyhow::Result<()> {
    let mut talk = Talk::open(door, "220").await?;
    talk.say(&format!("LOGI {USER} {USER}"), "250").await?;
    talk.say(&format!("PAGE {number}"), "250").await?;
    talk.say(&format!("MESS {text}"), "250").await?;
    talk.say("SEND", "250").await?;
    talk.say("QUIT", "221").await
}

async fn mail(door: SocketAddr, number: &str, text: &str) -> anyhow::Result<()> {
    let mut talk = Talk::open(door, "220").await?;
    talk.say("EHLO demo.example.se", "250").await?;
    talk.say(&format!("MAIL FROM:<{MAIL}>"), "250").await?;
    talk.say(&format!("RCPT TO:<{number}@{DOMAIN}>"), "250").await?;
    talk.say("DATA", "354").await?;
    // The subject stands before the text of the SMS; a header has to be ASCII.
    let letter = format!(
        "From: {MAIL}\r\nTo: {number}@{DOMAIN}\r\nSubject: Demo:\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n."
    );
    talk.say(&letter, "250").await?;
    talk.say("QUIT", "221").await
}
