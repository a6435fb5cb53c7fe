//! Messages through the simulated modem: submitted, taken by the network, delivered, handed over. Part of the engine; never reads or
//! writes a port.

use super::*;

/// What is said of a message when the network has thought.
#[derive(Debug)]
pub(super) struct Verdict {
    words: String,
    seq: u64,
    /// 0 when it was taken, else the code of 3GPP TS 27.005 section 3.2.5.
    status: u64,
}

impl Engine {
    pub(super) fn begin_text(&mut self, length: usize) -> Result<Option<Vec<String>>, (&'static str, u16)> {
        self.tries += 1;
        if hits(self.faults.no_prompt_every, self.tries) {
            self.mode = Mode::Sending { until: Duration::ZERO, answer: None };
            return Ok(None);
        }
        self.mode = Mode::Text(length);
        self.out.put_slice(b"\r\n> ");
        Ok(None)
    }

    /// The text of a message is there.
    pub(super) fn text(&mut self, now: Duration, wall: Timestamp, length: usize, text: &str) {
        self.stats.submits += 1;
        let number = self.stats.submits;
        let octets = hex::decode(text)
            .filter(|octets| octets.len() - crate::tpdu::sca_octets(octets).min(octets.len()) == length);
        let Some(sent) = octets.as_deref().and_then(air::submitted) else {
            return self.say(if self.errors { "+CMS ERROR: 304" } else { "ERROR" });
        };
        if hits(self.faults.restart_every, number) {
            return self.restart(now);
        }
        if self.faults.chatter {
            self.unasked("RING");
            self.unasked("+CREG: 1");
            self.unasked("^RSSI:18");
            self.deliver_always(now, wall);
        }
        let until = now + self.faults.delay.unwrap_or(self.options.delay);
        let refused = match self.faults.status {
            _ if self.faults.no_network => Some(331),
            Some(code) if self.faults.status_every == 0 || hits(self.faults.status_every, number) => {
                Some(code)
            }
            _ => None,
        };
        let session = self.session;
        if let Some(code) = refused {
            let words = if self.errors { format!("+CMS ERROR: {code}") } else { "ERROR".to_owned() };
            let answer = Some(Verdict { words, seq: number, status: u64::from(code) });
            self.mode = Mode::Sending { until, answer };
            return;
        }
        self.used = true;
        let reference = self.air.next_reference();
        let id = format!("{session}-{number}");
        self.note(wall, "submit", |line| {
            sent.line(line.number("session", session).number("seq", number), &id)
        });
        self.stats.accepted += 1;
        if let Some(after) = self.options.receipts.filter(|_| sent.wants_report) {
            let failed = hits(self.options.fail_every, number);
            self.air.leave(until + after, sent.report(reference, wall, id, failed));
        }
        let answered = !hits(self.faults.no_answer_every, number);
        let words = format!("+CMGS: {reference}\r\n\r\nOK");
        let answer = answered.then_some(Verdict { words, seq: number, status: 0 });
        self.mode = Mode::Sending { until, answer };
    }

    /// Says what became of a message; only now is it answered.
    pub(super) fn pronounce(&mut self, wall: Timestamp, verdict: &Verdict) {
        let session = self.session;
        self.note(wall, "reply", |line| {
            line.number("session", session).number("seq", verdict.seq).number("status", verdict.status)
        });
        self.say(&verdict.words);
    }

    /// The gateway has it.
    pub(super) fn taken(&mut self, wall: Timestamp, about: &About) {
        let session = self.session;
        match about {
            About::Mo { from, text } => {
                self.stats.mos += 1;
                self.note(wall, "mo", |line| {
                    let line = line.number("session", session).text("from", from).text("to", "");
                    line.text("text", text).number("answer", 0)
                });
            }
            About::Report { message_id, to, failed } => {
                self.stats.receipts += 1;
                let state = if *failed { "UNDELIV" } else { "DELIVRD" };
                self.note(wall, "receipt", |line| {
                    let line = line.number("session", session).text("message_id", message_id).text("to", to);
                    line.text("state", state).number("answer", 0)
                });
            }
        }
    }

    /// Brings what is due from the network, when nothing else is said.
    pub(super) fn deliver(&mut self, now: Duration, wall: Timestamp) {
        if matches!(self.mode, Mode::Command) {
            self.deliver_always(now, wall);
        }
        self.stats.stored = self.sim.used() as u64;
    }

    pub(super) fn deliver_always(&mut self, now: Duration, wall: Timestamp) {
        let reachable = !self.is_locked() && !self.faults.no_network && !self.faults.deaf;
        if !reachable || self.announce.first() == Some(&0) && self.options.direct || now < self.silent_until {
            return;
        }
        while self.direct.is_none()
            && let Some(message) = self.air.take(now)
        {
            let [_, mt, _, ds, _] = self.announce;
            let is_report = matches!(message.about, About::Report { .. });
            let direct = if is_report { ds == 1 } else { mt == 2 };
            if direct {
                self.hand_over(now, wall, message, is_report);
                continue;
            }
            if self.faults.full {
                return self.air.wait(now, message);
            }
            match self.sim.store(message) {
                Ok(place) => match (is_report, mt, ds) {
                    (false, 1, _) => self.unasked(&format!("+CMTI: \"SM\",{place}")),
                    (true, _, 2) => self.unasked(&format!("+CDSI: \"SM\",{place}")),
                    _ => {}
                },
                Err(message) => return self.air.wait(now, message),
            }
        }
    }

    pub(super) fn hand_over(&mut self, now: Duration, wall: Timestamp, message: Message, is_report: bool) {
        let (length, digits) = digits(&message.pdu);
        let head = if is_report { format!("+CDS: {length}") } else { format!("+CMT: ,{length}") };
        self.unasked(&format!("{head}\r\n{digits}"));
        if self.phase2 {
            self.direct = Some((message, now + ACKNOWLEDGE));
        } else {
            self.taken(wall, &message.about);
        }
    }
}
