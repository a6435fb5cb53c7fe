//! A simulated paging central: TAP 1.8 from the other side, as a [`rehearsal::Speech`].

use crate::tap::codec::{ACK, Block, CR, Charset, EOT, ESC, NAK, RS, STX, Terminator};
use crate::tap::{Meaning, meaning};
use bytes::{Buf as _, BytesMut};
use domain::Timestamp;
use rehearsal::{Codes, Delivery, Heard, Kind, Login, Lost, Operator, Reply, Speech, Submitted};
use secrecy::SecretString;
use std::borrow::Cow;

/// The name under which a password stands among the accounts: the service of pager ids and texts.
pub const SERVICE: &str = "PG1";
/// Longest line or block that is waited for.
const LONGEST: usize = 300;
/// Refused log-ons before it ends the call.
const MOST_REFUSALS: u8 = 3;

/// How a simulated central behaves.
#[derive(Debug, Clone)]
pub struct CentralOptions {
    /// What is common to all protocols. A password is an account of the name [`SERVICE`].
    pub common: rehearsal::SimulatorOptions,
    /// What its seven bits mean.
    pub charset: Charset,
}

/// A page that came.
#[derive(Debug)]
pub struct Page {
    id: String,
    text: String,
}

impl Submitted for Page {
    fn from(&self) -> Cow<'_, str> {
        "".into()
    }

    fn to(&self) -> Cow<'_, str> {
        self.id.as_str().into()
    }

    fn text(&self) -> String {
        self.text.clone()
    }

    fn place(&self) -> (u8, u8) {
        (1, 1)
    }

    fn wants_receipt(&self) -> bool {
        false
    }
}

impl Operator for CentralOptions {
    type Speech = CentralSpeech;

    fn options(&self) -> rehearsal::SimulatorOptions {
        self.common.clone()
    }

    fn speech(&self) -> CentralSpeech {
        CentralSpeech { charset: self.charset, content: Vec::new(), pages: 0, refusals: 0, admitted: false }
    }

    fn id(&self, number: u64, _: &Page, _: Timestamp) -> String {
        number.to_string()
    }
}

/// TAP on one connection, from the central's side.
#[derive(Debug)]
pub struct CentralSpeech {
    charset: Charset,
    /// The blocks of the page that comes, so far.
    content: Vec<u8>,
    pages: u64,
    refusals: u8,
    admitted: bool,
}

impl CentralSpeech {
    fn block(&mut self, octets: &[u8], out: &mut BytesMut) -> Heard<Self> {
        match Block::parse(octets) {
            Err(_) => {
                say(out, 514, &[NAK]);
                Heard::Bad
            }
            Ok(block) => {
                self.content.extend_from_slice(&block.content);
                if block.terminator == Terminator::Last {
                    return self.page();
                }
                out.extend_from_slice(&[CR, ACK, CR]);
                Heard::Other
            }
        }
    }

    fn page(&mut self) -> Heard<Self> {
        let content = std::mem::take(&mut self.content);
        let page = Block { content, terminator: Terminator::Last };
        let mut fields = page.fields().into_iter().map(|field| self.charset.decode(&field));
        let submit = Page { id: fields.next().unwrap_or_default(), text: fields.next().unwrap_or_default() };
        self.pages += 1;
        Heard::Submit { to: (), number: self.pages, submit }
    }

    fn log_on(line: &[u8]) -> Heard<Self> {
        let line = String::from_utf8_lossy(line);
        let login = line.strip_prefix(SERVICE);
        let (name, password) = login.map_or((line.as_ref(), ""), |password| (SERVICE, password));
        let login = Login {
            name: name.to_owned(),
            password: SecretString::from(password),
            sends: true,
            receives: false,
        };
        Heard::Login { to: (), login }
    }
}

/// A message sequence and what it ends with.
fn say(out: &mut BytesMut, code: u16, control: &[u8]) {
    out.extend_from_slice(format!("{code} {}\r", meaning(code).1).as_bytes());
    out.extend_from_slice(control);
    out.extend_from_slice(&[CR]);
}

impl Speech for CentralSpeech {
    type To = ();
    type Submit = Page;

