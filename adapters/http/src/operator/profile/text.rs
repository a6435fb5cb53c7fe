//! A profile as it stands in its file: keys and texts, not understood yet.

use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// A text and its place in the file.
pub(super) type Text = Spanned<String>;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// For people: `46elks`.
    pub(super) title: String,
    /// What is known of it and what is not, for people.
    #[serde(default)]
    pub(super) about: String,
    /// The operator's address when the link names none.
    pub(super) url: Option<Text>,
    /// `none`, `basic` or `bearer`.
    #[serde(default = "none")]
    pub(super) auth: Text,
    /// Keys that a link with this profile must have: `user`, `password`, `values.x`, `secrets.x`.
    #[serde(default)]
    pub(super) needs: Vec<Text>,
    /// What stands before an international number: `+`, `00` or nothing.
    #[serde(default = "empty")]
    pub(super) numbers: Text,
    /// Character set of the request: `utf-8` or `iso-8859-1`.
    #[serde(default = "utf8")]
    pub(super) charset: Text,
    /// The zone of times in requests and calls.
    pub(super) time_zone: Option<Text>,
    /// Who cuts a long text: `operator` (one request has it whole) or `gateway` (a request for each part, with its header in `{udh}`).
    #[serde(default = "operator")]
    pub(super) split: Text,
    /// Whether the operator takes octets (`{data}`).
    #[serde(default)]
    pub(super) binary: bool,
    /// Who cuts long octets: `gateway` or `operator`.
    #[serde(default = "gateway")]
    pub(super) split_binary: Text,
    /// The profile's own defaults of `{values.x}`.
    #[serde(default)]
    pub(super) values: BTreeMap<String, String>,
    /// The operator's words for ours: `from_kind` and `alphabet`.
    #[serde(default)]
    pub(super) words: Words,
    /// The request.
    pub(super) send: Send,
    /// The form of answers: `json`, `xml`, `form` or `text`.
    #[serde(default = "text")]
    pub(super) answers: Text,
    /// What answers mean; the first rule that fits decides.
    #[serde(default)]
    pub(super) answer: Vec<Answer>,
    /// Calls with receipts.
    pub(super) receipt: Option<Receipt>,
    /// Calls with received messages.
    pub(super) mo: Option<Mo>,
}

/// The operator's words.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Words {
    pub(super) from_kind: BTreeMap<String, String>,
    pub(super) alphabet: BTreeMap<String, String>,
}

/// The request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Send {
    #[serde(default = "post")]
    pub(super) method: Text,
    #[serde(default = "base")]
    pub(super) url: Text,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Text>,
    /// Names and values, for the URL's query.
    #[serde(default)]
    pub(super) query: Vec<Field>,
    /// Names and values, for a form in the body.
    #[serde(default)]
    pub(super) form: Vec<Field>,
    /// A JSON document.
    pub(super) json: Option<Text>,
    /// An XML document.
    pub(super) xml: Option<Text>,
    /// Another media type than the usual one.
    pub(super) content_type: Option<Text>,
    /// Recipients in one request, at most.
    pub(super) recipients: Option<Spanned<u16>>,
    /// What stands between them in `{to}`.
    #[serde(default = "comma")]
    pub(super) join: String,
    pub(super) signature: Option<Signature>,
}

/// A name and its value.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: Text,
    pub(super) when: Option<Text>,
}

/// A digest over parts of the request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signature {
    pub(super) hash: Text,
    pub(super) of: Text,
}

/// What an answer means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    /// HTTP statuses: `200`, `500-599`; any when empty.
    #[serde(default)]
    pub(super) status: Vec<Text>,
    /// Fields and the values of which they must have one; an empty list: the field is there.
    #[serde(default, rename = "where")]
    pub(super) holds: BTreeMap<String, Vec<String>>,
    /// How the text must look.
    pub(super) pattern: Option<Text>,
    /// `ok`, `permanent`, `temporary`, `limited`, `throttled`, `barred` or `unanswered`.
    pub(super) means: Text,
    /// A list with an entry for each recipient; fields below are of the entry.
    pub(super) each: Option<String>,
    /// As `where`, of an entry: the others are for other rules.
    #[serde(default)]
    pub(super) entry: BTreeMap<String, Vec<String>>,
    /// The recipient in an entry; by their order when absent.
    pub(super) to: Option<String>,
    /// The operator's id; `ours`: he has none, ours is used.
    pub(super) id: Option<String>,
    /// Several ids in one field, divided by commas, in the order of the recipients.
    pub(super) ids: Option<String>,
    pub(super) code: Option<String>,
    pub(super) detail: Option<String>,
}

/// Calls with receipts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Receipt {
    #[serde(default = "form")]
    pub(super) form: Text,
    #[serde(default = "utf8")]
    pub(super) charset: Text,
    #[serde(default, rename = "where")]
    pub(super) holds: BTreeMap<String, Vec<String>>,
    pub(super) each: Option<String>,
    pub(super) id: String,
    pub(super) to: Option<String>,
    pub(super) state: String,
    pub(super) states: States,
    /// What an unknown state means.
    #[serde(default = "pending")]
    pub(super) otherwise: Text,
    pub(super) error: Option<String>,
    pub(super) at: Option<String>,
    pub(super) at_format: Option<Text>,
    pub(super) verify: Option<Text>,
    #[serde(default)]
    pub(super) reply: Reply,
}

/// The operator's words for what became of a message.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct States {
    pub(super) delivered: Vec<String>,
    pub(super) failed: Vec<String>,
    pub(super) expired: Vec<String>,
    pub(super) unknown: Vec<String>,
    pub(super) pending: Vec<String>,
}

/// Calls with received messages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mo {
    #[serde(default = "form")]
    pub(super) form: Text,
    #[serde(default = "utf8")]
    pub(super) charset: Text,
    #[serde(default, rename = "where")]
    pub(super) holds: BTreeMap<String, Vec<String>>,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) text: String,
    /// When these hold, `text` is octets.
    #[serde(default)]
    pub(super) binary: BTreeMap<String, Vec<String>>,
    pub(super) id: Option<String>,
    pub(super) at: Option<String>,
    pub(super) at_format: Option<Text>,
    pub(super) verify: Option<Text>,
    #[serde(default)]
    pub(super) reply: Reply,
}

/// What is answered to a call that was taken.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Reply {
    pub(super) status: Option<Spanned<u16>>,
    pub(super) content_type: Option<Text>,
    pub(super) body: Option<String>,
}

fn spanned(text: &str) -> Text {
    Spanned::new(0..0, text.to_owned())
}

fn none() -> Text {
    spanned("none")
}
fn empty() -> Text {
    spanned("")
}
fn utf8() -> Text {
    spanned("utf-8")
}
fn operator() -> Text {
    spanned("operator")
}
fn gateway() -> Text {
    spanned("gateway")
}
fn text() -> Text {
    spanned("text")
}
fn form() -> Text {
    spanned("form")
}
fn post() -> Text {
    spanned("POST")
}
fn base() -> Text {
    spanned("{url}")
}
fn pending() -> Text {
    spanned("pending")
}
fn comma() -> String {
    ",".to_owned()
}
