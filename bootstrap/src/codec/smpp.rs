//! `omnigate codec decode --protocol smpp`: PDUs, receipts, ids and times as JSON, to read a trace.
//!
//! Never sends or stores anything. Keys are those of the public test vectors; a kind that makes something out of
//! an object (a time) reads it when given a string.

mod fields;

use std::fmt::Display;

use bytes::Bytes;
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use smpp::codec::{self, DecodeError, Decoded, Malformed, ShortMessage, Warning, tag};
use smpp::receipt::{self, Detect, ParsedReceipt};
use smpp::time::{self, Relative, SmppTime};

use super::{CodecError, octets, string, unknown_kind};

/// The kinds, for who asks for another.
const KINDS: &str =
    "pdu_decode, pdu_invalid, receipt_text, receipt_precedence, message_id, time_absolute and time_relative";
/// esm_class of a receipt.
const RECEIPT: u8 = 0x04;
/// What the vectors call the two ways in which the ids of a response and a receipt can be the same.
const SAME_HEX: &str = "same hex, leading zeros and case ignored";
const HEX_IS_DECIMAL: &str = "hex(value)==decimal(value), leading zeros ignored";

/// Reads one input of this kind.
///
/// # Errors
/// [`CodecError`] for an unknown kind, an input of another shape, or octets that are no PDU.
pub fn decode(kind: &str, input: &Value) -> Result<Value, CodecError> {
    match kind {
        "pdu_decode" => pdu(&frame(input)?).map(|decoded| fields::pdu(&decoded)),
        "pdu_invalid" => strict(&frame(input)?),
        "receipt_text" => Ok(fields::labels(&receipt::parse(string(input)?.as_bytes()))),
        "receipt_precedence" => precedence(input),
        "message_id" => message_id(input),
        "time_absolute" => absolute(input),
        "time_relative" => relative(input),
        other => Err(unknown_kind("smpp", other, KINDS)),
    }
}

fn wrong_input(detail: impl Display) -> CodecError {
    CodecError::new("bad_input", detail)
}

fn field<'a>(input: &'a Value, name: &str) -> Option<&'a str> {
    input.get(name).and_then(Value::as_str)
}

fn frame(input: &Value) -> Result<Bytes, CodecError> {
    octets(string(input)?).map(Bytes::from)
}

fn pdu(frame: &Bytes) -> Result<Decoded, CodecError> {
    codec::decode(frame).map_err(|error| CodecError::new(class(&error), error))
}

fn class(error: &DecodeError) -> &'static str {
    match error.malformed {
        Malformed::LengthTooSmall(_) => "command_length too small",
        Malformed::LengthTooLarge(_) => "command_length too large",
        Malformed::Length { .. } if error.header.is_none() => "short",
        Malformed::Length { stated, octets } if stated as usize <= octets => "trailing octets",
        Malformed::Length { .. } | Malformed::Missing(_) | Malformed::ShortMessageLength(_) => "incomplete",
        Malformed::DestFlag(_) => "dest_flag",
    }
}

/// What the gateway tolerates but the standard does not is an error here.
fn strict(frame: &Bytes) -> Result<Value, CodecError> {
    let decoded = pdu(frame)?;
    let Some(warning) = decoded.warnings.first() else { return Ok(fields::pdu(&decoded)) };
    let class = match warning {
        Warning::Unterminated(_) => "unterminated C-octet string",
        Warning::TooLong { .. } => "C-octet string too long",
        Warning::TruncatedTlv { .. } | Warning::ErrorBody(_) => "incomplete",
        Warning::Trailing(_) => "trailing octets",
    };
    Err(CodecError::new(class, warning))
}

/// What the receipt text alone says, and what the optional parameters make of it.
fn precedence(input: &Value) -> Result<Value, CodecError> {
    let mut message = ShortMessage { esm_class: RECEIPT, ..ShortMessage::default() };
    message.short_message = Bytes::from(field(input, "text").unwrap_or_default().to_owned());
    if let Some(id) = field(input, "receipted_message_id") {
        message.tlvs.push_string(tag::RECEIPTED_MESSAGE_ID, id);
    }
    if let Some(state) = input.get("message_state").and_then(Value::as_u64) {
        let state = u8::try_from(state).map_err(|_| wrong_input("message_state is one octet"))?;
        message.tlvs.push_u8(tag::MESSAGE_STATE, state);
    }
    let receipt =
        ParsedReceipt::from_deliver(&message, Detect::ByClass).ok_or_else(|| wrong_input("not a receipt"))?;
    Ok(fields::receipt(&receipt))
}

