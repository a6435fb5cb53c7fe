//! A chat with a modem: one command at a time, its answer, and what the modem says unasked (V.250, 3GPP TS 27.007 section 4).
//!
//! Sans-IO and half-duplex: octets and time in, octets and [`Said`] out. What comes unasked in the middle of an answer, also between
//! a text and its result, is told apart and never lost. It knows no command's meaning and never decides what to ask next; Hayes
//! dialling uses it as GSM terminals do.

mod answer;
mod lines;

pub use answer::{Answer, End, Fault, end};
pub use lines::{Lines, Piece};

use bytes::{BufMut as _, BytesMut};
use std::time::Duration;

/// Lines of one answer that are kept: a SIM holds at most 255 messages of two lines.
const MOST_LINES: usize = 2_048;
/// Leaves a prompt that nobody answered.
const ESCAPE: u8 = 0x1B;
/// Ends a text.
const SUBSTITUTE: u8 = 0x1A;

/// Lines that come unasked, whatever was asked. Those with `true` are followed by a PDU.
const UNASKED: [(&str, bool); 16] = [
    ("+CMTI:", false),
    ("+CDSI:", false),
    ("+CMT:", true),
    ("+CDS:", true),
    ("+CBM:", true),
    ("+CBMI:", false),
    ("+CUSD:", false),
    ("+CRING:", false),
    ("+CLIP:", false),
    ("+CIEV:", false),
    ("+CTZV:", false),
    ("+CTZE:", false),
    ("RING", false),
    ("NO CARRIER", false),
    ("^", false),
    ("*", false),
];

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The command, without its line end.
    pub command: String,
    /// What its own lines begin with, such as `+CREG:`; other lines that look like results then come unasked.
    pub prefix: &'static str,
    /// How long until its end.
    pub wait: Duration,
    /// A text to be written at the prompt, and how long to wait for that.
    pub text: Option<(String, Duration)>,
}

impl Ask {
    /// A command without a text.
    pub fn new(command: impl Into<String>, prefix: &'static str, wait: Duration) -> Self {
        Self { command: command.into(), prefix, wait, text: None }
    }
}

/// Something a modem said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// The end of what was asked.
    Answer(Answer),
    /// A line that nobody asked for, with the PDU that follows it where one does.
    Unasked {
        /// The line.
        line: String,
        /// The digits after it.
        pdu: Option<String>,
    },
    /// A line that means nothing by itself: an echo, a late answer.
    Noise(String),
}

#[derive(Debug)]
struct Pending {
    ask: Ask,
    lines: Vec<String>,
    until: Duration,
    /// The text is not written yet.
    prompt: bool,
}

/// A chat.
#[derive(Debug, Default)]
pub struct Chat {
    lines: Lines,
    out: BytesMut,
    pending: Option<Pending>,
    /// A line that a PDU must follow.
    head: Option<String>,
}

impl Chat {
    /// Asks. Only when nothing is asked ([`Chat::is_busy`]).
    pub fn ask(&mut self, now: Duration, ask: Ask) {
        self.out.put_slice(ask.command.as_bytes());
        self.out.put_u8(b'\r');
        let until = now + ask.text.as_ref().map_or(ask.wait, |(_, wait)| *wait);
        let prompt = ask.text.is_some();
        self.pending = Some(Pending { ask, lines: Vec::new(), until, prompt });
    }

