//! How a simulated operator behaves: well, by default; or with the faults of real ones.

use net::tls::TlsServer;
use secrecy::SecretString;
use std::path::PathBuf;
use std::time::Duration;

/// A simulated operator.
#[derive(Debug, Clone)]
pub struct SimulatorOptions {
    /// Where to listen, `127.0.0.1:0` for any free port.
    pub listen: String,
    /// TLS from the first octet.
    pub tls: Option<TlsServer>,
    /// Who may bind: name and password. Empty = anybody.
    pub accounts: Vec<(String, SecretString)>,
    /// Binds that one name may have at a time; 0 = any number. One more is refused with a refusal.
    pub max_binds: usize,
    /// How long it thinks before it answers a submit.
    pub reply_delay: Duration,
    /// Receipts for messages that ask for them; `None` = never.
    pub receipts: Option<ReceiptOptions>,
    /// Messages that phones send by themselves.
    pub mo: Option<MoOptions>,
    /// A phone answers each message with the same text.
    pub echo: bool,
    /// Deliveries that may wait for an answer, per session.
    pub deliver_window: usize,
    /// How long until what the gateway did not take is delivered again.
    pub retry_after: Duration,
    /// A file to write every event to, one JSON object a line.
    pub journal: Option<PathBuf>,
    /// How it misbehaves from the start.
    pub faults: Faults,
    /// How it misbehaves later: from so long after the start on, these and no others.
    pub schedule: Vec<(Duration, Faults)>,
}

/// When receipts come, and what they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiptOptions {
    /// From the reply to the receipt.
    pub delay: Duration,
    /// Every so many messages fail; 0 = none.
    pub fail_every: u64,
    /// How often each receipt is sent; at least 1.
    pub copies: u8,
    /// Sent before the reply to the submit that it is about.
    pub before_reply: bool,
}

impl Default for ReceiptOptions {
    fn default() -> Self {
        Self { delay: Duration::from_millis(100), fail_every: 0, copies: 1, before_reply: false }
    }
}

/// Messages that phones send by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoOptions {
    /// So many a second.
    pub rate: u32,
    /// From this number and those after it, in turn.
    pub from: u64,
    /// To this number.
    pub to: String,
    /// With this text; `{n}` becomes the number of the message.
    pub text: String,
}

/// Faults. `..._every`: each so manieth submit, 0 = never.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults {
    /// Refuses every submit for being too fast.
    pub throttle: bool,
    /// The same for each so manieth.
    pub throttle_every: u64,
    /// Refuses with this status of the protocol (by `status_every`, or all when that is 0).
    pub status: Option<u32>,
    /// Which submits `status` hits.
    pub status_every: u64,
    /// Answers no submit.
    pub no_answer: bool,
    /// Does not answer each so manieth.
    pub no_answer_every: u64,
    /// Thinks so long instead of `reply_delay`.
    pub reply_delay: Option<Duration>,
    /// Answers each so manieth twice.
    pub duplicate_every: u64,
    /// Sends a reply to a submit that never was, beside each so manieth.
    pub unknown_every: u64,
    /// Answers each so manieth with "not understood".
    pub nack_every: u64,
    /// Answers each so manieth with the response to another operation.
    pub wrong_command_every: u64,
    /// Answers each so manieth without an id, though it is taken.
    pub empty_every: u64,
    /// Damages each so manieth reply, where the protocol has a checksum.
    pub damage_every: u64,
    /// Answers those that came together in reverse order.
    pub out_of_order: bool,
    /// Writes half a reply and drops the connection at each so manieth.
    pub drop_every: u64,
    /// Writes octets that are no frame at each so manieth.
    pub garbage_every: u64,
    /// Reads and writes nothing any more, and does not close.
    pub half_open: bool,
    /// Closes connections as they come.
    pub refuse: bool,
    /// Refuses logins with this status of the protocol.
    pub bind_status: Option<u32>,
    /// Answers no login.
    pub no_bind_answer: bool,
    /// Answers no keep-alive.
    pub deaf: bool,
    /// Writes one octet at a time, so far apart.
    pub drip: Option<Duration>,
    /// How near its limit it says it is in replies, where the protocol can say it.
    pub congestion: Option<u8>,
}

impl Default for SimulatorOptions {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:0".to_owned(),
            tls: None,
            accounts: Vec::new(),
            max_binds: 0,
            reply_delay: Duration::ZERO,
            receipts: Some(ReceiptOptions::default()),
            mo: None,
            echo: false,
            deliver_window: 100,
            retry_after: Duration::from_secs(1),
            journal: None,
            faults: Faults::default(),
            schedule: Vec::new(),
        }
    }
}
