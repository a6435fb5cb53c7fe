//! F: two nodes of one database never make the same id, also when their names would give them the same number.

use crate::story::send;
use blackbox::database::{Kind, fresh};
use blackbox::gateway::Gateway;
use blackbox::readback;
use blackbox::settings::Settings;
use std::collections::HashSet;

/// Messages of each node.
const EACH: u64 = 100;

/// The number a node of this name asks for, as `docs/adr/0004-ids.md` says: a hash of ten bits.
fn wish(name: &str) -> u64 {
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    (hash ^ (hash >> 32)) % 1_024
}

/// The ten bits of the node in an id.
fn node_of(id: &str) -> u64 {
    (id.parse::<u64>().expect("a number") >> 12) % 1_024
}

fn start(name: &str, database: &str) -> Gateway {
    let mut gateway =
        Gateway::prepare(&Settings { database: Some(database.to_owned()), ..Settings::default() });
    let text = std::fs::read_to_string(gateway.config()).expect("a configuration");
    std::fs::write(gateway.config(), text.replacen("name = \"a\"", &format!("name = \"{name}\""), 1))
        .expect("written");
    gateway.restart();
    gateway
}

#[test]
fn two_nodes_whose_names_collide() {
    let Some(Some(database)) = fresh(Kind::Postgres) else { return };
    let other =
        (0..).map(|n| format!("node{n}")).find(|name| wish(name) == wish("north")).expect("some name");
    let (north, second) = (start("north", &database), start(&other, &database));
    std::thread::scope(|scope| {
        scope.spawn(|| send(&north, 0, EACH));
        scope.spawn(|| send(&second, EACH, EACH));
    });
    let rows = readback::messages(&north);
    let ids: HashSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids.len() as u64, 2 * EACH);
    let nodes: HashSet<u64> = ids.iter().map(|id| node_of(id)).collect();
    let next = (wish("north") + 1) % 1_024;
    assert_eq!(nodes, HashSet::from([wish("north"), next]), "the second got the next number");
}