    /// Whether an answer is waited for.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.pending.is_some()
    }

    /// Whether a text was written and its end is waited for.
    #[must_use]
    pub fn has_written_text(&self) -> bool {
        self.pending.as_ref().is_some_and(|pending| pending.ask.text.is_some() && !pending.prompt)
    }

    /// Leaves whatever the modem is in the middle of.
    pub fn escape(&mut self) {
        self.out.put_u8(ESCAPE);
        self.out.put_u8(b'\r');
    }

    /// Octets to be written.
    pub fn out(&mut self) -> &mut BytesMut {
        &mut self.out
    }

    /// How many octets are to be written.
    #[must_use]
    pub fn unwritten(&self) -> usize {
        self.out.len()
    }

    /// Takes the next thing said off the input. A prompt is answered by itself.
    pub fn next(&mut self, now: Duration, input: &mut BytesMut) -> Option<Said> {
        loop {
            let expected = self.pending.as_ref().is_some_and(|pending| pending.prompt);
            match self.lines.cut(input, expected)? {
                Piece::Prompt => self.prompted(now),
                Piece::Line(line) => {
                    if let Some(said) = self.line(line) {
                        return Some(said);
                    }
                }
            }
        }
    }

    /// Lets time pass: what was asked may end by it.
    pub fn handle_timeout(&mut self, now: Duration) -> Option<Said> {
        let pending = self.pending.take_if(|pending| pending.until <= now)?;
        let end = if pending.prompt { End::NoPrompt } else { End::Silence };
        if pending.prompt {
            self.escape();
        }
        Some(Said::Answer(Answer { command: pending.ask.command, lines: pending.lines, end }))
    }

    /// When [`Chat::handle_timeout`] has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.pending.as_ref().map(|pending| pending.until)
    }

    fn prompted(&mut self, now: Duration) {
        if let Some(pending) = &mut self.pending
            && let Some((text, _)) = &pending.ask.text
        {
            self.out.put_slice(text.as_bytes());
            self.out.put_u8(SUBSTITUTE);
            pending.prompt = false;
            pending.until = now + pending.ask.wait;
        }
    }

    /// What a line is; `None` when it became part of an answer or awaits the line after it.
    fn line(&mut self, line: String) -> Option<Said> {
        if let Some(head) = self.head.take() {
            if is_digits(&line) {
                return Some(Said::Unasked { line: head, pdu: Some(line) });
            }
            // The PDU never came: the line stands for itself, and so does its head.
            let next = self.line(line);
            return next.or(Some(Said::Noise(head)));
        }
        let asked = self.pending.as_ref().map_or("", |pending| pending.ask.prefix);
        let unasked = UNASKED.iter().find(|(start, _)| line.starts_with(start) && *start != asked);
        if let Some((_, with_pdu)) = unasked {
            if *with_pdu {
                self.head = Some(line);
                return None;
            }
            return Some(Said::Unasked { line, pdu: None });
        }
        let Some(pending) = &mut self.pending else {
            return Some(if line.starts_with('+') || end(&line).is_none() {
                Said::Unasked { line, pdu: None }
            } else {
                Said::Noise(line)
            });
        };
        let is_echo = line == pending.ask.command
            || pending.ask.text.as_ref().is_some_and(|(text, _)| line.eq_ignore_ascii_case(text));
        if is_echo {
            return Some(Said::Noise(line));
        }
        if let Some(end) = end(&line) {
            let pending = self.pending.take()?;
            // An OK before the prompt took no text: that of another command, or the prompt is still to come.
            let unwritten = pending.prompt && end == End::Ok;
            if unwritten {
                self.escape();
            }
            let end = if unwritten { End::NoPrompt } else { end };
            return Some(Said::Answer(Answer { command: pending.ask.command, lines: pending.lines, end }));
        }
        // A result of another command, such as +CREG: while +CMGS: is awaited.
        let foreign = line.starts_with('+') && !asked.is_empty() && !line.starts_with(asked);
        if foreign {
            return Some(Said::Unasked { line, pdu: None });
        }
        if pending.lines.len() < MOST_LINES {
            pending.lines.push(line);
        }
        None
    }
}

