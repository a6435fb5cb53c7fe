//! Faults, in the shape of the version that was spoken (SOAP 1.1 section 4.4, SOAP 1.2 part 1 section 5.4), each with our stable code.
//!
//! All of them travel with HTTP status 500, as the Basic Profile has it (R1126); SOAP 1.2 would let some be 400, but clients exist that
//! then never look at the fault. Exceptions are what happens before SOAP: 401 with a challenge, 413, 415.

use crate::gateway::NAMESPACE;
use crate::port_type::PortType;
use crate::trouble::Trouble;
use crate::understand::Name;
use crate::version::Version;
use crate::xml::Writer;
use domain::Language;
use domain::refusal::{Code, Refusal};

/// Writes a fault.
pub(crate) fn write<P: PortType>(trouble: &Trouble, version: Version, language: Language) -> String {
    let (who, text) = shown(trouble, language);
    let lang = [("xml:lang", language.tag())];
    let mut out = Writer::new();
    out.open("s:Envelope", &[("xmlns:s", version.namespace())]);
    if version == Version::V12 {
        not_understood(&mut out, trouble);
    }
    out.open("s:Body", &[]).open("s:Fault", &[]);
    match version {
        Version::V11 => {
            let code = match who {
                "Sender" => "s:Client",
                "Receiver" => "s:Server",
                "VersionMismatch" => "s:VersionMismatch",
                _ => "s:MustUnderstand",
            };
            out.leaf("faultcode", code).leaf_with("faultstring", &lang, &text);
            detail::<P>(&mut out, "detail", trouble, language);
        }
        Version::V12 => {
            out.open("s:Code", &[]).leaf("s:Value", &format!("s:{who}"));
            if let Trouble::Refused(refusal) = trouble {
                let code = format!("g:{}", refusal.code);
                out.open("s:Subcode", &[]).leaf_with("s:Value", &[("xmlns:g", NAMESPACE)], &code).close();
            }
            out.close();
            out.open("s:Reason", &[]).leaf_with("s:Text", &lang, &text).close();
            detail::<P>(&mut out, "s:Detail", trouble, language);
        }
    }
    out.finish()
}

/// The children of a fault's detail, which also stand in a batch's results.
pub(crate) fn reason(out: &mut Writer, refusal: &Refusal, language: Language) {
    out.leaf("code", refusal.code.as_str())
        .leaf("message", &refusal.text(language))
        .maybe("field", refusal.field.map(field));
}

/// Who is to blame, in SOAP 1.2's words, and what to tell a person.
fn shown(trouble: &Trouble, language: Language) -> (&'static str, String) {
    match trouble {
        Trouble::Refused(refusal) if refusal.code.is_temporary() => ("Receiver", refusal.text(language)),
        Trouble::Refused(refusal) => ("Sender", refusal.text(language)),
        Trouble::VersionMismatch => {
            let (swedish, english) = (
                "Kuvertet är varken SOAP 1.1 eller SOAP 1.2.",
                "The envelope is neither SOAP 1.1 nor SOAP 1.2.",
            );
            ("VersionMismatch", language.pick(swedish, english).into())
        }
        Trouble::NotUnderstood(names) => {
            let names: Vec<&str> = names.iter().map(|name| name.local.as_str()).collect();
            let text = language.pick(
                "Dessa huvuden är obligatoriska men okända här:",
                "These header blocks must be understood and are not:",
            );
            ("MustUnderstand", format!("{text} {}", names.join(", ")))
        }
    }
}

fn detail<P: PortType>(out: &mut Writer, name: &'static str, trouble: &Trouble, language: Language) {
    if let Trouble::Refused(refusal) = trouble {
        out.open(name, &[]);
        P::detail(out, refusal, language);
        out.close();
    }
}

/// The header blocks that were not understood (SOAP 1.2 part 1 section 5.4.8).
fn not_understood(out: &mut Writer, trouble: &Trouble) {
    let Trouble::NotUnderstood(names) = trouble else { return };
    out.open("s:Header", &[]);
    for Name { namespace, local } in names {
        if namespace.is_empty() {
            out.leaf_with("s:NotUnderstood", &[("qname", local)], "");
        } else {
            out.leaf_with("s:NotUnderstood", &[("qname", &format!("n:{local}")), ("xmlns:n", namespace)], "");
        }
    }
    out.close();
}

/// A field's name in the schema, from its name in the JSON API.
fn field(name: &'static str) -> &'static str {
    match name {
        "send_at" => "sendAt",
        "valid_for" => "validForSeconds",
        "valid_until" => "validUntil",
        "callback_url" | "callback" => "callbackUrl",
        "callback_on" => "callbackOn",
        "asked_by" => "askedBy",
        "idempotency_key" => "clientReference",
        "cost_centre" => "costCentre",
        "text_policy" => "textPolicy",
        other => other,
    }
}

/// Whether a caller who showed nothing should be asked for a login by HTTP's means.
pub(crate) fn is_login(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Refused(refusal) if refusal.code == Code::NotAuthenticated)
}
