//! User data headers (3GPP TS 23.040 section 9.2.3.24).
//!
//! Reading is tolerant: an element that runs past the end is cut off with everything after it, an element that makes
//! no sense is kept but gives no typed value. Nothing here fails or panics.

use super::gsm7::{Shift, ShiftLanguage};

/// Octets of user data in one message.
pub const USER_DATA: usize = 140;

const CONCAT_8: u8 = 0x00;
const PORTS_8: u8 = 0x04;
const PORTS_16: u8 = 0x05;
const CONCAT_16: u8 = 0x08;
const SINGLE_SHIFT: u8 = 0x24;
const LOCKING_SHIFT: u8 = 0x25;

/// A user data header: its information elements in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Udh {
    /// The elements, repeated and unknown ones included.
    pub elements: Vec<Element>,
}

/// One information element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// The identifier.
    pub iei: u8,
    /// The data, without its length octet.
    pub data: Vec<u8>,
}

/// Place of a segment in its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Concat {
    /// The reference all segments of the message share; only the low 8 bits are sent unless `wide`.
    pub reference: u16,
    /// Whether the reference has 16 bits on the wire.
    pub wide: bool,
    /// Segments in the message, from 1.
    pub total: u8,
    /// Number of this segment, from 1 to `total`.
    pub seq: u8,
}

/// Application ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ports {
    /// Where it goes.
    pub destination: u16,
    /// Where it comes from.
    pub originator: u16,
    /// Whether the ports have 16 bits on the wire.
    pub wide: bool,
}

impl Concat {
    /// The whole header with its length octet: 6 octets, or 7 with a wide reference.
    pub fn header(&self) -> Vec<u8> {
        let [high, low] = self.reference.to_be_bytes();
        if self.wide {
            vec![6, CONCAT_16, 4, high, low, self.total, self.seq]
        } else {
            vec![5, CONCAT_8, 3, low, self.total, self.seq]
        }
    }

    fn read(element: &Element) -> Option<Self> {
        let (reference, wide, total, seq) = match (element.iei, element.data.as_slice()) {
            (CONCAT_8, [reference, total, seq]) => (u16::from(*reference), false, *total, *seq),
            (CONCAT_16, [high, low, total, seq]) => (u16::from_be_bytes([*high, *low]), true, *total, *seq),
            _ => return None,
        };
        (seq > 0 && seq <= total).then_some(Self { reference, wide, total, seq })
    }
}

impl Ports {
    fn read(element: &Element) -> Option<Self> {
        match (element.iei, element.data.as_slice()) {
            (PORTS_8, [to, from]) => {
                Some(Self { destination: u16::from(*to), originator: u16::from(*from), wide: false })
            }
            (PORTS_16, [to1, to2, from1, from2]) => Some(Self {
                destination: u16::from_be_bytes([*to1, *to2]),
                originator: u16::from_be_bytes([*from1, *from2]),
                wide: true,
            }),
            _ => None,
        }
    }
}

impl Element {
    /// Place in the message, when this is a sound concatenation element (1 <= seq <= total).
    pub fn concat(&self) -> Option<Concat> {
        Concat::read(self)
    }

    /// Application ports, when this is a port element.
    pub fn ports(&self) -> Option<Ports> {
        Ports::read(self)
    }
}

impl Udh {
    /// Splits user data that starts with a header into the header and what follows it.
    ///
    /// A length octet that claims more than is there takes all that is there.
    pub fn split(user_data: &[u8]) -> (Self, &[u8]) {
        let Some((length, rest)) = user_data.split_first() else {
            return (Self::default(), &[]);
        };
        let (header, body) = rest.split_at(usize::from(*length).min(rest.len()));
        (Self::parse(header), body)
    }

    /// Reads the elements of a header without its length octet.
    pub fn parse(mut octets: &[u8]) -> Self {
        let mut elements = Vec::new();
        while let [iei, length, rest @ ..] = octets {
            let Some((data, after)) = rest.split_at_checked(usize::from(*length)) else { break };
            elements.push(Element { iei: *iei, data: data.to_vec() });
            octets = after;
        }
        Self { elements }
    }

