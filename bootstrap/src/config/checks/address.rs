//! Places in the network as they are written: `host:port`, URLs, names of hosts.

use std::net::Ipv6Addr;

/// Host and port of `sms.example.se:2775`, `10.0.0.1:2775` or `[::1]:2775`; the host without brackets.
pub(in crate::config) fn host_port(text: &str) -> Option<(&str, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    let port = digits.then(|| port.parse().ok()).flatten()?;
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').filter(|inner| inner.parse::<Ipv6Addr>().is_ok())?,
        None => Some(host).filter(|host| is_host(host))?,
    };
    Some((host, port))
}

/// Whether this can be the name of a machine, or its IPv4 address.
fn is_host(text: &str) -> bool {
    let part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || "-_".contains(c));
    text.len() <= 253 && text.strip_suffix('.').unwrap_or(text).split('.').all(part)
}

/// Whether a machine can call itself so, or stand so in a certificate: a name, or an address, also in brackets as mail servers write it.
pub(in crate::config) fn is_name(text: &str) -> bool {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.strip_prefix("IPv6:").unwrap_or(bare);
    is_host(text) || address.parse::<std::net::IpAddr>().is_ok()
}

/// Whether this is the beginning of a URL to which a path can be added.
pub(in crate::config) fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let odd = |c: char| c.is_whitespace() || c.is_control() || "?#".contains(c);
    rest.is_some_and(|rest| !rest.contains(odd)) && url::Url::parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        for (text, place) in [
            ("sms.example.se:2775", Some(("sms.example.se", 2775))),
            ("10.0.0.1:1", Some(("10.0.0.1", 1))),
            ("[::1]:2775", Some(("::1", 2775))),
            ("smsc_1.:0", Some(("smsc_1.", 0))),
            ("räksmörgås.se:25", Some(("räksmörgås.se", 25))),
            ("::1:2775", None),
            ("[::1:2775", None),
            ("[x]:1", None),
            ("h", None),
            ("h:", None),
            (":1", None),
            ("h:+1", None),
            ("h:65536", None),
            ("http://h:80", None),
            ("a b:1", None),
            ("a..b:1", None),
        ] {
            assert_eq!(host_port(text), place, "{text}");
        }
        let names =
            ["a.example", "192.0.2.7", "[192.0.2.7]", "[IPv6:::1]", "::1", "a b", "", "a\r\nb", "[x]"];
        assert_eq!(names.map(is_name), [true, true, true, true, true, false, false, false, false]);
        let urls = ["https://sms.example.se", "http://[::1]:80/x", "https://", "ftp://x", "https://x y", "x"];
        assert_eq!(urls.map(is_url), [true, true, false, false, false, false]);
    }
}
