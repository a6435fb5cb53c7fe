//! What must outlive a restart: which PINs the SIM refused, and how many messages were sent today.
//!
//! A PIN is written down as tried before it is sent, and struck out when the SIM is open: a crash in between counts as a refusal,
//! so that no PIN is ever tried twice by the gateway itself. At most two different ones are tried; the third is a person's.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Different PINs that may be refused before none is tried any more.
const MOST_REFUSED: usize = 2;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Page {
    /// Fingerprints of PINs that were tried and did not open the SIM.
    refused: Vec<u64>,
    day: String,
    sent: u32,
}

/// The notes of one terminal.
#[derive(Debug)]
pub struct Notes {
    path: PathBuf,
    page: Mutex<Page>,
}

impl Notes {
    /// Reads them, or begins new ones.
    ///
    /// # Errors
    /// A file that is there and cannot be read: without it a PIN could be tried once too often.
    pub fn open(path: &Path) -> io::Result<Self> {
        let page = match fs::read(path) {
            Ok(text) => read(&text).ok_or_else(|| {
                io::Error::other(format!(
                    "{} holds no notes of a modem; look at it, then remove it",
                    path.display()
                ))
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Page::default(),
            Err(error) => return Err(error),
        };
        Ok(Self { path: path.to_owned(), page: Mutex::new(page) })
    }

    /// Whether this PIN may be tried, and if so writes down, durably, that it was.
    ///
    /// # Errors
    /// When that cannot be written: it may not be tried then.
    pub fn try_pin(&self, pin: &SecretString) -> io::Result<bool> {
        let mut page = self.page();
        let mark = fingerprint(pin.expose_secret());
        if page.refused.contains(&mark) || page.refused.len() >= MOST_REFUSED {
            return Ok(false);
        }
        page.refused.push(mark);
        let written = self.write(&page, true);
        if written.is_err() {
            page.refused.pop();
        }
        written.map(|()| true)
    }

    /// The SIM is open: what was refused before does not count any more.
    pub fn open_sim(&self) {
        let mut page = self.page();
        if !page.refused.is_empty() {
            page.refused.clear();
            self.written(&page, true);
        }
    }

    /// Messages sent on this day.
    #[must_use]
    pub fn sent_on(&self, day: &str) -> u32 {
        let page = self.page();
        if page.day == day { page.sent } else { 0 }
    }

    /// One more was sent. Written, not synced: a power failure may forget the last few.
    pub fn count(&self, day: &str) {
        let mut page = self.page();
        if page.day != day {
            page.day = day.to_owned();
            page.sent = 0;
        }
        page.sent = page.sent.saturating_add(1);
        self.written(&page, false);
    }

    fn page(&self) -> MutexGuard<'_, Page> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn written(&self, page: &Page, durable: bool) {
        if let Err(error) = self.write(page, durable) {
            tracing::warn!(path = %self.path.display(), %error, "the notes of a modem cannot be written");
        }
    }

    /// Writes a new file and puts it in the place of the old one.
    fn write(&self, page: &Page, durable: bool) -> io::Result<()> {
        let draft = self.path.with_extension("new");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        private(&mut options);
        let mut file = options.open(&draft)?;
        let refused: Vec<String> = page.refused.iter().map(|mark| format!("{mark:016x}")).collect();
        let value = json!({ "refused_pins": refused, "day": page.day, "sent": page.sent });
        file.write_all(value.to_string().as_bytes())?;
        if durable {
            file.sync_all()?;
        }
        fs::rename(&draft, &self.path)?;
        if durable && let Some(folder) = self.path.parent().filter(|p| !p.as_os_str().is_empty()) {
            // The new name is durable with its folder. Some file systems cannot sync folders: the file is enough then.
            let _ = File::open(folder).and_then(|folder| folder.sync_all());
        }
        Ok(())
    }
}

fn read(text: &[u8]) -> Option<Page> {
    let value: Value = serde_json::from_slice(text).ok()?;
    let marks = value.get("refused_pins")?.as_array()?;
    Some(Page {
        refused: marks.iter().map(|m| u64::from_str_radix(m.as_str()?, 16).ok()).collect::<Option<_>>()?,
        day: value.get("day")?.as_str()?.to_owned(),
        sent: u32::try_from(value.get("sent")?.as_u64()?).ok()?,
    })
}

/// Tells PINs apart without writing them down (FNV-1a). It hides nothing from who tries all: the file is its owner's alone.
fn fingerprint(pin: &str) -> u64 {
    pin.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, octet| {
        (hash ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn private(_: &mut OpenOptions) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_tried_once_in_all_lives() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("modem-G.json");
        let pin = |pin: &str| SecretString::from(pin);
        assert!(Notes::open(&path).unwrap().try_pin(&pin("1234")).unwrap());
        assert!(!Notes::open(&path).unwrap().try_pin(&pin("1234")).unwrap(), "not again");
        assert!(Notes::open(&path).unwrap().try_pin(&pin("4321")).unwrap(), "another one");
        assert!(!Notes::open(&path).unwrap().try_pin(&pin("0000")).unwrap(), "the third is a person's");
        Notes::open(&path).unwrap().open_sim();
        assert!(Notes::open(&path).unwrap().try_pin(&pin("1234")).unwrap());
        fs::write(&path, "{").unwrap();
        assert!(Notes::open(&path).is_err(), "never guess");
        let nowhere = Notes::open(&folder.path().join("no/such/folder")).unwrap();
        assert!(nowhere.try_pin(&pin("1234")).is_err(), "not durable, not tried");
    }

    #[test]
    fn days() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes");
        let notes = Notes::open(&path).unwrap();
        notes.count("2026-11-23");
        notes.count("2026-11-23");
        let notes = Notes::open(&path).unwrap();
        assert_eq!((notes.sent_on("2026-11-23"), notes.sent_on("2026-11-24")), (2, 0));
        notes.count("2026-11-24");
        assert_eq!((notes.sent_on("2026-11-23"), notes.sent_on("2026-11-24")), (0, 1));
    }
}
