//! What a central says: control octets and go-aheads anywhere in the stream, and message sequences (three digits, a text, CR) before them.
//!
//! Centrals interleave texts with answers, repeat themselves and leave things out; so this finds what it knows wherever it stands and
//! passes over the rest. It keeps at most one line.

use super::{ACK, CR, EOT, ESC, NAK, RS, XOFF, XON};
use bytes::{Buf as _, BytesMut};

/// Of a line, at most so much is kept.
const LONGEST_LINE: usize = 200;

/// One thing that a central said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// `ID=`: who are you?
    Id,
    /// `ESC [p`: go ahead.
    GoAhead,
    /// ACK.
    Ack,
    /// NAK.
    Nak,
    /// RS.
    Rs,
    /// `ESC EOT`: it ends the call.
    Disconnect,
    /// A message sequence.
    Code(u16, String),
    /// Wait with the next octet.
    Xoff,
    /// Go on.
    Xon,
}

impl Heard {
    /// The control's name, as traces show it; `None` for what is not the end of an answer.
    #[must_use]
    pub fn control(&self) -> Option<&'static str> {
        Some(match self {
            Self::Id => "ID request",
            Self::GoAhead => "go-ahead",
            Self::Ack => "ACK",
            Self::Nak => "NAK",
            Self::Rs => "RS",
            Self::Disconnect => "ESC EOT",
            Self::Code(..) | Self::Xoff | Self::Xon => return None,
        })
    }
}

/// Hears what stands in a stream.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    line: Vec<u8>,
    /// After an escape: what followed it so far.
    escape: Option<Vec<u8>>,
    next: Option<Heard>,
}

impl Answers {
    /// Takes octets off until something was heard; `None` when there are no more.
    pub fn hear(&mut self, input: &mut BytesMut) -> Option<Heard> {
        loop {
            if let Some(next) = self.next.take() {
                return Some(next);
            }
            if !input.has_remaining() {
                return None;
            }
            let octet = input.get_u8() & 0x7F;
            if let Some(heard) = self.octet(octet) {
                return Some(heard);
            }
        }
    }

    fn octet(&mut self, octet: u8) -> Option<Heard> {
        if let Some(mut after) = self.escape.take() {
            match (after.as_slice(), octet) {
                ([], EOT) => return self.control(Heard::Disconnect),
                ([], b'[') => {
                    after.push(octet);
                    self.escape = Some(after);
                    return None;
                }
                ([b'['], b'p' | b'P') => return self.control(Heard::GoAhead),
                _ => {}
            }
        }
        match octet {
            ESC => {
                self.escape = Some(Vec::new());
                None
            }
            ACK => self.control(Heard::Ack),
            NAK => self.control(Heard::Nak),
            RS => self.control(Heard::Rs),
            EOT => self.control(Heard::Disconnect),
            XON => Some(Heard::Xon),
            XOFF => Some(Heard::Xoff),
            CR | b'\n' => self.code(),
            0x20..0x7F => {
                if self.line.len() < LONGEST_LINE {
                    self.line.push(octet);
                }
                if self.line.len() >= 3 && self.line.ends_with(b"ID=") {
                    self.line.clear();
                    return Some(Heard::Id);
                }
                None
            }
            _ => None,
        }
    }

    /// A control octet; what stood before it without a CR is a line of its own.
    fn control(&mut self, control: Heard) -> Option<Heard> {
        match self.code() {
            Some(code) => {
                self.next = Some(control);
                Some(code)
            }
            None => Some(control),
        }
    }

    /// The line is over: a message sequence, or nothing that is known.
    fn code(&mut self) -> Option<Heard> {
        let line = std::mem::take(&mut self.line);
        if line.ends_with(b"[p") {
            return Some(Heard::GoAhead);
        }
        let (digits, text) = line.split_at_checked(3)?;
        if !digits.iter().all(u8::is_ascii_digit) || !matches!(text.first(), None | Some(b' ' | b'-' | b':'))
        {
            return None;
        }
        let code = digits.iter().fold(0_u16, |code, digit| code * 10 + u16::from(digit - b'0'));
        Some(Heard::Code(code, String::from_utf8_lossy(text).trim().to_owned()))
    }
}

