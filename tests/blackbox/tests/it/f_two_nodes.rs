//! F1, F2: two nodes on one database. One is killed, or stands still and comes back: the other sends what it held, nothing is lost, and what may be
//! doubled is marked.

use crate::story::{judge, send};
use blackbox::checker::Terms;
use blackbox::clock::{eventually, pause};
use blackbox::database::{Kind, fresh};
use blackbox::gateway::Gateway;
use blackbox::process::Signal;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use std::time::Duration;

/// Messages to each node.
const EACH: u64 = 60;
/// Longer than a node may be silent.
const FROZEN: Duration = Duration::from_secs(16);

/// Two nodes, the operator that both are bound to, and what was sent so far.
struct Pair {
    north: Gateway,
    south: Gateway,
    operator: Simulator,
}

fn pair() -> Option<Pair> {
    let database = fresh(Kind::Postgres)??;
    let operator = Simulator::start(&["--receipts", "--delay", "300ms"]);
    let start = |name: &str| {
        let settings = Settings { database: Some(database.clone()), ..Settings::towards(operator.address()) };
        let mut gateway = Gateway::prepare(&settings);
        let text = std::fs::read_to_string(gateway.config()).expect("a configuration");
        let text = text.replacen("name = \"a\"", &format!("name = \"{name}\""), 1);
        std::fs::write(gateway.config(), text).expect("written");
        gateway.restart();
        gateway
    };
    Some(Pair { north: start("north"), south: start("south"), operator })
}

#[test]
fn one_is_killed_and_the_other_sends_what_it_held() {
    let Some(Pair { mut north, south, operator }) = pair() else { return };
    let mut attempts = send(&north, 0, EACH);
    attempts.extend(send(&south, EACH, EACH));
    eventually("some at the operator", || (operator.submits() >= 20).then_some(()));
    north.kill();
    attempts.extend(send(&south, 2 * EACH, 5));
    judge(&south, &operator, attempts, &Terms::default());
}

#[test]
fn one_stands_still_and_comes_back_too_late() {
    let Some(Pair { mut north, south, operator }) = pair() else { return };
    let mut attempts = send(&north, 0, EACH);
    attempts.extend(send(&south, EACH, EACH));
    eventually("some at the operator", || (operator.submits() >= 20).then_some(()));
    north.process().signal(Signal::Stop);
    pause(FROZEN);
    north.process().signal(Signal::Cont);
    let ended = eventually("it stops by itself", || north.ended());
    assert_eq!(ended.code(), Some(1), "{}", north.errors());
    attempts.extend(send(&south, 2 * EACH, 5));
    judge(&south, &operator, attempts, &Terms::default());
}
