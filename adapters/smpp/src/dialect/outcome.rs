//! What a command_status means for the message it answers (section 5.1.3; promise B12).

use crate::codec::{EncodeError, MessageResp, Tlvs};
use crate::config::SmppConfig;
use crate::status::{Status, StatusClass};
use domain::routing::{Failure, FailureClass};
use session::Verdict;

/// What a submit_sm_resp says.
pub(super) fn verdict(config: &SmppConfig, status: Status, resp: &MessageResp) -> Verdict {
    if status.is_ok() {
        let operator_id = resp.message_id.as_ref().map(|id| id.text().into_owned()).unwrap_or_default();
        return Verdict::Accepted { operator_id };
    }
    let failure = failure(config, status, &resp.tlvs);
    let overridden = config.statuses.iter().any(|(code, _)| *code == status.0);
    match status.class() {
        _ if overridden && failure.class == FailureClass::Throttled => Verdict::Throttled(failure),
        _ if overridden => Verdict::Refused(failure),
        StatusClass::Throttle => Verdict::Throttled(failure),
        StatusClass::Congestion => Verdict::Congested(failure),
        StatusClass::Rebind => Verdict::NotBound(failure),
        _ => Verdict::Refused(failure),
    }
}

/// What a generic_nack says of a submit: centres throttle by it, and refuse what comes to a session they have forgotten.
pub(super) fn nack(config: &SmppConfig, status: Status, tlvs: Tlvs) -> Verdict {
    let resp = MessageResp { tlvs, ..MessageResp::default() };
    match verdict(config, status, &resp) {
        Verdict::Accepted { .. } => Verdict::Refused(failure(config, status, &resp.tlvs)),
        other => other,
    }
}

/// A status as a failure.
pub(super) fn failure(config: &SmppConfig, status: Status, tlvs: &Tlvs) -> Failure {
    let agreed = config.statuses.iter().find(|(code, _)| *code == status.0).map(|(_, class)| *class);
    let mut detail = status.name().map_or_else(|| format!("status {:#010x}", status.0), str::to_owned);
    if let Some(text) = tlvs.additional_status_info_text() {
        detail = format!("{detail}, {}", text.escape_debug());
    }
    Failure {
        class: agreed.unwrap_or_else(|| class(status)),
        code: format!("smpp-{:#010x}", status.0),
        detail,
    }
}

fn class(status: Status) -> FailureClass {
    match status.class() {
        StatusClass::Permanent | StatusClass::Operation => FailureClass::Permanent,
        StatusClass::Temporary { tries: Some(_) } => FailureClass::Limited,
        StatusClass::Throttle | StatusClass::Congestion => FailureClass::Throttled,
        StatusClass::Rebind => FailureClass::NotOffered,
        StatusClass::Ok
        | StatusClass::Temporary { tries: None }
        | StatusClass::AlreadyBound
        | StatusClass::BindFailed
        | StatusClass::Login => FailureClass::Temporary,
    }
}

/// A message that SMPP has no way to say.
pub(super) fn unsayable(error: &EncodeError) -> Failure {
    Failure { class: FailureClass::Permanent, code: "smpp-unsayable".to_owned(), detail: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses() {
        let statuses = vec![
            (0x400, FailureClass::Permanent),
            (0x401, FailureClass::Throttled),
            (0x0B, FailureClass::Temporary),
        ];
        let config = SmppConfig { statuses, ..SmppConfig::default() };
        let class = |code| match verdict(&config, Status(code), &MessageResp::default()) {
            Verdict::Refused(failure) => Ok(failure.class),
            other => Err(other),
        };
        assert_eq!(class(0x0A), Ok(FailureClass::Permanent));
        assert_eq!(class(0x0B), Ok(FailureClass::Temporary), "the operator's own meaning");
        assert_eq!(class(0x08), Ok(FailureClass::Temporary));
        assert_eq!(class(0x45), Ok(FailureClass::Limited));
        assert_eq!(class(0x400), Ok(FailureClass::Permanent));
        assert_eq!(class(0x4FE), Ok(FailureClass::Limited));
        assert_eq!(class(0x7777), Ok(FailureClass::Limited));
        assert!(matches!(class(0x58), Err(Verdict::Throttled(_))));
        assert!(matches!(class(0x401), Err(Verdict::Throttled(_))));
        assert!(matches!(class(0x14), Err(Verdict::Congested(f)) if f.class == FailureClass::Throttled));
        assert!(matches!(class(0x04), Err(Verdict::NotBound(_))));
        assert!(matches!(class(0), Err(Verdict::Accepted { operator_id }) if operator_id.is_empty()));
    }

    #[test]
    fn nacks() {
        let nack = |code| nack(&SmppConfig::default(), Status(code), Tlvs::default());
        assert!(matches!(nack(0x04), Verdict::NotBound(_)));
        assert!(matches!(nack(0x58), Verdict::Throttled(_)));
        assert!(matches!(nack(0x14), Verdict::Congested(_)));
        assert!(matches!(nack(0x03), Verdict::Refused(f) if f.class == FailureClass::Permanent));
        assert!(matches!(nack(0), Verdict::Refused(_)), "no nack accepts");
    }

    #[test]
    fn failures_name_the_status() {
        let failure = failure(&SmppConfig::default(), Status(0x0B), &Tlvs::default());
        assert_eq!((failure.code.as_str(), failure.detail.as_str()), ("smpp-0x0000000b", "ESME_RINVDSTADR"));
    }
}
