//! The machine itself: the data directory, its disk, how long a sync takes, descriptors, the clock and its zone.

use super::Finding;
use crate::config::Loaded;
use crate::wire::Machine;
use domain::Timestamp;
use domain::language::Language;
use jiff::tz::TimeZone;
use ports::driven::Clock;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

/// Syncs that are timed.
const SYNCS: usize = 20;
/// A median sync slower than this is worth a word: every commit waits for one.
const SLOW_SYNC: Duration = Duration::from_millis(20);
/// Free space below this is too little to serve on (the store keeps a reserve of its own).
const LEAST_FREE: u64 = 200 * 1024 * 1024;
/// Descriptors that doors, links and the store may need together.
const DESCRIPTORS: u64 = 4_096;
/// Nobody installs this before it was written.
const NOT_BEFORE: i64 = 1_767_225_600;

pub(super) fn look(loaded: &Loaded, language: Language) -> Vec<Finding> {
    let machine = Machine::of();
    let directory = &loaded.config.node.data_dir;
    let mut all = data_directory(directory, machine.clock.as_ref(), language);
    all.push(descriptors(language));
    all.push(clock(machine.clock.now(), language));
    all.push(zone(&TimeZone::system(), language));
    all
}

fn data_directory(directory: &Path, clock: &dyn Clock, language: Language) -> Vec<Finding> {
    // Before the first start it is not there; what is looked at then is where it will be made.
    let there = directory.ancestors().find(|d| d.is_dir() || d.as_os_str().is_empty());
    let place = there.filter(|d| !d.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut all = Vec::new();
    let shown = directory.display();
    match syncs(place, clock) {
        Ok(median) => {
            let created = if directory.is_dir() {
                ""
            } else {
                language.pick(" (skapas vid start)", " (made at the first start)")
            };
            all.push(Finding::ok("data", format!("{shown}{created}")));
            let found = format!("{:.2} ms", median.as_secs_f64() * 1_000.0);
            let advice = language.pick(
                "varje kvittens väntar på en skrivning till disk: använd en snabbare disk",
                "every acceptance waits for a sync: use a faster disk",
            );
            all.push(if median > SLOW_SYNC {
                Finding::warn("fsync", found, advice)
            } else {
                Finding::ok("fsync", found)
            });
        }
        Err(error) => {
            let advice = language.pick(
                "ge användaren som kör servern rätt att skriva där",
                "let the user that serves write there",
            );
            all.push(Finding::fail("data", format!("{shown}: {error}"), advice));
        }
    }
    all.push(disk(place, language));
    all
}

/// The median of some small synced writes.
fn syncs(place: &Path, clock: &dyn Clock) -> io::Result<Duration> {
    let path = place.join(format!(".omnigate-doctor-{}", std::process::id()));
    let timed = || -> io::Result<Vec<Duration>> {
        let mut file = File::create(&path)?;
        let mut times = Vec::with_capacity(SYNCS);
        for _ in 0..SYNCS {
            let before = clock.monotonic();
            file.write_all(&[0; 4096])?;
            file.sync_data()?;
            times.push(clock.monotonic().saturating_sub(before));
        }
        Ok(times)
    };
    let times = timed();
    let removed = std::fs::remove_file(&path);
    let mut times = times?;
    removed?;
    times.sort_unstable();
    Ok(times.get(SYNCS / 2).copied().unwrap_or_default())
}

fn disk(place: &Path, language: Language) -> Finding {
    let Some((free, total)) = space(place) else {
        return Finding::ok("disk", language.pick("ledigt utrymme okänt", "free space unknown"));
    };
    let percent = free.saturating_mul(100).checked_div(total).unwrap_or(0);
    let found =
        format!("{:.1} GiB {} ({percent} %)", free as f64 / 1_073_741_824.0, language.pick("ledigt", "free"));
    let advice =
        language.pick("frigör utrymme eller flytta node.data_dir", "make room or move node.data_dir");
    match () {
        () if free < LEAST_FREE => Finding::fail("disk", found, advice),
        () if percent < 10 => Finding::warn("disk", found, advice),
        () => Finding::ok("disk", found),
    }
}

#[cfg(unix)]
fn space(place: &Path) -> Option<(u64, u64)> {
    let disk = rustix::fs::statvfs(place).ok()?;
    Some((disk.f_bavail.saturating_mul(disk.f_frsize), disk.f_blocks.saturating_mul(disk.f_frsize)))
}

#[cfg(not(unix))]
fn space(_: &Path) -> Option<(u64, u64)> {
    None
}

fn descriptors(language: Language) -> Finding {
    let Some(limit) = descriptor_limit() else {
        return Finding::ok("descriptors", language.pick("ingen gräns", "no limit"));
    };
    let advice = language.pick(
        "höj gränsen: LimitNOFILE=65536 i systemd, ulimit -n i skalet",
        "raise the limit: LimitNOFILE=65536 in systemd, ulimit -n in a shell",
    );
    if limit < DESCRIPTORS {
        Finding::warn("descriptors", limit.to_string(), advice)
    } else {
        Finding::ok("descriptors", limit.to_string())
    }
}

#[cfg(unix)]
fn descriptor_limit() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current
}

#[cfg(not(unix))]
fn descriptor_limit() -> Option<u64> {
    None
}

fn clock(now: Timestamp, language: Language) -> Finding {
    let found = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let advice =
        language.pick("ställ klockan och låt NTP hålla den rätt", "set the clock and let NTP keep it right");
    if now.as_second() < NOT_BEFORE {
        return Finding::fail("clock", found, advice);
    }
    // systemd says so when its time service has an answer; other services leave no such mark.
    let systemd = Path::new("/run/systemd/timesync");
    if systemd.is_dir() && !systemd.join("synchronized").exists() {
        return Finding::warn(
            "clock",
            format!("{found}, {}", language.pick("inte synkroniserad", "not synchronised")),
            advice,
        );
    }
    Finding::ok("clock", found)
}

fn zone(zone: &TimeZone, language: Language) -> Finding {
    match zone.iana_name() {
        Some(name) => Finding::ok("timezone", name),
        None => Finding::warn(
            "timezone",
            language.pick("okänd, UTC används", "unknown, UTC is used"),
            language.pick(
                "sätt TZ eller /etc/localtime: trafikloggen skrivs i lokal tid",
                "set TZ or /etc/localtime: the traffic log is written in local time",
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;
    use crate::clock::SystemClock;

    #[test]
    fn a_directory_that_can_be_written() {
        let directory = tempfile::tempdir().expect("a directory");
        let found =
            data_directory(&directory.path().join("not/yet"), &SystemClock::default(), Language::English);
        assert!(found.iter().all(|f| f.level != Level::Fail || f.thing == "disk"), "{found:?}");
        assert_eq!(
            std::fs::read_dir(directory.path()).expect("readable").count(),
            0,
            "nothing is left behind"
        );
    }

    #[test]
    fn a_clock_that_was_never_set() {
        assert_eq!(clock(Timestamp::UNIX_EPOCH, Language::English).level, Level::Fail);
        assert_eq!(zone(&TimeZone::UTC, Language::English).level, Level::Ok);
    }
}
