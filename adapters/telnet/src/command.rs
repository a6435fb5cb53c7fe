//! From a line to a command: SNPP's verbs by at least their first four letters, and our own words.
//!
//! A verb that takes nothing is none when something follows it: HylaFAX sends the second line of a text as a command, and
//! `Send help` in a text must not send anything.

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
    /// Known, but used like this: 550.
    Usage(&'static str),
}

/// Reads what follows a verb.
type Reader = fn(&str) -> Result<Command, NoCommand>;

/// Every verb, written out in full.
const VERBS: &[(&str, Reader)] = &[
    ("PAGER", |a| needs(a, "PAGE number").map(Command::Page)),
    ("MESSAGE", |a| needs(a, "MESS text").map(Command::Message)),
    ("DATA", |a| alone(a, Command::Data)),
    ("RESET", |a| alone(a, Command::Reset)),
    ("SEND", |a| alone(a, Command::Send)),
    ("QUIT", |a| alone(a, Command::Quit)),
    ("BYE", |a| alone(a, Command::Quit)),
    ("HELP", |a| Ok(Command::Help((!a.is_empty()).then(|| a.to_owned())))),
    ("LOGIN", login),
    ("LEVEL", |a| needs(a, "LEVE 0-11").map(Command::Level)),
    ("ALERT", |a| needs(a, "ALER 0|1").map(Command::Alert)),
    ("COVERAGE", |a| needs(a, "COVE link").map(Command::Coverage)),
    ("HOLDUNTIL", |a| needs(a, "HOLD YYMMDDHHMMSS [+zone]").map(Command::Hold)),
    ("CALLERID", |a| needs(a, "CALL originator").map(Command::Caller)),
    ("SUBJECT", |a| needs(a, "SUBJ text").map(Command::Subject)),
    ("EXPTAG", |a| needs(a, "EXPT hours").map(Command::Expire)),
    ("2WAY", |a| alone(a, Command::TwoWay)),
    ("ACKREAD", |a| needs(a, "ACKR 0|1").map(Command::AckRead)),
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
    let verb = verb.to_ascii_uppercase();
    let is = |full: &str| verb.len() >= 4.min(full.len()) && full.starts_with(&verb);
    VERBS.iter().find(|(full, _)| is(full)).map_or(Err(NoCommand::Unknown), |(_, read)| read(rest))
}

fn split(line: &str) -> (&str, &str) {
    let line = line.trim();
    line.split_once(' ').map_or((line, ""), |(verb, rest)| (verb, rest.trim()))
}

fn needs(argument: &str, usage: &'static str) -> Result<String, NoCommand> {
    if argument.is_empty() { Err(NoCommand::Usage(usage)) } else { Ok(argument.to_owned()) }
}

fn alone(argument: &str, command: Command) -> Result<Command, NoCommand> {
    if argument.is_empty() { Ok(command) } else { Err(NoCommand::Unknown) }
}

fn pair(argument: &str, usage: &'static str) -> Result<(String, String), NoCommand> {
    let mut words = argument.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some(tag), Some(pass), None) => Ok((tag.to_owned(), pass.to_owned())),
        _ => Err(NoCommand::Usage(usage)),
    }
}

fn login(argument: &str) -> Result<Command, NoCommand> {
    let (user, password) = split(argument);
    if user.is_empty() {
        Err(NoCommand::Usage("LOGI user password"))
    } else {
        Ok(Command::Login(user.to_owned(), SecretString::from(password)))
    }
}

/// `SMS 0701234567 text`, `SMS "070-123 45 67" text`, several numbers with commas between.
fn sms(argument: &str) -> Result<Command, NoCommand> {
    const USAGE: NoCommand = NoCommand::Usage("SMS number text (a number with blanks stands in \"quotes\")");
    let (to, text) = match argument.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or(USAGE)?,
        None => argument.split_once(' ').ok_or(USAGE)?,
    };
    let (to, text) = (to.trim(), text.trim());
    if to.is_empty() || text.is_empty() {
        Err(USAGE)
    } else {
        Ok(Command::Sms(to.to_owned(), text.to_owned()))
    }
}

fn inbox(argument: &str) -> Result<Command, NoCommand> {
    match split(argument) {
        ("", _) => Ok(Command::Inbox),
        (word, id) if word.eq_ignore_ascii_case("ack") => needs(id, "INBOX ACK id").map(Command::Acknowledge),
        _ => Err(NoCommand::Usage("INBOX, INBOX ACK id")),
    }
}

/// Our extensions. What is not known is 500: HylaFAX asks `SITE HELP NOTIFY` and leaves SITE alone after that.
fn site(argument: &str) -> Result<Command, NoCommand> {
    let (word, rest) = split(argument);
    match word.to_ascii_uppercase().as_str() {
        "CHARSET" => Ok(Command::Charset((!rest.is_empty()).then(|| rest.to_owned()))),
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
    }
}
