//! Letters of old systems that say what they write, which the parser does not know: the code pages of DOS, and UTF-32.

/// The upper half of code page 437.
const CP437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}";

/// The upper half of code page 850.
const CP850: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{AD}±‗¾¶§÷¸°¨·¹³²■\u{A0}";

/// What differs in 858 from 850, and in 865 from 437.
const OF_858: [(u8, char); 1] = [(0xD5, '€')];
const OF_865: [(u8, char); 3] = [(0x9B, 'ø'), (0x9D, 'Ø'), (0xAF, '¤')];

/// How octets of a set of this name are read, where the name is one of these.
#[must_use]
pub fn decoder(name: &str) -> Option<fn(&[u8]) -> String> {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let number = name.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let maker = name.strip_suffix(number).unwrap_or_default();
    if !["", "cp", "xcp", "ibm", "xibm", "dos", "oem", "pc", "ccsid", "cspc"].contains(&maker) {
        return utf32_named(&name).then_some(utf32);
    }
    match number.trim_start_matches('0') {
        "437" | "8codepage437" => Some(|octets| page(octets, CP437, &[])),
        "850" | "850multilingual" => Some(|octets| page(octets, CP850, &[])),
        "858" => Some(|octets| page(octets, CP850, &OF_858)),
        "865" => Some(|octets| page(octets, CP437, &OF_865)),
        _ => None,
    }
}

fn utf32_named(name: &str) -> bool {
    matches!(name, "utf32" | "utf32le" | "utf32be" | "ucs4" | "ucs4le" | "ucs4be" | "iso10646ucs4" | "csucs4")
}

fn page(octets: &[u8], upper: &str, others: &[(u8, char)]) -> String {
    let upper: Vec<char> = upper.chars().collect();
    let letter = |octet: &u8| match others.iter().find(|(other, _)| other == octet) {
        Some((_, letter)) => *letter,
        None if *octet < 0x80 => char::from(*octet),
        None => upper.get(usize::from(*octet) - 0x80).copied().unwrap_or('\u{FFFD}'),
    };
    octets.iter().map(letter).collect()
}

/// Whichever octet comes first: the mark says it, and so does every letter, for its first octet of the four is zero.
fn utf32(octets: &[u8]) -> String {
    let (letters, _) = octets.as_chunks::<4>();
    let zeros = |nth: usize| letters.iter().filter(|letter| letter.get(nth) == Some(&0)).count();
    let little = zeros(3) > zeros(0);
    let number =
        |letter: &[u8; 4]| if little { u32::from_le_bytes(*letter) } else { u32::from_be_bytes(*letter) };
    let letters = letters.iter().map(|letter| char::from_u32(number(letter)).unwrap_or('\u{FFFD}'));
    letters.filter(|letter| *letter != '\u{FEFF}').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_whole() {
        for upper in [CP437, CP850] {
            assert_eq!(upper.chars().count(), 128);
        }
        let read = |name: &str, octets: &[u8]| decoder(name).map(|decoder| decoder(octets));
        for name in [
            "cp437",
            "IBM437",
            "ibm-437",
            "x-cp437",
            "437",
            "cp850",
            "850",
            "IBM00858",
            "cp865",
            "cspc850multilingual",
        ] {
            assert_eq!(
                read(name, b"Niv\x86 h\x94g \x8f\x8e\x99 \x84").as_deref(),
                Some("Nivå hög ÅÄÖ ä"),
                "{name}"
            );
        }
        assert_eq!(read("cp858", b"\xd5\x9b").as_deref(), Some("€ø"));
        assert_eq!(read("cp865", b"\x9b\x9d\xe1\xf8").as_deref(), Some("øØß°"));
        assert_eq!(read("cp437", b"\x9b\xe1\xf8\xff").as_deref(), Some("¢ß°\u{a0}"));
        for name in ["cp1252", "utf-8", "iso-8859-1", "cp8500", "windows-437", "437x"] {
            assert!(decoder(name).is_none(), "{name}");
        }
    }

    #[test]
    fn four_octets_a_letter() {
        let read = |octets: &[u8]| decoder("UTF-32").map(|decoder| decoder(octets));
        assert_eq!(read(b"\xff\xfe\0\0H\0\0\0\xe5\0\0\0").as_deref(), Some("Hå"));
        assert_eq!(read(b"\0\0\xfe\xff\0\0\0H\0\0\0\xe5").as_deref(), Some("Hå"));
        assert_eq!(read(b"\0\0\0H\0\x01\xf6\0\0").as_deref(), Some("H😀"));
        assert_eq!(read(b"\0\x11\0\0").as_deref(), Some("\u{fffd}"));
        assert!(decoder("utf-32le").is_some() && decoder("ISO-10646-UCS-4").is_some());
    }
}
