//! Lines and mail data off the wire (RFC 5321, 2.3.8 and 4.5.2). Only CRLF ends a line and only CRLF.CRLF ends a mail: whatever else
//! looks like an end to somebody (SMTP smuggling) is content here, and makes the whole be refused.

/// What came where a command was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandLine {
    /// A line without its CRLF.
    Text(Vec<u8>),
    /// A line with a bare CR, bare LF or NUL in it.
    Broken,
    /// Longer than allowed.
    TooLong,
}

/// Gathers command lines.
#[derive(Debug)]
pub struct CommandReader {
    most: usize,
    lenient: bool,
    line: Vec<u8>,
    after_cr: bool,
    broken: bool,
    too_long: bool,
}

impl CommandReader {
    /// Lines of at most `most` octets with their CRLF; a lenient reader takes a bare LF for a line end.
    #[must_use]
    pub fn new(most: usize, lenient: bool) -> Self {
        Self {
            most: most.saturating_sub(2),
            lenient,
            line: Vec::new(),
            after_cr: false,
            broken: false,
            too_long: false,
        }
    }

    /// Takes one octet; a line when it ends one. A bare LF ends a line too, but a broken one.
    pub fn push(&mut self, octet: u8) -> Option<CommandLine> {
        let after_cr = std::mem::replace(&mut self.after_cr, octet == b'\r');
        match octet {
            b'\n' => {
                self.broken |= !after_cr;
                return Some(self.end());
            }
            b'\r' => self.broken |= after_cr,
            octet => {
                self.broken |= after_cr || octet == 0;
                if self.line.len() < self.most {
                    self.line.push(octet);
                } else {
                    self.too_long = true;
                }
            }
        }
        None
    }

    fn end(&mut self) -> CommandLine {
        let line = std::mem::take(&mut self.line);
        let (broken, too_long) = (std::mem::take(&mut self.broken), std::mem::take(&mut self.too_long));
        match (too_long, broken && !self.lenient) {
            (true, _) => CommandLine::TooLong,
            (false, true) => CommandLine::Broken,
            (false, false) => CommandLine::Text(line),
        }
    }
}

/// Why a mail is not taken whatever it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataFault {
    /// A bare CR or LF.
    BareEnd,
    /// A line over the limit.
    LongLine,
    /// Too large.
    TooLarge,
    /// Far too large: nobody waits for its end.
    Endless,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    LineStart,
    Dot,
    DotCr,
    Text,
    Cr,
}

/// Gathers a mail up to its end, dots undone.
#[derive(Debug)]
pub struct DataReader {
    most: usize,
    longest_line: usize,
    lenient: bool,
    at: At,
    mail: Vec<u8>,
    line: usize,
    seen: usize,
    fault: Option<DataFault>,
}

impl DataReader {
    /// A mail of at most `most` octets in lines of at most `longest_line` with their CRLF.
    #[must_use]
    pub fn new(most: usize, longest_line: usize, lenient: bool) -> Self {
        let longest_line = longest_line.saturating_sub(2);
        Self {
            most,
            longest_line,
            lenient,
            at: At::LineStart,
            mail: Vec::new(),
            line: 0,
            seen: 0,
            fault: None,
        }
    }

    /// Takes one octet; the mail, or why it is refused, when it is the last.
    pub fn push(&mut self, octet: u8) -> Option<Result<Vec<u8>, DataFault>> {
        self.seen = self.seen.saturating_add(1);
        if self.seen > self.most.saturating_mul(8) {
            return Some(Err(DataFault::Endless));
        }
        match (self.at, octet) {
            (At::DotCr, b'\n') => return Some(self.end()),
            (At::Dot, b'\n') if self.lenient => return Some(self.end()),
            (At::Cr, b'\n') => self.new_line(),
            (_, b'\n') if self.lenient => self.new_line(),
            (At::LineStart, b'.') => self.at = At::Dot,
            (At::Dot, b'\r') => self.at = At::DotCr,
            (At::LineStart | At::Text, b'\r') => self.at = At::Cr,
            (At::Cr | At::DotCr, b'\r') => self.bare(b' ', At::Cr),
            (At::Cr | At::DotCr, octet) => self.bare(octet, At::Text),
            (At::LineStart | At::Dot | At::Text, b'\n') => self.bare(b' ', At::Text),
            (At::LineStart | At::Dot | At::Text, octet) => {
                self.keep(octet);
                self.at = At::Text;
            }
        }
        None
    }

    fn bare(&mut self, octet: u8, at: At) {
        if !self.lenient {
            self.fault.get_or_insert(DataFault::BareEnd);
        }
        self.keep(octet);
        self.at = at;
    }

    fn new_line(&mut self) {
        self.line = 0;
        self.at = At::LineStart;
        self.store(b'\r');
        self.store(b'\n');
    }

    fn keep(&mut self, octet: u8) {
        self.line += 1;
        if self.line > self.longest_line {
            self.fault.get_or_insert(DataFault::LongLine);
        }
        self.store(octet);
    }

