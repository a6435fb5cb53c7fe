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

/// "OK" to one alarm and "OK" to the next, which an SMPP operator gives neither time nor id: nobody's answer is taken for a repetition.
#[test]
fn the_same_words_again() {
    let mut simulator = Simulator::start(&["--receipts"]);
    let gateway = Gateway::start(&Settings::towards(simulator.address()));
    for count in 1..=3 {
        simulator.mo("46701234567", "72456", "OK");
        let answered = |entry: &&Entry| matches!(entry, Entry::Mo { answer: Some(0), .. });
        eventually("an answer", || {
            (simulator.journal().iter().filter(answered).count() == count).then_some(())
        });
    }
    assert_eq!(readback::inbox(&gateway), ["OK", "OK", "OK"]);
}
