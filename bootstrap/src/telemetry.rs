//! The program's own log: to standard error, never in the way of traffic. Lines that cannot be written are dropped and counted.

use crate::config::{Log, LogFormat};
use std::io::Write;
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

/// Keeps the log going; dropping it writes what is left.
pub struct Telemetry {
    _guard: WorkerGuard,
    lost: ErrorCounter,
}

impl Telemetry {
    /// Begins logging to standard error.
    #[must_use]
    pub fn start(log: &Log) -> Self {
        Self::to(log, std::io::stderr())
    }

    /// Begins logging elsewhere. A second call in one process changes nothing.
    #[must_use]
    pub fn to(log: &Log, target: impl Write + Send + 'static) -> Self {
        let (writer, guard) =
            NonBlockingBuilder::default().lossy(true).buffered_lines_limit(16_384).finish(target);
        let lost = writer.error_counter();
        install(log, writer);
        Self { _guard: guard, lost }
    }

    /// How many lines were lost.
    #[must_use]
    pub fn lost(&self) -> usize {
        self.lost.dropped_lines()
    }
}

fn install(log: &Log, writer: NonBlocking) {
    let filter = EnvFilter::try_new(&log.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_target(false);
    let installed = match log.format {
        LogFormat::Text => builder.with_ansi(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    drop(installed);
}
