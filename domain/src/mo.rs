//! Received messages (MO): parts as they come, the whole they make, and where that is handed off.

mod subscription;

pub use subscription::{Handing, Subscription, SubscriptionError, handing};

use crate::address::Recipient;
use crate::directory::{LinkId, UserName};
use crate::message::{MoId, SimpleReference};
use crate::text::udh::Concat;
use crate::text::{Joined, Part, PartBody, join};
use jiff::Timestamp;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// What one received part carries.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum MoBody {
    /// Septets, one an octet.
    Gsm7(Vec<u8>),
    /// Big-endian UTF-16.
    Ucs2(Vec<u8>),
    /// ISO-8859-1.
    Latin1(Vec<u8>),
    /// Text that the link has decoded.
    Text(String),
    /// Octets that are no text.
    Binary(Vec<u8>),
}

impl MoBody {
    /// The number of the form in the database.
    #[must_use]
    pub fn code(&self) -> i16 {
        match self {
            Self::Gsm7(_) => 0,
            Self::Binary(_) => 1,
            Self::Ucs2(_) => 2,
            Self::Latin1(_) => 3,
            Self::Text(_) => 4,
        }
    }

    /// The octets as they are stored.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        match self {
            Self::Gsm7(o) | Self::Ucs2(o) | Self::Latin1(o) | Self::Binary(o) => o,
            Self::Text(text) => text.as_bytes(),
        }
    }

    /// Reads what the store kept.
    #[must_use]
    pub fn from_stored(code: i16, octets: Vec<u8>) -> Self {
        match code {
            0 => Self::Gsm7(octets),
            2 => Self::Ucs2(octets),
            3 => Self::Latin1(octets),
            4 => Self::Text(String::from_utf8_lossy(&octets).into_owned()),
            _ => Self::Binary(octets),
        }
    }
}

/// One received PDU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoPart {
    /// Where it came in.
    pub link: LinkId,
    /// The sender as the link gives it: digits, or a name, or empty.
    pub source: String,
    /// The number it was sent to, as the link gives it.
    pub destination: String,
    /// Its place in a longer message.
    pub concat: Option<Concat>,
    /// What it carries.
    pub body: MoBody,
    /// When it came here.
    pub received_at: Timestamp,
    /// When the operator says it got it.
    pub operator_at: Option<Timestamp>,
    /// The operator's own id of it; empty when it gives none. It tells a repetition from a second message with the same words.
    pub operator_id: String,
    /// How often the same was said and taken shortly before on this link, where nothing in it tells two messages apart: a repetition has the number
    /// of what it repeats.
    pub said_before: u32,
}

impl MoPart {
    /// Whether the operator says himself which message it is: by its time, its id, or its place in a longer one. To be
    /// the only part of itself is no such place.
    #[must_use]
    pub fn is_told_apart(&self) -> bool {
        let is_a_part = |c: Concat| c.total > 1 && (1..=c.total).contains(&c.seq);
        self.operator_at.is_some() || !self.operator_id.is_empty() || self.concat.is_some_and(is_a_part)
    }

    /// How long what looks the same is the operator's repetition: a day. Where nothing but the words tells two messages apart (SMPP gives neither time
    /// nor id), as long as an operator takes who repeats it after a lost answer: who says "OK" to an alarm in the morning and to another
    /// at night has said it twice.
    #[must_use]
    pub fn repeats_within(&self) -> Duration {
        if self.is_told_apart() { Duration::from_hours(24) } else { Duration::from_mins(10) }
    }

    /// The same for a part the operator sends again: link, addresses, operator's time, place and content (FNV-1a, 128 bits).
    #[must_use]
    pub fn fingerprint(&self) -> u128 {
        self.fingerprint_of(0)
    }

    /// The fingerprint by which a store knows it again; `id` is the name that the node which took it made for it. Where nothing but the
    /// words tells two messages apart, each node counts for itself what it was told: the same words by another node's connection are
    /// another message. So a message that one node took without getting its answer out and the operator then repeats to another node
    /// is there twice, which is the lesser evil: a reply that is dropped is gone.
    #[must_use]
    pub fn fingerprint_in(&self, id: MoId) -> u128 {
        self.fingerprint_of(if self.is_told_apart() { 0 } else { id.node() })
    }

