//! What a result means for the message it answers (promise B12).

use crate::codec::Packet;
use crate::config::UcpConfig;
use crate::receipt::key_of_result;
use crate::status::{self, Class};
use domain::routing::{Failure, FailureClass};
use session::Verdict;
use std::fmt::Display;

/// What the result of a submit says.
pub(super) fn verdict(config: &UcpConfig, packet: &Packet, submitted_to: &str) -> Verdict {
    if packet.is_positive() {
        let operator_id = key_of_result(packet.system_message(), submitted_to.as_bytes());
        return Verdict::Accepted { operator_id };
    }
    let code = packet.error_code();
    let agreed = config.statuses.iter().find(|(known, _)| *known == code).map(|(_, class)| *class);
    let class = agreed.unwrap_or_else(|| class(code));
    let failure = Failure { class, code: format!("ucp-{code:02}"), detail: detail(packet) };
    match class {
        FailureClass::Throttled => Verdict::Throttled(failure),
        _ => Verdict::Refused(failure),
    }
}

fn class(code: u8) -> FailureClass {
    match status::class(code) {
        Class::Permanent => FailureClass::Permanent,
        Class::Limited => FailureClass::Limited,
        Class::Throttle => FailureClass::Throttled,
        // It is our login that is wrong and no fault of the message.
        Class::Temporary | Class::Login => FailureClass::Temporary,
    }
}

/// Whether a refused login was one for its name or password: trying fast locks the account.
pub(super) fn is_login(code: u8) -> bool {
    status::class(code) == Class::Login
}

/// A refusal in words: `06 AdC invalid, who?`. What the operator says only repeats is left out.
pub(super) fn detail(packet: &Packet) -> String {
    let (code, message) = (packet.error_code(), String::from_utf8_lossy(packet.system_message()));
    let (name, mut said) = (status::name(code), message.trim());
    if let Some(rest) = said.strip_prefix(&format!("{code:02}")) {
        said = rest.trim_start_matches([' ', ':', ',', '-', '.']);
    }
    if said.is_empty() || said.trim_end_matches(['.', '!']).eq_ignore_ascii_case(name) {
        return format!("{code:02} {name}");
    }
    format!("{code:02} {name}, {}", said.escape_debug())
}

/// A message that UCP has no way to say.
pub(super) fn unsayable(why: &impl Display) -> Failure {
    Failure { class: FailureClass::Permanent, code: "ucp-unsayable".to_owned(), detail: why.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_a_submit() {
        let config = UcpConfig {
            statuses: vec![(4, FailureClass::Permanent), (91, FailureClass::Throttled)],
            ..UcpConfig::default()
        };
        let refused = |config: &UcpConfig, code: &str| match verdict(
            config,
            &Packet::refusal(51, 7, code, ""),
            "46701234567",
        ) {
            Verdict::Refused(failure) => failure.class,
            Verdict::Throttled(failure) => failure.class,
            other => panic!("{other:?}"),
        };
        let plain = UcpConfig::default();
        for (code, class) in [
            ("06", FailureClass::Permanent),
            ("54", FailureClass::Temporary),
            ("07", FailureClass::Temporary),
            ("04", FailureClass::Throttled),
            ("91", FailureClass::Limited),
            ("xx", FailureClass::Limited),
        ] {
            assert_eq!(refused(&plain, code), class, "{code}");
        }
        assert_eq!(
            (refused(&config, "04"), refused(&config, "91")),
            (FailureClass::Permanent, FailureClass::Throttled)
        );
        let taken = Packet::acknowledgement(51, 7, "0046701234567:231126050709");
        let id = Verdict::Accepted { operator_id: "01234567:231126050709".to_owned() };
        assert_eq!(verdict(&plain, &taken, "x"), id);
        let silent = Packet::acknowledgement(51, 7, "");
        assert_eq!(verdict(&plain, &silent, "x"), Verdict::Accepted { operator_id: String::new() });
    }

    #[test]
    fn failures_name_the_code() {
        let Verdict::Refused(failure) =
            verdict(&UcpConfig::default(), &Packet::refusal(51, 7, "06", "no such"), "x")
        else {
            panic!("refused")
        };
        assert_eq!((failure.code.as_str(), failure.detail.as_str()), ("ucp-06", "06 AdC invalid, no such"));
        for (said, told) in [
            ("", "02 syntax error"),
            (" Syntax error", "02 syntax error"),
            ("02 SYNTAX ERROR.", "02 syntax error"),
            ("02", "02 syntax error"),
            ("02: in field 5", "02 syntax error, in field 5"),
            ("Syntax error in AdC", "02 syntax error, Syntax error in AdC"),
        ] {
            assert_eq!(detail(&Packet::refusal(51, 7, "02", said)), told, "{said}");
        }
    }
}
