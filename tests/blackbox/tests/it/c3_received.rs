//! C3: a received message is answered when it is on disk, and stays in the inbox through a crash.

use crate::story::judge;
use blackbox::checker::Terms;
use blackbox::clock::eventually;
use blackbox::gateway::Gateway;
use blackbox::journal::Entry;
use blackbox::readback;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;

#[test]
fn into_the_inbox_and_acknowledged() {
    let mut simulator = Simulator::start(&["--receipts"]);
    let mut gateway = Gateway::start(&Settings::towards(simulator.address()));
    for number in 0..20 {
        simulator.mo("46701234567", "72456", &format!("från en mobil {number}"));
    }
    let answered = |entry: &&Entry| matches!(entry, Entry::Mo { answer: Some(0), .. });
    eventually("answers", || (simulator.journal().iter().filter(answered).count() == 20).then_some(()));
    gateway.kill();
    gateway.restart();
    assert_eq!(readback::inbox(&gateway).len(), 20);
    judge(&gateway, &simulator, Vec::new(), &Terms::default());
}
