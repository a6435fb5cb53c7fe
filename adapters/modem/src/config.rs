//! The settings of a GSM terminal. Values only.

use crate::profile::Profile;
use secrecy::SecretString;
use std::path::PathBuf;
use std::time::Duration;

/// A GSM terminal.
#[derive(Debug, Clone)]
pub struct GsmConfig {
    /// The port: a device (best by its lasting name under `/dev/serial/by-id/`), or `tcp://host:port` of a terminal server.
    pub port: String,
    /// Bits a second of a serial port.
    pub baud: u32,
    /// Whether the serial port has the lines for a hardware handshake (RTS/CTS).
    pub handshake: bool,
    /// The make; `None` = as the modem names itself.
    pub profile: Option<&'static Profile>,
    /// The SIM's PIN.
    pub pin: Option<SecretString>,
    /// The service centre, `+46…`; `None` = the SIM's own.
    pub service_centre: Option<String>,
    /// The SIM's own number, under which received messages are known; empty = not known.
    pub number: String,
    /// Where messages are kept, `SM`, `ME` or `MT`; `None` = as the profile says.
    pub storage: Option<String>,
    /// Segments a second; 0 = no limit.
    pub rate: u32,
    /// Messages in a minute; 0 = no limit.
    pub per_minute: u32,
    /// Messages in a day (local time); 0 = no limit.
    pub per_day: u32,
    /// How often registration, signal and memory are looked at when there is nothing else to do.
    pub poll: Duration,
    /// How often while there is no coverage, or doubt of it.
    pub search: Duration,
    /// How long a search goes on before the radio is switched off and on, and after that the modem is started anew.
    pub search_patience: Duration,
    /// A signal below this (0..=31, 2 dB each) is weak.
    pub weak_signal: u8,
    /// How long a command may take.
    pub answer_timeout: Duration,
    /// How long the network may take to take a message; after that it is in doubt.
    pub send_timeout: Duration,
    /// Whether incoming calls are hung up.
    pub hang_up: bool,
    /// The file for what must outlive a restart: refused PINs, messages of the day.
    pub notes: PathBuf,
    /// Down (or weak, or with a full memory) so long: the notice is given. Again well half as long: the all-clear.
    pub notice_after: Duration,
    /// How long unsent messages stay with a terminal that is down.
    pub give_back_after: Duration,
    /// The first pause before the port is opened again; it doubles up to `longest_pause`.
    pub first_pause: Duration,
    /// The longest pause before the port is opened again.
    pub longest_pause: Duration,
}

impl GsmConfig {
    /// Everything by default, on a port and with a file for notes.
    #[must_use]
    pub fn on(port: impl Into<String>, notes: impl Into<PathBuf>) -> Self {
        Self {
            port: port.into(),
            baud: 115_200,
            handshake: true,
            profile: None,
            pin: None,
            service_centre: None,
            number: String::new(),
            storage: None,
            rate: 0,
            per_minute: 0,
            per_day: 0,
            poll: Duration::from_secs(60),
            search: Duration::from_secs(5),
            search_patience: Duration::from_secs(180),
            weak_signal: 5,
            answer_timeout: Duration::from_secs(10),
            send_timeout: Duration::from_secs(60),
            hang_up: true,
            notes: notes.into(),
            notice_after: Duration::from_secs(60),
            give_back_after: Duration::from_secs(10),
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(10),
        }
    }
}
