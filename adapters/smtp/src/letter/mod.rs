//! From the octets of a mail (RFC 5322, MIME) to what matters of it: who, what, and whether a machine answered a machine.

mod body;
mod charset;
mod dos;
mod entity;
mod flowed;
mod html;
mod link;
mod subject;
mod tag;
mod unseen;

use crate::config::MailDomain;
use crate::template::Template;
use crate::trim::{self, Line};
use mail_parser::{Address, HeaderName, HeaderValue, Message, MessageParser, MessagePart, PartType};
use subject::Kind;

/// Parts of a mail, nested ones counted.
const MOST_PARTS: usize = 100;

/// Parts within parts.
const DEEPEST: usize = 10;

/// The header every mail of ours carries: it stops loops.
pub const OWN_HEADER: &str = "X-Omnigate-Id";

/// What the subject of a received SMS's mail begins with, in Swedish and in English.
pub const OWN_SUBJECTS: [&str; 2] = ["SMS från", "SMS from"];

/// Why a mail cannot become a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LetterError {
    /// It has no head at all.
    #[error("the mail cannot be read")]
    Unreadable,
    /// Too many parts or too deep.
    #[error("the mail has too many parts: {MOST_PARTS} in {DEEPEST} levels are taken")]
    TooManyParts,
    /// Its text is in it in a form that only its recipient's own program can open.
    #[error("{0}")]
    Sealed(&'static str),
    /// It was made by a machine in answer to something.
    #[error("automatic replies, reports and mailings do not become SMS ({0})")]
    Automatic(&'static str),
}

/// Who a mail says it is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Author {
    /// It names no address.
    Nobody,
    /// The address of its `From:`, or of its `Sender:` when it has several authors.
    Address(String),
    /// It names several and does not say who sends, or a group.
    Unclear,
}

/// What matters of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Who it says it is from.
    pub author: Author,
    /// Its Message-ID without brackets.
    pub message_id: Option<String>,
    /// Its subject.
    pub subject: String,
    /// Its body as lines of text, HTML removed.
    pub body: Vec<Line>,
}

impl Letter {
    /// Reads a mail. `take_generated`: what an alarm system marks `Auto-Submitted: auto-generated` is taken.
    ///
    /// # Errors
    /// [`LetterError`].
    pub fn read(mail: &[u8], take_generated: bool) -> Result<Self, LetterError> {
        let message = MessageParser::default().parse(mail).ok_or(LetterError::Unreadable)?;
        let mut parts = 0;
        if !within_limits(&message.parts, 0, &mut parts) || parts > MOST_PARTS {
            return Err(LetterError::TooManyParts);
        }
        if let Some(why) = automatic(&message, take_generated) {
            return Err(LetterError::Automatic(why));
        }
        let body = body::body_of(&message);
        if let Some(why) = body::sealed(&message, &body) {
            return Err(LetterError::Sealed(why));
        }
        Ok(Self {
            author: author_of(&message),
            message_id: message.message_id().map(ToOwned::to_owned),
            subject: charset::subject(&message),
            body: trim::without_pgp(body),
        })
    }

    /// The text it becomes in a domain, by its template or by one of the sender's own.
    #[must_use]
    pub fn text(&self, domain: &MailDomain, own: Option<&Template>, sender: &str) -> String {
        let body = self.written(domain);
        let body = body.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n");
        let subject = if subject::answers_an_sms(&self.subject) { "" } else { &self.subject };
        own.unwrap_or(&domain.template).text(subject, &body, sender)
    }

