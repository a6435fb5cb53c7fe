//! Published test vectors: octets and their meaning as other implementations have them, run against our decoders.
//!
//! Only the keys a vector lists are compared; a decoder may say more. Nothing here knows a protocol.

use omnigate::codec::{self, CodecError};
use serde::Deserialize;
use serde_json::{Map, Value};

const VECTORS: &str = include_str!("../vectors.json");

/// One vector.
#[derive(Debug, Deserialize)]
pub struct Vector {
    /// Its stable name.
    pub id: String,
    /// `smpp`, `gsm`, `at`, ..
    pub protocol: String,
    /// What the decoder is asked to do.
    pub kind: String,
    /// What it is given.
    pub input: Value,
    /// What it has to answer, at least.
    pub expected: Value,
    /// A trap to know of.
    #[serde(default)]
    pub note: String,
}

/// The vectors of a protocol, in order.
///
/// # Panics
/// The file is not what it should be.
pub fn of(protocol: &str) -> Vec<Vector> {
    let all: Vec<Vector> = serde_json::from_str(VECTORS).expect("vectors.json is a list of vectors");
    all.into_iter().filter(|vector| vector.protocol == protocol).collect()
}

/// Runs every vector of a protocol; answers a line for each that fails, and how many there were.
pub fn run(protocol: &str) -> (usize, Vec<String>) {
    let vectors = of(protocol);
    let failures = vectors.iter().filter_map(failure).collect();
    (vectors.len(), failures)
}

fn failure(vector: &Vector) -> Option<String> {
    let answer = answer(codec::decode(&vector.protocol, &vector.kind, &vector.input));
    let difference = difference("", &vector.expected, &answer)?;
    let note = if vector.note.is_empty() { String::new() } else { format!(" ({})", vector.note) };
    Some(format!("{} {}: {difference}{note}", vector.id, vector.kind))
}

/// A refusal is compared by its class alone: the detail is for people.
fn answer(result: Result<Value, CodecError>) -> Value {
    result.unwrap_or_else(|error| {
        let class = Value::String(error.class.to_owned());
        Value::Object(Map::from_iter([("error".to_owned(), class)]))
    })
}

/// The first place where `found` is not what `expected` lists.
fn difference(path: &str, expected: &Value, found: &Value) -> Option<String> {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => expected.iter().find_map(|(key, value)| {
            let path = format!("{path}.{key}");
            match found.get(key) {
                Some(found) => difference(&path, value, found),
                None => Some(format!(
                    "{path}: expected {value}, found nothing in {}",
                    Value::Object(found.clone())
                )),
            }
        }),
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => expected
            .iter()
            .zip(found)
            .enumerate()
            .find_map(|(i, (expected, found))| difference(&format!("{path}[{i}]"), expected, found)),
        _ if expected == found => None,
        _ => Some(format!("{path}: expected {expected}, found {found}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_wrong_answer_is_noticed() {
        let expected = json!({"a": [1, {"b": "x"}], "c": null});
        for (found, differs) in [
            (json!({"a": [1, {"b": "x", "more": 1}], "c": null, "d": 2}), false),
            (json!({"a": [1, {"b": "y"}], "c": null}), true),
            (json!({"a": [1], "c": null}), true),
            (json!({"a": [1, {"b": "x"}]}), true),
            (json!("a"), true),
        ] {
            assert_eq!(difference("", &expected, &found).is_some(), differs, "{found}");
        }
    }

    #[test]
    fn the_file_holds_what_it_should() {
        for (protocol, least) in
            [("smpp", 45), ("ucp", 28), ("gsm", 60), ("at", 6), ("cimd2", 19), ("tap", 8)]
        {
            assert!(of(protocol).len() >= least, "{protocol}");
        }
    }
}
