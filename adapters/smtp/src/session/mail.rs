//! One mail: sender, recipients, content (RFC 5321, 3.3). The answer after the content tells what became of every recipient.

use super::{Ask, Code, Letter, Refusal, Reply, Session, Step, Waiting, say};
use crate::config::FromPolicy;
use crate::letter::Author;
use crate::wire::DataFault;
use domain::access::Sender;
use domain::message::Callback;
use domain::submission::{Accepted, Request};
use sha2::{Digest as _, Sha256};
use smtp_proto::MailFrom;

/// What a recipient is looked at with before the text is known: every kind takes it, numeric pagers too.
const ANY_TEXT: &str = "0";

/// A mail in the making.
#[derive(Debug)]
pub(super) struct Transaction {
    from: String,
    sender: Sender,
    numbers: Vec<String>,
    /// Recipients that were refused.
    refused: usize,
    domain: String,
}

impl Session {
    pub(super) fn mail_from(&mut self, from: MailFrom<String>) -> Step {
        if self.transaction.is_some() {
            return say(503, "5.5.1", "there is a mail already, RSET starts over");
        }
        if from.size > self.config.max_message {
            return self.too_large();
        }
        if from.address.is_empty() {
            return say(550, "5.7.1", "reports and automatic mail (null sender) do not become SMS");
        }
        if from.address.len() > 254 || from.address.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return say(553, "5.1.7", "the sender's address cannot be read");
        }
        match self.sender.clone() {
            Some(sender) => self.ask(Waiting::MailAgain(from.address), Ask::Again(sender)),
            None => self.ask(Waiting::Mail(from.address.clone()), Ask::EnterMail(from.address)),
        }
    }

    pub(super) fn known_sender(&mut self, from: String, entered: Result<Sender, Refusal>) -> Step {
        match entered {
            Ok(sender) => self.begin(from, sender),
            Err(refusal) => Step::Say(Reply::refusal(&refusal)),
        }
    }

    /// Who logged in, as he is now.
    pub(super) fn still_known(&mut self, from: String, entered: Result<Sender, Refusal>) -> Step {
        match entered {
            Ok(sender) if may_send_as(&sender, &from) => self.begin(from, sender),
            Ok(_) => say(550, "5.7.1", "you may not send from that address"),
            Err(refusal) => turned_away(&refusal),
        }
    }

    fn begin(&mut self, from: String, sender: Sender) -> Step {
        self.transaction =
            Some(Transaction { from, sender, numbers: Vec::new(), refused: 0, domain: String::new() });
        say(250, "2.1.0", "sender ok")
    }

    pub(super) fn rcpt_to(&mut self, address: &str) -> Step {
        let Some(transaction) = &self.transaction else { return say(503, "5.5.1", "say MAIL first") };
        let Some((number, name)) = address.rsplit_once('@').filter(|(number, _)| !number.is_empty()) else {
            return say(550, "5.1.3", "a recipient is number@domain");
        };
        let Some(domain) = self.config.domain(name) else {
            return say(550, "5.7.1", "relaying denied: mail is taken for the domains of this gateway only");
        };
        if transaction.numbers.len() + transaction.refused >= self.config.max_recipients {
            let most = self.config.max_recipients;
            return say(452, "4.5.3", &format!("{most} recipients in one mail, send the rest in another"));
        }
        if !transaction.numbers.is_empty() && transaction.domain != domain.name {
            return say(452, "4.5.3", "one domain in one mail, send the rest in another");
        }
        let (sender, number, domain) = (transaction.sender.clone(), number.to_owned(), domain.name.clone());
        let request = Box::new(Request::text([number.clone()], ANY_TEXT));
        self.ask(Waiting::Recipient { number, domain }, Ask::Check(sender, request))
    }

    /// A refusal is no error, as many as one mail may have recipients: a list may hold numbers that are no more, and the others still get the mail.
    /// Whoever tries numbers and sends nothing is cut off after that.
    pub(super) fn recipient(&mut self, number: String, domain: String, checked: Result<(), Refusal>) -> Step {
        match (checked, &mut self.transaction) {
            (Ok(()), Some(transaction)) => {
                transaction.numbers.push(number);
                transaction.domain = domain;
                say(250, "2.1.5", "recipient ok")
            }
            (Ok(()), None) => say(503, "5.5.1", "say MAIL first"),
            (Err(refusal), transaction) => {
                if let Some(transaction) = transaction {
                    transaction.refused += 1;
                }
                self.refused += 1;
                let step = turned_away(&refusal);
                if self.refused > self.config.max_recipients { self.count(step) } else { step }
            }
        }
    }

    /// A peer that sends the mail before 354 would have it read as commands if DATA were refused: it is told and cut off.
    pub(super) fn data(&mut self, ahead: bool) -> Step {
        if ahead && self.pipelines {
            return Step::End(Reply::new(503, "5.5.0", "wait for the reply to DATA"));
        }
        match &self.transaction {
            None => say(503, "5.5.1", "say MAIL first"),
            Some(transaction) if transaction.numbers.is_empty() => say(554, "5.5.1", "no valid recipients"),
            Some(_) => Step::Gather(Reply::bare(354, vec!["end with a dot alone on a line".to_owned()])),
        }
    }

    /// Takes what came after 354, or why it is not fit to be taken.
    pub fn mail(&mut self, mail: Result<Vec<u8>, DataFault>) -> Step {
        let step = match (mail, self.transaction.take()) {
            (_, None) => say(503, "5.5.1", "say MAIL first"),
            (Err(DataFault::BareEnd), _) => {
                say(554, "5.6.0", "lines end with CRLF and nothing else; smtp.lenient lets old devices in")
            }
            (Err(DataFault::LongLine), _) => {
                let most = self.config.max_line;
                let text = format!(
                    "a line has more than {most} octets with its CRLF: break it, or write quoted-printable or base64"
                );
                say(554, "5.6.0", &text)
            }
            (Err(DataFault::TooLarge), _) => self.too_large(),
            (Err(DataFault::Endless), _) => {
                return Step::End(Reply::new(552, "5.3.4", &format!("{}, goodbye", self.largest())));
            }
            (Ok(mail), Some(transaction)) => self.letter(&mail, transaction),
        };
        self.count(step)
    }

    fn too_large(&self) -> Step {
        say(552, "5.3.4", &self.largest())
    }

    fn largest(&self) -> String {
        format!("the mail is too large: {} octets are taken", self.config.max_message)
    }

    fn letter(&mut self, mail: &[u8], mut transaction: Transaction) -> Step {
        let letter = match Letter::read(mail, self.config.take_generated) {
            Ok(letter) => letter,
            Err(error @ crate::letter::LetterError::Automatic(_)) => {
                return say(550, "5.7.1", &error.to_string());
            }
            Err(error @ crate::letter::LetterError::Sealed(_)) => {
                return say(554, "5.6.1", &error.to_string());
            }
            Err(error) => return say(554, "5.6.0", &error.to_string()),
        };
        if self.config.from_policy == FromPolicy::MustAgree && !agrees(&letter.author, &transaction) {
            return say(550, "5.7.1", "From: is neither who sends nor another address of the same user");
        }
        let Some(domain) = self.config.domain(&transaction.domain) else {
            return say(451, "4.3.0", "the domain is gone, try again later");
        };
        let text = letter.text(domain, self.config.sender_template(&transaction.from), &transaction.from);
        if text.is_empty() {
            return Step::Say(Reply::refusal(&Refusal::new(Code::NoText)));
        }
        // The same mail is the same request, in whatever order its recipients came this time.
        transaction.numbers.sort_unstable();
        let once = letter.message_id.as_deref().filter(|_| self.config.once);
        let request = Request {
            reference: letter
                .message_id
                .clone()
                .filter(|id| id.chars().count() <= 128 && !id.chars().any(char::is_control)),
            callback: Some(Callback::Mail { address: transaction.from.clone() }),
            asked_by: Some(transaction.from.clone()),
            idempotency_key: once.map(|id| once_key(id, &transaction, &text)),
            ..Request::text(transaction.numbers, text)
        };
        self.ask(Waiting::Sent, Ask::Submit(transaction.sender, Box::new(request)))
    }

    pub(super) fn sent(&mut self, result: Result<Accepted, Refusal>) -> Step {
        let accepted = match result {
            Ok(accepted) => accepted,
            Err(refusal) => return turned_away(&refusal),
        };
        (self.errors, self.refused) = (0, 0);
        let mut text = "accepted".to_owned();
        for message in accepted.messages() {
            text.push_str(&format!(" {}", message.id));
        }
        for refused in accepted.refused() {
            text.push_str(&format!("; refused {} {}", refused.input, refused.refusal.code));
        }
        say(250, "2.0.0", &text)
    }
}

