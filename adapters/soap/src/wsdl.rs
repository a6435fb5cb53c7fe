//! Descriptions (WSDL 1.1), served as their files stand, with the address the caller called.
//!
//! Behind a proxy that the configuration names it is the address the proxy was called. The `Host` a caller sends is only taken when it is a host and nothing else.

use crate::config::Config;
use http::{HeaderMap, header};

/// The address in every file, without the path.
const PLACE: &str = "http://127.0.0.1:8080";

/// The description of a service.
pub(crate) struct Description {
    /// The file, with [`PLACE`] and [`Description::path`] as its address.
    pub text: &'static str,
    /// Where the service is.
    pub path: &'static str,
}

/// The description for a caller. `authority`: the host of the request's own address, where it has one. `path`: the path it was called by.
pub(crate) fn described(
    description: &Description,
    path: &str,
    headers: &HeaderMap,
    authority: Option<&str>,
    https: bool,
    config: &Config,
) -> String {
    let base = base(headers, authority, https, config);
    let mut address = String::new();
    for c in format!("{base}{path}").chars() {
        match c {
            '&' => address.push_str("&amp;"),
            '"' | '<' | '>' => {}
            c => address.push(c),
        }
    }
    description.text.replace(&format!("{PLACE}{}", description.path), &address)
}

/// The address that was called, without the path.
pub(crate) fn base(headers: &HeaderMap, authority: Option<&str>, https: bool, config: &Config) -> String {
    if let Some(base) = &config.public_url {
        return base.trim_end_matches('/').to_owned();
    }
    let said = headers.get(header::HOST).and_then(|v| v.to_str().ok());
    // What stands last was written by the proxy that called.
    let before = headers.get(web_kit::FORWARDED_HOST).and_then(|v| v.to_str().ok());
    let before = before.and_then(|hosts| hosts.rsplit(',').next()).map(str::trim);
    match before.or(authority).or(said).filter(|host| is_host(host)) {
        Some(host) => format!("{}://{host}", if https { "https" } else { "http" }),
        None => PLACE.to_owned(),
    }
}

/// A name or an address, with a port or none.
fn is_host(text: &str) -> bool {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !text.ends_with(']') => (name, Some(port)),
        _ => (text, None),
    };
    let port_fits =
        port.is_none_or(|p| p.parse::<u16>().is_ok_and(|n| n > 0) && p.bytes().all(|b| b.is_ascii_digit()));
    let plain = |n: &str| {
        !n.is_empty() && n.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    };
    let six = |n: &str| {
        n.strip_prefix('[')
            .and_then(|n| n.strip_suffix(']'))
            .is_some_and(|n| n.parse::<std::net::Ipv6Addr>().is_ok())
    };
    text.len() <= 255 && port_fits && (plain(name) || six(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::WSDL;

    /// The address in the file.
    const PLACE: &str = "http://127.0.0.1:8080/soap/gateway";
    const FORWARDED: header::HeaderName = header::HeaderName::from_static(web_kit::FORWARDED_HOST);

    #[test]
    fn addresses() {
        let fixed = Config { public_url: Some("https://sms.example.se/".into()), ..Config::default() };
        let open = Config::default();
        for (host, https, config, expect) in [
            ("127.0.0.1:18080", false, &open, "http://127.0.0.1:18080/soap/gateway"),
            ("sms.example.se", true, &open, "https://sms.example.se/soap/gateway"),
            ("[::1]:8080", false, &open, "http://[::1]:8080/soap/gateway"),
            ("[::1]", false, &open, "http://[::1]/soap/gateway"),
            ("evil", false, &fixed, "https://sms.example.se/soap/gateway"),
            ("a\"/><x", false, &open, PLACE),
            ("a/b", false, &open, PLACE),
            ("user@host", false, &open, PLACE),
            ("host:99999", false, &open, PLACE),
            ("host:", false, &open, PLACE),
            ("", false, &open, PLACE),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().expect("value"))]);
            let wsdl = described(&WSDL, WSDL.path, &headers, None, https, config);
            assert_eq!(wsdl.matches(&format!("location=\"{expect}\"")).count(), 2, "{host}");
        }
    }

    #[test]
    fn behind_a_proxy() {
        for (said, expect) in [
            ("sms.example.se", "http://sms.example.se/soap/gateway"),
            ("liar.example, sms.example.se:8443", "http://sms.example.se:8443/soap/gateway"),
            ("a\"b", PLACE),
        ] {
            let values = [(header::HOST, "127.0.0.1:8080"), (FORWARDED, said)];
            let headers =
                HeaderMap::from_iter(values.map(|(name, value)| (name, value.parse().expect("value"))));
            let wsdl = described(&WSDL, WSDL.path, &headers, None, false, &Config::default());
            assert_eq!(wsdl.matches(&format!("location=\"{expect}\"")).count(), 2, "{said}");
        }
    }
}
