//! Characters that HTML names: `&aring;`, `&#229;`, `&#xE5;`.

use encoding_rs::WINDOWS_1252;
use mail_parser::decoders::html::html_to_text;

/// The longest name of a character between `&` and `;`.
const LONGEST_NAME: usize = 32;

/// A text with its named characters as themselves.
#[must_use]
pub fn decoded(value: &str) -> String {
    let mut pieces = value.split('&');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (named, after) = character(piece);
        text.push_str(&named);
        text.push_str(after);
    }
    text
}

/// The character whose name follows an `&`, and what follows the name; the `&` itself when none does.
#[must_use]
pub fn character(after: &str) -> (String, &str) {
    let name = after.split(|c: char| !c.is_ascii_alphanumeric() && c != '#').next().unwrap_or_default();
    let rest = after.get(name.len()..).and_then(|rest| rest.strip_prefix(';'));
    let Some(rest) = rest.filter(|_| !name.is_empty() && name.len() <= LONGEST_NAME) else {
        return ("&".to_owned(), after);
    };
    let number = name.strip_prefix('#').and_then(|number| match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => number.parse().ok(),
    });
    match number {
        // Browsers read these as Windows does, and so do those who write them.
        Some(octet @ 0x80..=0x9f) => {
            let octet = u8::try_from(octet).unwrap_or(b'?');
            (WINDOWS_1252.decode_without_bom_handling(&[octet]).0.into_owned(), rest)
        }
        Some(number) => {
            (char::from_u32(number).filter(|c| *c != '\0').unwrap_or('\u{FFFD}').to_string(), rest)
        }
        None => {
            let named = format!("&{name};");
            let text = html_to_text(&named);
            if text == named { ("&".to_owned(), after) } else { (text, rest) }
        }
    }
}
