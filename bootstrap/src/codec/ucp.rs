//! `omnigate codec decode --protocol ucp`: frames as JSON, to read a trace.
//!
//! Never sends or stores anything. An input is a frame as it stands on the wire, with or without STX and ETX, or its octets
//! in hexadecimal. Empty fields are left out, as in the published vectors.

use super::{CodecError, octets, string, unknown_kind};
use bytes::{Bytes, BytesMut};
use serde_json::{Map, Value, json};
use ucp::codec::{self, DecodeError, ETX, Malformed, Packet, STX};

/// The kinds, for who asks for another.
const KINDS: &str = "frame, frame_invalid, oadc_packed and oadc_packed_decode";

/// Reads one input of this kind.
///
/// # Errors
/// An unknown kind, an input of another shape, or octets that are no frame.
pub fn decode(kind: &str, input: &Value) -> Result<Value, CodecError> {
    match kind {
        "frame" | "frame_invalid" => frame(string(input)?),
        "oadc_packed" => {
            let packed = codec::pack_sender(string(input)?);
            packed.map(Value::String).map_err(|error| CodecError::new("too_long", error))
        }
        "oadc_packed_decode" => codec::unpack_sender(string(input)?.as_bytes())
            .map(Value::String)
            .ok_or_else(|| CodecError::new("not_packed", "no length and septets in hexadecimal digits")),
        other => Err(unknown_kind("ucp", other, KINDS)),
    }
}

fn frame(text: &str) -> Result<Value, CodecError> {
    let content = content(text)?;
    let packet = codec::decode(&content).map_err(|error| CodecError::new(class(&error), error))?;
    let sum = content.len().checked_sub(2).and_then(|at| content.get(at..)).unwrap_or_default();
    Ok(json!({
        "trn": format!("{:02}", packet.trn),
        "len": content.len(),
        "o_r": if packet.result { "R" } else { "O" },
        "ot": format!("{:02}", packet.operation),
        "checksum": String::from_utf8_lossy(sum),
        "fields": fields(&packet),
        "wire": again(&packet)?,
    }))
}

/// What stands between STX and ETX.
fn content(text: &str) -> Result<Bytes, CodecError> {
    let hexadecimal = text.len() > 3 && text.chars().all(|c| c.is_ascii_hexdigit() || c.is_whitespace());
    let octets = if hexadecimal { octets(text)? } else { text.as_bytes().to_vec() };
    if !octets.contains(&STX) {
        return Ok(octets.into_iter().filter(|octet| *octet != ETX).collect());
    }
    let mut input = BytesMut::from(octets.as_slice());
    codec::cut(&mut input, &mut 0).ok_or_else(|| CodecError::new("incomplete", "no ETX after STX"))
}

fn fields(packet: &Packet) -> Value {
    let mut named = Map::new();
    let mut names = codec::names(packet).into_iter();
    for (place, field) in packet.fields.iter().enumerate() {
        let name = names.next().map_or_else(|| format!("field{}", place + 1), |name| name.into_owned());
        if !field.is_empty() {
            named.insert(name, Value::String(String::from_utf8_lossy(field).into_owned()));
        }
    }
    Value::Object(named)
}

/// The frame as we would write it: the same, when it is canonical.
fn again(packet: &Packet) -> Result<String, CodecError> {
    let mut out = BytesMut::new();
    codec::encode(packet, &mut out).map_err(|error| CodecError::new("unsayable", error))?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

fn class(error: &DecodeError) -> &'static str {
    match error.malformed {
        Malformed::Header => "header",
        Malformed::Length { .. } => "length",
        Malformed::Checksum { .. } => "checksum",
        Malformed::Fields { .. } => "fields",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_in_every_form() {
        let plain = "00/00019/R/60/A//6D";
        let framed = format!("\u{2}{plain}\u{3}");
        let hexadecimal: String = framed.bytes().map(|octet| format!("{octet:02x}")).collect();
        for text in [plain, framed.as_str(), hexadecimal.as_str()] {
            let value = decode("frame", &json!(text)).expect("a frame");
            assert_eq!((&value["ot"], &value["fields"]), (&json!("60"), &json!({"ack": "A"})), "{text}");
            assert_eq!(value["wire"], json!(framed));
        }
    }
}
