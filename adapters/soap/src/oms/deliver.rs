//! From an `xmsData` to messages: what it may be, its request or requests, and what is told of it.

use super::config::OmsConfig;
use super::document::XmsData;
use super::errors::{Kind, Report};
use crate::values;
use domain::access::Sender;
use domain::refusal::{Code, Refusal};
use domain::submission::{Accepted, Request};
use domain::{Language, Timestamp, words};
use ports::driving::SubmitMessages;
use std::time::Duration;

/// The only service there is.
const SMS_SENDER: &str = "SMS_SENDER";
/// Texts that a calendar summary may always have: clients send so many whatever they were told.
const CALENDAR: usize = 50;
/// A time that is nearer than this is now: clients name one to say "at once", by clocks of their own.
const SOON: Duration = Duration::from_secs(30);

/// What a message is sent with.
pub(super) struct Delivery<'a> {
    pub submit: &'a dyn SubmitMessages,
    pub sender: &'a Sender,
    pub config: &'a OmsConfig,
    pub language: Language,
    pub now: Timestamp,
}

impl Delivery<'_> {
    /// Sends, and says what is to be told. There is `ok` only where something is on disk, and it stands after whatever was refused: a client that
    /// reads the first error alone learns that not all is well.
    pub(super) async fn deliver(&self, data: XmsData) -> Vec<Report> {
        let (request, texts) = match self.understood(data) {
            Ok(understood) => understood,
            Err(report) => return vec![*report],
        };
        let to = request.to.clone();
        let accepted = match texts.as_slice() {
            [] | [_] => self.submit(with_text(&request, texts.concat())).await,
            // A client that was told of 160 characters cuts what is longer, and may send twenty of them: more than a long SMS may hold.
            _ if self.config.join => match self.submit(with_text(&request, texts.concat())).await {
                Err(refusal) if refusal.code == Code::TextTooLong => self.one_by_one(&request, texts).await,
                other => other,
            },
            _ => self.one_by_one(&request, texts).await,
        };
        match accepted {
            Ok(accepted) => {
                let mut reports = Report::recipients(accepted.refused(), self.language);
                if !accepted.messages().is_empty() {
                    reports.push(Report::ok());
                }
                reports
            }
            Err(refusal) => vec![Report::refusal(&refusal, &to, self.language)],
        }
    }

    /// The request without its text, and the texts.
    fn understood(&self, data: XmsData) -> Result<(Request, Vec<String>), Box<Report>> {
        let refused = |refusal: Refusal| Box::new(Report::refusal(&refusal, &[], self.language));
        let service = data.required_service.as_deref().filter(|s| !s.eq_ignore_ascii_case(SMS_SENDER));
        let format = data.format.as_deref().filter(|f| !f.is_empty() && !f.eq_ignore_ascii_case("SMS"));
        if let Some(other) = service.or(format) {
            let name = other.strip_suffix("_SENDER").unwrap_or(other);
            return Err(Box::new(Report::with(Kind::UnregisteredService, name)));
        }
        let is_text = |kind: &str| kind.is_empty() || kind.to_ascii_lowercase().starts_with("text/");
        if let Some(other) = data.contents.iter().find(|c| !c.media_type.as_deref().is_none_or(is_text)) {
            return Err(Box::new(Report::with(Kind::InvalidMedia, other.id.clone().unwrap_or_default())));
        }
        let mut texts: Vec<String> =
            data.contents.into_iter().map(|c| c.text).filter(|text| !text.is_empty()).collect();
        let calendar = data.source_type.is_some_and(|kind| kind.eq_ignore_ascii_case("calSummary"));
        let most = if calendar { self.config.max_messages.max(CALENDAR) } else { self.config.max_messages };
        if texts.len() > most {
            let detail = words!(
                "{} texter, högst {most} i en xmsData",
                "{} texts, at most {most} in one xmsData",
                texts.len()
            );
            return Err(refused(Refusal::because(Code::InvalidParameter, detail)));
        }
        if texts.iter().all(|text| text.trim().is_empty()) {
            texts = data.subject.into_iter().collect();
        }
        let most = self.config.max_recipients;
        if data.to.len() > most {
            let detail = words!("{}, högst {most}", "{}, at most {most}", data.to.len());
            return Err(refused(Refusal::field(Code::TooManyRecipients, "to", detail)));
        }
        let mut request = Request::text(data.to, "");
        request.from = data.reply_phone;
        let at = data.scheduled.map(|at| scheduled(&at)).transpose().map_err(refused)?;
        request.send_at = at.filter(|at| *at > self.now.checked_add(SOON).unwrap_or(Timestamp::MAX));
        Ok((request, texts))
    }

    /// Accepts the texts one after the other, none of them when a rule is against any.
    ///
    /// # Errors
    /// Why not all of them were accepted: those before a store that went away are.
    async fn one_by_one(&self, request: &Request, texts: Vec<String>) -> Result<Accepted, Refusal> {
        let mut request = request.clone();
        for text in &texts {
            let asked = with_text(&request, text.clone());
            match self.submit.preview(self.sender, asked.clone()).await {
                Err(refusal) if is_originator(&refusal) && asked.from.is_some() => {
                    request.from = None;
                    self.submit.preview(self.sender, Request { from: None, ..asked }).await?;
                }
                other => drop(other?),
            }
        }
        // Recipients are the same in all, and so is whom of them was refused.
        let mut last = Err(Refusal::new(Code::NoText));
        for text in texts {
            last = Ok(self.submit(with_text(&request, text)).await?);
        }
        last
    }

    /// Accepts a request: from the telephone of who sends it, or, where that may not be the originator, from what is his.
    async fn submit(&self, request: Request) -> Result<Accepted, Refusal> {
        if request.from.is_some() {
            match self.submit.submit(self.sender, request.clone()).await {
                Err(refusal) if is_originator(&refusal) => {}
                other => return other,
            }
        }
        self.submit.submit(self.sender, Request { from: None, ..request }).await
    }
}

fn is_originator(refusal: &Refusal) -> bool {
    matches!(refusal.code, Code::InvalidOriginator | Code::OriginatorNotAllowed)
}

fn with_text(request: &Request, text: String) -> Request {
    let mut request = request.clone();
    request.content = domain::submission::Content::Text(text);
    request
}

/// A time is in UTC, whether it says so or not.
fn scheduled(value: &str) -> Result<Timestamp, Refusal> {
    let read = |value: &str| values::moment(value, "scheduled");
    read(value).or_else(|refusal| read(&format!("{}Z", value.trim())).map_err(|_| refusal))
}
