//! Cutting packets out of the stream (section 3.1): from STX to ETX; what stands between packets is noise.
//!
//! Operators greet with a line of text and put line ends between packets; neither harms. An STX inside a packet means that
//! the one before lost its ETX: what there is of it is given as it is, without ETX, and the next begins there.

use super::{ETX, STX};
use bytes::{Buf as _, Bytes, BytesMut};

/// The longest packet that is taken.
pub const MAX_PACKET: usize = 4096;

/// A packet without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a packet of more than {MAX_PACKET} octets")]
pub struct TooLong;

/// The stream of one connection.
#[derive(Debug, Default)]
pub struct Frames {
    /// Octets at the front that were looked through already.
    scanned: usize,
    noise: u64,
}

impl Frames {
    /// Cuts the next packet off, with its STX and (unless it lost it) its ETX; `None` when none is whole.
    ///
    /// # Errors
    /// [`TooLong`] when no end is in sight.
    pub fn cut(&mut self, input: &mut BytesMut) -> Result<Option<Bytes>, TooLong> {
        if self.scanned == 0 {
            let noise = input.iter().position(|octet| *octet == STX).unwrap_or(input.len());
            self.noise += noise as u64;
            input.advance(noise);
            if input.is_empty() {
                return Ok(None);
            }
            self.scanned = 1;
        }
        let fresh = input.get(self.scanned..).unwrap_or_default();
        let end = fresh.iter().position(|octet| matches!(*octet, STX | ETX)).map(|at| at + self.scanned);
        let Some(end) = end else {
            if input.len() > MAX_PACKET {
                return Err(TooLong);
            }
            self.scanned = input.len();
            return Ok(None);
        };
        let end = if input.get(end) == Some(&ETX) { end + 1 } else { end };
        if end > MAX_PACKET {
            return Err(TooLong);
        }
        self.scanned = 0;
        Ok(Some(input.split_to(end).freeze()))
    }

    /// How many octets stood outside packets so far.
    #[must_use]
    pub fn noise(&self) -> u64 {
        self.noise
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(stream: &str) -> (Vec<String>, u64) {
        let (mut frames, mut input) = (Frames::default(), BytesMut::from(stream.as_bytes()));
        let mut found = Vec::new();
        while let Ok(Some(frame)) = frames.cut(&mut input) {
            found.push(String::from_utf8_lossy(&frame).into_owned());
        }
        (found, frames.noise())
    }

    #[test]
    fn noise_and_lost_ends() {
        let (found, noise) =
            all("CIMD2-A ConnectionInfo: x\r\n\u{2}40:001\t\u{3}\r\n\u{2}03:0\u{2}90:001\t\u{3}tail");
        assert_eq!(found, ["\u{2}40:001\t\u{3}", "\u{2}03:0", "\u{2}90:001\t\u{3}"]);
        assert_eq!(noise, 27 + 2 + 4);
    }

    #[test]
    fn without_end() {
        let mut input = BytesMut::from(&vec![b'x'; 100_000][..]);
        assert_eq!(Frames::default().cut(&mut input), Ok(None), "noise is endless at will");
        let mut input = BytesMut::from(&[&[STX][..], &vec![b'x'; MAX_PACKET]].concat()[..]);
        assert_eq!(Frames::default().cut(&mut input), Err(TooLong));
        let mut input = BytesMut::from(&[&[STX][..], &vec![b'x'; MAX_PACKET], &[ETX]].concat()[..]);
        assert_eq!(Frames::default().cut(&mut input), Err(TooLong), "in one piece as well");
    }
}
