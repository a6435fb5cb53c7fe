//! E4: the database is gone for a while: doors say so soon, links stay, and everything goes on when it is back.

use crate::story::{body, judge, post, send};
use blackbox::checker::Terms;
use blackbox::clock::{eventually, start};
use blackbox::database::{Kind, fresh};
use blackbox::gateway::Gateway;
use blackbox::proxy::{Proxy, Weather};
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use std::net::SocketAddr;
use std::time::Duration;

/// How soon a door answers without its database; promised are 2 s.
const SOON: Duration = Duration::from_secs(5);

fn story(kind: Kind) {
    let Some(Some(url)) = fresh(kind) else { return };
    let (server, proxied) = through_proxy(&url);
    let proxy = Proxy::to(server);
    let database = proxied.replace("PROXY", &proxy.address().to_string());
    let simulator = Simulator::start(&["--receipts"]);
    let settings = Settings { database: Some(database), ..Settings::towards(simulator.address()) };
    let gateway = Gateway::start(&settings);
    let mut attempts = send(&gateway, 0, 20);

    proxy.set(Weather { refuse: true, ..Weather::default() });
    proxy.reset();
    let began = start();
    let refused = post(&gateway, &body(999), None);
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(began.elapsed() < SOON, "answered after {:?}", began.elapsed());

    proxy.set(Weather::default());
    eventually("an open door", || (post(&gateway, &body(998), None).status == 202).then_some(()));
    attempts.extend(send(&gateway, 20, 20));
    let binds =
        simulator.journal().iter().filter(|e| matches!(e, blackbox::journal::Entry::Bound { .. })).count();
    assert_eq!(binds, 1, "the link stayed bound");
    let began_at = blackbox::clock::wall_ms();
    for number in [998, 999] {
        attempts.push(crate::story::attempt(number, began_at, blackbox::doors::Answer::Unknown));
    }
    judge(&gateway, &simulator, attempts, &Terms::default());
}

/// The server's address, and the URL with `PROXY` in its place.
fn through_proxy(url: &str) -> (SocketAddr, String) {
    let from = url.find('@').map_or(0, |at| at + 1);
    let end = from + url[from..].find('/').expect("a database name");
    let address = url[from..end].parse().expect("an address with a port");
    (address, format!("{}PROXY{}", &url[..from], &url[end..]))
}

#[test]
fn postgres() {
    story(Kind::Postgres);
}

#[test]
fn mariadb() {
    story(Kind::Mysql);
}
