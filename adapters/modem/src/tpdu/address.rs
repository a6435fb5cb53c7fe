//! Addresses (3GPP TS 23.040 section 9.1.2.5) and the service centre address of 27.005 and 24.011.
//!
//! Never normalizes a number: what stands on the wire is what is kept.

use super::TpduError;
use super::reader::Reader;
use domain::text::gsm7;
use std::fmt;

const MOST_DIGITS: u8 = 20;
const MOST_SCA_OCTETS: u8 = 12;
const INTERNATIONAL: u8 = 0x91;
const UNKNOWN: u8 = 0x81;
const ALPHANUMERIC: u8 = 0xD0;
const DIGITS: [char; 15] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'a', 'b', 'c'];

/// An address: its type octet and its digits or text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    /// Type of number and numbering plan, as on the wire.
    pub type_octet: u8,
    /// Digits without `+`, or the text of an alphanumeric address.
    pub value: String,
}

/// What an address is, as far as its type of number says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressKind {
    /// Digits with country code.
    International,
    /// Text.
    Alphanumeric,
    /// Any other number.
    Other,
}

impl Address {
    /// `+digits` is international, digits alone unknown, and anything else text.
    ///
    /// # Errors
    /// More than 20 digits or 11 septets, or a character outside the GSM alphabet.
    pub fn parse(text: &str) -> Result<Self, TpduError> {
        let (type_octet, value) = match text.strip_prefix('+') {
            Some(digits) if is_digits(digits) => (INTERNATIONAL, digits),
            _ if is_digits(text) => (UNKNOWN, text),
            _ => (ALPHANUMERIC, text),
        };
        let address = Self { type_octet, value: value.to_owned() };
        address.write(&mut Vec::new())?;
        Ok(address)
    }

    /// What it is.
    pub fn kind(&self) -> AddressKind {
        match self.type_octet >> 4 & 0b111 {
            1 => AddressKind::International,
            5 => AddressKind::Alphanumeric,
            _ => AddressKind::Other,
        }
    }

    /// Reads an address as it stands alone: length in digits, type, digits.
    ///
    /// # Errors
    /// The octets end too soon, or the length is over 20.
    pub fn decode(octets: &[u8]) -> Result<Self, TpduError> {
        Self::read(&mut Reader::new(octets))
    }

    /// Reads a service centre address: length in octets, type, digits. `None` when the length is 0.
    ///
    /// # Errors
    /// The octets end too soon, or the length is over 12.
    pub fn decode_sca(octets: &[u8]) -> Result<Option<Self>, TpduError> {
        Self::read_sca(&mut Reader::new(octets))
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, TpduError> {
        let digits = reader.octet("address")?;
        if digits > MOST_DIGITS {
            return Err(TpduError::AddressTooLong(digits));
        }
        let type_octet = reader.octet("address")?;
        let digits = usize::from(digits);
        let octets = reader.octets(digits.div_ceil(2), "address")?;
        let mut address = Self { type_octet, value: String::new() };
        address.value = if address.kind() == AddressKind::Alphanumeric {
            gsm7::decode(&gsm7::unpack(octets, digits * 4 / 7, 0))
        } else {
            read_digits(octets, digits)
        };
        Ok(address)
    }

    pub(super) fn read_sca(reader: &mut Reader<'_>) -> Result<Option<Self>, TpduError> {
        const WHAT: &str = "service centre address";
        let length = reader.octet(WHAT)?;
        match length {
            0 => return Ok(None),
            length if length > MOST_SCA_OCTETS => return Err(TpduError::AddressTooLong(length)),
            _ => {}
        }
        let type_octet = reader.octet(WHAT)?;
        let octets = reader.octets(usize::from(length) - 1, WHAT)?;
        Ok(Some(Self { type_octet, value: read_digits(octets, octets.len() * 2) }))
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), TpduError> {
        let (length, octets) = if self.kind() == AddressKind::Alphanumeric {
            let septets = gsm7::encode(&self.value).map_err(|_| TpduError::AddressCharacter)?;
            ((septets.len() * 7).div_ceil(4), gsm7::pack(&septets, 0))
        } else {
            (self.value.chars().count(), write_digits(&self.value)?)
        };
        match u8::try_from(length) {
            Ok(length) if length <= MOST_DIGITS => out.extend_from_slice(&[length, self.type_octet]),
            length => return Err(TpduError::AddressTooLong(length.unwrap_or(u8::MAX))),
        }
        out.extend_from_slice(&octets);
        Ok(())
    }

    pub(super) fn write_sca(&self, out: &mut Vec<u8>) -> Result<(), TpduError> {
        let octets = write_digits(&self.value)?;
        match u8::try_from(octets.len() + 1) {
            Ok(length) if length <= MOST_SCA_OCTETS => out.extend_from_slice(&[length, self.type_octet]),
            length => return Err(TpduError::AddressTooLong(length.unwrap_or(u8::MAX))),
        }
        out.extend_from_slice(&octets);
        Ok(())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind() == AddressKind::International {
            f.write_str("+")?;
        }
        f.write_str(&self.value)
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| DIGITS[..12].contains(&c))
}

fn read_digits(octets: &[u8], count: usize) -> String {
    octets
        .iter()
        .flat_map(|octet| [octet & 0x0F, octet >> 4])
        .take(count)
        // 15 is the filler; some senders put it where it does not belong.
        .filter_map(|nibble| DIGITS.get(usize::from(nibble)))
        .collect()
}

fn write_digits(digits: &str) -> Result<Vec<u8>, TpduError> {
    let nibbles = digits
        .chars()
        .map(|c| DIGITS.iter().zip(0u8..).find(|(digit, _)| **digit == c).map(|(_, nibble)| nibble))
        .collect::<Option<Vec<u8>>>()
        .ok_or(TpduError::AddressCharacter)?;
    Ok(nibbles.chunks(2).map(|pair| pair[0] | pair.get(1).copied().unwrap_or(0x0F) << 4).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex;

    #[test]
    fn reading_and_writing() {
        for (digits, expect) in [
            ("0A918967452301", "+9876543210"),
            ("0B917228195339F4", "+27829135934"),
            ("0ED04669D0397C26A7", "FRANCOIS"),
            ("0AA11092997856", "0129998765"),
            ("0481A1CB", "1*#a"),
            ("0081", ""),
        ] {
            let octets = hex::decode(digits).unwrap();
            let address = Address::decode(&octets).unwrap();
            assert_eq!(address.to_string(), expect);
            let mut out = Vec::new();
            address.write(&mut out).unwrap();
            assert_eq!(hex::encode(&out), digits);
        }
    }

    #[test]
    fn parsing() {
        for (text, type_octet, kind) in [
            ("+46701234567", 0x91, AddressKind::International),
            ("71234", 0x81, AddressKind::Other),
            ("Omnigate AB", 0xD0, AddressKind::Alphanumeric),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!(
                (address.type_octet, address.kind(), address.to_string().as_str()),
                (type_octet, kind, text)
            );
        }
        assert_eq!(Address::parse("twelve chars"), Err(TpduError::AddressTooLong(21)));
        assert_eq!(Address::parse("Привет"), Err(TpduError::AddressCharacter));
    }
}