    /// The body without what the domain leaves out. What would leave nothing of it is left in, but for the earlier mail in an answer: an alarm
    /// that is passed on, or that looks like a quotation, must not arrive as its subject alone.
    fn written(&self, domain: &MailDomain) -> Vec<Line> {
        let unsigned = |body: Vec<Line>| {
            if domain.cut_signature { trim::without_signature(body) } else { body }
        };
        if !domain.cut_quotes {
            return unsigned(self.body.clone());
        }
        let written = unsigned(trim::without_quotes(self.body.clone()));
        if written.iter().any(|line| !line.text.trim().is_empty()) {
            return written;
        }
        match subject::kind(&self.subject) {
            Kind::Answer => written,
            Kind::Forward => unsigned(trim::forwarded(&self.body)),
            Kind::Own => unsigned(self.body.clone()),
        }
    }
}

fn within_limits(parts: &[MessagePart<'_>], depth: usize, count: &mut usize) -> bool {
    *count += parts.len();
    if depth > DEEPEST || *count > MOST_PARTS {
        return false;
    }
    parts.iter().all(|part| match &part.body {
        PartType::Message(inner) => within_limits(&inner.parts, depth + 1, count),
        PartType::Multipart(_) => nesting(parts, part, 0) <= DEEPEST,
        _ => true,
    })
}

fn nesting(parts: &[MessagePart<'_>], part: &MessagePart<'_>, depth: usize) -> usize {
    match &part.body {
        PartType::Multipart(children) if depth <= DEEPEST => {
            let children = children.iter().filter_map(|n| parts.get(usize::try_from(*n).ok()?));
            children.map(|child| nesting(parts, child, depth + 1)).max().unwrap_or(depth)
        }
        _ => depth,
    }
}

/// Several authors are fine when `Sender:` says which of them, or who else, sends (RFC 5322, 3.6.2). Two such lines, a group, or a line that
/// nobody can read are not.
fn author_of(message: &Message<'_>) -> Author {
    let lines: Vec<_> = message.header_values(HeaderName::From).collect();
    let [line] = lines.as_slice() else {
        return if lines.is_empty() { Author::Nobody } else { Author::Unclear };
    };
    let addresses = match line {
        HeaderValue::Address(Address::List(list)) => {
            list.iter().filter_map(|a| a.address.as_deref()).collect::<Vec<_>>()
        }
        HeaderValue::Address(Address::Group(_)) => return Author::Unclear,
        _ => Vec::new(),
    };
    let sender = match message.sender() {
        Some(Address::List(list)) => match list.as_slice() {
            [one] => one.address.as_deref(),
            _ => None,
        },
        _ => None,
    };
    match (addresses.as_slice(), sender) {
        // The local name that cron gives (`root (Cron Daemon)`) is no address either.
        (names, _) if !names.iter().any(|name| name.contains('@')) => Author::Nobody,
        (&[one], _) | (_, Some(one)) => Author::Address(one.trim().to_owned()),
        _ => Author::Unclear,
    }
}

/// Why it is not a person's or a system's own mail (RFC 3834, and what was used before it).
fn automatic(message: &Message<'_>, take_generated: bool) -> Option<&'static str> {
    let header = |name: &'static str| {
        let value = message.header_raw(HeaderName::Other(name.into())).or_else(|| {
            message.headers_raw().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        });
        value.map(|v| v.trim().to_ascii_lowercase())
    };
    if header(OWN_HEADER).is_some() {
        return Some("it came from this gateway");
    }
    let fine = |v: &str| v.starts_with("no") || (take_generated && v.starts_with("auto-generated"));
    if header("Auto-Submitted").is_some_and(|v| !fine(&v)) {
        return Some("Auto-Submitted");
    }
    if header("Precedence").is_some_and(|v| matches!(v.as_str(), "bulk" | "list" | "junk" | "auto_reply")) {
        return Some("Precedence");
    }
    let replied = header("X-Auto-Response-Suppress").is_some() && header("In-Reply-To").is_some();
    if replied || header("X-Autoreply").is_some() || header("X-Autorespond").is_some() {
        return Some("it is an automatic reply");
    }
    let report = header("Content-Type").is_some_and(|v| v.starts_with("multipart/report"));
    report.then_some("it is a report")
}
