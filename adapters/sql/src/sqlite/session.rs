//! What the writing process holds besides its connection: the lock, and a reserve of disk space.

use super::{Conn, Role, connect};
use crate::error::Fault;
use diesel_async::SimpleAsyncConnection;
use ports::driven::StoreError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write};
use std::path::{Path, PathBuf};

/// Bytes written at a time when the reserve is laid.
const PIECE: usize = 1 << 20;
/// Copies all of the log into the file, and leaves none of it.
const EMPTY_THE_LOG: &str = "PRAGMA wal_checkpoint(TRUNCATE)";
/// Room there must be besides the reserve when it is laid: what it gave back itself a moment ago is no room for anything new.
const BESIDES: u64 = 4 << 20;

/// The writer's hold on the file.
pub(crate) struct Session {
    path: PathBuf,
    reserve: PathBuf,
    reserve_bytes: u64,
    /// Held as long as the session lives.
    _lock: Option<File>,
    /// The files that were opened; not known for a session that holds nothing.
    files: Option<[Option<FileId>; 3]>,
}

/// What the file and those of its log are called after its name.
const ENDINGS: [&str; 3] = ["", "-wal", "-shm"];

/// Device and number of a file: another one under the same name has others.
type FileId = (u64, u64);

#[cfg(unix)]
fn id_of(path: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).ok().map(|m| (m.dev(), m.ino()))
}

#[cfg(not(unix))]
fn id_of(_path: &Path) -> Option<FileId> {
    None
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Who has the store, in words: the number of the process stands in the file of the lock.
fn in_use(path: &Path, mut lock: &File) -> String {
    let mut text = String::new();
    let read = lock.read_to_string(&mut text);
    let process = read.ok().and_then(|_| text.trim().parse::<u32>().ok());
    let who = process.map_or("another process".to_owned(), |id| {
        let command = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        let command: Vec<_> =
            command.split(|octet| *octet == 0).map(String::from_utf8_lossy).take(8).collect();
        match command.join(" ").trim() {
            "" => format!("process {id}"),
            command => format!("process {id} ({})", command.chars().take(120).collect::<String>()),
        }
    });
    format!(
        "the store {} is in use by {who}: one process at a time serves it; stop that one, or give this one a data_dir of its own",
        path.display()
    )
}

impl Session {
    /// Takes the store for this process; makes its directory if there is none.
    pub(super) fn lock(path: &Path, reserve_bytes: u64) -> Result<Self, StoreError> {
        let failed = |e: std::io::Error| StoreError::Unavailable(format!("{}: {e}", path.display()));
        if let Some(directory) = path.parent().filter(|d| !d.as_os_str().is_empty()) {
            std::fs::create_dir_all(directory).map_err(failed)?;
        }
        let mut lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(beside(path, ".lock"))
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::InUse(in_use(path, &lock)));
            }
            Err(TryLockError::Error(e)) => return Err(failed(e)),
        }
        // Only for people: the lock is the kernel's, and goes with the process.
        let _ = lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id()));
        let reserve = beside(path, ".reserve");
        Ok(Self { path: path.to_owned(), reserve, reserve_bytes, _lock: Some(lock), files: None })
    }

    /// A session that holds nothing.
    pub(super) fn none(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            reserve: beside(path, ".reserve"),
            reserve_bytes: 0,
            _lock: None,
            files: None,
        }
    }

    /// Remembers which files were opened.
    pub(super) fn opened(&mut self) {
        self.files = Some(ENDINGS.map(|ending| id_of(&beside(&self.path, ending))));
    }

    /// Whether what was committed is in the files that a restart will open. Those that were removed or replaced take commits as before, and
    /// nobody would ever read them.
    pub(crate) fn is_whole(&self) -> Result<(), Fault> {
        let opened = self.files.unwrap_or_default();
        ENDINGS.iter().zip(opened).try_for_each(|(ending, opened)| self.is_still(ending, opened))
    }

    fn is_still(&self, ending: &str, opened: Option<FileId>) -> Result<(), Fault> {
        let Some(opened) = opened else { return Ok(()) };
        let path = beside(&self.path, ending);
        let became = match id_of(&path) {
            Some(now) if now == opened => return Ok(()),
            Some(_) => "replaced by another",
            None => "removed",
        };
        Err(Fault::Broken(format!("{} was {became} while it was in use", path.display())))
    }

    /// Copies the log into the file before it is left: a log that was removed takes nothing with it then, and one that was left behind cannot be
    /// taken for that of another file.
    pub(crate) async fn leave(&self, conn: &mut Conn) {
        if let Err(error) = conn.batch_execute(EMPTY_THE_LOG).await {
            tracing::warn!(%error, "the log could not be copied into the file at the end");
        }
    }

    /// There is nothing to do after a commit.
    pub(crate) async fn written(&mut self, _conn: &mut Conn, _rows: usize) -> diesel::QueryResult<()> {
        Ok(())
    }

    /// A fresh connection.
    pub(crate) async fn connect(&mut self) -> Result<Conn, Fault> {
        // Opening would make a new file where there is none. A log of its own goes with the last connection.
        let [file, ..] = self.files.unwrap_or_default();
        self.is_still("", file)?;
        let conn = connect(&self.path, Role::Writer).map_err(|e| Fault::Lost(e.to_string()))?;
        if self.files.is_some() {
            self.opened();
        }
        Ok(conn)
    }

    /// Lays the reserve if it is not there. A disk without room for it is said and not held against anybody.
    pub(super) fn lay_reserve(&self) {
        if !self.restore_reserve() {
            tracing::warn!(bytes = self.reserve_bytes, "there is no room on the disk for the reserve");
        }
    }

    /// Gives the reserved space back to the disk, so that work already taken on can be written down.
    pub(crate) fn release_reserve(&self) {
        if let Err(error) = std::fs::remove_file(&self.reserve)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "the reserve could not be released");
        }
    }

    /// Lays the reserve again. `false`: there is no room.
    pub(crate) fn restore_reserve(&self) -> bool {
        let there = std::fs::metadata(&self.reserve).is_ok_and(|m| m.len() >= self.reserve_bytes);
        if there || self.reserve_bytes == 0 {
            return true;
        }
        let laid = self.fill();
        if laid.is_err() {
            self.release_reserve();
        }
        laid.is_ok()
    }

    fn fill(&self) -> std::io::Result<()> {
        // Zeros could be left out by some file systems' compression; a pattern is not.
        let piece: Vec<u8> =
            (0..PIECE).map(|n| (n.wrapping_mul(2_654_435_761) >> 7).to_le_bytes()[0]).collect();
        let mut file = File::create(&self.reserve)?;
        let with_more = self.reserve_bytes.saturating_add(BESIDES);
        let mut left = usize::try_from(with_more).unwrap_or(usize::MAX);
        while left > 0 {
            let some = piece.get(..left.min(PIECE)).unwrap_or(&piece);
            file.write_all(some)?;
            left -= some.len();
        }
        file.set_len(self.reserve_bytes)?;
        file.sync_all()
    }

    /// Leaves a file without a log behind it. (And never lets SQLite count its tables: a count made while they are small makes it
    /// read them whole when they are large; without one it always takes the indexes.)
    pub(crate) async fn close(self, conn: Option<Conn>) {
        if let Some(mut conn) = conn {
            self.leave(&mut conn).await;
        }
    }
}
