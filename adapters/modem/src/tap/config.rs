//! The settings of a TAP link. Values only.

use super::codec::Charset;
use crate::call::CallSettings;
use crate::port::SerialOptions;
use net::tls::TlsClient;
use secrecy::SecretString;
use std::time::Duration;

/// How a number is written for a central.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NumberForm {
    /// `0740123456`: as people of its country dial it; numbers of other countries with 00.
    #[default]
    National,
    /// `46740123456`.
    International,
    /// `+46740123456`.
    Plus,
}

/// How a central is reached.
#[derive(Debug, Clone)]
pub enum Way {
    /// It, or a terminal server before it, listens on TCP.
    Hosts {
        /// `host:port`, tried in turn.
        hosts: Vec<String>,
        /// TLS from the first octet.
        tls: Option<TlsClient>,
    },
    /// It is at the other end of a cable.
    Port {
        /// A device, or `tcp://host:port`.
        name: String,
        /// How a serial port is set.
        serial: SerialOptions,
    },
    /// A modem calls it.
    Call(CallSettings),
}

/// A TAP link.
#[derive(Debug, Clone)]
pub struct TapConfig {
    /// How the central is reached.
    pub way: Way,
    /// At most 6 characters; usually empty.
    pub password: SecretString,
    /// What the central's seven bits mean.
    pub charset: Charset,
    /// Whether the central knows SUB escapes for control characters (TAP 1.8).
    pub escapes: bool,
    /// The longest block in octets, 40 to 256.
    pub block: usize,
    /// The longest text of a page in characters; a longer one is refused.
    pub length: usize,
    /// How recipients are written.
    pub numbers: NumberForm,
    /// The country that [`NumberForm::National`] leaves out.
    pub country: String,
    /// Pages in a call; 0 = no limit.
    pub pages_per_call: u32,
    /// How long a call may take before a new one is made.
    pub longest_call: Duration,
    /// How long a call with nothing to send is kept.
    pub idle: Duration,
    /// Pages a second; 0 = no limit.
    pub rate: u32,
    /// The waiting times of the protocol.
    pub times: TapTimes,
    /// How long unsent messages stay with a link that cannot connect.
    pub give_back_after: Duration,
    /// The first pause before calling again after a failure; it doubles up to `longest_pause`.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
}

/// The waiting times and counts that the specification gives to the entry device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TapTimes {
    /// T1: between two carriage returns that ask for `ID=`.
    pub ask_again: Duration,
    /// N1: how often; ten, since centrals behind modems wake slowly.
    pub asks: u8,
    /// T3: for the answer to a log-on or a block.
    pub answer: Duration,
    /// For the go-ahead after the log-on was taken.
    pub go_ahead: Duration,
    /// For the answer to our end of the call (T5).
    pub goodbye: Duration,
    /// N2 and N3: how often a log-on or a block is tried.
    pub tries: u8,
}

impl Default for TapTimes {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            ask_again: seconds(2),
            asks: 10,
            answer: seconds(10),
            go_ahead: seconds(30),
            goodbye: seconds(8),
            tries: 3,
        }
    }
}

impl Default for TapConfig {
    fn default() -> Self {
        Self {
            way: Way::Hosts { hosts: Vec::new(), tls: None },
            password: SecretString::from(""),
            charset: Charset::default(),
            escapes: false,
            block: 256,
            length: 240,
            numbers: NumberForm::default(),
            country: "46".to_owned(),
            pages_per_call: 10,
            longest_call: Duration::from_secs(300),
            idle: Duration::from_secs(4),
            rate: 0,
            times: TapTimes::default(),
            give_back_after: Duration::from_secs(10),
            first_pause: Duration::from_secs(30),
            longest_pause: Duration::from_secs(900),
        }
    }
}
