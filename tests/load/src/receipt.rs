//! Builds the receipt that the simulated operator sends: a deliver_sm with the customary text and the two TLVs of SMPP
//! 3.4, 5.3.2.12 and 5.3.2.35. Nothing is read here.

use crate::clock::wall_seconds;

/// esm_class of a receipt (5.2.12).
const RECEIPT: u8 = 0x04;

/// Appends one deliver_sm; `from` and `to` are as in the submit, and change places.
pub(crate) fn push(out: &mut Vec<u8>, sequence: u32, id: &[u8], from: &[u8], to: &[u8]) {
    let start = out.len();
    out.extend_from_slice(&[0, 0, 0, 0]);
    out.extend_from_slice(&5_u32.to_be_bytes());
    out.extend_from_slice(&0_u32.to_be_bytes());
    out.extend_from_slice(&sequence.to_be_bytes());
    out.extend_from_slice(&[0, 1, 1]);
    out.extend_from_slice(to);
    out.extend_from_slice(&[0, 1, 1]);
    out.extend_from_slice(from);
    // esm_class, protocol_id, priority, schedule, validity, registered_delivery, replace, coding, default message
    out.extend_from_slice(&[0, RECEIPT, 0, 0, 0, 0, 0, 0, 0, 0]);
    let length_at = out.len();
    out.push(0);
    let date = date(wall_seconds());
    out.extend_from_slice(b"id:");
    out.extend_from_slice(id);
    out.extend_from_slice(b" sub:001 dlvrd:001 submit date:");
    out.extend_from_slice(&date);
    out.extend_from_slice(b" done date:");
    out.extend_from_slice(&date);
    out.extend_from_slice(b" stat:DELIVRD err:000 text:");
    out[length_at] = u8::try_from(out.len() - length_at - 1).unwrap_or(u8::MAX);
    tlv(out, 0x001e, &[id, &[0]].concat());
    tlv(out, 0x0427, &[2]);
    let length = u32::try_from(out.len() - start).unwrap_or(0);
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
}

fn tlv(out: &mut Vec<u8>, tag: u16, value: &[u8]) {
    out.extend_from_slice(&tag.to_be_bytes());
    out.extend_from_slice(&u16::try_from(value.len()).unwrap_or(0).to_be_bytes());
    out.extend_from_slice(value);
}

/// `YYMMDDhhmm` in UTC, by the civil-from-days rule.
fn date(seconds: u64) -> [u8; 10] {
    let days = seconds / 86_400 + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let fields = [year % 100, month, day, seconds / 3_600 % 24, seconds / 60 % 60];
    let mut text = [b'0'; 10];
    for (pair, value) in text.chunks_exact_mut(2).zip(fields) {
        pair[0] += u8::try_from(value / 10).unwrap_or(0);
        pair[1] += u8::try_from(value % 10).unwrap_or(0);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{date, push};

    #[test]
    fn dates_are_civil() {
        for (seconds, expected) in
            [(0, "7001010000"), (951_782_400, "0002290000"), (1_795_441_560, "2611231346")]
        {
            assert_eq!(date(seconds), expected.as_bytes(), "{seconds}");
        }
    }

    #[test]
    fn lengths_are_right() {
        let mut out = Vec::new();
        push(&mut out, 7, b"abc", b"123", b"467");
        assert_eq!(u32::from_be_bytes([out[0], out[1], out[2], out[3]]) as usize, out.len());
        assert!(out.windows(7).any(|window| window == b"id:abc "));
    }
}
