//! From a line to a command: SNPP's verbs by at least their first four letters, and our own words.
//!
//! A verb that takes nothing is none when something follows it: HylaFAX sends the second line of a text as a command, and
//! `Send help` in a text must not send anything.

use crate::charset::typed;
use secrecy::SecretString;

/// What a line asks for.
#[derive(Debug, Clone)]
pub enum Command {
    /// Level 1.
    Page(String),
    /// The text in one line.
    Message(String),
    /// The text in many lines.
    Data,
    /// Forget what was entered.
    Reset,
    /// Accept it.
    Send,
    /// Goodbye.
    Quit,
    /// Help, about one verb or all.
    Help(Option<String>),
    /// Name and password.
    Login(String, SecretString),
    /// Priority.
    Level(String),
    /// Flash.
    Alert(String),
    /// A link by name.
    Coverage(String),
    /// Not before.
    Hold(String),
    /// Originator.
    Caller(String),
    /// Subject.
    Subject(String),
    /// Hours it is worth sending.
    Expire(String),
    /// Answers of SEND name tag and pass code.
    TwoWay,
    /// Whether reading is to be reported.
    AckRead(String),
    /// The kind of reply wanted.
    ReplyType(String),
    /// How a tagged message is doing.
    TagStatus(String, String),
    /// Takes a tagged message back.
    Kill(String, String),
    /// A verb of RFC 1861 that has no meaning for SMS.
    NotOffered,
    /// Recipient and text in one line.
    Sms(String, String),
    /// How a message is doing, by its id.
    Status(String),
    /// Received messages.
    Inbox,
    /// A received message is taken care of.
    Acknowledge(String),
    /// Another character set, or which one is in use.
    Charset(Option<String>),
    /// Dialogue on or off.
    Dialog(String),
}

/// Why a line is no command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoCommand {
    /// Unknown or not offered: 500.
    Unknown,
    /// A request of HTTP: whatever follows it was written by a web page, in a browser that may be known by its address.
    Web,
    /// Known, but used like this: 550.
    Usage(&'static str),
}

/// How those are written whose values are looked at later.
pub const LEVEL_USAGE: &str = "LEVE 0-8";
/// See [`LEVEL_USAGE`].
pub const ALERT_USAGE: &str = "ALER 0|1";
/// See [`LEVEL_USAGE`].
pub const EXPIRE_USAGE: &str = "EXPT hours (1-8784)";
/// See [`LEVEL_USAGE`].
pub const ACK_READ_USAGE: &str = "ACKR 0|1";
/// See [`LEVEL_USAGE`].
pub const CHARSET_USAGE: &str = "SITE CHARSET utf-8|iso-8859-1";

/// Digits of a whole number: what follows one after a blank does not belong to it.
const WHOLE: usize = 10;

/// Reads what follows a verb.
type Reader = fn(&str) -> Result<Command, NoCommand>;

/// Every verb, written out in full.
const VERBS: &[(&str, Reader)] = &[
    ("PAGER", page),
    ("MESSAGE", |a| needs(a, "MESS text").map(Command::Message)),
    ("DATA", |a| alone(a, Command::Data)),
    ("RESET", |a| alone(a, Command::Reset)),
    ("SEND", |a| alone(a, Command::Send)),
    ("QUIT", |a| alone(a, Command::Quit)),
    ("BYE", |a| alone(a, Command::Quit)),
    ("HELP", |a| Ok(Command::Help(Some(typed(a)).filter(|a| !a.is_empty())))),
    ("LOGIN", login),
    ("LEVEL", |a| needs(a, LEVEL_USAGE).map(Command::Level)),
    ("ALERT", |a| needs(a, ALERT_USAGE).map(Command::Alert)),
    ("COVERAGE", |a| needs(a, "COVE link").map(Command::Coverage)),
    ("HOLDUNTIL", |a| needs(a, "HOLD YYMMDDHHMMSS [+zone]").map(Command::Hold)),
    ("CALLERID", |a| needs(a, "CALL originator").map(Command::Caller)),
    ("SUBJECT", |a| needs(a, "SUBJ text").map(Command::Subject)),
    ("EXPTAG", |a| needs(a, EXPIRE_USAGE).map(Command::Expire)),
    ("2WAY", |a| alone(a, Command::TwoWay)),
    ("ACKREAD", |a| needs(a, ACK_READ_USAGE).map(Command::AckRead)),
    ("RTYPE", |a| needs(a, "RTYP NONE").map(Command::ReplyType)),
    ("MSTATUS", |a| pair(a, "MSTA tag pass").map(|(t, p)| Command::TagStatus(t, p))),
    ("KTAG", |a| pair(a, "KTAG tag pass").map(|(t, p)| Command::Kill(t, p))),
    ("PING", |_| Ok(Command::NotOffered)),
    ("NOQUEUEING", |_| Ok(Command::NotOffered)),
    ("MCRESPONSE", |_| Ok(Command::NotOffered)),
    ("SITE", site),
    ("SMS", sms),
    ("STATUS", |a| needs(a, "STATUS id").map(Command::Status)),
    ("INBOX", inbox),
];

