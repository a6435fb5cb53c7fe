//! A1, B1 and "no silent end" with several links at once: messages go by fallback through operators of every protocol while these are slow,
//! silent, throttle, refuse, talk nonsense and break off, and the gateway is killed. Whatever came twice is marked, nothing is lost, and
//! nobody is told two ends of one message.
//!
//! Longer with `OMNIGATE_LONG=1`, for as many rounds as `OMNIGATE_ROUNDS` says.

mod operators;
mod verdict;

use crate::story::long;
use blackbox::clock::{self, eventually, pause, wall_ms};
use blackbox::doors::{Answer, Door};
use blackbox::gateway::{Doors, Gateway};
use blackbox::history::{Attempt, Books, History, Recorder, marked_text, number_of};
use blackbox::http::{Request, once};
use blackbox::process::Signal;
use blackbox::random::Random;
use blackbox::readback;
use blackbox::settings::{PASSWORD, USER};
use blackbox::web_sink::{Mood, WebSink};
use operators::{CLASS, Operators, WAYS};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use verdict::verdict;

/// Rounds of faults in every run and in the long form.
const ROUNDS: u64 = 5;
const ROUNDS_LONG: u64 = 60;
/// How long faults last, in ms.
const FAULTY: std::ops::Range<u64> = 300..2_500;
/// Drivers, and the longest pause between two messages of one, ms.
const DRIVERS: u64 = 3;
const PAUSE: u64 = 40;

/// Those who send all the while.
struct Senders {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    recorder: Recorder,
    doors: Mutex<Option<Doors>>,
    next: AtomicU64,
    accepted: AtomicU64,
    stop: AtomicBool,
    told: String,
}

impl Senders {
    fn start(told: String, random: &mut Random) -> Self {
        let shared = Arc::new(Shared {
            recorder: Recorder::default(),
            doors: Mutex::new(None),
            next: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            told,
        });
        let thread = |_| {
            let (shared, random) = (Arc::clone(&shared), Random::new(random.bits()));
            std::thread::spawn(move || shared.send_on(random))
        };
        let threads = (0..DRIVERS).map(thread).collect();
        Self { shared, threads }
    }

    fn aim(&self, doors: Option<Doors>) {
        *self.shared.doors.lock().unwrap_or_else(PoisonError::into_inner) = doors;
    }

    fn accepted(&self) -> u64 {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    fn finish(self) -> Vec<Attempt> {
        self.shared.stop.store(true, Ordering::SeqCst);
        for thread in self.threads {
            thread.join().expect("a driver");
        }
        self.shared.recorder.attempts()
    }
}

impl Shared {
    fn send_on(&self, mut random: Random) {
        while !self.stop.load(Ordering::SeqCst) {
            let doors = *self.doors.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(doors) = doors else {
                pause(Duration::from_millis(2));
                continue;
            };
            let (class, ways) = *random.pick(&WAYS);
            let number = class * CLASS + self.next.fetch_add(1, Ordering::SeqCst);
            // A modem takes one part at a time, and a pager no long text.
            let short = ["GSM", "MC"].iter().any(|link| ways.contains(link));
            let length = if random.one_in(8) && !short { 400 } else { 10 };
            let priority = if random.one_in(5) { "alarm" } else { "normal" };
            let body = json!({
                "to": [number_of(number)], "text": marked_text(number, length), "priority": priority, "callback_url": self.told,
            });
            let began_at = wall_ms();
            let request = Request::json("/api/v1/messages", &body).basic(USER, PASSWORD);
            let answer = match once(doors.http, &request) {
                Ok(answer) if answer.status == 202 => {
                    self.accepted.fetch_add(1, Ordering::SeqCst);
                    Answer::Accepted(answer.json()["messages"][0]["id"].as_str().map(str::to_owned))
                }
                Ok(answer) => Answer::Refused(answer.text()),
                Err(_) => Answer::Unknown,
            };
            self.recorder.push(Attempt {
                message: number,
                door: Door::Json,
                sender: USER.into(),
                to: number_of(number),
                began_at,
                ended_at: wall_ms(),
                answer,
            });
            pause(Duration::from_millis(random.between(0..PAUSE)));
        }
    }
}

#[test]
fn whatever_came_twice_is_marked() {
    let mut random = Random::of_story("b1_several_links");
    let given = std::env::var("OMNIGATE_ROUNDS").ok().map(|given| given.parse().expect("a number of rounds"));
    let rounds = given.unwrap_or(if long() { ROUNDS_LONG } else { ROUNDS });
    let sink = WebSink::start(Mood::Well);
    let mut operators = Operators::start();
    let own = SocketAddr::from((blackbox::peers::kannel::own_address(), 8080));
    let mut gateway = operators.gateway(own);
    let senders = Senders::start(sink.url(), &mut random);
    senders.aim(Some(gateway.doors()));
    let mut frozen = false;
    for round in 0..rounds {
        println!("round {round}, {} accepted", senders.accepted());
        operators.trouble(&mut random);
        pause(Duration::from_millis(random.between(FAULTY)));
        frozen |= disturb(&mut gateway, &senders, &mut random);
        operators.well();
        let before = senders.accepted();
        eventually("an accepted message", || (senders.accepted() > before).then_some(()));
    }
    let attempts = senders.finish();
    readback::settle(&gateway, false);
    quiet(&gateway);
    let rows = readback::settle(&gateway, false);
    let operator = operators.journal();
    let (in_order, audit) = readback::audit(&gateway);
    let books = Some(Books::from_audit(in_order, &audit));
    let history = History { attempts, operator, rows, inbox: Vec::new(), books };
    verdict(&gateway, &history, &sink, frozen);
}

/// The gateway is killed, stopped, frozen or told to read its configuration again, or left alone. Whether it was frozen.
fn disturb(gateway: &mut Gateway, senders: &Senders, random: &mut Random) -> bool {
    let what = random.between(0..6);
    match what {
        0..=2 => {
            println!("  {}", if what == 2 { "stop" } else { "kill -9" });
            senders.aim(None);
            if what == 2 {
                assert!(gateway.stop(clock::PATIENCE).is_some(), "it does not stop");
            } else {
                gateway.kill();
            }
            gateway.restart();
            senders.aim(Some(gateway.doors()));
            pause(Duration::from_millis(random.between(0..500)));
        }
        3 => {
            println!("  frozen");
            gateway.process().signal(Signal::Stop);
            pause(Duration::from_millis(random.between(500..3_000)));
            gateway.process().signal(Signal::Cont);
        }
        4 => gateway.process().signal(Signal::Hup),
        _ => {}
    }
    what == 3
}

/// Waits until no more receipts come.
fn quiet(gateway: &Gateway) {
    let sent = || readback::messages(gateway).iter().filter(|row| row.state == "sent").count();
    let mut last = (usize::MAX, 0);
    eventually("quiet", || {
        let now = sent();
        last = if now == last.0 { (now, last.1 + 1) } else { (now, 0) };
        pause(Duration::from_millis(500));
        (last.1 >= 6).then_some(())
    });
}
