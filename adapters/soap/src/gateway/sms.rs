//! A message to send as the schema's `SmsRequest` has it, turned into the request that every door makes.

use super::NAMES;
use crate::form::{Form, plain};
use crate::trouble::Trouble;
use crate::values::{boolean, moment, number, octets};
use crate::xml::Reader;
use domain::message::{Callback, Dimensions, Priority, Told};
use domain::refusal::{Code, Refusal};
use domain::submission::{Content, Request};
use domain::text::Policy;
use domain::{Words, words};
use std::time::Duration;

/// The plain values of a message, in the schema's order.
const FIELDS: [&str; 18] = [
    "to",
    "text",
    "from",
    "flash",
    "priority",
    "reference",
    "sendAt",
    "validForSeconds",
    "validUntil",
    "callbackUrl",
    "callbackOn",
    "dialog",
    "data",
    "udh",
    "textPolicy",
    "link",
    "askedBy",
    "clientReference",
];
const DIMENSIONS: [&str; 4] = ["company", "department", "costCentre", "project"];
/// The longest validity that can be asked for, in seconds: 365 days. What is allowed is decided elsewhere.
const LONGEST: u32 = 365 * 86_400;

/// A message that has been read and not yet understood.
#[derive(Debug)]
pub(crate) struct Sms {
    form: Form,
    dimensions: Option<Form>,
    twice: bool,
}

impl Sms {
    /// Reads a message; `more` are names that may stand beside its own, and stay in the form that comes back.
    pub(crate) fn read(reader: &mut Reader<'_>, more: &[&'static str]) -> Result<Self, Trouble> {
        let known: Vec<&'static str> = FIELDS.iter().chain(more).copied().collect();
        let (mut dimensions, mut twice) = (None, false);
        let form = Form::read(reader, NAMES, &known, |name, reader| {
            if name != "dimensions" {
                return Ok(false);
            }
            twice |= dimensions.replace(Form::read(reader, NAMES, &DIMENSIONS, plain)?).is_some();
            Ok(true)
        })?;
        Ok(Self { form, dimensions, twice })
    }

    /// The values that were read.
    pub(crate) fn form(&mut self) -> &mut Form {
        &mut self.form
    }

    /// The request.
    ///
    /// # Errors
    /// The first value that is not what the schema wants.
    pub(crate) fn request(mut self) -> Result<Request, Refusal> {
        if self.twice {
            return Err(Refusal::field(
                Code::InvalidParameter,
                "dimensions",
                Words::new("dimensions: angivet mer än en gång", "dimensions: given more than once"),
            ));
        }
        let form = &mut self.form;
        let mut request = Request::text(form.list("to"), String::new());
        request.content = content(form)?;
        request.from = form.take("from")?;
        request.flash = flag(form, "flash")?;
        request.dialog = flag(form, "dialog")?;
        request.priority = one_of(
            form,
            "priority",
            ("bulk, normal, high eller alarm", "bulk, normal, high or alarm"),
            Priority::parse,
        )?;
        request.policy = one_of(
            form,
            "textPolicy",
            ("auto, keep, fold eller reject", "auto, keep, fold or reject"),
            Policy::parse,
        )?;
        request.reference = form.take("reference")?;
        request.send_at = form.filled("sendAt")?.map(|v| moment(&v, "sendAt")).transpose()?;
        request.valid_for = form.filled("validForSeconds")?.map(|v| valid_for(&v)).transpose()?;
        request.valid_until = form.filled("validUntil")?.map(|v| moment(&v, "validUntil")).transpose()?;
        let told = one_of(form, "callbackOn", ("every eller end", "every or end"), Told::parse)?;
        request.callback = callback(form.take("callbackUrl")?.as_deref(), told)?;
        request.link = form.take("link")?;
        request.asked_by = form.take("askedBy")?;
        request.idempotency_key = form.take("clientReference")?;
        request.dimensions = self.dimensions.map(dimensions).transpose()?.unwrap_or_default();
        Ok(request)
    }
}

fn content(form: &mut Form) -> Result<Content, Refusal> {
    let (text, data, udh) = (form.take("text")?, form.take("data")?, form.take("udh")?);
    match (text, data, udh) {
        (text, None, None) => Ok(Content::Text(text.unwrap_or_default())),
        (Some(text), None, Some(udh)) => Ok(Content::Headed { text, udh: octets(&udh, "udh")? }),
        (None, data, udh) => Ok(Content::Binary {
            data: octets(&data.unwrap_or_default(), "data")?,
            udh: octets(&udh.unwrap_or_default(), "udh")?,
        }),
        (Some(_), ..) => Err(Refusal::field(
            Code::InvalidParameter,
            "data",
            Words::new(
                "data: antingen text eller data, vart och ett med eller utan udh",
                "data: either text or data, each with or without udh",
            ),
        )),
    }
}

fn flag(form: &mut Form, name: &'static str) -> Result<bool, Refusal> {
    form.take(name)?.map_or(Ok(false), |value| boolean(&value, name))
}

fn one_of<T>(
    form: &mut Form,
    name: &'static str,
    (swedish, english): (&str, &str),
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Refusal> {
    let Some(value) = form.take(name)? else { return Ok(None) };
    let wrong =
        || Refusal::field(Code::InvalidParameter, name, words!("{name}: {swedish}", "{name}: {english}"));
    read(value.trim()).map(Some).ok_or_else(wrong)
}

fn valid_for(value: &str) -> Result<Duration, Refusal> {
    let seconds = number(value, "validForSeconds", Code::InvalidTime, 1, LONGEST)?;
    Ok(Duration::from_secs(seconds.into()))
}

fn callback(url: Option<&str>, told: Option<Told>) -> Result<Option<Callback>, Refusal> {
    Callback::asked(url, told)
        .map_err(|error| Refusal::field(Code::InvalidCallback, "callbackUrl", error.words()))
}

fn dimensions(mut form: Form) -> Result<Dimensions, Refusal> {
    let mut take = |name| form.take(name).map(Option::unwrap_or_default);
    Ok(Dimensions {
        company: take("company")?,
        department: take("department")?,
        cost_centre: take("costCentre")?,
        project: take("project")?,
    })
}
