//! The HTTP doors: JSON, the plain GET form, and Kannel's form.

use super::Answer;
use crate::http::{Request, Response, escape, once};
use crate::settings::{PASSWORD, USER};
use serde_json::json;
use std::io;
use std::net::SocketAddr;

/// `POST /api/v1/messages`.
///
/// # Errors
/// When there is no whole answer.
pub fn json(address: SocketAddr, to: &str, text: &str) -> io::Result<Answer> {
    let body = json!({ "to": [to], "text": text });
    let response = once(address, &Request::json("/api/v1/messages", &body).basic(USER, PASSWORD))?;
    if response.status != 202 {
        return Ok(refused(&response));
    }
    let answer = response.json();
    Ok(match answer["messages"][0]["id"].as_str() {
        Some(id) => Answer::Accepted(Some(id.to_owned())),
        None => refused(&response),
    })
}

/// `GET /send?numbers=&text=`.
///
/// # Errors
/// When there is no whole answer.
pub fn get(address: SocketAddr, to: &str, text: &str) -> io::Result<Answer> {
    let target = format!(
        "/send?numbers={}&text={}&username={USER}&password={}",
        escape(to),
        escape(text),
        escape(PASSWORD)
    );
    let response = once(address, &Request::get(target))?;
    let line = response.text();
    let mut words = line.split_whitespace();
    Ok(match (response.status, words.next()) {
        (202, Some("OK")) => Answer::Accepted(words.nth(1).map(str::to_owned)),
        _ => refused(&response),
    })
}

/// `GET /cgi-bin/sendsms`.
///
/// # Errors
/// When there is no whole answer.
pub fn kannel(address: SocketAddr, to: &str, text: &str) -> io::Result<Answer> {
    let target = format!(
        "/cgi-bin/sendsms?username={USER}&password={}&to={}&text={}",
        escape(PASSWORD),
        escape(to),
        escape(text)
    );
    let response = once(address, &Request::get(target))?;
    Ok(if response.status == 202 { Answer::Accepted(None) } else { refused(&response) })
}

fn refused(response: &Response) -> Answer {
    Answer::Refused(format!("{} {}", response.status, response.text()))
}