    fn fingerprint_of(&self, node: u16) -> u128 {
        let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
        let mut eat = |bytes: &[u8]| {
            for byte in bytes.iter().chain(&[0xFF]) {
                hash = (hash ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013B);
            }
        };
        eat(self.link.as_str().as_bytes());
        eat(self.source.as_bytes());
        eat(self.destination.as_bytes());
        eat(&self.operator_at.map_or(0, Timestamp::as_millisecond).to_be_bytes());
        let place = self.concat.map_or([0; 4], |c| {
            let [high, low] = c.reference.to_be_bytes();
            [high, low, c.total, c.seq]
        });
        eat(&place);
        eat(&self.body.code().to_be_bytes());
        eat(self.body.octets());
        if !self.operator_id.is_empty() {
            eat(self.operator_id.as_bytes());
        }
        if self.said_before > 0 {
            eat(&self.said_before.to_be_bytes());
        }
        if node > 0 {
            eat(b"node");
            eat(&node.to_be_bytes());
        }
        hash
    }
}

/// A whole received message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mo {
    /// Its name.
    pub id: MoId,
    /// Where it came in.
    pub link: LinkId,
    /// The sender.
    pub source: String,
    /// The number it was sent to.
    pub destination: String,
    /// The text; for binary content, empty.
    pub text: String,
    /// Binary content; for text, empty.
    pub binary: Vec<u8>,
    /// How many PDUs it came in.
    pub segments: u8,
    /// Whether all its parts arrived.
    pub complete: bool,
    /// When its first part came.
    pub received_at: Timestamp,
}

/// Joins the bodies of one message's parts, given in any order as (seq, total, body).
#[must_use]
pub fn assemble(parts: &[(u8, u8, MoBody)]) -> (Joined, Vec<u8>) {
    if parts.iter().any(|(_, _, body)| matches!(body, MoBody::Binary(_))) {
        let octets: Vec<_> = parts.iter().map(|(seq, total, body)| (*seq, *total, body.octets())).collect();
        let joined = crate::text::join::join_octets(&octets);
        return (
            Joined { text: String::new(), complete: joined.complete, missing: joined.missing },
            joined.octets,
        );
    }
    let views: Vec<_> =
        parts.iter().map(|(seq, total, body)| Part { seq: *seq, total: *total, body: view(body) }).collect();
    (join(&views), Vec::new())
}

fn view(body: &MoBody) -> PartBody<'_> {
    match body {
        MoBody::Gsm7(octets) => PartBody::Gsm7(octets),
        MoBody::Ucs2(octets) => PartBody::Ucs2(octets),
        MoBody::Latin1(octets) | MoBody::Binary(octets) => PartBody::Latin1(octets),
        MoBody::Text(text) => PartBody::Text(text),
    }
}

/// Where a received message goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Destination {
    /// A mailbox, through the mail relay.
    Mail(String),
    /// A program, by HTTP POST.
    Url(String),
    /// An application, by Parlay X's notifySmsReception.
    ParlayX(SimpleReference),
}

/// A destination that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a destination is mailto:address, an http:// or https:// URL, or parlayx:v2_2 URL correlator")]
pub struct DestinationError;

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mail(address) => write!(f, "mailto:{address}"),
            Self::Url(url) => f.write_str(url),
            Self::ParlayX(reference) => reference.fmt(f),
        }
    }
}

impl FromStr for Destination {
    type Err = DestinationError;
    fn from_str(s: &str) -> Result<Self, DestinationError> {
        let clean = s.len() <= 2000 && !s.chars().any(|c| c.is_control() || c.is_whitespace());
        let scheme = s.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("mailto:"));
        let mail = scheme.and_then(|scheme| s.get(scheme.len()..)).unwrap_or(s);
        match mail.split_once('@') {
            _ if s.starts_with("parlayx:") => s.parse().map(Self::ParlayX).map_err(|_| DestinationError),
            _ if !clean => Err(DestinationError),
            _ if s.starts_with("http://") || s.starts_with("https://") => Ok(Self::Url(s.to_owned())),
            Some((local, domain)) if !local.is_empty() && !domain.is_empty() && !domain.contains('@') => {
                Ok(Self::Mail(mail.to_owned()))
            }
            _ => Err(DestinationError),
        }
    }
}

