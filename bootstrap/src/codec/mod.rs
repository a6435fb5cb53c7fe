//! Looking into a protocol: octets or lines in, the fields of a PDU as JSON out (`omnigate codec decode`).
//!
//! Never opens a connection and never changes anything. The keys are those of the published test vectors, so that
//! a trace read here can be compared with what other implementations see.

pub mod at;
pub mod cimd2;
pub mod gsm;
pub mod http;
pub mod smpp;
pub mod tap;
pub mod ucp;

use crate::swedish;
use domain::language::Language;
use serde_json::Value;
use std::fmt::Display;

/// Why an input cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodecError {
    /// A stable word for programs, such as `truncated` or `unknown_kind`.
    pub class: &'static str,
    /// What is wrong, for a person.
    pub detail: String,
}

impl CodecError {
    /// An error of a class, with its detail.
    pub fn new(class: &'static str, detail: impl Display) -> Self {
        Self { class, detail: detail.to_string() }
    }

    /// The error as the command prints it: the class for programs, the detail for a person.
    pub fn to_json(&self, language: Language) -> Value {
        serde_json::json!({"error": {"class": self.class, "detail": self.in_language(language)}})
    }

    /// What is wrong, for a person.
    #[must_use]
    pub fn in_language(&self, language: Language) -> String {
        swedish::of_codec(&self.detail, language)
    }

    /// Whether the question is wrong, whatever the input: no such protocol, or no such kind in it.
    #[must_use]
    pub fn is_of_question(&self) -> bool {
        matches!(self.class, "unknown_protocol" | "unknown_kind")
    }
}

impl Display for CodecError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.class, self.detail)
    }
}

impl std::error::Error for CodecError {}

/// Decodes one input of `kind` in `protocol` (`smpp`, `ucp`, `cimd2`, `tap`, `gsm`, `at`, `http`).
///
/// # Errors
/// An unknown protocol or kind, an input of the wrong form, or octets that are not what the kind says.
pub fn decode(protocol: &str, kind: &str, input: &Value) -> Result<Value, CodecError> {
    match protocol {
        "smpp" => smpp::decode(kind, input),
        "cimd2" => cimd2::decode(kind, input),
        "gsm" => gsm::decode(kind, input),
        "at" => at::decode(kind, input),
        "ucp" => ucp::decode(kind, input),
        "tap" => tap::decode(kind, input),
        "http" => http::decode(kind, input),
        other => Err(CodecError::new(
            "unknown_protocol",
            format_args!(
                "there is no decoder for {other:?}; there is one for smpp, ucp, cimd2, tap, gsm, at and http"
            ),
        )),
    }
}

/// The input that hexadecimal digits of a trace stand for. Most protocols' kinds read the digits themselves; those of line protocols read
/// characters, each an octet.
///
/// # Errors
/// Digits that make no octets.
pub fn of_hex(protocol: &str, digits: &str) -> Result<Value, CodecError> {
    let text = match protocol {
        "cimd2" | "at" | "tap" => domain::text::latin1::decode(&octets(digits)?),
        _ => digits.trim().to_owned(),
    };
    Ok(Value::String(text))
}

/// An input that has to be a string.
pub(crate) fn string(input: &Value) -> Result<&str, CodecError> {
    input.as_str().ok_or_else(|| CodecError::new("bad_input", "the input has to be a JSON string"))
}

/// A member of an input that has to be an object.
pub(crate) fn member<'a>(input: &'a Value, name: &str) -> Result<&'a Value, CodecError> {
    input.get(name).ok_or_else(|| {
        CodecError::new("bad_input", format_args!("the input has to be an object with {name:?}"))
    })
}

/// A member that has to be a whole number no larger than `most`.
pub(crate) fn number(input: &Value, name: &str, most: u64) -> Result<u64, CodecError> {
    member(input, name)?.as_u64().filter(|number| *number <= most).ok_or_else(|| {
        CodecError::new("bad_input", format_args!("{name:?} has to be a whole number from 0 to {most}"))
    })
}

/// Octets from hexadecimal digits, with white space anywhere between them.
pub(crate) fn octets(digits: &str) -> Result<Vec<u8>, CodecError> {
    let digits: String = digits.chars().filter(|c| !c.is_whitespace()).collect();
    modem::hex::decode(&digits)
        .ok_or_else(|| CodecError::new("not_hex", "the input has to be an even number of hexadecimal digits"))
}

/// The answer to a kind that a protocol does not have.
pub(crate) fn unknown_kind(protocol: &str, kind: &str, known: &str) -> CodecError {
    CodecError::new("unknown_kind", format_args!("{protocol} has no kind {kind:?}; it has {known}"))
}