/// Two ids compared, or one written in the other way.
fn message_id(input: &Value) -> Result<Value, CodecError> {
    if let (Some(theirs), Some(receipts)) =
        (field(input, "submit_resp_or_tlv"), field(input, "receipt_text_id"))
    {
        return Ok(same_message(theirs, receipts));
    }
    if let Some(decimal) = field(input, "decimal") {
        let number = receipt::as_decimal(decimal).ok_or_else(|| wrong_input("not a decimal number"))?;
        return Ok(json!({"hex": format!("{number:x}")}));
    }
    if let Some(hex) = field(input, "hex") {
        let number = receipt::as_hex(hex).ok_or_else(|| wrong_input("not a hexadecimal number"))?;
        return Ok(json!({"decimal": number.to_string()}));
    }
    Ok(json!({"keys": receipt::id_keys(string(input)?)}))
}

fn same_message(theirs: &str, receipts: &str) -> Value {
    let (hex, decimal) = (receipt::as_hex, receipt::as_decimal);
    let equal = |a: Option<u128>, b: Option<u128>| a.is_some() && a == b;
    let rule = if theirs.eq_ignore_ascii_case(receipts) || equal(hex(theirs), hex(receipts)) {
        SAME_HEX
    } else if equal(hex(theirs), decimal(receipts)) || equal(decimal(theirs), hex(receipts)) {
        HEX_IS_DECIMAL
    } else {
        return json!({"match": false});
    };
    json!({"match": true, "rule": rule})
}

/// `{local_time, tenths}` as 16 characters, or 16 characters as a moment.
fn absolute(input: &Value) -> Result<Value, CodecError> {
    if let Some(text) = input.as_str() {
        return read_time(text);
    }
    let local = field(input, "local_time").ok_or_else(|| wrong_input("local_time is missing"))?;
    let failed = |error: jiff::Error| wrong_input(error);
    let offset = Pieces::parse(local).map_err(failed)?.to_numeric_offset();
    let at: Timestamp = local.parse().map_err(failed)?;
    let tenths = input.get("tenths").and_then(Value::as_i64).filter(|tenths| (0..10).contains(tenths));
    let at = at.checked_add((tenths.unwrap_or(0) * 100).milliseconds()).map_err(failed)?;
    let text = time::absolute(at, offset.unwrap_or(Offset::UTC)).map_err(wrong_input)?;
    Ok(Value::String(text))
}

/// `{years, months, ..}` as 16 characters, or 16 characters as units.
fn relative(input: &Value) -> Result<Value, CodecError> {
    if let Some(text) = input.as_str() {
        return read_time(text);
    }
    let unit = |name| match input.get(name) {
        None => Ok(0),
        Some(number) => number
            .as_u64()
            .filter(|number| *number < 100)
            .map(|number| number as u8)
            .ok_or_else(|| wrong_input(format_args!("{name} is a number below 100"))),
    };
    let relative = Relative {
        years: unit("years")?,
        months: unit("months")?,
        days: unit("days")?,
        hours: unit("hours")?,
        minutes: unit("minutes")?,
        seconds: unit("seconds")?,
    };
    Ok(Value::String(relative.text()))
}

fn read_time(text: &str) -> Result<Value, CodecError> {
    let read = time::parse(text.as_bytes()).map_err(|error| CodecError::new("time", error))?;
    Ok(match read {
        None => Value::Null,
        Some(SmppTime::Absolute(at)) => json!({"at": at.to_string()}),
        Some(SmppTime::Relative(relative)) => json!({
            "years": relative.years, "months": relative.months, "days": relative.days,
            "hours": relative.hours, "minutes": relative.minutes, "seconds": relative.seconds,
        }),
    })
}
