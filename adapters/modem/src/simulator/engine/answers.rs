//! What the simulated modem answers to each command (3GPP TS 27.005 and 27.007, and what makers add). Part of the engine; never reads or
//! writes a port.

use super::*;

impl Engine {
    pub(super) fn command_line(&mut self, now: Duration, wall: Timestamp, line: &str) {
        let Some(verbs) = verbs(line) else { return };
        for verb in verbs {
            match self.command(now, wall, &verb) {
                Ok(Some(lines)) => lines.iter().for_each(|line| self.say(line)),
                Ok(None) => return,
                Err((name, code)) => {
                    let error = match (self.errors, name) {
                        (true, name) if !name.is_empty() => format!("+{name} ERROR: {code}"),
                        _ => "ERROR".to_owned(),
                    };
                    return self.say(&error);
                }
            }
        }
        if matches!(self.mode, Mode::Command) && now >= self.silent_until {
            self.say("OK");
        }
    }

    /// The lines of one command before its `OK`; `None` when that comes later or never.
    fn command(
        &mut self,
        now: Duration,
        wall: Timestamp,
        verb: &Verb,
    ) -> Result<Option<Vec<String>>, (&'static str, u16)> {
        let lines = |lines: &[&str]| Ok(Some(lines.iter().map(|line| (*line).to_owned()).collect()));
        let (name, form) = match verb {
            Verb::Basic(basic) => {
                // Nobody sets the line up in the middle of his work: another has come, or the same one after his death.
                if self.used && matches!(basic.as_str(), "E0" | "E" | "E1" | "Z" | "Z0" | "&F" | "&F0") {
                    self.plugged(wall);
                }
                match basic.as_str() {
                    "E0" | "E" => self.echo = false,
                    "E1" => self.echo = true,
                    "Z" | "&F" | "&F0" | "Z0" => self.announce = [0; 5],
                    "I" | "I0" => {
                        return lines(&[&self.options.maker.clone(), "Simulated modem", "Revision 1"]);
                    }
                    _ => {}
                }
                return lines(&[]);
            }
            Verb::Named(name, form) => (name.as_str(), form),
        };
        let first = |form: &Form| match form {
            Form::Set(values) => values.first().cloned().unwrap_or_default(),
            _ => String::new(),
        };
        let number = |form: &Form| first(form).parse::<u16>().unwrap_or(0);
        match (name, form) {
            ("+CMEE", Form::Set(_)) => self.errors = number(form) > 0,
            ("+CGMI" | "+GMI", Form::Do) => return lines(&[&self.options.maker.clone()]),
            ("+CGMM" | "+GMM", Form::Do) => return lines(&["Simulated modem"]),
            ("+CGMR" | "+GMR", Form::Do) => return lines(&["Revision 1"]),
            ("+CGSN" | "+GSN", Form::Do) => return lines(&["490154203237518"]),
            ("+CPIN", Form::Ask) => return self.pin_state().map(|state| Some(vec![state])),
            ("+CPIN", Form::Set(_)) => return self.pin(wall, &first(form)),
            ("+CFUN", Form::Set(values)) => return Ok(self.function(now, values)),
            ("+CFUN", Form::Ask) => return lines(&["+CFUN: 1"]),
            ("+CREG" | "+CGREG" | "+CEREG", Form::Set(_)) => self.registration = number(form) > 0,
            // Without an open SIM some modems say that they search, and others this.
            ("+CREG" | "+CGREG" | "+CEREG", Form::Ask) if self.faults.no_sim => return Err(("CME", 10)),
            ("+CREG" | "+CGREG" | "+CEREG", Form::Ask) if self.sim.lock() != Lock::Ready => {
                return Err(("CME", 11));
            }
            ("+CREG" | "+CGREG" | "+CEREG", Form::Ask) => {
                let mode = u8::from(self.registration);
                let line = format!("{name}: {mode},{}", self.stat());
                return lines(&[&line]);
            }
            ("+CREG", Form::Test) => return lines(&["+CREG: (0-1)"]),
            ("+CSQ", Form::Do) => {
                let signal = if self.faults.no_network { 99 } else { self.faults.signal.unwrap_or(20) };
                let line = format!("+CSQ: {signal},0");
                return lines(&[&line]);
            }
            ("+CMGF", Form::Set(_)) if number(form) == 1 => return Err(("CMS", 303)),
            ("+CMGF", Form::Ask) => return lines(&["+CMGF: 0"]),
            ("+CMGF", Form::Test) => return lines(&["+CMGF: (0)"]),
            ("+CSMS", Form::Set(_)) => {
                self.phase2 = number(form) == 1;
                return lines(&["+CSMS: 1,1,1"]);
            }
            ("+CSMS", Form::Ask) => {
                let line = format!("+CSMS: {},1,1,1", u8::from(self.phase2));
                return lines(&[&line]);
            }
            ("+CSMS", Form::Test) => return lines(&["+CSMS: (0,1)"]),
            ("+CNMI", Form::Set(values)) => {
                for (place, value) in self.announce.iter_mut().zip(values) {
                    *place = value.parse().unwrap_or(0);
                }
                self.deliver(now, wall);
            }
            ("+CNMI", Form::Ask) => {
                let [a, b, c, d, e] = self.announce;
                let line = format!("+CNMI: {a},{b},{c},{d},{e}");
                return lines(&[&line]);
            }
            ("+CNMI", Form::Test) if self.options.direct => {
                return lines(&["+CNMI: (0-2),(0,2),(0),(0,1),(0,1)"]);
            }
            ("+CNMI", Form::Test) => return lines(&["+CNMI: (0-2),(0-2),(0),(0-2),(0,1)"]),
            ("+CMGF" | "+CMMS" | "+CLIP" | "+CRC" | "+IFC" | "+CRSL" | "+WIND" | "+CSSN" | "+CUSD", _) => {}
            ("+CSCS", Form::Set(_)) => {}
            ("+CSCS", Form::Ask) => return lines(&["+CSCS: \"GSM\""]),
            ("+CSCS", Form::Test) => return lines(&["+CSCS: (\"GSM\")"]),
            ("+CBC", Form::Do) => return lines(&["+CBC: 0,100"]),
            ("+COPS", Form::Ask) => return lines(&["+COPS: 0,0,\"Omnigate\""]),
            _ => return self.needs_sim(now, wall, name, form),
        }
        lines(&[])
    }

