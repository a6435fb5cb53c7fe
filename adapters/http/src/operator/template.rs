//! A text with holes, `+{to}` or `{text|utf16hex}`, and a condition, `receipt !flash`.
//!
//! A template is made once from the profile's own words; what fills its holes is only ever a value. Where a value stands (in a URL, a form, JSON,
//! XML, a header) it is escaped by that position's rule, by who writes the request: nothing here is put together as text of a request.

use super::sign;
use domain::Timestamp;
use encoding_rs::Encoding;
use jiff::tz::TimeZone;

/// What a hole can be filled with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Characters.
    Text(String),
    /// Octets.
    Octets(Vec<u8>),
    /// An instant; its seconds since 1970 when it is not formatted.
    Time(Timestamp),
    /// A number.
    Number(u64),
}

/// Where values come from.
pub(super) trait Values {
    /// The value of a name; `None` = there is none for this message.
    fn value(&self, name: &str) -> Option<Value>;

    /// Whether a condition's word holds.
    fn holds(&self, word: &str) -> bool;
}

/// Names of values, with what they are; `values.x` and `secrets.x` beside them.
pub const NAMES: [(&str, &str); 24] = [
    ("to", "the recipient, as `numbers` writes it; several are joined by `join`"),
    ("digits", "the recipient, digits only"),
    ("from", "the sender; absent when the operator puts his own"),
    ("from_kind", "what the sender is, in the profile's words: alphanumeric, short or number"),
    ("text", "the text"),
    ("data", "octets of a binary message"),
    ("udh", "the user data header of a binary message or of a part, with its length octet"),
    ("alphabet", "what the text needs, in the profile's words: gsm7, ucs2 or binary"),
    ("class", "0 when the message is flash; absent otherwise"),
    ("dcs", "the data coding scheme, as a number"),
    ("segments", "how many short messages it takes"),
    ("id", "our id of the message; of the first of several"),
    ("reference", "the caller's own name for the message"),
    ("cost_centre", "the cost centre that the message is booked on"),
    ("valid_until", "when the message loses its worth"),
    ("valid_minutes", "minutes until then, at least 1"),
    ("valid_seconds", "seconds until then, at least 1"),
    ("now", "this moment"),
    ("user", "the link's user"),
    ("password", "the link's password"),
    ("receipt_url", "where receipts come to us"),
    ("mo_url", "where received messages come to us"),
    ("url", "the link's url; only at the beginning of a URL"),
    ("signature", "what [send.signature] computes"),
];

/// Words of conditions.
pub const WORDS: [(&str, &str); 13] = [
    ("flash", "the message is shown at once and not kept"),
    ("receipt", "a receipt is asked for"),
    ("from", "there is a sender"),
    ("alphanumeric", "the sender is a name"),
    ("short", "the sender is a short code"),
    ("number", "the sender is a number"),
    ("gsm7", "the text fits the GSM alphabet"),
    ("ucs2", "the text needs UCS-2"),
    ("binary", "the message is octets"),
    ("udh", "there is a user data header"),
    ("long", "it takes more than one short message"),
    ("several", "the request has several recipients"),
    ("duplicate", "the message may have been sent before"),
];

/// What is done with a value before it is put in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Filter {
    Hex,
    Utf16Hex,
    Url,
    Base64,
    Number,
    Lower,
    Time(String),
    Hash(sign::Hash),
}

/// Names of filters.
pub const FILTERS: [&str; 9] =
    ["hex", "utf16hex", "url", "base64", "number", "lower", "md5", "sha256", "time:%Y-%m-%d"];

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Hole { name: String, filters: Vec<Filter> },
}

/// A text with holes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Template(Vec<Piece>);

/// What a template became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Filled {
    /// Characters.
    Text(String),
    /// Octets that are no characters; only of a template that is one hole.
    Octets(Vec<u8>),
    /// A number; only of a template that is one hole.
    Number(u64),
}

impl Filled {
    /// As characters: octets in hexadecimal.
    pub(super) fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Octets(octets) => sign::hex(&octets),
            Self::Number(number) => number.to_string(),
        }
    }
}

