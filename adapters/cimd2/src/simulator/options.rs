//! What a CIMD2 centre may do differently from others.

use super::stamps::Stamps;
use jiff::tz::TimeZone;
use std::sync::Arc;

/// A simulated CIMD2 operator.
#[derive(Debug, Clone)]
pub struct SimulatorOptions {
    /// What is common to all protocols.
    pub common: rehearsal::SimulatorOptions,
    /// A line of text that it sends before anything else; empty = none.
    pub greeting: String,
    /// Whether its packets carry a checksum.
    pub checksum: bool,
    /// Whether it writes the characters of ISO-8859-1 as themselves.
    pub eight_bit: bool,
    /// The largest window that a login may name; 0 = none at all (error 105).
    pub max_window: u32,
    /// Refuses messages that ask for status reports (error 310).
    pub no_reports: bool,
    /// Takes requests only under the number that follows the one before (nack 99 otherwise), as strict centres do.
    pub strict_numbers: bool,
    /// The zone of its clock.
    pub zone: TimeZone,
    /// The names that were given so far; its connections share them.
    pub stamps: Arc<Stamps>,
}

/// As Nokia's centre greets.
const GREETING: &str = "CIMD2-A ConnectionInfo: SessionId = 1 PortId = 9971 Time = 261123000000 \
                        AccessType = TCPIP_SOCKET PIN = 1234\r\n";

impl Default for SimulatorOptions {
    fn default() -> Self {
        let common =
            rehearsal::SimulatorOptions { deliver_window: 10, ..rehearsal::SimulatorOptions::default() };
        Self {
            common,
            greeting: GREETING.to_owned(),
            checksum: true,
            eight_bit: false,
            max_window: 100,
            no_reports: false,
            strict_numbers: false,
            zone: TimeZone::UTC,
            stamps: Arc::default(),
        }
    }
}
