//! Why something is not accepted: a closed list of stable codes, each with a text for people.

use crate::language::{Language, Words};
use std::fmt;
use std::time::Duration;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $temporary:literal, $sv:literal, $en:literal;)+) => {
        /// A stable reason. Programs hold on to [`Code::as_str`]; people read [`Code::text`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $name,)+ }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Code] = &[$(Code::$name,)+];

            /// The name on the wire: lower-case words joined by underscores.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $code,)+ }
            }

            /// Whether the same request may succeed later without a change.
            #[must_use]
            pub fn is_temporary(self) -> bool {
                match self { $(Code::$name => $temporary,)+ }
            }

            /// What to tell a person.
            #[must_use]
            pub fn text(self, language: Language) -> &'static str {
                match self { $(Code::$name => language.pick($sv, $en),)+ }
            }
        }
    };
}

codes! {
    /// Not a number that can be read.
    InvalidNumber = "invalid_number", false, "Numret går inte att tolka.", "The number cannot be read.";
    /// A number of a country or series that the sender may not send to.
    NumberNotAllowed = "number_not_allowed", false, "Det är inte tillåtet att sända till det numret.", "Sending to that number is not allowed.";
    /// No recipient was given.
    NoRecipient = "no_recipient", false, "Mottagare saknas.", "There is no recipient.";
    /// More recipients than a request may have.
    TooManyRecipients = "too_many_recipients", false, "För många mottagare i ett anrop.", "Too many recipients in one request.";
    /// No text was given.
    NoText = "no_text", false, "Texten saknas.", "There is no text.";
    /// The text needs more parts than allowed.
    TextTooLong = "text_too_long", false, "Texten är för lång.", "The text is too long.";
    /// A character that the chosen alphabet cannot carry.
    TextNotEncodable = "text_not_encodable", false, "Texten innehåller tecken som inte kan sändas.", "The text has characters that cannot be sent.";
    /// A pager takes texts only.
    PagerTextOnly = "pager_text_only", false, "En Minicall-mottagare tar bara emot text.", "A Minicall recipient takes text only.";
    /// A numeric pager takes digits and a few signs only.
    PagerDigitsOnly = "pager_digits_only", false, "En numerisk Minicall visar bara 0-9, -, mellanslag, U, [ och ].", "A numeric Minicall shows 0-9, -, space, U, [ and ] only.";
    /// The originator is malformed.
    InvalidOriginator = "invalid_originator", false, "Avsändaren är ogiltig.", "The originator is invalid.";
    /// The originator is not one the sender may use.
    OriginatorNotAllowed = "originator_not_allowed", false, "Avsändaren får inte användas.", "The originator may not be used.";
    /// A time that lies too far ahead or behind, or ends before it starts.
    InvalidTime = "invalid_time", false, "Tiden är ogiltig.", "The time is invalid.";
    /// A callback address that is not an http or https URL.
    InvalidCallback = "invalid_callback", false, "Återanropsadressen är ogiltig.", "The callback address is invalid.";
    /// A parameter has a value that is not allowed.
    InvalidParameter = "invalid_parameter", false, "En parameter har ett ogiltigt värde.", "A parameter has an invalid value.";
    /// The request as a whole cannot be read.
    Malformed = "malformed", false, "Anropet går inte att tolka.", "The request cannot be read.";
    /// No route leads to the recipient.
    NoRoute = "no_route", false, "Det finns ingen väg till mottagaren.", "There is no route to the recipient.";
    /// A named link that does not exist.
    UnknownLink = "unknown_link", false, "Kommunikationsvägen finns inte.", "There is no such link.";
    /// The caller did not show who he is, or wrongly.
    NotAuthenticated = "not_authenticated", false, "Inloggning krävs eller misslyckades.", "Authentication is required or failed.";
    /// The caller may not come from that network address.
    AddressNotAllowed = "address_not_allowed", false, "Anrop från den adressen är inte tillåtna.", "Requests from that address are not allowed.";
    /// The caller is known but may not do this.
    NotPermitted = "not_permitted", false, "Det är inte tillåtet.", "That is not permitted.";
    /// The same key came with another body.
    IdempotencyConflict = "idempotency_conflict", false, "Nyckeln har redan använts med ett annat innehåll.", "The key was already used with another content.";
    /// No such message (or not the caller's).
    NotFound = "not_found", false, "Meddelandet finns inte.", "There is no such message.";
    /// Something is there already under that name, or for the same purpose.
    AlreadyExists = "already_exists", false, "Det finns redan.", "It exists already.";
    /// The message has already left.
    NotCancellable = "not_cancellable", false, "Meddelandet kan inte längre avbrytas.", "The message can no longer be cancelled.";
    /// Not enough credit.
    NoCredit = "no_credit", false, "Krediten räcker inte.", "There is not enough credit.";
    /// A dialogue was asked for where no dialogue numbers are set up.
    DialogUnavailable = "dialog_unavailable", false, "Dialog är inte tillgänglig.", "Dialogue is not available.";
    /// Larger than allowed.
    TooLarge = "too_large", false, "Anropet är för stort.", "The request is too large.";
    /// More requests than allowed in the time.
    RateLimited = "rate_limited", true, "För många anrop, försök igen senare.", "Too many requests, try again later.";
    /// Queues are full or the node is stopping.
    Busy = "busy", true, "Systemet är upptaget, försök igen senare.", "The system is busy, try again later.";
    /// The store cannot be reached or written.
    StoreUnavailable = "store_unavailable", true, "Lagringen är inte tillgänglig, försök igen senare.", "The store is unavailable, try again later.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One reason why something was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The stable reason.
    pub code: Code,
    /// The field of the request that is wrong, in the JSON API's spelling: `to`, `text`, `send_at` …
    pub field: Option<&'static str>,
    /// What exactly; empty when the code says it all.
    pub detail: Words,
}

