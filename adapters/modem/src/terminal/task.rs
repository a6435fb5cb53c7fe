//! What a terminal has to do, one command each. Pure: a task and its command line.

use super::receive::Place;
use crate::chat::Ask;
use crate::config::GsmConfig;
use std::time::Duration;

/// For what the SIM or the radio takes its time.
const SLOW: Duration = Duration::from_secs(30);
/// For reading everything from a slow SIM.
const LONG: Duration = Duration::from_secs(60);
/// For a modem that may not be there.
const SHORT: Duration = Duration::from_secs(2);

/// Messages as PDUs, not as texts.
pub(super) const PDU_MODE: &str = "AT+CMGF=0";
/// Errors by their numbers.
pub(super) const ERROR_NUMBERS: &str = "AT+CMEE=1";

/// One command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Task {
    /// Is anybody there?
    Wake,
    /// A setting; a refusal is borne.
    Set(String),
    /// A setting without which nothing works.
    Must(String),
    /// Who makes it.
    Maker,
    /// What else it says of itself, for the log.
    Identity(&'static str),
    /// Does the SIM ask for a PIN?
    Pin,
    /// The PIN.
    TellPin,
    /// Which announcements it offers.
    Offers,
    /// The announcements.
    Announce([u8; 5]),
    /// Are they still what was asked for?
    Announced,
    /// The memory to use.
    Memory(String),
    /// Another memory, for what is read or removed next; [`Task::Memory`] leads back.
    Detour(String),
    /// Reads the whole memory.
    Sweep,
    /// Reads one message.
    Fetch(Place),
    /// Reads one place of the memory after the other, while so many messages are left in it.
    Walk { index: u16, left: u16 },
    /// Removes one message.
    Delete(Place),
    /// Says that a message that was not stored by the modem is taken, or not.
    Acknowledge(bool),
    /// Is it registered? In which kind of network.
    Registration(Network),
    /// How strong is the signal?
    Signal,
    /// How full is the memory?
    Fill,
    /// PDU mode, again: before each segment.
    Format,
    /// Sends the segment.
    Submit,
    /// Starts the modem anew; the connection ends with it.
    Restart(String),
}

/// Kinds of networks, each with its own registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Network {
    Gsm,
    Lte,
    Packet,
}

impl Network {
    fn prefix(self) -> &'static str {
        match self {
            Self::Gsm => "+CREG",
            Self::Lte => "+CEREG",
            Self::Packet => "+CGREG",
        }
    }
}

impl Task {
    /// The command; `None` for what needs more than its name ([`Task::Submit`], [`Task::TellPin`]).
    pub(super) fn ask(&self, config: &GsmConfig) -> Option<Ask> {
        let usual = config.answer_timeout;
        let plain = |command: &str, wait| Some(Ask::new(command, "", wait));
        match self {
            Self::Wake => plain("AT", SHORT.min(usual)),
            Self::Set(command) | Self::Must(command) | Self::Restart(command) => {
                let slow = command.contains("CFUN") || command.contains("CSMS");
                Some(Ask::new(command, prefix(command), if slow { SLOW } else { usual }))
            }
            Self::Maker => plain("AT+CGMI", usual),
            Self::Identity(command) => plain(command, usual),
            Self::Pin => Some(Ask::new("AT+CPIN?", "+CPIN:", SLOW)),
            Self::Offers => Some(Ask::new("AT+CNMI=?", "+CNMI:", usual)),
            Self::Announce([mode, mt, bm, ds, bfr]) => {
                Some(Ask::new(format!("AT+CNMI={mode},{mt},{bm},{ds},{bfr}"), "+CNMI:", usual))
            }
            Self::Announced => Some(Ask::new("AT+CNMI?", "+CNMI:", usual)),
            Self::Memory(name) => {
                Some(Ask::new(format!("AT+CPMS=\"{name}\",\"{name}\",\"{name}\""), "+CPMS:", SLOW))
            }
            // The first memory alone: where messages are written and received stays as it is, and `SR` is nowhere else allowed.
            Self::Detour(name) => Some(Ask::new(format!("AT+CPMS=\"{name}\""), "+CPMS:", SLOW)),
            Self::Sweep => Some(Ask::new("AT+CMGL=4", "+CMGL:", LONG)),
            Self::Fetch(place) => Some(Ask::new(format!("AT+CMGR={}", place.index), "+CMGR:", SLOW)),
            Self::Walk { index, .. } => Some(Ask::new(format!("AT+CMGR={index}"), "+CMGR:", SLOW)),
            Self::Delete(place) => Some(Ask::new(format!("AT+CMGD={}", place.index), "+CMGD:", SLOW)),
            Self::Acknowledge(true) => plain("AT+CNMA", usual),
            Self::Acknowledge(false) => plain("AT+CNMA=2", usual),
            Self::Registration(network) => {
                Some(Ask::new(format!("AT{}?", network.prefix()), registration_prefix(*network), usual))
            }
            Self::Signal => Some(Ask::new("AT+CSQ", "+CSQ:", usual)),
            Self::Fill => Some(Ask::new("AT+CPMS?", "+CPMS:", usual)),
            Self::Format => plain(PDU_MODE, usual),
            Self::Submit | Self::TellPin => None,
        }
    }
}

fn registration_prefix(network: Network) -> &'static str {
    match network {
        Network::Gsm => "+CREG:",
        Network::Lte => "+CEREG:",
        Network::Packet => "+CGREG:",
    }
}

/// What the lines of a setting's answer begin with.
fn prefix(command: &str) -> &'static str {
    const KNOWN: [&str; 4] = ["+CSMS:", "+CFUN:", "+CSCA:", "+CREG:"];
    KNOWN.into_iter().find(|known| command.contains(known.trim_end_matches(':'))).unwrap_or("")
}
