//! TLS with OpenSSL at the other end: every door, every protocol towards an operator, certificates that are replaced, and ones that nobody
//! should believe.

use crate::story::send;
use blackbox::certificates::{self, Certificate};
use blackbox::clock::eventually;
use blackbox::gateway::Gateway;
use blackbox::peers::{kannel, program, python, run, script};
use blackbox::process::{Process, Signal};
use blackbox::readback;
use blackbox::settings::{MAIL_FROM, PASSWORD, Settings, USER};
use blackbox::simulator::Simulator;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const TO: &str = "46701234567";

/// The configuration with TLS at all doors, and no password by mail before it.
fn secured(gateway: &Gateway, certificate: &Certificate) {
    let text = std::fs::read_to_string(gateway.config()).expect("a configuration");
    let tls = certificate.of_door();
    let text = ["[http]\n", "[smtp]\n", "[telnet]\n"].iter().fold(text, |text, section| {
        assert!(text.contains(section), "{text}");
        text.replace(section, &format!("{section}tls = {tls}\n"))
    });
    let text = text.replace("[smtp]\n", "[smtp]\nplain_login = []\n");
    std::fs::write(gateway.config(), text).expect("written");
}

/// Asks whether the gateway lives, trusting one authority.
fn answers(curl: &Path, authority: &Path, port: u16) -> bool {
    let url = format!("https://localhost:{port}/api/v1/balance");
    let login = format!("{USER}:{PASSWORD}");
    let mut command = Command::new(curl);
    command.args(["-sS", "-f", "-u", &login, "--connect-to", &format!("localhost:{port}:127.0.0.1:{port}")]);
    command.arg("--cacert").arg(authority).arg(url).output().expect("curl").status.success()
}

#[test]
fn every_door_speaks_tls_and_takes_a_new_certificate() {
    let (Some(curl), Some(mut python)) = (program("curl"), python()) else { return };
    let (old, new) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let (Some(first), Some(second)) = (certificates::make(old.path()), certificates::make(new.path())) else {
        return;
    };
    let simulator = Simulator::start(&["--receipts"]);
    let mut gateway = Gateway::prepare(&Settings::towards(simulator.address()));
    secured(&gateway, &first);
    gateway.restart();
    let doors = gateway.doors();
    let command = python.arg(script("tls_client.py")).arg(&first.authority);
    command.args([doors.http, doors.smtp, doors.telnet].map(|door| door.to_string()));
    assert_eq!(run(command.args([USER, PASSWORD, MAIL_FROM, TO])), "https\nsmtp\nsnpp\n");
    eventually("all three at the operator", || (simulator.submits() == 3).then_some(()));

    let port = doors.http.port();
    assert!(answers(&curl, &first.authority, port) && !answers(&curl, &second.authority, port));
    for (from, to) in [(&second.certificate, &first.certificate), (&second.key, &first.key)] {
        std::fs::copy(from, to).expect("a file in the place of the old one");
    }
    gateway.process().signal(Signal::Hup);
    eventually("the new certificate", || answers(&curl, &second.authority, port).then_some(()));
    assert!(!answers(&curl, &first.authority, port), "the old one is gone");
}

/// OpenSSL, and behind it an operator who speaks plainly.
struct Front {
    _process: Process,
    _directory: TempDir,
    address: SocketAddr,
}

fn front(mut python: Command, certificate: &Certificate, operator: SocketAddr) -> Front {
    let directory = TempDir::new().expect("a directory");
    let file = directory.path().join("front");
    python.arg(script("tls_front.py")).arg(&certificate.certificate).arg(&certificate.key);
    python.arg(operator.to_string()).arg(&file);
    let process = Process::start(python, directory.path(), "front");
    let read = || std::fs::read_to_string(&file).ok()?.trim().parse().ok();
    let address = eventually("the front", read);
    Front { _process: process, _directory: directory, address }
}

/// A link to this operator through OpenSSL, which trusts this authority.
fn settings(protocol: &str, front: SocketAddr, certificate: &Certificate) -> Settings {
    let tls = format!("tls = {}\nresponse_timeout = \"5s\"\n", certificate.of_link());
    if protocol == "http" {
        let own = SocketAddr::from((kannel::own_address(), 8080));
        let keys = format!(
            "profile = \"46elks\"\nurl = \"https://{front}\"\ncallback_url = \"http://{own}\"\n\
             callback_secret = \"0123456789abcdef\"\nuser = \"u\"\npassword = \"p\"\n{tls}"
        );
        Settings { protocol: protocol.into(), http: Some(own), link: keys, ..Settings::default() }
    } else {
        Settings {
            protocol: protocol.into(),
            system_id: if protocol == "smpp" { "omnigate".into() } else { "12345".into() },
            link: tls,
            ..Settings::towards(front)
        }
    }
}

#[test]
fn every_protocol_to_operators_goes_over_tls() {
    let folder = TempDir::new().expect("a folder");
    let Some(certificate) = certificates::make(folder.path()) else { return };
    for protocol in ["smpp", "ucp", "cimd2", "http"] {
        let Some(python) = python() else { return };
        println!("{protocol}");
        let extra: &[&str] = if protocol == "http" { &["--operator", "46elks"] } else { &[] };
        let simulator = Simulator::speaking(protocol, &[extra, &["--receipts"]].concat());
        let front = front(python, &certificate, simulator.address());
        let gateway = Gateway::start(&settings(protocol, front.address, &certificate));
        let attempts = send(&gateway, 0, 10);
        let rows = readback::settle(&gateway, true);
        assert_eq!(rows.len(), attempts.len());
        assert!(rows.iter().all(|row| row.state == "delivered"), "{protocol}: {rows:?}");
    }
}

/// Nothing goes to somebody who only says that he is the operator, and the log says why.
#[test]
fn a_certificate_of_somebody_else_is_not_believed() {
    let (ours, theirs) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let (Some(trusted), Some(shown)) = (certificates::make(ours.path()), certificates::make(theirs.path()))
    else {
        return;
    };
    for protocol in ["smpp", "http"] {
        let Some(python) = python() else { return };
        println!("{protocol}");
        let extra: &[&str] = if protocol == "http" { &["--operator", "46elks"] } else { &[] };
        let simulator = Simulator::speaking(protocol, extra);
        let front = front(python, &shown, simulator.address());
        let gateway = Gateway::start(&settings(protocol, front.address, &trusted));
        let _ = send(&gateway, 0, 1);
        eventually("a word about it", || gateway.errors().contains("certificate").then_some(()));
        assert_eq!(simulator.submits(), 0, "{protocol}");
        assert!(readback::messages(&gateway).iter().all(|row| row.state != "failed"), "{protocol}: it waits");
    }
}
