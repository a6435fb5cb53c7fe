//! Numbers as people write them, brought to their international form.
//!
//! `070-123 45 67`, `0046 70…`, `+46 (0)70…`, short codes, other countries. E.164; Swedish plan of PTS. Lenient about length
//! unless told otherwise.

use crate::address::{AddressError, Msisdn, PagerId, Recipient, ShortCode};
use crate::language::Words;
use crate::refusal::{Code, Refusal};
use crate::words;
use unicode_normalization::UnicodeNormalization;

/// Digits of a Swedish pager's international number.
const SWEDISH_PAGER: usize = 11;

/// A country calling code: `46`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Country(u16);

impl Country {
    /// Sweden, 46.
    pub const SWEDEN: Country = Country(46);

    /// Reads 1 to 3 digits without leading zero.
    ///
    /// # Errors
    /// [`AddressError::NotInternational`].
    pub fn parse(code: &str) -> Result<Self, AddressError> {
        let fits = (1..=3).contains(&code.len())
            && code.bytes().all(|b| b.is_ascii_digit())
            && !code.starts_with('0');
        if fits {
            code.parse().map(Self).map_err(|_| AddressError::NotInternational)
        } else {
            Err(AddressError::NotInternational)
        }
    }
}

impl std::fmt::Display for Country {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Which numbers may be sent to, by prefix of the international form. The longest prefix that fits decides; a number that
/// fits none is allowed only when there is no `allow` at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowList {
    /// Prefixes that may be sent to, as [`prefix`] gives them: `46`, `4670`. Empty = everything.
    pub allow: Vec<String>,
    /// Prefixes that may not, even where a shorter one is allowed.
    pub deny: Vec<String>,
    /// Whether short codes may be sent to.
    pub short_codes_denied: bool,
}

impl AllowList {
    /// Whether a recipient may be sent to.
    #[must_use]
    pub fn allows(&self, recipient: &Recipient) -> bool {
        let number = match recipient {
            Recipient::Short(_) => return !self.short_codes_denied,
            Recipient::Number(number) => number.to_string(),
            Recipient::Pager(pager) if pager.is_international() => pager.as_str().to_owned(),
            // Known to its central alone, which serves the paging series.
            Recipient::Pager(_) => PagerId::SERIES.to_owned(),
        };
        let longest =
            |list: &[String]| list.iter().filter(|p| number.starts_with(p.as_str())).map(String::len).max();
        match (longest(&self.allow), longest(&self.deny)) {
            (None, None) => self.allow.is_empty(),
            (None, Some(_)) => false,
            (Some(_), None) => true,
            (Some(allowed), Some(denied)) => allowed > denied,
        }
    }
}

/// Reads a recipient as a person, a phone book or a program writes it.
///
/// # Errors
/// `invalid_number` with what is wrong with it.
pub fn recipient(input: &str, country: Country, strict: bool) -> Result<Recipient, Refusal> {
    read(input, country, strict).map_err(|why| Refusal::field(Code::InvalidNumber, "to", why))
}

fn read(input: &str, country: Country, strict: bool) -> Result<Recipient, Words> {
    let trimmed = input.trim();
    if trimmed.is_empty() {
        return Err(Words::new("det är tomt", "it is empty"));
    }
    if trimmed.len() > 128 {
        return Err(Words::new("det är längre än 128 tecken", "it is longer than 128 characters"));
    }
    if let Some(pager) = after_minicall(trimmed) {
        return pager_of(pager, country);
    }
    let bare = without_scheme(trimmed);
    if let Some(code) =
        bare.strip_prefix(['s', 'S']).filter(|c| !c.is_empty() && c.bytes().all(|b| b.is_ascii_digit()))
    {
        return ShortCode::parse(code).map(Recipient::Short).map_err(|e| e.words());
    }
    let (plus, digits) = digits_of(bare)?;
    let international = match (plus, digits.as_str()) {
        (true, d) => d.to_owned(),
        (false, d) if d.starts_with("00") => d.trim_start_matches('0').to_owned(),
        (false, d) if d.starts_with('0') => format!("{country}{}", d.trim_start_matches('0')),
        (false, d) if (3..=6).contains(&d.len()) => {
            return ShortCode::parse(d).map(Recipient::Short).map_err(|e| e.words());
        }
        (false, d) => d.to_owned(),
    };
    let international = without_trunk_zero(&international, country);
    if international.len() < 7 {
        return Err(Words::new("det har för få siffror", "it has too few digits"));
    }
    let number = Msisdn::parse(&international).map_err(|e| e.words())?;
    if country_code(&international).is_none() {
        return Err(Words::new(
            "det börjar inte med något landsnummer som används",
            "it begins with no country code in use",
        ));
    }
    reachable(&international)?;
    if international.starts_with(PagerId::SERIES) {
        if strict && international.len() != SWEDISH_PAGER {
            return Err(Words::new(
                "det är inget svenskt Minicall-nummer",
                "it is not a Swedish pager number",
            ));
        }
        return PagerId::parse(&international).map(Recipient::Pager).map_err(|e| e.words());
    }
    if strict {
        mobile_of_sweden(&international)?;
    }
    Ok(Recipient::Number(number))
}