    const CODES: Codes =
        Codes { throttled: 512, not_bound: 502, already_bound: 507, bad_login: 509, not_understood: 514 };
    const GARBAGE: &'static [u8] = b"\x00~{#x\x7f%\r\n99 bottles\r\xff";
    const MOST_DELIVERIES: usize = 0;

    fn hear(&mut self, input: &mut BytesMut, out: &mut BytesMut) -> Result<Option<Heard<Self>>, Lost> {
        while let Some(first) = input.first().map(|octet| octet & 0x7F) {
            match first {
                CR => {
                    input.advance(1);
                    if !self.admitted {
                        out.extend_from_slice(b"ID=\r");
                    }
                    return Ok(Some(Heard::Other));
                }
                EOT => {
                    input.advance(1);
                    say(out, 115, &[ESC, EOT]);
                    return Ok(Some(Heard::Goodbye));
                }
                ESC => {
                    let Some(end) = input.iter().position(|octet| octet & 0x7F == CR) else {
                        return if input.len() > LONGEST { Err(Lost) } else { Ok(None) };
                    };
                    let line: Vec<u8> = input.split_to(end + 1).iter().map(|octet| octet & 0x7F).collect();
                    return Ok(Some(Self::log_on(line.get(1..end).unwrap_or_default())));
                }
                STX => {
                    let end = input.iter().position(|octet| Terminator::of(octet & 0x7F).is_some());
                    // Terminator, three characters, CR.
                    let whole = end.map(|end| end + 5).filter(|whole| *whole <= input.len());
                    let Some(whole) = whole else {
                        return if input.len() > LONGEST { Err(Lost) } else { Ok(None) };
                    };
                    let octets = input.split_to(whole);
                    return Ok(Some(self.block(&octets, out)));
                }
                _ => input.advance(1),
            }
        }
        Ok(None)
    }

    fn answer_login(&mut self, (): &(), status: u32, out: &mut BytesMut) {
        if status == 0 {
            self.admitted = true;
            out.extend_from_slice(b"\r110 1.8\r114 Omnigate rehearsal\r");
            out.extend_from_slice(&[ACK, CR, ESC, b'[', b'p', CR]);
            return;
        }
        self.refusals += 1;
        let code = u16::try_from(status).unwrap_or(509);
        if self.refusals >= MOST_REFUSALS {
            say(out, code, &[ESC, EOT]);
        } else {
            say(out, code, &[NAK]);
            out.extend_from_slice(b"ID=\r");
        }
    }

    fn reply(&mut self, (): &(), reply: &Reply, out: &mut BytesMut) {
        let code = u16::try_from(reply.status).unwrap_or(512);
        match (reply.kind, code) {
            (Kind::Nack, _) => out.extend_from_slice(&[NAK, CR]),
            (Kind::Damaged, _) => out.extend_from_slice(b"2q1 p\x07ge s\x03nt\rF\r"),
            (Kind::WrongCommand, _) => out.extend_from_slice(b"\rID=\r"),
            (Kind::Unknown, _) => out.extend_from_slice(b"\r199 nobody asked\r"),
            (Kind::Empty, _) => out.extend_from_slice(&[ACK, CR]),
            (Kind::Right, 0) => say(out, 211, &[ACK]),
            // Control octets alone, by their own numbers.
            (Kind::Right, 4) => out.extend_from_slice(&[ESC, EOT, CR]),
            (Kind::Right, 21 | 30) => out.extend_from_slice(&[reply.status.to_le_bytes()[0], CR]),
            (Kind::Right, code) => match meaning(code).0 {
                Meaning::CallIsFull | Meaning::Call | Meaning::LogOn => say(out, code, &[ESC, EOT]),
                Meaning::Block => say(out, code, &[NAK]),
                Meaning::Taken | Meaning::Cut => say(out, code, &[ACK]),
                Meaning::Page(_) | Meaning::Info | Meaning::Wait => say(out, code, &[RS]),
            },
        }
    }

    fn answer_alive(&mut self, (): &(), _: &mut BytesMut) {}

    fn deliver(&mut self, _: &Delivery, _: Timestamp, _: &mut BytesMut) -> u32 {
        0
    }

    fn goodbye(&mut self, out: &mut BytesMut) -> bool {
        say(out, 113, &[ESC, EOT]);
        true
    }
}
