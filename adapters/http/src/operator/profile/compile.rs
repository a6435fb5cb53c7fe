//! From the texts of a profile to what they mean; everything that is wrong is found at once, each with its line.

use super::text::{self, File, Text};
use super::{
    Auth, Body, Called, Field, Flaw, Json, Meaning, MoCall, Profile, ReceiptCall, Reply, Rule, Send,
    TimeForm, Xml,
};
use crate::operator::document::{Form, encoding};
use crate::operator::pattern::Pattern;
use crate::operator::sign::Hash;
use crate::operator::template::{Condition, Template};
use crate::operator::xml::{self, Element};
use domain::receipt::Verdict;
use domain::routing::FailureClass;
use encoding_rs::{Encoding, UTF_8};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use jiff::tz::TimeZone;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;

/// Values that can stand in a header: they have no line ends and nothing that a sender chose freely.
const IN_HEADERS: [&str; 10] = [
    "user",
    "password",
    "id",
    "digits",
    "to",
    "signature",
    "segments",
    "valid_seconds",
    "valid_minutes",
    "now",
];
/// More recipients than any operator takes in one request.
const MOST_RECIPIENTS: u16 = 1_000;

/// What is wrong so far.
struct Flaws<'t> {
    text: &'t str,
    found: Vec<Flaw>,
}

impl Flaws<'_> {
    fn at(&mut self, span: &Range<usize>, key: &str, what: impl Into<String>) {
        let before = self.text.get(..span.start).unwrap_or_default();
        let line = (span.end > 0).then(|| 1 + before.bytes().filter(|b| *b == b'\n').count());
        self.found.push(Flaw { line, key: key.to_owned(), what: what.into() });
    }

    fn keep<T>(&mut self, span: &Range<usize>, key: &str, read: Result<T, String>) -> Option<T> {
        read.map_err(|what| self.at(span, key, what)).ok()
    }

    fn template(&mut self, text: &Text, key: &str) -> Template {
        self.keep(&text.span(), key, Template::parse(text.get_ref())).unwrap_or_default()
    }

    fn condition(&mut self, text: Option<&Text>, key: &str) -> Condition {
        let Some(text) = text else { return Condition::default() };
        self.keep(&text.span(), key, Condition::parse(text.get_ref())).unwrap_or_default()
    }

    /// One of some words.
    fn word<T: Clone>(&mut self, text: &Text, key: &str, allowed: &[(&str, T)]) -> Option<T> {
        let found = allowed.iter().find(|(word, _)| word == text.get_ref()).map(|(_, value)| value.clone());
        if found.is_none() {
            let words: Vec<_> = allowed.iter().map(|(word, _)| format!("{word:?}")).collect();
            self.at(&text.span(), key, format!("{:?} is none of {}", text.get_ref(), words.join(", ")));
        }
        found
    }

    fn charset(&mut self, text: &Text, key: &str) -> &'static Encoding {
        let allowed = ["utf-8", "iso-8859-1"].map(|name| (name, encoding(name)));
        self.word(text, key, &allowed).flatten().unwrap_or(UTF_8)
    }
}

pub(super) fn profile(text: &str) -> Result<Profile, Vec<Flaw>> {
    let file: File = toml::from_str(text).map_err(|error| vec![of_toml(text, &error)])?;
    let mut flaws = Flaws { text, found: Vec::new() };
    let profile = whole(&mut flaws, file);
    if flaws.found.is_empty() { Ok(profile) } else { Err(flaws.found) }
}

fn of_toml(text: &str, error: &toml::de::Error) -> Flaw {
    let line = error.span().map(|s| 1 + text.bytes().take(s.start).filter(|b| *b == b'\n').count());
    let source = line.and_then(|l| text.lines().nth(l - 1)).unwrap_or_default().trim();
    let key = source.split_once('=').map_or("", |(key, _)| key.trim());
    Flaw { line, key: key.to_owned(), what: error.message().trim_end().to_owned() }
}

