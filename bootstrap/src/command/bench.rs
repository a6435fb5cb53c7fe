//! `omnigate bench`: how fast this gateway is on this machine, over loopback, everything synced to disk. The engine is the load
//! bench's; here are only its flags, a progress bar and the table.

use crate::command::context::{Context, print, print_json};
use crate::command::exit;
use crate::command::table::Table;
use domain::language::Language;
use indicatif::{ProgressBar, ProgressStyle};
use load::{Measured, Options, Progress, Report, Subject, against_kannel, name};
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Measure how fast the gateway is.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  omnigate bench\n  omnigate bench --both --connections 32,256 --seconds 10\n  \
                        omnigate bench --gateway omnigate --database postgres://omnigate@localhost/bench"
)]
pub struct Args {
    /// What to measure
    #[command(flatten)]
    pub options: Options,
}

/// Measures; 1 when anything accepted was lost or doubled.
///
/// # Errors
/// A gateway that does not start.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<ExitCode> {
    let language = context.language(None);
    let mut options = args.options.clone();
    // Kannel is what ours is compared with, where there is one.
    if !is_installed("bearerbox") {
        options.gateway.retain(|subject| !matches!(subject, Subject::Kannel | Subject::KannelSpool));
        eprintln!(
            "{}",
            language.pick(
                "Kannel är inte installerat: mäter utan.",
                "Kannel is not installed: measuring without it."
            )
        );
    }
    if options.gateway.is_empty() {
        anyhow::bail!(
            "there is nothing to measure: install Kannel (Debian's package kannel) or name another --gateway"
        );
    }
    let bar = bar(&options);
    let report = load::run(&options, &mut |progress| tell(&progress, &bar));
    bar.finish_and_clear();
    let report = report?;
    if context.json {
        print_json(&report)?
    } else {
        print(&as_table(&report, language).to_string())?;
        print(language.pick(
            "Medianer av varven. MEDD/S räknas från början till slut: hos operatören, med kvitton hos den som anropas. Det som Omnigate svarat ja på låg på disk.\n",
            "Medians of the rounds. MESSAGES/S is end to end: at the operator, with receipts at the callback. What Omnigate said yes to was on the disk.\n",
        ))?;
    }
    Ok(exit(report.honest()))
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Debian keeps it where only root's path looks.
    let mut places = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    places.any(|place| place.join(program).is_file())
}

fn bar(options: &Options) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let steps = options.scenarios().len() * options.rounds * options.gateway.len();
    let bar = ProgressBar::new(steps as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}

fn tell(progress: &Progress<'_>, bar: &ProgressBar) {
    match progress {
        Progress::Starting { subject, scenario, round } => {
            bar.set_message(format!(
                "{}, {} connections, round {round}",
                name(*subject),
                scenario.connections
            ));
        }
        Progress::Measured { result } => {
            bar.inc(1);
            bar.set_message(format!("{:.0}/s", result.rate));
        }
    }
}

fn as_table(report: &Report, language: Language) -> Table {
    let headings = match language {
        Language::Swedish => [
            "SYSTEM",
            "KVITTON",
            ">ANSLUTNINGAR",
            ">MEDD/S",
            ">MOT KANNEL",
            ">P50 MS",
            ">P99 MS",
            ">CPU S/1000",
            ">MIB",
            ">FÖRLORADE",
            ">EJ ÅTER",
            ">DUBBLA",
            ">AVVISADE",
        ],
        Language::English => [
            "GATEWAY",
            "RECEIPTS",
            ">CONNECTIONS",
            ">MESSAGES/S",
            ">AGAINST KANNEL",
            ">P50 MS",
            ">P99 MS",
            ">CPU S/1000",
            ">MIB",
            ">LOST",
            ">UNTOLD",
            ">DOUBLED",
            ">REFUSED",
        ],
    };
    let mut table = Table::new(&headings);
    let medians = report.medians();
    for result in &medians {
        table.row(row(result, against_kannel(result, &medians), language));
    }
    table
}

fn row(result: &Measured, ratio: Option<f64>, language: Language) -> [String; 13] {
    let receipts =
        if result.scenario.receipts { language.pick("ja", "yes") } else { language.pick("nej", "no") };
    [
        name(result.subject).to_owned(),
        receipts.to_owned(),
        result.scenario.connections.to_string(),
        format!("{:.0}", result.rate),
        ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}")),
        format!("{:.2}", result.p50_ms),
        format!("{:.2}", result.p99_ms),
        format!("{:.3}", result.cpu_per_1000),
        format!("{:.0}", result.peak_mib),
        result.lost.to_string(),
        result.untold.to_string(),
        result.duplicated.to_string(),
        (result.refused + result.broken).to_string(),
    ]
}
