//! What a response says of the request it answers (section 6; promise B12).

use crate::codec::{EncodeError, Packet, parameter, stamp};
use crate::config::Cimd2Config;
use crate::status::{ErrorClass, ErrorCode};
use domain::routing::{Failure, FailureClass};
use session::Verdict;

/// Stands for an error that is no number: nobody knows it.
const UNREADABLE: ErrorCode = ErrorCode(u16::MAX);

/// The error that a response carries. 0 is none: some centres write it when all is well, and what they took must not be sent again.
pub(super) fn error(packet: &Packet) -> Option<ErrorCode> {
    let written = packet.get(parameter::ERROR)?;
    match packet.integer(parameter::ERROR) {
        Some(0) => None,
        // Nothing is said of an error, and the message has got its name.
        None if written.trim_ascii().is_empty() && !identity(packet).is_empty() => None,
        code => Some(code.and_then(|code| u16::try_from(code).ok()).map_or(UNREADABLE, ErrorCode)),
    }
}

/// What the response to a submit says.
pub(super) fn verdict(config: &Cimd2Config, packet: &Packet) -> Verdict {
    let Some(error) = error(packet) else {
        return Verdict::Accepted { operator_id: identity(packet) };
    };
    let failure = failure(config, packet);
    let overridden = config.errors.iter().any(|(code, _)| *code == error.0);
    match error.class() {
        _ if overridden && failure.class == FailureClass::Throttled => Verdict::Throttled(failure),
        _ if overridden => Verdict::Refused(failure),
        ErrorClass::Throttle => Verdict::Throttled(failure),
        ErrorClass::Link => Verdict::NotBound(failure),
        ErrorClass::NoReports => Verdict::Again(failure),
        _ => Verdict::Refused(failure),
    }
}

/// What a general error response says of a submit: not bound and too fast are said this way too. Nothing in it changes the form in which
/// the message is written, so that none is asked for again.
pub(super) fn general(config: &Cimd2Config, packet: &Packet) -> Verdict {
    match verdict(config, packet) {
        Verdict::Accepted { .. } | Verdict::Again(_) => Verdict::Refused(failure(config, packet)),
        other => other,
    }
}

/// The name of a message; empty when the packet does not say it.
pub(super) fn identity(packet: &Packet) -> String {
    stamp::identity(&packet.text(parameter::DESTINATION), &packet.text(parameter::STAMP))
}

/// A negative response as a failure.
pub(super) fn failure(config: &Cimd2Config, packet: &Packet) -> Failure {
    let error = error(packet).unwrap_or(UNREADABLE);
    let agreed = config.errors.iter().find(|(code, _)| *code == error.0).map(|(_, class)| *class);
    let mut detail = match error {
        UNREADABLE => "not understood".to_owned(),
        _ => error.to_string(),
    };
    let text = packet.text(parameter::ERROR_TEXT);
    if !text.trim().is_empty() {
        detail = format!("{detail}, {}", text.trim().escape_debug());
    }
    let code = if error == UNREADABLE { 0 } else { error.0 };
    Failure { class: agreed.unwrap_or_else(|| class(error)), code: format!("cimd2-{code}"), detail }
}

fn class(error: ErrorCode) -> FailureClass {
    match error.class() {
        ErrorClass::Permanent | ErrorClass::Operation => FailureClass::Permanent,
        ErrorClass::Limited | ErrorClass::NoReports => FailureClass::Limited,
        ErrorClass::Throttle => FailureClass::Throttled,
        ErrorClass::Link => FailureClass::NotOffered,
        ErrorClass::Temporary | ErrorClass::Login | ErrorClass::AlreadyBound | ErrorClass::Window => {
            FailureClass::Temporary
        }
    }
}

/// A message that CIMD2 has no way to say.
pub(super) fn unsayable(error: &EncodeError) -> Failure {
    Failure { class: FailureClass::Permanent, code: "cimd2-unsayable".to_owned(), detail: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Operation;

    fn response(parameters: &[(u16, &'static str)]) -> Packet {
        let packet = Packet::new(Operation::SUBMIT_RESPONSE, 3);
        parameters.iter().fold(packet, |packet, (code, value)| packet.with(*code, *value))
    }

    #[test]
    fn errors() {
        let errors = vec![(300, FailureClass::Temporary), (9, FailureClass::Throttled)];
        let config = Cimd2Config { errors, ..Cimd2Config::default() };
        let refused = |code| match verdict(&config, &response(&[(900, code)])) {
            Verdict::Refused(failure) => Ok(failure.class),
            other => Err(other),
        };
        assert_eq!(refused("302"), Ok(FailureClass::Permanent));
        assert_eq!(refused("300"), Ok(FailureClass::Temporary), "the operator's own meaning");
        assert_eq!(refused("6"), Ok(FailureClass::Temporary));
        for unknown in ["777", "", "x", "99999999999"] {
            assert_eq!(refused(unknown), Ok(FailureClass::Limited), "{unknown}");
        }
        assert!(matches!(refused("9"), Err(Verdict::Throttled(_))));
        assert!(matches!(refused("10"), Err(Verdict::Throttled(_))));
        assert!(matches!(refused("4"), Err(Verdict::NotBound(_))));
        assert!(matches!(refused("310"), Err(Verdict::Again(_))));
        let failure = failure(&config, &response(&[(900, "301"), (901, "no\u{7f}")]));
        assert_eq!(failure.code, "cimd2-301");
        assert_eq!(failure.detail, "301 incorrect number of destination addresses, no\\u{7f}");
    }

    #[test]
    fn general_errors() {
        let general = |parameters: &[_]| general(&Cimd2Config::default(), &response(parameters));
        assert!(matches!(general(&[(900, "4")]), Verdict::NotBound(_)));
        assert!(matches!(general(&[(900, "10")]), Verdict::Throttled(_)));
        assert!(matches!(general(&[(900, "310")]), Verdict::Refused(_)));
        assert!(matches!(general(&[]), Verdict::Refused(_)), "no error accepts");
        assert!(matches!(general(&[(900, "0")]), Verdict::Refused(_)), "nor does this one");
    }

    #[test]
    fn no_error_in_as_many_words() {
        let config = Cimd2Config::default();
        let taken = |parameters: &[_]| match verdict(&config, &response(parameters)) {
            Verdict::Accepted { operator_id } => Some(operator_id),
            _ => None,
        };
        let named = [(21, "71234"), (60, "261123045959")];
        let name = Some("71234:261123045959".to_owned());
        for none in ["0", "000", " 0 ", ""] {
            assert_eq!(taken(&[named[0], named[1], (900, none)]), name, "{none:?}");
        }
        assert_eq!(taken(&[(900, "0")]), Some(String::new()));
        assert_eq!((taken(&[(900, "")]), taken(&[named[0], named[1], (900, "x")])), (None, None));
    }

    #[test]
    fn identities_in_all_spellings() {
        for destination in ["+46701234567", "0046701234567", "0701234567", "46701234567", "701234567"] {
            let packet = response(&[(21, destination), (60, "261123045959")]);
            assert_eq!(identity(&packet), "701234567:261123045959", "{destination}");
        }
        assert_eq!(identity(&response(&[(21, "71234"), (60, " 261123045959")])), "71234:261123045959");
        assert_eq!(
            identity(&response(&[(21, "71234")])),
            "",
            "accepted, but nobody will know under what name"
        );
        assert!(
            matches!(verdict(&Cimd2Config::default(), &response(&[])), Verdict::Accepted { operator_id } if operator_id.is_empty())
        );
    }
}
