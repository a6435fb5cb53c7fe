//! One measurement: start everything, warm up, drive, drain, judge.

use crate::clock::now;
use crate::driver::{Driver, Until};
use crate::gateway::{Places, start};
use crate::options::{Options, Protocol, Scenario, Subject};
use crate::report::Result as Measured;
use crate::tally::{Tally, mostly};
use crate::{centre, emi, operator, sink, usage};
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// A drain ends when nothing has come for this long: what has not come by then is lost.
const QUIET: Duration = Duration::from_secs(5);
/// Pause between two looks at the counters.
const LOOK: Duration = Duration::from_millis(2);

/// What the bench is doing.
#[derive(Debug)]
pub enum Progress<'a> {
    /// A gateway is being started.
    Starting {
        /// Which.
        subject: Subject,
        /// For which row.
        scenario: &'a Scenario,
        /// Which time.
        round: usize,
    },
    /// A measurement is done.
    Measured {
        /// What came of it.
        result: &'a Measured,
    },
}

pub(crate) async fn measure(
    subject: Subject,
    scenario: &Scenario,
    options: &Options,
    numbered_from: u64,
) -> io::Result<Measured> {
    let tally = Rc::new(Tally::default());
    tally.next.set(numbered_from);
    let places = Places {
        operator: match options.protocol {
            Protocol::Smpp => operator::listen(Rc::clone(&tally), scenario.receipts).await?,
            Protocol::Ucp => emi::listen(Rc::clone(&tally), scenario.receipts).await?,
            Protocol::Cimd2 => centre::listen(Rc::clone(&tally), scenario.receipts).await?,
        },
        sink: sink::listen(Rc::clone(&tally)).await?,
    };
    let (gateway, request) = start(subject, *scenario, options, places, &tally).await?;

    let mut driver = Driver::connect(gateway.door, scenario.connections).await?;
    let warm = Until::Time(now() + Duration::from_secs(options.warm_up));
    driver.drive(&request, &tally, warm).await;
    drain(&tally, scenario.receipts).await;

    tally.forget();
    let first = tally.next.get();
    let before = usage::cpu_seconds(&gateway.processes());
    let began = now();
    let until = match options.count {
        Some(count) => Until::Number(first + count),
        None => Until::Time(began + Duration::from_secs(options.seconds)),
    };
    driver.drive(&request, &tally, until).await;
    drain(&tally, scenario.receipts).await;

    let processes = gateway.processes();
    let cpu = usage::cpu_seconds(&processes) - before;
    Ok(judge(subject, scenario, &tally, Times { began, cpu, peak_mib: usage::peak_mib(&processes) }))
}

/// Waits until everything accepted has arrived, or until nothing comes any more.
async fn drain(tally: &Tally, receipts: bool) {
    let seen = if receipts { &tally.callback } else { &tally.operator };
    let mut last = seen.total();
    let mut quiet_since = now();
    loop {
        let wanted = tally.accepted.borrow().len();
        let missing = tally.accepted.borrow().iter().rev().any(|number| seen.times(*number as usize) == 0);
        if !missing || wanted == 0 || quiet_since.elapsed() > QUIET {
            return;
        }
        tokio::time::sleep(LOOK).await;
        if seen.total() != last {
            last = seen.total();
            quiet_since = now();
        }
    }
}

struct Times {
    began: Instant,
    cpu: f64,
    peak_mib: f64,
}

fn judge(subject: Subject, scenario: &Scenario, tally: &Tally, times: Times) -> Measured {
    let accepted = tally.accepted.borrow();
    let count =
        |at: &dyn Fn(u8) -> bool| accepted.iter().filter(|n| at(tally.operator.times(**n as usize))).count();
    let seen = if scenario.receipts { &tally.callback } else { &tally.operator };
    let seconds = |length: Option<Duration>| length.unwrap_or(Duration::MAX).as_secs_f64().max(0.001);
    let whole = seconds(seen.mostly_by(times.began));
    let accepting = seconds(mostly(&tally.accepted_at.borrow(), times.began));
    let arrived = count(&|times| times > 0);
    let told = accepted.iter().filter(|n| tally.callback.times(**n as usize) > 0).count();
    let finished = if scenario.receipts { told } else { arrived };
    let mut latencies = tally.latencies.borrow_mut();
    latencies.sort_unstable();
    let percentile = |of: usize| {
        let at = (latencies.len().saturating_sub(1)) * of / 100;
        f64::from(latencies.get(at).copied().unwrap_or(0)) / 1_000.0
    };
    Measured {
        subject,
        scenario: *scenario,
        accepted: accepted.len(),
        seconds: whole,
        // Of all but one in a hundred, in the time that those took.
        rate: finished as f64 * 0.99 / whole,
        accept_rate: accepted.len() as f64 * 0.99 / accepting,
        p50_ms: percentile(50),
        p99_ms: percentile(99),
        cpu_per_1000: times.cpu * 1_000.0 / (accepted.len().max(1) as f64),
        peak_mib: times.peak_mib,
        lost: accepted.len() - arrived,
        untold: if scenario.receipts { accepted.len() - told } else { 0 },
        duplicated: count(&|times| times > 1),
        refused: tally.refused.get(),
        broken: tally.broken.get(),
    }
}
