//! The `tap` kinds: checksum, blocks, log-on and answers (TAP 1.8).
//!
//! Holds no rule of its own; it names the fields that `modem::tap::codec` reads.

use super::{CodecError, member, string, unknown_kind};
use modem::tap::codec::{Block, BlockError, Terminator, checksum, encode, login, response};
use modem::tap::meaning;
use serde_json::{Map, Value, json};

/// Decodes, or for the two that are built (`block` of fields, `login`) encodes.
///
/// # Errors
/// An unknown kind, an input of the wrong form, or octets that are no block.
pub fn decode(kind: &str, input: &Value) -> Result<Value, CodecError> {
    match kind {
        "checksum" => Ok(json!(characters(&checksum(&octets(string(input)?)?)))),
        "block" => match input {
            Value::String(text) => read_block(text),
            fields => build_block(fields),
        },
        "login" => {
            let password = member(input, "password")?;
            Ok(json!(characters(&login(string(password)?))))
        }
        "response" => {
            let said = response(&octets(string(input)?)?);
            // As a central writes it.
            let again = said.octets();
            let mut fields = Map::new();
            if let Some(code) = said.code {
                fields.insert("code".to_owned(), json!(code));
                fields.insert("text".to_owned(), json!(said.text.unwrap_or_default()));
                fields.insert("meaning".to_owned(), json!(meaning(code).1));
            }
            fields.insert("control".to_owned(), json!(said.control));
            if let Some(again) = again {
                fields.insert("wire".to_owned(), json!(characters(&again)));
            }
            Ok(Value::Object(fields))
        }
        other => Err(unknown_kind("tap", other, "checksum, block, login and response")),
    }
}

/// The octets of a text of seven bits.
fn octets(text: &str) -> Result<Vec<u8>, CodecError> {
    if text.is_ascii() {
        return Ok(text.as_bytes().to_vec());
    }
    Err(CodecError::new("not_ascii", "TAP has characters of seven bits"))
}

fn characters(octets: &[u8]) -> String {
    octets.iter().map(|octet| char::from(*octet)).collect()
}

fn read_block(text: &str) -> Result<Value, CodecError> {
    let block = Block::parse(&octets(text)?).map_err(|error| {
        let class = match error {
            BlockError::Start => "no_start",
            BlockError::End => "no_end",
            BlockError::Checksum => "bad_checksum",
            BlockError::Rest => "bad_end",
        };
        CodecError::new(class, error)
    })?;
    let fields: Vec<String> = block.fields().iter().map(|field| characters(field)).collect();
    Ok(
        json!({ "fields": fields, "terminator": block.terminator.name(), "wire": characters(&block.octets()) }),
    )
}

fn build_block(input: &Value) -> Result<Value, CodecError> {
    let fields = member(input, "fields")?;
    let fields =
        fields.as_array().ok_or_else(|| CodecError::new("bad_input", "\"fields\" has to be a list"))?;
    let last = input.get("last_block").and_then(Value::as_bool).unwrap_or(true);
    let terminator = match input.get("terminator").and_then(Value::as_str) {
        None if last => Terminator::Last,
        None | Some("ETB") => Terminator::More,
        Some("ETX") => Terminator::Last,
        Some("US") => Terminator::Split,
        Some(other) => {
            return Err(CodecError::new("bad_input", format_args!("{other:?} is none of ETX, ETB, US")));
        }
    };
    let mut content = Vec::new();
    for (n, field) in fields.iter().enumerate() {
        content.extend(octets(string(field)?)?);
        // In a block that ends in the middle of a field, the field goes on.
        if terminator != Terminator::Split || n + 1 < fields.len() {
            content.push(b'\r');
        }
    }
    Ok(json!(characters(&encode(&content, terminator))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_read_and_built_is_the_same() {
        for block in ["\u{2}123\rABC\r\u{3}17;\r", "\u{2}0740123456\rTEST 1\r\u{3}3;0\r"] {
            let read = decode("block", &json!(block)).expect("a block");
            assert_eq!(decode("block", &read), Ok(json!(block)));
        }
        for (input, class) in [
            ("\u{2}123\rABC\r\u{3}170\r", "bad_checksum"),
            ("123", "no_start"),
            ("\u{2}1", "no_end"),
            ("å", "not_ascii"),
        ] {
            assert_eq!(decode("block", &json!(input)).map_err(|e| e.class), Err(class), "{input:?}");
        }
    }
}
