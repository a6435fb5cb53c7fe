//! The `gsm` kinds: alphabet, packing, addresses, times, headers and whole PDUs (3GPP TS 23.038 and 23.040).
//!
//! Holds no rule of its own; it names the fields that `domain::text` and `modem::tpdu` read.

use super::{CodecError, member, number, octets, string, unknown_kind};
use domain::text::{Policy, Udh, choose, count, gsm7};
use modem::hex;
use modem::tpdu::{
    self, Address, Dcs, Pdu, Stamp, StatusReport, Submit, Tpdu, TpduError, UserData, Validity,
};
use serde_json::{Map, Value, json};

const KINDS: &str = "pack7, pack7_fill, unpack7, unpack7_invalid_escape, tpdu, address, address_sca, scts, udh, \
                     vp_relative and segments";

/// The longest text that `segments` builds from its parts, in characters.
const MOST_CHARACTERS: u64 = 100_000;

/// Decodes one input.
///
/// # Errors
/// An unknown kind, an input of the wrong form, or octets that are not what the kind says.
pub fn decode(kind: &str, input: &Value) -> Result<Value, CodecError> {
    match kind {
        "pack7" => pack(text_of(input)?, 0),
        "pack7_fill" => pack(text_of(input)?, fill_bits(input)?),
        "unpack7" | "unpack7_invalid_escape" => unpack(input),
        "tpdu" => pdu(string(input)?),
        "address" => Ok(json!(Address::decode(&octets(string(input)?)?).map_err(bad_pdu)?.to_string())),
        "address_sca" => {
            let sca = Address::decode_sca(&octets(string(input)?)?).map_err(bad_pdu)?;
            Ok(json!(sca.map(|sca| sca.to_string())))
        }
        "scts" => stamp(string(input)?),
        "udh" => Ok(header(&Udh::parse(&octets(string(input)?)?))),
        "vp_relative" => {
            let minutes = number(input, "minutes", u64::from(u32::MAX))?;
            Ok(json!(tpdu::relative_code(u32::try_from(minutes).unwrap_or(u32::MAX))))
        }
        "segments" => segments(input),
        other => Err(unknown_kind("gsm", other, KINDS)),
    }
}

fn bad_pdu(error: TpduError) -> CodecError {
    let class = match error {
        TpduError::Truncated(_) => "truncated",
        TpduError::AddressTooLong(_) | TpduError::AddressCharacter => "bad_address",
        TpduError::UserDataTooLong(_) => "too_long",
    };
    CodecError::new(class, error)
}

/// The text, given alone or as the member `text`.
fn text_of(input: &Value) -> Result<&str, CodecError> {
    input.as_str().map_or_else(|| string(member(input, "text")?), Ok)
}

fn fill_bits(input: &Value) -> Result<u8, CodecError> {
    match input.get("fill_bits") {
        None => Ok(0),
        Some(_) => Ok(u8::try_from(number(input, "fill_bits", 6)?).unwrap_or(0)),
    }
}

fn pack(text: &str, fill_bits: u8) -> Result<Value, CodecError> {
    let septets = gsm7::encode(text).map_err(|error| CodecError::new("not_in_alphabet", error))?;
    Ok(json!({"septets": septets.len(), "packed": hex::encode(&gsm7::pack(&septets, fill_bits))}))
}

fn unpack(input: &Value) -> Result<Value, CodecError> {
    let packed = octets(string(member(input, "packed")?)?)?;
    let count = number(input, "septets", 255)?;
    let septets = gsm7::unpack(&packed, usize::try_from(count).unwrap_or(0), fill_bits(input)?);
    let text = gsm7::decode(&septets);
    Ok(json!({"text": text, "text_strict_style": text, "text_space_style": space_style(&septets)}))
}

/// How some programs show an escape to a code that the extension table lacks: a space, then the basic character.
fn space_style(septets: &[u8]) -> String {
    let mut shown = String::new();
    let mut rest = septets;
    while let [first, after @ ..] = rest {
        let take = if *first == gsm7::ESCAPE && !after.is_empty() { 2 } else { 1 };
        let (unit, left) = rest.split_at(take);
        let character = gsm7::decode(unit);
        if take == 2 && gsm7::encode(&character).is_ok_and(|coded| coded.len() == 1) {
            shown.push(' ');
        }
        shown.push_str(&character);
        rest = left;
    }
    shown
}

fn stamp(digits: &str) -> Result<Value, CodecError> {
    let octets: [u8; 7] = octets(digits)?
        .try_into()
        .map_err(|_| CodecError::new("truncated", "a time stamp has seven octets"))?;
    match Stamp::decode(octets) {
        Some(stamp) => Ok(json!(stamp.to_string())),
        None => Err(CodecError::new("bad_time", "the octets name no time")),
    }
}

/// One element alone is an object, several are a list.
fn header(udh: &Udh) -> Value {
    let mut elements: Vec<Value> = udh
        .elements
        .iter()
        .map(|element| {
            if let Some(concat) = element.concat() {
                json!({"iei": element.iei, "ref": concat.reference, "total": concat.total, "seq": concat.seq})
            } else if let Some(ports) = element.ports() {
                json!({"iei": element.iei, "dest_port": ports.destination, "orig_port": ports.originator})
            } else {
                json!({"iei": element.iei, "data": hex::encode(&element.data)})
            }
        })
        .collect();
    match elements.len() {
        1 => elements.remove(0),
        _ => Value::Array(elements),
    }
}

