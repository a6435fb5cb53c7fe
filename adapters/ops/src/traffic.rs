//! The traffic log: a text file a day, a line a message, semicolons, opens in a spreadsheet.
//!
//! `2010-02-05; 09:24:21.141;OUT;TS0;karl.ek@advox.se;46737452078;102;1;` — date; time; direction; link; sender; recipient;
//! characters; messages. A space after the first semicolon only, a semicolon at the end, local time.

use domain::Timestamp;
use jiff::tz::TimeZone;
use ports::driven::{Direction, Traffic, TrafficEntry};
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// Lines held in memory while the disk is slow.
const HELD: usize = 65_536;
/// Octets in the buffer that are written without waiting for more.
const FULL: usize = 32 * 1024;
/// How long a line may wait in the buffer.
const FLUSH: Duration = Duration::from_millis(200);

/// Writes the traffic log from a thread of its own.
pub struct TrafficLog {
    lines: Option<SyncSender<TrafficEntry>>,
    writer: Option<std::thread::JoinHandle<()>>,
}

impl TrafficLog {
    /// Begins a log in a directory (made when needed), in the local time of a zone.
    #[must_use]
    pub fn start(directory: PathBuf, zone: TimeZone) -> Self {
        let (lines, receiver) = sync_channel(HELD);
        let writer = std::thread::Builder::new()
            .name("traffic-log".to_owned())
            .spawn(move || write(&receiver, &directory, &zone));
        Self { lines: Some(lines), writer: writer.ok() }
    }
}

impl Drop for TrafficLog {
    /// Waits until everything is written.
    fn drop(&mut self) {
        self.lines = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

impl Traffic for TrafficLog {
    fn record(&self, entry: TrafficEntry) {
        let taken = self.lines.as_ref().is_some_and(|lines| lines.try_send(entry).is_ok());
        if !taken {
            lost(1);
        }
    }
}

/// One line with its line end.
#[must_use]
pub fn line(entry: &TrafficEntry, zone: &TimeZone) -> String {
    let local = zone.to_datetime(entry.at);
    let direction = match entry.direction {
        Direction::Out => "OUT",
        Direction::In => "IN",
    };
    let TrafficEntry { link, characters, segments, .. } = entry;
    let (sender, recipient) = (clean(&entry.sender), clean(&entry.recipient));
    let millisecond = local.subsec_nanosecond() / 1_000_000;
    format!(
        "{}; {}.{millisecond:03};{direction};{link};{sender};{recipient};{characters};{segments};\r\n",
        local.date(),
        local.strftime("%H:%M:%S")
    )
}

/// A field may not end itself or the line.
fn clean(field: &str) -> String {
    field.chars().map(|c| if c == ';' || c.is_control() { '_' } else { c }).collect()
}

/// The file of a day, and how many lines of it are only in memory.
struct Day {
    date: jiff::civil::Date,
    file: BufWriter<File>,
    unwritten: u64,
}

/// Counts lines that no file has.
fn lost(lines: u64) {
    metrics::counter!("omnigate_traffic_lines_lost_total").increment(lines);
}

fn write(entries: &Receiver<TrafficEntry>, directory: &Path, zone: &TimeZone) {
    let mut open: Option<Day> = None;
    loop {
        match entries.recv_timeout(FLUSH) {
            Ok(entry) => append(&mut open, &entry, directory, zone),
            Err(RecvTimeoutError::Timeout) => flush(&mut open),
            Err(RecvTimeoutError::Disconnected) => return flush(&mut open),
        }
    }
}

fn append(open: &mut Option<Day>, entry: &TrafficEntry, directory: &Path, zone: &TimeZone) {
    let date = day(entry.at, zone);
    if open.as_ref().is_none_or(|current| current.date != date) {
        flush(open);
        let day = |file| Day { date, file: BufWriter::with_capacity(2 * FULL, file), unwritten: 0 };
        *open = file(directory, date).map(day);
    }
    let Some(day) = open else { return lost(1) };
    let written = day.file.write_all(line(entry, zone).as_bytes()).is_ok();
    day.unwritten += 1;
    if !written || day.file.buffer().len() >= FULL {
        flush(open);
    }
}

fn day(at: Timestamp, zone: &TimeZone) -> jiff::civil::Date {
    zone.to_datetime(at).date()
}

/// What cannot be written is counted and let go of: a full disk must not fill the memory as well.
fn flush(open: &mut Option<Day>) {
    let Some(day) = open else { return };
    if day.file.flush().is_ok() {
        day.unwritten = 0;
    } else if let Some(day) = open.take() {
        lost(day.unwritten);
        // Not by dropping it, which would try once more.
        drop(day.file.into_parts());
    }
}

fn file(directory: &Path, day: jiff::civil::Date) -> Option<File> {
    let path = directory.join(format!("traffic-{day}.log"));
    let opened = std::fs::create_dir_all(directory)
        .and_then(|()| OpenOptions::new().create(true).append(true).open(&path));
    opened
        .inspect_err(
            |error| tracing::warn!(%error, path = %path.display(), "the traffic log cannot be written"),
        )
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::directory::LinkId;

    fn entry() -> TrafficEntry {
        TrafficEntry {
            at: "2010-02-05T08:24:21.141Z".parse().expect("time"),
            direction: Direction::Out,
            link: LinkId::parse("TS0").expect("name"),
            sender: "karl.ek@advox.se".into(),
            recipient: "46737452078".into(),
            characters: 102,
            segments: 1,
            possible_duplicate: false,
        }
    }

    fn stockholm() -> TimeZone {
        TimeZone::fixed(jiff::tz::offset(1))
    }

    #[test]
    fn the_line_is_byte_exact() {
        assert_eq!(
            line(&entry(), &stockholm()),
            "2010-02-05; 09:24:21.141;OUT;TS0;karl.ek@advox.se;46737452078;102;1;\r\n"
        );
        let nasty = TrafficEntry { sender: "a;b\r\nc".into(), ..entry() };
        assert!(line(&nasty, &stockholm()).contains(";a_b__c;"));
    }

    #[test]
    fn a_file_a_day() {
        let directory = tempfile::tempdir().expect("directory");
        let log = TrafficLog::start(directory.path().join("traffic"), stockholm());
        log.record(entry());
        log.record(TrafficEntry { at: "2010-02-05T23:30:00Z".parse().expect("time"), ..entry() });
        drop(log);
        let text = |day: &str| {
            std::fs::read_to_string(directory.path().join(format!("traffic/traffic-{day}.log")))
                .expect("file")
        };
        assert_eq!(text("2010-02-05").lines().count(), 1);
        assert!(text("2010-02-06").starts_with("2010-02-06; 00:30:00.000;OUT;"));
    }
}