    fn store(&mut self, octet: u8) {
        if self.mail.len() >= self.most {
            self.fault = Some(DataFault::TooLarge);
        }
        if self.fault.is_some() {
            self.mail = Vec::new();
        } else {
            self.mail.push(octet);
        }
    }

    fn end(&mut self) -> Result<Vec<u8>, DataFault> {
        self.fault.map_or_else(|| Ok(std::mem::take(&mut self.mail)), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn commands(octets: &[u8], lenient: bool) -> Vec<CommandLine> {
        let mut reader = CommandReader::new(12, lenient);
        octets.iter().filter_map(|o| reader.push(*o)).collect()
    }

    /// The result and how many octets were left after the end.
    fn data(octets: &[u8], lenient: bool) -> Option<(Result<String, DataFault>, usize)> {
        let mut reader = DataReader::new(64, 20, lenient);
        octets.iter().enumerate().find_map(|(n, o)| {
            let end = reader.push(*o)?;
            Some((end.map(|mail| String::from_utf8_lossy(&mail).into_owned()), octets.len() - n - 1))
        })
    }

    #[test]
    fn commands_end_with_crlf_only() {
        assert_eq!(commands(b"NOOP\r\n", false), [CommandLine::Text(b"NOOP".to_vec())]);
        for broken in [&b"NOOP\n"[..], b"NO\rOP\r\n", b"NOOP\r\r\n", b"NO\0OP\r\n", b"\n"] {
            assert_eq!(commands(broken, false), [CommandLine::Broken], "{broken:?}");
        }
        assert_eq!(commands(b"NOOP\nNOOP\r\n", true).len(), 2);
        assert_eq!(commands(b"0123456789\r\n", false), [CommandLine::Text(b"0123456789".to_vec())]);
        assert_eq!(commands(b"0123456789x\r\n", false), [CommandLine::TooLong]);
    }

    #[test]
    fn no_other_end_of_data() {
        assert_eq!(data(b"a\r\n..b\r\n.c\r\n.\r\nQUIT", false), Some((Ok("a\r\n.b\r\nc\r\n".into()), 4)));
        assert_eq!(data(b".\r\n", false), Some((Ok(String::new()), 0)));
        let smuggled: &[&[u8]] = &[
            b"a\n.\nx",
            b"a\n.\r\nx",
            b"a\r\n.\nx",
            b"a\r.\rx",
            b"a\r.\r\nx",
            b"a\r\n.\rx",
            b"a\r\n\0.\r\nx",
            b"a\r\n.\0\r\nx",
            b"a\0\r\n\0.\0\r\n\0x",
            b"a\n.\r\r\nx",
            b"a\r\n.\r\r\nx",
            b"a\r\r\n.\rx",
            b"\n.\r\nx",
            b"\r.\r\nx",
        ];
        for octets in smuggled {
            assert_eq!(data(octets, false), None, "{:?}", String::from_utf8_lossy(octets));
            let whole = [octets, &b"\r\n.\r\n"[..]].concat();
            let (result, left) = data(&whole, false).expect("ends");
            assert_eq!(left, 0);
            let only_nul = octets.contains(&0);
            assert!(
                result == Err(DataFault::BareEnd) || (only_nul && result.is_ok()),
                "{:?}",
                String::from_utf8_lossy(octets)
            );
        }
    }

    #[test]
    fn old_devices_where_allowed() {
        assert_eq!(data(b"a\n.\nx", true), Some((Ok("a\r\n".into()), 1)));
        assert_eq!(data(b"a\rb\r\n.\r\n", true), Some((Ok("ab\r\n".into()), 0)));
    }

    #[test]
    fn limits() {
        let line = |n: usize| [b"x".repeat(n), b"\r\n.\r\n".to_vec()].concat();
        assert!(matches!(data(&line(18), false), Some((Ok(_), 0))));
        assert_eq!(data(&line(19), false), Some((Err(DataFault::LongLine), 0)));
        let lines = |n: usize| [b"123456\r\n".repeat(n), b".\r\n".to_vec()].concat();
        assert!(matches!(data(&lines(8), false), Some((Ok(_), 0))));
        assert_eq!(data(&lines(9), false), Some((Err(DataFault::TooLarge), 0)));
        assert!(matches!(data(&b"x".repeat(10_000), false), Some((Err(DataFault::Endless), _))));
    }

    proptest! {
        #[test]
        fn the_split_does_not_matter_and_memory_is_bounded(octets in prop::collection::vec(prop::sample::select(b"\r\n.x\0".to_vec()), 0..200)) {
            let mut reader = DataReader::new(32, 1000, false);
            let mut before = Vec::new();
            for octet in octets {
                before.push(octet);
                if reader.push(octet).is_some() {
                    let ends = before == b".\r\n" || before.ends_with(b"\r\n.\r\n");
                    prop_assert!(ends || before.len() > 8 * 32);
                    return Ok(());
                }
                prop_assert!(reader.mail.len() <= 32);
            }
        }
    }
}
