//! Where a Parlay X application is told: an endpoint of its own, and its own name for what it is told of.

use super::callback::{CallbackError, checked};
use std::fmt;
use std::str::FromStr;

/// The longest correlator, in characters.
const LONGEST: usize = 255;

/// An edition of Parlay X, by which the namespaces of its messages are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Edition {
    /// Parlay X 2.1 (ETSI ES 202 391-4 v1.2.1).
    V2_1,
    /// Parlay X 2.2 (ETSI ES 202 391-4 v1.3.1).
    #[default]
    V2_2,
    /// Parlay X 3, whose messages for texts are those of 2.2 under other names (ETSI ES 202 504-4).
    V3_1,
}

impl Edition {
    /// The name in namespaces.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2_1 => "v2_1",
            Self::V2_2 => "v2_2",
            Self::V3_1 => "v3_1",
        }
    }

    /// Reads a name in a namespace; interfaces of 2.2 that were revised alone are called `v2_3`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "v2_1" => Some(Self::V2_1),
            "v2_2" | "v2_3" => Some(Self::V2_2),
            "v3_1" => Some(Self::V3_1),
            _ => None,
        }
    }
}

/// A SimpleReference (ETSI ES 202 391-1, section 8): it is called at the endpoint, and told the correlator.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SimpleReference {
    endpoint: String,
    correlator: String,
    edition: Edition,
}

impl SimpleReference {
    /// A reference. The correlator has 1 to 255 characters and no control characters.
    ///
    /// # Errors
    /// [`CallbackError::NotHttp`], [`CallbackError::NoPlace`], [`CallbackError::Correlator`].
    pub fn new(endpoint: &str, correlator: &str, edition: Edition) -> Result<Self, CallbackError> {
        let correlator = correlator.trim();
        let length = correlator.chars().count();
        if !(1..=LONGEST).contains(&length) || correlator.contains(char::is_control) {
            return Err(CallbackError::Correlator);
        }
        Ok(Self { endpoint: checked(endpoint)?, correlator: correlator.to_owned(), edition })
    }

    /// Where the application is called: an absolute http or https URL.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The application's name for what it is told of.
    #[must_use]
    pub fn correlator(&self) -> &str {
        &self.correlator
    }

    /// The edition that it speaks.
    #[must_use]
    pub fn edition(&self) -> Edition {
        self.edition
    }
}

/// What stored references begin with.
const WORD: &str = "parlayx:";

impl fmt::Display for SimpleReference {
    /// The form in the store and in the configuration: `parlayx:v2_2 endpoint correlator`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{WORD}{} {} {}", self.edition.as_str(), self.endpoint, self.correlator)
    }
}

impl FromStr for SimpleReference {
    type Err = CallbackError;
    fn from_str(s: &str) -> Result<Self, CallbackError> {
        let mut fields = s.strip_prefix(WORD).ok_or(CallbackError::Unreadable)?.splitn(3, ' ');
        let mut next = || fields.next().ok_or(CallbackError::Unreadable);
        let edition = Edition::parse(next()?).ok_or(CallbackError::Unreadable)?;
        Self::new(next()?, next()?, edition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_form_comes_back() {
        for correlator in ["7", "two words", "åäö <&>", &"x".repeat(255)] {
            let edition = Edition::V2_1;
            let reference = SimpleReference::new("https://crm.example.se/x?y=1", correlator, edition);
            let reference = reference.expect("a reference");
            assert_eq!(reference.to_string().parse(), Ok(reference));
        }
    }

    #[test]
    fn what_is_none() {
        for (endpoint, correlator, wrong) in [
            ("ftp://a.se", "1", CallbackError::NotHttp),
            ("http://:80/", "1", CallbackError::NoPlace),
            ("http://a.se", " ", CallbackError::Correlator),
            ("http://a.se", "a\nb", CallbackError::Correlator),
            ("http://a.se", &"x".repeat(256), CallbackError::Correlator),
        ] {
            assert_eq!(SimpleReference::new(endpoint, correlator, Edition::default()), Err(wrong));
        }
        for stored in
            ["", "parlayx:", "parlayx:v9_9 http://a.se 1", "parlayx:v2_2 http://a.se", "json http://a.se 1"]
        {
            assert_eq!(stored.parse::<SimpleReference>(), Err(CallbackError::Unreadable), "{stored}");
        }
    }

    #[test]
    fn editions() {
        for edition in [Edition::V2_1, Edition::V2_2, Edition::V3_1] {
            assert_eq!(Edition::parse(edition.as_str()), Some(edition));
        }
        assert_eq!((Edition::parse("v2_3"), Edition::parse("v1_0")), (Some(Edition::V2_2), None));
    }
}
