//! Outlook Mobile Service: other people's SOAP stacks with the WSDL that the gateway serves, and a post as a client in Ruby makes it. What each
//! was told is accepted comes out delivered, and nothing else does.

use blackbox::clock;
use blackbox::gateway::Gateway;
use blackbox::http::{Request, once};
use blackbox::peers::{node, python, run};
use blackbox::readback;
use blackbox::settings::{PASSWORD, Settings, USER};
use blackbox::simulator::Simulator;
use std::path::{Path, PathBuf};
use std::process::Command;

const TO: &str = "46701234567";
const NS: &str = "http://schemas.microsoft.com/office/Outlook/2006/OMS";
const OMS: &str = "[oms]\nswedish_name = \"Kommunens SMS\"\nmax_recipients = 3\n";

fn client(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/soap").join(name)
}

fn start() -> (Simulator, Gateway) {
    let simulator = Simulator::start(&["--receipts"]);
    let settings = Settings { more: OMS.to_owned(), ..Settings::towards(simulator.address()) };
    let gateway = Gateway::start(&settings);
    (simulator, gateway)
}

/// Runs a client to its end: it prints "text" and each text that was accepted, "later" and each that is to be sent another day, and "ok".
fn story(mut command: Command) {
    let (simulator, gateway) = start();
    let url = format!("http://{}/soap/oms", gateway.doors().http);
    let printed = run(command.args([url.as_str(), USER, PASSWORD, TO]));
    assert_eq!(printed.lines().last(), Some("ok"), "{printed}");
    let told =
        |what: &str| -> Vec<&str> { printed.lines().filter_map(|line| line.strip_prefix(what)).collect() };
    let (now, later) = (told("text "), told("later "));
    let ended = clock::within(clock::PATIENCE, || {
        let rows = readback::messages(&gateway);
        let of = |state: &str| rows.iter().filter(|row| row.state == state).count();
        (of("delivered") == now.len() && of("scheduled") == later.len()).then_some(rows)
    });
    let rows = ended.unwrap_or_else(|| panic!("{printed}\n{:?}", readback::messages(&gateway)));
    assert!(
        rows.len() == now.len() + later.len() && rows.iter().all(|row| row.to == TO),
        "{printed}\n{rows:?}"
    );
    let mut sent = simulator.texts().concat();
    for text in &now {
        let at = sent.find(text).unwrap_or_else(|| panic!("{text:?} did not come to the operator: {sent}"));
        sent.replace_range(at..at + text.len(), "");
    }
    assert_eq!(sent, "", "nothing else came to the operator");
}

#[test]
fn zeep() {
    let Some(mut python) = python() else { return };
    python.arg(client("oms_zeep.py"));
    story(python);
}

#[test]
fn node_soap() {
    let Some(mut node) = node() else { return };
    node.arg(client("oms.js"));
    story(node);
}

/// SOAP 1.2 without an action; the time is ten seconds ahead, which means now; the first `error` of the answer is all that is looked at, and the
/// envelope's prefix must be `soap`.
#[test]
fn as_a_client_in_ruby_posts() {
    let (_simulator, gateway) = start();
    let deliver = |password: &str, to: &str| {
        let soon = clock::utc_after(10);
        let document = format!(
            "<?xml version='1.0' encoding='utf-8'?>\n<xmsData client='Microsoft Office Outlook 12.0' xmlns='{NS}'>\n   <user>\n   \
             <userId>{USER}</userId><password>{password}</password><replyPhone>+46707654321</replyPhone><customData/></user>\n   \
             <xmsHead>\n      <scheduled>{soon}</scheduled>\n      <requiredService>SMS_SENDER</requiredService>\n      <to>\n        \
             <recipient>{to}</recipient>\n      </to>\n   </xmsHead>\n   <xmsBody format='SMS'>\n     \
             <content contentType='text/plain'>Hej fr&#xE5;n Ruby</content>\n   </xmsBody>\n</xmsData>"
        );
        let inside = document.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let envelope = format!(
            "<?xml version='1.0' encoding='utf-8'?>\n<soap12:Envelope xmlns:soap12='http://www.w3.org/2003/05/soap-envelope'>\n  \
             <soap12:Body>\n    <DeliverXms xmlns='{NS}'>\n      <xmsData>{inside}</xmsData>\n    </DeliverXms>\n  </soap12:Body>\n</soap12:Envelope>"
        );
        let request = Request::post("/soap/oms", "application/soap+xml", envelope);
        let response = once(gateway.doors().http, &request).expect("an answer");
        let text = response.text();
        assert_eq!((response.status, text.contains("<soap:Envelope ")), (200, true), "{text}");
        let code = text.split("code=&quot;").nth(1).and_then(|rest| rest.split('&').next());
        code.unwrap_or_default().to_owned()
    };
    assert_eq!(deliver("wrong", TO), "invalidUser");
    assert_eq!(deliver(PASSWORD, "nobody"), "invalidRecipient");
    assert_eq!(deliver(PASSWORD, "070-123 45 67"), "ok");
    let rows = readback::settle(&gateway, true);
    assert!(matches!(rows.as_slice(), [row] if row.state == "delivered" && row.to == TO), "{rows:?}");
}
