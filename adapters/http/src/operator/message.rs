//! The values of one request: what a message, its link and this moment give to a template.

use super::profile::Profile;
use super::template::{Value, Values};
use domain::Timestamp;
use domain::address::{Originator, Recipient};
use domain::message::{Body, WHOLE};
use domain::text::{Alphabet, Segment, SegmentBody};
use ports::driven::Shipment;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;

/// What a link knows of its account at the operator.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// The operator's address, `https://api.example.se/a1`.
    pub url: String,
    /// The user.
    pub user: String,
    /// The password, or the token.
    pub password: SecretString,
    /// `{values.x}`.
    pub values: BTreeMap<String, String>,
    /// `{secrets.x}`.
    pub secrets: BTreeMap<String, SecretString>,
    /// Where receipts come to us; empty = nowhere.
    pub receipt_url: String,
    /// Where received messages come to us; empty = nowhere.
    pub mo_url: String,
}

/// One request's worth of messages: several recipients of the same, or one part of one.
pub(super) struct Load<'a> {
    pub(super) profile: &'a Profile,
    pub(super) account: &'a Account,
    pub(super) shipments: &'a [Shipment],
    /// The part that this request carries, when the gateway cuts.
    pub(super) part: Option<(u8, &'a Segment)>,
    pub(super) now: Timestamp,
    /// Computed from the others, once they are there.
    pub(super) signature: Option<String>,
}

impl<'a> Load<'a> {
    fn first(&self) -> Option<&'a Shipment> {
        self.shipments.first()
    }

    /// The same for one of its recipients.
    pub(super) fn only(&self, shipment: &'a Shipment) -> Load<'a> {
        let shipments = std::slice::from_ref(shipment);
        Load { shipments, signature: self.signature.clone(), ..*self }
    }

    fn recipient(&self, shipment: &Shipment) -> String {
        match &shipment.message.recipient {
            Recipient::Number(number) => format!("{}{number}", self.profile.international),
            Recipient::Short(code) => code.as_str().to_owned(),
            Recipient::Pager(pager) if pager.is_international() => {
                format!("{}{}", self.profile.international, pager.as_str())
            }
            Recipient::Pager(pager) => pager.as_str().to_owned(),
        }
    }

    fn alphabet(&self) -> Alphabet {
        match self.part {
            Some((_, part)) => part.body.alphabet(),
            None => self.first().map_or(Alphabet::Gsm7, |s| s.message.body.alphabet()),
        }
    }

    fn udh(&self) -> Vec<u8> {
        match (self.part, self.first().map(|s| &s.message.body)) {
            (_, Some(Body::Binary { udh, .. } | Body::Text { udh, .. })) if !udh.is_empty() => udh.clone(),
            (Some((_, part)), _) => part.header(),
            _ => Vec::new(),
        }
    }

    fn data(&self) -> Option<Vec<u8>> {
        match &self.first()?.message.body {
            Body::Text { .. } => None,
            Body::Binary { data, udh } if !udh.is_empty() => Some(data.clone()),
            Body::Binary { data, .. } => Some(match self.part {
                Some((_, Segment { body: SegmentBody::Binary(octets), .. })) => octets.clone(),
                _ => data.clone(),
            }),
        }
    }

    fn text(&self) -> Option<String> {
        match (&self.first()?.message.body, self.part) {
            (Body::Binary { .. }, _) => None,
            (Body::Text { .. }, Some((_, part))) => Some(part.body.text()),
            (Body::Text { text, .. }, None) => Some(text.clone()),
        }
    }

    fn seconds_left(&self) -> Option<u64> {
        let left = self.first()?.message.expires_at.as_second().saturating_sub(self.now.as_second());
        Some(u64::try_from(left).unwrap_or(1).max(1))
    }

    fn is_flash(&self) -> bool {
        self.first().is_some_and(|s| s.message.flash)
    }

    /// The data coding scheme (3GPP TS 23.038), as far as a request can need it.
    fn dcs(&self) -> u64 {
        let alphabet = match self.alphabet() {
            Alphabet::Gsm7 => 0,
            Alphabet::Binary => 4,
            Alphabet::Ucs2 => 8,
        };
        if self.is_flash() { alphabet | 0x10 } else { alphabet }
    }

    fn originator_kind(&self) -> Option<&'static str> {
        Some(match self.first()?.originator.as_ref()? {
            Originator::Number(_) => "number",
            Originator::Short(_) => "short",
            Originator::Name(_) => "alphanumeric",
        })
    }

    fn originator(&self) -> Option<String> {
        Some(match self.first()?.originator.as_ref()? {
            Originator::Number(number) => format!("{}{number}", self.profile.international.replace("00", "")),
            other => other.to_string(),
        })
    }
}

