//! Errors as OMS clients know them ([MS-OMS] section 4.2 and the guidelines for providers): which of theirs stands for which of ours.

use super::config::OmsConfig;
use super::{MAX_DBCS, MAX_SBCS};
use domain::Language;
use domain::refusal::{Code, Refusal};
use domain::submission::RefusedRecipient;

/// The errors that are ever given. `noScheduled` is not among them: the gateway keeps a message until its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Accepted: on disk.
    Ok,
    /// Nobody of that name and password.
    InvalidUser,
    /// Known, and may not use the service so.
    Unregistered,
    /// Not an SMS; with the service that was asked for.
    UnregisteredService,
    /// With the recipients.
    InvalidRecipient,
    /// Nobody carries messages to them; with the recipients.
    CrossCarrier,
    /// Characters that cannot be sent.
    InvalidChar,
    /// Content of another kind than text; with its id.
    InvalidMedia,
    /// With the two lengths that are always taken.
    LengthLimit,
    /// A document that is too large.
    SizeLimit,
    /// Not now: the person is told that it was not sent, and may try again.
    ServiceNetwork,
    /// No money left.
    LowBalance,
    /// With words.
    Other,
}

/// The error that stands for a refusal.
pub(super) fn kind_of(code: Code) -> Kind {
    match code {
        Code::NotAuthenticated => Kind::InvalidUser,
        Code::AddressNotAllowed | Code::NotPermitted => Kind::Unregistered,
        Code::InvalidNumber | Code::NumberNotAllowed | Code::NoRecipient => Kind::InvalidRecipient,
        Code::NoRoute => Kind::CrossCarrier,
        Code::TextNotEncodable | Code::PagerTextOnly | Code::PagerDigitsOnly => Kind::InvalidChar,
        Code::TextTooLong => Kind::LengthLimit,
        Code::TooLarge => Kind::SizeLimit,
        Code::NoCredit => Kind::LowBalance,
        Code::RateLimited | Code::Busy | Code::StoreUnavailable => Kind::ServiceNetwork,
        // Too many recipients or texts: the guidelines want this of a server that a client asks too much of.
        Code::TooManyRecipients
        | Code::NoText
        | Code::InvalidOriginator
        | Code::OriginatorNotAllowed
        | Code::InvalidTime
        | Code::InvalidCallback
        | Code::InvalidParameter
        | Code::Malformed
        | Code::UnknownLink
        | Code::IdempotencyConflict
        | Code::AlreadyExists
        | Code::NotFound
        | Code::NotCancellable
        | Code::DialogUnavailable => Kind::Other,
    }
}

impl Kind {
    /// The code on the wire.
    pub(super) fn code(self, config: &OmsConfig) -> &str {
        match self {
            Self::Ok => "ok",
            Self::InvalidUser => "invalidUser",
            Self::Unregistered => "unregistered",
            Self::UnregisteredService => "unregisteredService",
            Self::InvalidRecipient => "invalidRecipient",
            Self::CrossCarrier => "crossCarrier",
            Self::InvalidChar => "invalidChar",
            Self::InvalidMedia => "invalidMedia",
            Self::LengthLimit => "lengthLimit",
            Self::SizeLimit => "sizeLimit",
            Self::ServiceNetwork => "serviceNetwork",
            Self::LowBalance => "lowBalance",
            Self::Other => &config.other_code,
        }
    }

    /// `neutral` = done, `failure` = not sent.
    pub(super) fn severity(self) -> &'static str {
        if self == Self::Ok { "neutral" } else { "failure" }
    }
}

/// An `error` element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Report {
    /// Which.
    pub kind: Kind,
    /// What its kind has to tell.
    pub content: Option<String>,
    /// Whom it is about, where it is not about all.
    pub recipients: Vec<String>,
}

impl Report {
    /// Everything was accepted, or all that the other reports are not about.
    pub(super) fn ok() -> Self {
        Self { kind: Kind::Ok, content: None, recipients: Vec::new() }
    }

    /// An error with what its kind has to tell.
    pub(super) fn with(kind: Kind, content: impl Into<String>) -> Self {
        Self { content: Some(content.into()).filter(|c| !c.is_empty()), ..Self { kind, ..Self::ok() } }
    }

    /// Why nothing was accepted; `to` are the recipients it was for.
    pub(super) fn refusal(refusal: &Refusal, to: &[String], language: Language) -> Self {
        let kind = kind_of(refusal.code);
        let content = match kind {
            Kind::LengthLimit => format!("{MAX_SBCS};{MAX_DBCS}"),
            Kind::LowBalance => refusal.detail.in_language(language).to_owned(),
            Kind::Other => refusal.text(language),
            _ => String::new(),
        };
        let about_them = matches!(kind, Kind::InvalidRecipient | Kind::CrossCarrier);
        Self { recipients: if about_them { to.to_vec() } else { Vec::new() }, ..Self::with(kind, content) }
    }

    /// Why some recipients get nothing: one report for each kind.
    pub(super) fn recipients(refused: &[RefusedRecipient], language: Language) -> Vec<Self> {
        let mut reports: Vec<Self> = Vec::new();
        for RefusedRecipient { input, refusal } in refused {
            let found = Self::refusal(refusal, &[], language);
            let same = reports.iter().position(|r| r.kind == found.kind && r.content == found.content);
            match same.and_then(|at| reports.get_mut(at)) {
                Some(report) => report.recipients.push(input.clone()),
                None => reports.push(Self { recipients: vec![input.clone()], ..found }),
            }
        }
        reports
    }
}
