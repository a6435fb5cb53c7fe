//! Who calls and how: the real peer, or what a configured proxy says of him. Nobody else's word is taken.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use domain::Language;
use domain::directory::AddressRange;
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use std::net::{IpAddr, SocketAddr};

/// Where a request comes from. Handlers take it as an extractor; a request that did not come through
/// [`crate::serve`] has none and is answered 500.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// His address; IPv4-mapped addresses as IPv4.
    pub address: IpAddr,
    /// Whether he speaks TLS (to us or to our proxy).
    pub https: bool,
}

impl Caller {
    /// The caller behind a peer: himself, or when he is one of `proxies` the last address before them.
    pub(crate) fn behind(peer: IpAddr, tls: bool, headers: &HeaderMap, proxies: &[AddressRange]) -> Self {
        let trusted = |address: IpAddr| is_proxy(address, proxies);
        if !trusted(peer) {
            return Self { address: peer, https: tls };
        }
        let proto = headers.get("x-forwarded-proto").and_then(|v| v.to_str().ok());
        let https = proto.map_or(tls, |proto| proto.trim().eq_ignore_ascii_case("https"));
        let mut address = peer;
        let said = headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok());
        let said: Vec<&str> = said.flat_map(|line| line.split(',')).collect();
        for hop in said.iter().rev() {
            // What stands before a word nobody can read was written by somebody we do not trust.
            let Some(hop) = hop_of(hop.trim()) else { break };
            address = hop.to_canonical();
            if !trusted(address) {
                break;
            }
        }
        Self { address, https }
    }
}

/// The host that a caller asked a proxy for. It reaches handlers only when a configured proxy says it.
pub const FORWARDED_HOST: &str = "x-forwarded-host";

/// Whether an address is one of the configured proxies.
pub(crate) fn is_proxy(address: IpAddr, proxies: &[AddressRange]) -> bool {
    proxies.iter().any(|range| range.contains(address))
}

/// An address as proxies write it: some add the port, and brackets to IPv6.
fn hop_of(said: &str) -> Option<IpAddr> {
    let bare = || said.strip_prefix('[').and_then(|said| said.strip_suffix(']'))?.parse().ok();
    let with_port = || said.parse::<SocketAddr>().ok().map(|address| address.ip());
    said.parse().ok().or_else(with_port).or_else(bare)
}

/// A request without a caller.
#[derive(Debug)]
pub struct NoCaller;

impl IntoResponse for NoCaller {
    fn into_response(self) -> Response {
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = NoCaller;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, NoCaller> {
        parts.extensions.get::<Caller>().copied().ok_or(NoCaller)
    }
}

/// The language of `Accept-Language` (RFC 9110 12.5.4) that the gateway speaks and the caller wants most, the first of equals; else the default.
#[must_use]
pub fn language(headers: &HeaderMap, default: Language) -> Language {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let mut best: Option<(f32, Language)> = None;
    for tag in accepted.split(',') {
        let mut pieces = tag.split(';').map(str::trim);
        let Some(language) = pieces.next().and_then(Language::parse) else { continue };
        let weight = pieces.find_map(|piece| piece.strip_prefix("q=").or_else(|| piece.strip_prefix("Q=")));
        let weight = weight.map_or(1.0, |weight| weight.trim().parse().unwrap_or(1.0));
        if weight > best.map_or(0.0, |(best, _)| best) {
            best = Some((weight, language));
        }
    }
    best.map_or(default, |(_, language)| language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_proxies_are_believed() {
        let proxies: Vec<AddressRange> = vec!["10.0.0.0/8".parse().expect("range")];
        let cases = [
            ("192.0.2.1", "1.2.3.4", "192.0.2.1"),
            ("10.0.0.1", "1.2.3.4", "1.2.3.4"),
            ("10.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"),
            ("10.0.0.1", "1.2.3.4, 10.0.0.2", "1.2.3.4"),
            ("10.0.0.1", "127.0.0.1, rubbish", "10.0.0.1"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("10.0.0.1", "::ffff:1.2.3.4", "1.2.3.4"),
            ("10.0.0.1", "1.2.3.4:50123", "1.2.3.4"),
            ("10.0.0.1", "6.6.6.6, [2001:db8::1]:50123", "2001:db8::1"),
            ("10.0.0.1", "[2001:db8::1], 10.0.0.2:80", "2001:db8::1"),
            ("10.0.0.1", "6.6.6.6, 1.2.3.4:x", "10.0.0.1"),
        ];
        for (peer, said, expected) in cases {
            let headers = HeaderMap::from_iter([(
                header::HeaderName::from_static("x-forwarded-for"),
                said.parse().expect("value"),
            )]);
            let caller = Caller::behind(peer.parse().expect("ip"), false, &headers, &proxies);
            assert_eq!(caller.address.to_string(), expected, "{peer} {said}");
        }
    }

    #[test]
    fn languages() {
        for (accepted, expected) in [
            ("sv-SE,en;q=0.5", Language::Swedish),
            ("de, en", Language::English),
            ("", Language::Swedish),
            ("sv;q=0.5, en", Language::English),
            ("sv;q=0, en;q=0.1", Language::English),
            ("en;q=0", Language::Swedish),
            ("en;q=x, sv;q=0.9", Language::English),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, accepted.parse().expect("value"))]);
            assert_eq!(language(&headers, Language::Swedish), expected, "{accepted}");
        }
    }
}
