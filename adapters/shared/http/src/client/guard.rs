//! Where nobody may send us: link-local addresses, a cloud's metadata, "this host" and groups (server-side request forgery).
//!
//! The address is checked when it is connected to, not when the URL is given: a name may change in between.

use domain::directory::AddressRange;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Link-local (where metadata of clouds is, too), Alibaba's and AWS's IPv6 metadata, unspecified, multicast, broadcast.
const DENIED: [&str; 9] = [
    "0.0.0.0/8",
    "169.254.0.0/16",
    "100.100.100.200",
    "224.0.0.0/4",
    "255.255.255.255",
    "::/128",
    "fe80::/10",
    "fd00:ec2::254",
    "ff00::/8",
];

/// Which addresses may be called.
#[derive(Debug)]
pub struct Guard {
    allow: Vec<AddressRange>,
    deny: Vec<AddressRange>,
}

impl Guard {
    /// The built-in list and `deny` are closed, `allow` is open.
    #[must_use]
    pub fn new(allow: Vec<AddressRange>, deny: Vec<AddressRange>) -> Self {
        let built_in = DENIED.iter().filter_map(|range| range.parse().ok());
        Self { allow, deny: built_in.chain(deny).collect() }
    }

    /// Whether an address may be called.
    #[must_use]
    pub fn allows(&self, address: IpAddr) -> bool {
        let inside = |ranges: &[AddressRange]| ranges.iter().any(|range| range.contains(address));
        inside(&self.allow) || !inside(&self.deny)
    }

    /// Checks a URL whose host is an address: no name is looked up for it.
    pub(super) fn check_host(&self, url: &reqwest::Url) -> Result<(), String> {
        let host = url.host_str().unwrap_or_default();
        let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
        match bare.parse::<IpAddr>() {
            Ok(address) if !self.allows(address) => Err(Denied(host.to_owned()).to_string()),
            _ => Ok(()),
        }
    }
}

/// A name that leads where nobody may send us.
#[derive(Debug, thiserror::Error)]
#[error("{0} leads to an address that may not be called")]
pub(super) struct Denied(pub(super) String);

/// The refusal inside a client's error, if that is what it is.
pub(super) fn refused(error: &reqwest::Error) -> Option<String> {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(denied) = error.downcast_ref::<Denied>() {
            return Some(denied.to_string());
        }
        cause = error.source();
    }
    None
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = Arc::new(Self { allow: self.allow.clone(), deny: self.deny.clone() });
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed: Vec<SocketAddr> = found.into_iter().filter(|at| guard.allows(at.ip())).collect();
            if allowed.is_empty() {
                return Err(Denied(name.as_str().to_owned()).into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_places() {
        let guard = Guard::new(
            vec!["169.254.7.7".parse().expect("range")],
            vec!["10.0.0.0/8".parse().expect("range")],
        );
        let cases = [
            ("169.254.169.254", false),
            ("::ffff:169.254.169.254", false),
            ("169.254.7.7", true),
            ("fe80::1", false),
            ("0.0.0.0", false),
            ("::", false),
            ("10.1.1.1", false),
            ("127.0.0.1", true),
            ("192.0.2.1", true),
        ];
        for (address, allowed) in cases {
            assert_eq!(guard.allows(address.parse().expect(address)), allowed, "{address}");
        }
        assert_eq!(DENIED.iter().filter(|range| range.parse::<AddressRange>().is_err()).count(), 0);
        let url = |text: &str| reqwest::Url::parse(text).expect(text);
        // The URL standard reads every old spelling of an IPv4 address.
        for bad in
            ["http://169.254.169.254/x", "http://0xa9fea9fe/", "http://2852039166/", "http://[fe80::1]/"]
        {
            assert!(guard.check_host(&url(bad)).is_err(), "{bad}");
        }
        assert!(guard.check_host(&url("http://example.se/")).is_ok());
    }
}
