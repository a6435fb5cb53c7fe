//! Whom to tell about a message's state, in the form the sender's own door speaks.

use super::simple_reference::SimpleReference;
use crate::language::Words;
use crate::state::State;
use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

/// A callback that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// Not an absolute http or https URL of at most 2,000 characters without control characters.
    #[error("{}", self.words())]
    NotHttp,
    /// A URL that names no host, or a port that there is not.
    #[error("{}", self.words())]
    NoPlace,
    /// What is to be told was given, and not where to.
    #[error("{}", self.words())]
    Nowhere,
    /// A correlator that is empty, too long or not in one line.
    #[error("{}", self.words())]
    Correlator,
    /// Not a form that [`Callback`] writes.
    #[error("{}", self.words())]
    Unreadable,
}

impl CallbackError {
    /// What is wrong, for the person who wrote the address.
    #[must_use]
    pub fn words(&self) -> Words {
        match self {
            Self::NotHttp => Words::new(
                "en återanropsadress är en URL med http:// eller https:// av högst 2000 tecken",
                "a callback address is an http:// or https:// URL of at most 2000 characters",
            ),
            Self::NoPlace => Words::new(
                "återanropsadressens värdnamn eller port går inte att använda",
                "the callback address has no host, or a port that there is not",
            ),
            Self::Nowhere => Words::new(
                "det som ska meddelas är angivet men ingen återanropsadress att meddela",
                "what is to be told is given, but no callback address to tell it to",
            ),
            Self::Correlator => Words::new(
                "en correlator har 1 till 255 tecken i en rad",
                "a correlator has 1 to 255 characters in one line",
            ),
            Self::Unreadable => Words::new("inget lagrat återanrop", "not a stored callback"),
        }
    }
}

/// Kannel's dlr-mask: which events its user wants to hear of. Bits add: 1 delivered, 2 failed, 4 queued at the gateway's
/// link, 8 accepted by the SMSC, 16 refused by the SMSC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DlrMask(pub u8);

impl DlrMask {
    /// The bit (Kannel's `%d`) that stands for a state, when it is one the mask asks for.
    #[must_use]
    pub fn event(self, state: State) -> Option<u8> {
        // A refusal is a failure too, and so is what ran out or was taken back unsent: 16 stands for them where 2 was not asked for.
        let failed = matches!(state, State::Failed | State::Expired | State::Cancelled);
        if failed && self.0 & 2 == 0 && self.0 & 16 != 0 {
            return Some(16);
        }
        let bit = match state {
            State::Delivered => 1,
            State::Failed | State::Expired | State::Unknown | State::Cancelled => 2,
            State::Sent => 8,
            State::Scheduled | State::Queued | State::Sending => 4,
        };
        (self.0 & bit != 0).then_some(bit)
    }
}

/// How much the sender wants to hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Told {
    /// Every state from `sent` on.
    #[default]
    Every,
    /// The last one alone: half the calls.
    End,
}

impl Told {
    /// Reads a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "every" => Some(Self::Every),
            "end" => Some(Self::End),
            _ => None,
        }
    }
}

/// How the sender wants to hear of a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Callback {
    /// Our own JSON, signed, POSTed to a URL.
    Json {
        /// Absolute http or https URL.
        url: String,
        /// Of which states.
        told: Told,
    },
    /// Kannel's dlr-url with its escapes, fetched by GET.
    Kannel {
        /// The URL with `%d` and the like in it.
        url: String,
        /// Which events.
        mask: DlrMask,
    },
    /// A mail (RFC 3464) when it fails.
    Mail {
        /// The envelope sender of the mail that asked.
        address: String,
    },
    /// Parlay X's notifySmsDeliveryReceipt, once, when no more will come.
    ParlayX(SimpleReference),
}

impl Callback {
    /// A JSON callback, when there is an address. What is to be told, without an address, is a mistake.
    ///
    /// # Errors
    /// [`CallbackError::Nowhere`], and those of [`Callback::json`].
    pub fn asked(url: Option<&str>, told: Option<Told>) -> Result<Option<Self>, CallbackError> {
        match (url, told) {
            (Some(url), told) => Self::json(url, told.unwrap_or_default()).map(Some),
            (None, Some(_)) => Err(CallbackError::Nowhere),
            (None, None) => Ok(None),
        }
    }

