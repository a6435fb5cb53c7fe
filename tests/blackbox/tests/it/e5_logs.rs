//! E5: logs cannot hurt: nobody reads its output, and messages flow.

use crate::story::{judge, send};
use blackbox::checker::Terms;
use blackbox::gateway::Gateway;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;

#[test]
fn a_blocked_output_stops_nothing() {
    let simulator = Simulator::start(&["--receipts"]);
    let settings =
        Settings { more: "[log]\nlevel = \"trace\"\n".into(), ..Settings::towards(simulator.address()) };
    let mut gateway = Gateway::prepare(&settings);
    // A pipe whose reader sleeps: 64 KiB and then every write to it would block for ever.
    gateway.wrap(&["bash", "-c", "exec \"$0\" \"$@\" > >(exec sleep 1000) 2>&1"]);
    gateway.restart();
    let attempts = send(&gateway, 0, 300);
    judge(&gateway, &simulator, attempts, &Terms::default());
}