fn whole(flaws: &mut Flaws<'_>, file: File) -> Profile {
    let zone = file.time_zone.as_ref().map(|zone| {
        let read = TimeZone::get(zone.get_ref())
            .map_err(|_| format!("no time zone {:?}, such as \"Europe/Stockholm\"", zone.get_ref()));
        flaws.keep(&zone.span(), "time_zone", read).unwrap_or(TimeZone::UTC)
    });
    if let Some(url) = &file.url
        && !(url.get_ref().starts_with("https://") || url.get_ref().starts_with("http://"))
    {
        flaws.at(&url.span(), "url", "a URL begins with https:// or http://");
    }
    for need in &file.needs {
        let known = ["user", "password", "url"].contains(&need.get_ref().as_str())
            || ["values.", "secrets."].iter().any(|prefix| need.get_ref().starts_with(prefix));
        if !known {
            flaws.at(
                &need.span(),
                "needs",
                format!("{:?} is none of user, password, url, values.NAME, secrets.NAME", need.get_ref()),
            );
        }
    }
    words(flaws, &file.words.from_kind, "words.from_kind", &["alphanumeric", "short", "number"]);
    words(flaws, &file.words.alphabet, "words.alphabet", &["gsm7", "ucs2", "binary"]);
    let auth = [("none", Auth::None), ("basic", Auth::Basic), ("bearer", Auth::Bearer)];
    let numbers = ["", "+", "00"].map(|before| (before, before.to_owned()));
    let forms = Form::NAMES;
    let who_cuts = [("operator", true), ("gateway", false)];
    let send = send(flaws, file.send);
    let rules = rules(flaws, &file.answer);
    let receipt = file.receipt.map(|call| receipt(flaws, call));
    let told_apart = send.recipients > 1 && receipt.as_ref().is_some_and(|call| call.to.is_some());
    Profile {
        auth: flaws.word(&file.auth, "auth", &auth).unwrap_or(Auth::None),
        international: flaws.word(&file.numbers, "numbers", &numbers).unwrap_or_default(),
        charset: flaws.charset(&file.charset, "charset"),
        zone: zone.unwrap_or(TimeZone::UTC),
        cut_by_operator: flaws.word(&file.split, "split", &who_cuts).unwrap_or(true),
        octets_cut_by_operator: flaws.word(&file.split_binary, "split_binary", &who_cuts).unwrap_or(false),
        answers: flaws.word(&file.answers, "answers", &forms).unwrap_or_default(),
        shared_ids: told_apart && rules.iter().any(Rule::has_one_id),
        rules,
        receipt,
        mo: file.mo.map(|call| mo(flaws, call)),
        send,
        title: file.title,
        about: file.about,
        url: file.url.map(Spanned::into_inner),
        needs: file.needs.into_iter().map(Spanned::into_inner).collect(),
        binary: file.binary,
        values: file.values,
        from_kinds: file.words.from_kind,
        alphabets: file.words.alphabet,
    }
}

fn words(flaws: &mut Flaws<'_>, given: &BTreeMap<String, String>, key: &str, known: &[&str]) {
    for word in given.keys().filter(|word| !known.contains(&word.as_str())) {
        flaws.at(&(0..0), key, format!("{word:?} is none of {}", known.join(", ")));
    }
}

