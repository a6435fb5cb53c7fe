//! `GET|POST /?numbers=0705123456,0708321321&text=...`, also at `/send`: one line of text for each number, or JSON for those who accept it.

use super::admit;
use super::params::Params;
use crate::api;
use crate::known::Manner;
use crate::{Doors, docs, time};
use axum::body::Body;
use axum::extract::{Request as HttpRequest, State};
use axum::response::Response;
use domain::Language;
use domain::message::{Dimensions, Door};
use domain::refusal::Refusal;
use domain::submission::{Accepted, Request};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::fmt::Write as _;
use std::sync::Arc;
use web_kit::problem;

/// At `/` a browser that asks for nothing gets a page that helps him on.
pub(crate) async fn root(state: State<Arc<Doors>>, request: HttpRequest) -> Response {
    if request.uri().query().is_none_or(str::is_empty) {
        return docs::welcome(&Manner::of(request.headers(), &state));
    }
    send(state, request).await
}

/// Sends.
pub(crate) async fn send(State(doors): State<Arc<Doors>>, request: HttpRequest) -> Response {
    let (parts, body) = request.into_parts();
    let manner = Manner::of(&parts.headers, &doors);
    let wants_json = accepts_json(&parts.headers);
    let mut numbers = Vec::new();
    let done = async {
        let params = Params::read(&parts, body, doors.config.body).await?;
        let sender = admit(&doors, &params, &parts, Door::Form).await?;
        numbers = split(&params.text(&["numbers", "number", "to"])?.unwrap_or_default());
        let key = api::idempotency_key(&parts.headers)?;
        let request = Request { idempotency_key: key, ..request_of(&params, numbers.clone())? };
        doors.submit.submit(&sender, request).await
    };
    match done.await {
        Ok(accepted) if wants_json => api::accepted(&accepted, manner.language),
        Ok(accepted) => lines(StatusCode::ACCEPTED, accepted_lines(&accepted, manner.language)),
        Err(refusal) if wants_json => manner.problem(&refusal),
        Err(refusal) => refused(&refusal, &numbers, manner.language),
    }
}

fn request_of(params: &Params, to: Vec<String>) -> Result<Request, Refusal> {
    let text = |names: &[&str]| params.text(names);
    let dimension = |name: &str| text(&[name]).map(Option::unwrap_or_default);
    Ok(Request {
        from: text(&["from", "sender", "originator"])?,
        flash: is_yes(params.octets(&["flash"])),
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
        callback: text(&["callback_url"])?.as_deref().map(api::callback).transpose()?,
        dialog: is_yes(params.octets(&["dialog"])),
        policy: text(&["text_policy"])?.as_deref().map(api::policy).transpose()?,
        link: text(&["link"])?,
        ..Request::text(to, text(&["text", "message"])?.unwrap_or_default())
    })
}

fn is_yes(value: Option<&[u8]>) -> bool {
    value.is_some_and(|value| {
        [b"1".as_slice(), b"true", b"yes", b"on", b"ja"].iter().any(|yes| value.eq_ignore_ascii_case(yes))
    })
}

/// Comma, semicolon, newline and space all separate numbers; but `070-123 45 67` is one: a space separates only
/// after what could be a whole number.
fn split(numbers: &str) -> Vec<String> {
    let fields = numbers.split([',', ';', '\n', '\r']).map(str::trim).filter(|field| !field.is_empty());
    fields.flat_map(split_spaces).collect()
}

fn split_spaces(field: &str) -> Vec<String> {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
    let pieces: Vec<&str> = field.split_whitespace().collect();
    let whole_first = pieces.first().is_none_or(|first| digits(first) >= 8);
    if whole_first { pieces.into_iter().map(str::to_owned).collect() } else { vec![field.to_owned()] }
}

fn accepts_json(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|kind| kind.trim().starts_with("application/json"))
}

fn accepted_lines(accepted: &Accepted, language: Language) -> String {
    let mut text = String::new();
    for message in accepted.messages() {
        let _ = writeln!(text, "OK {} {}", message.to, message.id);
    }
    for one in accepted.refused() {
        error_line(&mut text, &one.input, &one.refusal, language);
    }
    text
}

/// When all is refused, one line: about the number, if there is one, else about all of them (`*`).
fn refused(refusal: &Refusal, numbers: &[String], language: Language) -> Response {
    let mut text = String::new();
    let about = match numbers {
        [one] => one.as_str(),
        _ => "*",
    };
    error_line(&mut text, about, refusal, language);
    let mut response = lines(problem::status(refusal.code), text);
    problem::headers_for_refusal(refusal, response.headers_mut());
    response
}

fn error_line(text: &mut String, input: &str, refusal: &Refusal, language: Language) {
    // Words are divided by spaces and lines by line ends: the input must not make any.
    let input: String =
        input.chars().map(|c| if c.is_control() || c.is_whitespace() { '?' } else { c }).collect();
    let reason: String =
        refusal.text(language).chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    let _ = writeln!(text, "ERR {input} {} {reason}", refusal.code);
}

fn lines(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators() {
        assert_eq!(
            split("0705123456,0708321321;+4670\n46701 ,, "),
            ["0705123456", "0708321321", "+4670", "46701"]
        );
        assert!(split(" ,;\r\n").is_empty());
    }

    #[test]
    fn an_input_makes_no_lines() {
        let mut text = String::new();
        let refusal = Refusal::new(domain::refusal::Code::InvalidNumber);
        error_line(&mut text, "x\nOK 4670 1", &refusal, Language::English);
        assert_eq!(text, "ERR x?OK?4670?1 invalid_number The number cannot be read.\n");
    }

    #[test]
    fn what_separates_numbers() {
        let cases: [(&str, &[&str]); 5] = [
            ("0705123456,0708321321", &["0705123456", "0708321321"]),
            ("0705123456 0708321321;+46701234567", &["0705123456", "0708321321", "+46701234567"]),
            ("070-123 45 67, 0708321321", &["070-123 45 67", "0708321321"]),
            ("+46 (0)70-123 45 67\n71234", &["+46 (0)70-123 45 67", "71234"]),
            (" , ;", &[]),
        ];
        for (input, expected) in cases {
            assert_eq!(split(input), expected, "{input}");
        }
    }
}
