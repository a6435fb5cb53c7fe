//! What the ports answered, said in SNPP's words (RFC 1861, 4.6 for the codes of two-way messages).

use super::{Session, Step};
use crate::command::Command;
use crate::passcode::pass_code;
use crate::reply::Reply;
use crate::texts::{self, Said};
use domain::Timestamp;
use domain::access::Sender;
use domain::refusal::{Code, Refusal};
use domain::state::State;
use domain::submission::Accepted;
use ports::driven::{MessageRecord, MoRecord, Page};

impl Session {
    pub(super) fn logged_in(&mut self, entered: Result<Sender, Refusal>) -> Step {
        match entered {
            Ok(sender) => {
                self.sender = Some(sender);
                self.logins = 0;
                self.say(250, texts::LOGGED_IN)
            }
            Err(refusal) => {
                // Who showed a wrong password is not let in by his address after that.
                self.address_tried = true;
                self.logins += 1;
                self.refused(&refusal)
            }
        }
    }

    pub(super) fn known_by_address(&mut self, entered: Result<Sender, Refusal>, command: Command) -> Step {
        match entered {
            Ok(sender) => {
                self.sender = Some(sender.clone());
                self.permitted(command, sender)
            }
            Err(refusal) if refusal.code.is_temporary() => self.refused(&refusal),
            Err(_) => {
                self.address_tried = true;
                self.say(550, texts::LOGIN_FIRST)
            }
        }
    }

    /// A route that is missing may come with a level or a link given later: whether it does is said at `SEND`. A refusal is no error, as many as one
    /// `SEND` may have recipients: a list may hold numbers that are no more.
    pub(super) fn recipient(&mut self, to: String, checked: Result<(), Refusal>) -> Step {
        match checked {
            Err(refusal) if refusal.code != Code::NoRoute => {
                let step = self.refused(&refusal);
                self.refused_recipients += 1;
                let many = self.refused_recipients > self.config.max_recipients;
                if many { self.count(step) } else { step }
            }
            _ => {
                self.page.add(to);
                self.say(250, texts::RECIPIENT)
            }
        }
    }

    /// 250 names every message and every recipient that gets none; nothing accepted is the first reason why.
    pub(super) fn sent(
        &mut self,
        results: &[Result<Accepted, Refusal>],
        two_way: bool,
        to: &[Vec<String>],
    ) -> Step {
        let messages: Vec<_> = results.iter().flatten().flat_map(Accepted::messages).collect();
        let Some(first) = messages.first() else {
            let refusal = results.iter().find_map(|r| r.as_ref().err()).cloned();
            return self.refused(&refusal.unwrap_or_else(|| Refusal::new(Code::NoRecipient)));
        };
        (self.errors, self.refused_recipients) = (0, 0);
        if two_way && messages.len() == 1 {
            let pass = pass_code(&self.config.passcode_key, first.id);
            return Step::Say(Reply::new(960, format!("{} {pass} {}", first.id, self.text(texts::QUEUED))));
        }
        let mut text = self.text(texts::ACCEPTED).to_owned();
        for message in &messages {
            text.push_str(&format!(" {}", message.id));
        }
        for refused in results.iter().flatten().flat_map(Accepted::refused) {
            text.push_str(&format!(
                "; {} {} {}",
                self.text(texts::REFUSED),
                refused.input,
                refused.refusal.code
            ));
        }
        for (result, to) in results.iter().zip(to) {
            let Err(refusal) = result else { continue };
            text.push_str(&format!("; {} {} {}", self.text(texts::REFUSED), to.join(","), refusal.code));
        }
        Step::Say(Reply::new(250, text))
    }

    pub(super) fn status(&self, record: Result<Box<MessageRecord>, Refusal>) -> Step {
        match record {
            Ok(record) => {
                let (message, at) = (&record.message, last_change(&record));
                let line =
                    format!("{} {} {} {at} {}", message.id, record.state, message.recipient, record.error);
                Step::Say(Reply::new(250, line.trim_end()))
            }
            Err(refusal) => self.refused(&refusal),
        }
    }

    /// `880 <sequence> <YYYYMMDDHHMMSS>+0 <text>`: the sequence grows as the message gets on.
    pub(super) fn tag_status(&self, record: Result<Box<MessageRecord>, Refusal>) -> Step {
        let record = match record {
            Ok(record) => record,
            Err(refusal) => return self.refused(&refusal),
        };
        let (code, sequence) = match record.state {
            State::Scheduled | State::Queued | State::Sending => (960, 1),
            State::Sent => (960, 2),
            State::Delivered => (880, 3),
            State::Failed | State::Cancelled | State::Unknown => (750, 3),
            State::Expired => (780, 3),
        };
        let at = last_change(&record).strftime("%Y%m%d%H%M%S");
        let line = format!("{sequence} {at}+0 {} {}", record.state, record.error);
        Step::Say(Reply::new(code, line.trim_end()))
    }

    pub(super) fn inbox(&self, page: Result<Page<MoRecord>, Refusal>) -> Step {
        let page = match page {
            Ok(page) => page,
            Err(refusal) => return self.refused(&refusal),
        };
        if page.items.is_empty() {
            return self.say(250, texts::EMPTY_INBOX);
        }
        let last = if page.next.is_some() { texts::MORE } else { texts::MESSAGES };
        let last = format!("{} {}", page.items.len(), self.text(last));
        let lines = page.items.iter().map(|r| {
            format!("{} {} {} {} {}", r.mo.id, r.mo.received_at, r.mo.source, r.mo.destination, r.mo.text)
        });
        Step::Say(Reply::many(250, lines.collect(), last))
    }

    pub(super) fn done(&self, done: Result<(), Refusal>, said: Said) -> Step {
        match done {
            Ok(()) => self.say(250, said),
            Err(refusal) => self.refused(&refusal),
        }
    }
}

fn last_change(record: &MessageRecord) -> Timestamp {
    record.final_at.or(record.sent_at).unwrap_or(record.message.accepted_at)
}