/// The text is given as `text`, or as `repeat`: a list of `[character, count]`.
fn segments(input: &Value) -> Result<Value, CodecError> {
    let bad = || CodecError::new("bad_input", "\"repeat\" has to be a list of [text, count], within reason");
    let mut text = String::new();
    if let Some(parts) = input.get("repeat") {
        let mut characters = 0;
        for part in parts.as_array().ok_or_else(bad)? {
            let (piece, times) = match part.as_array().map(Vec::as_slice) {
                Some([piece, times]) => (piece.as_str().ok_or_else(bad)?, times.as_u64().ok_or_else(bad)?),
                _ => return Err(bad()),
            };
            characters += times.min(MOST_CHARACTERS) * piece.len() as u64;
            if times > MOST_CHARACTERS || characters > MOST_CHARACTERS {
                return Err(bad());
            }
            text.push_str(&piece.repeat(usize::try_from(times).map_err(|_| bad())?));
        }
    } else {
        text.push_str(text_of(input)?);
    }
    let chosen = choose(&text, Policy::Keep).map_err(|error| CodecError::new("not_in_alphabet", error))?;
    Ok(json!(count(&chosen.text, chosen.alphabet, false)))
}

fn pdu(digits: &str) -> Result<Value, CodecError> {
    let octets = octets(digits)?;
    let whole = tpdu::decode(&octets).map_err(bad_pdu)?;
    // As we would write it: the same, when it is canonical. What does not fit into a message cannot be written.
    let again = tpdu::encode(&whole).ok().map(|octets| hex::encode(&octets));
    let Pdu { sca, tpdu } = whole;
    let first = octets.get(tpdu::sca_octets(&octets)).copied().unwrap_or(0);
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| {
        fields.insert(name.to_owned(), value);
    };
    put("wire", json!(again));
    put("sca", json!(sca.map(|sca| sca.to_string())));
    put("first_octet", json!(hex::encode(&[first])));
    match tpdu {
        Tpdu::Deliver(deliver) => {
            put("type", json!("SMS-DELIVER"));
            put("udhi", json!(first & 0x40 != 0));
            put("rp", json!(deliver.reply_path));
            put("sri", json!(deliver.status_report));
            put("more_waiting", json!(deliver.more_waiting));
            put("oa", json!(deliver.originator.to_string()));
            put("pid", json!(deliver.pid));
            put("scts", time(deliver.sent_at));
            user_data(deliver.dcs, &deliver.user_data, &mut put);
        }
        Tpdu::Submit(submit) => put_submit(first, &submit, &mut put),
        Tpdu::StatusReport(report) => put_report(&report, &mut put),
    }
    Ok(Value::Object(fields))
}

fn put_submit(first: u8, submit: &Submit, put: &mut impl FnMut(&str, Value)) {
    put("type", json!("SMS-SUBMIT"));
    put("udhi", json!(first & 0x40 != 0));
    put("rp", json!(submit.reply_path));
    put("srr", json!(submit.status_report));
    put("rd", json!(submit.reject_duplicates));
    put("mr", json!(submit.reference));
    put("da", json!(submit.destination.to_string()));
    put("pid", json!(submit.pid));
    match submit.validity {
        Validity::Unset => {}
        Validity::Relative(code) => {
            put("vp_relative", json!(code));
            put("vp_minutes", json!(tpdu::relative_minutes(code)));
        }
        Validity::Until(stamp) => put("vp_absolute", time(stamp)),
        Validity::Enhanced(octets) => put("vp_enhanced", json!(hex::encode(&octets))),
    }
    user_data(submit.dcs, &submit.user_data, put);
}

fn put_report(report: &StatusReport, put: &mut impl FnMut(&str, Value)) {
    put("type", json!("SMS-STATUS-REPORT"));
    put("srq", json!(report.on_command));
    put("more_waiting", json!(report.more_waiting));
    put("mr", json!(report.reference));
    put("ra", json!(report.recipient.to_string()));
    put("scts", time(report.sent_at));
    put("dt", time(report.discharged_at));
    put("st", json!(hex::encode(&[report.status])));
    put("outcome", json!(format!("{:?}", tpdu::Outcome::of(report.status)).to_lowercase()));
    if let Some(pid) = report.pid {
        put("pid", json!(pid));
    }
    if let Some(data) = &report.user_data {
        user_data(report.dcs.unwrap_or(Dcs(0)), data, put);
    }
}

fn user_data(dcs: Dcs, data: &UserData, put: &mut impl FnMut(&str, Value)) {
    put("dcs", json!(hex::encode(&[dcs.0])));
    put("udl", json!(data.announced));
    put("alphabet", json!(data.body.alphabet().name()));
    if let Some(class) = dcs.class() {
        put("message_class", json!(class));
    }
    if !data.header.is_empty() {
        put("udh", json!(hex::encode(&data.header)));
        put("udh_elements", header(&data.udh()));
    }
    match data.text() {
        Some(text) => put("text", json!(text)),
        None => put("data", json!(hex::encode(data.body.octets()))),
    }
}

fn time(stamp: Option<Stamp>) -> Value {
    json!(stamp.map(|stamp| stamp.to_string()))
}
