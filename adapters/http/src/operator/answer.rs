//! What an operator's answer means, for each recipient of the request.

use super::document::Document;
use super::message::own_id;
use super::profile::{Meaning, Profile, Rule, Tests};
use domain::receipt::correlate::tail;
use domain::routing::{Failure, FailureClass};
use ports::driven::Shipment;
use web_kit::Reply;

/// The longest code and detail that are kept.
const LONGEST: usize = 120;

/// What became of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Taken over, under this id.
    Taken(String),
    /// Refused.
    Refused(Failure),
    /// Nobody knows.
    Unanswered(String),
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// One for each shipment.
    pub(super) verdicts: Vec<Verdict>,
    /// It says nothing of any recipient by himself.
    of_all: bool,
}

impl Answer {
    /// Why a request with several recipients was refused as a whole: it may be because of one of them. An operator who lets nobody in or has
    /// no time means us.
    pub(super) fn refused_together(&self) -> Option<&Failure> {
        match self.verdicts.split_first()? {
            (Verdict::Refused(failure), others)
                if self.of_all
                    && !others.is_empty()
                    && matches!(failure.class, FailureClass::Permanent | FailureClass::Limited) =>
            {
                Some(failure)
            }
            _ => None,
        }
    }
}

/// Reads an answer; one verdict a shipment.
pub(super) fn read(profile: &Profile, reply: &Reply, shipments: &[Shipment], part: Option<u8>) -> Answer {
    let document = Document::read(profile.answers, &reply.body, &reply.content_type, profile.charset);
    let status = reply.status.as_u16();
    let mut verdicts: Vec<Option<Verdict>> = vec![None; shipments.len()];
    let mut of_all = true;
    for rule in &profile.rules {
        if verdicts.iter().all(Option::is_some) {
            break;
        }
        let Some(holes) = fits(rule, status, &document) else { continue };
        match &rule.each {
            Some(path) => {
                each(rule, status, &document.each(path), shipments, part, &mut verdicts);
                of_all &= verdicts.iter().all(Option::is_none);
            }
            None => whole(rule, status, (&document, &holes), shipments, part, &mut verdicts),
        }
    }
    let otherwise = || unruled(status, &document);
    let verdicts = verdicts.into_iter().map(|verdict| verdict.unwrap_or_else(otherwise));
    let own = |(verdict, shipment): (Verdict, &Shipment)| match verdict {
        Verdict::Taken(id) if profile.shared_ids && !id.is_empty() => {
            Verdict::Taken(of_recipient(&id, &shipment.message.recipient.to_string()))
        }
        other => other,
    };
    Answer { verdicts: verdicts.zip(shipments).map(own).collect(), of_all }
}

/// The id of one recipient of a request, where the operator's is of all of it: a receipt that is said to come again must not find another's message.
pub(super) fn of_recipient(id: &str, number: &str) -> String {
    format!("{}:{id}", tail(number))
}

