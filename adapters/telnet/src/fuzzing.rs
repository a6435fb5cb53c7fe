//! The text door's parsers for the fuzz targets, which see only what a crate shows. Not for anything else.

use crate::command;
use crate::lines::{Line, LineReader};

/// Longest line of the door.
const LONGEST: usize = 1_024;

/// A stream of lines with telnet's own commands in it, and each line as a command.
pub fn lines(octets: &[u8]) {
    let mut reader = LineReader::new(LONGEST);
    for octet in octets {
        if let Some(Line::Text(line)) = reader.push(*octet) {
            assert!(line.len() <= LONGEST);
            let _ = command::parse(&String::from_utf8_lossy(&line));
        }
    }
    let _ = reader.take_answers();
    let _ = command::parse(&String::from_utf8_lossy(octets));
}
