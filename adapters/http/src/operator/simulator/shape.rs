//! How each operator's requests, answers and calls look: written from their documents by hand, and not from the profiles, so that the two can differ.

use super::super::document::{Document, Form};
use super::super::{answer::digits, sign, template::percent, xml};
use encoding_rs::{UTF_8, WINDOWS_1252};
use serde_json::{Value, json};

/// The operators that can be simulated.
pub const SHAPES: [&str; 8] =
    ["46elks", "telenor-sms-pro", "link-mobility", "cellsynt", "pixie", "sinch", "kannel", "omnigate"];

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Elks,
    Telenor,
    Link,
    Cellsynt,
    Pixie,
    Sinch,
    Kannel,
    Omnigate,
}

/// A request that was understood.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    pub(super) to: Vec<String>,
    pub(super) from: String,
    pub(super) text: String,
    pub(super) part: (u64, u64),
    pub(super) wants_receipt: bool,
    /// Where the receipt is to go, when the request says so.
    pub(super) receipt_url: Option<String>,
    /// For an operator who takes a repetition once.
    pub(super) once: Option<String>,
}

/// A request as it came.
pub(super) struct Request {
    pub(super) path: String,
    pub(super) query: String,
    pub(super) content_type: String,
    pub(super) authorization: String,
    pub(super) idempotency_key: Option<String>,
    pub(super) body: Vec<u8>,
}

/// An answer, or a call of the operator's.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: String,
    pub(super) retry_after: Option<u64>,
    /// It says no, whatever its status is.
    pub(super) refuses: bool,
}

fn said(status: u16, content_type: &'static str, body: impl Into<String>) -> Said {
    Said { status, content_type, body: body.into(), retry_after: None, refuses: false }
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const XML: &str = "text/xml";
const TEXT: &str = "text/plain; charset=utf-8";

/// Why it is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum No {
    Login,
    Busy,
    Wrong,
}

impl Shape {
    pub(super) fn named(name: &str) -> Option<Self> {
        let all = [
            Self::Elks,
            Self::Telenor,
            Self::Link,
            Self::Cellsynt,
            Self::Pixie,
            Self::Sinch,
            Self::Kannel,
            Self::Omnigate,
        ];
        SHAPES.iter().zip(all).find(|(known, _)| **known == name).map(|(_, shape)| shape)
    }

