//! `GET|POST /?numbers=0705123456,0708321321&text=...`, also at `/send`: one line of text for each number, or JSON or XML
//! for those who accept it.

use super::answer::Form;
use super::numbers::split;
use super::params::Params;
use super::{admit, not_so};
use crate::api;
use crate::known::Manner;
use crate::{Doors, docs, time};
use axum::extract::{Request as HttpRequest, State};
use axum::response::Response;
use domain::Words;
use domain::access::Sender;
use domain::message::{Dimensions, Door};
use domain::refusal::{Code, Refusal};
use domain::submission::{RefusedRecipient, Request};
use http::Method;
use std::sync::Arc;

const FROM: &[&str] = &["from", "sender", "originator"];
const TEXT: &[&str] = &["text", "message"];
/// What may be given once, with all its names.
const NAMES: [&[&str]; 17] = [
    FROM,
    TEXT,
    &["flash"],
    &["dialog"],
    &["priority"],
    &["reference"],
    &["company"],
    &["department"],
    &["cost_centre"],
    &["project"],
    &["send_at"],
    &["valid_for"],
    &["valid_until"],
    &["callback_url"],
    &["callback_on"],
    &["text_policy"],
    &["link"],
];
/// Refused numbers with a line each; more get one line about them all.
const LINES: usize = 10_000;
/// So many are looked at by themselves for their own reason.
const LOOKED_AT: usize = 200;

/// At `/` a browser that asks for nothing gets a page that helps him on.
pub(crate) async fn root(state: State<Arc<Doors>>, request: HttpRequest) -> Response {
    if request.uri().query().is_none_or(str::is_empty) {
        return docs::welcome(&Manner::of(request.headers(), &state));
    }
    if request.method() == Method::HEAD {
        return not_so().await;
    }
    send(state, request).await
}

/// Sends.
pub(crate) async fn send(State(doors): State<Arc<Doors>>, request: HttpRequest) -> Response {
    let (parts, body) = request.into_parts();
    let manner = Manner::of(&parts.headers, &doors);
    let form = Form::of(&parts.headers);
    let mut refused = Vec::new();
    let done = async {
        let params = Params::read(&parts, body, doors.config.body).await?;
        let sender = admit(&doors, &params, &parts, Door::Form).await?;
        let numbers = split(&params.texts(&["numbers", "number", "to"])?.join(","));
        let asked = async {
            let key = api::idempotency_key(&parts.headers)?;
            let request = Request { idempotency_key: key, ..request_of(&params, numbers.clone())? };
            doors.submit.submit(&sender, request).await
        };
        let asked = asked.await;
        if let Err(refusal) = &asked
            && form == Form::Lines
        {
            refused = each(&doors, &sender, &params, numbers, refusal).await;
        }
        asked
    };
    match done.await {
        Ok(accepted) => form.accepted(&accepted, manner.language),
        Err(refusal) => form.refused(&refusal, &refused, &manner),
    }
}

/// Why each number is refused. When all are, the inside gives the first one's reason; a look at each by itself gives its own.
async fn each(
    doors: &Doors,
    sender: &Sender,
    params: &Params,
    numbers: Vec<String>,
    common: &Refusal,
) -> Vec<RefusedRecipient> {
    if numbers.len() > LINES {
        return Vec::new();
    }
    let differ = is_about_a_number(common.code) && (2..=LOOKED_AT).contains(&numbers.len());
    let mut refused = Vec::with_capacity(numbers.len());
    for input in numbers {
        let own = if differ { why(doors, sender, params, &input).await } else { None };
        refused.push(RefusedRecipient { input, refusal: own.unwrap_or_else(|| common.clone()) });
    }
    refused
}

/// Why one number by itself is refused, if it is. Nothing is sent.
async fn why(doors: &Doors, sender: &Sender, params: &Params, number: &str) -> Option<Refusal> {
    let alone = request_of(params, vec![number.to_owned()]).ok()?;
    doors.submit.preview(sender, alone).await.err()
}

/// Whether another number of the same request may be refused for another reason.
fn is_about_a_number(code: Code) -> bool {
    matches!(
        code,
        Code::InvalidNumber
            | Code::NumberNotAllowed
            | Code::NoRoute
            | Code::PagerTextOnly
            | Code::PagerDigitsOnly
    )
}

pub(super) fn request_of(params: &Params, to: Vec<String>) -> Result<Request, Refusal> {
    NAMES.iter().try_for_each(|names| params.once(names))?;
    let text = |names: &[&str]| params.text(names);
    let dimension = |name: &str| text(&[name]).map(Option::unwrap_or_default);
    Ok(Request {
        from: text(FROM)?,
        flash: flag(params, "flash")?,
        priority: text(&["priority"])?.as_deref().map(api::priority).transpose()?,
        reference: text(&["reference"])?,
        dimensions: Dimensions {
            company: dimension("company")?,
            department: dimension("department")?,
            cost_centre: dimension("cost_centre")?,
            project: dimension("project")?,
        },
        send_at: text(&["send_at"])?.map(|at| time::instant("send_at", &at)).transpose()?,
        valid_for: text(&["valid_for"])?.map(|long| time::duration("valid_for", &long)).transpose()?,
        valid_until: text(&["valid_until"])?.map(|at| time::instant("valid_until", &at)).transpose()?,
        callback: api::callback(text(&["callback_url"])?.as_deref(), text(&["callback_on"])?.as_deref())?,
        dialog: flag(params, "dialog")?,
        policy: text(&["text_policy"])?.as_deref().map(api::policy).transpose()?,
        link: text(&["link"])?,
        ..Request::text(to, params.message(TEXT)?.unwrap_or_default())
    })
}

/// Yes or no; nothing is no.
fn flag(params: &Params, name: &'static str) -> Result<bool, Refusal> {
    let value = params.text(&[name])?.unwrap_or_default().trim().to_lowercase();
    match value.as_str() {
        "1" | "true" | "yes" | "on" | "ja" => Ok(true),
        "" | "0" | "false" | "no" | "off" | "nej" => Ok(false),
        _ => Err(Refusal::field(
            Code::InvalidParameter,
            name,
            Words::new(
                "ja eller nej (också 1, 0, true, false, on, off)",
                "yes or no (also 1, 0, true, false, on, off)",
            ),
        )),
    }
}
