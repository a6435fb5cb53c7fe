//! A profile: everything that one operator's HTTP interface is, as data. Read from TOML, checked whole, then never wrong.
//!
//! What is shipped stands in `profiles/`; a customer's own file has the same keys (`docs/protocols/http-operators.md`).

mod compile;
mod shipped;
mod text;

pub use shipped::{SHIPPED, shipped};

use super::document::Form;
use super::pattern::Pattern;
use super::sign::Hash;
use super::template::{Condition, Template};
use domain::receipt::Verdict;
use domain::routing::FailureClass;
use encoding_rs::Encoding;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Something that is wrong with a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The line, 1-based; `None` = the file as a whole.
    pub line: Option<usize>,
    /// The key, such as `send.url`.
    pub key: String,
    /// What is wrong and what is allowed.
    pub what: String,
}

/// How a request says who sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Auth {
    /// By its fields, if at all.
    None,
    /// RFC 7617.
    Basic,
    /// RFC 6750: the password is the token.
    Bearer,
}

/// A profile.
#[derive(Debug, Clone)]
pub struct Profile {
    /// For people.
    pub title: String,
    /// What is known of it, for people.
    pub about: String,
    /// The operator's address when a link names none.
    pub url: Option<String>,
    /// Keys that a link must have.
    pub needs: Vec<String>,
    pub(super) auth: Auth,
    pub(super) international: String,
    pub(super) charset: &'static Encoding,
    pub(super) zone: TimeZone,
    pub(super) cut_by_operator: bool,
    pub(super) binary: bool,
    pub(super) octets_cut_by_operator: bool,
    pub(super) values: BTreeMap<String, String>,
    pub(super) from_kinds: BTreeMap<String, String>,
    pub(super) alphabets: BTreeMap<String, String>,
    pub(super) send: Send,
    pub(super) answers: Form,
    pub(super) rules: Vec<Rule>,
    /// Whether an answer's id is of the whole request, while each recipient has a receipt of his own.
    pub(super) shared_ids: bool,
    pub(super) receipt: Option<ReceiptCall>,
    pub(super) mo: Option<MoCall>,
}

/// The request.
#[derive(Debug, Clone)]
pub(super) struct Send {
    pub(super) method: Method,
    pub(super) url: Template,
    pub(super) headers: Vec<(HeaderName, Template)>,
    pub(super) query: Vec<Field>,
    pub(super) content_type: Option<HeaderValue>,
    pub(super) body: Body,
    pub(super) recipients: usize,
    pub(super) join: String,
    pub(super) signature: Option<(Hash, Template)>,
}

/// The body of a request.
#[derive(Debug, Clone)]
pub(super) enum Body {
    None,
    Form(Vec<Field>),
    Json(Json),
    Xml(Xml),
}

/// A name and its value.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: Template,
    pub(super) when: Condition,
}

/// A JSON document with holes in its strings.
#[derive(Debug, Clone)]
pub(super) enum Json {
    Leaf(Template),
    Constant(serde_json::Value),
    List(Vec<Json>),
    /// `{"$each": x}`: a list with x for each recipient.
    Each(Box<Json>),
    /// Keys may have a condition after a `?`.
    Object(Vec<(String, Condition, Json)>),
}

/// An XML element with holes in its texts and attributes.
#[derive(Debug, Clone)]
pub(super) struct Xml {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, Template)>,
    pub(super) when: Condition,
    /// Once for each recipient (`o:each="recipient"`).
    pub(super) each: bool,
    /// Its text as character data (`o:cdata="yes"`).
    pub(super) data: bool,
    pub(super) text: Option<Template>,
    pub(super) children: Vec<Xml>,
}

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Taken over.
    Taken,
    /// Refused.
    Refused(FailureClass),
    /// Nobody knows.
    Unanswered,
}

/// A rule about answers.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) statuses: Vec<(u16, u16)>,
    pub(super) holds: Tests,
    pub(super) pattern: Option<Pattern>,
    pub(super) means: Meaning,
    pub(super) each: Option<String>,
    pub(super) entry: Tests,
    pub(super) to: Option<String>,
    pub(super) id: Option<String>,
    pub(super) ids: Option<String>,
    pub(super) code: Option<String>,
    pub(super) detail: Option<String>,
}

