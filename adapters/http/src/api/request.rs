//! The body of a request to send, as JSON. A member that is not known is refused by name: a misspelt option must not be lost.
//! One that is null is not given.

use super::{unhex, wrong};
use crate::time;
use domain::message::{Callback, CallbackError, Dimensions, Priority, Told};
use domain::refusal::{Code, Refusal};
use domain::submission::{Content, Request};
use domain::text::Policy;
use domain::{Words, words};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// A message to send.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SendBody {
    /// Recipients as people write them: `070-123 45 67`, `+46701234567`. At most 10,000; one may stand without the list.
    #[serde(deserialize_with = "one_or_more")]
    #[schema(example = json!(["070-123 45 67"]), required = true)]
    pub to: Vec<String>,
    /// The text. The cheapest alphabet that keeps it is chosen.
    #[schema(example = "Hej!")]
    pub text: Option<String>,
    /// Octets instead of a text, in hexadecimal.
    pub data: Option<String>,
    /// A user data header for `data` or for a text of one segment, in hexadecimal, its length octet first.
    pub udh: Option<String>,
    /// The originator: a number, a short code or a name of at most 11 characters. Without one, the user's own.
    pub from: Option<String>,
    /// Show at once and do not keep (class 0).
    pub flash: Option<bool>,
    /// `bulk`, `normal`, `high` or `alarm`.
    pub priority: Option<String>,
    /// The caller's own name for it, at most 128 characters.
    pub reference: Option<String>,
    /// What the cost is booked on.
    #[serde(deserialize_with = "an_object")]
    pub dimensions: Option<DimensionsBody>,
    /// Not before this (RFC 3339).
    #[schema(example = "2026-11-24T08:00:00+01:00")]
    pub send_at: Option<String>,
    /// How long it is worth sending: `10m`, `2h`, `PT10M`.
    #[schema(example = "10m")]
    pub valid_for: Option<String>,
    /// The moment after which it is not worth sending (RFC 3339); the earlier of both counts.
    pub valid_until: Option<String>,
    /// Where to POST what becomes of it.
    pub callback_url: Option<String>,
    /// Which states to tell: `every` (from `sent` on) or `end` (the last one alone, half the calls). Only with `callback_url`.
    pub callback_on: Option<String>,
    /// Tie replies to this very message.
    pub dialog: Option<bool>,
    /// What to do with characters that the GSM alphabet lacks: `auto`, `keep`, `fold` or `reject`.
    pub text_policy: Option<String>,
    /// A link asked for by name.
    pub link: Option<String>,
}

/// The four things a cost is booked on.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DimensionsBody {
    /// Company.
    pub company: Option<String>,
    /// Department.
    pub department: Option<String>,
    /// Cost centre.
    pub cost_centre: Option<String>,
    /// Project.
    pub project: Option<String>,
}

