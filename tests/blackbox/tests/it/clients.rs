//! Other people's programs, unchanged, at every door, and as the operator.

use crate::rough::Line;
use blackbox::clock::eventually;
use blackbox::gateway::Gateway;
use blackbox::journal::Entry;
use blackbox::peers::{node, program, python, run, script};
use blackbox::process::Process;
use blackbox::readback;
use blackbox::settings::{MAIL_FROM, PASSWORD, Settings, USER};
use blackbox::simulator::Simulator;
use blackbox::wiretap::Framing;
use std::net::SocketAddr;
use std::process::Command;

const TO: &str = "46701234567";

/// A gateway with an operator, to which `send` hands one message; it must come out delivered.
fn delivered(send: impl FnOnce(&Gateway)) {
    let simulator = Simulator::start(&["--receipts"]);
    let gateway = Gateway::start(&Settings::towards(simulator.address()));
    send(&gateway);
    let rows = readback::settle(&gateway, true);
    assert_eq!(
        rows.iter().map(|row| (row.to.as_str(), row.state.as_str())).collect::<Vec<_>>(),
        [(TO, "delivered")]
    );
}

#[test]
fn curl_with_json_and_forms() {
    let Some(curl) = program("curl") else { return };
    delivered(|gateway| {
        let url = format!("http://{}/api/v1/messages", gateway.doors().http);
        let body = format!("{{\"to\":[\"{TO}\"],\"text\":\"hej från curl\"}}");
        let login = format!("{USER}:{PASSWORD}");
        let json = "Content-Type: application/json";
        let printed =
            run(Command::new(&curl).args(["-sS", "-f", "-u", &login, "-H", json, "-d", &body, &url]));
        assert!(printed.contains("\"queued\""), "{printed}");
    });
    delivered(|gateway| {
        let url = format!("http://{}/send", gateway.doors().http);
        let arguments =
            ["-sS", "-f", "-G", "--data-urlencode", "numbers=070-1234567", "--data-urlencode", "text=hej å"];
        let login = [format!("username={USER}"), format!("password={PASSWORD}")];
        let mut command = Command::new(&curl);
        command.args(arguments).args(["--data-urlencode", &login[0], "--data-urlencode", &login[1], &url]);
        let printed = run(&mut command);
        assert!(printed.starts_with(&format!("OK {TO} ")), "{printed}");
    });
}

#[test]
fn a_kannel_users_call() {
    let Some(curl) = program("curl") else { return };
    delivered(|gateway| {
        let url = format!("http://{}/cgi-bin/sendsms", gateway.doors().http);
        let mut command = Command::new(&curl);
        command.args(["-sS", "-f", "-G", &url, "--data-urlencode", &format!("password={PASSWORD}")]);
        command.args([
            "-d",
            &format!("username={USER}"),
            "-d",
            &format!("to=%2B{TO}"),
            "-d",
            "text=hej",
            "-d",
            "from=Test",
        ]);
        assert_eq!(run(&mut command).trim_end(), "0: Accepted for delivery");
    });
}

/// A program that cuts long texts itself, as Kannel's users do: the operator sees its parts as parts.
#[test]
fn a_kannel_users_own_header() {
    let Some(curl) = program("curl") else { return };
    let operator = Simulator::start(&["--receipts"]);
    let gateway = Gateway::start(&Settings::towards(operator.address()));
    let url = format!("http://{}/cgi-bin/sendsms", gateway.doors().http);
    let login = [format!("username={USER}"), format!("password={PASSWORD}"), format!("to=%2B{TO}")];
    for (coding, text, udh) in
        [("0", "f%C3%B6rsta+", "%05%00%03%07%02%01"), ("2", "%00%E5%00t", "%05%00%03%07%02%02")]
    {
        let mut command = Command::new(&curl);
        command.args(["-sS", "-f", "-G", &url]).args(login.iter().flat_map(|part| ["-d", part]));
        for part in [format!("coding={coding}"), format!("text={text}"), format!("udh={udh}")] {
            command.arg("-d").arg(part);
        }
        assert_eq!(run(&mut command).trim_end(), "0: Accepted for delivery");
    }
    let parts = || -> Vec<(u64, u64, String)> {
        let parts = operator.journal().into_iter().filter_map(|entry| match entry {
            Entry::Submit { part, parts, text, .. } => Some((part, parts, text)),
            _ => None,
        });
        parts.collect()
    };
    eventually("both parts", || (parts().len() == 2).then_some(()));
    let mut parts = parts();
    parts.sort();
    assert_eq!(parts, [(1, 2, "första ".to_owned()), (2, 2, "åt".to_owned())]);
}

