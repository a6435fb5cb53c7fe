//! What people read: the API's description, a page to try it on, and a word to a browser that lands at `/`.
//!
//! Nothing comes from outside and nothing runs inline. The page's texts stand in both languages in one file, as
//! `[[svenska||English]]`.

use crate::Doors;
use crate::api;
use crate::known::Manner;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use domain::Language;
use domain::refusal::Code;
use http::{HeaderMap, HeaderValue, header};
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};
use web_kit::status;

const PAGE: &str = include_str!("../assets/page.html");
const WELCOME: &str = include_str!("../assets/welcome.html");
const STYLE: &str = include_str!("../assets/page.css");
const SCRIPT: &str = include_str!("../assets/page.js");

/// The page's own style and script, calls to this very host, and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

static DOCUMENT: LazyLock<String> = LazyLock::new(api::document);

/// `GET /api/v1/openapi.json`.
pub(crate) async fn openapi() -> Response {
    made("application/json", DOCUMENT.as_str())
}

/// `GET /docs`, in the language of `?lang=` or of the browser.
pub(crate) async fn page(
    State(doors): State<Arc<Doors>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let asked = query.as_deref().and_then(|query| query.strip_prefix("lang=")).and_then(Language::parse);
    let language = asked.unwrap_or_else(|| web_kit::language(&headers, doors.config.language));
    let page = in_language(PAGE, language).replace("<!--codes-->", &codes(language));
    html(page, language)
}

/// `GET /docs/page.css`.
pub(crate) async fn style() -> Response {
    made("text/css; charset=utf-8", STYLE)
}

/// `GET /docs/page.js`.
pub(crate) async fn script() -> Response {
    made("text/javascript; charset=utf-8", SCRIPT)
}

/// What stands at `/` for who asks for nothing.
pub(crate) fn welcome(manner: &Manner) -> Response {
    html(in_language(WELCOME, manner.language), manner.language)
}

fn html(page: String, language: Language) -> Response {
    let mut response = made("text/html; charset=utf-8", page);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Language"));
    response
}

fn made(kind: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// Picks one of the two texts of every `[[svenska||English]]`.
fn in_language(template: &str, language: Language) -> String {
    let mut page = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("[[") {
        page.push_str(before);
        let (both, after) = after.split_once("]]").unwrap_or((after, ""));
        let (swedish, english) = both.split_once("||").unwrap_or((both, both));
        page.push_str(language.pick(swedish, english));
        rest = after;
    }
    page.push_str(rest);
    page
}

/// A table row for each code; the type of a problem document leads to it.
fn codes(language: Language) -> String {
    Code::ALL.iter().fold(String::new(), |mut rows, code| {
        let again = if code.is_temporary() { language.pick("ja", "yes") } else { "–" };
        let _ = writeln!(
            rows,
            "<tr id=\"{code}\"><td><code>{code}</code></td><td>{}</td><td>{}</td><td>{again}</td></tr>",
            status(*code).as_u16(),
            code.text(language)
        );
        rows
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_are_there() {
        for template in [PAGE, WELCOME] {
            assert_eq!(template.matches("[[").count(), template.matches("||").count());
            assert_eq!(template.matches("[[").count(), template.matches("]]").count());
            for language in [Language::Swedish, Language::English] {
                assert!(!in_language(template, language).contains("[["));
            }
        }
        assert_eq!(in_language("a [[ja||yes]] b", Language::Swedish), "a ja b");
        assert_eq!(in_language("a [[ja||yes]] b", Language::English), "a yes b");
    }

    #[test]
    fn nothing_comes_from_outside_or_runs_inline() {
        for template in [PAGE, WELCOME, STYLE, SCRIPT] {
            for outside in ["http://", "https://", "@import", "url("] {
                assert!(!template.contains(outside), "{outside}");
            }
        }
        for inline in ["onclick", "onload", "style=", "<style", "<script>", "innerHTML", "eval("] {
            assert!(
                !PAGE.contains(inline) && !WELCOME.contains(inline) && !SCRIPT.contains(inline),
                "{inline}"
            );
        }
    }

    #[test]
    fn every_element_the_script_looks_for_is_on_the_page() {
        for call in SCRIPT.split("byId(\"").skip(1) {
            let id = call.split('"').next().unwrap_or_default();
            assert!(PAGE.contains(&format!("id=\"{id}\"")), "{id}");
        }
    }
}
