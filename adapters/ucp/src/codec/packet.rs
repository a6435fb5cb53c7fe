//! One frame as header and fields: `TRN/LEN/O or R/OT/field/…/CHK` (EMI/UCP section 3).
//!
//! Reading checks LEN, then CHK, then that no field is missing; fields beyond those that are known are kept. Writing
//! refuses what would not come back, so that one packet is always one frame.

use super::checksum;
use super::error::{DecodeError, EncodeError, Malformed};
use super::fields::{has_validity, wanted};
use super::frame::{ETX, MAX_FRAME, STX};
use bytes::{BufMut as _, Bytes, BytesMut};
use std::borrow::Cow;

/// The header with its slashes.
const HEADER: usize = 14;
/// The header and the checksum, around the fields, each of which has a slash after it.
const OVERHEAD: usize = HEADER + 2;
/// The highest transaction number.
const LAST_TRN: u8 = 99;

/// What a frame begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Transaction number, 0 to 99.
    pub trn: u8,
    /// Whether it is a result (`R`) and no operation (`O`).
    pub result: bool,
    /// Operation type.
    pub operation: u8,
}

/// A frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// Transaction number, 0 to 99.
    pub trn: u8,
    /// Whether it is a result (`R`) and no operation (`O`).
    pub result: bool,
    /// Operation type.
    pub operation: u8,
    /// As they stand on the wire.
    pub fields: Vec<Bytes>,
}

impl Packet {
    /// A positive result: `A`, where the operation has one an empty validity, and a message.
    #[must_use]
    pub fn acknowledgement(operation: u8, trn: u8, message: impl Into<Bytes>) -> Self {
        let mut fields = vec![Bytes::from_static(b"A")];
        if has_validity(operation) {
            fields.push(Bytes::new());
        }
        fields.push(message.into());
        Self { trn, result: true, operation, fields }
    }

    /// A negative result with its error code of two digits.
    #[must_use]
    pub fn refusal(operation: u8, trn: u8, code: &str, message: &str) -> Self {
        let fields = [b"N", code.as_bytes(), message.as_bytes()].map(Bytes::copy_from_slice).to_vec();
        Self { trn, result: true, operation, fields }
    }

    /// A field; nothing where there is none.
    #[must_use]
    pub fn field(&self, place: usize) -> &[u8] {
        self.fields.get(place).map_or(&[], |field| field.as_ref())
    }

    /// A field as text.
    #[must_use]
    pub fn text(&self, place: usize) -> Cow<'_, str> {
        String::from_utf8_lossy(self.field(place))
    }

    /// A result's `A`. Anything else than `A` is a refusal.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        self.field(0) == b"A"
    }

    /// The error code of a negative result; 0 when it is none.
    #[must_use]
    pub fn error_code(&self) -> u8 {
        number(self.field(1)).and_then(|code| u8::try_from(code).ok()).unwrap_or(0)
    }

    /// The system message of a result: the last of its fields, since some centres leave out the one before.
    #[must_use]
    pub fn system_message(&self) -> &[u8] {
        let first = if self.is_positive() { 1 } else { 2 };
        let last = first + usize::from(self.is_positive() && has_validity(self.operation));
        self.fields
            .get(first..)
            .unwrap_or_default()
            .iter()
            .take(last - first + 1)
            .next_back()
            .map_or(&[], |f| f)
    }
}