#[test]
fn swaks() {
    let Some(swaks) = program("swaks") else { return };
    delivered(|gateway| {
        let server = gateway.doors().smtp.to_string();
        let mut command = Command::new(&swaks);
        command.args(["--server", &server, "--from", MAIL_FROM, "--to", &format!("{TO}@sms.test")]);
        let printed = run(command.args(["--header", "Subject: hej", "--body", "från swaks"]));
        assert!(printed.contains("<-  250"), "{printed}");
    });
}

#[test]
fn python_smtplib() {
    let Some(mut python) = python() else { return };
    delivered(|gateway| {
        let doors = gateway.doors();
        python
            .arg(script("smtplib_send.py"))
            .args([&doors.smtp.ip().to_string(), &doors.smtp.port().to_string()]);
        assert!(run(python.args([MAIL_FROM, &format!("{TO}@sms.test")])).contains("sent"));
    });
}

#[test]
fn net_snpp() {
    let Some(perl) = program("perl") else { return };
    delivered(|gateway| {
        let doors = gateway.doors();
        let mut command = Command::new(&perl);
        command
            .arg(script("net_snpp.pl"))
            .args([&doors.telnet.ip().to_string(), &doors.telnet.port().to_string()]);
        assert!(run(command.args([USER, PASSWORD, TO, "hej from Net::SNPP"])).contains("sent"));
    });
}

/// It has no way to give a password but a terminal, so the address alone makes the machine known.
#[test]
fn hylafax_sendpage() {
    let Some(sendpage) = program("sendpage") else { return };
    let simulator = Simulator::start(&["--receipts"]);
    let more = "[[user]]\nname = \"machine\"\naddresses = [\"127.0.0.1/32\"]\n".into();
    let gateway = Gateway::start(&Settings { more, ..Settings::towards(simulator.address()) });
    let host = gateway.doors().telnet.to_string();
    let _ = run(Command::new(&sendpage)
        .args(["-h", &host, "-p", TO, "hej from sendpage"])
        .env("LC_ALL", "C.UTF-8"));
    let stored = readback::messages_as(&gateway, None);
    assert_eq!(stored.iter().map(|row| row.to.as_str()).collect::<Vec<_>>(), [TO]);
}

/// An operator that is a script, which writes where it listens into a file.
fn operated(mut command: Command, name: &str) -> (Process, tempfile::TempDir, SocketAddr) {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("operator");
    command.arg(script(name)).arg(&file);
    let operator = Process::start(command, directory.path(), "operator");
    let read = || std::fs::read_to_string(&file).ok()?.lines().next()?.parse().ok();
    let address = eventually("an operator", read);
    (operator, directory, address)
}

#[test]
fn node_smpp_as_the_operator() {
    let Some(node) = node() else { return };
    let (operator, _directory, address) = operated(node, "node_operator.js");
    let gateway = Gateway::start(&Settings::towards(address));
    let attempts = crate::story::send(&gateway, 0, 10);
    let rows = readback::settle(&gateway, true);
    assert_eq!(rows.len(), attempts.len());
    assert!(rows.iter().all(|row| row.state == "delivered"), "{rows:?}\n{}", operator.errors());
}

