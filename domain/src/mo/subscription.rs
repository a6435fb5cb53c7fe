//! What a program asked to be told of while it runs: received messages to a number, all of them or those that begin with a word
//! (Parlay X SmsNotificationManager, ETSI ES 202 391-4 section 8.4).

use super::{Destination, MoRule, rule_for};
use crate::address::Recipient;
use crate::directory::{Directory, User, UserName};
use crate::message::SimpleReference;
use std::fmt;
use std::str::FromStr;

/// A program's wish to be told of received messages. A user has one under each correlator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Who asked.
    pub user: UserName,
    /// The receiving number.
    pub number: Recipient,
    /// The first word of the messages, in lower case; `None` = whatever no other wish is for.
    pub word: Option<String>,
    /// Where to tell it.
    pub reference: SimpleReference,
}

/// Why a wish is not granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubscriptionError {
    /// Messages to the number are not the user's to read.
    #[error("the number is not the user's")]
    NotYours,
    /// The word is not one word.
    #[error("not one word of at most 100 characters")]
    Word,
    /// The user has a wish under this correlator.
    #[error("the correlator is in use")]
    Correlator,
    /// Somebody has a wish for the same number and word.
    #[error("the same messages are asked for already")]
    Overlap,
}

impl Subscription {
    /// The word of a wish, from what the program wrote: white space around it means nothing, and neither does its case.
    ///
    /// # Errors
    /// [`SubscriptionError::Word`].
    pub fn word(criteria: &str) -> Result<Option<String>, SubscriptionError> {
        let mut words = criteria.split_whitespace();
        let word = words.next().map(str::to_lowercase);
        let fits = |word: &String| word.chars().count() <= 100 && !word.contains(char::is_control);
        if words.next().is_some() || !word.as_ref().is_none_or(fits) {
            return Err(SubscriptionError::Word);
        }
        Ok(word)
    }

    /// Whether a user's program may be told of messages to a number: they go to his inbox, or he is an administrator.
    #[must_use]
    pub fn may(user: &User, rules: &[MoRule], number: &Recipient) -> bool {
        let rule = rule_for(rules, &number.to_string());
        user.administrator || rule.is_some_and(|rule| rule.user.as_ref() == Some(&user.name))
    }

    /// Whether this wish can stand beside the others.
    ///
    /// # Errors
    /// [`SubscriptionError::NotYours`], [`SubscriptionError::Correlator`], [`SubscriptionError::Overlap`].
    pub fn fits(&self, user: &User, rules: &[MoRule], others: &[Self]) -> Result<(), SubscriptionError> {
        if !Self::may(user, rules, &self.number) {
            return Err(SubscriptionError::NotYours);
        }
        let named = |other: &Self| {
            other.user == self.user && other.reference.correlator() == self.reference.correlator()
        };
        if others.iter().any(named) {
            return Err(SubscriptionError::Correlator);
        }
        if others.iter().any(|other| other.number == self.number && other.word == self.word) {
            return Err(SubscriptionError::Overlap);
        }
        Ok(())
    }
}

/// Where a received message is handed off, once its text is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Handing {
    by_word: Vec<(String, Destination)>,
    otherwise: Option<Destination>,
}

impl From<Option<Destination>> for Handing {
    fn from(otherwise: Option<Destination>) -> Self {
        Self { by_word: Vec::new(), otherwise }
    }
}

impl Handing {
    /// The place for a text: what its first word leads to, else the place for everything else.
    #[must_use]
    pub fn of(&self, text: &str) -> Option<&Destination> {
        let word = text.split_whitespace().next().unwrap_or_default();
        let led = (!self.by_word.is_empty()).then(|| word.to_lowercase()).and_then(|word| {
            self.by_word.iter().find(|(other, _)| *other == word).map(|(_, destination)| destination)
        });
        led.or(self.otherwise.as_ref())
    }

    /// Whether it is handed off nowhere, whatever it says.
    #[must_use]
    pub fn is_nowhere(&self) -> bool {
        self.by_word.is_empty() && self.otherwise.is_none()
    }
}

impl fmt::Display for Handing {
    /// The form in the store: a line with the place for everything else, then a line for each word, with its place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(destination) = &self.otherwise {
            destination.fmt(f)?;
        }
        self.by_word.iter().try_for_each(|(word, destination)| write!(f, "\n{word} {destination}"))
    }
}

impl FromStr for Handing {
    type Err = super::DestinationError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let mut lines = s.split('\n');
        let otherwise = lines.next().filter(|line| !line.is_empty()).map(str::parse).transpose()?;
        let by_word = lines.map(|line| {
            let (word, destination) = line.split_once(' ').ok_or(super::DestinationError)?;
            Ok((word.to_owned(), destination.parse()?))
        });
        Ok(Self { by_word: by_word.collect::<Result<_, _>>()?, otherwise })
    }
}

