//! A packet (section 3.1): `STX ZZ:NNN TAB PPP:value TAB .. [CC] ETX`.
//!
//! Reading is tolerant of what harms nobody: a missing last TAB, parameters nobody knows, a checksum in lower case. Writing
//! refuses octets that would end a value.

use super::parameter::Parameter;
use super::{DecodeError, ETX, EncodeError, MAX_PACKET, Malformed, Operation, STX, TAB, checksum};
use bytes::{BufMut as _, Bytes, BytesMut};
use domain::text::latin1;

/// A packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// What it asks or answers.
    pub operation: Operation,
    /// Its number, or that of the request it answers.
    pub number: u8,
    /// In the order in which they stand.
    pub parameters: Vec<Parameter>,
}

/// A packet and its checksum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The packet.
    pub packet: Packet,
    /// The checksum, where there is one; it is right.
    pub checksum: Option<u8>,
}

impl Packet {
    /// Without parameters.
    #[must_use]
    pub fn new(operation: Operation, number: u8) -> Self {
        Self { operation, number, parameters: Vec::new() }
    }

    /// The same with one parameter more.
    #[must_use]
    pub fn with(mut self, code: u16, value: impl Into<Bytes>) -> Self {
        self.push(code, value);
        self
    }

    /// Adds a parameter.
    pub fn push(&mut self, code: u16, value: impl Into<Bytes>) {
        self.parameters.push(Parameter { code, value: value.into() });
    }

    /// The first parameter of this code.
    #[must_use]
    pub fn get(&self, code: u16) -> Option<&Bytes> {
        self.parameters.iter().find(|parameter| parameter.code == code).map(|parameter| &parameter.value)
    }

    /// The first parameter of this code as text (ISO-8859-1); empty when there is none.
    #[must_use]
    pub fn text(&self, code: u16) -> String {
        self.get(code).map(|value| latin1::decode(value)).unwrap_or_default()
    }

    /// The first parameter of this code as a number; `None` when there is none or it is not one.
    #[must_use]
    pub fn integer(&self, code: u16) -> Option<u32> {
        integer(self.get(code)?)
    }
}

/// Decimal digits with blanks around them, within 32 bits.
fn integer(digits: &[u8]) -> Option<u32> {
    let digits = digits.trim_ascii();
    let read = |number: u32, digit: &u8| match digit {
        b'0'..=b'9' => number.checked_mul(10)?.checked_add(u32::from(digit - b'0')),
        _ => None,
    };
    if digits.is_empty() { None } else { digits.iter().try_fold(0, read) }
}

/// Reads what [`super::Frames`] has cut.
///
/// # Errors
/// [`DecodeError`], with the header when that could be read.
pub fn decode(frame: &Bytes) -> Result<Decoded, DecodeError> {
    let header = header(frame);
    let wrong = |malformed| DecodeError { header, malformed };
    if frame.last() != Some(&ETX) || frame.len() < 2 {
        return Err(wrong(Malformed::Unended));
    }
    let octets = frame.slice(1..frame.len() - 1);
    let last_tab = octets.iter().rposition(|octet| *octet == TAB);
    let tail = last_tab.map_or(&octets[..0], |at| &octets[at + 1..]);
    let checksum = checksum::read(tail);
    if let Some(stated) = checksum {
        let computed = checksum::sum(&frame[..frame.len() - 1 - tail.len()]);
        if computed != stated {
            return Err(wrong(Malformed::Checksum { stated, computed }));
        }
    }
    if octets.contains(&0) {
        return Err(wrong(Malformed::Nul));
    }
    let (operation, number) = header.ok_or(wrong(Malformed::Header))?;
    let mut packet = Packet::new(operation, number);
    let end = if checksum.is_some() { octets.len() - tail.len() } else { octets.len() };
    let first = octets.iter().position(|octet| *octet == TAB).unwrap_or(octets.len());
    let mut at = first + 1;
    while at < end {
        let rest = &octets[at..end];
        let length = rest.iter().position(|octet| *octet == TAB).unwrap_or(rest.len());
        packet.parameters.extend(parameter(octets.slice(at..at + length)).map_err(wrong)?);
        at += length + 1;
    }
    Ok(Decoded { packet, checksum })
}

/// Operation and number, as far as they stand there.
fn header(frame: &[u8]) -> Option<(Operation, u8)> {
    let [STX, z1, z2, b':', n1, n2, n3, after, ..] = frame else { return None };
    let digit = |octet: &u8| octet.is_ascii_digit().then(|| u32::from(octet - b'0'));
    let operation = digit(z1)? * 10 + digit(z2)?;
    let number = digit(n1)? * 100 + digit(n2)? * 10 + digit(n3)?;
    if !matches!(*after, TAB | ETX) {
        return None;
    }
    Some((Operation(u8::try_from(operation).ok()?), u8::try_from(number).ok()?))
}

