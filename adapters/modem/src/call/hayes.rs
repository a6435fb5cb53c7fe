//! The chat with an analogue modem until it is connected. Sans-IO: lines and time in, commands out.
//!
//! Wakes the modem (`AT`; by `+++` and `ATH` when it is still in a call), gives it its settings, dials, and waits for the result. What
//! comes after the line of CONNECT is left in the input: it is the other side's.

use bytes::{Buf as _, BytesMut};
use std::collections::VecDeque;
use std::time::Duration;

/// For the answer to a command.
const ANSWER: Duration = Duration::from_secs(3);
/// The silence around `+++`.
const GUARD: Duration = Duration::from_millis(1_200);
/// How often the modem is woken.
const WAKES: u8 = 2;
/// Longest line that is kept.
const LONGEST_LINE: usize = 200;

/// What to say to the modem, and how long to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The settings, each a command: `ATZ`.
    pub init: Vec<String>,
    /// What stands before the number: `ATDT`.
    pub dial: String,
    /// How long the other side may take to answer.
    pub patience: Duration,
}

/// Why there is no call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// BUSY.
    #[error("busy")]
    Busy,
    /// NO CARRIER: somebody answered who is no modem, or nobody did.
    #[error("no carrier")]
    NoCarrier,
    /// NO DIALTONE: the line is dead, or the modem is behind a switchboard and waits for a tone (ATX3 helps).
    #[error("no dial tone (behind a switchboard the settings need ATX3)")]
    NoDialTone,
    /// NO ANSWER.
    #[error("no answer")]
    NoAnswer,
    /// The modem refuses to dial that number again so soon.
    #[error("the modem refuses the number for now: {0}")]
    Delayed(String),
    /// No result in time.
    #[error("no connection in {} s", .0.as_secs())]
    Patience(Duration),
    /// The modem says nothing at all.
    #[error("the modem does not answer")]
    Deaf,
    /// It refused a command.
    #[error("the modem refuses {0}")]
    Refused(String),
}

impl CallError {
    /// The word for it in metrics.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::NoCarrier => "no_carrier",
            Self::NoDialTone => "no_dial_tone",
            Self::NoAnswer => "no_answer",
            Self::Delayed(_) => "delayed",
            Self::Patience(_) => "patience",
            Self::Deaf => "deaf",
            Self::Refused(_) => "refused",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The answer to a command.
    Command {
        until: Duration,
    },
    /// Silence before `+++`.
    Guard {
        until: Duration,
    },
    /// `+++` was said; silence after it.
    Escaped {
        until: Duration,
    },
    /// It dials.
    Dialling {
        until: Duration,
    },
    Over,
}

/// The chat.
#[derive(Debug)]
pub struct Hayes {
    script: Script,
    commands: VecDeque<String>,
    /// What is under way, without its CR.
    command: String,
    wakes: u8,
    woken: bool,
    state: State,
    line: Vec<u8>,
    out: BytesMut,
}

