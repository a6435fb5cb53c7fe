//! What the gateway needs of the network: its own ports, its certificates, its operators and its mail relay.

use super::Finding;
use crate::command::check;
use crate::config::{Loaded, Tls};
use crate::swedish;
use crate::wire::Machine;
use domain::language::Language;
use net::ConnectOptions;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use x509_cert::der::Decode as _;

/// How long an operator may take to answer a connection.
const CONNECTING: Duration = Duration::from_secs(5);
/// Days before its end at which a certificate is worth a word.
const SOON: i64 = 21;

pub(super) async fn look(loaded: &Loaded, language: Language) -> Vec<Finding> {
    let mut all = Vec::new();
    let serving = serving(loaded).await;
    for (door, address) in check::doors(&loaded.config) {
        all.push(port(door, &address, serving, language).await);
    }
    let now = Machine::of().clock.now().as_second();
    let config = &loaded.config;
    let certificates = [
        ("http.tls", config.http.as_ref().and_then(|h| h.tls.as_ref())),
        ("smtp.tls", config.smtp.as_ref().and_then(|s| s.tls.as_ref())),
        ("telnet.tls", config.telnet.as_ref().and_then(|t| t.tls.as_ref())),
    ];
    all.extend(
        certificates.into_iter().filter_map(|(key, tls)| tls.map(|tls| certificate(key, tls, now, language))),
    );
    for link in &config.link {
        let thing = format!("link {}", link.name());
        let hosts = link.hosts();
        for host in &hosts {
            all.push(reachable(&thing, host, language).await);
        }
        let place = link.place();
        let place = place.split(" dials ").next().unwrap_or_default();
        if let Some(host) = host_of(place).filter(|_| hosts.is_empty()) {
            all.push(reachable(&thing, &host, language).await);
        } else if hosts.is_empty() && place.starts_with('/') {
            all.push(plugged(&thing, place, language));
        }
    }
    if let Some(relay) = config.smtp.as_ref().and_then(|s| s.relay.as_ref()) {
        all.push(reachable("mail relay", relay.host.get_ref(), language).await);
    }
    all
}

/// Whether a gateway serves from this data directory: it says where, and somebody listens there.
async fn serving(loaded: &Loaded) -> bool {
    let path = loaded.config.node.data_dir.join("listening.json");
    let Ok(text) = std::fs::read_to_string(path) else { return false };
    let places: std::collections::BTreeMap<String, SocketAddr> =
        serde_json::from_str(&text).unwrap_or_default();
    for address in places.values() {
        if tokio::time::timeout(CONNECTING, TcpStream::connect(address)).await.is_ok_and(|c| c.is_ok()) {
            return true;
        }
    }
    false
}

async fn port(door: &str, address: &str, serving: bool, language: Language) -> Finding {
    let thing = format!("port {door}");
    match TcpListener::bind(address).await {
        Ok(_) => Finding::ok(thing, format!("{address} {}", language.pick("är ledig", "is free"))),
        Err(_) if serving => Finding::ok(
            thing,
            format!(
                "{address} {}",
                language.pick("används av den igångvarande servern", "is held by the running server")
            ),
        ),
        Err(error) => {
            let advice = match error.kind() {
                std::io::ErrorKind::AddrInUse => language.pick(
                    "stoppa det som lyssnar där, eller byt port",
                    "stop what listens there, or choose another port",
                ),
                std::io::ErrorKind::PermissionDenied => language.pick(
                    "portar under 1024 kräver CAP_NET_BIND_SERVICE",
                    "ports below 1024 need CAP_NET_BIND_SERVICE",
                ),
                _ => language.pick(
                    "adressen måste vara en av maskinens egna",
                    "the address must be one of this machine's",
                ),
            };
            Finding::fail(thing, swedish::of_link(&format!("{address}: {error}"), language), advice)
        }
    }
}

fn certificate(key: &str, tls: &Tls, now: i64, language: Language) -> Finding {
    let advice = language.pick("förnya det; SIGHUP läser in det nya", "renew it; SIGHUP loads the new one");
    let days = match days_left(tls, now) {
        Ok(days) => days,
        Err(error) => return Finding::fail(key, format!("{}: {error}", tls.cert.display()), advice),
    };
    let found = format!("{}: {days} {}", tls.cert.display(), language.pick("dagar kvar", "days left"));
    match days {
        ..=0 => Finding::fail(key, found, advice),
        1..=SOON => Finding::warn(key, found, advice),
        _ => Finding::ok(key, found),
    }
}

