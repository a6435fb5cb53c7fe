//! Waking a terminal and setting it up, until it can receive (3GPP TS 27.005 section 3, 27.007 section 8.3).
//!
//! Follows the reset ladder: what it begins with depends on how the last connections ended. A PIN goes out at most once, and only
//! after the notes allow it.

use super::Terminal;
use super::task::{ERROR_NUMBERS, PDU_MODE, Task};
use crate::chat::{Answer, Ask, End, Fault};
use crate::errors::Kind;
use crate::profile;
use crate::state::Rung;
use session::{BindRefusal, Closed, Event};
use std::time::Duration;

/// How often a SIM that is busy is asked, a second apart.
pub(super) const SIM_TRIES: u8 = 30;
/// How long a PIN may take.
const PIN_WAIT: Duration = Duration::from_secs(30);
/// Between two looks at a SIM that is not ready.
pub(super) const SIM_PAUSE: Duration = Duration::from_secs(1);

/// How far the start is.
#[derive(Debug, Default)]
pub(super) struct Progress {
    awake: bool,
    sim_tries: u8,
    pin_sent: bool,
    serving: bool,
}

impl Progress {
    pub(super) fn is_awake(&self) -> bool {
        self.awake
    }

    pub(super) fn is_serving(&self) -> bool {
        self.serving
    }
}

impl Terminal {
    /// The first tasks of a connection.
    pub(super) fn begin(&mut self) {
        self.doing_now("waking the modem");
        // The modem may hang in the prompt of a message that an earlier life did not finish.
        self.chat.escape();
        self.rest(Duration::from_millis(200));
        self.push(Task::Wake);
    }

    fn doing_now(&mut self, what: &str) {
        self.events.push_back(Event::Doing(format!("{}: {what}", self.config.port)));
    }

    fn set_up(&mut self) {
        let rung = self.state.rung();
        if rung == Rung::Restart {
            self.push(Task::Set("ATE0".into()));
            return self.push(Task::Maker);
        }
        if matches!(rung, Rung::Defaults | Rung::Restarted | Rung::DropDtr) {
            self.push(Task::Set("ATZ".into()));
            self.push(Task::Set("AT&F".into()));
        }
        for command in ["ATE0", "ATV1Q0", ERROR_NUMBERS] {
            self.push(Task::Set(command.into()));
        }
        self.push(Task::Maker);
    }

    /// One of the tasks of the start has its end.
    pub(super) fn started(&mut self, task: Task, answer: &Answer) {
        match task {
            Task::Wake => self.woken(answer),
            Task::Maker => self.made_by(answer),
            Task::Identity(command) => {
                let what = answer.lines.join(" ");
                tracing::debug!(link = %self.link, command, what, "the modem says of itself");
            }
            Task::Pin => self.pin(answer),
            Task::TellPin => {
                tracing::info!(link = %self.link, accepted = answer.is_ok(), "the PIN was given to the SIM");
                self.ask_sim_again();
            }
            Task::Offers => self.announce(answer),
            Task::Announce(what) if answer.is_ok() => self.announced = Some(what),
            Task::Memory(name) => self.memory_chosen(name, answer),
            // How full that one is says nothing of where messages are received.
            Task::Detour(name) if answer.is_ok() => self.memory = name,
            Task::Must(command) if !answer.is_ok() => {
                self.broken(&format!("the modem refuses {command}: {}", words(&answer.end)));
            }
            Task::Restart(_) => self.close(Closed::Broken("the modem is being started anew".to_owned())),
            _ => {}
        }
    }

    /// The start is over when the last of its tasks is done, whatever came between them.
    pub(super) fn serve_when_ready(&mut self) {
        let ready = self.start.sim_is_ready() && self.todo.is_empty() && self.doing.is_none();
        if ready && !self.start.serving && self.closed.is_none() {
            self.serve();
        }
    }

    fn woken(&mut self, answer: &Answer) {
        if !answer.is_ok() {
            // An answer of another kind to a bare AT: the rest of something; again.
            self.silent += 1;
            if self.silent >= super::MOST_SILENT {
                return self.broken("the modem answers AT with an error");
            }
            return self.push_first(Task::Wake);
        }
        if !self.start.awake {
            self.start.awake = true;
            self.doing_now("setting the modem up");
            self.set_up();
        }
    }

    fn made_by(&mut self, answer: &Answer) {
        let maker = answer.lines.join(" ");
        if self.config.profile.is_none() {
            self.profile = profile::recognized(&maker);
        }
        tracing::info!(link = %self.link, maker, profile = self.profile.name, "a modem");
        if self.state.rung() == Rung::Restart {
            // The rung counts as tried whatever becomes of it.
            self.state.climb();
            return self.push(Task::Restart(self.profile.restart.into()));
        }
        for command in ["AT+CGMM", "AT+CGMR", "AT+CGSN"] {
            self.push(Task::Identity(command));
        }
        if self.config.handshake && !self.config.port.starts_with(crate::port::TCP) {
            self.push(Task::Set(self.profile.handshake.into()));
        }
        for command in self.profile.init {
            self.push(Task::Set((*command).to_owned()));
        }
        if self.profile.has_pin {
            self.push(Task::Pin);
        } else {
            self.sim_ready();
        }
    }

