//! Addresses on the wire: who a message goes to and who it says it is from.
//!
//! Constructors parse canonical forms only; what people type is read by [`crate::numbering`].
//! E.164 (at most 15 digits), 3GPP TS 23.040 9.1.2.5 (alphanumeric, at most 11 characters).

use crate::language::Words;
use crate::words;
use std::fmt;
use std::str::FromStr;

/// An address that is not of the wanted form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not 4 to 15 digits, or with a leading zero.
    #[error("{}", self.words())]
    NotInternational,
    /// Not 3 to 15 digits.
    #[error("{}", self.words())]
    NotPager,
    /// Not 3 to 6 digits.
    #[error("{}", self.words())]
    NotShortCode,
    /// Empty or longer than eleven characters.
    #[error("{}", self.words())]
    AlphanumericLength,
    /// A character that operators do not carry in a sender.
    #[error("{}", self.words())]
    AlphanumericCharacter(char),
}

impl AddressError {
    /// What is wrong, for the person who wrote the address.
    #[must_use]
    pub fn words(&self) -> Words {
        match self {
            Self::NotInternational => Words::new(
                "ett internationellt nummer är 4 till 15 siffror utan + och inledande nolla",
                "an international number is 4 to 15 digits without + or leading zero",
            ),
            Self::NotPager => Words::new("en Minicall har 3 till 15 siffror", "a pager has 3 to 15 digits"),
            Self::NotShortCode => {
                Words::new("ett kortnummer är 3 till 6 siffror", "a short code is 3 to 6 digits")
            }
            Self::AlphanumericLength => Words::new(
                "en avsändare med bokstäver är 1 till 11 tecken",
                "an alphanumeric sender is 1 to 11 characters",
            ),
            Self::AlphanumericCharacter(bad) => words!(
                "tecknet {bad:?} får inte stå i en avsändare med bokstäver",
                "the character {bad:?} is not allowed in an alphanumeric sender"
            ),
        }
    }
}

/// An international number (E.164) without plus sign: `46701234567`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Msisdn(u64);

impl Msisdn {
    /// Reads 4 to 15 digits, the first of them not zero.
    ///
    /// # Errors
    /// [`AddressError::NotInternational`] for anything else.
    pub fn parse(digits: &str) -> Result<Self, AddressError> {
        let fits = (4..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        if fits {
            digits.parse().map(Self).map_err(|_| AddressError::NotInternational)
        } else {
            Err(AddressError::NotInternational)
        }
    }

    /// The digits as a number: order-preserving only among numbers of one length.
    #[must_use]
    pub fn as_u64(self) -> u64 {
        self.0
    }

    /// Whether the number begins with these digits.
    #[must_use]
    pub fn starts_with(self, prefix: &str) -> bool {
        self.to_string().starts_with(prefix)
    }

    /// For logs: country and last three digits stay, the rest is starred.
    #[must_use]
    pub fn masked(self) -> String {
        mask(&self.to_string())
    }
}

impl fmt::Display for Msisdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A network-specific short number: `71234`. Leading zeros are kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShortCode(Box<str>);

impl ShortCode {
    /// Digits at most: a longer one could not be told from a number, neither by a person nor in the store.
    pub const LONGEST: usize = 6;