/// Reads a line without its end.
///
/// # Errors
/// [`NoCommand`].
pub fn parse(line: &str) -> Result<Command, NoCommand> {
    let (verb, rest) = split(line);
    let verb = typed(verb).to_ascii_uppercase();
    let is = |full: &str| verb.len() >= 4.min(full.len()) && full.starts_with(&verb);
    let none = if is_web(rest) { NoCommand::Web } else { NoCommand::Unknown };
    VERBS.iter().find(|(full, _)| is(full)).map_or(Err(none), |(_, read)| read(rest))
}

/// Whether what follows a verb that is not ours is the rest of a request line (RFC 9112 3): `/path HTTP/1.1`.
fn is_web(rest: &str) -> bool {
    rest.rsplit_once(' ').is_some_and(|(_, last)| last.starts_with("HTTP/"))
}

fn split(line: &str) -> (&str, &str) {
    let line = line.trim();
    line.split_once(' ').map_or((line, ""), |(verb, rest)| (verb, rest.trim()))
}

fn needs(argument: &str, usage: &'static str) -> Result<String, NoCommand> {
    let argument = typed(argument);
    if argument.trim().is_empty() { Err(NoCommand::Usage(usage)) } else { Ok(argument.trim().to_owned()) }
}

fn alone(argument: &str, command: Command) -> Result<Command, NoCommand> {
    if typed(argument).trim().is_empty() { Ok(command) } else { Err(NoCommand::Unknown) }
}

fn pair(argument: &str, usage: &'static str) -> Result<(String, String), NoCommand> {
    let argument = typed(argument);
    let mut words = argument.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some(tag), Some(pass), None) => Ok((tag.to_owned(), pass.to_owned())),
        _ => Err(NoCommand::Usage(usage)),
    }
}

fn login(argument: &str) -> Result<Command, NoCommand> {
    let (user, password) = split(argument);
    let (user, password) = (typed(user), typed(password));
    if user.is_empty() {
        Err(NoCommand::Usage("LOGI user password"))
    } else {
        Ok(Command::Login(user, SecretString::from(password)))
    }
}

/// A number, with blanks in it or none. RFC 1861 lets a PIN follow it: here it would become a part of the number, so it is refused.
fn page(argument: &str) -> Result<Command, NoCommand> {
    const USAGE: &str = "PAGE number (one in each line, no PIN)";
    let to = needs(argument, USAGE)?;
    match to.split_once(' ') {
        Some((first, _)) if digits(first) >= WHOLE => Err(NoCommand::Usage(USAGE)),
        _ => Ok(Command::Page(to)),
    }
}

fn digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

/// `SMS 0701234567 text`, `SMS "070-123 45 67" text`, several numbers with commas between.
fn sms(argument: &str) -> Result<Command, NoCommand> {
    const USAGE: NoCommand = NoCommand::Usage("SMS number text (a number with blanks stands in \"quotes\")");
    let (to, text) = match argument.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or(USAGE)?,
        None => argument.split_at_checked(end_of_numbers(argument)).ok_or(USAGE)?,
    };
    let (to, text) = (typed(to), typed(text.strip_prefix(' ').unwrap_or(text)));
    let (to, text) = (to.trim(), text.trim());
    if to.is_empty() || text.is_empty() || (!argument.starts_with('"') && is_cut(to, text)) {
        Err(USAGE)
    } else {
        Ok(Command::Sms(to.to_owned(), text.to_owned()))
    }
}

/// Where the list of numbers ends: at the first blank that no comma stands before.
fn end_of_numbers(argument: &str) -> usize {
    let ends = |at: usize| !argument.get(..at).is_some_and(|before| before.trim_end().ends_with([',', ';']));
    argument.match_indices(' ').map(|(at, _)| at).find(|at| ends(*at)).unwrap_or(argument.len())
}

