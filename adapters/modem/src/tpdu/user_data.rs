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
    /// Of septets: the bits that belong to none of them. Nothing is said by them; what we send has zeros there.
    pub spare: Spare,
}

/// The bits of octets with septets that belong to no septet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spare {
    /// Between the header and the first septet: the lowest of that octet.
    pub before: u8,
    /// Behind the last septet: the highest of the last octet.
    pub after: u8,
}

impl UserData {
    /// User data to send.
    pub fn new(header: Vec<u8>, body: SegmentBody) -> Self {
        let length = length(header.len(), &body);
        let announced = u8::try_from(length).unwrap_or(u8::MAX);
        Self { header, body, announced, spare: Spare::default() }
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
        let mut spare = Spare::default();
        let body = match alphabet {
            Alphabet::Gsm7 => {
                let septets = length.saturating_sub((header_octets * 8).div_ceil(7));
                let fill = gsm7::fill_bits(header_octets);
                let septets = gsm7::unpack(rest, septets, fill);
                spare = Spare::of(rest, septets.len(), fill);
                SegmentBody::Gsm7(septets)
            }
            Alphabet::Ucs2 => SegmentBody::Ucs2(rest.to_vec()),
            Alphabet::Binary => SegmentBody::Binary(rest.to_vec()),
        };
        Self { header: header.to_vec(), body, announced, spare }
    }

    /// Writes the length octet, the header and the body.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), TpduError> {
        let header = self.header.len();
        let length = length(header, &self.body);
        let body = match &self.body {
            SegmentBody::Gsm7(septets) if septets.is_empty() => Vec::new(),
            SegmentBody::Gsm7(septets) => {
                let mut packed = gsm7::pack(septets, gsm7::fill_bits(header));
                self.spare.write(&mut packed, septets.len(), gsm7::fill_bits(header));
                packed
            }
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

impl Spare {
    fn of(octets: &[u8], septets: usize, fill: u8) -> Self {
        if septets == 0 {
            return Self::default();
        }
        let (before, after) = Self::masks(septets, fill);
        let last = (septets * 7 + usize::from(fill)).div_ceil(8) - 1;
        let at = |place: usize, mask: u8| octets.get(place).map_or(0, |octet| octet & mask);
        Self { before: at(0, before), after: at(last, after) }
    }

    fn write(self, octets: &mut [u8], septets: usize, fill: u8) {
        let (before, after) = Self::masks(septets, fill);
        if let Some(first) = octets.first_mut() {
            *first |= self.before & before;
        }
        if let Some(last) = octets.last_mut() {
            *last |= self.after & after;
        }
    }

    /// Which bits of the first and of the last octet belong to no septet.
    fn masks(septets: usize, fill: u8) -> (u8, u8) {
        let used = (septets * 7 + usize::from(fill)) % 8;
        (!(0xFF << fill), if used == 0 { 0 } else { 0xFF << used })
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
