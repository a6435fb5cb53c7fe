//! Other people's SOAP stacks, unchanged, with nothing but the WSDL that the gateway serves: what each says was accepted comes out delivered.

use blackbox::gateway::Gateway;
use blackbox::peers::{node, program, python, run};
use blackbox::readback;
use blackbox::settings::{PASSWORD, Settings, USER};
use blackbox::simulator::Simulator;
use std::path::{Path, PathBuf};
use std::process::Command;

const TO: &str = "46701234567";

/// `tests/blackbox/clients/soap/<name>`.
fn client(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/soap").join(name)
}

/// Runs a client to its end: it prints the id of each message that was accepted, and "ok".
fn story(mut command: Command) {
    let simulator = Simulator::start(&["--receipts"]);
    let gateway = Gateway::start(&Settings::towards(simulator.address()));
    let url = format!("http://{}/soap/gateway", gateway.doors().http);
    let printed = run(command.args([url.as_str(), USER, PASSWORD, TO]));
    assert_eq!(printed.lines().last(), Some("ok"), "{printed}");
    let mut accepted: Vec<&str> = printed.lines().filter_map(|line| line.strip_prefix("id ")).collect();
    let rows = readback::settle(&gateway, true);
    assert!(rows.iter().all(|row| row.state == "delivered" && row.to == TO), "{rows:?}");
    let mut stored: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    accepted.sort_unstable();
    stored.sort_unstable();
    assert!(accepted.len() >= 4 && accepted == stored, "{printed}\n{rows:?}");
}

#[test]
fn zeep() {
    let Some(mut python) = python() else { return };
    python.arg(client("zeep_client.py"));
    story(python);
}

#[test]
fn php_soap_client() {
    let Some(php) = program("php") else { return };
    let mut command = Command::new(php);
    command.arg(client("client.php"));
    story(command);
}

#[test]
fn node_soap() {
    let Some(mut node) = node() else { return };
    node.arg(client("client.js"));
    story(node);
}

#[test]
fn gsoap() {
    let Some(_) = program("wsdl2h").and(program("soapcpp2")) else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let wsdl = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wsdl/gateway.wsdl");
    let _ = run(Command::new(client("gsoap_build.sh")).arg(wsdl).arg(directory.path()));
    story(Command::new(directory.path().join("gsoap_client")));
}
