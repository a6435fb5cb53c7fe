//! What the plain form answers: lines of text, or JSON or XML for those who accept them.

use crate::api;
use crate::known::Manner;
use axum::body::Body;
use axum::response::Response;
use domain::Language;
use domain::refusal::{Code, Refusal};
use domain::submission::{Accepted, RefusedRecipient};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::fmt::Write as _;
use web_kit::problem;

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Lines,
    Json,
    Xml,
}

impl Form {
    /// What the caller accepts, by the first of his media types that is known here.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let accepted = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        // A browser accepts XML among much else, after HTML: it gets lines.
        let kinds = accepted.split(',').map(|kind| kind.split(';').next().unwrap_or_default().trim());
        let known = kinds.map(|kind| match kind {
            "application/json" => Some(Self::Json),
            "application/xml" | "text/xml" => Some(Self::Xml),
            "text/plain" | "text/html" => Some(Self::Lines),
            _ => None,
        });
        known.flatten().next().unwrap_or(Self::Lines)
    }

    /// The answer to a request that was accepted.
    pub(super) fn accepted(self, accepted: &Accepted, language: Language) -> Response {
        let (kind, text) = match self {
            Self::Json => return api::accepted(accepted, language),
            Self::Lines => ("text/plain; charset=utf-8", lines(accepted, language)),
            Self::Xml => ("application/xml", xml(accepted, language)),
        };
        let mut response = made(StatusCode::ACCEPTED, kind, text);
        api::say_whether_repeated(accepted, response.headers_mut());
        response
    }

    /// The answer to one that was not. `each` are the numbers that were given; none when they are not known or too many.
    pub(super) fn refused(self, refusal: &Refusal, each: &[RefusedRecipient], manner: &Manner) -> Response {
        let (kind, text) = match self {
            Self::Json => return manner.problem(refusal),
            Self::Xml => ("application/problem+xml", problem_xml(refusal, manner.language)),
            Self::Lines => {
                let mut text = String::new();
                for one in each {
                    error_line(&mut text, &one.input, &one.refusal, manner.language);
                }
                if each.is_empty() {
                    error_line(&mut text, "*", refusal, manner.language);
                }
                ("text/plain; charset=utf-8", text)
            }
        };
        let mut response = made(problem::status(refusal.code), kind, text);
        problem::headers_for_refusal(refusal, response.headers_mut());
        response
    }
}

fn made(status: StatusCode, kind: &'static str, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn lines(accepted: &Accepted, language: Language) -> String {
    let mut text = String::new();
    for message in accepted.messages() {
        let _ = writeln!(text, "OK {} {}", message.to, message.id);
    }
    for one in accepted.refused() {
        error_line(&mut text, &one.input, &one.refusal, language);
    }
    text
}

fn error_line(text: &mut String, input: &str, refusal: &Refusal, language: Language) {
    // Words are divided by spaces and lines by line ends: the input must not make any.
    let input: String =
        input.chars().map(|c| if c.is_control() || c.is_whitespace() { '?' } else { c }).collect();
    let reason: String =
        with_its_field(refusal, language).chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    let _ = writeln!(text, "ERR {input} {} {reason}", refusal.code);
}

/// The text of a refusal, with the parameter where it does not say which it is about.
fn with_its_field(refusal: &Refusal, language: Language) -> String {
    let detail = refusal.detail.in_language(language);
    match refusal.field {
        Some(field)
            if matches!(refusal.code, Code::InvalidParameter | Code::InvalidTime)
                && !detail.starts_with(field) =>
        {
            format!("{} ({field}: {detail})", refusal.code.text(language))
        }
        _ => refusal.text(language),
    }
}

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// The JSON answer's members as elements: `<answer><message><to/><id/>…</message><refused>…</refused></answer>`.
fn xml(accepted: &Accepted, language: Language) -> String {
    let mut text = format!("{DECLARATION}<answer>\n");
    for message in accepted.messages() {
        let _ = writeln!(
            text,
            "  <message><id>{}</id><to>{}</to><segments>{}</segments><encoding>{}</encoding><state>{}</state></message>",
            message.id,
            escaped(&message.to),
            message.segments,
            message.alphabet.name(),
            message.state,
        );
    }
    for one in accepted.refused() {
        let _ = writeln!(
            text,
            "  <refused><to>{}</to><code>{}</code><detail>{}</detail></refused>",
            escaped(&one.input),
            one.refusal.code,
            escaped(&one.refusal.text(language)),
        );
    }
    text.push_str("</answer>\n");
    text
}

/// A problem document in XML (RFC 7807 appendix A, kept by RFC 9457 appendix B), with our members.
fn problem_xml(refusal: &Refusal, language: Language) -> String {
    let code = refusal.code;
    let field = refusal.field.map(|field| format!("<field>{field}</field>")).unwrap_or_default();
    format!(
        "{DECLARATION}<problem xmlns=\"urn:ietf:rfc:7807\"><type>/docs#{code}</type><title>{}</title><status>{}</status>\
         <detail>{}</detail><code>{code}</code>{field}<temporary>{}</temporary></problem>\n",
        escaped(code.text(language)),
        problem::status(code).as_u16(),
        escaped(&refusal.text(language)),
        code.is_temporary(),
    )
}

/// A text as XML 1.0 carries it: what it cannot becomes a question mark.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\u{FFFE}' | '\u{FFFF}' => out.push('?'),
            c if c.is_control() => out.push('?'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_which_parameter_is_wrong() {
        let line = |code, field, detail: &'static str| {
            let mut text = String::new();
            error_line(&mut text, "070", &Refusal::field(code, field, detail), Language::English);
            text
        };
        assert_eq!(
            line(Code::InvalidParameter, "priority", "bulk, normal, high or alarm"),
            "ERR 070 invalid_parameter A parameter has an invalid value. (priority: bulk, normal, high or alarm)\n"
        );
        assert!(
            line(Code::InvalidParameter, "to", "to: given more than once")
                .ends_with("(to: given more than once)\n")
        );
        assert!(line(Code::InvalidTime, "send_at", "x").ends_with("The time is invalid. (send_at: x)\n"));
        assert!(line(Code::InvalidNumber, "to", "x").ends_with("The number cannot be read. (x)\n"));
    }
    use domain::message::SubmissionId;
    use domain::refusal::Code;

    #[test]
    fn an_input_makes_no_lines() {
        let mut text = String::new();
        let refusal = Refusal::new(Code::InvalidNumber);
        error_line(&mut text, "x\nOK 4670 1", &refusal, Language::English);
        assert_eq!(text, "ERR x?OK?4670?1 invalid_number The number cannot be read.\n");
    }

    #[test]
    fn an_input_makes_no_elements() {
        let refused = vec![RefusedRecipient {
            input: "</to>&\u{1b}\n".to_owned(),
            refusal: Refusal::new(Code::InvalidNumber),
        }];
        let text =
            xml(&Accepted::after_commit(SubmissionId(1), Vec::new(), refused, false), Language::English);
        assert_eq!(
            text.lines().nth(2),
            Some(
                "  <refused><to>&lt;/to&gt;&amp;? </to><code>invalid_number</code><detail>The number cannot be read.</detail></refused>"
            )
        );
    }

    #[test]
    fn what_is_accepted_decides() {
        for (accept, expected) in [
            ("", Form::Lines),
            ("*/*", Form::Lines),
            ("application/json", Form::Json),
            ("application/xml;q=0.9, application/json", Form::Xml),
            ("text/xml", Form::Xml),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Form::Lines),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_str(accept).expect("a header"));
            assert_eq!(Form::of(&headers), expected, "{accept}");
        }
    }
}
