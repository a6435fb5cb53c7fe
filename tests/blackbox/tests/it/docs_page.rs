//! The page at `/docs`, in a real browser: it reads in both languages, stays inside a telephone's width, fetches nothing from
//! outside, and its forms make calls that work.

use blackbox::database::fast;
use blackbox::gateway::Gateway;
use blackbox::peers::{program, run, script};
use blackbox::readback;
use blackbox::settings::{PASSWORD, Settings, USER};
use blackbox::simulator::Simulator;
use serde_json::Value;
use std::process::Command;

const TO: &str = "46701234567";

#[test]
fn chromium_sends_from_the_page() {
    // `./test fast` starts no browser.
    if fast() {
        return;
    }
    let (Some(chromium), Some(node)) = (program("chromium"), program("node")) else { return };
    let simulator = Simulator::start(&["--receipts"]);
    let gateway = Gateway::start(&Settings::towards(simulator.address()));
    let origin = format!("http://{}", gateway.doors().http);
    for (language, heading, refused) in [
        ("sv", "Sänd sms med ett anrop", "Inloggning krävs eller misslyckades."),
        ("en", "Send an SMS with one call", "Authentication is required or failed."),
    ] {
        let mut command = Command::new(&node);
        command.arg(script("docs_page.js")).arg(&chromium).args([&origin, language, USER, PASSWORD, TO]);
        let printed = run(&mut command);
        let page: Value = serde_json::from_str(&printed).unwrap_or_else(|e| panic!("{e}: {printed}"));
        assert_eq!(page["seen"]["language"], language);
        assert_eq!(page["seen"]["heading"], heading);
        assert_eq!(page["seen"]["wide"], false, "the page scrolls sideways on a telephone");
        assert_eq!(page["outside"], serde_json::json!([]), "the page fetched something from outside");
        assert_eq!(page["stranger"]["status"], "401 Unauthorized");
        let answer = |step: &str| -> Value {
            serde_json::from_str(page[step]["answer"].as_str().unwrap_or_default()).unwrap_or_default()
        };
        assert_eq!(answer("stranger")["detail"], refused);
        assert_eq!(page["preview"]["status"], "200 OK");
        assert_eq!(answer("preview")["recipients"][0]["to"], TO);
        assert_eq!(page["sent"]["status"], "202 Accepted");
        assert_eq!(answer("sent")["messages"][0]["id"], page["id"]);
        assert_eq!(answer("looked")["to"], TO);
        // The only thing the browser complained of is the refusal that was asked for: no blocked style or script.
        let complaints = page["refusals"].as_array().map_or(0, Vec::len);
        assert_eq!(complaints, 1, "{}", page["refusals"]);
    }
    let rows = readback::settle(&gateway, true);
    assert_eq!(rows.iter().filter(|row| row.state == "delivered").count(), 2);
}
