//! Ranges of network addresses: `10.1.0.0/16`, `::1`. IPv4-mapped IPv6 addresses count as IPv4.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Not an address or an address with a prefix length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an address range is an IP address, with /prefix for more than one: 10.1.0.0/16")]
pub struct RangeError;

/// One address or a block of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddressRange {
    base: IpAddr,
    prefix: u8,
}

impl AddressRange {
    /// Whether the address lies in the range.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                same_head(u128::from(base.to_bits()) << 96, u128::from(address.to_bits()) << 96, self.prefix)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                same_head(base.to_bits(), address.to_bits(), self.prefix)
            }
            _ => false,
        }
    }
}

fn same_head(a: u128, b: u128, bits: u8) -> bool {
    bits == 0 || (a ^ b) >> (128 - u32::from(bits.min(128))) == 0
}

impl FromStr for AddressRange {
    type Err = RangeError;
    fn from_str(s: &str) -> Result<Self, RangeError> {
        let (address, prefix) = s.trim().split_once('/').map_or((s.trim(), None), |(a, p)| (a, Some(p)));
        let base = address.parse::<IpAddr>().map_err(|_| RangeError)?.to_canonical();
        let most = if base.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(most), |p| p.parse::<u8>().map_err(|_| RangeError))?;
        if prefix > most { Err(RangeError) } else { Ok(Self { base, prefix }) }
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_inside() {
        let cases = [
            ("10.1.0.0/16", "10.1.255.3", true),
            ("10.1.0.0/16", "10.2.0.1", false),
            ("127.0.0.1", "::ffff:127.0.0.1", true),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("::1", "::1", true),
            ("fe80::/10", "fe81::1", true),
            ("10.0.0.0/8", "::1", false),
        ];
        for (range, address, inside) in cases {
            let range: AddressRange = range.parse().expect(range);
            assert_eq!(range.contains(address.parse().expect(address)), inside, "{range} {address}");
        }
        for bad in ["10.1.0.0/33", "x", "10.1/16", ""] {
            assert_eq!(bad.parse::<AddressRange>(), Err(RangeError), "{bad}");
        }
    }
}
