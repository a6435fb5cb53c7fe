//! The traffic log: one line for each message sent and received, for people with a spreadsheet.

use domain::Timestamp;
use domain::directory::LinkId;

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To a mobile (MT).
    Out,
    /// From a mobile (MO).
    In,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrafficEntry {
    /// When.
    pub at: Timestamp,
    /// Which way.
    pub direction: Direction,
    /// By which link.
    pub link: LinkId,
    /// Who sent it.
    pub sender: String,
    /// Who gets it.
    pub recipient: String,
    /// Characters.
    pub characters: usize,
    /// PDUs.
    pub segments: u8,
    /// It may be a repetition.
    pub possible_duplicate: bool,
}

/// Writes the traffic log.
pub trait Traffic: Send + Sync {
    /// Writes a line. Never blocks and never fails: lines that cannot be written are counted in a metric.
    fn record(&self, entry: TrafficEntry);
}