    /// The header with its length octet; empty when there are no elements.
    ///
    /// Elements that would take it past the user data of one message (140 octets) are left out.
    pub fn encode(&self) -> Vec<u8> {
        let mut octets = vec![0];
        for element in &self.elements {
            let Ok(length) = u8::try_from(element.data.len()) else { continue };
            if octets.len() + 2 + element.data.len() > USER_DATA {
                continue;
            }
            octets.extend_from_slice(&[element.iei, length]);
            octets.extend_from_slice(&element.data);
        }
        match octets.len() - 1 {
            0 => octets.clear(),
            length => octets[0] = u8::try_from(length).unwrap_or(0),
        }
        octets
    }

    /// Place in a message of several segments; the last sound element counts.
    pub fn concat(&self) -> Option<Concat> {
        self.elements.iter().rev().find_map(Concat::read)
    }

    /// Application ports; the last element counts.
    pub fn ports(&self) -> Option<Ports> {
        self.elements.iter().rev().find_map(Ports::read)
    }

    /// National language tables the text is coded with; an unknown language is read with the default tables.
    pub fn shifts(&self) -> Shift {
        let language = |wanted| {
            self.elements.iter().rev().find_map(|element| match (element.iei, element.data.as_slice()) {
                (iei, [code]) if iei == wanted => ShiftLanguage::from_code(*code),
                _ => None,
            })
        };
        Shift { single: language(SINGLE_SHIFT), locking: language(LOCKING_SHIFT) }
    }
}

impl From<Concat> for Element {
    fn from(concat: Concat) -> Self {
        let header = concat.header();
        Self { iei: header[1], data: header[3..].to_vec() }
    }
}

impl From<Ports> for Element {
    fn from(ports: Ports) -> Self {
        let [to, from] = [ports.destination.to_be_bytes(), ports.originator.to_be_bytes()];
        if ports.wide {
            Self { iei: PORTS_16, data: vec![to[0], to[1], from[0], from[1]] }
        } else {
            Self { iei: PORTS_8, data: vec![to[1], from[1]] }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn typed_values() {
        let udh = Udh::parse(&[0x08, 4, 0x9F, 0x8E, 2, 1, 0x05, 4, 0x0B, 0x84, 0x23, 0xF0, 0x24, 1, 2]);
        assert_eq!(udh.concat(), Some(Concat { reference: 40846, wide: true, total: 2, seq: 1 }));
        assert_eq!(udh.ports(), Some(Ports { destination: 2948, originator: 9200, wide: true }));
        assert_eq!(udh.shifts(), Shift { single: Some(ShiftLanguage::Spanish), locking: None });
    }

    #[test]
    fn unsound_concatenation_is_ignored() {
        for data in [[1, 0, 0], [1, 2, 0], [1, 2, 3], [1, 0, 1]] {
            let udh = Udh { elements: vec![Element { iei: 0, data: data.to_vec() }] };
            assert_eq!(udh.concat(), None, "{data:?}");
        }
    }

    #[test]
    fn headers_and_truncation() {
        let concat = Concat { reference: 0x1234, wide: false, total: 3, seq: 2 };
        assert_eq!(concat.header(), [5, 0, 3, 0x34, 3, 2]);
        assert_eq!(Concat { wide: true, ..concat }.header(), [6, 8, 4, 0x12, 0x34, 3, 2]);
        let (udh, body) = Udh::split(&[5, 0, 3, 0x34, 3, 2, b'h', b'i']);
        assert_eq!((udh.concat().map(|c| c.reference), body), (Some(0x34), &b"hi"[..]));
        assert_eq!(Udh::split(&[9, 0, 3, 1]), (Udh::default(), &[][..]));
        assert_eq!(Udh::split(&[]), (Udh::default(), &[][..]));
        assert_eq!(Udh::default().encode(), Vec::<u8>::new());
    }

    proptest! {
        #[test]
        fn any_octets_parse_and_come_back(octets in proptest::collection::vec(any::<u8>(), 0..160)) {
            let (udh, _) = Udh::split(&octets);
            let encoded = udh.encode();
            prop_assert!(encoded.len() <= USER_DATA);
            if udh.elements.iter().map(|e| e.data.len() + 2).sum::<usize>() < USER_DATA {
                prop_assert_eq!(Udh::split(&encoded).0, udh.clone());
            }
            udh.concat();
            udh.ports();
            udh.shifts();
        }
    }
}
