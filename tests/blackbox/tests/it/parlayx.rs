//! Parlay X with other people's stacks at both ends: zeep asks, an application on node `soap` is told, and both know no more than the descriptions
//! that the gateway serves.

use blackbox::clock::eventually;
use blackbox::gateway::Gateway;
use blackbox::peers::{node, python, run};
use blackbox::process::Process;
use blackbox::readback;
use blackbox::settings::{PASSWORD, Settings, USER};
use blackbox::simulator::Simulator;
use serde_json::Value;
use std::path::Path;

const TO: [&str; 2] = ["46701234567", "46707654321"];
/// A number of the user's own, and one that is nobody's.
const NUMBER: &str = "71234";
const OTHER: &str = "72000";

/// The gateway with an operator before it and an application behind it.
struct Story {
    simulator: Simulator,
    gateway: Gateway,
    application: Process,
    endpoint: String,
    _directory: tempfile::TempDir,
}

impl Story {
    fn begin() -> Option<Self> {
        let mut command = node()?;
        python()?;
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("address");
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        command.arg(here.join("clients/soap/parlayx_application.js"));
        command.arg(here.join("../../wsdl/parlayx/sms_notification.wsdl")).arg(&file);
        let application = Process::start(command, directory.path(), "application");
        let address = eventually("the application's address", || std::fs::read_to_string(&file).ok());
        let simulator = Simulator::start(&["--receipts"]);
        let more = format!("[[mo]]\nnumber = \"{NUMBER}\"\nuser = \"{USER}\"\n");
        let gateway = Gateway::start(&Settings { more, ..Settings::towards(simulator.address()) });
        let endpoint = format!("http://{address}/notify");
        Some(Self { simulator, gateway, application, endpoint, _directory: directory })
    }

    /// One step of zeep's, and what it printed.
    fn ask(&self, step: &str, arguments: &[&str]) -> Vec<String> {
        let mut python = python().expect("it was there");
        let client = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/soap/parlayx_client.py");
        let base = format!("http://{}/soap/parlayx", self.gateway.doors().http);
        let printed = run(python.arg(client).args([&base, USER, PASSWORD, step]).args(arguments));
        printed.lines().map(str::to_owned).collect()
    }

    /// What the application was told by an operation, when there is as much as that.
    fn told(&self, operation: &str, count: usize) -> Vec<Value> {
        eventually(operation, || {
            let told = self.application.output();
            let told: Vec<Value> = told
                .lines()
                .filter_map(|line| serde_json::from_str(line).ok())
                .filter(|told: &Value| told["operation"] == operation)
                .collect();
            (told.len() >= count).then_some(told)
        })
    }
}

#[test]
fn texts_are_sent_and_their_ends_told() {
    let Some(story) = Story::begin() else { return };
    let sent =
        story.ask("send", &[&story.endpoint, "order 7 <åäö>", "Hej från Parlay X <åäö> & €", TO[0], TO[1]]);
    let rows = readback::settle(&story.gateway, true);
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.state == "delivered"), "{rows:?}");
    let expect = TO.map(|to| format!("tel:+{to} DeliveredToTerminal"));
    assert_eq!(story.ask("status", &[&sent[0]]), expect);
    let told = story.told("notifySmsDeliveryReceipt", 2);
    let mut ends: Vec<String> = told
        .iter()
        .map(|told| {
            assert_eq!(told["correlator"], "order 7 <åäö>", "{told}");
            let status = &told["deliveryStatus"];
            format!(
                "{} {}",
                status["address"].as_str().unwrap_or(""),
                status["deliveryStatus"].as_str().unwrap_or("")
            )
        })
        .collect();
    ends.sort();
    assert_eq!((told.len(), ends), (2, expect.to_vec()), "each once, though the first call met a fault");
    assert_eq!(story.simulator.texts(), ["Hej från Parlay X <åäö> & €"; 2]);

    assert_eq!(story.ask("refused", &[TO[0]]), ["ok"]);
    assert_eq!(readback::settle(&story.gateway, true).len(), 2, "what is refused reaches nobody");
}

#[test]
fn received_texts_are_fetched_or_told() {
    let Some(mut story) = Story::begin() else { return };
    let endpoint = story.endpoint.clone();
    // Fetched once, and only those to the number.
    story.simulator.mo(TO[0], NUMBER, "Hej, är någon där?");
    story.simulator.mo(TO[0], OTHER, "till alla");
    eventually("both in the inbox", || (readback::inbox(&story.gateway).len() == 2).then_some(()));
    let expect = format!("tel:+{} tel:{NUMBER} Hej, är någon där?", TO[0]);
    assert_eq!(story.ask("receive", &[NUMBER]), [expect]);
    assert!(story.ask("receive", &[NUMBER]).is_empty());
    assert_eq!(story.ask("receive", &[""]).len(), 1);

    // Told, by the first word, also after a restart.
    assert_eq!(story.ask("start", &[&endpoint, "weather", NUMBER, "väder"]), Vec::<String>::new());
    for (correlator, number, word, expect) in [
        ("weather", NUMBER, "annat", "SVC0005"),
        ("again", NUMBER, "VÄDER", "SVC0008"),
        ("two words", NUMBER, "två ord", "SVC0002 criteria"),
        ("not mine", OTHER, "", "POL0001 not_permitted"),
        ("no number", "x", "", "SVC0002 smsServiceActivationNumber"),
    ] {
        let said = story.ask("start", &[&endpoint, correlator, number, word]).concat();
        assert!(said.starts_with(expect), "{correlator}: {said}");
    }
    story.gateway.kill();
    story.gateway.restart();
    story.simulator.mo(TO[1], NUMBER, "VÄDER Kiruna");
    story.simulator.mo(TO[1], NUMBER, "vädret?");
    let told = story.told("notifySmsReception", 1);
    assert_eq!((told.len(), &told[0]["correlator"]), (1, &Value::from("weather")));
    let message = &told[0]["message"];
    assert_eq!(message["message"], "VÄDER Kiruna", "{message}");
    assert_eq!(message["senderAddress"], format!("tel:+{}", TO[1]));
    assert_eq!(message["smsServiceActivationNumber"], format!("tel:{NUMBER}"));

    assert!(story.ask("stop", &["weather"]).is_empty());
    story.simulator.mo(TO[1], NUMBER, "väder igen");
    eventually("all in the inbox", || (readback::inbox(&story.gateway).len() == 3).then_some(()));
    assert_eq!(story.told("notifySmsReception", 1).len(), 1, "no more is told");
}