impl SendBody {
    /// Reads the JSON text.
    ///
    /// # Errors
    /// `malformed` when it is no JSON, `invalid_parameter` with the path to what is wrong when it is not this JSON.
    pub(crate) fn read(octets: &[u8]) -> Result<Self, Refusal> {
        // JSON has no byte order mark, and a receiver may pass over one (RFC 8259 8.1): PowerShell and .NET write it.
        let octets = octets.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(octets);
        if let Some(other) = other_form(octets) {
            return Err(Refusal::because(
                Code::Malformed,
                words!(
                    "JSON väntas i UTF-8, och det här är {other}",
                    "JSON in UTF-8 is expected, and this is {other}"
                ),
            ));
        }
        // A list would be taken for the members in their order.
        if octets.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'[') {
            return Err(Refusal::because(
                Code::Malformed,
                Words::new("JSON: ett objekt väntas", "JSON: an object is expected"),
            ));
        }
        // Looking for the path costs; it is done only for those who need it.
        serde_json::from_slice(octets).map_err(|_| explain(octets))
    }

    /// What is asked for, in the domain's words.
    pub(crate) fn into_request(self, idempotency_key: Option<String>) -> Result<Request, Refusal> {
        let content = content(self.text, self.data.as_deref(), self.udh.as_deref())?;
        let dimensions = self.dimensions.unwrap_or_default();
        Ok(Request {
            to: self.to,
            content,
            from: self.from.filter(|from| !from.is_empty()),
            flash: self.flash.unwrap_or_default(),
            priority: self.priority.as_deref().map(priority).transpose()?,
            reference: self.reference,
            dimensions: Dimensions {
                company: dimensions.company.unwrap_or_default(),
                department: dimensions.department.unwrap_or_default(),
                cost_centre: dimensions.cost_centre.unwrap_or_default(),
                project: dimensions.project.unwrap_or_default(),
            },
            send_at: self.send_at.map(|text| time::instant("send_at", &text)).transpose()?,
            valid_for: self.valid_for.map(|text| time::duration("valid_for", &text)).transpose()?,
            valid_until: self.valid_until.map(|text| time::instant("valid_until", &text)).transpose()?,
            callback: callback(self.callback_url.as_deref(), self.callback_on.as_deref())?,
            dialog: self.dialog.unwrap_or_default(),
            policy: self.text_policy.as_deref().map(policy).transpose()?,
            link: self.link.filter(|link| !link.is_empty()),
            asked_by: None,
            idempotency_key,
        })
    }
}

fn content(text: Option<String>, data: Option<&str>, udh: Option<&str>) -> Result<Content, Refusal> {
    let octets = |field, text: Option<&str>| {
        let wrong = || {
            Refusal::field(
                Code::InvalidParameter,
                field,
                Words::new("hexadecimala siffror i par", "hexadecimal digits in pairs"),
            )
        };
        unhex(text.unwrap_or_default()).ok_or_else(wrong)
    };
    match (text, data) {
        (Some(_), Some(_)) => Err(Refusal::field(
            Code::InvalidParameter,
            "data",
            Words::new("antingen text eller data, inte båda", "either text or data, not both"),
        )),
        (Some(text), None) if udh.is_some() => Ok(Content::Headed { text, udh: octets("udh", udh)? }),
        (None, data) if data.is_some() || udh.is_some() => {
            Ok(Content::Binary { data: octets("data", data)?, udh: octets("udh", udh)? })
        }
        (text, _) => Ok(Content::Text(text.unwrap_or_default())),
    }
}

/// Reads a class by name.
pub(crate) fn priority(name: &str) -> Result<Priority, Refusal> {
    let wrong = || {
        Refusal::field(
            Code::InvalidParameter,
            "priority",
            Words::new("bulk, normal, high eller alarm", "bulk, normal, high or alarm"),
        )
    };
    Priority::parse(name).ok_or_else(wrong)
}

/// Reads a callback address, and what it is to hear.
pub(crate) fn callback(url: Option<&str>, told: Option<&str>) -> Result<Option<Callback>, Refusal> {
    let wrong = || {
        Refusal::field(Code::InvalidParameter, "callback_on", Words::new("every eller end", "every or end"))
    };
    let told = told.map(|name| Told::parse(name).ok_or_else(wrong)).transpose()?;
    let refused = |e: CallbackError| Refusal::field(Code::InvalidCallback, "callback_url", e.words());
    Callback::asked(url, told).map_err(refused)
}

/// Reads a text policy.
pub(crate) fn policy(name: &str) -> Result<Policy, Refusal> {
    let wrong = || {
        Refusal::field(
            Code::InvalidParameter,
            "text_policy",
            Words::new("auto, keep, fold eller reject", "auto, keep, fold or reject"),
        )
    };
    Policy::parse(name).ok_or_else(wrong)
}

