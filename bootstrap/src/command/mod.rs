//! What the commands do: each module one command, thin over the gateway's own parts.
//!
//! Every command ends with 0 (done), 1 (failed: one clear sentence on standard error, and what to do) or 2 (wrong usage, said
//! by the reader of the command line). Text for people goes to standard output in their language, JSON with `--json`.

pub mod audit;
pub mod backup;
pub mod bench;
pub mod check;
pub mod codec;
pub mod context;
pub mod demo;
pub mod doctor;
pub mod explain;
pub mod link;
mod live;
pub mod message;
pub mod migrate;
pub mod operators;
mod plan;
pub mod quarantine;
pub mod serve;
pub mod simulate;
mod store;
pub mod subscription;
pub mod table;
pub mod user;

use crate::cli::{Cli, Command};
use crate::swedish::WrongUsage;
use context::Context;
use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;

/// Reads the process's command line and does what it says.
#[must_use]
pub fn main() -> ExitCode {
    // Tests arm points by the variable `FAILPOINTS`; a program that is not built for them has none.
    let _armed = fail::has_failpoints().then(fail::FailScenario::setup);
    match crate::usage::read(&crate::usage::line()) {
        Ok(cli) => run(cli),
        Err(code) => code,
    }
}

/// Does what a command line says.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    // The one TLS provider of the process; a second call changes nothing.
    net::tls::install_provider();
    let context = Context { config: cli.config, json: cli.json, language: cli.language.map(Into::into) };
    let done = match &cli.command {
        Command::Serve(args) => serve::run(args, &context),
        Command::Demo(args) => demo::run(args, &context),
        Command::Check(args) => check::run(args, &context),
        Command::Migrate(args) => migrate::run(args, &context),
        Command::Explain(args) => explain::run(args, &context),
        Command::Doctor(args) => doctor::run(args, &context),
        Command::User(args) => user::run(args, &context),
        Command::Subscription(args) => subscription::run(args, &context),
        Command::Link(args) => link::run(args, &context),
        Command::Message(args) => message::run(args, &context),
        Command::Simulate(args) => simulate::run(args, &context),
        Command::Codec(args) => codec::run(args, &context),
        Command::Backup(args) => backup::run(args, &context),
        Command::Bench(args) => bench::run(args, &context),
        Command::Quarantine(args) => quarantine::run(args, &context),
        Command::Audit(args) => audit::run(args, &context),
    };
    done.unwrap_or_else(|error| {
        if !is_broken_pipe(&error) {
            let language = context.language_now();
            eprintln!("omnigate: {}", crate::swedish::error(&error, language));
        }
        match &error {
            error if error.is::<WrongUsage>() => ExitCode::from(2),
            error if error.is::<audit::Unread>() => ExitCode::from(audit::Unread::CODE),
            _ => ExitCode::FAILURE,
        }
    })
}

/// Runs a command's asynchronous part on a small runtime of its own.
///
/// # Errors
/// The part's own, or the system's when it has no threads left.
pub(crate) fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut result = None;
    // One kind of future for all commands, or a runtime's loop would be compiled for each.
    let work: Pin<Box<dyn Future<Output = ()> + '_>> = Box::pin(async { result = Some(work.await) });
    runtime.block_on(work);
    // Nothing that still runs (a name look-up, a blocking read of standard input) may hold the command back.
    runtime.shutdown_background();
    result.unwrap_or_else(|| Err(anyhow::anyhow!("the work ended without a result")))
}

/// `omnigate … | head` is no failure worth words.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind)
    };
    error.chain().any(|cause| kind(cause) == Some(std::io::ErrorKind::BrokenPipe))
}

/// 0 when it is well, 1 when not.
pub(crate) fn exit(well: bool) -> ExitCode {
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