/// Where messages to one receiving number go. The full rules (sender, word, dialogue) stand beside this one later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoRule {
    /// The receiving number in canonical form; `None` = every other.
    pub number: Option<Recipient>,
    /// Whose inbox it is in; `None` = everybody's.
    pub user: Option<UserName>,
    /// Where it is handed off besides the inbox.
    pub destination: Option<Destination>,
    /// Whether a text the destination answers is sent back to the sender.
    pub answers: bool,
}

/// The rule for a receiving number: the first that names it, else the first that names none.
#[must_use]
pub fn rule_for<'a>(rules: &'a [MoRule], destination: &str) -> Option<&'a MoRule> {
    let digits = destination.trim_start_matches('+');
    let named = rules.iter().find(|r| r.number.as_ref().is_some_and(|n| n.to_string() == digits));
    named.or_else(|| rules.iter().find(|r| r.number.is_none()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(body: &str) -> MoPart {
        MoPart {
            link: LinkId::parse("TS0").expect("name"),
            source: "46701234567".into(),
            destination: "71234".into(),
            concat: None,
            body: MoBody::Text(body.into()),
            received_at: Timestamp::UNIX_EPOCH,
            operator_at: None,
            operator_id: String::new(),
            said_before: 0,
        }
    }

    #[test]
    fn fingerprints_tell_content_not_arrival() {
        let mut again = part("hej");
        again.received_at = Timestamp::MAX;
        assert_eq!(part("hej").fingerprint(), again.fingerprint());
        assert_ne!(part("hej").fingerprint(), part("hej!").fingerprint());
        let named = |id: &str| MoPart { operator_id: id.into(), ..part("hej") };
        assert_eq!(named("1").fingerprint(), named("1").fingerprint());
        assert_ne!(named("1").fingerprint(), named("2").fingerprint());
    }

    #[test]
    fn told_apart_by_what_the_operator_says() {
        let place = |total, seq| MoPart {
            concat: Some(Concat { reference: 7, wide: false, total, seq }),
            ..part("OK")
        };
        let named = MoPart { operator_id: "1".into(), ..part("OK") };
        let timed = MoPart { operator_at: Some(Timestamp::UNIX_EPOCH), ..part("OK") };
        for (part, apart) in [
            (part("OK"), false),
            (place(1, 1), false),
            (place(2, 1), true),
            (place(2, 2), true),
            (place(2, 3), false),
            (place(0, 0), false),
            (named, true),
            (timed, true),
        ] {
            assert_eq!(part.is_told_apart(), apart, "{:?}", part.concat);
            let hours = part.repeats_within().as_secs() / 3600;
            assert_eq!(hours, if apart { 24 } else { 0 }, "{:?}", part.concat);
            let by = |node: i64| part.fingerprint_in(MoId((99 << 22) | (node << 12) | 5));
            assert_eq!(by(3), part.fingerprint_in(MoId((100 << 22) | (3 << 12))), "a later run of the node");
            assert_eq!(by(3) == by(4), apart, "{:?}", part.concat);
        }
    }

    #[test]
    fn destinations() {
        for good in ["mailto:a@b.se", "https://crm/x", "parlayx:v2_2 https://crm/x@y no 7"] {
            assert_eq!(good.parse::<Destination>().map(|d| d.to_string()).as_deref(), Ok(good));
        }
        assert!("a@b.se".parse::<Destination>().is_ok());
        for bad in ["", "x", "a@b\r\nBcc: c@d", "ftp://x", "parlayx:v2_2 https://crm"] {
            assert!(bad.parse::<Destination>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_named_number_first() {
        let rule = |number: Option<&str>, to: &str| MoRule {
            number: number.map(|n| Recipient::parse(n).expect("number")),
            user: None,
            destination: to.parse().ok(),
            answers: false,
        };
        let rules = [rule(None, "a@rest.se"), rule(Some("71234"), "a@named.se")];
        assert_eq!(rule_for(&rules, "71234"), rules.get(1));
        assert_eq!(rule_for(&rules, "+46701234567"), rules.first());
    }
}