/// A whole answer: what it ends with, and the message sequence before that.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Response {
    /// The sequence's number.
    pub code: Option<u16>,
    /// The sequence's text.
    pub text: Option<String>,
    /// How it ends; `None` when it does not.
    pub control: Option<&'static str>,
}

impl Response {
    /// Its octets, as a central says it; `None` for what ends in no way that is known.
    #[must_use]
    pub fn octets(&self) -> Option<Vec<u8>> {
        let end: &[u8] = match self.control? {
            "ID request" => b"ID=",
            "go-ahead" => &[ESC, b'[', b'p', CR],
            "ACK" => &[ACK, CR],
            "NAK" => &[NAK, CR],
            "RS" => &[RS, CR],
            "ESC EOT" => &[ESC, EOT, CR],
            _ => return None,
        };
        let mut octets = Vec::new();
        if let Some(code) = self.code {
            let text = self.text.as_deref().unwrap_or_default();
            octets.extend_from_slice(format!("{code:03} {text}").trim_end().as_bytes());
            octets.push(CR);
        }
        octets.extend_from_slice(end);
        Some(octets)
    }
}

/// Reads an answer as it stands in a trace.
#[must_use]
pub fn response(octets: &[u8]) -> Response {
    let (mut input, mut answers) = (BytesMut::from(octets), Answers::default());
    let mut response = Response::default();
    while let Some(heard) = answers.hear(&mut input) {
        match heard {
            Heard::Code(code, text) => (response.code, response.text) = (Some(code), Some(text)),
            heard => {
                if let Some(control) = heard.control() {
                    response.control = Some(control);
                    break;
                }
            }
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(octets: &[u8]) -> Vec<Heard> {
        let (mut input, mut answers) = (BytesMut::from(octets), Answers::default());
        std::iter::from_fn(|| answers.hear(&mut input)).collect()
    }

    #[test]
    fn a_session_as_centrals_speak() {
        let code = |n, text: &str| Heard::Code(n, text.to_owned());
        for (octets, heard) in [
            (&b"\r\nID="[..], vec![Heard::Id]),
            (
                b"110 1.8\r114 Welcome\r\x06\r\x1b[p\r",
                vec![code(110, "1.8"), code(114, "Welcome"), Heard::Ack, Heard::GoAhead],
            ),
            (b"\r\x1b[p\r", vec![Heard::GoAhead]),
            (b"[p\r", vec![Heard::GoAhead]),
            (b"hello\r511 no\x1e\r", vec![code(511, "no"), Heard::Rs]),
            (b"\x95\x8d", vec![Heard::Nak]),
            (b"noise~~\r\x00\x7f\x1bx\x06", vec![Heard::Ack]),
            (b"1998 pages\r", vec![]),
            (b"\x1b\x04\r", vec![Heard::Disconnect]),
            (b"211\r\x06\r", vec![code(211, ""), Heard::Ack]),
        ] {
            assert_eq!(all(octets), heard, "{octets:?}");
        }
    }

    #[test]
    fn an_answer_is_written_as_it_was_read() {
        for octets in [
            &b"114 Welcome\r\x06\r"[..],
            b"211\r\x06\r",
            b"514 Checksum Error\r\x15\r",
            b"511 no\r\x1e\r",
            b"115 Goodbye\r\x1b\x04\r",
            b"\x1b[p\r",
            b"ID=",
        ] {
            assert_eq!(response(octets).octets().as_deref(), Some(octets), "{octets:?}");
        }
        assert_eq!(response(b"211 taken\r").octets(), None);
    }

    proptest! {
        #[test]
        fn how_it_is_split_changes_nothing(octets in proptest::collection::vec(prop_oneof![any::<u8>(), Just(0x1b), Just(b'['), Just(b'p'), Just(4), Just(6), Just(13), Just(b'5')], 0..200), at in 0_usize..200) {
            let at = at.min(octets.len());
            let mut answers = Answers::default();
            let mut heard = Vec::new();
            for part in [&octets[..at], &octets[at..]] {
                let mut input = BytesMut::from(part);
                while let Some(one) = answers.hear(&mut input) {
                    heard.push(one);
                }
                prop_assert!(input.is_empty());
            }
            prop_assert_eq!(heard, all(&octets));
        }
    }
}