/// What JSON is in when it is in something else: every such text begins with an ASCII character.
fn other_form(octets: &[u8]) -> Option<&'static str> {
    match octets {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, ..] | [_, 0, 0, 0, ..] => Some("UTF-32"),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [0, ..] | [_, 0, ..] => Some("UTF-16"),
        [0x1F, 0x8B, ..] => Some("gzip"),
        _ => None,
    }
}

fn explain(octets: &[u8]) -> Refusal {
    let mut reader = serde_json::Deserializer::from_slice(octets);
    match serde_path_to_error::deserialize::<_, SendBody>(&mut reader) {
        Err(error) if error.inner().is_data() => {
            let path = error.path().to_string();
            let said = error.inner().to_string();
            let field = FIELDS.iter().copied().find(|field| path.split(['.', '[']).next() == Some(field));
            Refusal { code: Code::InvalidParameter, field, detail: wrong::words(&path, &said) }
        }
        Err(error) => Refusal::because(Code::Malformed, wrong::words("JSON", &error.inner().to_string())),
        Ok(_) => Refusal::because(
            Code::Malformed,
            Words::new("JSON: något står efter det", "JSON: something stands after it"),
        ),
    }
}

const FIELDS: [&str; 17] = [
    "to",
    "text",
    "data",
    "udh",
    "from",
    "flash",
    "priority",
    "reference",
    "dimensions",
    "send_at",
    "valid_for",
    "valid_until",
    "callback_url",
    "callback_on",
    "dialog",
    "text_policy",
    "link",
];

fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    struct OneOrMore;
    impl<'de> Visitor<'de> for OneOrMore {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of numbers as strings")
        }

        fn visit_unit<E: Error>(self) -> Result<Vec<String>, E> {
            Ok(Vec::new())
        }

        fn visit_str<E: Error>(self, one: &str) -> Result<Vec<String>, E> {
            Ok(vec![one.to_owned()])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<String>, A::Error> {
            let mut all = Vec::new();
            while let Some(one) = list.next_element()? {
                all.push(one);
            }
            Ok(all)
        }
    }
    deserializer.deserialize_any(OneOrMore)
}

