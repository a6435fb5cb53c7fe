//! How many messages a second the store takes: accepted one by one by many callers at once, and settled as sent.
//!
//! `cargo run --release -p omnigate-sql --example store_bench -- [URL] [MESSAGES] [CALLERS] [ROUNDS]`

use domain::Timestamp;
use domain::message::{Incarnation, MessageId, PartState, Parts, SubmissionId};
use domain::state::State;
use fakes::{ManualClock, samples};
use ports::driven::{Clock, NewMessage, Outcome, Settlement, Stores};
use sql::StoreOptions;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

const RUN: Incarnation = Incarnation(1);

fn new_message(id: i64, now: Timestamp) -> NewMessage {
    let mut message = samples::message(id, now);
    message.submission = SubmissionId(id);
    NewMessage {
        message: Arc::new(message),
        link: samples::link("TS0"),
        state: State::Sending,
        lease: Some(RUN),
        deadlines: Vec::new(),
    }
}

fn settlement(id: i64, now: Timestamp, receipts: bool) -> Settlement {
    let operator_id = format!("{:x}", id.wrapping_mul(0x9E37_79B9) & 0xFFFF_FFFF);
    let mut parts = Parts::default();
    parts.set(1, PartState::Sent, &operator_id, "");
    Settlement {
        id: MessageId(id),
        lease: RUN,
        at: now,
        link: samples::link("TS0"),
        parts,
        outcome: Outcome::Sent,
        possible_duplicate: false,
        awaiting: if receipts { vec![(1, operator_id)] } else { Vec::new() },
        awaiting_until: samples::later(now, Duration::from_hours(72)),
        tell: false,
        tell_lease: None,
    }
}

/// Every caller accepts and settles one message after another until they are used up.
async fn round(stores: &Stores, first: i64, count: i64, callers: usize, receipts: bool, now: Timestamp) {
    let next = Arc::new(AtomicI64::new(first));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..callers {
        let (stores, next) = (stores.clone(), Arc::clone(&next));
        tasks.spawn(async move {
            loop {
                let id = next.fetch_add(1, Ordering::Relaxed);
                if id >= first + count {
                    return;
                }
                let acceptance = samples::acceptance(vec![new_message(id, now)]);
                stores.outbox.accept(acceptance).await.expect("accepted");
                stores.dispatch.settle(vec![settlement(id, now, receipts)]).await.expect("settled");
                if receipts {
                    let id = format!("{:x}", id.wrapping_mul(0x9E37_79B9) & 0xFFFF_FFFF);
                    let receipt =
                        samples::receipt(&samples::link("TS0"), &id, domain::receipt::Verdict::Delivered);
                    stores.receipts.apply(vec![receipt], None, now).await.expect("applied");
                }
            }
        });
    }
    while tasks.join_next().await.is_some() {}
}

/// CPU seconds this process has used.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> =
        stat.rsplit(')').next().unwrap_or("").split(' ').map(|f| f.parse().unwrap_or(0.0)).collect();
    (fields.get(12).unwrap_or(&0.0) + fields.get(13).unwrap_or(&0.0)) / 100.0
}

fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmRSS")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// Seconds since the machine started: the bench measures, and has no clock port to ask.
fn uptime() -> f64 {
    let text = std::fs::read_to_string("/proc/uptime").unwrap_or_default();
    text.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0.0)
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut args = std::env::args().skip(1);
    let directory = tempfile::tempdir_in(".").expect("a directory");
    let own = format!("sqlite://{}/bench.db", directory.path().display());
    let url = args.next().filter(|u| u != "-").unwrap_or(own);
    let mut number = |or: i64| args.next().and_then(|n| n.parse().ok()).unwrap_or(or);
    let (count, callers, rounds) = (number(200_000), number(512), number(2));
    let clock = ManualClock::default();
    let now = clock.now();
    let opened =
        sql::open(&url, StoreOptions::serving("bench", Arc::new(clock))).await.expect("the store opens");
    opened.stores.cluster.join("bench", RUN, now).await.expect("joined");
    // Ids above those of earlier runs on the same database.
    let mut first = 1 + (uptime() * 1_000_000.0) as i64;
    for n in 0..rounds {
        for receipts in [false, true] {
            let (began, cpu) = (uptime(), cpu_seconds());
            round(&opened.stores, first, count, usize::try_from(callers).unwrap_or(1), receipts, now).await;
            first += count;
            let (took, cpu) = (uptime() - began, cpu_seconds() - cpu);
            println!(
                "round {n}, receipts {receipts}: {:.0} messages/s, {:.1} us CPU a message, {:.0} MiB resident",
                count as f64 / took,
                cpu / count as f64 * 1e6,
                resident_mib()
            );
        }
    }
    let audit = opened.stores.reports.audit().await.expect("audited");
    println!("{audit:?}");
    opened.closed().await;
}