impl Rule {
    /// Whether it gives all recipients of a request one id, the operator's.
    fn has_one_id(&self) -> bool {
        let of_all = self.means == Meaning::Taken && self.each.is_none() && self.ids.is_none();
        let has_one = match self.id.as_deref() {
            Some(id) => id != "ours",
            None => self.pattern.as_ref().is_some_and(|pattern| pattern.has("id")),
        };
        of_all && has_one
    }
}

/// Fields and the values of which each must have one.
pub(super) type Tests = BTreeMap<String, Vec<String>>;

/// How a time is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TimeForm {
    Rfc3339,
    Unix,
    Strtime(String),
}

/// What calls of both kinds have.
#[derive(Debug, Clone)]
pub(super) struct Called {
    pub(super) form: Form,
    pub(super) charset: &'static Encoding,
    pub(super) holds: Tests,
    pub(super) at: Option<String>,
    pub(super) at_form: TimeForm,
    /// It must carry our own signature.
    pub(super) signed: bool,
    pub(super) reply: Reply,
}

/// A call with a receipt.
#[derive(Debug, Clone)]
pub(super) struct ReceiptCall {
    pub(super) called: Called,
    pub(super) each: Option<String>,
    pub(super) id: String,
    pub(super) to: Option<String>,
    pub(super) state: String,
    pub(super) states: Vec<(String, Verdict)>,
    pub(super) otherwise: Verdict,
    pub(super) error: Option<String>,
}

/// A call with a received message.
#[derive(Debug, Clone)]
pub(super) struct MoCall {
    pub(super) called: Called,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) text: String,
    pub(super) binary: Tests,
    pub(super) id: Option<String>,
}

/// The answer to a call that was taken.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) content_type: Option<HeaderValue>,
    pub(super) body: String,
}

impl Json {
    fn uses(&self, name: &str) -> bool {
        match self {
            Self::Leaf(template) => template.names().any(|n| n == name),
            Self::Constant(_) => false,
            Self::List(all) => all.iter().any(|one| one.uses(name)),
            Self::Each(one) => one.uses(name),
            Self::Object(all) => all.iter().any(|(_, _, one)| one.uses(name)),
        }
    }
}

impl Xml {
    fn uses(&self, name: &str) -> bool {
        let templates = self.attributes.iter().map(|(_, template)| template).chain(&self.text);
        templates.flat_map(Template::names).any(|n| n == name) || self.children.iter().any(|c| c.uses(name))
    }
}

impl Profile {
    /// Reads a profile.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(text: &str) -> Result<Self, Vec<Flaw>> {
        compile::profile(text)
    }

    /// Whether the operator tells of receipts or received messages by calling us.
    #[must_use]
    pub fn is_called_back(&self) -> bool {
        self.receipt.is_some() || self.mo.is_some()
    }

    /// Whether the operator cuts long texts himself.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.cut_by_operator
    }

    /// Whether he cuts long octets too.
    #[must_use]
    pub fn is_whole_for_octets(&self) -> bool {
        self.octets_cut_by_operator
    }

    /// Whether receipts come.
    #[must_use]
    pub fn has_receipts(&self) -> bool {
        self.receipt.is_some()
    }

    /// Whether its request has a value: `receipt_url`, `values.plan`.
    #[must_use]
    pub fn uses(&self, name: &str) -> bool {
        let in_body = match &self.send.body {
            Body::None => false,
            Body::Form(fields) => fields.iter().any(|f| f.value.names().any(|n| n == name)),
            Body::Json(json) => json.uses(name),
            Body::Xml(xml) => xml.uses(name),
        };
        let heads = self.send.headers.iter().map(|(_, template)| template);
        let fields = self.send.query.iter().map(|field| &field.value);
        let signed = self.send.signature.iter().map(|(_, of)| of);
        let mut templates = heads.chain(fields).chain(signed).chain([&self.send.url]);
        in_body || templates.any(|template| template.names().any(|n| n == name))
    }

    /// Whether calls carry our own signature, for which a link needs a secret.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.receipt.as_ref().is_some_and(|r| r.called.signed)
            || self.mo.as_ref().is_some_and(|m| m.called.signed)
    }

    /// Names of `{values.x}` that it has defaults for.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
}
