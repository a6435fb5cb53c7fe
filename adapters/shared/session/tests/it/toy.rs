//! A protocol of lines with eight keys: as little as a dialect can be, so that keys run out and come around.
//!
//! `B3` bind · `S3` submit · `K3` keep-alive · `U3` goodbye, with the key; `+3` and `-3` the replies; `!3` throttled; `n3`, `h3`, `c3` and `d3` nacks: refused, throttled, congested, not bound; `k`, `u` the
//! replies to the last two; `W3` a withdrawal, `w3` and `v3` its replies: taken back, not; `e3` expects key 3, `~3` wants it said again in another form; `M`, `R` a message and a receipt, answered by `a`, `t` or `r`; `?` nonsense; `panic`.

use bytes::{Buf as _, Bytes, BytesMut};
use domain::Timestamp;
use domain::routing::{Failure, FailureClass};
use fakes::samples;
use ports::driven::{Shipment, Withdrawal};
use session::{Answer, BadStream, BindRefusal, Dialect, Now, Received, Verdict};
use std::time::Duration;

#[derive(Debug, Default)]
pub struct Toy {
    pub last: u8,
    /// "Not now" is said by not answering.
    pub silent: bool,
    /// Each key in its turn, as the peer wants them.
    pub strict: bool,
}

pub fn failure(class: FailureClass) -> Failure {
    Failure { class, code: "toy".to_owned(), detail: "toy".to_owned() }
}

pub fn at(seconds: u64) -> Now {
    let monotonic = Duration::from_secs(seconds);
    Now { monotonic, wall: samples::later(Timestamp::UNIX_EPOCH, monotonic) }
}

fn say(out: &mut BytesMut, what: &str, key: u8) {
    out.extend_from_slice(format!("{what}{key}\n").as_bytes());
}

impl Dialect for Toy {
    type Key = u8;
    type AnswerTo = ();
    const PROTOCOL: &'static str = "toy";
    const KEYS: usize = 8;
    const WITHDRAWS: bool = true;

    fn next_key(&mut self) -> u8 {
        self.last = (self.last + 1) % 8;
        self.last
    }

    fn upcoming_key(&self) -> Option<u8> {
        self.strict.then_some((self.last + 1) % 8)
    }

    fn rewind(&mut self, key: u8) {
        self.last = (key + 7) % 8;
    }

    fn try_again_is_silence(&self) -> bool {
        self.silent
    }

    fn cut(&mut self, input: &mut BytesMut, _: &mut BytesMut) -> Result<Option<Bytes>, BadStream> {
        if input.len() > 100 {
            return Err(BadStream("a line without end".into()));
        }
        let Some(end) = input.iter().position(|octet| *octet == b'\n') else { return Ok(None) };
        let line = input.split_to(end).freeze();
        input.advance(1);
        Ok(Some(line))
    }

    fn read(&mut self, now: Now, frame: Bytes, out: &mut BytesMut) -> Received<Self> {
        let line = std::str::from_utf8(&frame).unwrap_or("?");
        let key = line.get(1..).and_then(|digits| digits.parse().ok()).unwrap_or(0);
        let reply = |verdict| Received::Reply { key, verdict, strained: false };
        let nack = |verdict| Received::Nack { key, verdict };
        match line.as_bytes().first() {
            Some(b'p') => panic!("as the test wanted"),
            Some(b'b') => Received::Bound,
            Some(b'x') => Received::BindRefused(BindRefusal { login: key == 1, detail: "no".into() }),
            Some(b'+') => reply(Verdict::Accepted { operator_id: format!("id{key}") }),
            Some(b'-') => reply(Verdict::Refused(failure(FailureClass::Permanent))),
            Some(b'!') => reply(Verdict::Throttled(failure(FailureClass::Throttled))),
            Some(b'~') => reply(Verdict::Again(failure(FailureClass::Limited))),
            Some(b'e') => Received::Expected { key, next: key == (self.last + 1) % 8 },
            Some(b'n') => nack(Verdict::Refused(failure(FailureClass::Temporary))),
            Some(b'h') => nack(Verdict::Throttled(failure(FailureClass::Throttled))),
            Some(b'c') => nack(Verdict::Congested(failure(FailureClass::Throttled))),
            Some(b'd') => nack(Verdict::NotBound(failure(FailureClass::NotOffered))),
            Some(b'w') => {
                let verdict = Verdict::Accepted { operator_id: String::new() };
                Received::Withdrawn { key, verdict }
            }
            Some(b'v') => {
                let verdict = Verdict::Refused(failure(FailureClass::Permanent));
                Received::Withdrawn { key, verdict }
            }
            Some(b'k') => Received::Alive,
            Some(b'u') => Received::Unbound,
            Some(b'K') => {
                out.extend_from_slice(b"k\n");
                Received::Answered
            }
            Some(b'U') => Received::Unbind,
            Some(b'M') => {
                Received::Mo { to: (), part: samples::mo_part(&samples::link("T"), line, None, now.wall) }
            }
            Some(b'R') => Received::Receipt {
                to: (),
                receipt: samples::receipt(&samples::link("T"), "id", domain::receipt::Verdict::Delivered),
            },
            _ => Received::Bad(line.to_owned()),
        }
    }

    fn bind(&mut self, key: u8, out: &mut BytesMut) -> bool {
        say(out, "B", key);
        true
    }

    fn submit(
        &mut self,
        _: Now,
        key: u8,
        shipment: &Shipment,
        _: usize,
        out: &mut BytesMut,
    ) -> Result<(), Failure> {
        if shipment.message.flash {
            return Err(failure(FailureClass::Permanent));
        }
        say(out, "S", key);
        Ok(())
    }

    fn withdraw(&mut self, key: u8, what: &Withdrawal, out: &mut BytesMut) -> Result<(), Failure> {
        if what.message.flash {
            return Err(failure(FailureClass::Permanent));
        }
        say(out, "W", key);
        Ok(())
    }

    fn keep_alive(&mut self, key: u8, out: &mut BytesMut) {
        say(out, "K", key);
    }

    fn unbind(&mut self, key: u8, out: &mut BytesMut) -> bool {
        say(out, "U", key);
        true
    }

    fn answer(&mut self, (): &(), answer: Answer, out: &mut BytesMut) {
        out.extend_from_slice(match answer {
            Answer::Taken => b"a\n",
            Answer::TryAgain if self.silent => b"",
            Answer::TryAgain => b"t\n",
            Answer::Refused => b"r\n",
        });
    }
}
