//! Kannel's sendsms: its parameters, its answers word for word, so that its users can point their programs here.
//!
//! Facts from Kannel 1.4's user guide and what its smsbox answers. Not taken over: options that only its own drivers understand,
//! which are refused when they would change what arrives.

use super::admit;
use super::params::{Params, decode};
use crate::Doors;
use crate::api;
use axum::body::Body;
use axum::extract::{Request as HttpRequest, State};
use axum::response::Response;
use domain::Timestamp;
use domain::message::{Callback, Dimensions, DlrMask, Door, Priority};
use domain::refusal::{Code, Refusal};
use domain::submission::{Accepted, Content, Request};
use domain::text::Policy;
use http::{HeaderValue, StatusCode, header};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use web_kit::problem;

/// What is answered instead of an acceptance.
enum No {
    /// Kannel's own words about a parameter; 400.
    Said(&'static str),
    /// Our reason.
    Refused(Refusal),
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Sends.
pub(crate) async fn kannel(State(doors): State<Arc<Doors>>, request: HttpRequest) -> Response {
    let (parts, body) = request.into_parts();
    let done = async {
        let params = Params::read(&parts, body, doors.config.body).await?;
        let sender = admit(&doors, &params, &parts, Door::Kannel).await?;
        // Kannel has no such thing; whoever gives one must not have it passed over.
        let key = api::idempotency_key(&parts.headers)?;
        let request = Request { idempotency_key: key, ..request_of(&params, doors.clock.now())? };
        Ok::<Accepted, No>(doors.submit.submit(&sender, request).await?)
    };
    match done.await {
        Ok(accepted) => yes(&accepted),
        Err(No::Said(words)) => answer(StatusCode::BAD_REQUEST, words.to_owned()),
        Err(No::Refused(refusal)) => no(&refusal),
    }
}

/// See [`crate::fuzzing`].
pub(super) fn reads(params: &Params) -> bool {
    request_of(params, Timestamp::UNIX_EPOCH).is_ok()
}

fn request_of(params: &Params, now: Timestamp) -> Result<Request, No> {
    let to = match params.text(&["to"])? {
        Some(to) => to.split_whitespace().map(str::to_owned).collect(),
        None if params.octets(&["to"]).is_some() => {
            return Err(No::Said("Empty receiver number not allowed, rejected"));
        }
        None => return Err(No::Said("Missing receiver number, rejected")),
    };
    only_what_we_do(params)?;
    let (content, policy) = content(params)?;
    let flash = flash(params, &content)?;
    let deferred = number(params, &["deferred"], 0..=i64::MAX, "Deferred field misformed, rejected")?;
    let validity = number(params, &["validity"], 0..=i64::MAX, "Validity field misformed, rejected")?;
    let minutes = |n: i64| Duration::from_secs(u64::try_from(n).unwrap_or_default().saturating_mul(60));
    let later =
        |n: i64| now.checked_add(minutes(n)).map_err(|_| No::Said("Deferred field misformed, rejected"));
    let mut request = Request {
        from: params.text(&["from"])?.map(|from| from.trim_start_matches('+').to_owned()),
        flash,
        priority: priority(params)?,
        dimensions: Dimensions { cost_centre: account(params)?, ..Dimensions::default() },
        send_at: deferred.filter(|n| *n > 0).map(later).transpose()?,
        valid_for: validity.filter(|n| *n > 0).map(minutes),
        callback: callback(params)?,
        policy,
        link: params.text(&["smsc"])?,
        ..Request::text(Vec::<String>::new(), "")
    };
    request.to = to;
    request.content = content;
    request.reference = reference(params)?;
    Ok(request)
}

/// Refuses what would make another message of it.
fn only_what_we_do(params: &Params) -> Result<(), No> {
    number(params, &["mwi"], -1..=-1, "MWI field not supported, rejected")?;
    number(params, &["compress"], 0..=0, "Compress field not supported, rejected")?;
    number(params, &["pid"], 0..=0, "PID field not supported, rejected")?;
    number(params, &["rpi"], 0..=2, "RPI field misformed, rejected")?;
    number(params, &["alt-dcs", "altdcs"], 0..=2, "Alt-DCS field misformed, rejected")?;
    Ok(())
}

fn content(params: &Params) -> Result<(Content, Option<Policy>), No> {
    let octets = params.octets(&["text"]).unwrap_or_default();
    let udh = params.octets(&["udh"]).filter(|udh| !udh.is_empty());
    let coding = number(params, &["coding"], 0..=2, "Coding field misformed, rejected")?;
    // As in Kannel, what is posted as octets is octets unless somebody says otherwise.
    let coding = coding.or(params.is_octets().then_some(1));
    if udh.is_some_and(|udh| udh.first().is_none_or(|length| usize::from(*length) + 1 != udh.len())) {
        return Err(No::Said("UDH field misformed, rejected"));
    }
    let text = |charset| decode(octets, charset).ok_or(No::Said("Charset or body misformed, rejected"));
    let (text, policy) = match coding {
        None if udh.is_none() => (text(params.charset())?, None),
        None | Some(1) => {
            let udh = udh.unwrap_or_default().to_vec();
            return Ok((Content::Binary { data: octets.to_vec(), udh }, None));
        }
        // One with a header of its own may be a part of a longer text, or for a program that expects these octets.
        Some(2) if udh.is_some() => (text(Some(params.charset_of_unicode()))?, Some(Policy::Unicode)),
        Some(2) => (text(Some(params.charset_of_unicode()))?, Some(Policy::Keep)),
        Some(_) => (text(params.charset())?, Some(Policy::Fold)),
    };
    let content = match udh {
        Some(udh) => Content::Headed { text, udh: udh.to_vec() },
        None => Content::Text(text),
    };
    Ok((content, policy))
}

/// Class 0 is a flash. Class 1 is what a phone takes a message for by itself; where 2 and 3 keep it (the SIM, other equipment)
/// cannot be asked for, and a flash is a text.
fn flash(params: &Params, content: &Content) -> Result<bool, No> {
    let class = number(params, &["mclass"], 0..=3, "MClass field misformed, rejected")?;
    let flash = number(params, &["flash"], 0..=1, "Flash field misformed, rejected")?;
    let octets = matches!(content, Content::Binary { .. });
    match (class, flash) {
        (Some(2 | 3), _) => Err(No::Said("MClass field not supported, rejected")),
        (Some(0), _) if octets => Err(No::Said("MClass field not supported, rejected")),
        (_, Some(1)) if octets => Err(No::Said("Flash field not supported, rejected")),
        (class, flash) => Ok(class == Some(0) || flash == Some(1)),
    }
}

fn callback(params: &Params) -> Result<Option<Callback>, No> {
    let mask = number(params, &["dlr-mask", "dlrmask"], 0..=63, "DLR-Mask field misformed, rejected")?;
    let mask = mask.and_then(|mask| u8::try_from(mask).ok()).filter(|mask| *mask > 0);
    let url = params.text(&["dlr-url", "dlrurl"])?;
    let url = url.map(|url| {
        Callback::kannel(&url, DlrMask(mask.unwrap_or_default()))
            .map_err(|_| No::Said("DLR-URL field misformed, rejected"))
    });
    // As in Kannel, one without the other asks for nothing.
    Ok(url.transpose()?.filter(|_| mask.is_some()))
}

fn priority(params: &Params) -> Result<Option<Priority>, No> {
    let given = number(params, &["priority"], 0..=3, "Priority field misformed, rejected")?;
    Ok(given.map(|given| match given {
        ..=0 => Priority::Normal,
        1 | 2 => Priority::High,
        _ => Priority::Alarm,
    }))
}

fn account(params: &Params) -> Result<String, No> {
    let account = params.text(&["account"])?.unwrap_or_default();
    let wrong =
        account.chars().count() > 64 || account.chars().any(|c| c.is_control() || c == '[' || c == ']');
    if wrong { Err(No::Said("Account field misformed or too long, rejected")) } else { Ok(account) }
}

/// `meta-data=?omnigate?reference=x`: other groups are for drivers that we do not have.
fn reference(params: &Params) -> Result<Option<String>, No> {
    let meta = params.text(&["meta-data"])?.unwrap_or_default();
    let Some((_, ours)) = meta.split_once("?omnigate?") else { return Ok(None) };
    let ours = ours.split('?').next().unwrap_or_default();
    let mut pairs = url::form_urlencoded::parse(ours.as_bytes());
    Ok(pairs.find(|(name, _)| name == "reference").map(|(_, value)| value.into_owned()))
}

/// A number within limits; −1 and nothing mean "not given".
fn number(
    params: &Params,
    names: &[&str],
    limits: std::ops::RangeInclusive<i64>,
    otherwise: &'static str,
) -> Result<Option<i64>, No> {
    let Some(text) = params.text(names)? else { return Ok(None) };
    match text.trim().parse::<i64>() {
        Ok(-1) => Ok(None),
        Ok(number) if limits.contains(&number) => Ok(Some(number)),
        _ => Err(No::Said(otherwise)),
    }
}

fn yes(accepted: &Accepted) -> Response {
    let messages = accepted.messages();
    // A deferred one too. Kannel's `3: Queued for later delivery` speaks of a link that is down, and its own driver for HTTP takes it for a refusal:
    // the sender would be told that the message was rejected, and it would go all the same.
    let mut text = "0: Accepted for delivery".to_owned();
    if !accepted.refused().is_empty() {
        "Sent. Denied receivers are:".clone_into(&mut text);
        for one in accepted.refused() {
            let input: String = one.input.chars().filter(|c| !c.is_control()).collect();
            let _ = write!(text, " {input}");
        }
    }
    let mut response = answer(StatusCode::ACCEPTED, text);
    // Kannel gives no ids; a header disturbs nobody.
    let ids: Vec<String> = messages.iter().take(100).map(|message| message.id.to_string()).collect();
    if let Ok(ids) = HeaderValue::from_str(&ids.join(",")) {
        response.headers_mut().insert("omnigate-message-id", ids);
    }
    api::say_whether_repeated(accepted, response.headers_mut());
    response
}

pub(super) fn no(refusal: &Refusal) -> Response {
    let (status, text) = match refusal.code {
        Code::NotAuthenticated | Code::AddressNotAllowed | Code::NotPermitted => {
            (StatusCode::FORBIDDEN, "Authorization failed for sendsms".to_owned())
        }
        Code::NoRoute | Code::UnknownLink | Code::NoCredit => {
            (StatusCode::FORBIDDEN, "Not routable. Do not try again.".to_owned())
        }
        Code::InvalidNumber | Code::NumberNotAllowed => (
            StatusCode::BAD_REQUEST,
            "Number(s) has/have been denied by white- and/or black-lists.".to_owned(),
        ),
        code if code.is_temporary() => {
            (StatusCode::SERVICE_UNAVAILABLE, "Temporal failure, try again later.".to_owned())
        }
        Code::TooLarge | Code::TooManyRecipients => (StatusCode::PAYLOAD_TOO_LARGE, rejected(refusal)),
        _ => (StatusCode::BAD_REQUEST, rejected(refusal)),
    };
    let mut response = answer(status, text);
    let headers = response.headers_mut();
    problem::headers_for_refusal(refusal, headers);
    // Kannel's 403 asks for no log-in.
    headers.remove(header::WWW_AUTHENTICATE);
    headers.insert("omnigate-error", HeaderValue::from_static(refusal.code.as_str()));
    response
}

fn rejected(refusal: &Refusal) -> String {
    let text = refusal.text(domain::Language::English);
    format!("{}, rejected", text.trim_end_matches('.'))
}

fn answer(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