/// What numbers begin with, as people write it (`070`, `+46 70`, `0046`, `46 70`), in the international form: 1 to 15 digits. Digits without a plus or a
/// zero before them stand for themselves.
///
/// # Errors
/// What is wrong with it.
pub fn prefix(input: &str, country: Country) -> Result<String, Words> {
    let (plus, digits) = digits_of(input.trim())?;
    let international = match digits.as_str() {
        d if plus => d.to_owned(),
        d if d.starts_with("00") => d.trim_start_matches('0').to_owned(),
        d if d.starts_with('0') => format!("{country}{}", d.trim_start_matches('0')),
        d => d.to_owned(),
    };
    let international = without_trunk_zero(&international, country);
    if (1..=15).contains(&international.len()) && !international.starts_with('0') {
        Ok(international)
    } else {
        Err(Words::new("inget internationellt nummer börjar så", "no international number begins so"))
    }
}

/// A number that messages are sent to, as people write it: what [`recipient`] reads, and every canonical form besides (of a country code that is not in use yet).
///
/// # Errors
/// What is wrong with it.
pub fn receiving(input: &str, country: Country) -> Result<Recipient, Words> {
    let canonical = |why| Recipient::parse(input.trim().trim_start_matches('+')).map_err(|_| why);
    read(input, country, false).or_else(canonical)
}

/// A number as an operator writes it on what it delivers, in the international form by which answers find their way and rules are found.
///
/// Some accounts have them nationally, `0701234567`, and some with 00. Names, short codes and what is no number stay as they are.
#[must_use]
pub fn as_delivered(number: &str, country: Country) -> String {
    let is_number = (7..=20).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    match number.trim_start_matches('0') {
        bare if !is_number || bare.is_empty() || bare.len() == number.len() => number.to_owned(),
        bare if number.starts_with("00") => bare.to_owned(),
        bare => format!("{country}{bare}"),
    }
}

/// `Minicall:0740123456@sms`, `minicall-numeric:12345`: what stands after the scheme.
fn after_minicall(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once(':')?;
    let known = ["minicall", "minicall-text", "minicall-numeric"];
    let asked = known.iter().any(|known| scheme.trim().eq_ignore_ascii_case(known));
    asked.then(|| rest.split('@').next().unwrap_or(rest).trim())
}

/// A pager by its number, or by the digits that its central knows it by.
fn pager_of(text: &str, country: Country) -> Result<Recipient, Words> {
    let (plus, digits) = digits_of(text)?;
    let digits = match digits.as_str() {
        d if plus => d.to_owned(),
        d if d.starts_with("00") => d.trim_start_matches('0').to_owned(),
        d if d.starts_with("074") => format!("{}{}", Country::SWEDEN, d.trim_start_matches('0')),
        d if d.starts_with('0') && d.len() >= SWEDISH_PAGER - 1 => {
            format!("{country}{}", d.trim_start_matches('0'))
        }
        d => d.to_owned(),
    };
    PagerId::parse(&digits).map(Recipient::Pager).map_err(|e| e.words())
}

/// `SMS:070…@sms`, `tel:+46…`: the scheme and the mail domain are taken away.
fn without_scheme(text: &str) -> &str {
    let local = text.split('@').next().unwrap_or(text).trim();
    match local.split_once(':') {
        Some((scheme, rest))
            if scheme.eq_ignore_ascii_case("sms")
                || scheme.eq_ignore_ascii_case("tel")
                || scheme.eq_ignore_ascii_case("smsto") =>
        {
            rest.trim()
        }
        _ => local,
    }
}