/// A list would be taken for the members in their order.
fn an_object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DimensionsBody>, D::Error> {
    struct AnObject;
    impl<'de> Visitor<'de> for AnObject {
        type Value = Option<DimensionsBody>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            DimensionsBody::deserialize(MapAccessDeserializer::new(map)).map(Some)
        }
    }
    deserializer.deserialize_any(AnObject)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Language;

    fn read(text: &str) -> Result<Request, Refusal> {
        SendBody::read(text.as_bytes()).and_then(|body| body.into_request(None))
    }

    #[test]
    fn all_of_it() {
        let request = read(
            r#"{"to":["070-1","070-2"],"text":"Hej","from":"Vi","flash":true,"priority":"Alarm","reference":"r1",
            "dimensions":{"company":"c","department":"d","cost_centre":"k","project":"p"},"send_at":"2026-11-23T10:00:00+01:00",
            "valid_for":"10m","callback_url":"https://x.example/cb","dialog":false,"text_policy":"fold","link":"TS0"}"#,
        );
        insta::assert_debug_snapshot!(request);
        assert_eq!(read(r#"{"to":"070-1","text":"x"}"#), Ok(Request::text(["070-1"], "x")));
        let null = r#"{"to":["070-1"],"text":"x","data":null,"udh":null,"from":null,"flash":null,"priority":null,"reference":null,
            "dimensions":{"company":null,"department":null,"cost_centre":null,"project":null},"send_at":null,"valid_for":null,
            "valid_until":null,"callback_url":null,"dialog":null,"text_policy":null,"link":null}"#;
        assert_eq!(read(null), Ok(Request::text(["070-1"], "x")), "null is not given");
        assert_eq!(
            read(r#"{"to":null,"text":"x","dimensions":null}"#),
            Ok(Request::text(Vec::<String>::new(), "x"))
        );
        assert_eq!(read("\u{feff}{\"to\":\"070-1\",\"text\":\"x\"}"), Ok(Request::text(["070-1"], "x")));
        let binary = read(r#"{"to":["1"],"data":"00ff","udh":"0401020304"}"#).expect("request").content;
        assert_eq!(binary, Content::Binary { data: vec![0, 255], udh: vec![4, 1, 2, 3, 4] });
        let headed = read(r#"{"to":["1"],"text":"Hej","udh":"020102"}"#).expect("request").content;
        assert_eq!(headed, Content::Headed { text: "Hej".into(), udh: vec![2, 1, 2] });
    }

    #[test]
    fn what_is_wrong_is_named() {
        let lines: Vec<String> = [
            "",
            "{",
            "[]",
            "null",
            r#"{"to":["070"],"text":"x"} x"#,
            r#"{"to":["070"],"text":"x",}"#,
            r#"{"to":["070"] "text":"x"}"#,
            r#"{"to":["070"],"text":"x"#,
            r#"{to:["070"],"text":"x"}"#,
            r#"{"to":["070"],"text":'x'}"#,
            "{\"to\":[\"070\"],\"text\":\"x\ny\"}",
            r#"{"to":"070","text":"x","flash":1.5}"#,
            r#"{"to":true,"text":"x"}"#,
            r#"{"to":["070"],"txt":"x"}"#,
            r#"{"to":[46701234567],"text":"x"}"#,
            r#"{"to":["070"],"text":5}"#,
            r#"{"to":["070"],"text":"\ud800"}"#,
            r#"{"to":["070",null],"text":"x"}"#,
            r#"{"to":["070"],"text":"x","flash":"yes"}"#,
            r#"{"to":["070"],"text":"x","dimensions":{"cost_center":"1"}}"#,
            r#"{"to":["070"],"text":"x","dimensions":[]}"#,
            r#"{"to":["070"],"text":"x","dimensions":["a","b"]}"#,
            r#"{"to":["070"],"text":"x","dimensions":"a"}"#,
            r#"{"to":["070"],"text":"x","dimensions":{"company":5}}"#,
            r#"{"to":["070"],"text":"x","callback_on":"end"}"#,
            r#"{"to":["070"],"text":"x","text":"y"}"#,
            r#"{"to":["070"],"text":"x","data":"00"}"#,
            r#"{"to":["070"],"data":"0"}"#,
            r#"{"to":["070"],"text":"x","priority":"urgent"}"#,
            r#"{"to":["070"],"text":"x","valid_for":"soon"}"#,
            r#"{"to":["070"],"text":"x","send_at":"2026-11-23 10:00"}"#,
            r#"{"to":["070"],"text":"x","callback_url":"ftp://x"}"#,
            r#"{"to":["070"],"text":"x","text_policy":"best"}"#,
        ]
        .iter()
        .map(|text| match read(text) {
            Err(refusal) => {
                format!("{text}\n    {:?} {refusal}\n    {}", refusal.field, refusal.text(Language::Swedish))
            }
            Ok(_) => format!("{text}\n    accepted"),
        })
        .collect();
        insta::assert_snapshot!(lines.join("\n"));
        let not_utf8 = SendBody::read(b"{\"to\":[\"070\"],\"text\":\"\xe5\"}").expect_err("not UTF-8");
        assert_eq!(not_utf8.code, Code::Malformed);
        for (octets, form) in [
            (&b"\xff\xfe{\0}\0"[..], "UTF-16"),
            (b"\0{\0}", "UTF-16"),
            (b"{\0\0\0}\0\0\0", "UTF-32"),
            (b"\x1f\x8b\x08\0", "gzip"),
        ] {
            let refused = SendBody::read(octets).expect_err("another form");
            let said = refused.text(Language::Swedish);
            assert!(said.ends_with(&format!("(JSON väntas i UTF-8, och det här är {form})")), "{said}");
            assert!(
                refused.to_string().ends_with(&format!("(JSON in UTF-8 is expected, and this is {form})"))
            );
        }
    }
}
