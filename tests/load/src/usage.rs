//! What the gateway's processes have used, from `/proc`: CPU seconds and the highest resident memory.

use std::fs;

/// Ticks a second in `/proc/PID/stat`; the kernel's user interface has this fixed on Linux.
const TICKS: f64 = 100.0;

/// CPU seconds of these processes, children that were waited for included.
pub(crate) fn cpu_seconds(processes: &[u32]) -> f64 {
    processes.iter().map(|id| ticks(*id).unwrap_or(0.0)).sum::<f64>() / TICKS
}

/// Highest resident memory of these processes together, in MiB.
pub(crate) fn peak_mib(processes: &[u32]) -> f64 {
    processes.iter().map(|id| peak_kib(*id).unwrap_or(0.0)).sum::<f64>() / 1024.0
}

fn ticks(id: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name stands in brackets and may hold anything, so the fields are counted from behind it.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let field = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some(field(11)? + field(12)? + field(13)? + field(14)?)
}

fn peak_kib(id: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{cpu_seconds, peak_mib};

    #[test]
    fn this_process_uses_something() {
        let own = [std::process::id()];
        assert!(peak_mib(&own) > 0.5 && cpu_seconds(&own) >= 0.0);
        assert!(peak_mib(&[u32::MAX]).abs() < f64::EPSILON);
    }
}
