//! What stories share: drivers on all doors at once, and the end that every story has.

use blackbox::checker::{Terms, demand};
use blackbox::clock::{pause, wall_ms};
use blackbox::doors::{Answer, Door};
use blackbox::gateway::{Doors, Gateway};
use blackbox::history::{Attempt, Books, History, Recorder, marked_text, number_of};
use blackbox::http::{Request, once};
use blackbox::random::Random;
use blackbox::readback;
use blackbox::settings::{PASSWORD, USER};
use blackbox::simulator::Simulator;
use serde_json::json;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Pause of a driver while the gateway is down.
const DOWN: Duration = Duration::from_millis(2);
/// A long text: three segments.
const LONG: usize = 400;

/// Drivers on several doors, who go on through every crash.
pub struct Drivers {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    recorder: Recorder,
    doors: Mutex<Option<Doors>>,
    next: AtomicU64,
    accepted: AtomicU64,
    stop: AtomicBool,
}

impl Drivers {
    /// One thread for each door, each pausing up to `pause_ms` between messages.
    pub fn start(doors: &[Door], pause_ms: u64, random: &mut Random) -> Self {
        let shared = Arc::new(Shared {
            recorder: Recorder::default(),
            doors: Mutex::new(None),
            next: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        });
        let threads = doors.iter().map(|door| {
            let (door, shared, random) = (*door, Arc::clone(&shared), Random::new(random.bits()));
            std::thread::spawn(move || drive(door, &shared, random, pause_ms))
        });
        let threads = threads.collect();
        Self { shared, threads }
    }

    /// The gateway is here now, or down.
    pub fn aim(&self, doors: Option<Doors>) {
        *self.shared.doors.lock().unwrap_or_else(PoisonError::into_inner) = doors;
    }

    /// How many messages have been accepted.
    pub fn accepted(&self) -> u64 {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// Stops them and gives what they did.
    pub fn finish(self) -> Vec<Attempt> {
        self.shared.stop.store(true, Ordering::SeqCst);
        for thread in self.threads {
            thread.join().expect("a driver");
        }
        self.shared.recorder.attempts()
    }
}

fn drive(door: Door, shared: &Shared, mut random: Random, pause_ms: u64) {
    while !shared.stop.load(Ordering::SeqCst) {
        let doors = *shared.doors.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(doors) = doors else {
            pause(DOWN);
            continue;
        };
        let number = shared.next.fetch_add(1, Ordering::SeqCst);
        let length = if random.one_in(8) { LONG } else { 10 };
        if matches!(shared.recorder.send(door, doors, number, length), Answer::Accepted(_)) {
            shared.accepted.fetch_add(1, Ordering::SeqCst);
        }
        pause(Duration::from_millis(random.between(0..pause_ms + 1)));
    }
}

/// Sends `count` messages through the JSON door and demands that each is accepted.
pub fn send(gateway: &Gateway, first: u64, count: u64) -> Vec<Attempt> {
    let recorder = Recorder::default();
    for number in first..first + count {
        let answer = recorder.send(Door::Json, gateway.doors(), number, 10);
        assert!(matches!(answer, Answer::Accepted(Some(_))), "{answer:?}");
    }
    recorder.attempts()
}

/// One JSON request with anything in it.
pub fn post(gateway: &Gateway, body: &serde_json::Value, key: Option<&str>) -> blackbox::http::Response {
    let mut request = Request::json("/api/v1/messages", body).basic(USER, PASSWORD);
    if let Some(key) = key {
        request = request.header("Idempotency-Key", key);
    }
    once(gateway.doors().http, &request).expect("an answer")
}

/// What the preview of a request says.
pub fn preview(gateway: &Gateway, body: &serde_json::Value) -> String {
    let request = Request::json("/api/v1/messages/preview", body).basic(USER, PASSWORD);
    once(gateway.doors().http, &request).expect("an answer").text()
}

/// A body for message `number`.
pub fn body(number: u64) -> serde_json::Value {
    json!({ "to": [number_of(number)], "text": marked_text(number, 10) })
}

/// An attempt that a story made by itself.
pub fn attempt(number: u64, began_at: u64, answer: Answer) -> Attempt {
    Attempt {
        message: number,
        door: Door::Json,
        sender: USER.into(),
        to: number_of(number),
        began_at,
        ended_at: wall_ms(),
        answer,
    }
}

/// Waits until all is quiet, reads everything back and demands that every promise was kept.
pub fn judge(gateway: &Gateway, simulator: &Simulator, attempts: Vec<Attempt>, terms: &Terms) -> History {
    let mut history = gather(gateway, simulator, attempts, terms);
    let (in_order, audit) = readback::audit(gateway);
    history.books = Some(Books::from_audit(in_order, &audit));
    demand(&history, terms);
    history
}

/// The same without the audit, for a database that this process cannot see.
pub fn gather(gateway: &Gateway, simulator: &Simulator, attempts: Vec<Attempt>, terms: &Terms) -> History {
    let rows = readback::settle(gateway, terms.receipts);
    let inbox = readback::inbox(gateway);
    History { attempts, operator: simulator.journal(), rows, inbox, books: None }
}

/// Whether the long forms were asked for.
pub fn long() -> bool {
    std::env::var_os("OMNIGATE_LONG").is_some_and(|value| value != "0")
}

/// What `unshare` needs for a mount name space of its own: root needs no user name space for that.
pub fn unshare_mounts() -> &'static str {
    let root =
        std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if root { "-m" } else { "-Urm" }
}