impl Template {
    /// Reads a template; what is wrong with it otherwise.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            match c {
                '{' | '}' if chars.peek().is_some_and(|(_, next)| *next == c) => {
                    chars.next();
                    literal.push(c);
                }
                '}' => return Err("a } without its { (a } itself is written }})".to_owned()),
                '{' => {
                    let end = text.get(at..).and_then(|rest| rest.find('}')).map(|end| at + end);
                    let end = end.ok_or("a { without its } (a { itself is written {{)")?;
                    if !literal.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut literal)));
                    }
                    pieces.push(hole(text.get(at + 1..end).unwrap_or_default())?);
                    while chars.peek().is_some_and(|(at, _)| *at <= end) {
                        chars.next();
                    }
                }
                other => literal.push(other),
            }
        }
        if !literal.is_empty() {
            pieces.push(Piece::Text(literal));
        }
        Ok(Self(pieces))
    }

    /// The names in its holes.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Hole { name, .. } => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// Its text when it has no holes.
    pub(super) fn literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Fills the holes. `None` when a value is absent: what the template stands for is then left out.
    pub(super) fn fill(&self, values: &dyn Values, zone: &TimeZone) -> Option<Filled> {
        if let [Piece::Hole { name, filters }] = self.0.as_slice() {
            return filled(values.value(name)?, filters, zone);
        }
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(literal) => text.push_str(literal),
                Piece::Hole { name, filters } => {
                    text.push_str(&filled(values.value(name)?, filters, zone)?.text());
                }
            }
        }
        Some(Filled::Text(text))
    }

    /// Fills the holes, each value percent-encoded: the template's own text is a piece of a URL and stays as it is.
    pub(super) fn fill_url(
        &self,
        values: &dyn Values,
        zone: &TimeZone,
        charset: &'static Encoding,
    ) -> Option<String> {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(literal) => text.push_str(literal),
                Piece::Hole { name, .. } if name == "url" => match values.value(name)? {
                    Value::Text(base) => text.push_str(base.trim_end_matches('/')),
                    _ => return None,
                },
                Piece::Hole { name, filters } => {
                    let value = filled(values.value(name)?, filters, zone)?;
                    percent(&mut text, &octets(value, charset).ok()?);
                }
            }
        }
        Some(text)
    }
}

fn hole(text: &str) -> Result<Piece, String> {
    let mut words = text.split('|').map(str::trim);
    let name = words.next().unwrap_or_default();
    let own = |prefix: &str| {
        name.strip_prefix(prefix).is_some_and(|rest| {
            !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
        })
    };
    if !NAMES.iter().any(|(known, _)| *known == name) && !own("values.") && !own("secrets.") {
        let known: Vec<&str> = NAMES.iter().map(|(known, _)| *known).collect();
        return Err(format!(
            "there is no {{{name}}}; there are {}, values.NAME and secrets.NAME",
            known.join(", ")
        ));
    }
    let filters = words.map(filter).collect::<Result<_, _>>()?;
    Ok(Piece::Hole { name: name.to_owned(), filters })
}

fn filter(word: &str) -> Result<Filter, String> {
    Ok(match word {
        "hex" => Filter::Hex,
        "utf16hex" => Filter::Utf16Hex,
        "url" => Filter::Url,
        "base64" => Filter::Base64,
        "number" => Filter::Number,
        "lower" => Filter::Lower,
        "md5" => Filter::Hash(sign::Hash::Md5),
        "sha256" => Filter::Hash(sign::Hash::Sha256),
        other => match other.strip_prefix("time:") {
            // A format that cannot be is found now and not at the first message.
            Some(format)
                if jiff::fmt::strtime::format(format, &Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC))
                    .is_ok() =>
            {
                Filter::Time(format.to_owned())
            }
            Some(format) => return Err(format!("{format:?} is no format of a time, such as %Y-%m-%d %H:%M")),
            None => return Err(format!("there is no filter {other:?}; there are {}", FILTERS.join(", "))),
        },
    })
}

fn filled(value: Value, filters: &[Filter], zone: &TimeZone) -> Option<Filled> {
    let mut value = match value {
        Value::Time(at) => {
            match filters.iter().find_map(|f| if let Filter::Time(format) = f { Some(format) } else { None })
            {
                Some(format) => {
                    Filled::Text(jiff::fmt::strtime::format(format, &at.to_zoned(zone.clone())).ok()?)
                }
                None => Filled::Number(u64::try_from(at.as_second()).unwrap_or_default()),
            }
        }
        Value::Text(text) => Filled::Text(text),
        Value::Octets(octets) => Filled::Octets(octets),
        Value::Number(number) => Filled::Number(number),
    };
    for filter in filters {
        value = match filter {
            Filter::Time(_) => value,
            Filter::Number => Filled::Number(value.text().parse().ok()?),
            Filter::Lower => Filled::Text(value.text().to_lowercase()),
            Filter::Hex => Filled::Text(sign::hex(&raw(value))),
            Filter::Utf16Hex => {
                let units = value.text().encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>();
                Filled::Text(sign::hex(&units).to_uppercase())
            }
            Filter::Base64 => Filled::Text(sign::base64(&raw(value))),
            Filter::Hash(hash) => Filled::Text(hash.hex(&raw(value))),
            Filter::Url => {
                let mut text = String::new();
                percent(&mut text, &raw(value));
                Filled::Text(text)
            }
        };
    }
    Some(value)
}