    /// Reads a request; `None` = it is not one of this operator's.
    pub(super) fn read(self, request: &Request) -> Option<Asked> {
        let document = |form| {
            let charset = if self == Self::Telenor { WINDOWS_1252 } else { UTF_8 };
            Document::read(form, &request.body, &request.content_type, charset).with_query(&request.query)
        };
        let list = |text: String| text.split(',').map(digits).collect::<Vec<_>>();
        let path = request.path.as_str();
        let asked = match self {
            Self::Elks if path.ends_with("/sms") => {
                let form = document(Form::Pairs);
                let receipt_url = form.one("whendelivered");
                let to = form.one("to")?.strip_prefix('+')?.to_owned();
                Asked {
                    to: vec![to],
                    from: form.one("from").unwrap_or_default(),
                    text: form.one("message")?,
                    wants_receipt: receipt_url.is_some(),
                    receipt_url,
                    ..Asked::default()
                }
            }
            Self::Telenor if path.starts_with("/services/") && path.ends_with("/sendsms") => {
                let xml = document(Form::Xml);
                let header = "mobilectrl_sms.header";
                xml.one(&format!("{header}.password"))?;
                let from = xml
                    .one(&format!("{header}.from_alphanumeric"))
                    .or_else(|| xml.one(&format!("{header}.from_msisdn")));
                let to = xml.each("mobilectrl_sms.payload.sms.to_msisdn");
                let to = to
                    .iter()
                    .filter_map(|one| one.one("."))
                    .filter(|one| one.starts_with('+'))
                    .map(|one| digits(&one))
                    .collect();
                Asked {
                    to,
                    from: from.unwrap_or_default(),
                    text: xml.one("mobilectrl_sms.payload.sms.message")?,
                    wants_receipt: true,
                    ..Asked::default()
                }
            }
            Self::Link if path.ends_with("/sms/send") => {
                let json = document(Form::Json);
                json.one("platformId").and(json.one("platformPartnerId"))?;
                Asked {
                    to: vec![digits(&json.one("destination")?)],
                    from: json.one("source").unwrap_or_default(),
                    text: json.one("userData")?,
                    wants_receipt: json.one("useDeliveryReport").is_some_and(|v| v == "true"),
                    ..Asked::default()
                }
            }
            Self::Cellsynt if path == "/sms.php" => {
                let form = document(Form::Pairs);
                form.one("username").and(form.one("password")).and(form.one("type"))?;
                Asked {
                    to: list(form.one("destination")?),
                    from: form.one("originator").unwrap_or_default(),
                    text: form.one("text").unwrap_or_default(),
                    wants_receipt: true,
                    ..Asked::default()
                }
            }
            Self::Pixie if path == "/sendsms" => {
                let form = document(Form::Pairs);
                form.one("account").and(form.one("pwd"))?;
                Asked {
                    to: list(form.one("receivers")?),
                    from: form.one("sender").unwrap_or_default(),
                    text: form.one("message")?,
                    ..Asked::default()
                }
            }
            Self::Sinch if path.starts_with("/xms/v1/") && path.ends_with("/batches") => {
                let json = document(Form::Json);
                let to =
                    json.each("to").iter().filter_map(|one| one.one(".")).map(|one| digits(&one)).collect();
                Asked {
                    to,
                    from: json.one("from").unwrap_or_default(),
                    text: json.one("body")?,
                    wants_receipt: json.one("delivery_report").is_some(),
                    receipt_url: json.one("callback_url"),
                    ..Asked::default()
                }
            }
            Self::Kannel if path == "/cgi-bin/sendsms" => {
                let form = document(Form::Pairs).with_query(&request.query);
                form.one("?username").and(form.one("?password"))?;
                let part = match form.octets("?udh").as_deref() {
                    Some([5, 0, 3, _, total, seq]) => (u64::from(*seq), u64::from(*total)),
                    _ => (1, 1),
                };
                let receipt_url = form.one("?dlr-url");
                Asked {
                    to: vec![digits(&form.one("?to")?)],
                    from: form.one("?from").unwrap_or_default(),
                    text: form.one("?text")?,
                    part,
                    wants_receipt: form.one("?dlr-mask").is_some(),
                    receipt_url,
                    once: None,
                }
            }
            Self::Omnigate if path == "/api/v1/messages" => {
                let json = document(Form::Json);
                let to =
                    json.each("to").iter().filter_map(|one| one.one(".")).map(|one| digits(&one)).collect();
                let receipt_url = json.one("callback_url");
                Asked {
                    to,
                    from: json.one("from").unwrap_or_default(),
                    text: json.one("text")?,
                    wants_receipt: receipt_url.is_some(),
                    receipt_url,
                    once: request.idempotency_key.clone(),
                    ..Asked::default()
                }
            }
            _ => return None,
        };
        Some(asked)
            .filter(|asked| !asked.to.is_empty())
            .map(|asked| Asked { part: if asked.part.0 == 0 { (1, 1) } else { asked.part }, ..asked })
    }

    /// Whether these are the user and password of the request.
    pub(super) fn lets_in(self, request: &Request, user: &str, password: &str) -> bool {
        let basic = format!("Basic {}", sign::base64(format!("{user}:{password}").as_bytes()));
        let form = Document::read(Form::Pairs, &request.body, &request.content_type, UTF_8)
            .with_query(&request.query);
        let are = |u: &str, p: &str| {
            form.one(u).as_deref() == Some(user) && form.one(p).as_deref() == Some(password)
        };
        match self {
            Self::Elks | Self::Telenor | Self::Link | Self::Omnigate => request.authorization == basic,
            Self::Sinch => request.authorization == format!("Bearer {password}"),
            Self::Cellsynt => are("username", "password"),
            Self::Kannel => are("?username", "?password"),
            Self::Pixie => are("account", "pwd"),
        }
    }

