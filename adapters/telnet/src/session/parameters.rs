//! Parameters of a message, character set and help: commands that ask nobody (RFC 1861, 4.5).

use super::{Session, Step};
use crate::charset::Charset;
use crate::command::{ACK_READ_USAGE, ALERT_USAGE, CHARSET_USAGE, Command, EXPIRE_USAGE, LEVEL_USAGE};
use crate::hold;
use crate::reply::Reply;
use crate::texts::{self, HELP};
use domain::message::Priority;
use domain::refusal::{Code, Refusal};
use jiff::tz::TimeZone;
use std::time::Duration;

/// The longest time of `EXPT`, in hours: a year.
const MOST_HOURS: u64 = 24 * 366;

impl Session {
    pub(super) fn parameter(&mut self, command: Command) -> Step {
        match command {
            Command::Level(level) => self.level(&level),
            Command::Alert(flag) => match flag_of(&flag) {
                Some(flash) => self.noted(|p| p.flash = Some(flash)),
                None => self.wrong(&flag, ALERT_USAGE),
            },
            Command::Coverage(link) => self.noted(|p| p.link = Some(link)),
            Command::Hold(time) => self.hold(&time),
            // snpp(1p) puts the submitting person's mail address there: it says who asks, not who it is from.
            Command::Caller(name) if name.contains('@') => self.noted(|p| p.asked_by = Some(name)),
            Command::Caller(name) => self.noted(|p| p.from = Some(name)),
            Command::Subject(subject) => self.noted(|p| p.subject = Some(subject)),
            Command::Expire(hours) => match hours.parse::<u64>() {
                Ok(h @ 1..=MOST_HOURS) => self.noted(|p| p.valid_for = Some(Duration::from_secs(h * 3600))),
                _ => self.wrong(&hours, EXPIRE_USAGE),
            },
            Command::AckRead(flag) => match flag_of(&flag) {
                Some(false) => self.say(250, texts::NOTED),
                Some(true) => self.say(250, texts::READ_UNKNOWN),
                None => self.wrong(&flag, ACK_READ_USAGE),
            },
            Command::ReplyType(kind) if kind.eq_ignore_ascii_case("none") => self.say(250, texts::NOTED),
            Command::Dialog(word) if word.eq_ignore_ascii_case("off") => self.say(250, texts::NOTED),
            Command::Dialog(_) | Command::ReplyType(_) => {
                self.refused(&Refusal::new(Code::DialogUnavailable))
            }
            _ => self.say(500, texts::NOT_OFFERED),
        }
    }

    /// 0 is urgent, 1 normal, 2 to 7 may wait up to a day (RFC 1861, 4.5.4), 8 is ours: alarm.
    fn level(&mut self, level: &str) -> Step {
        let priority = match level.parse::<u8>() {
            Ok(0) => Priority::High,
            Ok(1) => Priority::Normal,
            Ok(2..=7) => Priority::Bulk,
            Ok(8) => Priority::Alarm,
            _ => return self.wrong(level, LEVEL_USAGE),
        };
        self.noted(|p| p.priority = Some(priority))
    }

    fn hold(&mut self, time: &str) -> Step {
        let local = &self.config.time_zone;
        let short = if self.config.short_hold_is_utc { &TimeZone::UTC } else { local };
        match hold::parse(time, local, short) {
            Ok(at) => self.noted(|p| p.hold = Some(at)),
            Err(why) => {
                let why = self.text(why);
                Step::Say(Reply::new(550, format!("{} {why}", self.text(texts::WRONG_VALUE))))
            }
        }
    }

    fn noted(&mut self, change: impl FnOnce(&mut crate::page::Parameters)) -> Step {
        change(&mut self.page.changed);
        self.say(250, texts::NOTED)
    }

    fn wrong(&self, value: &str, usage: &'static str) -> Step {
        let usage = texts::usage(usage, self.config.language);
        let (wrong, written) = (self.text(texts::WRONG_VALUE), self.text(texts::USAGE));
        Step::Say(Reply::new(550, format!("{wrong} {value}. {written} {usage}")))
    }

    pub(super) fn set_charset(&mut self, name: Option<&str>) -> Step {
        match name.map(|n| (n, Charset::parse(n))) {
            Some((name, None)) => return self.wrong(name, CHARSET_USAGE),
            Some((_, Some(charset))) => self.charset = charset,
            None => {}
        }
        Step::Say(Reply::new(250, format!("{} {}", self.text(texts::CHARSET), self.charset.name())))
    }

    pub(super) fn help(&self, about: Option<&str>) -> Step {
        let language = self.config.language;
        let Some(about) = about else {
            let lines = HELP.iter().map(|(_, said)| said.to(language).to_owned());
            return Step::Say(Reply::help(lines, self.text(texts::END_OF_HELP)));
        };
        let asked = about.to_ascii_uppercase();
        let known = HELP.iter().find(|(verb, _)| asked.len() >= 3 && verb.starts_with(&asked));
        match known {
            Some((_, said)) => Step::Say(Reply::new(218, said.to(language))),
            None => self.say(500, texts::UNKNOWN),
        }
    }
}

fn flag_of(text: &str) -> Option<bool> {
    match text {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}