fn raw(value: Filled) -> Vec<u8> {
    match value {
        Filled::Octets(octets) => octets,
        other => other.text().into_bytes(),
    }
}

/// The octets in a character set; the first character that it does not have otherwise.
pub(super) fn octets(value: Filled, charset: &'static Encoding) -> Result<Vec<u8>, char> {
    let text = match value {
        Filled::Octets(octets) => return Ok(octets),
        other => other.text(),
    };
    if charset == encoding_rs::UTF_8 {
        return Ok(text.into_bytes());
    }
    // ISO-8859-1 and not the superset that the web takes for it.
    text.chars().map(|c| u8::try_from(u32::from(c)).map_err(|_| c)).collect()
}

/// All but the unreserved characters of RFC 3986 as `%XX`.
pub(super) fn percent(into: &mut String, octets: &[u8]) {
    for octet in octets {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(octet) {
            into.push(char::from(*octet));
        } else {
            into.push('%');
            into.push_str(&sign::hex(&[*octet]).to_uppercase());
        }
    }
}

/// A condition: all its words hold. No words: always.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Condition(Vec<(bool, String)>);

impl Condition {
    /// Reads words, a `!` before those that must not hold.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let word = |word: &str| {
            let (wanted, word) = word.strip_prefix('!').map_or((true, word), |word| (false, word));
            if WORDS.iter().any(|(known, _)| *known == word) || word.starts_with("values.") {
                Ok((wanted, word.to_owned()))
            } else {
                let known: Vec<&str> = WORDS.iter().map(|(known, _)| *known).collect();
                Err(format!("there is no condition {word:?}; there are {} and values.NAME", known.join(", ")))
            }
        };
        text.split_whitespace().map(word).collect::<Result<_, _>>().map(Self)
    }

    /// Whether it holds.
    pub(super) fn holds(&self, values: &dyn Values) -> bool {
        self.0.iter().all(|(wanted, word)| values.holds(word) == *wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sample;

    impl Values for Sample {
        fn value(&self, name: &str) -> Option<Value> {
            Some(match name {
                "to" => Value::Text("46701234567".into()),
                "text" => Value::Text("hå & j{x}".into()),
                "udh" => Value::Octets(vec![5, 0, 0xff]),
                "segments" => Value::Number(3),
                "valid_until" => Value::Time(Timestamp::from_second(1_700_000_000).ok()?),
                _ => return None,
            })
        }

        fn holds(&self, word: &str) -> bool {
            word == "flash"
        }
    }

    fn fill(template: &str) -> Option<String> {
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        Template::parse(template).expect(template).fill(&Sample, &zone).map(Filled::text)
    }

    #[test]
    fn holes() {
        for (template, expected) in [
            ("+{to}", Some("+46701234567")),
            ("{text}", Some("hå & j{x}")),
            ("{{{to}}}", Some("{46701234567}")),
            ("{text|utf16hex}", Some("006800E5002000260020006A007B0078007D")),
            ("{udh}", Some("0500ff")),
            ("a{udh|base64}", Some("aBQD/")),
            ("{valid_until}", Some("1700000000")),
            ("{valid_until|time:%Y%m%d%H%M}", Some("202311142313")),
            ("{text|url}", Some("h%C3%A5%20%26%20j%7Bx%7D")),
            ("{text|lower}", Some("hå & j{x}")),
            ("{to|md5}", Some("c62013742b3017a269ab6c0853f01eee")),
            ("x{from}", None),
            ("", Some("")),
        ] {
            assert_eq!(fill(template).as_deref(), expected, "{template}");
        }
        for bad in ["{", "}", "{nothing}", "{to|upper}", "{now|time:%}", "{values.}", "{values.a b}"] {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn values_are_escaped_in_urls() {
        let template = Template::parse("https://x/{text}?a={to}").expect("a template");
        let url = template.fill_url(&Sample, &TimeZone::UTC, encoding_rs::UTF_8);
        assert_eq!(url.as_deref(), Some("https://x/h%C3%A5%20%26%20j%7Bx%7D?a=46701234567"));
        let latin = template.fill_url(&Sample, &TimeZone::UTC, encoding_rs::WINDOWS_1252);
        assert_eq!(latin.as_deref(), Some("https://x/h%E5%20%26%20j%7Bx%7D?a=46701234567"));
    }

    #[test]
    fn conditions() {
        for (text, expected) in [
            ("", true),
            ("flash", true),
            ("!flash", false),
            ("flash !receipt", true),
            ("flash receipt", false),
        ] {
            assert_eq!(Condition::parse(text).expect(text).holds(&Sample), expected, "{text}");
        }
        assert!(Condition::parse("flsh").is_err());
    }
}
