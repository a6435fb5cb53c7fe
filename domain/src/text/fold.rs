//! Folding: bringing a text into the GSM 7-bit alphabet by replacing accents and typography.
//!
//! Never touches a character the alphabet has (so never å ä ö é), and never replaces a letter or a sign for which
//! there is no equal: those are counted and left in place, for the caller to decide about.
//! Text is first brought to Unicode normalization form C, and positions count from there.

use super::gsm7;
use std::borrow::Cow;
use unicode_normalization::char::{compose, decompose_canonical, decompose_compatible, is_combining_mark};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
use unicode_segmentation::UnicodeSegmentation;

/// One replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Index of the first replaced character in the normalized input, counted in characters.
    pub at: usize,
    /// What stood there.
    pub from: String,
    /// What stands there now; empty when it was removed.
    pub to: String,
}

/// A folded text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    /// The text after the changes; in the GSM alphabet when `lost` is 0.
    pub text: String,
    /// Every replacement, in order.
    pub changes: Vec<Change>,
    /// User-perceived characters that have no equal in the alphabet.
    pub lost: usize,
}

/// Folds, leaving what has no equal in place.
pub fn fold(text: &str) -> Folded {
    fold_or(text, None)
}

/// Folds, with `?` in place of what has no equal (one for a whole emoji sequence); these count as changes too.
pub fn fold_replacing(text: &str) -> Folded {
    fold_or(text, Some("?"))
}

/// Normalization form C, borrowed when the text is in it already.
pub fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

fn fold_or(text: &str, replacement: Option<&str>) -> Folded {
    let input = nfc(text);
    let mut folded = Folded { text: String::with_capacity(input.len()), changes: Vec::new(), lost: 0 };
    let mut at = 0;
    for cluster in input.graphemes(true) {
        let characters = cluster.chars().count();
        if !fold_cluster(cluster, at, &mut folded) {
            folded.lost += 1;
            folded.text.push_str(replacement.unwrap_or(cluster));
            if let Some(to) = replacement {
                folded.changes.push(Change { at, from: cluster.to_owned(), to: to.to_owned() });
            }
        }
        at += characters;
    }
    folded
}

/// Appends the folded cluster; answers false, with nothing appended, when a part of it has no equal.
fn fold_cluster(cluster: &str, at: usize, folded: &mut Folded) -> bool {
    let (text, changes) = (folded.text.len(), folded.changes.len());
    for (i, c) in cluster.chars().enumerate() {
        // CR LF is one cluster; the line feed alone says the same in one septet.
        let drop_cr = c == '\r' && cluster == "\r\n";
        if gsm7::is_exact_char(c) && !drop_cr {
            folded.text.push(c);
        } else {
            let start = folded.text.len();
            if !drop_cr && !replace(c, &mut folded.text) {
                folded.text.truncate(text);
                folded.changes.truncate(changes);
                return false;
            }
            let to = folded.text[start..].to_owned();
            folded.changes.push(Change { at: at + i, from: c.to_string(), to });
        }
    }
    true
}

/// Appends what stands for `c` in the alphabet; false when nothing does.
fn replace(c: char, out: &mut String) -> bool {
    if gsm7::is_exact_char(c) {
        out.push(c);
        return true;
    }
    if let Some(same) = gsm7::alias(c) {
        out.push(same);
        return true;
    }
    if is_invisible(c) {
        return true;
    }
    if is_space(c) {
        out.push(' ');
        return true;
    }
    if let Some(equal) = listed(c) {
        out.push_str(equal);
        return true;
    }
    replace_accented(c, out) || replace_compatible(c, out)
}

/// A letter with marks: the marks that the alphabet has on this letter stay, the others go.
fn replace_accented(c: char, out: &mut String) -> bool {
    if !c.is_alphabetic() {
        return false;
    }
    let mut base: Option<char> = None;
    decompose_canonical(c, |part| {
        base = Some(match base {
            None => part,
            Some(so_far) => compose(so_far, part).filter(|both| gsm7::is_exact_char(*both)).unwrap_or(so_far),
        });
    });
    match base {
        Some(base) if base != c && gsm7::is_exact_char(base) => out.push(base),
        Some(base) if base != c => match listed(base) {
            Some(equal) => out.push_str(equal),
            None => return false,
        },
        _ => return false,
    }
    true
}

/// Ligatures, full-width and styled forms: replaced when every part of the plain form has an equal.
fn replace_compatible(c: char, out: &mut String) -> bool {
    let mut parts = String::new();
    decompose_compatible(c, |part| parts.push(part));
    let start = out.len();
    for part in parts.chars() {
        match part {
            part if part == c => {
                out.truncate(start);
                return false;
            }
            part if gsm7::is_exact_char(part) => out.push(part),
            part if is_combining_mark(part) => {}
            part => match listed(part) {
                Some(equal) => out.push_str(equal),
                None => {
                    out.truncate(start);
                    return false;
                }
            },
        }
    }
    out.len() > start
}

fn is_space(c: char) -> bool {
    matches!(c, '\t' | '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}')
}

/// What takes no room on a screen: zero width marks, variation selectors, stray accents, control characters.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{E0100}'..='\u{E01EF}'
            | '\u{300}'..='\u{36F}'
    ) || (c.is_control() && !matches!(c, '\u{85}' | '\t'))
}

