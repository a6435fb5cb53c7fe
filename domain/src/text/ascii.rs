//! The ASCII letter that looks like a letter ASCII does not have: for operators that carry nothing else.
//!
//! Unlike [`super::fold()`], it changes å ä ö too, since nothing better can be had there.

/// The character in ASCII: itself, the letter without its accent, or `?` for what has no likeness.
pub fn likeness(c: char) -> u8 {
    let plain = match c {
        'å' | 'ä' | 'à' | 'á' | 'â' | 'ã' | 'æ' => 'a',
        'Å' | 'Ä' | 'À' | 'Á' | 'Â' | 'Ã' | 'Æ' => 'A',
        'ö' | 'ø' | 'ò' | 'ó' | 'ô' => 'o',
        'Ö' | 'Ø' | 'Ò' | 'Ó' | 'Ô' => 'O',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'É' | 'È' => 'E',
        'ü' | 'ù' | 'ú' => 'u',
        'Ü' => 'U',
        'ì' | 'í' => 'i',
        'ñ' => 'n',
        'Ñ' => 'N',
        'Ç' => 'C',
        'ç' => 'c',
        'ß' => 's',
        other => other,
    };
    u8::try_from(plain).ok().filter(u8::is_ascii).unwrap_or(b'?')
}

/// The sign that stands for one whose place a national letter has taken (ISO 646): a round bracket for another, a slash for a bar.
pub fn instead(c: char) -> Option<char> {
    match c {
        '[' | '{' => Some('('),
        ']' | '}' => Some(')'),
        '\\' | '|' => Some('/'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::likeness;

    #[test]
    fn letters() {
        let text: Vec<u8> = "Åäö én@1 €😀".chars().map(likeness).collect();
        assert_eq!(text, b"Aao en@1 ??");
    }
}
