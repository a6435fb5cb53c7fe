//! The load bench: drives a real gateway over loopback, HTTP accept to a simulated operator and back, and says how fast, how
//! dear and how honest it was. Ours and Kannel run against the very same operator, driver and sink, in turns, because
//! the machine is noisy and only ratios within one run mean anything.
//!
//! One thread for everything that is not the gateway: it shares the cores with what it measures.

mod centre;
pub mod clock;
mod driver;
mod emi;
mod gateway;
mod operator;
mod options;
mod receipt;
mod report;
mod round;
mod sink;
mod tally;
mod usage;

pub use options::{Options, Protocol, Subject};
pub use report::{Report, Result as Measured, against_kannel, name};
pub use round::Progress;

use std::io;

/// Numbers of one measurement.
const EACH: usize = 2_000_000;

/// Measures everything that the options name and gives the report. Blocks; not to be called on an async runtime's
/// own thread. `progress` hears of each step.
///
/// # Errors
/// When a gateway does not start or the machine refuses something.
pub fn run(options: &Options, progress: &mut dyn FnMut(Progress<'_>)) -> io::Result<Report> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    let mut report = Report::default();
    // Each measurement has numbers of its own: on one database the next gateway sends what the last one left, and that is no double.
    let mut numbers = (0..tally::MOST as u64).step_by(EACH).cycle();
    for scenario in options.scenarios() {
        for number in 0..options.rounds {
            for subject in &options.gateway {
                progress(Progress::Starting { subject: *subject, scenario: &scenario, round: number + 1 });
                let first = numbers.next().unwrap_or(0);
                let result = local.block_on(&runtime, round::measure(*subject, &scenario, options, first))?;
                progress(Progress::Measured { result: &result });
                report.results.push(result);
            }
        }
    }
    Ok(report)
}