/// Our id of a message as an operator gets it: with the part's place when each part is a message to him.
pub(super) fn own_id(shipment: &Shipment, part: Option<u8>) -> String {
    let id = shipment.message.id;
    match part {
        Some(part) if part != WHOLE && shipment.message.segments > 1 => format!("{id}-{part}"),
        _ => id.to_string(),
    }
}

/// The alphabet's name in a profile.
fn name_of(alphabet: Alphabet) -> &'static str {
    match alphabet {
        Alphabet::Gsm7 => "gsm7",
        Alphabet::Ucs2 => "ucs2",
        Alphabet::Binary => "binary",
    }
}

fn filled(text: &str) -> Option<Value> {
    (!text.is_empty()).then(|| Value::Text(text.to_owned()))
}

fn in_words(words: &BTreeMap<String, String>, word: &str) -> Value {
    Value::Text(words.get(word).map_or(word, String::as_str).to_owned())
}

impl Values for Load<'_> {
    fn value(&self, name: &str) -> Option<Value> {
        let (account, profile) = (self.account, self.profile);
        if let Some(name) = name.strip_prefix("values.") {
            let found = account.values.get(name).filter(|v| !v.is_empty());
            return filled(found.or_else(|| profile.values.get(name))?);
        }
        if let Some(name) = name.strip_prefix("secrets.") {
            return filled(account.secrets.get(name)?.expose_secret());
        }
        let shipment = self.first()?;
        let message = &shipment.message;
        let all = |of: &dyn Fn(&Shipment) -> String| {
            let each: Vec<String> = self.shipments.iter().map(of).collect();
            Some(Value::Text(each.join(&profile.send.join)))
        };
        match name {
            "to" => all(&|s| self.recipient(s)),
            "digits" => all(&|s| s.message.recipient.to_string()),
            "from" => filled(&self.originator()?),
            "from_kind" => Some(in_words(&profile.from_kinds, self.originator_kind()?)),
            "text" => Some(Value::Text(self.text()?)),
            "data" => Some(Value::Octets(self.data()?)),
            "udh" => Some(self.udh()).filter(|udh| !udh.is_empty()).map(Value::Octets),
            "alphabet" => Some(in_words(&profile.alphabets, name_of(self.alphabet()))),
            "class" => self.is_flash().then_some(Value::Number(0)),
            "dcs" => Some(Value::Number(self.dcs())),
            "segments" => Some(Value::Number(u64::from(message.segments))),
            "id" => Some(Value::Text(own_id(shipment, self.part.map(|(seq, _)| seq)))),
            "reference" => filled(message.reference.as_deref()?),
            "cost_centre" => filled(&message.dimensions.cost_centre),
            "valid_until" => Some(Value::Time(message.expires_at)),
            "valid_seconds" => self.seconds_left().map(Value::Number),
            "valid_minutes" => self.seconds_left().map(|seconds| Value::Number(seconds.div_ceil(60))),
            "now" => Some(Value::Time(self.now)),
            "user" => filled(&account.user),
            "password" => filled(account.password.expose_secret()),
            "receipt_url" => filled(&account.receipt_url),
            "mo_url" => filled(&account.mo_url),
            "url" => filled(&account.url),
            "signature" => filled(self.signature.as_deref()?),
            _ => None,
        }
    }

    fn holds(&self, word: &str) -> bool {
        let Some(shipment) = self.first() else { return false };
        match word {
            "flash" => self.is_flash(),
            "receipt" => shipment.receipt,
            "from" => shipment.originator.is_some(),
            "alphanumeric" | "short" | "number" => self.originator_kind() == Some(word),
            "gsm7" | "ucs2" | "binary" => name_of(self.alphabet()) == word,
            "udh" => !self.udh().is_empty(),
            "long" => shipment.message.segments > 1,
            "several" => self.shipments.len() > 1,
            "duplicate" => shipment.possible_duplicate,
            other => self.value(other).is_some(),
        }
    }
}