    /// An id in this operator's manner.
    pub(super) fn id(self, number: u64) -> String {
        match self {
            Self::Elks => format!("s{number:032x}"),
            Self::Telenor => format!("5aa434:eac0a56a0b:-{number:x}"),
            Self::Link => format!("Dcshuhod0PMAAAFQ+/{number}"),
            Self::Sinch => format!("01FC66621XXXXX{number:012}"),
            _ => number.to_string(),
        }
    }

    /// Whether all recipients of a request share one id.
    pub(super) fn one_id(self) -> bool {
        matches!(self, Self::Sinch | Self::Telenor)
    }

    pub(super) fn yes(self, asked: &Asked, ids: &[String]) -> Said {
        let id = ids.first().cloned().unwrap_or_default();
        match self {
            Self::Elks => said(200, JSON, json!({"status":"created","direction":"outgoing-api","id":id,"to":asked.to.first(),"cost":3500}).to_string()),
            Self::Telenor => said(200, XML, telenor(&format!("<customer_id>1</customer_id><mobilectrl_id>{id}</mobilectrl_id><status>0</status><code>0</code><errorcode/><message/>"))),
            Self::Link => said(200, JSON, json!({"messageId":id,"resultCode":1005,"message":"Queued"}).to_string()),
            Self::Cellsynt => said(200, "text/plain", format!("OK: {}", ids.join(","))),
            Self::Pixie => said(200, XML, "<?xml version=\"1.0\"?><response code=\"0\" description=\"OK\"/>"),
            Self::Sinch => said(201, JSON, json!({"id":id,"to":asked.to,"canceled":false,"type":"mt_text"}).to_string()),
            Self::Kannel => said(202, TEXT, "0: Accepted for delivery"),
            Self::Omnigate => {
                let one = |(id, to): (&String, &String)| json!({"id":id,"to":to,"segments":1,"encoding":"gsm7","state":"queued"});
                said(202, JSON, json!({"messages": ids.iter().zip(&asked.to).map(one).collect::<Vec<_>>(), "refused": []}).to_string())
            }
        }
    }

    pub(super) fn no(self, no: No) -> Said {
        Said { refuses: true, ..self.refusal(no) }
    }

    fn refusal(self, no: No) -> Said {
        let problem = |status, code: &str| {
            said(
                status,
                "application/problem+json",
                json!({"status":status,"code":code,"detail":"simulated"}).to_string(),
            )
        };
        match (self, no) {
            (Self::Omnigate, No::Login) => problem(401, "not_authenticated"),
            (Self::Omnigate, No::Wrong) => problem(422, "invalid_number"),
            (Self::Omnigate, No::Busy) => Said { retry_after: Some(1), ..problem(429, "rate_limited") },
            (Self::Kannel, No::Login) => said(403, TEXT, "Authorization failed for sendsms"),
            (Self::Kannel, No::Wrong) => {
                said(400, TEXT, "Number(s) has/have been denied by white- and/or black-lists.")
            }
            (Self::Kannel, No::Busy) => said(503, TEXT, "Temporal failure, try again later."),
            (Self::Cellsynt, No::Login) => said(200, "text/plain", "Error: Invalid username or password"),
            (Self::Cellsynt, No::Wrong) => said(200, "text/plain", "Error: Invalid destination"),
            (Self::Link, No::Wrong) => {
                said(200, JSON, json!({"resultCode":2104,"message":"Unknown subscriber"}).to_string())
            }
            (Self::Telenor, No::Wrong) => said(
                200,
                XML,
                telenor("<status>1</status><errorcode>12</errorcode><message>simulated</message>"),
            ),
            (Self::Pixie, No::Wrong) => said(200, XML, "<response code=\"7\" description=\"simulated\"/>"),
            (Self::Elks, No::Wrong) => said(400, TEXT, "Invalid to number"),
            (Self::Sinch, No::Wrong) => said(
                400,
                JSON,
                json!({"code":"syntax_invalid_parameter_format","text":"simulated"}).to_string(),
            ),
            (_, No::Login) => said(401, TEXT, "simulated"),
            (_, No::Busy) => Said { retry_after: Some(1), ..said(429, TEXT, "simulated") },
        }
    }