    /// Reads 3 to 6 digits.
    ///
    /// # Errors
    /// [`AddressError::NotShortCode`] for anything else.
    pub fn parse(digits: &str) -> Result<Self, AddressError> {
        let fits = (3..=Self::LONGEST).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        if fits { Ok(Self(digits.into())) } else { Err(AddressError::NotShortCode) }
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A pager (Minicall): a number of the Swedish paging series, `46740123456`, or the digits by which its central knows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PagerId(Box<str>);

impl PagerId {
    /// What international numbers of the Swedish paging series (074) begin with.
    pub const SERIES: &'static str = "4674";
    /// What stands before digits that are not of that series.
    pub const SCHEME: &'static str = "minicall:";

    /// Reads 3 to 15 digits.
    ///
    /// # Errors
    /// [`AddressError::NotPager`] for anything else.
    pub fn parse(digits: &str) -> Result<Self, AddressError> {
        let fits = (3..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        if fits { Ok(Self(digits.into())) } else { Err(AddressError::NotPager) }
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is an international number, which any operator can be given.
    #[must_use]
    pub fn is_international(&self) -> bool {
        is_of_series(&self.0)
    }
}

/// Whether an international number is of the Swedish paging series.
fn is_of_series(digits: &str) -> bool {
    digits.len() > 6 && digits.starts_with(PagerId::SERIES)
}

impl fmt::Display for PagerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_international() {
            f.write_str(Self::SCHEME)?;
        }
        f.write_str(&self.0)
    }
}

/// An alphanumeric sender: `Example`, at most 11 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Alphanumeric(Box<str>);

impl Alphanumeric {
    /// Reads 1 to 11 characters: letters (also å ä ö Å Ä Ö é and the like of the GSM alphabet), digits, space and `. - & + _ ' ! /`,
    /// at least one of them not a digit. `@` is refused: it is the zero octet of the GSM alphabet and ends SMPP strings.
    ///
    /// # Errors
    /// [`AddressError::AlphanumericLength`], [`AddressError::AlphanumericCharacter`].
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        if !(1..=11).contains(&text.chars().count()) {
            return Err(AddressError::AlphanumericLength);
        }
        if let Some(bad) = text.chars().find(|c| !carried(*c)) {
            return Err(AddressError::AlphanumericCharacter(bad));
        }
        Ok(Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn carried(c: char) -> bool {
    c.is_ascii_alphanumeric() || " .-&+_'!/".contains(c) || "åäöÅÄÖéÉüÜñÑæøÆØàèìòùÇß".contains(c)
}

/// Who a message goes to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Recipient {
    /// A mobile (or any) number in the world.
    Number(Msisdn),
    /// A short code of the operator.
    Short(ShortCode),
    /// A pager.
    Pager(PagerId),
}

impl Recipient {
    /// Reads the canonical form that [`fmt::Display`] writes: up to 6 digits are a short code, numbers of the paging series and what
    /// stands after `minicall:` are pagers.
    ///
    /// # Errors
    /// [`AddressError`] when it is none of them.
    pub fn parse(canonical: &str) -> Result<Self, AddressError> {
        let pager = canonical.strip_prefix(PagerId::SCHEME);
        if let Some(digits) = pager.or_else(|| is_of_series(canonical).then_some(canonical)) {
            PagerId::parse(digits).map(Self::Pager)
        } else if canonical.len() <= ShortCode::LONGEST {
            ShortCode::parse(canonical).map(Self::Short)
        } else {
            Msisdn::parse(canonical).map(Self::Number)
        }
    }

    /// Whether anybody ever says what became of a message to it.
    #[must_use]
    pub fn has_receipts(&self) -> bool {
        !matches!(self, Self::Pager(_))
    }

    /// For logs: the middle digits starred.
    #[must_use]
    pub fn masked(&self) -> String {
        mask(&self.to_string())
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Short(code) => f.write_str(code.as_str()),
            Self::Pager(pager) => pager.fmt(f),
        }
    }
}

impl FromStr for Recipient {
    type Err = AddressError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::parse(s)
    }
}

/// Who a message says it is from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Originator {
    /// An international number; replies come back to it.
    Number(Msisdn),
    /// A short code; replies come back to it.
    Short(ShortCode),
    /// A name; cannot be replied to.
    Name(Alphanumeric),
}

impl Originator {
    /// Reads the canonical form that [`fmt::Display`] writes: 3 to 6 digits a short code, more a number, else a name.
    ///
    /// # Errors
    /// [`AddressError`] when it is none of them.
    pub fn parse(canonical: &str) -> Result<Self, AddressError> {
        let digits = !canonical.is_empty() && canonical.bytes().all(|b| b.is_ascii_digit());
        match (digits, canonical.len()) {
            (true, ..=ShortCode::LONGEST) => ShortCode::parse(canonical).map(Self::Short),
            (true, _) => Msisdn::parse(canonical).map(Self::Number),
            (false, _) => Alphanumeric::parse(canonical).map(Self::Name),
        }
    }
}

impl fmt::Display for Originator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Short(code) => f.write_str(code.as_str()),
            Self::Name(name) => f.write_str(name.as_str()),
        }
    }
}

/// Stars all but the first four and the last three characters, and everything of a short text.
#[must_use]
pub fn mask(digits: &str) -> String {
    let chars: Vec<char> = digits.chars().collect();
    if chars.len() < 8 {
        return "*".repeat(chars.len());
    }
    let hidden = chars.len() - 7;
    chars
        .iter()
        .take(4)
        .chain(std::iter::repeat_n(&'*', hidden))
        .chain(chars.iter().skip(4 + hidden))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_forms_come_back() {
        for text in ["46701234567", "71234", "071234", "4512345678", "46740123456", "minicall:12345"] {
            assert_eq!(Recipient::parse(text).map(|r| r.to_string()), Ok(text.to_owned()), "{text}");
        }
        for text in ["46701234567", "71234", "Example", "Tandläk 1"] {
            assert_eq!(Originator::parse(text).map(|o| o.to_string()), Ok(text.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_refused() {
        assert_eq!(Msisdn::parse("0701234567"), Err(AddressError::NotInternational));
        assert_eq!(Msisdn::parse("4670123456789012"), Err(AddressError::NotInternational));
        assert_eq!(Alphanumeric::parse("Från Tandläkaren"), Err(AddressError::AlphanumericLength));
        assert_eq!(Alphanumeric::parse("a@b"), Err(AddressError::AlphanumericCharacter('@')));
        assert_eq!(Alphanumeric::parse("a\0b"), Err(AddressError::AlphanumericCharacter('\0')));
    }

    #[test]
    fn masks_hide_the_subscriber() {
        assert_eq!(mask("46701234567"), "4670****567");
        assert_eq!(mask("71234"), "*****");
    }
}