/// One parameter; two TABs in a row are none.
fn parameter(octets: Bytes) -> Result<Option<Parameter>, Malformed> {
    let code = match octets.as_ref() {
        [] => return Ok(None),
        [a, b, c, ..] if [a, b, c].iter().all(|digit| digit.is_ascii_digit()) => integer(&[*a, *b, *c]),
        _ => None,
    };
    let code = code.and_then(|code| u16::try_from(code).ok()).ok_or(Malformed::Code)?;
    if octets.get(3) != Some(&b':') {
        return Err(Malformed::Colon);
    }
    Ok(Some(Parameter { code, value: octets.slice(4..) }))
}

/// Writes a packet, with or without checksum.
///
/// # Errors
/// [`EncodeError`]; nothing was written then.
pub fn encode(packet: &Packet, with_checksum: bool, out: &mut BytesMut) -> Result<(), EncodeError> {
    let start = out.len();
    let result = write(packet, out);
    match result {
        Ok(()) => {
            if with_checksum {
                out.put_slice(&checksum::digits(checksum::sum(out.get(start..).unwrap_or_default())));
            }
            out.put_u8(ETX);
            Ok(())
        }
        Err(error) => {
            out.truncate(start);
            Err(error)
        }
    }
}

fn write(packet: &Packet, out: &mut BytesMut) -> Result<(), EncodeError> {
    let start = out.len();
    let Operation(operation) = packet.operation;
    if operation > 99 {
        return Err(EncodeError::Operation(operation));
    }
    out.put_slice(&[STX, digit(u16::from(operation), 10), digit(u16::from(operation), 1), b':']);
    put_three(u16::from(packet.number), out);
    out.put_u8(TAB);
    for Parameter { code, value } in &packet.parameters {
        if *code > 999 {
            return Err(EncodeError::Code(*code));
        }
        if let Some(octet) = value.iter().find(|octet| matches!(**octet, 0 | STX | ETX | TAB)) {
            return Err(EncodeError::Forbidden { code: *code, octet: *octet });
        }
        put_three(*code, out);
        out.put_u8(b':');
        out.put_slice(value);
        out.put_u8(TAB);
    }
    match out.len() - start {
        // Room for the checksum and ETX.
        octets if octets + 3 > MAX_PACKET => Err(EncodeError::TooLong(octets + 3)),
        _ => Ok(()),
    }
}

fn digit(number: u16, unit: u16) -> u8 {
    b'0' + u8::try_from(number / unit % 10).unwrap_or(0)
}

fn put_three(number: u16, out: &mut BytesMut) {
    out.put_slice(&[digit(number, 100), digit(number, 10), digit(number, 1)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(frame: &str) -> Result<Decoded, DecodeError> {
        decode(&Bytes::from(frame.to_owned()))
    }

    #[test]
    fn tolerated() {
        let bare = Packet::new(Operation::ALIVE, 3);
        for frame in
            ["\u{2}40:003\t\u{3}", "\u{2}40:003\u{3}", "\u{2}40:003\t3c\u{3}", "\u{2}40:003\t\t\u{3}"]
        {
            assert_eq!(read(frame).map(|d| d.packet), Ok(bare.clone()), "{frame:?}");
        }
        let packet = read("\u{2}20:002\t023:a:b\t999:\t033:x\u{3}").expect("a packet").packet;
        assert_eq!(
            (packet.text(23).as_str(), packet.text(999).as_str(), packet.text(33).as_str()),
            ("a:b", "", "x")
        );
        assert_eq!((packet.integer(33), packet.integer(1)), (None, None));
    }

    #[test]
    fn refused() {
        use Malformed::{Checksum, Code, Colon, Header, Nul, Unended};
        let header = Some((Operation::SUBMIT, 1));
        for (frame, expected, malformed) in [
            ("\u{2}03:001\t021:1", header, Unended),
            ("\u{2}", None, Unended),
            ("\u{2}\u{3}", None, Header),
            ("\u{2}3:001\t\u{3}", None, Header),
            ("\u{2}03:256\t\u{3}", None, Header),
            ("\u{2}03:0011\t\u{3}", None, Header),
            ("\u{2}03:001\t021:1\t00\u{3}", header, Checksum { stated: 0, computed: 0x40 }),
            ("\u{2}03:001\t21:1\t\u{3}", header, Code),
            ("\u{2}03:001\t0211\t\u{3}", header, Colon),
            ("\u{2}03:001\t021:1\0\t\u{3}", header, Nul),
        ] {
            let error = read(frame).expect_err(frame);
            assert_eq!((error.header, error.malformed), (expected, malformed), "{frame:?}");
        }
    }

    #[test]
    fn nothing_is_injected() {
        for value in ["a\tb", "a\u{2}b", "a\u{3}b", "a\0b"] {
            let mut out = BytesMut::from("before");
            let packet = Packet::new(Operation::SUBMIT, 1).with(33, value);
            assert!(matches!(encode(&packet, true, &mut out), Err(EncodeError::Forbidden { code: 33, .. })));
            assert_eq!(out, "before");
        }
        let long = Packet::new(Operation::SUBMIT, 1).with(33, "x".repeat(MAX_PACKET));
        assert!(matches!(encode(&long, true, &mut BytesMut::new()), Err(EncodeError::TooLong(_))));
    }
}