/// It takes back what it keeps, by the id and both addresses; what it has delivered it does not.
#[test]
fn node_smpp_takes_back() {
    let Some(node) = node() else { return };
    let (operator, _directory, address) = operated(node, "node_operator.js");
    let gateway = Gateway::start(&Settings::towards(address));
    let body = serde_json::json!({ "to": ["0701234567"], "from": "Skola", "text": "keep" });
    let sent = crate::story::post(&gateway, &body, None).json();
    let id = sent["messages"][0]["id"].as_str().expect("an id").to_owned();
    let state = || readback::messages(&gateway).into_iter().find(|row| row.id == id).map(|row| row.state);
    eventually("it is sent", || state().filter(|state| state == "sent"));
    let output = gateway.command(&["message", "cancel", "--recall", &id]);
    assert!(output.status.success(), "{output:?}{}", operator.errors());
    assert_eq!(state().as_deref(), Some("cancelled"));
}

/// smpplib has no server; this one is made of its PDU classes. Its replies say ids in hexadecimal, its receipts in decimal.
#[test]
fn smpplib_as_the_operator() {
    let Some(python) = python() else { return };
    let (operator, _directory, address) = operated(python, "smpplib_operator.py");
    let gateway = Gateway::start(&Settings::towards(address));
    let attempts = crate::story::send(&gateway, 0, 10);
    let rows = readback::settle(&gateway, true);
    assert_eq!(rows.len(), attempts.len());
    assert!(rows.iter().all(|row| row.state == "delivered"), "{rows:?}\n{}", operator.errors());
    let received = eventually("the message from a phone", || {
        let inbox = readback::inbox(&gateway);
        (!inbox.is_empty()).then_some(inbox)
    });
    assert_eq!(received, ["hej från smpplib"]);
}

/// A client that is a program: it submits, and gets a receipt and a message from a phone.
fn client_of_the_simulator(mut command: Command, name: &str, text: &str, parts: usize) -> String {
    let mut simulator = Simulator::start(&["--receipts"]);
    let address = simulator.address();
    let directory = tempfile::tempdir().expect("a directory");
    command.arg(script(name)).args([&address.ip().to_string(), &address.port().to_string(), TO, text]);
    let mut client = Process::start(command, directory.path(), "client");
    eventually("the client's submits", || {
        assert!(client.ended().is_none_or(|status| status.success()), "{}", client.errors());
        (simulator.submits() >= parts).then_some(())
    });
    simulator.mo(TO, "46700000000", "svar");
    let ended = eventually("the client's end", || client.ended());
    assert!(ended.success(), "{}{}", client.output(), client.errors());
    assert_eq!(simulator.texts().concat(), text);
    client.output()
}

#[test]
fn node_smpp_as_a_client() {
    let Some(node) = node() else { return };
    let printed = client_of_the_simulator(node, "node_client.js", "hej från node", 1);
    assert!(printed.contains(&format!("receipt {TO} id:")) && printed.contains("stat:DELIVRD"), "{printed}");
    assert!(printed.contains(&format!("mo {TO} svar")), "{printed}");
}

#[test]
fn smpplib_as_a_client() {
    let Some(python) = python() else { return };
    let text = "hej från smpplib [€] ".repeat(12);
    let printed = client_of_the_simulator(python, "smpplib_client.py", &text, 2);
    assert!(printed.contains("sent 2 2"), "{printed}");
    assert!(printed.matches("stat:DELIVRD").count() == 2 && printed.contains("svar"), "{printed}");
}

const SMPP: Line = Line { protocol: "smpp", quick: "enquire_link = \"1s\"", system_id: "omnigate" };

#[test]
fn kannel_logs_in_to_our_simulator() {
    let smsc = "smsc = smpp\nsystem-type = \"\"\ntransceiver-mode = true\n";
    SMPP.kannel(smsc, "12345");
}

#[test]
fn tshark_reads_every_pdu() {
    let Some(seen) = SMPP.dissected(&[], "smpp", 2775, Framing::Length) else { return };
    for operation in ["Bind_transceiver", "Submit_sm", "Submit_sm - resp", "Deliver_sm", "Deliver_sm - resp"]
    {
        assert!(seen.contains(&format!("Operation: {operation} (0x")), "no {operation}:\n{seen}");
    }
}