    fn pin(&mut self, answer: &Answer) {
        let busy = matches!(answer.end, End::Error(Fault::Code(Kind::Cme, 14) | Fault::Plain));
        match answer.after("+CPIN:").map(|state| state.trim_matches('"').to_ascii_uppercase()).as_deref() {
            Some("READY") => {
                self.state.notes.open_sim();
                self.sim_ready();
            }
            Some("SIM PIN") if self.start.pin_sent => self.ask_sim_again(),
            Some("SIM PIN") => self.try_pin(),
            Some(other) => self.refused(format!("the SIM asks for {other}: a person must see to it")),
            None if busy => self.ask_sim_again(),
            None if answer.is_ok() => self.ask_sim_again(),
            None if answer.end == End::Silence => {
                self.broken("the modem does not say whether the SIM is open")
            }
            None => self.refused(format!("no usable SIM: {}", words(&answer.end))),
        }
    }

    fn try_pin(&mut self) {
        let Some(pin) = &self.config.pin else {
            return self.refused("the SIM asks for its PIN and none is configured".into());
        };
        match self.state.notes.try_pin(pin) {
            Ok(true) => {
                self.start.pin_sent = true;
                self.push_first(Task::TellPin);
            }
            Ok(false) => self.refused(
                "the SIM has refused this PIN: it is not tried again (correct `pin`, or open the SIM by hand)".into(),
            ),
            Err(error) => self.refused(format!("the PIN is not tried: {error}")),
        }
    }

    /// The command with the PIN; it stands in no log.
    pub(super) fn pin_ask(&self) -> Option<Ask> {
        use secrecy::ExposeSecret as _;
        let pin: String =
            self.config.pin.as_ref()?.expose_secret().chars().filter(char::is_ascii_digit).collect();
        Some(Ask::new(format!("AT+CPIN=\"{pin}\""), "+CPIN:", PIN_WAIT))
    }

    fn ask_sim_again(&mut self) {
        self.start.sim_tries += 1;
        if self.start.sim_tries > SIM_TRIES {
            let why =
                if self.start.pin_sent { "the SIM refuses the PIN" } else { "the SIM does not become ready" };
            return self.refused(why.to_owned());
        }
        self.rest(SIM_PAUSE);
        self.push_first(Task::Pin);
    }

    fn sim_ready(&mut self) {
        self.start.sim_tries = u8::MAX;
        if let Some(centre) = &self.config.service_centre {
            let kind = if centre.starts_with('+') { 145 } else { 129 };
            self.push(Task::Must(format!("AT+CSCA=\"{centre}\",{kind}")));
        }
        self.push(Task::Must(PDU_MODE.into()));
        self.push(Task::Set("AT+CSMS=1".into()));
        // What was handed to an earlier life that ended before it could say so comes again. Left alone, the modem would soon take it that
        // nobody listens, and announce nothing any more.
        self.push(Task::Set("AT+CNMA=2".into()));
        let storage = self.config.storage.clone().unwrap_or_else(|| self.profile.storage.to_owned());
        self.push(Task::Memory(storage));
        self.push(Task::Set("AT+CREG=1".into()));
        match self.profile.announce {
            Some(fixed) => self.push(Task::Announce(fixed)),
            None => self.push(Task::Offers),
        }
    }

    fn announce(&mut self, answer: &Answer) {
        let offer = crate::at::cnmi_test(&answer.text()).ok().and_then(|offer| offer.best());
        // What most modems take, for those that do not say what they offer. What is not announced is found by the sweeps.
        self.push(Task::Announce(offer.unwrap_or([2, 1, 0, 1, 0])));
    }

    fn serve(&mut self) {
        self.start.serving = true;
        self.push(Task::Sweep);
        self.look_now();
    }

    /// No use in trying fast: a login that is refused.
    fn refused(&mut self, detail: String) {
        self.close(Closed::Refused(BindRefusal { login: true, detail }));
    }
}

impl Progress {
    fn sim_is_ready(&self) -> bool {
        self.sim_tries == u8::MAX
    }
}

/// An end in words.
pub(super) fn words(end: &End) -> String {
    match end {
        End::Ok => "OK".to_owned(),
        End::Error(Fault::Plain) => "ERROR".to_owned(),
        End::Error(Fault::Code(kind, code)) => crate::errors::failure(*kind, *code).detail,
        End::Error(Fault::Words(words)) => words.clone(),
        End::NoPrompt => "no prompt".to_owned(),
        End::Silence => "no answer".to_owned(),
    }
}
