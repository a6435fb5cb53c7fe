//! A1, E8 and E11: the process dies, or a task panics, at every point that the program names for it. After a death and a restart nothing accepted is
//! lost; after a panic the program goes on without one.
//!
//! The points stand in two lists of the program; one that is missing here fails.

use crate::story::{attempt, body};
use blackbox::checker::{Terms, Violation};
use blackbox::clock::{PATIENCE, eventually, pause, wall_ms, within};
use blackbox::doors::Answer;
use blackbox::gateway::Gateway;
use blackbox::history::{Attempt, Books, History};
use blackbox::http::{Request, once};
use blackbox::readback;
use blackbox::settings::{PASSWORD, Settings, USER};
use blackbox::simulator::Simulator;
use blackbox::web_sink::{Mood, WebSink};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

/// Every point, and how often it is passed before it strikes: late enough for the doors to be open.
const POINTS: [(&str, u32); 19] = [
    ("store.before_commit", 25),
    ("store.after_commit", 25),
    ("store.after_answer", 25),
    ("store.commit", 25),
    ("submit.stored", 8),
    ("lane.leased", 6),
    ("replies.before", 4),
    ("replies.after", 4),
    ("receipts.before", 4),
    ("receipts.after", 4),
    ("mo.before", 2),
    ("mo.after", 2),
    ("handoff.before", 6),
    ("handoff.after", 6),
    ("task.handing_over", 3),
    ("task.lane", 12),
    ("task.housekeeping", 1),
    ("task.sign_of_life", 0),
    ("task.astray", 0),
];
/// Messages of a story, so many that some wait in the store.
const MESSAGES: u64 = 60;
/// The link's rate; it holds two seconds of it.
const RATE: u32 = 20;
/// Stories told at the same time.
const AT_ONCE: usize = 4;

/// The names in the program's lists.
fn listed() -> HashSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let lists = ["adapters/sql/base/src/failpoints.rs", "application/src/failpoints.rs"];
    let texts = lists.map(|list| std::fs::read_to_string(root.join(list)).expect("a list of points"));
    let name = |line: &str| Some(line.strip_prefix("pub const ")?.split('"').nth(1)?.to_owned());
    texts.iter().flat_map(|text| text.lines()).filter_map(name).collect()
}

#[test]
fn every_point_has_its_story() {
    let told: HashSet<String> = POINTS.iter().map(|(point, _)| (*point).to_owned()).collect();
    assert_eq!(told, listed());
}

fn told_for_all(story: fn(&str, u32)) {
    let failed: Vec<&str> = POINTS
        .chunks(AT_ONCE)
        .flat_map(|some| {
            std::thread::scope(|scope| {
                let told: Vec<_> = some
                    .iter()
                    .map(|(point, after)| (*point, scope.spawn(move || story(point, *after))))
                    .collect();
                told.into_iter()
                    .filter_map(|(point, told)| told.join().err().map(|_| point))
                    .collect::<Vec<_>>()
            })
        })
        .collect();
    assert!(failed.is_empty(), "broken at {failed:?}");
}

#[test]
fn death_at_every_point() {
    told_for_all(|point, after| {
        let how = if point == "store.commit" { "disk I/O error" } else { "die" };
        let (mut gateway, mut stage) = Stage::set(point, after, how);
        let (mut attempts, mut number) = (Vec::new(), 0);
        let ended = within(PATIENCE, || {
            if number < MESSAGES {
                attempts.push(stage.send(&gateway, number));
            } else {
                pause(Duration::from_millis(20));
            }
            number += 1;
            gateway.ended()
        });
        let status = ended.unwrap_or_else(|| {
            panic!("{point}: it lives; were the points built in? cargo build --workspace --all-targets")
        });
        assert!(!status.success(), "{point}: {status}");
        gateway.clear_environment();
        gateway.restart();
        let found = stage.judge(&gateway, attempts);
        assert!(found.is_empty(), "{point}: {found:?}");
    });
}

#[test]
fn a_panic_at_every_point() {
    told_for_all(|point, after| {
        if point == "store.commit" {
            return; // Not a place but an error: it has been told.
        }
        let (gateway, mut stage) = Stage::panicking(point, after);
        let attempts: Vec<Attempt> = (0..MESSAGES).map(|number| stage.send(&gateway, number)).collect();
        eventually("the panic", || gateway.errors().contains("panicked at").then_some(()));
        let mut found = stage.judge(&gateway, attempts);
        // What a panic forgot was perhaps answered, on a session that lives on.
        found.retain(|v| !matches!(v, Violation::CauselessDuplicate { .. } | Violation::BeyondWindow { .. }));
        assert!(found.is_empty(), "{point}: {found:?}");
    });
}

/// Who stands around a gateway.
struct Stage {
    simulator: Simulator,
    sink: WebSink,
}

impl Stage {
    fn set(point: &str, after: u32, how: &str) -> (Gateway, Self) {
        Self::armed(&format!("{point}={after}*off->return({how})"))
    }

    fn panicking(point: &str, after: u32) -> (Gateway, Self) {
        Self::armed(&format!("{point}={after}*off->1*panic(planted)->off"))
    }

    fn armed(points: &str) -> (Gateway, Self) {
        let simulator = Simulator::start(&["--receipts", "--receipt-delay", "50ms"]);
        let settings = Settings { rate: RATE, ..Settings::towards(simulator.address()) };
        let mut gateway = Gateway::prepare(&settings);
        gateway.set("FAILPOINTS", points);
        gateway.restart();
        (gateway, Self { simulator, sink: WebSink::start(Mood::Well) })
    }

    /// A message whose sender is told, and now and then one from a phone.
    fn send(&mut self, gateway: &Gateway, number: u64) -> Attempt {
        if number.is_multiple_of(5) {
            self.simulator.mo("46701234567", "72456", &format!("från en mobil {number}"));
        }
        let mut body = body(number);
        body["callback_url"] = json!(self.sink.url());
        let began_at = wall_ms();
        let request = Request::json("/api/v1/messages", &body).basic(USER, PASSWORD);
        let response = once(gateway.doors().http, &request);
        let id = response.ok().filter(|response| response.status == 202);
        let id = id.and_then(|response| response.json()["messages"][0]["id"].as_str().map(str::to_owned));
        attempt(number, began_at, id.map_or(Answer::Unknown, |id| Answer::Accepted(Some(id))))
    }

    /// Waits for the end of everything, and that every sender was told of it.
    fn judge(&self, gateway: &Gateway, attempts: Vec<Attempt>) -> Vec<Violation> {
        let terms = Terms::default();
        let rows = readback::settle(gateway, true);
        assert!(rows.iter().all(|row| row.state == "delivered"), "{rows:?}");
        eventually("every sender told", || {
            let told: HashSet<String> = self.sink.kept().iter().filter_map(|call| delivered(call)).collect();
            rows.iter().all(|row| told.contains(&row.id)).then_some(())
        });
        let inbox = readback::inbox(gateway);
        let mut history = History { attempts, operator: self.simulator.journal(), rows, inbox, books: None };
        let (in_order, audit) = readback::audit(gateway);
        history.books = Some(Books::from_audit(in_order, &audit));
        blackbox::checker::judge(&history, &terms)
    }
}

/// The id of the message that a call says was delivered.
fn delivered(call: &str) -> Option<String> {
    let value: Value = serde_json::from_str(call).ok()?;
    let id = value["message"]["id"].as_str()?;
    (value["state"] == "delivered").then(|| id.to_owned())
}
