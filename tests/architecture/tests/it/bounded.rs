//! What no shipped code may say: unbounded queues, the machine's clock outside the clock, an `Accepted` before a commit.

use architecture::{Source, none, shipped};

/// Everything that queues without a limit.
const UNBOUNDED: [&str; 3] = ["unbounded_channel", "mpsc::unbounded", "std::sync::mpsc::channel"];

/// Reads of the machine's clock and of its randomness; they are ports (`Clock`, `Ids`).
const OUTSIDE_THE_PORTS: [&str; 6] =
    ["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now", "rand::random", "rand::rng"];

/// The files that implement those two ports.
const CLOCK_FILES: [&str; 2] = ["clock.rs", "ids.rs"];

/// The only rooms that may say "accepted": the store, after its commit, and the fake store (promise A4).
const ACCEPTING: [&str; 2] = ["adapters/sql/", "tests/fakes/"];

fn offences(sources: &[Source], words: &[&str], except: impl Fn(&Source) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| !except(source)) {
        for (number, line) in source.code() {
            if let Some(word) = words.iter().find(|word| line.contains(**word)) {
                found.push(format!("{}:{number}: {word}", source.path));
            }
        }
    }
    found
}

#[test]
fn every_queue_has_a_limit() {
    none("queues without a limit", &offences(&shipped(), &UNBOUNDED, |_| false));
}

#[test]
fn time_and_chance_come_through_ports() {
    let clock = |source: &Source| CLOCK_FILES.contains(&source.name());
    none("clock or chance read outside their ports", &offences(&shipped(), &OUTSIDE_THE_PORTS, clock));
}

#[test]
fn only_the_store_says_accepted() {
    let store = |source: &Source| ACCEPTING.iter().any(|room| source.path.starts_with(room));
    none("an Accepted built outside the store", &offences(&shipped(), &["Accepted::after_commit"], store));

    // The constructor is the only way because the fields are private; this notices when that changes.
    let home = architecture::sources("domain/src/submission", ".rs");
    let made: usize = home.iter().map(|source| source.text.matches("pub fn after_commit(").count()).sum();
    assert_eq!(made, 1, "the one constructor of Accepted");
    let text: String = home.into_iter().map(|source| source.text).collect();
    let fields = text.split("pub struct Accepted {").nth(1).and_then(|rest| rest.split('}').next());
    assert!(fields.is_some_and(|fields| !fields.contains("pub ")), "the fields of Accepted are private");
}