/// Replacements that are not a matter of accents, by what is drawn.
#[rustfmt::skip]
fn listed(c: char) -> Option<&'static str> {
    Some(match c {
        'Đ' | 'Ð' | 'Ɖ' => "D", 'đ' | 'ð' => "d", 'Ħ' => "H", 'ħ' => "h", 'ı' => "i", 'Ł' => "L", 'ł' => "l",
        'Ŋ' => "N", 'ŋ' => "n", 'Ŧ' => "T", 'ŧ' => "t", 'ĸ' => "k", 'ƒ' => "f", 'µ' | 'μ' => "u",
        'Œ' => "OE", 'œ' => "oe", 'Þ' => "TH", 'þ' => "th", 'ẞ' => "ß",
        '‘' | '’' | '‚' | '‛' | '′' | '´' | '`' | '‹' | '›' | 'ʹ' | 'ʻ' | 'ʼ' | 'ˈ' | 'ˊ' | 'ˋ' => "'",
        '“' | '”' | '„' | '‟' | '″' | '«' | '»' | 'ʺ' | '〝' | '〞' => "\"",
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '⁃' | '﹘' | '﹣' => "-",
        '…' => "...", '‥' => "..", '•' | '‣' | '◦' | '●' | '▪' | '■' | '∙' => "*", '·' | '․' => ".",
        '\u{2028}' | '\u{2029}' | '\u{85}' => "\n",
        '©' => "(c)", '®' => "(r)", '™' => "TM", '°' => "o", 'º' => "o", 'ª' => "a",
        '¹' => "1", '²' => "2", '³' => "3", '½' => "1/2", '¼' => "1/4", '¾' => "3/4",
        '×' => "x", '÷' => "/", '⁄' | '∕' => "/", '∗' => "*", '¦' | '∣' => "|", '∼' | '˜' | '≈' => "~",
        '±' => "+/-", '≠' => "!=", '≤' => "<=", '≥' => ">=", '→' => "->", '←' => "<-", '⇒' => "=>", '‰' => "o/oo",
        '¨' => "\"", '¸' => ",", '¯' => "-", 'ˆ' => "^",
        '¢' => "c", '₤' => "GBP", '₣' => "FRF", '₦' => "NGN", '₩' => "KRW", '₪' => "ILS", '₫' => "VND",
        '₭' => "LAK", '₮' => "MNT", '₱' => "PHP", '₲' => "PYG", '₴' => "UAH", '₵' => "GHS", '₸' => "KZT",
        '₹' => "INR", '₺' => "TRY", '₼' => "AZN", '₽' => "RUB", '₾' => "GEL", '₿' => "BTC", '฿' => "THB", '₡' => "CRC",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn folding() {
        for (text, expect, lost) in [
            ("Räksmörgås É Å Ä Ö é ü ñ", "Räksmörgås É Å Ä Ö é ü ñ", 0),
            ("A\u{30A}a\u{308}e\u{301}", "Åäé", 0),
            ("ÁáÂãĀ Čćç Ëêě", "AaAaA CcÇ Eee", 0),
            ("Łódź Ğİı Şș Țţ ŵ ÿ Žż", "Lodz GIi Ss Tt w y Zz", 0),
            ("Œœ Þþ ß ẞ ŋ Đđ", "OEoe THth ß ß n Dd", 0),
            ("ǻ ế ữ Ǿ", "å é u Ø", 0),
            ("“hej” ‘du’ „x“ «y» `´", "\"hej\" 'du' \"x\" \"y\" ''", 0),
            ("a–b—c−d…•·", "a-b-c-d...*.", 0),
            ("a\u{A0}b\tc\u{2009}d\u{200B}e\u{AD}f\u{FEFF}", "a b c def", 0),
            ("©®™ 20° m² ½ 2×3÷4", "(c)(r)TM 20o m2 1/2 2x3/4", 0),
            ("¢ £ € ₹", "c £ € INR", 0),
            ("a\r\nb\rc", "a\nb\rc", 0),
            ("ﬁ Ａ ≠ \u{2028}", "fi A != \n", 0),
            ("x\u{302}y\0", "xy", 0),
            ("ΑΒ Ω", "AB Ω", 0),
            ("hej 😀", "hej 😀", 1),
            ("👩🏽‍👩🏽‍👧🏽", "👩🏽‍👩🏽‍👧🏽", 1),
            ("Привет", "Привет", 6),
            ("ά", "ά", 1),
            ("日本", "日本", 2),
        ] {
            let folded = fold(text);
            assert_eq!((folded.text.as_str(), folded.lost), (expect, lost), "{text:?}");
        }
    }

    #[test]
    fn changes_are_reported_with_their_place() {
        let change = |at, from: &str, to: &str| Change { at, from: from.into(), to: to.into() };
        assert_eq!(fold("åe\u{30C}–").changes, [change(1, "ě", "e"), change(2, "–", "-")]);
        assert_eq!(fold("a\r\nb").changes, [change(1, "\r", "")]);
        assert_eq!(fold("é").changes, []);
        let replaced = fold_replacing("a👨‍👩‍👧ж");
        assert_eq!(replaced.text, "a??");
        assert_eq!(replaced.changes, [change(1, "👨‍👩‍👧", "?"), change(6, "ж", "?")]);
    }

    proptest! {
        #[test]
        fn what_loses_nothing_is_in_the_alphabet(text in "\\PC{0,40}") {
            let folded = fold(&text);
            prop_assert_eq!(folded.lost == 0, gsm7::is_exact(&folded.text));
            prop_assert!(gsm7::is_exact(&fold_replacing(&text).text));
            prop_assert_eq!(&fold(&folded.text).text, &folded.text);
        }
    }
}
