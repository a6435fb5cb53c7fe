//! A copy of the store that is whole or not there: written under another name, for its owner alone, checked, and only then named.

use super::{Role, establish};
use crate::error::Fault;
use crate::statement::Sql;
use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::sqlite::SqliteConnection;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// What the first name of a copy ends with; before it stands the number of the process.
const DRAFT: &str = ".part";
/// What SQLite has beside a file, and the file.
const BESIDE: [&str; 4] = ["", "-journal", "-wal", "-shm"];

/// Copies the store while it is in use; takes the place of a file of that name.
pub(super) fn copy(conn: &mut SqliteConnection, to: &Path) -> Result<(), Fault> {
    // Two copies at once do not meet.
    let draft = with_ending(to, &format!(".{}{DRAFT}", std::process::id()));
    let _at_work = without_leftovers(to);
    let done = drawn(conn, &draft).and_then(|()| named(&draft, to).map_err(|e| failed(to, &e)));
    if done.is_err() {
        for ending in BESIDE {
            // What is not there need not go.
            let _ = fs::remove_file(with_ending(&draft, ending));
        }
    }
    done
}

/// Removes what killed processes left of copies to this place. Whoever draws up a copy holds a lock of its directory with the others that do (the lock goes with
/// its process, and stands in no file that SQLite locks in its own way): so nothing that is being written is removed. Where a directory cannot be
/// locked, or somebody else has locked it, what is left stays.
fn without_leftovers(to: &Path) -> Option<File> {
    let lock = File::open(directory_of(to)).ok()?;
    if lock.try_lock().is_ok() {
        leftovers(to).iter().for_each(|left| {
            tracing::info!(file = %left.display(), "removed what a copy that was broken off left");
            let _ = fs::remove_file(left);
        });
    }
    lock.try_lock_shared().is_ok().then_some(lock)
}

/// Files that are named as the drafts of copies to this place.
fn leftovers(to: &Path) -> Vec<PathBuf> {
    let name = to.file_name().and_then(OsStr::to_str);
    let (Some(name), Ok(entries)) = (name, fs::read_dir(directory_of(to))) else { return Vec::new() };
    let is_left = |file: &str| {
        let rest = file.strip_prefix(name).and_then(|rest| rest.strip_prefix('.'));
        let parts = rest.and_then(|rest| rest.split_once(DRAFT));
        parts.is_some_and(|(process, ending)| process.parse::<u32>().is_ok() && BESIDE.contains(&ending))
    };
    let left = entries.flatten().filter(|entry| entry.file_name().to_str().is_some_and(is_left));
    left.map(|entry| entry.path()).collect()
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|d| !d.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes, syncs and checks the copy under its first name.
fn drawn(conn: &mut SqliteConnection, draft: &Path) -> Result<(), Fault> {
    let name = draft.to_str().ok_or_else(|| Fault::Lost("the path is not UTF-8".to_owned()))?;
    // SQLite fills an empty file, and leaves to it who may read it.
    let file = private_anew(draft).map_err(|e| failed(draft, &e))?;
    conn.batch_execute("PRAGMA query_only = OFF")?;
    Sql::<()>::varying("VACUUM INTO ?", vec![name.into()]).execute(conn)?;
    file.sync_all().map_err(|e| failed(draft, &e))?;
    let complaints = super::file::complaints(&mut establish(draft, Role::Reader)?)?;
    if complaints.is_empty() { Ok(()) } else { Err(Fault::Broken(complaints.join("; "))) }
}

/// Gives the copy its name; on the disk when this returns.
fn named(draft: &Path, to: &Path) -> io::Result<()> {
    fs::rename(draft, to)?;
    // The name is on disk when the directory is; systems that cannot sync a directory need not.
    if let Ok(directory) = File::open(directory_of(to)) {
        let _ = directory.sync_all();
    }
    Ok(())
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn failed(path: &Path, error: &io::Error) -> Fault {
    Fault::Lost(format!("{}: {error}", path.display()))
}

/// Makes a new file that only its owner may read: everybody's messages are in it.
pub(super) fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    owners_alone(&mut options);
    options.open(path)
}

/// The same in the place of what a process of this number left when it was killed.
fn private_anew(path: &Path) -> io::Result<File> {
    match private(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            private(path)
        }
        made => made,
    }
}

#[cfg(unix)]
fn owners_alone(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600);
}

/// The directory's list says who may read it.
#[cfg(not(unix))]
fn owners_alone(_: &mut OpenOptions) {}