    /// Commands that an open SIM must be there for.
    fn needs_sim(
        &mut self,
        now: Duration,
        wall: Timestamp,
        name: &str,
        form: &Form,
    ) -> Result<Option<Vec<String>>, (&'static str, u16)> {
        const SIM: [&str; 10] =
            ["+CIMI", "+CSCA", "+CPMS", "+CMGL", "+CMGR", "+CMGD", "+CMGS", "+CNMA", "+CNUM", "+CPBS"];
        if !SIM.contains(&name) {
            return Err(("CME", 4));
        }
        if self.faults.no_sim {
            return Err(("CMS", 310));
        }
        if self.sim.lock() != Lock::Ready {
            return Err(("CMS", 311));
        }
        let value = |at: usize| match form {
            Form::Set(values) => values.get(at).and_then(|value| value.parse::<usize>().ok()),
            _ => None,
        };
        match (name, form) {
            ("+CIMI", Form::Do) => Ok(Some(vec!["240010123456789".to_owned()])),
            ("+CSCA", Form::Ask) => Ok(Some(vec![format!("+CSCA: \"{}\",145", self.centre)])),
            ("+CSCA", Form::Set(values)) => {
                self.centre = values.first().cloned().unwrap_or_default();
                Ok(Some(Vec::new()))
            }
            ("+CPMS", Form::Test) => Ok(Some(vec!["+CPMS: (\"SM\"),(\"SM\"),(\"SM\")".to_owned()])),
            ("+CPMS", Form::Set(values))
                if values.iter().any(|v| !matches!(v.as_str(), "SM" | "MT" | "")) =>
            {
                Err(("CMS", 302))
            }
            ("+CPMS", Form::Set(_)) => Ok(Some(vec![format!("+CPMS: {0},{0},{0}", self.fill())])),
            ("+CPMS", Form::Ask) => {
                Ok(Some(vec![format!("+CPMS: \"SM\",{0},\"SM\",{0},\"SM\",{0}", self.fill())]))
            }
            ("+CMGL", Form::Set(_)) => Ok(Some(self.list(value(0).unwrap_or(4)))),
            ("+CMGL", Form::Test) => Ok(Some(vec!["+CMGL: (0-4)".to_owned()])),
            ("+CMGL", Form::Do) => Ok(Some(self.list(0))),
            ("+CMGR", Form::Set(_)) => match value(0).and_then(|place| self.sim.read(place)) {
                Some((stat, pdu)) => {
                    let (length, digits) = digits(&pdu);
                    Ok(Some(vec![format!("+CMGR: {stat},,{length}\r\n{digits}")]))
                }
                None => Err(("CMS", 321)),
            },
            ("+CMGD", Form::Test) => Ok(Some(vec![format!("+CMGD: (1-{}),(0-4)", self.sim.size())])),
            ("+CMGD", Form::Set(_)) => {
                if let Some(about) = value(0).and_then(|place| self.sim.delete(place)) {
                    self.taken(wall, &about);
                }
                self.deliver(now, wall);
                Ok(Some(Vec::new()))
            }
            ("+CMGS", Form::Set(_)) => self.begin_text(value(0).unwrap_or(0)),
            ("+CNMA", _) => match self.direct.take() {
                Some((message, _)) if value(0) == Some(2) => {
                    self.air.again(now + Duration::from_secs(1), message);
                    Ok(Some(Vec::new()))
                }
                Some((message, _)) => {
                    self.taken(wall, &message.about);
                    Ok(Some(Vec::new()))
                }
                None => Err(("CMS", 340)),
            },
            _ => Err(("CME", 3)),
        }
    }