/// Who was known and is not any more hangs up and comes again, as who he is then: a mail must not be given up because its sender's password was
/// changed at both ends.
fn turned_away(refusal: &Refusal) -> Step {
    match refusal.code {
        Code::NotAuthenticated => {
            Step::End(Reply::new(421, "4.7.0", "who you are was changed, log in again"))
        }
        _ => Step::Say(Reply::refusal(refusal)),
    }
}

/// Who has logged in sends from his own addresses, when any are known.
fn may_send_as(sender: &Sender, from: &str) -> bool {
    let user = sender.user();
    user.mail_from.is_empty() || user.sends_mail_from(from)
}

fn agrees(author: &Author, transaction: &Transaction) -> bool {
    match author {
        Author::Nobody => true,
        Author::Address(address) => {
            address.eq_ignore_ascii_case(&transaction.from)
                || transaction.sender.user().sends_mail_from(address)
        }
        Author::Unclear => false,
    }
}

/// The same for a mail that is sent again: Message-ID, recipients (sorted), text. The text is in it because old devices give every mail the same
/// Message-ID.
fn once_key(message_id: &str, transaction: &Transaction, text: &str) -> String {
    let numbers = transaction.numbers.iter().map(String::as_str);
    let mut hash = Sha256::new();
    for part in [message_id, &transaction.from].into_iter().chain(numbers).chain([text]) {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let hex: String = hash.finalize().iter().take(20).map(|octet| format!("{octet:02x}")).collect();
    format!("mail:{hex}")
}