    /// A JSON callback.
    ///
    /// # Errors
    /// [`CallbackError::NotHttp`], [`CallbackError::NoPlace`].
    pub fn json(url: &str, told: Told) -> Result<Self, CallbackError> {
        checked(url).map(|url| Self::Json { url, told })
    }

    /// A Kannel callback.
    ///
    /// # Errors
    /// [`CallbackError::NotHttp`], [`CallbackError::NoPlace`].
    pub fn kannel(url: &str, mask: DlrMask) -> Result<Self, CallbackError> {
        checked(url).map(|url| Self::Kannel { url, mask })
    }

    /// Whether this state is to be told.
    #[must_use]
    pub fn wants(&self, state: State) -> bool {
        match self {
            Self::Json { told: Told::Every, .. } => {
                !matches!(state, State::Scheduled | State::Queued | State::Sending)
            }
            Self::Json { told: Told::End, .. } | Self::ParlayX(_) => state.is_final(),
            Self::Kannel { mask, .. } => mask.event(state).is_some(),
            Self::Mail { .. } => matches!(state, State::Failed | State::Expired),
        }
    }

    /// Whether this state is to be told of a message of which nobody will say more than "sent".
    #[must_use]
    pub fn wants_at_last(&self, state: State) -> bool {
        self.wants(state) || (state == State::Sent && matches!(self, Self::Json { .. } | Self::ParlayX(_)))
    }
}

pub(super) fn checked(url: &str) -> Result<String, CallbackError> {
    let url = url.trim();
    let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
    let http = lower.starts_with("http://") || lower.starts_with("https://");
    let clean = url.len() <= 2000 && url.len() > 8 && !url.chars().any(|c| c.is_control() || c == ' ');
    if !http || !clean {
        return Err(CallbackError::NotHttp);
    }
    if leads_somewhere(url) { Ok(url.to_owned()) } else { Err(CallbackError::NoPlace) }
}

/// Whether there is a host, and a port that can be. More cannot be told before it is called: names come and go.
fn leads_somewhere(url: &str) -> bool {
    let after = url.split_once("//").map_or("", |(_, after)| after);
    let authority = after.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let place = authority.rsplit('@').next().unwrap_or_default();
    let bracketed = place.strip_prefix('[').map(|inner| inner.split_once(']'));
    let is_literal = bracketed.is_some();
    let (host, port) = match bracketed {
        Some(None) => return false,
        Some(Some((host, ""))) => (host, None),
        Some(Some((host, rest))) => match rest.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None => return false,
        },
        None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
    };
    let is_host = if is_literal {
        host.parse::<Ipv6Addr>().is_ok()
    } else {
        // What stands in no name of a host (WHATWG URL, forbidden host code points); letters of all languages do.
        !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || "<>^|%[]{}\"`".contains(c))
    };
    let digits = |port: &str| port.bytes().all(|b| b.is_ascii_digit());
    let port = port.filter(|port| !port.is_empty());
    is_host && port.is_none_or(|port| digits(port) && port.parse::<u16>().is_ok_and(|port| port > 0))
}

impl fmt::Display for Callback {
    /// The form in the store: a word, a space, the address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json { url, told: Told::Every } => write!(f, "json {url}"),
            Self::Json { url, told: Told::End } => write!(f, "json:end {url}"),
            Self::Kannel { url, mask } => write!(f, "kannel:{} {url}", mask.0),
            Self::Mail { address } => write!(f, "mail {address}"),
            Self::ParlayX(reference) => reference.fmt(f),
        }
    }
}

