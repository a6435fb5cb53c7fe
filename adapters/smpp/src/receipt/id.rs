//! The forms of a message id. The response to a submit often says it in hexadecimal and the receipt in decimal,
//! padded or not, in capitals or not.
//!
//! Here stand only the forms; which pair of forms a link uses is learned and decided elsewhere.

/// Digits of 128 bits in hexadecimal and in decimal, at most.
const HEX_DIGITS: usize = 32;
const DECIMAL_DIGITS: usize = 39;

/// The number that the id is when read as decimal. None if it has other characters or is above 128 bits.
pub fn as_decimal(id: &str) -> Option<u128> {
    let digits = significant(id);
    if id.is_empty() || digits.len() > DECIMAL_DIGITS || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    if digits.is_empty() { Some(0) } else { digits.parse().ok() }
}

/// The number that the id is when read as hexadecimal. None if it has other characters or is above 128 bits.
pub fn as_hex(id: &str) -> Option<u128> {
    let digits = significant(id);
    if id.is_empty() || digits.len() > HEX_DIGITS || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    if digits.is_empty() { Some(0) } else { u128::from_str_radix(digits, 16).ok() }
}

/// Every key under which the id may be found, without doubles, the most exact first: as it is; in lower case
/// without leading zeros; read as hexadecimal and written in decimal; read as decimal and written in hexadecimal.
/// Two ids can mean the same message if they share a key.
pub fn id_keys(raw: &str) -> Vec<String> {
    let raw = raw.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\0');
    let mut keys = vec![raw.to_owned()];
    let mut add = |key: String| {
        if !keys.contains(&key) {
            keys.push(key);
        }
    };
    let lower = raw.to_ascii_lowercase();
    let numeric = as_hex(raw).is_some() || as_decimal(raw).is_some();
    add(if numeric { significant(&lower).to_owned() } else { lower });
    if let Some(number) = as_hex(raw) {
        add(number.to_string());
    }
    if let Some(number) = as_decimal(raw) {
        add(format!("{number:x}"));
    }
    keys.retain(|key| !key.is_empty());
    keys
}

/// Without leading zeros.
fn significant(id: &str) -> &str {
    id.trim_start_matches('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let check = |id: &str, decimal, hex| assert_eq!((as_decimal(id), as_hex(id)), (decimal, hex), "{id}");
        check("0000436949", Some(436_949), Some(0x43_6949));
        check("6aad5", None, Some(436_949));
        check("98765432101", Some(0x16_fee0_e525), Some(0x98_765_432_101));
        check("000", Some(0), Some(0));
        check("", None, None);
        check("+5", None, None);
        check("c87c2273-7edb", None, None);
        check("2E179B310EDE971B2760C72B7F026E1B", None, Some(0x2E17_9B31_0EDE_971B_2760_C72B_7F02_6E1B));
        check("340282366920938463463374607431768211456", None, None);
        check("12E179B310EDE971B2760C72B7F026E1B", None, None);
    }

    #[test]
    fn ids_of_one_message_share_a_key() {
        let same = |a: &str, b: &str| id_keys(a).iter().any(|key| id_keys(b).contains(key));
        assert!(same("6aad5", "0000436949"));
        assert!(same("38601fa", "0059113978"));
        assert!(same("00B8BE19", "B8BE19"));
        assert!(same("18d0e03a", "0416342074"));
        assert!(same("C87C2273-7EDB", "c87c2273-7edb"));
        assert!(!same("6aad5", "436950"));
        assert!(!same("abc-1", "abc-2"));
    }

    #[test]
    fn keys() {
        assert_eq!(id_keys("00B8BE19"), ["00B8BE19", "b8be19", "12107289"]);
        assert_eq!(id_keys("12\0"), ["12", "18", "c"]);
        assert_eq!(id_keys("0"), ["0"]);
        assert_eq!(id_keys(" "), Vec::<String>::new());
    }
}
