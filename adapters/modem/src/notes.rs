//! What must outlive a restart: which PINs the SIM refused, and how many messages were sent today.
//!
//! A PIN is written down as tried before it is sent, and struck out when the SIM is open: a crash in between counts as a refusal,
//! so that no PIN is ever tried twice by the gateway itself. At most two different ones are tried; the third is a person's. Every file is
//! synced before it takes the place of the last one: a power failure must not leave an empty one there.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{AcqRel, Release};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Handle;

/// Different PINs that may be refused before none is tried any more.
const MOST_REFUSED: usize = 2;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Page {
    /// Fingerprints of PINs that were tried and did not open the SIM.
    refused: Vec<u64>,
    day: String,
    sent: u32,
    /// The file has no content: which PINs were refused is not known any more.
    lost: bool,
}

/// The notes of one terminal.
#[derive(Debug)]
pub struct Notes(Arc<Sheet>);

#[derive(Debug)]
struct Sheet {
    path: PathBuf,
    page: Mutex<Page>,
    /// Held while the file is written; taken before the page is.
    pen: Mutex<()>,
    /// A count waits to be written.
    due: AtomicBool,
}

impl Notes {
    /// Reads them, or begins new ones. Of a file without content, as a power failure may leave one, only the terminals hear that need a PIN.
    ///
    /// # Errors
    /// A file that is there and cannot be read: without it a PIN could be tried once too often.
    pub fn open(path: &Path) -> io::Result<Self> {
        let page = match fs::read(path) {
            Ok(text) if text.iter().all(|octet| *octet == 0 || octet.is_ascii_whitespace()) => {
                tracing::warn!(path = %path.display(), "the notes of a modem are empty: no PIN is tried until somebody has seen to it");
                Page { lost: true, ..Page::default() }
            }
            Ok(text) => read(&text).ok_or_else(|| {
                io::Error::other(format!(
                    "{} holds no notes of a modem; look at it, then remove it",
                    path.display()
                ))
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Page::default(),
            Err(error) => return Err(error),
        };
        let (page, path) = (Mutex::new(page), path.to_owned());
        Ok(Self(Arc::new(Sheet { path, page, pen: Mutex::default(), due: AtomicBool::default() })))
    }

    /// Whether this PIN may be tried, and if so writes down, durably, that it was.
    ///
    /// # Errors
    /// When that cannot be written, or nobody knows what was refused before: it may not be tried then.
    pub fn try_pin(&self, pin: &SecretString) -> io::Result<bool> {
        let sheet = &self.0;
        let _pen = lock(&sheet.pen);
        let mut page = lock(&sheet.page);
        // Who removes the file says that the PIN may be tried.
        if page.lost && !matches!(fs::exists(&sheet.path), Ok(false)) {
            return Err(io::Error::other(format!(
                "its notes in {} are empty, so nobody knows whether the SIM has refused it before; see that `pin` is right, then remove the file",
                sheet.path.display()
            )));
        }
        page.lost = false;
        let mark = fingerprint(pin.expose_secret());
        if page.refused.contains(&mark) || page.refused.len() >= MOST_REFUSED {
            return Ok(false);
        }
        page.refused.push(mark);
        let written = sheet.write(&page);
        if written.is_err() {
            page.refused.pop();
        }
        let cannot = |error| io::Error::other(format!("that cannot be noted: {error}"));
        written.map(|()| true).map_err(cannot)
    }

    /// The SIM is open: what was refused before does not count any more.
    pub fn open_sim(&self) {
        let _pen = lock(&self.0.pen);
        let mut page = lock(&self.0.page);
        if !page.refused.is_empty() || page.lost {
            page.refused.clear();
            page.lost = false;
            self.0.written(&page);
        }
    }

    /// Messages sent on this day.
    #[must_use]
    pub fn sent_on(&self, day: &str) -> u32 {
        let page = lock(&self.0.page);
        if page.day == day { page.sent } else { 0 }
    }

    /// One more was sent. Inside a runtime it is written a little later, by another thread: a power failure may forget the last few.
    pub fn count(&self, day: &str) {
        {
            let mut page = lock(&self.0.page);
            if page.day != day {
                page.day = day.to_owned();
                page.sent = 0;
            }
            page.sent = page.sent.saturating_add(1);
        }
        if self.0.due.swap(true, AcqRel) {
            return;
        }
        let sheet = Arc::clone(&self.0);
        match Handle::try_current() {
            // A sync may take long, and other links live on the thread that counts.
            Ok(runtime) => drop(runtime.spawn_blocking(move || sheet.keep())),
            Err(_) => sheet.keep(),
        }
    }
}

impl Sheet {
    /// Writes what there is now.
    fn keep(&self) {
        let _pen = lock(&self.pen);
        self.due.store(false, Release);
        let page = lock(&self.page).clone();
        // An empty file is left as it is until the SIM is open: it says that nobody knows.
        if !page.lost {
            self.written(&page);
        }
    }

    fn written(&self, page: &Page) {
        if let Err(error) = self.write(page) {
            tracing::warn!(path = %self.path.display(), %error, "the notes of a modem cannot be written");
        }
    }

    /// Writes a new file, durably, and puts it in the place of the old one.
    fn write(&self, page: &Page) -> io::Result<()> {
        let draft = self.path.with_extension("new");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        private(&mut options);
        let mut file = options.open(&draft)?;
        let refused: Vec<String> = page.refused.iter().map(|mark| format!("{mark:016x}")).collect();
        let value = json!({ "refused_pins": refused, "day": page.day, "sent": page.sent });
        file.write_all(value.to_string().as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, &self.path)?;
        if let Some(folder) = self.path.parent().filter(|p| !p.as_os_str().is_empty()) {
            // The new name is durable with its folder. Some file systems cannot sync folders: the file is enough then.
            let _ = File::open(folder).and_then(|folder| folder.sync_all());
        }
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read(text: &[u8]) -> Option<Page> {
    let value: Value = serde_json::from_slice(text).ok()?;
    let marks = value.get("refused_pins")?.as_array()?;
    Some(Page {
        refused: marks.iter().map(|m| u64::from_str_radix(m.as_str()?, 16).ok()).collect::<Option<_>>()?,
        day: value.get("day")?.as_str()?.to_owned(),
        sent: u32::try_from(value.get("sent")?.as_u64()?).ok()?,
        lost: false,
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
    fn an_empty_file_keeps_the_pin_back_until_a_person_or_an_open_sim() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("modem-G.json");
        let pin = SecretString::from("1234");
        for empty in ["", "\0\0\0\0", "\n"] {
            fs::write(&path, empty).unwrap();
            let notes = Notes::open(&path).unwrap();
            let why = notes.try_pin(&pin).unwrap_err().to_string();
            assert!(why.contains("modem-G.json") && why.contains("remove the file"), "{why}");
            notes.count("2026-11-23");
            assert_eq!(notes.sent_on("2026-11-23"), 1);
            assert!(Notes::open(&path).unwrap().try_pin(&pin).is_err(), "a count does not make it known");
            fs::remove_file(&path).unwrap();
            assert!(notes.try_pin(&pin).unwrap(), "without a new start");
            assert!(!Notes::open(&path).unwrap().try_pin(&pin).unwrap(), "and it is noted");
        }
        fs::write(&path, "").unwrap();
        Notes::open(&path).unwrap().open_sim();
        assert!(Notes::open(&path).unwrap().try_pin(&pin).unwrap());
    }

    #[tokio::test]
    async fn what_is_counted_inside_a_runtime_is_written_soon() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes");
        let notes = Notes::open(&path).unwrap();
        (0..100).for_each(|_| notes.count("2026-11-23"));
        let written = async {
            while Notes::open(&path).unwrap().sent_on("2026-11-23") < 100 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), written).await.expect("the last one too");
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