impl FromStr for Callback {
    type Err = CallbackError;
    fn from_str(s: &str) -> Result<Self, CallbackError> {
        let (word, address) = s.split_once(' ').ok_or(CallbackError::Unreadable)?;
        match word.split_once(':') {
            None if word == "json" => Ok(Self::Json { url: address.to_owned(), told: Told::Every }),
            Some(("json", "end")) => Ok(Self::Json { url: address.to_owned(), told: Told::End }),
            None if word == "mail" => Ok(Self::Mail { address: address.to_owned() }),
            Some(("parlayx", _)) => s.parse().map(Self::ParlayX),
            Some(("kannel", mask)) => {
                let mask = mask.parse().map(DlrMask).map_err(|_| CallbackError::Unreadable)?;
                Ok(Self::Kannel { url: address.to_owned(), mask })
            }
            _ => Err(CallbackError::Unreadable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::simple_reference::Edition;
    use super::*;

    #[test]
    fn stored_form_comes_back() {
        for callback in [
            Callback::Json { url: "https://crm.example.se/x?y=1".into(), told: Told::Every },
            Callback::Json { url: "https://crm.example.se/x?y=1".into(), told: Told::End },
            Callback::Kannel { url: "http://127.0.0.1/d?%d".into(), mask: DlrMask(31) },
            Callback::Mail { address: "a@b.se".into() },
            Callback::ParlayX(
                SimpleReference::new("http://a.se/x", "no 7", Edition::V2_2).expect("a reference"),
            ),
        ] {
            assert_eq!(callback.to_string().parse(), Ok(callback));
        }
    }

    #[test]
    fn every_state_or_the_last_one() {
        let json = |told| Callback::json("http://a.se", told).expect("a URL");
        let states = [State::Queued, State::Sent, State::Delivered, State::Unknown];
        let wants = |told| states.map(|state| json(told).wants(state));
        assert_eq!(wants(Told::Every), [false, true, true, true]);
        assert_eq!(wants(Told::End), [false, false, true, true]);
        assert!(json(Told::End).wants_at_last(State::Sent), "nobody will say more");
        assert!(!json(Told::End).wants_at_last(State::Queued));
        let parlayx = SimpleReference::new("http://a.se", "7", Edition::V2_2).map(Callback::ParlayX);
        let parlayx = parlayx.expect("a reference");
        assert_eq!(states.map(|state| parlayx.wants(state)), [false, false, true, true]);
        assert!(parlayx.wants_at_last(State::Sent), "nobody will say more");
        let mail = Callback::Mail { address: "a@b.se".into() };
        assert!(!mail.wants_at_last(State::Sent));
        assert_eq!((Told::parse("End"), Told::parse("all")), (Some(Told::End), None));
    }

    #[test]
    fn masks() {
        assert_eq!(DlrMask(31).event(State::Failed), Some(2));
        for ended in [State::Failed, State::Expired, State::Cancelled] {
            assert_eq!(DlrMask(16).event(ended), Some(16), "{ended}");
            assert_eq!(DlrMask(24).event(ended), Some(16), "{ended}");
            assert_eq!(DlrMask(18).event(ended), Some(2), "{ended}");
        }
        assert_eq!(DlrMask(24).event(State::Unknown), None);
        assert_eq!(DlrMask(1).event(State::Failed), None);
        assert_eq!(DlrMask(8).event(State::Sent), Some(8));
    }

    #[test]
    fn only_http() {
        for bad in ["ftp://x.se/", "javascript:alert(1)", "http://", "http://a b", "http://a\r\nb"] {
            assert_eq!(Callback::json(bad, Told::Every), Err(CallbackError::NotHttp), "{bad}");
        }
    }

    #[test]
    fn only_where_somebody_can_be() {
        for bad in [
            "http://a.se:99999/",
            "http://a.se:0/x",
            "http://a.se:x",
            "https://[::1",
            "https://[::1]8080/",
            "http:///x",
            "http://:80/x",
            "http://u:p@:80/",
            "http://a:80:90/",
            "http://a:+80/",
            "http://[x]/",
            "http://[::1%eth0]/",
            "http://a^b/",
            "http://a%b/",
        ] {
            assert_eq!(Callback::json(bad, Told::Every), Err(CallbackError::NoPlace), "{bad}");
        }
        for good in [
            "http://a.se",
            "http://a.se:/x",
            "http://a.se:65535?x=http://b:0/",
            "https://[::1]:8443/x",
            "https://[::1]/",
            "HTTP://u:p@a.se:80/#x",
            "http://räksmörgås.se/x",
            "http://10.0.0.1/",
            "http://sms/dlr?d=%d&t=12:00@x",
        ] {
            assert!(Callback::json(good, Told::Every).is_ok(), "{good}");
        }
    }
}
