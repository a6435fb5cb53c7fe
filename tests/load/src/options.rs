//! What to measure.

use clap::{Args, ValueEnum};
use serde::Serialize;
use std::path::PathBuf;

/// A gateway and the door it is driven through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// Kannel 1.4.5 of Debian: bearerbox and smsbox, file store, `GET /cgi-bin/sendsms`.
    Kannel,
    /// Kannel with its spool store.
    KannelSpool,
    /// Ours by `POST /api/v1/messages`.
    Omnigate,
    /// Ours by `POST /api/v1/messages`, told of the end alone.
    OmnigateEnd,
    /// Ours by `GET /cgi-bin/sendsms`: like with like.
    OmnigateSendsms,
}

/// The widest window of UCP, whose numbers are 00 to 99.
pub(crate) const MOST_UCP: u32 = 98;

/// What the gateway and the operator speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// SMPP 3.4.
    #[default]
    Smpp,
    /// EMI/UCP; both with a window of `--window`, at most 98.
    Ucp,
    /// CIMD2; Kannel's driver has a window of 1, ours that of `--window`, at most 100.
    Cimd2,
}

/// Everything that can be chosen; all of it has a default.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Gateways to measure, in turns
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Subject::Kannel, Subject::Omnigate])]
    pub gateway: Vec<Subject>,
    /// What the gateways speak with the operator
    #[arg(long, value_enum, default_value = "smpp")]
    pub protocol: Protocol,
    /// Keep-alive connections, each with one request at a time
    #[arg(long, value_delimiter = ',', default_values_t = [32, 256])]
    pub connections: Vec<usize>,
    /// Measure with receipts and callbacks
    #[arg(long)]
    pub receipts: bool,
    /// Measure both without and with receipts
    #[arg(long, conflicts_with = "receipts")]
    pub both: bool,
    /// Seconds of load in each measurement
    #[arg(long, default_value_t = 5)]
    pub seconds: u64,
    /// Send this many messages instead
    #[arg(long)]
    pub count: Option<u64>,
    /// Seconds of load before measuring
    #[arg(long, default_value_t = 1)]
    pub warm_up: u64,
    /// How often each measurement is made, in turns; the table shows the median
    #[arg(long, default_value_t = 2)]
    pub rounds: usize,
    /// Window of the operator session
    #[arg(long, default_value_t = 100)]
    pub window: u32,
    /// Replies that may be on their way to the disk beyond the window (`replies_ahead` of our link)
    #[arg(long, default_value_t = 0)]
    pub replies_ahead: u32,
    /// Database of our gateway; a new SQLite file when absent
    #[arg(long)]
    pub database: Option<String>,
    /// Our binary; the one beside this program when absent
    #[arg(long)]
    pub binary: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            gateway: vec![Subject::Kannel, Subject::Omnigate],
            protocol: Protocol::Smpp,
            connections: vec![32, 256],
            receipts: false,
            both: false,
            seconds: 5,
            count: None,
            warm_up: 1,
            rounds: 2,
            window: 100,
            replies_ahead: 0,
            database: None,
            binary: None,
        }
    }
}

/// One row of the table, apart from the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Scenario {
    /// Whether receipts come back and are told to a callback.
    pub receipts: bool,
    /// Keep-alive connections.
    pub connections: usize,
}

impl Options {
    /// All rows.
    #[must_use]
    pub fn scenarios(&self) -> Vec<Scenario> {
        let ways: &[bool] = if self.both { &[false, true] } else { &[self.receipts] };
        let pairs = ways.iter().flat_map(|receipts| self.connections.iter().map(move |n| (*receipts, *n)));
        pairs.map(|(receipts, connections)| Scenario { receipts, connections }).collect()
    }
}