impl Refusal {
    /// A refusal for a reason, with nothing to add.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self { code, field: None, detail: Words::default() }
    }

    /// A refusal about no field in particular.
    #[must_use]
    pub fn because(code: Code, detail: impl Into<Words>) -> Self {
        Self { code, field: None, detail: detail.into() }
    }

    /// Too many requests: the caller may come again after `wait`, which the detail says in whole seconds.
    #[must_use]
    pub fn too_often(wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Self::because(Code::RateLimited, format!("{} s", seconds.max(1)))
    }

    /// After how many seconds the caller may come again, when that is known: what [`Refusal::too_often`] was given.
    #[must_use]
    pub fn wait_seconds(&self) -> Option<u64> {
        let said = self.detail.in_language(Language::English).strip_suffix(" s");
        said.filter(|_| self.code == Code::RateLimited).and_then(|seconds| seconds.parse().ok())
    }

    /// A refusal about one field.
    #[must_use]
    pub fn field(code: Code, field: &'static str, detail: impl Into<Words>) -> Self {
        Self { code, field: Some(field), detail: detail.into() }
    }

    /// The text for a person: the code's text, then the detail in brackets.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let text = self.code.text(language);
        if self.detail.is_empty() {
            text.to_owned()
        } else {
            format!("{text} ({})", self.detail.in_language(language))
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.text(Language::English))
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_said_and_read_back() {
        for (wait, seconds) in [(0, 1), (1, 1), (1_000, 1), (1_001, 2), (900_000, 900)] {
            let refusal = Refusal::too_often(Duration::from_millis(wait));
            assert_eq!(
                (refusal.wait_seconds(), refusal.detail),
                (Some(seconds), format!("{seconds} s").into())
            );
        }
        assert_eq!(Refusal { code: Code::Busy, ..Refusal::too_often(Duration::ZERO) }.wait_seconds(), None);
        assert_eq!(Refusal::new(Code::RateLimited).wait_seconds(), None);
    }

    #[test]
    fn codes_are_unique() {
        let mut names: Vec<_> = Code::ALL.iter().map(|c| c.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }
}
