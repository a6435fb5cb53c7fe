//! `omnigate codec decode --protocol cimd2`: packets, texts and packet numbers as JSON, to read a trace.
//!
//! Never sends or stores anything. A packet is given as its characters, each an octet (ISO-8859-1), STX and ETX included.

use super::{CodecError, member, number, string, unknown_kind};
use bytes::{Bytes, BytesMut};
use cimd2::codec::{self, Decoded, Frames, parameter, text};
use cimd2::status::{ErrorCode, reason_text, status_text};
use domain::text::latin1;
use modem::hex;
use serde_json::{Map, Value, json};

/// The kinds, for who asks for another.
const KINDS: &str = "frame, frame_with_noise, frame_invalid, text, text_table, text_decode_plain, text_decode_8bit and \
                     packet_numbers";
/// Packet numbers that are shown at most.
const MOST_NUMBERS: u64 = 100_000;

/// Reads one input of this kind.
///
/// # Errors
/// [`CodecError`] for an unknown kind, an input of another shape, or octets that are no packet.
pub fn decode(kind: &str, input: &Value) -> Result<Value, CodecError> {
    match kind {
        "frame" | "frame_with_noise" | "frame_invalid" => frame(string(input)?),
        "text" | "text_table" | "text_decode_plain" | "text_decode_8bit" => {
            let written = input.as_str().map_or_else(|| string(member(input, "cimd")?), Ok)?;
            Ok(json!({"text": text::decode(&octets(written)?)}))
        }
        "packet_numbers" => packet_numbers(input),
        other => Err(unknown_kind("cimd2", other, KINDS)),
    }
}

fn octets(characters: &str) -> Result<Vec<u8>, CodecError> {
    latin1::encode(characters)
        .map_err(|error| CodecError::new("bad_input", format_args!("each character is one octet: {error}")))
}

/// The first packet of what is given. What stands around it is noise, which is shown, and written again around the packet.
fn frame(characters: &str) -> Result<Value, CodecError> {
    let given = octets(characters)?;
    let (before, _) =
        given.split_at(given.iter().position(|octet| *octet == codec::STX).unwrap_or(given.len()));
    let mut input = BytesMut::from(&given[..]);
    let frame = Frames::default().cut(&mut input).map_err(|error| CodecError::new("too long", error))?;
    let (frame, after) = match frame {
        Some(frame) => (frame, input.freeze()),
        None if input.is_empty() => return Err(CodecError::new("no packet", "there is no STX")),
        None => (input.freeze(), Bytes::new()),
    };
    let decoded = codec::decode(&frame).map_err(|e| CodecError::new(e.malformed.class(), e))?;
    let mut fields = fields(&decoded);
    // As we would write it.
    let mut again = BytesMut::from(before);
    if codec::encode(&decoded.packet, decoded.checksum.is_some(), &mut again).is_ok() {
        again.extend_from_slice(&after);
        fields.insert("wire".to_owned(), json!(latin1::decode(&again)));
    }
    for (name, noise) in [("noise_before", before), ("noise_after", &after)] {
        if !noise.is_empty() {
            fields.insert(name.to_owned(), json!(hex::encode(noise)));
        }
    }
    Ok(Value::Object(fields))
}

fn fields(Decoded { packet, checksum }: &Decoded) -> Map<String, Value> {
    let parameters = packet
        .parameters
        .iter()
        .map(|parameter| {
            json!({"code": format!("{:03}", parameter.code), "value": latin1::decode(&parameter.value)})
        })
        .collect::<Vec<_>>();
    let mut fields = Map::new();
    fields.insert("operation".to_owned(), json!(packet.operation.0));
    fields.insert("name".to_owned(), json!(packet.operation.name()));
    fields.insert("packet_number".to_owned(), json!(packet.number));
    fields.insert("parameters".to_owned(), json!(parameters));
    fields.insert("checksum".to_owned(), json!(checksum.map(|sum| format!("{sum:02X}"))));
    let error = packet.integer(parameter::ERROR).and_then(|code| u16::try_from(code).ok());
    let read = [
        ("text", packet.get(parameter::TEXT).map(|written| text::decode(written))),
        ("status", packet.integer(parameter::STATUS).and_then(status_text).map(str::to_owned)),
        ("reason", packet.integer(parameter::STATUS_ERROR).and_then(reason_text).map(str::to_owned)),
        ("error", error.and_then(|code| ErrorCode(code).text()).map(str::to_owned)),
    ];
    for (name, value) in read {
        if let Some(value) = value {
            fields.insert(name.to_owned(), json!(value));
        }
    }
    fields
}

/// The numbers that a side uses one after another: the application odd ones, the centre even ones.
fn packet_numbers(input: &Value) -> Result<Value, CodecError> {
    let side = string(member(input, "side")?)?;
    let parity = match side {
        "application" => 1,
        "smsc" | "centre" => 0,
        _ => return Err(CodecError::new("bad_input", "\"side\" is application or smsc")),
    };
    let start = number(input, "start", 255)?;
    if start % 2 != parity {
        return Err(CodecError::new("bad_input", format_args!("{side} does not use the number {start}")));
    }
    let count = number(input, "count", MOST_NUMBERS)?;
    let nth = |n: u64| (start + 2 * n) % 256;
    let mut fields = Map::new();
    fields.insert("first".to_owned(), json!((0..count.min(3)).map(nth).collect::<Vec<_>>()));
    for n in [127, 128].into_iter().filter(|n| *n < count) {
        fields.insert(format!("{}th", n + 1), json!(nth(n)));
    }
    fields.insert("last".to_owned(), json!(count.checked_sub(1).map(nth)));
    Ok(Value::Object(fields))
}
