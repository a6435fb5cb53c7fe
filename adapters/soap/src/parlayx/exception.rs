//! Refusals as the standard's exceptions (ES 202 391-1 section 10, ES 202 391-4 section 8.6): a ServiceException or a PolicyException with a
//! `SVC` or `POL` number, a text with `%1` in it, and what stands there.

use crate::xml::Writer;
use domain::Language;
use domain::refusal::{Code, Refusal};

/// Namespace of the exceptions.
const COMMON: &str = "http://www.csapi.org/schema/parlayx/common/v2_1";

struct Exception {
    id: &'static str,
    text: &'static str,
    variables: Vec<String>,
}

/// Writes the detail of a fault.
pub(super) fn write(out: &mut Writer, refusal: &Refusal, language: Language) {
    let Exception { id, text, variables } = of(refusal, language);
    let name = if id.starts_with("POL") { "c:PolicyException" } else { "c:ServiceException" };
    out.open(name, &[("xmlns:c", COMMON)]).leaf("messageId", id).leaf("text", text);
    for variable in variables {
        out.leaf("variables", &variable);
    }
    out.close();
}

fn of(refusal: &Refusal, language: Language) -> Exception {
    let code = refusal.code.as_str();
    let detail = || refusal.detail.in_language(language).to_owned();
    let exception = |id, text, variables: &[&str]| Exception {
        id,
        text,
        variables: variables.iter().filter(|v| !v.is_empty()).map(|v| (*v).to_owned()).collect(),
    };
    let input = |part| exception("SVC0002", "Invalid input value for message part %1", &[part, &detail()]);
    match (refusal.code, refusal.field) {
        (Code::InvalidNumber, Some("number")) => input("smsServiceActivationNumber"),
        (Code::InvalidNumber, Some("registration")) => input("registrationIdentifier"),
        (
            Code::InvalidNumber
            | Code::NumberNotAllowed
            | Code::NoRecipient
            | Code::NoRoute
            | Code::PagerDigitsOnly
            | Code::PagerTextOnly,
            _,
        ) => {
            exception("SVC0004", "No valid addresses provided in message part %1", &["addresses", &detail()])
        }
        (Code::TooManyRecipients, _) => {
            exception("POL0003", "Too many addresses specified in message part %1", &["addresses", &detail()])
        }
        (Code::TextTooLong, _) => {
            exception("SVC0280", "Message too long. Maximum length is %1 characters.", &[&detail()])
        }
        (Code::AlreadyExists, Some("correlator")) => exception(
            "SVC0005",
            "Correlator %1 specified in message part %2 is a duplicate",
            &["correlator", "reference"],
        ),
        (Code::AlreadyExists, _) => exception("SVC0008", "Overlapped criteria %1", &["criteria"]),
        (Code::InvalidParameter, Some("charging")) => exception("POL0008", "Charging is not supported", &[]),
        (
            Code::NotAuthenticated
            | Code::AddressNotAllowed
            | Code::NotPermitted
            | Code::OriginatorNotAllowed
            | Code::NoCredit
            | Code::RateLimited,
            _,
        ) => exception("POL0001", "A policy error occurred. Error code is %1", &[code, &detail()]),
        (Code::Busy | Code::StoreUnavailable, _) => {
            exception("SVC0001", "A service error occurred. Error code is %1", &[code, &detail()])
        }
        (_, field) => input(field.map_or("request", part)),
    }
}

/// The message part that a field of the JSON API is here.
fn part(field: &'static str) -> &'static str {
    match field {
        "to" => "addresses",
        "from" => "senderName",
        "text" => "message",
        "callback" => "endpoint",
        "reference" => "requestIdentifier",
        "number" => "smsServiceActivationNumber",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_an_exception() {
        for code in Code::ALL {
            let mut out = Writer::new();
            write(&mut out, &Refusal::new(*code), Language::English);
            let text = out.finish();
            assert!(text.contains("<messageId>SVC0") || text.contains("<messageId>POL0"), "{code}: {text}");
        }
    }

    #[test]
    fn what_programs_react_to() {
        for (code, field, id, first) in [
            (Code::InvalidNumber, "to", "SVC0004", "addresses"),
            (Code::InvalidNumber, "number", "SVC0002", "smsServiceActivationNumber"),
            (Code::TextTooLong, "text", "SVC0280", "at most 9"),
            (Code::InvalidOriginator, "from", "SVC0002", "senderName"),
            (Code::OriginatorNotAllowed, "from", "POL0001", "originator_not_allowed"),
            (Code::InvalidParameter, "charging", "POL0008", ""),
            (Code::InvalidParameter, "image", "SVC0002", "image"),
            (Code::AlreadyExists, "correlator", "SVC0005", "correlator"),
            (Code::AlreadyExists, "criteria", "SVC0008", "criteria"),
            (Code::NotFound, "reference", "SVC0002", "requestIdentifier"),
            (Code::NotAuthenticated, "to", "POL0001", "not_authenticated"),
            (Code::StoreUnavailable, "to", "SVC0001", "store_unavailable"),
        ] {
            let exception = of(&Refusal::field(code, field, "at most 9"), Language::English);
            assert_eq!(exception.id, id, "{code}");
            assert_eq!(exception.variables.first().map_or("", String::as_str), first, "{code}");
        }
    }
}