fn send(flaws: &mut Flaws<'_>, send: text::Send) -> Send {
    let methods = [("GET", Method::GET), ("POST", Method::POST), ("PUT", Method::PUT)];
    let method = flaws.word(&send.method, "send.method", &methods).unwrap_or(Method::POST);
    let url = flaws.template(&send.url, "send.url");
    let at_start = send.url.get_ref().starts_with("{url}") || send.url.get_ref().starts_with("http");
    if !at_start || send.url.get_ref().matches("{url}").count() > 1 {
        flaws.at(&send.url.span(), "send.url", "it begins with {url} (once) or with https://");
    }
    let headers = send.headers.iter().filter_map(|(name, value)| {
        let key = format!("send.headers.{name}");
        let template = flaws.template(value, &key);
        let loose = template.names().find(|name| {
            !IN_HEADERS.contains(name) && !name.starts_with("values.") && !name.starts_with("secrets.")
        });
        if let Some(loose) = loose {
            flaws.at(
                &value.span(),
                &key,
                format!("{{{loose}}} cannot stand in a header; {} can", IN_HEADERS.join(", ")),
            );
        }
        let read = name.parse::<HeaderName>().map_err(|_| format!("{name:?} is no name of a header"));
        flaws.keep(&value.span(), &key, read).map(|name| (name, template))
    });
    let headers = headers.collect();
    let query = fields(flaws, send.query, "send.query");
    let bodies = [!send.form.is_empty(), send.json.is_some(), send.xml.is_some()];
    if bodies.iter().filter(|there| **there).count() > 1 {
        flaws.at(&send.url.span(), "send", "a request has one body: form, json or xml");
    }
    let body = match (send.json, send.xml) {
        (Some(text), _) => {
            let read = serde_json::from_str(text.get_ref()).map_err(|e| format!("no JSON: {e}"));
            let value: Value = flaws.keep(&text.span(), "send.json", read).unwrap_or_default();
            Body::Json(json(flaws, &text.span(), value))
        }
        (None, Some(text)) => {
            let read = xml::read(text.get_ref()).map_err(|e| format!("no XML: {e}"));
            match flaws.keep(&text.span(), "send.xml", read) {
                Some(root) => Body::Xml(xml_template(flaws, &text.span(), root)),
                None => Body::None,
            }
        }
        (None, None) if send.form.is_empty() => Body::None,
        (None, None) => Body::Form(fields(flaws, send.form, "send.form")),
    };
    if method == Method::GET && !matches!(body, Body::None) {
        flaws.at(&send.method.span(), "send.method", "a GET has no body: put the fields into [[send.query]]");
    }
    let recipients = send.recipients.as_ref().map_or(1, |n| *n.get_ref());
    if let Some(wrong) = send.recipients.filter(|n| !(1..=MOST_RECIPIENTS).contains(n.get_ref())) {
        flaws.at(&wrong.span(), "send.recipients", format!("it is between 1 and {MOST_RECIPIENTS}"));
    }
    let signature = send.signature.and_then(|signature| {
        let hashes = ["md5", "sha256"].map(|name| (name, Hash::named(name)));
        let hash = flaws.word(&signature.hash, "send.signature.hash", &hashes).flatten();
        let of = flaws.template(&signature.of, "send.signature.of");
        if of.names().any(|name| name == "signature") {
            flaws.at(&signature.of.span(), "send.signature.of", "a signature is not of itself");
        }
        hash.map(|hash| (hash, of))
    });
    Send {
        method,
        url,
        headers,
        query,
        content_type: send
            .content_type
            .as_ref()
            .and_then(|kind| media_type(flaws, kind, "send.content_type")),
        body,
        recipients: usize::from(recipients),
        join: send.join,
        signature,
    }
}

fn media_type(flaws: &mut Flaws<'_>, kind: &Text, key: &str) -> Option<HeaderValue> {
    let read =
        HeaderValue::from_str(kind.get_ref()).map_err(|_| "no media type, such as text/xml".to_owned());
    flaws.keep(&kind.span(), key, read)
}

fn fields(flaws: &mut Flaws<'_>, fields: Vec<text::Field>, key: &str) -> Vec<Field> {
    let field = |field: text::Field| Field {
        value: flaws.template(&field.value, key),
        when: flaws.condition(field.when.as_ref(), key),
        name: field.name,
    };
    fields.into_iter().map(field).collect()
}

fn json(flaws: &mut Flaws<'_>, span: &Range<usize>, value: Value) -> Json {
    match value {
        Value::String(text) => {
            Json::Leaf(flaws.keep(span, "send.json", Template::parse(&text)).unwrap_or_default())
        }
        Value::Array(all) => Json::List(all.into_iter().map(|value| json(flaws, span, value)).collect()),
        Value::Object(mut all) if all.len() == 1 && all.contains_key("$each") => {
            Json::Each(Box::new(json(flaws, span, all.remove("$each").unwrap_or_default())))
        }
        Value::Object(all) => {
            let entry = |(key, value): (String, Value)| {
                let (name, when) =
                    key.split_once('?').map_or((key.as_str(), ""), |(name, when)| (name, when));
                let when = flaws.keep(span, "send.json", Condition::parse(when)).unwrap_or_default();
                (name.to_owned(), when, json(flaws, span, value))
            };
            Json::Object(all.into_iter().map(entry).collect())
        }
        other => Json::Constant(other),
    }
}

