//! `omnigate serve`: runs the gateway until it is told to stop.

use crate::command::context::Context;
use crate::lifecycle;
use std::process::ExitCode;

/// Run the gateway.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: omnigate serve --config /etc/omnigate/omnigate.toml\n\
                  SIGTERM stops in good order, a second one at once; SIGHUP reads the configuration again.")]
pub struct Args {}

/// Refuses to start on what `check` refuses.
///
/// # Errors
/// What kept the gateway from starting.
pub fn run(_: &Args, context: &Context) -> anyhow::Result<ExitCode> {
    let loaded = context.load_to_serve()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(lifecycle::serve(loaded));
    // What still blocks (a name look-up) may not hold a process back that has finished its work.
    runtime.shutdown_background();
    done
}