    fn pin_state(&self) -> Result<String, (&'static str, u16)> {
        if self.faults.no_sim {
            return Err(("CME", 10));
        }
        Ok(match self.sim.lock() {
            Lock::Ready => "+CPIN: READY".to_owned(),
            Lock::Pin => "+CPIN: SIM PIN".to_owned(),
            Lock::Puk => "+CPIN: SIM PUK".to_owned(),
        })
    }

    fn pin(&mut self, wall: Timestamp, pin: &str) -> Result<Option<Vec<String>>, (&'static str, u16)> {
        if self.sim.lock() == Lock::Ready {
            return Err(("CME", 3));
        }
        self.stats.pins += 1;
        let right = self.sim.open(pin);
        self.note(wall, "pin", |line| line.number("right", u64::from(right)));
        if right { Ok(Some(Vec::new())) } else { Err(("CME", 16)) }
    }

    fn function(&mut self, now: Duration, values: &[String]) -> Option<Vec<String>> {
        if values.get(1).is_some_and(|reset| reset == "1") {
            self.say("OK");
            let said = self.out.split();
            self.restart(now);
            self.out = said;
            return None;
        }
        Some(Vec::new())
    }

    fn fill(&self) -> String {
        let used = if self.faults.full { self.sim.size() } else { self.sim.used() };
        format!("{used},{}", self.sim.size())
    }

    fn list(&mut self, wanted: usize) -> Vec<String> {
        let places = self.sim.places();
        let mut lines = Vec::new();
        for place in places {
            if let Some((stat, pdu)) = self.sim.read(place)
                && (wanted == 4 || usize::from(stat) == wanted)
            {
                let (length, digits) = digits(&pdu);
                lines.push(format!("+CMGL: {place},{stat},,{length}\r\n{digits}"));
            }
        }
        lines
    }
}