impl Hayes {
    /// Begins: the modem is being woken. `now` is from any fixed moment.
    #[must_use]
    pub fn new(script: Script, number: &str, now: Duration) -> Self {
        let digits: String = number.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')')).collect();
        let dial = format!("{}{digits}", script.dial);
        let commands = script.init.iter().cloned().chain([dial]).collect();
        let mut chat = Self {
            script,
            commands,
            command: String::new(),
            wakes: 0,
            woken: false,
            state: State::Over,
            line: Vec::new(),
            out: BytesMut::new(),
        };
        chat.wake(now);
        chat
    }

    /// What is to be written.
    pub fn out(&mut self) -> &mut BytesMut {
        &mut self.out
    }

    /// When [`Hayes::handle_timeout`] must be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        match self.state {
            State::Command { until }
            | State::Guard { until }
            | State::Escaped { until }
            | State::Dialling { until } => Some(until),
            State::Over => None,
        }
    }

    /// Reads lines until there is a result; `None` = not yet. After `Ok` what is left in `input` came from the other side.
    pub fn handle_input(&mut self, now: Duration, input: &mut BytesMut) -> Option<Result<(), CallError>> {
        while input.has_remaining() {
            let octet = input.get_u8() & 0x7F;
            if octet == b'\r' || octet == b'\n' {
                let line = std::mem::take(&mut self.line);
                if let Some(result) = self.heard(now, String::from_utf8_lossy(&line).trim()) {
                    if input.first() == Some(&b'\n') {
                        input.advance(1);
                    }
                    self.state = State::Over;
                    return Some(result);
                }
            } else if self.line.len() < LONGEST_LINE {
                self.line.push(octet);
            }
        }
        None
    }

    /// Lets time pass.
    pub fn handle_timeout(&mut self, now: Duration) -> Option<Result<(), CallError>> {
        match self.state {
            State::Command { until } if until <= now && !self.woken => {
                if self.wakes >= WAKES {
                    self.state = State::Over;
                    return Some(Err(CallError::Deaf));
                }
                self.state = State::Guard { until: now + GUARD };
            }
            State::Command { until } if until <= now => {
                self.state = State::Over;
                return Some(Err(CallError::Deaf));
            }
            State::Guard { until } if until <= now => {
                self.out.extend_from_slice(b"+++");
                self.state = State::Escaped { until: now + GUARD };
            }
            State::Escaped { until } if until <= now => {
                self.say("ATH", now, ANSWER);
                self.wakes += 1;
            }
            State::Dialling { until } if until <= now => {
                // Any octet ends the dialling.
                self.out.extend_from_slice(b"\r");
                self.state = State::Over;
                return Some(Err(CallError::Patience(self.script.patience)));
            }
            _ => {}
        }
        None
    }

    fn wake(&mut self, now: Duration) {
        self.wakes += 1;
        self.say("AT", now, ANSWER);
    }

    fn say(&mut self, command: &str, now: Duration, patience: Duration) {
        self.command = command.to_owned();
        self.out.extend_from_slice(command.as_bytes());
        self.out.extend_from_slice(b"\r");
        self.state = State::Command { until: now + patience };
    }

    fn next(&mut self, now: Duration) {
        let Some(command) = self.commands.pop_front() else { return };
        self.say(&command, now, ANSWER);
        if self.commands.is_empty() {
            self.state = State::Dialling { until: now + self.script.patience };
        }
    }

    fn heard(&mut self, now: Duration, line: &str) -> Option<Result<(), CallError>> {
        match self.state {
            State::Command { .. } => match line {
                "OK" | "0" => {
                    self.woken = true;
                    self.next(now);
                    None
                }
                // Of the call that ATH has ended.
                "NO CARRIER" | "3" if !self.woken => None,
                "ERROR" | "4" => Some(Err(CallError::Refused(self.command.clone()))),
                _ => None,
            },
            State::Dialling { .. } => {
                let line = line.to_ascii_uppercase();
                match line.as_str() {
                    _ if line.starts_with("CONNECT") => Some(Ok(())),
                    "BUSY" => Some(Err(CallError::Busy)),
                    "NO CARRIER" => Some(Err(CallError::NoCarrier)),
                    "NO DIALTONE" | "NO DIAL TONE" => Some(Err(CallError::NoDialTone)),
                    "NO ANSWER" => Some(Err(CallError::NoAnswer)),
                    "ERROR" => Some(Err(CallError::Refused(self.command.clone()))),
                    _ if line.starts_with("DELAYED") || line.starts_with("BLACKLISTED") => {
                        Some(Err(CallError::Delayed(line)))
                    }
                    _ => None,
                }
            }
            State::Guard { .. } | State::Escaped { .. } | State::Over => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chat() -> Hayes {
        let init = vec!["ATZ".to_owned(), "ATE0V1Q0".to_owned()];
        let script = Script { init, dial: "ATDT".into(), patience: Duration::from_secs(60) };
        Hayes::new(script, "08-123 45 67", Duration::ZERO)
    }

    fn said(chat: &mut Hayes) -> String {
        String::from_utf8(std::mem::take(chat.out()).to_vec()).expect("text")
    }

    fn hear(chat: &mut Hayes, text: &str) -> (Option<Result<(), CallError>>, String) {
        let mut input = BytesMut::from(text.as_bytes());
        let result = chat.handle_input(Duration::ZERO, &mut input);
        (result, String::from_utf8_lossy(&input).into_owned())
    }

    fn dialling() -> Hayes {
        let mut chat = chat();
        for command in ["AT\r", "ATZ\r", "ATE0V1Q0\r"] {
            assert_eq!(said(&mut chat), command);
            // With its echo.
            assert_eq!(hear(&mut chat, &format!("{command}\r\nOK\r\n")).0, None);
        }
        assert_eq!(said(&mut chat), "ATDT081234567\r");
        chat
    }

    #[test]
    fn results() {
        for (line, result) in [
            ("CONNECT", Ok(())),
            ("CONNECT 9600/V42", Ok(())),
            ("BUSY", Err(CallError::Busy)),
            ("NO CARRIER", Err(CallError::NoCarrier)),
            ("NO DIALTONE", Err(CallError::NoDialTone)),
            ("NO DIAL TONE", Err(CallError::NoDialTone)),
            ("NO ANSWER", Err(CallError::NoAnswer)),
            ("ERROR", Err(CallError::Refused("ATDT081234567".into()))),
        ] {
            let (heard, rest) =
                hear(&mut dialling(), &format!("ATDT081234567\r\r\nRINGING\r\n{line}\r\nID="));
            assert_eq!((heard, rest.as_str()), (Some(result), "ID="), "{line}");
        }
        let mut late = dialling();
        assert_eq!(late.handle_timeout(Duration::from_secs(59)), None);
        let over = late.handle_timeout(Duration::from_secs(60));
        assert_eq!(over, Some(Err(CallError::Patience(Duration::from_secs(60)))));
    }

    #[test]
    fn a_modem_that_is_still_in_a_call_is_called_back() {
        let mut chat = chat();
        let mut at = Duration::ZERO;
        let mut all = String::new();
        for _ in 0..3 {
            at = chat.poll_timeout().expect("a time");
            assert_eq!(chat.handle_timeout(at), None);
            all += &said(&mut chat);
        }
        assert_eq!(all, "AT\r+++ATH\r");
        assert_eq!(hear(&mut chat, "\r\nNO CARRIER\r\n\r\nOK\r\n").0, None);
        assert_eq!(said(&mut chat), "ATZ\r");
        let mut deaf = self::chat();
        let over = std::iter::repeat_with(|| {
            at = deaf.poll_timeout().unwrap_or(at);
            deaf.handle_timeout(at)
        });
        assert_eq!(over.flatten().next(), Some(Err(CallError::Deaf)));
    }

    proptest! {
        #[test]
        fn never_panics(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut chat = dialling();
            let mut input = BytesMut::from(octets.as_slice());
            let _ = chat.handle_input(Duration::ZERO, &mut input);
            prop_assert!(chat.line.len() <= LONGEST_LINE);
        }
    }
}