/// Reads the content of a frame.
///
/// # Errors
/// [`DecodeError`] says what is wrong and, when the header is readable, whom to answer.
pub fn decode(frame: &Bytes) -> Result<Packet, DecodeError> {
    let fail = |malformed, header| Err(DecodeError { malformed, header });
    let Some((header, stated)) = read_header(frame) else { return fail(Malformed::Header, None) };
    if stated != frame.len() {
        return fail(Malformed::Length { stated, found: frame.len() }, Some(header));
    }
    let Some(body) = frame.len().checked_sub(2).filter(|end| frame.get(end - 1) == Some(&b'/')) else {
        return fail(Malformed::Header, Some(header));
    };
    let (counted, digits) = frame.split_at(body);
    let found = checksum::checksum(counted);
    if checksum::read(digits) != Some(found) {
        let stated = String::from_utf8_lossy(digits).into_owned();
        return fail(Malformed::Checksum { stated, found }, Some(header));
    }
    let fields = split(frame, body);
    let Header { trn, result, operation } = header;
    let least = if result { 1 } else { wanted(operation) };
    if fields.len() < least {
        let found = fields.len();
        return fail(Malformed::Fields { operation, wanted: least, found }, Some(header));
    }
    Ok(Packet { trn, result, operation, fields })
}

/// The fields between the header and the checksum at `body`.
fn split(frame: &Bytes, body: usize) -> Vec<Bytes> {
    let mut fields = Vec::with_capacity(40);
    let mut start = HEADER;
    for (at, octet) in frame.iter().enumerate().take(body).skip(HEADER) {
        if *octet == b'/' {
            fields.push(frame.slice(start..at));
            start = at + 1;
        }
    }
    fields
}

/// `NN/NNNNN/X/NN/`: the header and LEN.
fn read_header(frame: &[u8]) -> Option<(Header, usize)> {
    let head = frame.first_chunk::<HEADER>()?;
    let [t1, t2, b'/', l1, l2, l3, l4, l5, b'/', kind, b'/', o1, o2, b'/'] = head else { return None };
    let result = match kind {
        b'O' => false,
        b'R' => true,
        _ => return None,
    };
    let small = |digits: &[u8]| number(digits).and_then(|n| u8::try_from(n).ok());
    let header = Header { trn: small(&[*t1, *t2])?, result, operation: small(&[*o1, *o2])? };
    Some((header, number(&[*l1, *l2, *l3, *l4, *l5])?))
}

/// A number of digits and nothing else.
fn number(digits: &[u8]) -> Option<usize> {
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    digits.iter().try_fold(0, |value, digit| match digit {
        b'0'..=b'9' => Some(value * 10 + usize::from(digit - b'0')),
        _ => None,
    })
}

/// Writes a frame, STX and ETX included. On an error nothing is written.
///
/// # Errors
/// [`EncodeError`] for what cannot be said.
pub fn encode(packet: &Packet, out: &mut BytesMut) -> Result<(), EncodeError> {
    if packet.trn > LAST_TRN {
        return Err(EncodeError::Trn(packet.trn));
    }
    let bad = |octet: &u8| *octet == b'/' || !(0x20..0x7F).contains(octet);
    if let Some(place) = packet.fields.iter().position(|field| field.iter().any(bad)) {
        return Err(EncodeError::Character(place));
    }
    let length = OVERHEAD + packet.fields.iter().map(|field| field.len() + 1).sum::<usize>();
    if length > MAX_FRAME {
        return Err(EncodeError::TooLong(length));
    }
    out.reserve(length + 2);
    out.put_u8(STX);
    let start = out.len();
    put_number(out, usize::from(packet.trn), 2);
    out.put_u8(b'/');
    put_number(out, length, 5);
    out.put_slice(if packet.result { b"/R/" } else { b"/O/" });
    put_number(out, usize::from(packet.operation), 2);
    out.put_u8(b'/');
    for field in &packet.fields {
        out.put_slice(field);
        out.put_u8(b'/');
    }
    let sum = checksum::checksum(out.get(start..).unwrap_or_default());
    out.put_slice(&checksum::digits(sum));
    out.put_u8(ETX);
    Ok(())
}

fn put_number(out: &mut BytesMut, number: usize, digits: u32) {
    for place in (0..digits).rev() {
        let digit = number / 10_usize.pow(place) % 10;
        out.put_u8(b'0' + u8::try_from(digit).unwrap_or(0));
    }
}