/// Where messages to a receiving number go: the wishes of programs that may have them, before what its rule says.
#[must_use]
pub fn handing(directory: &Directory, destination: &str) -> Handing {
    let rules = &directory.mo_rules;
    let mut handing = Handing::from(rule_for(rules, destination).and_then(|rule| rule.destination.clone()));
    let digits = destination.trim_start_matches('+');
    for wish in directory.subscriptions.iter().filter(|wish| wish.number.to_string() == digits) {
        let may = |user: &User| user.enabled && Subscription::may(user, rules, &wish.number);
        if !directory.users.get(&wish.user).is_some_and(|user| may(user)) {
            continue;
        }
        let place = Destination::ParlayX(wish.reference.clone());
        match &wish.word {
            Some(word) => handing.by_word.push((word.clone(), place)),
            None => handing.otherwise = Some(place),
        }
    }
    handing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Edition;
    use std::sync::Arc;

    fn wish(user: &str, number: &str, word: Option<&str>, correlator: &str) -> Subscription {
        Subscription {
            user: UserName::parse(user).expect("name"),
            number: Recipient::parse(number).expect("number"),
            word: word.map(str::to_owned),
            reference: SimpleReference::new("http://a.se/x", correlator, Edition::V2_2).expect("reference"),
        }
    }

    fn rule(number: Option<&str>, user: Option<&str>, to: Option<&str>) -> MoRule {
        MoRule {
            number: number.map(|n| Recipient::parse(n).expect("number")),
            user: user.map(|u| UserName::parse(u).expect("name")),
            destination: to.map(|to| to.parse().expect("place")),
            answers: false,
        }
    }

    fn user(name: &str) -> User {
        User::named(UserName::parse(name).expect("name"))
    }

    #[test]
    fn words() {
        for (criteria, word) in [
            ("", Ok(None)),
            (" \t", Ok(None)),
            (" Väder ", Ok(Some("väder".to_owned()))),
            ("two words", Err(SubscriptionError::Word)),
            ("a\u{7}", Err(SubscriptionError::Word)),
        ] {
            assert_eq!(Subscription::word(criteria), word, "{criteria:?}");
        }
        assert_eq!(Subscription::word(&"x".repeat(101)), Err(SubscriptionError::Word));
    }

    #[test]
    fn who_may_be_told_of_what() {
        let rules = [rule(Some("71234"), Some("crm"), None), rule(None, None, None)];
        let others = [wish("crm", "71234", Some("a"), "1"), wish("erp", "71234", None, "1")];
        let root = User { administrator: true, ..user("root") };
        for (by, wish, expect) in [
            (user("crm"), wish("crm", "71234", Some("b"), "2"), Ok(())),
            (user("crm"), wish("crm", "71234", Some("b"), "1"), Err(SubscriptionError::Correlator)),
            (user("crm"), wish("crm", "71234", Some("a"), "2"), Err(SubscriptionError::Overlap)),
            (user("crm"), wish("crm", "71234", None, "2"), Err(SubscriptionError::Overlap)),
            (user("crm"), wish("crm", "72000", None, "2"), Err(SubscriptionError::NotYours)),
            (user("erp"), wish("erp", "71234", Some("b"), "2"), Err(SubscriptionError::NotYours)),
            (root, wish("root", "72000", None, "1"), Ok(())),
        ] {
            assert_eq!(wish.fits(&by, &rules, &others), expect, "{wish:?}");
        }
    }

    #[test]
    fn the_word_leads() {
        let mut directory = Directory {
            mo_rules: vec![rule(Some("71234"), Some("crm"), Some("mailto:a@b.se"))],
            subscriptions: vec![
                wish("crm", "71234", Some("väder"), "word"),
                wish("gone", "71234", None, "nobody's"),
                wish("crm", "71235", None, "another number"),
            ],
            ..Directory::default()
        };
        let crm = user("crm");
        directory.users.insert(crm.name.clone(), Arc::new(crm));
        let handing = |directory: &Directory| handing(directory, "+71234");
        let of = |text: &str, directory: &Directory| handing(directory).of(text).map(ToString::to_string);
        assert_eq!(of(" VÄDER Stockholm", &directory).as_deref(), Some("parlayx:v2_2 http://a.se/x word"));
        for other in ["vädret", "hej", ""] {
            assert_eq!(of(other, &directory).as_deref(), Some("mailto:a@b.se"), "{other}");
        }
        directory.subscriptions.push(wish("crm", "71234", None, "rest"));
        assert_eq!(of("hej", &directory).as_deref(), Some("parlayx:v2_2 http://a.se/x rest"));
        directory.mo_rules.clear();
        assert!(handing(&directory).is_nowhere(), "no longer his to read");
    }

    #[test]
    fn stored_form_comes_back() {
        let place = |text: &str| text.parse::<Destination>().expect("place");
        for handing in [
            Handing::default(),
            Handing::from(Some(place("mailto:a@b.se"))),
            Handing {
                by_word: vec![("ja".into(), place("parlayx:v2_2 http://a.se two words"))],
                otherwise: None,
            },
            Handing {
                by_word: vec![("ja".into(), place("http://a.se")), ("nej".into(), place("mailto:a@b.se"))],
                otherwise: Some(place("https://b.se/x")),
            },
        ] {
            assert_eq!(handing.to_string().parse(), Ok(handing));
        }
        assert!("x".parse::<Handing>().is_err() && "\nword".parse::<Handing>().is_err());
    }
}
