//! Cuts the stream into frames between STX and ETX, and nothing else.
//!
//! Octets outside frames are thrown away, as the specification asks. An STX inside a frame begins a new one: what stood
//! before it was cut short on the way. A frame that does not end in time is thrown away too. So the boundary of the next
//! frame is always found again, and no more than one frame is ever kept.

use bytes::{Buf as _, Bytes, BytesMut};

/// Begins a frame.
pub const STX: u8 = 0x02;
/// Ends it.
pub const ETX: u8 = 0x03;
/// The longest content of a frame that is taken.
pub const MAX_FRAME: usize = 4_096;

/// The content of the next whole frame, without STX and ETX; `None` when more has to be read first. `skipped` counts the
/// octets that were thrown away as part of broken frames (noise between frames does not count).
pub fn cut(input: &mut BytesMut, skipped: &mut usize) -> Option<Bytes> {
    loop {
        match input.iter().position(|octet| *octet == STX) {
            Some(start) => input.advance(start),
            None => {
                input.clear();
                return None;
            }
        }
        let inside = input.get(1..).unwrap_or_default();
        let looked_at = inside.len().min(MAX_FRAME + 1);
        let mark = inside.iter().take(looked_at).position(|octet| matches!(*octet, STX | ETX));
        match mark {
            Some(end) if inside.get(end) == Some(&ETX) => {
                let mut frame = input.split_to(end + 2);
                frame.advance(1);
                frame.truncate(end);
                return Some(frame.freeze());
            }
            Some(again) => {
                *skipped += again + 1;
                input.advance(again + 1);
            }
            None if inside.len() > MAX_FRAME => {
                *skipped += looked_at;
                input.advance(looked_at);
            }
            None => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(octets: &[u8]) -> (Vec<Bytes>, usize, usize) {
        let mut input = BytesMut::from(octets);
        let mut skipped = 0;
        let frames = std::iter::from_fn(|| cut(&mut input, &mut skipped)).collect();
        (frames, skipped, input.len())
    }

    #[test]
    fn frames_and_noise() {
        for (octets, frames, skipped, left) in [
            (&b""[..], &[][..], 0, 0),
            (b"noise", &[], 0, 0),
            (b"\x02a\x03", &[&b"a"[..]], 0, 0),
            (b"\r\n\x02a\x03\r\n\x02b\x03\r", &[b"a", b"b"], 0, 0),
            (b"\x02half\x02whole\x03", &[b"whole"], 5, 0),
            (b"\x03\x02\x03\x02x", &[b""], 0, 2),
        ] {
            let (found, thrown, rest) = all(octets);
            assert_eq!(
                (&found[..], thrown, rest),
                (&frames.iter().map(|f| Bytes::copy_from_slice(f)).collect::<Vec<_>>()[..], skipped, left)
            );
        }
    }

    #[test]
    fn a_frame_without_end_is_not_kept() {
        let mut octets = vec![b'x'; 3 * MAX_FRAME];
        octets[0] = STX;
        octets.extend_from_slice(b"\x02good\x03");
        let (frames, skipped, left) = all(&octets);
        assert_eq!((frames, left), (vec![Bytes::from_static(b"good")], 0));
        assert!(skipped > MAX_FRAME);
    }

    #[test]
    fn any_split_gives_the_same_frames() {
        let octets = b"x\x02one\x03\x02cut\x02two\x03y\x02three\x03";
        for at in 0..octets.len() {
            let mut input = BytesMut::new();
            let mut frames = Vec::new();
            for half in [&octets[..at], &octets[at..]] {
                input.extend_from_slice(half);
                frames.extend(std::iter::from_fn(|| cut(&mut input, &mut 0)));
            }
            assert_eq!(frames, [&b"one"[..], b"two", b"three"], "{at}");
        }
    }
}