fn xml_template(flaws: &mut Flaws<'_>, span: &Range<usize>, element: Element) -> Xml {
    let key = "send.xml";
    let mut made = Xml {
        name: element.name,
        attributes: Vec::new(),
        when: Condition::default(),
        each: false,
        data: false,
        text: None,
        children: Vec::new(),
    };
    for (name, value) in element.attributes {
        match name.as_str() {
            "o:when" => made.when = flaws.keep(span, key, Condition::parse(&value)).unwrap_or_default(),
            "o:each" if value == "recipient" => made.each = true,
            "o:cdata" if value == "yes" => made.data = true,
            own if own.starts_with("o:") => {
                flaws.at(
                    span,
                    key,
                    format!("{own}={value:?}: there are o:when, o:each=\"recipient\" and o:cdata=\"yes\""),
                );
            }
            _ => {
                let template = flaws.keep(span, key, Template::parse(&value)).unwrap_or_default();
                made.attributes.push((name, template));
            }
        }
    }
    if !element.text.is_empty() {
        if !element.children.is_empty() {
            flaws.at(span, key, format!("<{}> has both text and elements", made.name));
        }
        made.text = flaws.keep(span, key, Template::parse(&element.text));
    }
    made.children = element.children.into_iter().map(|child| xml_template(flaws, span, child)).collect();
    made
}

