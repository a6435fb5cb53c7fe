//! The `at` kinds: what modems answer (3GPP TS 27.005 and 27.007).
//!
//! Holds no rule of its own; it names the fields that `modem::at` reads.

use super::{CodecError, string, unknown_kind};
use modem::at::{self, AnswerError};
use modem::{hex, tpdu};
use serde_json::{Map, Value, json};

/// Decodes one answer.
///
/// # Errors
/// An unknown kind, an input that is no string, or an answer that cannot be used.
pub fn decode(kind: &str, input: &Value) -> Result<Value, CodecError> {
    match kind {
        "creg" => creg(string(input)?),
        "cnmi_test" => {
            let offer = at::cnmi_test(string(input)?).map_err(bad_answer)?;
            Ok(json!({"mode": offer.mode, "mt": offer.mt, "bm": offer.bm, "ds": offer.ds, "bfr": offer.bfr}))
        }
        "cmgr" => {
            let message = at::cmgr(string(input)?).map_err(bad_answer)?;
            Ok(json!({
                "stat": message.stat,
                "alpha": message.alpha,
                "length": message.length,
                "pdu": hex::encode(&message.pdu),
                "pdu_octets": message.pdu.len(),
                "sca_octets": tpdu::sca_octets(&message.pdu),
            }))
        }
        other => Err(unknown_kind("at", other, "creg, cnmi_test and cmgr")),
    }
}

fn creg(line: &str) -> Result<Value, CodecError> {
    let creg = at::creg(line).map_err(bad_answer)?;
    let mut fields = Map::new();
    let given = [
        ("n", creg.mode.map(u32::from)),
        ("stat", Some(u32::from(creg.stat))),
        ("lac", creg.lac),
        ("ci", creg.cell),
        ("act", creg.act.map(u32::from)),
    ];
    for (name, value) in given {
        if let Some(value) = value {
            fields.insert(name.to_owned(), json!(value));
        }
    }
    fields.insert("registered".to_owned(), json!(creg.is_registered()));
    Ok(Value::Object(fields))
}

fn bad_answer(error: AnswerError) -> CodecError {
    let class = match error {
        AnswerError::NotThis(_) => "other_answer",
        AnswerError::Field(_) => "bad_field",
        AnswerError::Length { .. } => "bad_length",
    };
    CodecError::new(class, error)
}