fn is_digits(line: &str) -> bool {
    line.len() >= 2 && line.bytes().all(|octet| octet.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WAIT: Duration = Duration::from_secs(60);

    fn sending() -> Chat {
        let mut chat = Chat::default();
        let text = Some(("0001".to_owned(), Duration::from_secs(10)));
        chat.ask(Duration::ZERO, Ask { text, ..Ask::new("AT+CMGS=20", "+CMGS:", WAIT) });
        chat
    }

    fn hear(chat: &mut Chat, input: &str) -> Vec<Said> {
        let mut input = BytesMut::from(input);
        std::iter::from_fn(|| chat.next(Duration::ZERO, &mut input)).collect()
    }

    fn unasked(line: &str, pdu: Option<&str>) -> Said {
        Said::Unasked { line: line.into(), pdu: pdu.map(str::to_owned) }
    }

    #[test]
    fn a_text_with_everything_in_the_middle() {
        let mut chat = sending();
        assert_eq!(
            hear(&mut chat, "AT+CMGS=20\r\r\n+CMTI: \"SM\",3\r\n\r\n"),
            [Said::Noise("AT+CMGS=20".into()), unasked("+CMTI: \"SM\",3", None)]
        );
        assert_eq!(hear(&mut chat, "> "), []);
        assert!(chat.has_written_text() && chat.out().ends_with(b"0001\x1a"));
        let said = hear(
            &mut chat,
            "0001\r\nRING\r\n+CREG: 2\r\n+CDS: 25\r\n0791AB\r\n^RSSI:12\r\n+CMGS: 17\r\n+CMT: ,5\r\n00FF\r\n\r\nOK\r\n",
        );
        let answer = Answer { command: "AT+CMGS=20".into(), lines: vec!["+CMGS: 17".into()], end: End::Ok };
        assert_eq!(
            said,
            [
                Said::Noise("0001".into()),
                unasked("RING", None),
                unasked("+CREG: 2", None),
                unasked("+CDS: 25", Some("0791AB")),
                unasked("^RSSI:12", None),
                unasked("+CMT: ,5", Some("00FF")),
                Said::Answer(answer),
            ]
        );
    }

    #[test]
    fn what_was_written_and_what_was_not() {
        let mut chat = sending();
        let Some(Said::Answer(answer)) = chat.handle_timeout(Duration::from_secs(10)) else {
            panic!("an end")
        };
        assert_eq!(answer.end, End::NoPrompt);
        assert!(chat.out().ends_with(b"\x1b\r"), "the modem is led out of its prompt");
        let mut chat = sending();
        hear(&mut chat, "> ");
        assert_eq!(chat.handle_timeout(Duration::from_secs(59)), None);
        let Some(Said::Answer(answer)) = chat.handle_timeout(WAIT) else { panic!("an end") };
        assert_eq!(answer.end, End::Silence);
        assert_eq!(hear(&mut chat, "OK\r\n"), [Said::Noise("OK".into())], "too late");
    }

    #[test]
    fn an_ok_is_no_prompt() {
        let mut chat = sending();
        let said = hear(&mut chat, "\r\nOK\r\n");
        assert!(matches!(&said[..], [Said::Answer(answer)] if answer.end == End::NoPrompt), "{said:?}");
        assert!(chat.out().ends_with(b"\x1b\r"), "a prompt that comes now is left");
        assert!(hear(&mut chat, "> ").is_empty() && chat.out().ends_with(b"\x1b\r"));
    }

    #[test]
    fn lines_of_an_answer_and_others() {
        let mut chat = Chat::default();
        chat.ask(Duration::ZERO, Ask::new("AT+CREG?", "+CREG:", WAIT));
        let said = hear(&mut chat, "+CMTI: \"SM\",1\r\n+CREG: 2,1\r\n\r\nOK\r\n");
        assert!(matches!(&said[1], Said::Answer(a) if a.lines == ["+CREG: 2,1"]), "{said:?}");
        // A head whose PDU never comes costs nothing else.
        assert_eq!(hear(&mut chat, "+CDS: 25\r\n+CMTI: \"SM\",2\r\n"), [unasked("+CMTI: \"SM\",2", None)]);
    }

    proptest! {
        #[test]
        fn any_octets_are_heard(input in proptest::collection::vec(any::<u8>(), 0..300), asked: bool) {
            let mut chat = if asked { sending() } else { Chat::default() };
            let mut input = BytesMut::from(&input[..]);
            let mut rounds = 0;
            while chat.next(Duration::ZERO, &mut input).is_some() {
                rounds += 1;
                prop_assert!(rounds < 1_000);
            }
            let _ = chat.handle_timeout(WAIT);
        }
    }
}
