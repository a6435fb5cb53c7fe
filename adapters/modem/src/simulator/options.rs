//! How a simulated modem, its SIM and its network behave: well, by default; or with the faults of real ones.

use std::path::PathBuf;
use std::time::Duration;

/// A simulated modem.
#[derive(Debug, Clone)]
pub struct ModemOptions {
    /// A lasting name for the pseudo-terminal: a link to it, made again at each plugging in.
    pub path: Option<PathBuf>,
    /// Listen here as a terminal server does, instead of a pseudo-terminal.
    pub tcp: Option<String>,
    /// The SIM's PIN; `None` = it asks for none.
    pub pin: Option<String>,
    /// What the modem says its make is.
    pub maker: String,
    /// Messages that the memory holds.
    pub memory: u16,
    /// How long the network takes to take a message.
    pub delay: Duration,
    /// When status reports come, for messages that ask for them; `None` = never.
    pub receipts: Option<Duration>,
    /// Every so many messages are not delivered; 0 = none.
    pub fail_every: u64,
    /// Hands messages over directly (`+CMT`, `+CDS`): offers no other way.
    pub direct: bool,
    /// A file to write every event to, one JSON object a line.
    pub journal: Option<PathBuf>,
    /// How it misbehaves from the start.
    pub faults: ModemFaults,
}

impl Default for ModemOptions {
    fn default() -> Self {
        Self {
            path: None,
            tcp: None,
            pin: None,
            maker: "Omnigate".to_owned(),
            memory: 20,
            delay: Duration::from_millis(20),
            receipts: None,
            fail_every: 0,
            direct: false,
            journal: None,
            faults: ModemFaults::default(),
        }
    }
}

/// Faults. `..._every`: each so manieth message, 0 = never.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModemFaults {
    /// Answers nothing at all.
    pub deaf: bool,
    /// Takes each so manieth message and never says so.
    pub no_answer_every: u64,
    /// Does not ask for each so manieth message's text.
    pub no_prompt_every: u64,
    /// Refuses with this +CMS ERROR (by `status_every`, or all when that is 0).
    pub status: Option<u16>,
    /// Which messages `status` hits.
    pub status_every: u64,
    /// Says things unasked between a message and its result: RING, +CREG, what was received.
    pub chatter: bool,
    /// Starts anew in the middle of each so manieth message.
    pub restart_every: u64,
    /// There is no network.
    pub no_network: bool,
    /// The signal, 0 to 31; 99 = not known.
    pub signal: Option<u8>,
    /// There is no SIM.
    pub no_sim: bool,
    /// The memory is full of what nobody reads.
    pub full: bool,
    /// Octets come one at a time, so far apart.
    pub drip: Option<Duration>,
    /// How long the network takes instead of `delay`.
    pub delay: Option<Duration>,
}
