//! `load`: the bench as a program of its own. Prints a table, or JSON; exits 1 when ours lost or doubled anything.

use clap::Parser;
use load::{Options, Progress};
use std::process::ExitCode;

/// Measures gateways against one operator, in turns.
#[derive(Debug, Parser)]
#[command(name = "load")]
struct Command {
    #[command(flatten)]
    options: Options,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let Command { options, json } = Command::parse();
    let report = match load::run(&options, &mut tell) {
        Ok(report) => report,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    if json {
        println!("{}", serde_json::to_string_pretty(&report).unwrap_or_default());
    } else {
        println!("{report}");
    }
    if report.honest() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tell(progress: Progress<'_>) {
    match progress {
        Progress::Starting { subject, scenario, round } => {
            let receipts = if scenario.receipts { "with" } else { "without" };
            eprintln!(
                "{subject:?}, {} connections, {receipts} receipts, round {round}",
                scenario.connections
            );
        }
        Progress::Measured { result } => eprintln!(
            "  {:.0}/s end to end, {:.0}/s at the door, p99 {:.1} ms, {} lost, {} untold, {} doubled, {} refused, {} broken",
            result.rate,
            result.accept_rate,
            result.p99_ms,
            result.lost,
            result.untold,
            result.duplicated,
            result.refused,
            result.broken
        ),
    }
}
