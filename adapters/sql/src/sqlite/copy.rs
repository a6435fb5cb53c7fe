//! A copy of the store that is whole or not there: written under another name, for its owner alone, checked, and only then named.

use super::{Role, establish};
use crate::error::Fault;
use crate::statement::Sql;
use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::sqlite::SqliteConnection;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// Copies the store while it is in use; takes the place of a file of that name.
pub(super) fn copy(conn: &mut SqliteConnection, to: &Path) -> Result<(), Fault> {
    // Two copies at once do not meet.
    let draft = with_ending(to, &format!(".{}.part", std::process::id()));
    let done = drawn(conn, &draft).and_then(|()| named(&draft, to).map_err(|e| failed(to, &e)));
    if done.is_err() {
        for ending in ["", "-journal", "-wal", "-shm"] {
            // What is not there need not go.
            let _ = fs::remove_file(with_ending(&draft, ending));
        }
    }
    done
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
    let directory = to.parent().filter(|d| !d.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // The name is on disk when the directory is; systems that cannot sync a directory need not.
    if let Ok(directory) = File::open(directory) {
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