/// The digits without what people put between them, and whether a plus stood first.
fn digits_of(text: &str) -> Result<(bool, String), Words> {
    let text: String = text.nfkc().collect();
    // Behind a country code, or beside a zero, `(0)` is left out; before all else it is the trunk zero itself.
    let mut rest = text.replace("(0)", "");
    let first = |text: &str| text.find(|c: char| c.is_ascii_digit() || c == '+');
    let leads = text.find("(0)").is_some_and(|at| first(&text) == Some(at + 1));
    if leads && first(&rest).and_then(|at| rest.get(at..)).is_some_and(|rest| !rest.starts_with(['0', '+'])) {
        rest.insert(0, '0');
    }
    let text = rest;
    let mut digits = String::with_capacity(text.len());
    let mut plus = false;
    for c in text.chars() {
        match c {
            '0'..='9' => digits.push(c),
            '+' if digits.is_empty() && !plus => plus = true,
            ' ' | '\t' | '-' | '.' | '/' | '(' | ')' | '\u{2010}'..='\u{2015}' | '\u{2212}' => {}
            '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' => {}
            other => {
                return Err(words!(
                    "tecknet {other:?} hör inte hemma i ett nummer",
                    "the character {other:?} does not belong in a number"
                ));
            }
        }
    }
    if digits.is_empty() {
        Err(Words::new("det har inga siffror", "it has no digits"))
    } else {
        Ok((plus, digits))
    }
}

/// `460701234567`: the trunk zero that people leave after the country code.
fn without_trunk_zero(international: &str, country: Country) -> String {
    let code = country.to_string();
    match international.strip_prefix(code.as_str()).and_then(|rest| rest.strip_prefix('0')) {
        Some(rest) => format!("{code}{}", rest.trim_start_matches('0')),
        None => international.to_owned(),
    }
}

/// Swedish services that no SMS reaches: 112, 113 13, 114 xx, 116 xxx, 117 x, 118 xxx written with the country code.
fn reachable(international: &str) -> Result<(), Words> {
    let service = international.strip_prefix("4611").is_some_and(|rest| rest.len() <= 4);
    if service {
        Err(Words::new("det är ett nöd- eller servicenummer", "it is an emergency or service number"))
    } else {
        Ok(())
    }
}

fn mobile_of_sweden(international: &str) -> Result<(), Words> {
    let Some(national) = international.strip_prefix("46") else { return Ok(()) };
    let mobile =
        national.len() == 9 && ["70", "72", "73", "76", "79"].iter().any(|s| national.starts_with(s));
    if mobile {
        Ok(())
    } else {
        Err(Words::new("det är inget svenskt mobilnummer", "it is not a Swedish mobile number"))
    }
}