/// What an answer may mean, by its word.
fn meanings() -> [(&'static str, Meaning); 7] {
    let refused = Meaning::Refused;
    [
        ("ok", Meaning::Taken),
        ("permanent", refused(FailureClass::Permanent)),
        ("temporary", refused(FailureClass::Temporary)),
        ("limited", refused(FailureClass::Limited)),
        ("throttled", refused(FailureClass::Throttled)),
        ("barred", refused(FailureClass::Barred)),
        ("unanswered", Meaning::Unanswered),
    ]
}

fn rules(flaws: &mut Flaws<'_>, answers: &[text::Answer]) -> Vec<Rule> {
    if answers.is_empty() {
        flaws.at(
            &(0..0),
            "answer",
            "there is no [[answer]]: say how the operator says yes, with means = \"ok\"",
        );
    }
    let rules: Vec<Rule> = answers.iter().map(|answer| rule(flaws, answer)).collect();
    if !rules.is_empty() && !rules.iter().any(|rule| rule.means == Meaning::Taken) {
        flaws.at(&(0..0), "answer", "no [[answer]] has means = \"ok\"");
    }
    rules
}

fn rule(flaws: &mut Flaws<'_>, answer: &text::Answer) -> Rule {
    let statuses = answer.status.iter().filter_map(|status| {
        let (from, to) = status.get_ref().split_once('-').unwrap_or((status.get_ref(), status.get_ref()));
        let range = from.trim().parse().ok().zip(to.trim().parse().ok());
        let range = range.filter(|(from, to)| (100..600).contains(from) && from <= to && *to < 600);
        let read = range.ok_or_else(|| "a status is \"200\" or \"500-599\"".to_owned());
        flaws.keep(&status.span(), "answer.status", read)
    });
    let statuses = statuses.collect();
    let means = flaws.word(&answer.means, "answer.means", &meanings()).unwrap_or(Meaning::Unanswered);
    let pattern = answer.pattern.as_ref();
    let pattern = pattern.and_then(|p| flaws.keep(&p.span(), "answer.pattern", Pattern::parse(p.get_ref())));
    if answer.each.is_none() && !answer.entry.is_empty() {
        flaws.at(&answer.means.span(), "answer.entry", "only with each: the fields are of its entries");
    }
    Rule {
        statuses,
        holds: answer.holds.clone(),
        pattern,
        means,
        each: answer.each.clone(),
        entry: answer.entry.clone(),
        to: answer.to.clone(),
        id: answer.id.clone(),
        ids: answer.ids.clone(),
        code: answer.code.clone(),
        detail: answer.detail.clone(),
    }
}

fn time_form(flaws: &mut Flaws<'_>, format: Option<&Text>, key: &str) -> TimeForm {
    match format.map(|f| (f, f.get_ref().as_str())) {
        None | Some((_, "rfc3339")) => TimeForm::Rfc3339,
        Some((_, "unix")) => TimeForm::Unix,
        Some((_, format)) if format.contains('%') => TimeForm::Strtime(format.to_owned()),
        Some((at, _)) => {
            flaws.at(&at.span(), key, "a format is rfc3339, unix or such as %Y-%m-%d %H:%M:%S");
            TimeForm::Rfc3339
        }
    }
}

fn is_signed(flaws: &mut Flaws<'_>, verify: Option<&Text>, key: &str) -> bool {
    verify.and_then(|v| flaws.word(v, key, &[("omnigate", true), ("none", false)])).unwrap_or(false)
}

fn reply(flaws: &mut Flaws<'_>, reply: text::Reply, key: &str) -> Reply {
    let status = reply.status.map_or(Some(StatusCode::OK), |status| {
        let fits = StatusCode::from_u16(*status.get_ref()).ok().filter(StatusCode::is_success);
        flaws.keep(
            &status.span(),
            key,
            fits.ok_or_else(|| "a call that was taken is answered 200 to 299".to_owned()),
        )
    });
    Reply {
        status: status.unwrap_or(StatusCode::OK),
        content_type: reply.content_type.and_then(|kind| media_type(flaws, &kind, key)),
        body: reply.body.unwrap_or_default(),
    }
}

fn receipt(flaws: &mut Flaws<'_>, call: text::Receipt) -> ReceiptCall {
    let verdicts = [
        ("delivered", Verdict::Delivered),
        ("failed", Verdict::Failed),
        ("expired", Verdict::Expired),
        ("unknown", Verdict::Unknown),
        ("pending", Verdict::Pending),
    ];
    let text::States { delivered, failed, expired, unknown, pending } = call.states;
    if delivered.is_empty() {
        flaws.at(
            &(0..0),
            "receipt.states.delivered",
            "how does the operator say that a message has arrived?",
        );
    }
    let lists = [delivered, failed, expired, unknown, pending];
    let states = lists
        .into_iter()
        .zip(verdicts)
        .flat_map(|(words, (_, verdict))| words.into_iter().map(move |word| (word.to_lowercase(), verdict)));
    ReceiptCall {
        states: states.collect(),
        otherwise: flaws.word(&call.otherwise, "receipt.otherwise", &verdicts).unwrap_or(Verdict::Pending),
        called: Called {
            form: flaws.word(&call.form, "receipt.form", &Form::NAMES).unwrap_or_default(),
            charset: flaws.charset(&call.charset, "receipt.charset"),
            holds: call.holds,
            at: call.at,
            at_form: time_form(flaws, call.at_format.as_ref(), "receipt.at_format"),
            signed: is_signed(flaws, call.verify.as_ref(), "receipt.verify"),
            reply: reply(flaws, call.reply, "receipt.reply"),
        },
        each: call.each,
        id: call.id,
        to: call.to,
        state: call.state,
        error: call.error,
    }
}

fn mo(flaws: &mut Flaws<'_>, call: text::Mo) -> MoCall {
    MoCall {
        called: Called {
            form: flaws.word(&call.form, "mo.form", &Form::NAMES).unwrap_or_default(),
            charset: flaws.charset(&call.charset, "mo.charset"),
            holds: call.holds,
            at: call.at,
            at_form: time_form(flaws, call.at_format.as_ref(), "mo.at_format"),
            signed: is_signed(flaws, call.verify.as_ref(), "mo.verify"),
            reply: reply(flaws, call.reply, "mo.reply"),
        },
        from: call.from,
        to: call.to,
        text: call.text,
        binary: call.binary,
        id: call.id,
    }
}
