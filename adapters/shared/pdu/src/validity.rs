//! Relative validity codes (TP-VP, 3GPP TS 23.040 section 9.2.3.12.1).
//!
//! Never fails: what is longer than any code lasts gets the longest.

/// Minutes of a relative validity code, 5 minutes to 63 weeks.
pub fn relative_minutes(code: u8) -> u32 {
    let value = u32::from(code);
    match code {
        0..=143 => (value + 1) * 5,
        144..=167 => 12 * 60 + (value - 143) * 30,
        168..=196 => (value - 166) * 24 * 60,
        197..=255 => (value - 192) * 7 * 24 * 60,
    }
}

/// The shortest relative validity code that lasts at least `minutes`; the longest there is when none does.
pub fn relative_code(minutes: u32) -> u8 {
    (0..=u8::MAX).find(|code| relative_minutes(*code) >= minutes).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_validity() {
        for (minutes, code) in [
            (0, 0),
            (5, 0),
            (6, 1),
            (30, 5),
            (720, 143),
            (721, 144),
            (1440, 167),
            (1441, 168),
            (4320, 169),
            (5760, 170),
            (43_200, 196),
            (43_201, 197),
            (u32::MAX, 255),
        ] {
            assert_eq!(relative_code(minutes), code, "{minutes}");
        }
        assert_eq!(
            (relative_minutes(167), relative_minutes(170), relative_minutes(255)),
            (1440, 5760, 635_040)
        );
    }
}