/// The country code an international number begins with, by the zones of E.164: 1 and 7 have one digit, the listed codes two, the others three.
#[must_use]
pub fn country_code(international: &str) -> Option<&str> {
    const TWO: &[&str] = &[
        "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48",
        "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81",
        "82", "84", "86", "90", "91", "92", "93", "94", "95", "98",
    ];
    const UNUSED: &[&str] = &["28", "83", "89"];
    match international.as_bytes().first()? {
        b'1' | b'7' => international.get(..1),
        b'0' => None,
        _ => {
            let two = international.get(..2)?;
            if TWO.contains(&two) {
                Some(two)
            } else if UNUSED.contains(&two) {
                None
            } else {
                international.get(..3)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_lenient(input: &str) -> Result<String, String> {
        read(input, Country::SWEDEN, false).map(|r| r.to_string()).map_err(|e| e.to_string())
    }

    #[test]
    fn one_number_many_spellings() {
        for input in [
            "070-123 45 67",
            "0701234567",
            "+46 70 123 45 67",
            "0046701234567",
            "+46(0)701234567",
            "+46 (0)70-123 45 67",
            "(0)70-123 45 67",
            " (0) 701234567",
            "0(0)701234567",
            "(0)0701234567",
            "(0) +46701234567",
            "460701234567",
            "0701234567@sms.domain.se",
            "SMS:0701234567@sms",
            "tel:+46701234567",
            "\u{202A}070\u{2011}123\u{00A0}45\u{2009}67\u{202C}",
            "０７０１２３４５６７",
        ] {
            assert_eq!(read_lenient(input).as_deref(), Ok("46701234567"), "{input}");
        }
    }

    #[test]
    fn as_operators_write_them() {
        for (written, read) in [
            ("0701234567", "46701234567"),
            ("0046701234567", "46701234567"),
            ("46701234567", "46701234567"),
            ("08123456", "468123456"),
            ("71234", "71234"),
            ("01234", "01234"),
            ("0000000", "0000000"),
            ("Telia", "Telia"),
            ("0701 234567", "0701 234567"),
            ("", ""),
        ] {
            assert_eq!(as_delivered(written, Country::SWEDEN), read, "{written}");
        }
    }

    #[test]
    fn others() {
        let cases = [
            ("004512345678", Ok("4512345678")),
            ("+1 212 555 0100", Ok("12125550100")),
            ("71234", Ok("71234")),
            ("s71234", Ok("71234")),
            ("070123456", Ok("4670123456")),
            ("1234567", Ok("1234567")),
            ("074-012 34 56", Ok("46740123456")),
            ("Minicall:0740123456@sms.example.se", Ok("46740123456")),
            ("minicall: 12345", Ok("minicall:12345")),
            ("minicall-numeric:+46740123456", Ok("46740123456")),
            ("minicall:anna", Err(())),
        ];
        for (input, expected) in cases {
            assert_eq!(read_lenient(input).as_deref().map_err(|_| ()), expected, "{input}");
        }
    }

    #[test]
    fn beginnings_of_numbers() {
        let cases = [
            ("46", Ok("46")),
            ("4670", Ok("4670")),
            ("+46", Ok("46")),
            ("+46 70", Ok("4670")),
            ("+46 (0)70", Ok("4670")),
            ("004670", Ok("4670")),
            ("070", Ok("4670")),
            ("070-12", Ok("467012")),
            ("0", Ok("46")),
            (" 45 ", Ok("45")),
            ("1", Ok("1")),
            ("07012345670123456", Err(())),
            ("+046", Err(())),
            ("00", Err(())),
            ("", Err(())),
            ("+", Err(())),
            ("07x", Err(())),
            ("4670*", Err(())),
        ];
        for (input, expected) in cases {
            assert_eq!(prefix(input, Country::SWEDEN).as_deref().map_err(|_| ()), expected, "{input}");
        }
        let denmark = Country::parse("45").expect("a country");
        assert_eq!(prefix("012", denmark).as_deref(), Ok("4512"));
    }

    #[test]
    fn receiving_numbers() {
        for (input, expected) in [
            ("070-123 45 67", Ok("46701234567")),
            ("+46 70 123 45 67", Ok("46701234567")),
            ("46701234567", Ok("46701234567")),
            ("71234", Ok("71234")),
            ("8912345678", Ok("8912345678")),
            ("+8912345678", Ok("8912345678")),
            ("12", Err(())),
            ("anna", Err(())),
        ] {
            let read = receiving(input, Country::SWEDEN).map(|number| number.to_string());
            assert_eq!(read.as_deref().map_err(|_| ()), expected, "{input}");
        }
    }

    #[test]
    fn refusals_say_why() {
        let cases = [
            ("", "it is empty"),
            ("anna", "the character 'a' does not belong in a number"),
            ("+46", "it has too few digits"),
            ("12", "it has too few digits"),
            ("07012345670123456", "an international number is 4 to 15 digits without + or leading zero"),
            ("+46112", "it has too few digits"),
            ("+4611818", "it is an emergency or service number"),
            ("070'; DROP TABLE", "the character '\\'' does not belong in a number"),
            ("+8912345678", "it begins with no country code in use"),
        ];
        for (input, why) in cases {
            assert_eq!(read_lenient(input), Err(why.to_owned()), "{input}");
        }
        assert!(read("0812345678", Country::SWEDEN, true).is_err(), "a fixed number, strictly");
        assert!(read("+4512345678", Country::SWEDEN, true).is_ok(), "strict is about one's own plan");
    }

    #[test]
    fn the_longest_prefix_decides() {
        let list = AllowList {
            allow: vec!["46".into(), "45".into()],
            deny: vec!["46900".into()],
            short_codes_denied: true,
        };
        let allows = |n: &str| list.allows(&Recipient::parse(n).expect("number"));
        assert!(allows("46701234567"));
        assert!(allows("4512345678"));
        assert!(!allows("46900123456"));
        assert!(!allows("12125550100"));
        assert!(!allows("71234"));
        assert!(AllowList::default().allows(&Recipient::parse("12125550100").expect("number")));
    }

    proptest! {
        #[test]
        fn never_panics(input in "\\PC{0,40}") {
            let _ = read_lenient(&input);
            let _ = receiving(&input, Country::SWEDEN);
            if let Ok(first) = prefix(&input, Country::SWEDEN) {
                prop_assert_eq!(prefix(&first, Country::SWEDEN), Ok(first));
            }
        }

        #[test]
        fn what_is_read_reads_again(national in 100_000_000_u64..999_999_999) {
            let first = read_lenient(&format!("0{national}"));
            prop_assert_eq!(read_lenient(&format!("+46{national}")), first);
        }
    }
}
