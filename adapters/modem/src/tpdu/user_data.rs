//! User data with its header (3GPP TS 23.040 section 9.2.3.24).
//!
//! Reading takes what is there, however much the length octet claims. The number of septets comes from the length.

use super::{Dcs, TpduError};
use domain::text::udh::{USER_DATA, Udh};
use domain::text::{Alphabet, Segment, SegmentBody, gsm7, ucs2};

/// User data: an optional header and what follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserData {
    /// The header with its length octet; empty when there is none.
    pub header: Vec<u8>,
    /// The text or octets.
    pub body: SegmentBody,
    /// What the length octet said, in septets or octets, which may be more than there is. Writing counts anew.
    pub announced: u8,
}

impl UserData {
    /// User data to send.
    pub fn new(header: Vec<u8>, body: SegmentBody) -> Self {
        let length = length(header.len(), &body);
        Self { header, body, announced: u8::try_from(length).unwrap_or(u8::MAX) }
    }

    /// The elements of the header.
    pub fn udh(&self) -> Udh {
        Udh::split(&self.header).0
    }

    /// The text, read with the national tables the header names; `None` for binary.
    pub fn text(&self) -> Option<String> {
        match &self.body {
            SegmentBody::Gsm7(septets) => Some(gsm7::decode_with(septets, self.udh().shifts())),
            SegmentBody::Ucs2(octets) => Some(ucs2::decode(octets)),
            SegmentBody::Binary(_) => None,
        }
    }

    /// Splits `octets` as a data coding scheme and the length octet say.
    pub(super) fn read(dcs: Dcs, has_header: bool, announced: u8, octets: &[u8]) -> Self {
        let alphabet = dcs.alphabet();
        let length = usize::from(announced);
        // Compressed text counts octets, as 8-bit data does.
        let octets = if alphabet == Alphabet::Gsm7 { octets } else { &octets[..length.min(octets.len())] };
        let header_octets = match octets.first() {
            Some(udhl) if has_header => (usize::from(*udhl) + 1).min(octets.len()),
            _ => 0,
        };
        let (header, rest) = octets.split_at(header_octets);
        let body = match alphabet {
            Alphabet::Gsm7 => {
                let septets = length.saturating_sub((header_octets * 8).div_ceil(7));
                SegmentBody::Gsm7(gsm7::unpack(rest, septets, gsm7::fill_bits(header_octets)))
            }
            Alphabet::Ucs2 => SegmentBody::Ucs2(rest.to_vec()),
            Alphabet::Binary => SegmentBody::Binary(rest.to_vec()),
        };
        Self { header: header.to_vec(), body, announced }
    }

    /// Writes the length octet, the header and the body.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), TpduError> {
        let header = self.header.len();
        let length = length(header, &self.body);
        let body = match &self.body {
            SegmentBody::Gsm7(septets) if septets.is_empty() => Vec::new(),
            SegmentBody::Gsm7(septets) => gsm7::pack(septets, gsm7::fill_bits(header)),
            SegmentBody::Ucs2(octets) | SegmentBody::Binary(octets) => octets.clone(),
        };
        let octets = header + body.len();
        match u8::try_from(length) {
            Ok(length) if octets <= USER_DATA => out.push(length),
            _ => return Err(TpduError::UserDataTooLong(octets)),
        }
        out.extend_from_slice(&self.header);
        out.extend_from_slice(&body);
        Ok(())
    }
}

impl From<&Segment> for UserData {
    fn from(segment: &Segment) -> Self {
        Self::new(segment.header(), segment.body.clone())
    }
}

/// The value of the length octet: septets, those of the header included, or octets.
fn length(header_octets: usize, body: &SegmentBody) -> usize {
    match body {
        SegmentBody::Gsm7(septets) => (header_octets * 8).div_ceil(7) + septets.len(),
        SegmentBody::Ucs2(octets) | SegmentBody::Binary(octets) => header_octets + octets.len(),
    }
}
