//! From octets to lines: telnet's own sequences (RFC 854, IAC) are taken out, lines end with CRLF, LF or CR NUL.
//!
//! Memory is bounded by the longest line; what telnet negotiates is refused politely and a limited number of times.

const IAC: u8 = 255;
const DONT: u8 = 254;
const DO: u8 = 253;
const WONT: u8 = 252;
const WILL: u8 = 251;
const SB: u8 = 250;
const SE: u8 = 240;
/// Erase character, erase line.
const EC: u8 = 247;
const EL: u8 = 248;

/// Negotiations answered in one session; more are ignored, so that nobody makes us write for ever.
const MOST_REFUSALS: u32 = 64;

/// What a peer sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A line without its end.
    Text(Vec<u8>),
    /// A line longer than allowed; its octets are gone.
    TooLong,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Telnet {
    Plain,
    Command,
    Option(u8),
    Sub,
    SubCommand,
}

/// Takes octets in pieces of any size and gives lines.
#[derive(Debug)]
pub struct LineReader {
    most: usize,
    line: Vec<u8>,
    too_long: bool,
    after_cr: bool,
    telnet: Telnet,
    refusals: u32,
    answers: Vec<u8>,
}

impl LineReader {
    /// A reader of lines of at most `most` octets.
    #[must_use]
    pub fn new(most: usize) -> Self {
        let line = Vec::with_capacity(most.min(256));
        Self {
            most,
            line,
            too_long: false,
            after_cr: false,
            telnet: Telnet::Plain,
            refusals: 0,
            answers: Vec::new(),
        }
    }

    /// Takes one octet; a line when it ends one.
    pub fn push(&mut self, octet: u8) -> Option<Line> {
        match (self.telnet, octet) {
            (Telnet::Plain, IAC) => self.telnet = Telnet::Command,
            (Telnet::Plain, octet) => return self.text(octet),
            (Telnet::Command, IAC) => {
                self.telnet = Telnet::Plain;
                return self.text(IAC);
            }
            (Telnet::Command, verb @ (WILL | WONT | DO | DONT)) => self.telnet = Telnet::Option(verb),
            (Telnet::Command, SB) => self.telnet = Telnet::Sub,
            (Telnet::Command, EC) => {
                self.telnet = Telnet::Plain;
                return self.text(0x08);
            }
            (Telnet::Command, EL) => {
                self.telnet = Telnet::Plain;
                return self.text(0x15);
            }
            (Telnet::Command, _) => self.telnet = Telnet::Plain,
            (Telnet::Option(verb), option) => {
                self.telnet = Telnet::Plain;
                self.refuse(verb, option);
            }
            (Telnet::Sub, IAC) => self.telnet = Telnet::SubCommand,
            (Telnet::Sub, _) => {}
            (Telnet::SubCommand, SE) => self.telnet = Telnet::Plain,
            (Telnet::SubCommand, _) => self.telnet = Telnet::Sub,
        }
        None
    }

    /// Octets to send to the peer: refusals of what it offered. Empty most of the time.
    pub fn take_answers(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.answers)
    }

    /// Whether a line has begun that has no end yet.
    #[must_use]
    pub fn is_midway(&self) -> bool {
        !self.line.is_empty() || self.too_long
    }

    fn text(&mut self, octet: u8) -> Option<Line> {
        let after_cr = std::mem::replace(&mut self.after_cr, octet == b'\r');
        match octet {
            b'\n' => Some(self.end()),
            0 if after_cr => Some(self.end()),
            b'\r' => None,
            octet => {
                if after_cr {
                    // A carriage return inside a line: kept as a blank, it must not split a text into commands.
                    self.keep(b' ');
                }
                self.keep(octet);
                None
            }
        }
    }

    fn keep(&mut self, octet: u8) {
        if self.line.len() < self.most {
            self.line.push(octet);
        } else {
            self.too_long = true;
        }
    }

    fn end(&mut self) -> Line {
        let line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.too_long) { Line::TooLong } else { Line::Text(line) }
    }

    fn refuse(&mut self, verb: u8, option: u8) {
        let answer = match verb {
            WILL => DONT,
            DO => WONT,
            _ => return,
        };
        if self.refusals < MOST_REFUSALS {
            self.refusals += 1;
            self.answers.extend([IAC, answer, option]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(octets: &[u8]) -> (Vec<String>, Vec<u8>) {
        let mut reader = LineReader::new(16);
        let lines = octets.iter().filter_map(|o| reader.push(*o)).map(|line| match line {
            Line::Text(text) => String::from_utf8_lossy(&text).into_owned(),
            Line::TooLong => "(too long)".to_owned(),
        });
        (lines.collect(), reader.take_answers())
    }

    #[test]
    fn every_line_end_counts_once() {
        for ends in ["A\r\nB\r\n", "A\nB\n", "A\r\0B\r\0", "A\r\nB\n"] {
            assert_eq!(lines(ends.as_bytes()).0, ["A", "B"], "{ends:?}");
        }
        assert_eq!(lines(b"A\rSEND\r\n").0, ["A SEND"], "a bare CR is a blank");
        assert_eq!(lines(b"\r\n\r\n").0, ["", ""]);
    }

    #[test]
    fn telnet_is_taken_out_and_refused() {
        let (text, answers) =
            lines(b"\xFF\xFB\x18HE\xFF\xFD\x01LP\xFF\xFA\x18\x00\nx\xFF\xF0\xFF\xF1\xFF\xFE\x03\r\n");
        assert_eq!(text, ["HELP"]);
        assert_eq!(answers, [IAC, DONT, 0x18, IAC, WONT, 1]);
        assert_eq!(
            lines(b"ab\xFF\xF7c\xFF\xF8\r\n").0,
            ["ab\u{8}c\u{15}"],
            "erasing is left to who knows the line"
        );
        assert_eq!(lines(b"\xFF\xFF\r\n").0, ["\u{FFFD}"], "doubled is the octet itself");
    }

    #[test]
    fn limits_hold() {
        assert_eq!(lines(b"0123456789abcdef\r\n").0, ["0123456789abcdef"]);
        assert_eq!(lines(b"0123456789abcdefg\r\nok\r\n").0, ["(too long)", "ok"]);
        let flood = [IAC, WILL, 1].repeat(10_000);
        assert_eq!(lines(&flood).1.len(), 3 * 64);
    }

    proptest! {
        #[test]
        fn bounded_whatever_comes(octets in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut reader = LineReader::new(8);
            for octet in octets {
                if let Some(Line::Text(line)) = reader.push(octet) {
                    prop_assert!(line.len() <= 8);
                }
                prop_assert!(reader.line.len() <= 8 && reader.answers.len() <= 192);
            }
        }
    }
}
