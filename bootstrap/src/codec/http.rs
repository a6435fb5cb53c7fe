//! `omnigate codec --protocol http`: what a profile would send of a message, and what it reads in an answer or a call of the operator.
//!
//! Never sends. Kinds of `decode`: `answer` (`{"profile":"46elks","status":200,"content_type":"..","body":"..","to":["46.."]}`) and `call`
//! (`{"profile":"46elks","content_type":"..","query":"..","body":".."}`).

use super::{CodecError, string, unknown_kind};
use crate::clock::SystemClock;
use crate::config::http_profile;
use domain::address::{Originator, Recipient};
use domain::message::Body;
use domain::numbering::Country;
use domain::text::{Policy, choose};
use domain::{numbering, originator};
use http_door::operator::{self, Account, Looked, Profile};
use ports::driven::Clock as _;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::time::Duration;

/// What `codec encode` is asked for.
pub struct Message<'a> {
    /// The profile's name or file.
    pub profile: &'a str,
    /// Recipients.
    pub to: &'a [String],
    /// The text.
    pub text: &'a str,
    /// The sender.
    pub from: Option<&'a str>,
    /// Whether it is flash.
    pub flash: bool,
    /// `NAME=VALUE` for user, password, url, values.x and secrets.x.
    pub set: &'a [String],
}

fn profile(name: &str) -> Result<Profile, CodecError> {
    http_profile(name).map_err(|flaws| {
        CodecError::new("bad_profile", flaws.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    })
}

fn bad(detail: impl std::fmt::Display) -> CodecError {
    CodecError::new("bad_input", detail)
}

fn looked(to: &[String], text: &str, from: Option<&str>, flash: bool) -> Result<Looked, CodecError> {
    let number = |to: &String| {
        numbering::recipient(to, Country::SWEDEN, false)
            .map_err(|refusal| bad(format_args!("{to}: {}", refusal.detail)))
    };
    let to: Vec<Recipient> = to.iter().map(number).collect::<Result<_, _>>()?;
    let from: Option<Originator> = from
        .map(|from| originator::parse(from, Country::SWEDEN))
        .transpose()
        .map_err(|refusal| bad(format_args!("from: {}", refusal.detail)))?;
    let chosen = choose(text, Policy::Auto).map_err(bad)?;
    let body = Body::Text { text: chosen.text.into_owned(), alphabet: chosen.alphabet, udh: Vec::new() };
    let now = SystemClock::default().now();
    Ok(Looked { to, body, from, flash, receipt: true, valid_for: Duration::from_secs(48 * 3_600), now })
}

/// The requests that would carry a message.
///
/// # Errors
/// A profile that is wrong, a message that it cannot say.
pub fn encode(message: &Message<'_>) -> Result<Vec<Value>, CodecError> {
    let profile = profile(message.profile)?;
    let mut account = Account {
        url: profile.url.clone().unwrap_or_else(|| "https://operator.example".to_owned()),
        user: "USER".to_owned(),
        password: SecretString::from("PASSWORD"),
        receipt_url: "https://gateway.example/operator/LINK/call/SECRET".to_owned(),
        mo_url: "https://gateway.example/operator/LINK/mo/SECRET".to_owned(),
        ..Account::default()
    };
    for need in &profile.needs {
        match need.split_once('.') {
            Some(("values", name)) => drop(account.values.insert(name.to_owned(), name.to_uppercase())),
            Some((_, name)) => {
                drop(account.secrets.insert(name.to_owned(), SecretString::from(name.to_uppercase())))
            }
            None => {}
        }
    }
    for set in message.set {
        let (name, value) =
            set.split_once('=').ok_or_else(|| bad(format_args!("--set {set:?} is not NAME=VALUE")))?;
        match (name, name.split_once('.')) {
            ("user", _) => value.clone_into(&mut account.user),
            ("password", _) => account.password = SecretString::from(value),
            ("url", _) => value.clone_into(&mut account.url),
            (_, Some(("values", name))) => drop(account.values.insert(name.to_owned(), value.to_owned())),
            (_, Some(("secrets", name))) => {
                drop(account.secrets.insert(name.to_owned(), SecretString::from(value)))
            }
            _ => {
                return Err(bad(format_args!(
                    "--set {name:?} is none of user, password, url, values.NAME, secrets.NAME"
                )));
            }
        }
    }
    let looked = looked(message.to, message.text, message.from, message.flash)?;
    operator::encode(&profile, &account, &looked).map_err(|why| CodecError::new("unsayable", why))
}

/// Reads one input of this kind.
///
/// # Errors
/// An unknown kind, an input of another shape, a call that is not the operator's.
pub fn decode(kind: &str, input: &Value) -> Result<Value, CodecError> {
    let text = |name: &str| input.get(name).and_then(Value::as_str).unwrap_or_default();
    let profile = profile(string(super::member(input, "profile")?)?)?;
    match kind {
        "answer" => {
            let status = u16::try_from(super::number(input, "status", 599)?).unwrap_or_default();
            let to: Vec<String> = match input.get("to").and_then(Value::as_array) {
                Some(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                None => vec!["46701234567".to_owned()],
            };
            let looked = looked(&to, "x", None, false)?;
            let answer = (status, text("content_type"), text("body"));
            let read = operator::verdicts(&profile, answer, &looked).map_err(bad)?;
            Ok(json!({ "recipients": read }))
        }
        "call" => {
            let call = (text("content_type"), text("query"), text("body"));
            let read = operator::heard(&profile, call, SystemClock::default().now());
            read.map_err(|why| CodecError::new("not_understood", why))
        }
        other => Err(unknown_kind("http", other, "answer and call")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_an_answer_and_a_call() {
        let to = ["070-123 45 67".to_owned()];
        let set = ["user=u1".to_owned()];
        let message = Message {
            profile: "46elks",
            to: &to,
            text: "Hej å",
            from: Some("Firma"),
            flash: false,
            set: &set,
        };
        let requests = encode(&message).expect("requests");
        assert!(
            requests[0]["body"]
                .as_str()
                .is_some_and(|b| b.contains("to=%2B46701234567&message=Hej%20%C3%A5"))
        );
        let answer = decode("answer", &json!({"profile":"46elks","status":200,"body":"{\"id\":\"s1\"}"}));
        assert_eq!(answer, Ok(json!({"recipients":[{"means":"ok","id":"s1"}]})));
        let call =
            decode("call", &json!({"profile":"46elks","body":"id=s1&status=delivered"})).expect("a call");
        assert_eq!(call["receipts"][0]["verdict"], "delivered");
        let wrong = decode("call", &json!({"profile":"nobody"})).expect_err("no profile");
        assert_eq!(wrong.class, "bad_profile");
    }
}
