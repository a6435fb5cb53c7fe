//! The documents inside the strings: `xmsUser`, `xmsData`, `xmsBatch` ([MS-OMS] sections 2.2 and 3.1.4).
//!
//! Elements are taken in any order, of the service's namespace or of none; what nobody knows is passed over, as there are clients of many
//! ages. A value that is there twice makes a document unreadable: nobody could say which was meant.

use super::{is_ours, once};
use crate::config::Config;
use crate::login::Token;
use crate::trouble::{Trouble, malformed};
use crate::xml::{Element, Reader, XmlError};
use domain::refusal::{Code, Refusal};
use domain::words;
use secrecy::{ExposeSecret, SecretString};

/// Different logins in one batch: enough for any honest sender, too few to guess passwords by.
const MOST_LOGINS: usize = 16;

/// Somebody's name, password and telephone.
#[derive(Debug, Default)]
pub(super) struct Who {
    user: Option<String>,
    password: Option<SecretString>,
    reply_phone: Option<String>,
}

impl Who {
    /// Takes a child of a `user` or an `xmsUser`, and says whether it is one of his.
    fn take(&mut self, child: &Element, reader: &mut Reader<'_>) -> Result<bool, Trouble> {
        match child.local.as_str() {
            "userId" => once(&mut self.user, "userId", reader.text()?)?,
            "password" => once(&mut self.password, "password", reader.text()?.into())?,
            "replyPhone" => once(&mut self.reply_phone, "replyPhone", reader.text()?)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The login, where a user is named: also one without a name, which nobody has.
    fn login(&self) -> Option<Token> {
        let user = self.user.as_ref()?.trim().to_owned();
        Some(Token { user, password: self.password.clone().unwrap_or_default() })
    }
}

/// A text, or something else.
#[derive(Debug)]
pub(super) struct Content {
    /// `text/plain` when it is not said.
    pub media_type: Option<String>,
    /// Its id.
    pub id: Option<String>,
    /// What it says.
    pub text: String,
}

/// A message to be sent.
#[derive(Debug, Default)]
pub(super) struct XmsData {
    /// Its name in a batch.
    pub id: Option<String>,
    /// Who sends it.
    pub login: Option<Token>,
    /// His telephone.
    pub reply_phone: Option<String>,
    /// Not before this.
    pub scheduled: Option<String>,
    /// `SMS_SENDER`, when it is said.
    pub required_service: Option<String>,
    /// What made it: `calSummary` is a summary of a calendar.
    pub source_type: Option<String>,
    /// Recipients.
    pub to: Vec<String>,
    /// Its title.
    pub subject: Option<String>,
    /// `SMS`, when it is said.
    pub format: Option<String>,
    /// Its texts.
    pub contents: Vec<Content>,
}

/// Messages to be sent, each for itself.
#[derive(Debug, Default)]
pub(super) struct XmsBatch {
    /// The messages. Those that name nobody have the batch's login.
    pub items: Vec<XmsData>,
}

/// Reads a whole document with this root.
fn whole<T>(
    text: &str,
    root: &'static str,
    config: &Config,
    read: impl FnOnce(&mut Reader<'_>, &Element) -> Result<T, Trouble>,
) -> Result<T, Trouble> {
    let text = text.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '\u{FEFF}');
    let document = || {
        let mut reader = Reader::new(text, config.limits(text.len()));
        let element = reader.child()?.ok_or(XmlError::Truncated)?;
        if !is_ours(&element) || element.local != root {
            return Err(Refusal::because(
                Code::Malformed,
                words!("rotelementet är inte {root}", "the root element is not {root}"),
            )
            .into());
        }
        let value = read(&mut reader, &element)?;
        reader.finish()?;
        Ok(value)
    };
    document().map_err(|trouble| match trouble {
        Trouble::Refused(refusal) => {
            Trouble::Refused(Refusal { field: refusal.field.or(Some(root)), ..refusal })
        }
        other => other,
    })
}

/// Calls `take` with each child of the element that was opened last, and passes over those that it does not take.
fn children(
    reader: &mut Reader<'_>,
    mut take: impl FnMut(&Element, &mut Reader<'_>) -> Result<bool, Trouble>,
) -> Result<(), Trouble> {
    while let Some(child) = reader.child()? {
        if !is_ours(&child) || !take(&child, reader)? {
            reader.skip()?;
        }
    }
    Ok(())
}

fn user(reader: &mut Reader<'_>) -> Result<Who, Trouble> {
    let mut who = Who::default();
    children(reader, |child, reader| who.take(child, reader))?;
    Ok(who)
}

/// `xmsUser`: the login in it.
pub(super) fn xms_user(text: &str, config: &Config) -> Result<Option<Token>, Trouble> {
    let who = whole(text, "xmsUser", config, |reader, _| user(reader))?;
    Ok(who.login())
}

/// `xmsData`.
pub(super) fn xms_data(text: &str, config: &Config) -> Result<XmsData, Trouble> {
    whole(text, "xmsData", config, message)
}

/// `xmsBatch`.
pub(super) fn xms_batch(text: &str, config: &Config) -> Result<XmsBatch, Trouble> {
    whole(text, "xmsBatch", config, |reader, _| {
        let (mut who, mut items) = (None, Vec::new());
        children(reader, |child, reader| {
            match child.local.as_str() {
                "user" => once(&mut who, "user", user(reader)?)?,
                "xmsData" => {
                    let most = config.batch;
                    if items.len() == most {
                        let detail = words!("högst {most} meddelanden", "at most {most} messages");
                        return Err(Refusal::field(Code::TooLarge, "xmsData", detail).into());
                    }
                    items.push(message(reader, child)?);
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        if let Some(login) = who.as_ref().and_then(Who::login) {
            for item in &mut items {
                item.login.get_or_insert_with(|| login.clone());
            }
        }
        few_logins(&items)?;
        Ok(XmsBatch { items })
    })
}

fn message(reader: &mut Reader<'_>, element: &Element) -> Result<XmsData, Trouble> {
    let mut data = XmsData { id: element.attribute(None, "id").map(str::to_owned), ..XmsData::default() };
    let (mut who, mut bodies) = (None, 0);
    children(reader, |child, reader| {
        match child.local.as_str() {
            "user" => once(&mut who, "user", user(reader)?)?,
            "xmsHead" => head(reader, &mut data)?,
            "xmsBody" if bodies > 0 => {
                return Err(malformed("xmsBody finns två gånger", "xmsBody is there twice"));
            }
            "xmsBody" => {
                bodies += 1;
                data.format = child.attribute(None, "format").map(str::to_owned);
                body(reader, &mut data)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let who = who.unwrap_or_default();
    data.login = who.login();
    data.reply_phone = filled(who.reply_phone);
    Ok(data)
}

fn head(reader: &mut Reader<'_>, data: &mut XmsData) -> Result<(), Trouble> {
    children(reader, |child, reader| {
        let (place, name) = match child.local.as_str() {
            "scheduled" => (&mut data.scheduled, "scheduled"),
            "requiredService" => (&mut data.required_service, "requiredService"),
            "sourceType" => (&mut data.source_type, "sourceType"),
            "subject" => (&mut data.subject, "subject"),
            "to" => {
                children(reader, |child, reader| {
                    let is_recipient = child.local == "recipient";
                    if is_recipient {
                        data.to.extend(filled(Some(reader.text()?)));
                    }
                    Ok(is_recipient)
                })?;
                return Ok(true);
            }
            _ => return Ok(false),
        };
        once(place, name, reader.text()?)?;
        Ok(true)
    })?;
    for place in [&mut data.scheduled, &mut data.required_service, &mut data.source_type, &mut data.subject] {
        *place = filled(place.take());
    }
    Ok(())
}

fn body(reader: &mut Reader<'_>, data: &mut XmsData) -> Result<(), Trouble> {
    children(reader, |child, reader| {
        let is_content = child.local == "content";
        if is_content {
            let attribute = |name: &str| child.attribute(None, name).map(str::to_owned);
            let (media_type, id) = (attribute("contentType"), attribute("contentId"));
            data.contents.push(Content { media_type, id, text: reader.text()? });
        }
        Ok(is_content)
    })
}

/// A value without the white space around it; nothing where there is nothing else.
fn filled(value: Option<String>) -> Option<String> {
    value.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn few_logins(items: &[XmsData]) -> Result<(), Trouble> {
    let mut known: Vec<&Token> = Vec::new();
    for login in items.iter().filter_map(|item| item.login.as_ref()) {
        if !known.iter().any(|other| same(other, login)) {
            known.push(login);
        }
        if known.len() > MOST_LOGINS {
            let detail = words!(
                "högst {MOST_LOGINS} olika inloggningar i ett anrop",
                "at most {MOST_LOGINS} different logins in one call"
            );
            return Err(Refusal::field(Code::TooLarge, "user", detail).into());
        }
    }
    Ok(())
}

/// Whether two logins are one.
pub(super) fn same(one: &Token, other: &Token) -> bool {
    one.user == other.user && one.password.expose_secret() == other.password.expose_secret()
}
