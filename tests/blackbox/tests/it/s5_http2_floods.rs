//! Section 5, HTTP: floods of HTTP/2 frames over TLS (rapid reset, CONTINUATION, SETTINGS, PING, empty DATA, streams, closed windows) take
//! little memory and keep nobody out.

use blackbox::certificates;
use blackbox::gateway::Gateway;
use blackbox::peers::python;
use blackbox::settings::{PASSWORD, Settings, USER};
use std::path::Path;

/// What all floods together may take.
const MOST_KIB: u64 = 64 * 1024;
/// The slowest call of somebody else.
const SLOWEST_MS: u64 = 5_000;

#[test]
fn floods_keep_nobody_out() {
    let Some(mut python) = python() else { return };
    let mut gateway = Gateway::prepare(&Settings::default());
    let Some(certificate) = certificates::make(gateway.directory()) else { return };
    let text = std::fs::read_to_string(gateway.config()).expect("a configuration");
    let section = "[http]\n";
    assert!(text.contains(section));
    let text = text.replace(section, &format!("{section}tls = {}\n", certificate.of_door()));
    std::fs::write(gateway.config(), text).expect("written");
    gateway.restart();
    let before = gateway.process().peak_kib().expect("Linux says");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/http2_floods.py");
    let port = gateway.doors().http.port().to_string();
    let output = python.arg(script).args([port.as_str(), USER, PASSWORD]).output().expect("the floods");
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.lines().count(), 7);
    for line in said.lines() {
        let mut words = line.split(' ').skip(3).map(|word| word.parse::<u64>().expect("a number"));
        let (answered, slowest) = (words.next().expect("calls"), words.next().expect("their time"));
        assert!(answered >= 3 && slowest < SLOWEST_MS, "{line}");
    }
    let after = gateway.process().peak_kib().expect("Linux says");
    println!("{before} KiB before, {after} KiB after");
    assert!(after.saturating_sub(before) < MOST_KIB, "{before} KiB before, {after} KiB after");
}