/// Days until the first certificate of the chain ends (RFC 5280 section 4.1.2.5).
fn days_left(tls: &Tls, now: i64) -> Result<i64, String> {
    if !tls.key.is_file() {
        return Err(format!("there is no key at {}", tls.key.display()));
    }
    let pem = CertificateDer::from_pem_file(&tls.cert).map_err(|e| e.to_string())?;
    let certificate = x509_cert::Certificate::from_der(&pem).map_err(|e| e.to_string())?;
    let end = certificate.tbs_certificate.validity.not_after.to_unix_duration().as_secs();
    Ok((i64::try_from(end).unwrap_or(i64::MAX) - now).div_euclid(86_400))
}

/// Host and port of a URL, or of a terminal behind a TCP port.
fn host_of(place: &str) -> Option<String> {
    let (scheme, rest) = place.split_once(':')?;
    let usual = match scheme {
        "https" => 443,
        "http" => 80,
        "tcp" => return Some(rest.trim_start_matches('/').to_owned()),
        _ => return None,
    };
    let rest = rest.strip_prefix("//")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
    Some(if has_port { host.to_owned() } else { format!("{host}:{usual}") })
}

/// Whether a device is there. It is not opened: that could wake or reset what is behind it while a server uses it.
fn plugged(thing: &str, device: &str, language: Language) -> Finding {
    if std::path::Path::new(device).exists() {
        return Finding::ok(thing, format!("{device} {}", language.pick("finns", "is there")));
    }
    let advice = language.pick(
        "sätt i terminalen; ls /dev/serial/by-id visar bestående namn",
        "plug the terminal in; ls /dev/serial/by-id shows lasting names",
    );
    Finding::warn(thing, format!("{device} {}", language.pick("finns inte", "is not there")), advice)
}

async fn reachable(thing: &str, host: &str, language: Language) -> Finding {
    let options = ConnectOptions { timeout: CONNECTING, ..ConnectOptions::default() };
    match net::connect(host, &options).await {
        Ok(_) => Finding::ok(thing, format!("{host} {}", language.pick("svarar", "answers"))),
        Err(error) => {
            let advice = language.pick(
                "kontrollera namn, brandvägg och att motparten är igång",
                "check the name, the firewall, and that the other side runs",
            );
            Finding::warn(thing, swedish::of_link(&error.to_string(), language), advice)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[tokio::test]
    async fn ports_taken_and_free() {
        let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = taken.local_addr().expect("an address").to_string();
        assert_eq!(port("http", &address, false, Language::English).await.level, Level::Fail);
        assert_eq!(port("http", &address, true, Language::English).await.level, Level::Ok);
        assert_eq!(reachable("link TS0", &address, Language::English).await.level, Level::Ok);
        drop(taken);
        assert_eq!(port("http", "127.0.0.1:0", false, Language::English).await.level, Level::Ok);
        assert_eq!(reachable("link TS0", &address, Language::Swedish).await.level, Level::Warn);
    }

    #[test]
    fn places_of_links() {
        for (place, expected) in [
            ("https://api.46elks.com/a1/sms", Some("api.46elks.com:443")),
            ("http://10.0.0.1:13013/cgi-bin/sendsms", Some("10.0.0.1:13013")),
            ("http://u:p@[::1]:80?x", Some("[::1]:80")),
            ("http://[::1]/x", Some("[::1]:80")),
            ("tcp:10.0.0.2:2001", Some("10.0.0.2:2001")),
            ("/dev/serial/by-id/usb-x", None),
            ("", None),
        ] {
            assert_eq!(host_of(place).as_deref(), expected, "{place}");
        }
        assert_eq!(plugged("link GSM0", "/", Language::English).level, Level::Ok);
        assert_eq!(plugged("link GSM0", "/dev/no-such-terminal", Language::Swedish).level, Level::Warn);
    }

    #[test]
    fn certificates_end() {
        let directory = tempfile::tempdir().expect("a directory");
        let (cert, key) = (directory.path().join("cert.pem"), directory.path().join("key.pem"));
        let signed =
            rcgen::generate_simple_self_signed(vec!["sms.example.se".to_owned()]).expect("a certificate");
        std::fs::write(&cert, signed.cert.pem()).expect("written");
        std::fs::write(&key, "key").expect("written");
        let tls = Tls { cert, key };
        assert_eq!(certificate("http.tls", &tls, 1_800_000_000, Language::English).level, Level::Ok);
        // rcgen's certificates end in the year 4096.
        assert_eq!(certificate("http.tls", &tls, 68_000_000_000, Language::English).level, Level::Fail);
        let gone = Tls { cert: directory.path().join("none"), key: tls.key };
        assert_eq!(certificate("http.tls", &gone, 0, Language::English).level, Level::Fail);
    }
}
