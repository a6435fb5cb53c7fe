//! E3: out of file descriptors, the doors wait and everything that is open goes on.

use crate::story::{judge, send};
use blackbox::checker::Terms;
use blackbox::clock::eventually;
use blackbox::doors::{Answer, Door};
use blackbox::gateway::Gateway;
use blackbox::history::{marked_text, number_of};
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use std::net::TcpStream;

#[test]
fn accepting_waits_and_links_live() {
    let simulator = Simulator::start(&["--receipts"]);
    let mut gateway = Gateway::prepare(&Settings::towards(simulator.address()));
    gateway.wrap(&["sh", "-c", "ulimit -n 128; exec \"$0\" \"$@\""]);
    gateway.restart();
    let mut attempts = send(&gateway, 0, 5);
    let held: Vec<TcpStream> =
        (0..300).filter_map(|_| TcpStream::connect(gateway.doors().telnet).ok()).collect();
    assert!(held.len() >= 64, "{} connections", held.len());
    drop(held);
    let answer = eventually("an open door", || {
        match Door::Json.send(gateway.doors(), &number_of(5), &marked_text(5, 10)) {
            accepted @ Answer::Accepted(_) => Some(accepted),
            _ => None,
        }
    });
    attempts.push(crate::story::attempt(5, 1, answer));
    judge(&gateway, &simulator, attempts, &Terms { own_numbers: false, ..Terms::default() });
}