    /// A receipt: where to and what; `None` = this operator has none.
    pub(super) fn receipt(
        self,
        url: &str,
        id: &str,
        to: &str,
        delivered: bool,
        now: &str,
    ) -> Option<(String, Said)> {
        let word = |yes: &'static str, no: &'static str| if delivered { yes } else { no };
        let form = |pairs: &[(&str, &str)]| said(200, FORM, pairs_of(pairs));
        let told = match self {
            Self::Elks => form(&[("id", id), ("status", word("delivered", "failed")), ("delivered", now)]),
            Self::Telenor => {
                let code = word("0", "5");
                said(200, XML, format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><mobilectrl_delivery_status><mobilectrl_id>{id}</mobilectrl_id><status>0</status><delivery_status>{code}</delivery_status><message>SMS</message></mobilectrl_delivery_status>"))
            }
            Self::Link => said(200, JSON, json!({"refId":"","id":id,"operator":"simulated","timestamp":now,"resultCode": if delivered { 1001 } else { 1006 },"operatorResultCode":"0","segments":1}).to_string()),
            Self::Cellsynt => form(&[("trackingid", id), ("destination", &format!("00{to}")), ("status", word("delivered", "failed"))]),
            Self::Sinch => said(200, JSON, json!({"type":"recipient_delivery_report_sms","batch_id":id,"recipient":to,"code":0,"status":word("Delivered", "Failed"),"at":now}).to_string()),
            Self::Omnigate => said(200, JSON, json!({"event":"message.state","event_id":id,"state":word("delivered","failed"),"created_at":now,"message":{"id":id,"to":to,"state":word("delivered","failed"),"error":null}}).to_string()),
            Self::Kannel => {
                let mut phone = String::new();
                percent(&mut phone, format!("+{to}").as_bytes());
                let url = url.replace("%d", word("1", "2")).replace("%p", &phone).replace("%A", word("DELIVRD", "UNDELIV"));
                return Some((url, Said::default()));
            }
            Self::Pixie => return None,
        };
        Some((url.to_owned(), told))
    }

    /// A message of a phone: where to and what; `None` = this operator has none.
    pub(super) fn mo(
        self,
        url: &str,
        (from, to, text): (&str, &str, &str),
        id: &str,
        now: &str,
    ) -> Option<(String, Said)> {
        let told = match self {
            Self::Elks => said(200, FORM, pairs_of(&[("direction", "incoming"), ("id", id), ("from", &format!("+{from}")), ("to", to), ("created", now), ("message", text)])),
            Self::Telenor => {
                let mut escaped = String::new();
                xml::escape(&mut escaped, text);
                said(200, "text/xml; charset=utf-8", format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><mobilectrl_received_sms><header><customer_id>1</customer_id><mobilectrl_id>{id}</mobilectrl_id><datetime>2026-01-02 03:04:05</datetime></header><payload><sms account=\"{to}\" premiumrate=\"0\"><message>{escaped}</message><from_msisdn operator=\"simulated\">+{from}</from_msisdn></sms></payload></mobilectrl_received_sms>"))
            }
            Self::Link => said(200, JSON, json!({"messageId":id,"source":format!("+{from}"),"destination":to,"content":{"userData":text,"encoding":"GSM"},"operator":"simulated","timestamp":now}).to_string()),
            Self::Sinch => said(200, JSON, json!({"type":"mo_text","id":id,"from":from,"to":to,"body":text,"received_at":now}).to_string()),
            Self::Omnigate => said(200, JSON, json!({"event":"message.received","event_id":id,"message":{"id":id,"from":from,"to":to,"text":text,"data":Value::Null,"link":"simulated","segments":1,"complete":true,"received_at":now}}).to_string()),
            Self::Kannel => return Some((format!("{url}?{}", pairs_of(&[("from", &format!("+{from}")), ("to", to), ("text", text), ("coding", "0"), ("id", id)])), Said::default())),
            Self::Cellsynt | Self::Pixie => return None,
        };
        Some((url.to_owned(), told))
    }
}

fn telenor(inside: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><mobilectrl_response>{inside}</mobilectrl_response>"
    )
}

fn pairs_of(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
