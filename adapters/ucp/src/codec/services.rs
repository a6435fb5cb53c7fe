//! Extra services (field XSer): type, length and octets, one after the other, in hex.
//!
//! Unknown types are skipped by their length; a list that is cut off ends where it is cut.

use pdu::hex;
use std::fmt::Write as _;

/// The types that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extra {
    /// GSM user data header, its length octet included.
    Header = 0x01,
    /// GSM data coding scheme, one octet.
    Coding = 0x02,
}

/// All of a list, by type.
#[must_use]
pub fn services(field: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let octets = hex::decode_octets(field).unwrap_or_default();
    let mut rest = octets.as_slice();
    let mut all = Vec::new();
    while let [kind, length, tail @ ..] = rest {
        let Some((value, after)) = tail.split_at_checked(usize::from(*length)) else { break };
        all.push((*kind, value.to_vec()));
        rest = after;
    }
    all
}

/// The first of a type.
#[must_use]
pub fn service(field: &[u8], kind: Extra) -> Option<Vec<u8>> {
    services(field).into_iter().find(|(found, _)| *found == kind as u8).map(|(_, value)| value)
}

/// Appends one; more than 255 octets fit in none and are left out.
pub fn push_service(field: &mut String, kind: Extra, value: &[u8]) {
    if let Ok(length) = u8::try_from(value.len()) {
        // Writing to a String cannot fail.
        let _ = write!(field, "{:02X}{length:02X}{}", kind as u8, hex::encode(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        let mut field = String::new();
        push_service(&mut field, Extra::Header, &[5, 0, 3, 0x2A, 2, 1]);
        push_service(&mut field, Extra::Coding, &[8]);
        assert_eq!(field, "01060500032A0201020108");
        assert_eq!(service(field.as_bytes(), Extra::Coding), Some(vec![8]));
        let published = services(b"020100060101070101");
        assert_eq!(published, [(2, vec![0]), (6, vec![1]), (7, vec![1])]);
        for cut in ["", "0", "02", "0201", "02FF00", "zz"] {
            assert_eq!(service(cut.as_bytes(), Extra::Coding), None, "{cut}");
        }
    }
}