type Holes = Vec<(&'static str, String)>;

fn fits(rule: &Rule, status: u16, document: &Document) -> Option<Holes> {
    let of_status =
        rule.statuses.is_empty() || rule.statuses.iter().any(|(from, to)| (*from..=*to).contains(&status));
    if !of_status || !hold(&rule.holds, document) {
        return None;
    }
    match &rule.pattern {
        Some(pattern) => pattern.fits(document.text()),
        None => Some(Vec::new()),
    }
}

/// Whether each field has one of its values.
pub(super) fn hold(tests: &Tests, document: &Document) -> bool {
    tests.iter().all(|(path, allowed)| match document.one(path) {
        Some(value) => allowed.is_empty() || allowed.iter().any(|a| a.eq_ignore_ascii_case(value.trim())),
        // A field that is there without being a value: an object, an element with elements.
        None => allowed.is_empty() && !document.each(path).is_empty(),
    })
}

fn hole(holes: &Holes, name: &str) -> Option<String> {
    holes.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
}

/// A rule about the answer as a whole: it decides all that is not decided.
fn whole(
    rule: &Rule,
    status: u16,
    (document, holes): (&Document, &Holes),
    shipments: &[Shipment],
    part: Option<u8>,
    verdicts: &mut [Option<Verdict>],
) {
    let field =
        |path: Option<&String>, name| path.and_then(|path| document.one(path)).or_else(|| hole(holes, name));
    let ids: Vec<String> = field(rule.ids.as_ref(), "ids")
        .map(|ids| {
            ids.split([',', ';', ' ']).map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect()
        })
        .unwrap_or_default();
    let one = field(rule.id.as_ref().filter(|id| *id != "ours"), "id");
    let told =
        Told { code: field(rule.code.as_ref(), "code"), detail: field(rule.detail.as_ref(), "detail") };
    for (n, (verdict, shipment)) in verdicts.iter_mut().zip(shipments).enumerate() {
        let id = match (rule.id.as_deref(), ids.len()) {
            (Some("ours"), _) => Some(own_id(shipment, part)),
            (_, 0) => one.clone(),
            (_, 1) => ids.first().cloned(),
            (_, count) if count == shipments.len() => ids.get(n).cloned(),
            _ => None,
        };
        verdict.get_or_insert_with(|| means(rule, status, id, &told));
    }
}

/// A rule about entries: each decides its recipient.
fn each(
    rule: &Rule,
    status: u16,
    entries: &[Document],
    shipments: &[Shipment],
    part: Option<u8>,
    verdicts: &mut [Option<Verdict>],
) {
    for (n, entry) in entries.iter().enumerate() {
        let at = match &rule.to {
            Some(path) => {
                let to = entry.one(path).map(|to| digits(&to)).unwrap_or_default();
                shipments.iter().position(|s| s.message.recipient.to_string() == to)
            }
            None => Some(n),
        };
        let Some((verdict, shipment)) = at
            .and_then(|at| verdicts.get_mut(at).zip(shipments.get(at)))
            .filter(|(verdict, _)| verdict.is_none() && hold(&rule.entry, entry))
        else {
            continue;
        };
        let field = |path: Option<&String>| path.and_then(|path| entry.one(path));
        let id = match rule.id.as_deref() {
            Some("ours") => Some(own_id(shipment, part)),
            path => path.and_then(|path| entry.one(path)),
        };
        let told = Told { code: field(rule.code.as_ref()), detail: field(rule.detail.as_ref()) };
        *verdict = Some(means(rule, status, id, &told));
    }
}

/// A number as operators write it, in ours: `+46…` and `0046…` are `46…`.
pub(super) fn digits(number: &str) -> String {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    digits.strip_prefix("00").map_or(digits.clone(), str::to_owned)
}

struct Told {
    code: Option<String>,
    detail: Option<String>,
}

fn means(rule: &Rule, status: u16, id: Option<String>, told: &Told) -> Verdict {
    match rule.means {
        Meaning::Taken => Verdict::Taken(id.unwrap_or_default()),
        Meaning::Unanswered => Verdict::Unanswered(format!("HTTP {status}, by a rule of the profile")),
        Meaning::Refused(class) => {
            let code = told.code.as_deref().map(clean).filter(|code| !code.is_empty());
            let detail = told.detail.as_deref().map(clean).unwrap_or_default();
            Verdict::Refused(Failure { class, code: code_of(code.as_deref(), status), detail })
        }
    }
}

fn code_of(code: Option<&str>, status: u16) -> String {
    format!("http-{}", code.map_or_else(|| status.to_string(), |code| code.replace(' ', "_")))
}

fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST).collect::<String>().trim().to_owned()
}

/// An answer that no rule of the profile knows, by its status (RFC 9110 15). A yes that nobody understands is no answer: it may have been taken.
fn unruled(status: u16, document: &Document) -> Verdict {
    let class = match status {
        200..=299 => {
            let form = if document.is_in_form() { "" } else { ", and it is not in the form of answers" };
            return Verdict::Unanswered(format!("HTTP {status} that no [[answer]] knows{form}"));
        }
        // Somebody between us and the operator lost him: what was sent may have arrived.
        502 | 504 => return Verdict::Unanswered(format!("HTTP {status}")),
        401 | 402 | 403 | 407 => FailureClass::Barred,
        408 | 425 | 500 | 501 | 505..=599 => FailureClass::Temporary,
        429 | 503 => FailureClass::Throttled,
        _ => FailureClass::Limited,
    };
    Verdict::Refused(Failure { class, code: code_of(None, status), detail: String::new() })
}
