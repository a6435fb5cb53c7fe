//! Cutting what a modem sends into lines and prompts (V.250 section 5.7).
//!
//! Never waits and never keeps more than one line of bounded length. What is no printable ASCII is replaced, so that a line at a
//! wrong speed cannot be taken for another.

use bytes::{Buf as _, BytesMut};

/// Longest line that is kept; a PDU has at most 360 digits, an answer of one line less than this.
const LONGEST: usize = 2_048;

/// A piece of input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// A line with something in it.
    Line(String),
    /// The prompt `> ` for a text.
    Prompt,
}

/// Cuts lines.
#[derive(Debug, Default)]
pub struct Lines {
    /// A line that was too long is being thrown away.
    skipping: bool,
}

impl Lines {
    /// Takes the next piece off the input. A prompt is only looked for when one is `expected`: a text may begin with `>`.
    pub fn cut(&mut self, input: &mut BytesMut, expected: bool) -> Option<Piece> {
        loop {
            let blank = input.iter().take_while(|octet| is_end(**octet)).count();
            if blank > 0 {
                input.advance(blank);
                self.skipping = false;
            }
            if expected && !self.skipping && input.first() == Some(&b'>') {
                input.advance(1);
                if input.first() == Some(&b' ') {
                    input.advance(1);
                }
                return Some(Piece::Prompt);
            }
            let Some(length) = input.iter().position(|octet| is_end(*octet)) else {
                if input.len() > LONGEST {
                    input.clear();
                    self.skipping = true;
                }
                return None;
            };
            let line = input.split_to(length);
            if std::mem::take(&mut self.skipping) || line.len() > LONGEST {
                continue;
            }
            let text: String = line.iter().map(|octet| readable(*octet)).collect();
            let text = text.trim();
            if !text.is_empty() {
                return Some(Piece::Line(text.to_owned()));
            }
        }
    }
}

fn is_end(octet: u8) -> bool {
    matches!(octet, b'\r' | b'\n' | 0 | 0x1A)
}

fn readable(octet: u8) -> char {
    if (0x20..0x7F).contains(&octet) { char::from(octet) } else { '?' }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(input: &[u8], expected: bool) -> Vec<Piece> {
        let (mut lines, mut input) = (Lines::default(), BytesMut::from(input));
        std::iter::from_fn(|| lines.cut(&mut input, expected)).collect()
    }

    #[test]
    fn lines_and_prompts() {
        let line = |text: &str| Piece::Line(text.to_owned());
        assert_eq!(pieces(b"AT\r\r\nOK\r\n", false), [line("AT"), line("OK")]);
        assert_eq!(pieces(b"\r\n+CMTI: \"SM\",3\r\n\r\n> ", true), [line("+CMTI: \"SM\",3"), Piece::Prompt]);
        assert_eq!(pieces(b"\r\n>", true), [Piece::Prompt]);
        assert_eq!(pieces(b"> x\r\n", false), [line("> x")]);
        assert_eq!(pieces(b"\xff\xfeO\r\nhalf", false), [line("??O")]);
        assert_eq!(pieces(&[&vec![b'A'; 5_000][..], b"\r\nOK\r\n"].concat(), false), [line("OK")]);
    }

    #[test]
    fn a_long_line_in_small_pieces_is_dropped_whole() {
        let (mut lines, mut input) = (Lines::default(), BytesMut::new());
        for _ in 0..100 {
            input.extend_from_slice(&[b'A'; 100]);
            assert_eq!(lines.cut(&mut input, false), None);
        }
        input.extend_from_slice(b"tail\r\nOK\r\n");
        assert_eq!(lines.cut(&mut input, false), Some(Piece::Line("OK".into())));
        assert!(input.capacity() < 1_000_000);
    }
}
