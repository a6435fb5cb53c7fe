//! A gateway whose wall clock the story sets; its steady clock goes on as it is.

use crate::gateway::Gateway;
use crate::peers::program;
use std::fs;
use std::path::PathBuf;

/// Debian's library, for programs with threads.
const LIBRARIES: [&str; 2] = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"];

/// The clock.
#[derive(Debug)]
pub struct FalseClock(PathBuf);

impl FalseClock {
    /// The gateway has it from its next start on, right at first; `None` where `faketime` is not installed.
    #[must_use]
    pub fn of(gateway: &mut Gateway) -> Option<Self> {
        program("faketime")?;
        let files = LIBRARIES.iter().map(|place| PathBuf::from(place).join("faketime/libfaketimeMT.so.1"));
        let library = files.into_iter().find(|file| file.is_file())?;
        let clock = Self(gateway.directory().join("clock"));
        clock.show("+0");
        gateway.set("LD_PRELOAD", &library.display().to_string());
        gateway.set("FAKETIME_TIMESTAMP_FILE", &clock.0.display().to_string());
        gateway.set("FAKETIME_NO_CACHE", "1");
        gateway.set("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        gateway.set("DONT_FAKE_MONOTONIC", "1");
        Some(clock)
    }

    /// Shows another time at once: `+6h`, `-1d`. The gateway reads the file whenever it looks at the clock, so there is never half of one.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn show(&self, time: &str) {
        let beside = self.0.with_extension("next");
        fs::write(&beside, time).expect("written");
        fs::rename(&beside, &self.0).expect("in its place");
    }
}
