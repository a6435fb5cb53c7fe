//! A1 and C3: accepted is on disk. kill -9 at random instants with all doors sending, receipts coming and mobiles
//! answering; nothing accepted is lost, what was in flight may be doubled and is marked.

use crate::story::{Drivers, judge, long, send};
use blackbox::checker::Terms;
use blackbox::clock::{eventually, pause};
use blackbox::database::{Kind, fresh};
use blackbox::doors::ALL;
use blackbox::gateway::Gateway;
use blackbox::random::Random;
use blackbox::readback::messages;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use std::time::Duration;

/// Kills in every run.
const KILLS: u64 = 60;
/// Kills on the databases that have a server, where the store's code is the same.
const KILLS_WITH_SERVER: u64 = 15;
/// Kills of the long form.
const KILLS_LONG: u64 = 1_000;
/// A life lasts this long, in ms.
const LIFE: std::ops::Range<u64> = 5..800;
/// Window of the session.
const WINDOW: u32 = 10;

/// The number of kills that somebody asked for: `OMNIGATE_KILLS=60`.
fn kills_given() -> Option<u64> {
    let given = std::env::var("OMNIGATE_KILLS").ok()?;
    Some(given.parse().expect("OMNIGATE_KILLS is a number"))
}

fn story(kind: Kind, kills: u64) {
    let Some(database) = fresh(kind) else { return };
    let mut random = Random::of_story(&format!("a1_kill {kind:?}"));
    let mut simulator = Simulator::start(&["--receipts", "--delay", "5ms"]);
    let settings = Settings { database, window: WINDOW, ..Settings::towards(simulator.address()) };
    let mut gateway = Gateway::start(&settings);
    let drivers = Drivers::start(&ALL, 20, &mut random);
    for kill in 0..kills_given().unwrap_or(if long() { KILLS_LONG } else { kills }) {
        drivers.aim(Some(gateway.doors()));
        if kill % 2 == 1 {
            // Every other life begins to count when the doors are at work, and not while they still look up passwords.
            let before = drivers.accepted();
            eventually("an accepted message", || (drivers.accepted() > before).then_some(()));
        }
        let life = random.between(LIFE);
        for part in 0..3 {
            simulator.mo("46701234567", "72456", &format!("mo {kill}.{part}"));
            pause(Duration::from_millis(life / 3));
        }
        gateway.kill();
        drivers.aim(None);
        gateway.restart();
    }
    let attempts = drivers.finish();
    assert!(
        attempts.iter().filter(|attempt| attempt.accepted()).count() > 100,
        "a story with too few messages"
    );
    judge(&gateway, &simulator, attempts, &Terms { window: WINDOW as usize, ..Terms::default() });
}

#[test]
fn on_sqlite() {
    story(Kind::Sqlite, KILLS);
}

#[test]
fn on_postgres() {
    story(Kind::Postgres, KILLS_WITH_SERVER);
}

#[test]
fn on_mariadb() {
    story(Kind::Mysql, KILLS_WITH_SERVER);
}

/// What a link had in advance when it was killed never left, and `assume_sent` must not call it sent.
#[test]
fn what_never_left_is_not_called_sent() {
    let simulator = Simulator::start(&["--delay", "60s"]);
    let more = "doubt = \"assume_sent\"\n".to_owned();
    let settings = Settings { window: WINDOW, more, ..Settings::towards(simulator.address()) };
    let mut gateway = Gateway::start(&settings);
    send(&gateway, 0, 60);
    eventually("a full window", || (simulator.submits() >= WINDOW as usize).then_some(()));
    gateway.kill();
    gateway.restart();
    let rows = messages(&gateway);
    let sent = rows.iter().filter(|row| row.state == "sent").count();
    assert_eq!(rows.len(), 60);
    assert!((10..=15).contains(&sent), "{sent} are called sent, and a window had left");
}