/// Whether the last number seems to go on after the blank, `070-123 45 67 Hello`: half of it would be somebody else's.
fn is_cut(to: &str, text: &str) -> bool {
    let last = to.rsplit([',', ';']).next().unwrap_or(to).trim();
    let next = text.split(' ').next().unwrap_or_default();
    let goes_on = digits(next) > 0 && next.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    last.starts_with(['0', '+']) && digits(last) < WHOLE && goes_on
}

fn inbox(argument: &str) -> Result<Command, NoCommand> {
    let argument = typed(argument);
    match split(&argument) {
        ("", _) => Ok(Command::Inbox),
        (word, id) if word.eq_ignore_ascii_case("ack") => needs(id, "INBOX ACK id").map(Command::Acknowledge),
        _ => Err(NoCommand::Usage("INBOX, INBOX ACK id")),
    }
}

/// Our extensions. What is not known is 500: HylaFAX asks `SITE HELP NOTIFY` and leaves SITE alone after that.
fn site(argument: &str) -> Result<Command, NoCommand> {
    let (word, rest) = split(argument);
    match typed(word).to_ascii_uppercase().as_str() {
        "CHARSET" => Ok(Command::Charset(Some(typed(rest)).filter(|name| !name.is_empty()))),
        "FROM" => needs(rest, "SITE FROM originator").map(Command::Caller),
        "STATUS" => needs(rest, "SITE STATUS id").map(Command::Status),
        "INBOX" => inbox(rest),
        "DIALOG" => needs(rest, "SITE DIALOG ON|OFF").map(Command::Dialog),
        _ => Err(NoCommand::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str) -> String {
        match parse(line) {
            Ok(Command::Login(user, _)) => format!("Login {user}"),
            Ok(command) => format!("{command:?}"),
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn verbs() {
        let cases = [
            ("PAGE 0701234567", r#"Page("0701234567")"#),
            ("pager 070 123", r#"Page("070 123")"#),
            ("  Message  Hej  du ", r#"Message("Hej  du")"#),
            ("MESS", r#"Usage("MESS text")"#),
            ("PAG 070", "Unknown"),
            ("PAGERS 070", "Unknown"),
            ("", "Unknown"),
            ("SEND", "Send"),
            ("Send help now", "Unknown"),
            ("quit smoking", "Unknown"),
            ("bye", "Quit"),
            ("LOGI crm secret word", "Login crm"),
            ("2way", "TwoWay"),
            ("MSTA 12 345678", r#"TagStatus("12", "345678")"#),
            ("MSTA 12", r#"Usage("MSTA tag pass")"#),
            ("STAT 12", r#"Status("12")"#),
            ("SMS 070123 Hej du", r#"Sms("070123", "Hej du")"#),
            ("SMS \"070-123 45 67\" Hej du", r#"Sms("070-123 45 67", "Hej du")"#),
            ("SMS 070123456\u{8}5 Hejj\u{8} du", r#"Sms("070123455", "Hej du")"#),
            ("MESS \u{8}\u{8}\u{8}\u{8}\u{8}\u{8}SEND", r#"Message("SEND")"#),
            ("MSES\u{8}\u{8}\u{8}ESS Hej", r#"Message("Hej")"#),
            ("SMS 070123 \u{8}\u{8}\u{8}\u{8}ja Hej", r#"Sms("070123", "ja Hej")"#),
            ("SMS 0701234567, 0702345678 Hej", r#"Sms("0701234567, 0702345678", "Hej")"#),
            ("SMS 0701234567 112 rings", r#"Sms("0701234567", "112 rings")"#),
            ("SMS 71234 45 67", r#"Sms("71234", "45 67")"#),
            ("PAGE 070-123 45 67", r#"Page("070-123 45 67")"#),
            ("SMS 070123", "Usage(\"SMS number text (a number with blanks stands in \\\"quotes\\\")\")"),
            ("SITE HELP NOTIFY", "Unknown"),
            ("site charset latin1", r#"Charset(Some("latin1"))"#),
            ("INBOX ACK 12", r#"Acknowledge("12")"#),
            ("PING 070", "NotOffered"),
            ("åäö", "Unknown"),
        ];
        for (line, expected) in cases {
            assert_eq!(check(line), expected, "{line}");
        }
        for cut in [
            "SMS 070-123 45 67 Hej",
            "SMS +46 70 123 45 67 Hej",
            "SMS 0702345678,070-123 45 67 Hej",
            "SMS 0701234567,",
            "PAGE 0701234567 1234",
        ] {
            assert!(check(cut).starts_with("Usage("), "{cut}: {}", check(cut));
        }
    }
}
