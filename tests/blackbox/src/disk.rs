//! A disk that fails or forgets: the preloaded library of `peers/disk.c`, and the image that a power cut leaves behind.

use crate::gateway::Gateway;
use crate::peers::{program, run, script};
use crate::random::Random;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a disk writes at once; the unit in which unsynced writes arrive or do not.
const SECTOR: usize = 512;
/// The files of a store; the shared memory of the third one never outlives a machine.
const FILES: [&str; 2] = ["omnigate.db", "omnigate.db-wal"];

/// The library in front of one gateway's disk.
#[derive(Debug)]
pub struct Disk {
    fails: PathBuf,
    failed: PathBuf,
    synced: PathBuf,
}

impl Disk {
    /// Builds the library and sets it before the gateway from its next start on; nothing when there is no C compiler.
    ///
    /// # Panics
    /// When it does not compile.
    pub fn before(gateway: &mut Gateway) -> Option<Self> {
        let compiler = program("cc")?;
        let place = gateway.directory().to_owned();
        let library = place.join("disk.so");
        let mut command = Command::new(compiler);
        let _ = run(command
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(&library)
            .arg(script("disk.c"))
            .arg("-ldl"));
        let disk =
            Self { fails: place.join("fails"), failed: place.join("failed"), synced: place.join("synced") };
        fs::create_dir_all(&disk.synced).expect("a directory");
        for (name, path) in [
            ("LD_PRELOAD", &library),
            ("DISK_FAILS", &disk.fails),
            ("DISK_FAILED", &disk.failed),
            ("DISK_SYNCED", &disk.synced),
        ] {
            gateway.set(name, &path.display().to_string());
        }
        Some(disk)
    }

    /// Every sync fails from now on.
    ///
    /// # Panics
    /// When the test's own disk fails.
    pub fn fail(&self) {
        fs::write(&self.fails, "").expect("written");
    }

    /// From its next start on the gateway's n-th sync fails, that one alone: what is written after it goes well. None does with 0.
    pub fn fail_at(gateway: &mut Gateway, nth: u32) {
        gateway.set("DISK_FAILS_AT", &nth.to_string());
    }

    /// Whether the sync of [`Disk::fail_at`] has failed.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.failed.exists()
    }

    /// The disk is well again.
    pub fn heal(&self) {
        let _ = fs::remove_file(&self.fails);
    }

    /// Turns the files of a killed gateway into what a power cut leaves: all that was synced, and of what was not, any
    /// part, in sectors. Gives how many sectors were lost.
    ///
    /// # Panics
    /// When the test's own disk fails.
    pub fn cut_power(&self, gateway: &Gateway, random: &mut Random) -> usize {
        let mut lost = 0;
        for name in FILES {
            lost += cut(&self.synced.join(name), &gateway.data().join(name), random);
        }
        let _ = fs::remove_file(gateway.data().join("omnigate.db-shm"));
        lost
    }
}

/// One file: `image` becomes what was synced with any of the later sectors.
fn cut(synced: &Path, image: &Path, random: &mut Random) -> usize {
    let old = fs::read(synced).unwrap_or_default();
    let Ok(new) = fs::read(image) else { return 0 };
    let (mixed, lost) = mix(&old, &new, random);
    fs::write(image, mixed).expect("an image");
    lost
}

fn mix(old: &[u8], new: &[u8], random: &mut Random) -> (Vec<u8>, usize) {
    // A file that became longer without a sync may have any length in between.
    let length = if new.len() > old.len() {
        let extra = (new.len() - old.len()) as u64;
        old.len() + usize::try_from(random.between(0..extra + 1)).unwrap_or(0)
    } else {
        new.len()
    };
    let mut mixed = new[..length].to_vec();
    let mut lost = (new.len() - length).div_ceil(SECTOR);
    for at in (0..length).step_by(SECTOR) {
        let end = (at + SECTOR).min(length);
        let before = old.get(at..end.min(old.len())).unwrap_or_default();
        if before.len() == end - at && *before != mixed[at..end] && random.one_in(2) {
            mixed[at..end].copy_from_slice(before);
            lost += 1;
        } else if before.len() < end - at && random.one_in(2) {
            // Allocated and never written: zeros.
            mixed[at..end].fill(0);
            mixed[at..at + before.len()].copy_from_slice(before);
            lost += 1;
        }
    }
    (mixed, lost)
}

#[cfg(test)]
mod tests {
    use super::{SECTOR, mix};
    use crate::random::Random;

    #[test]
    fn what_was_synced_and_not_overwritten_stays() {
        let old = vec![1; 4 * SECTOR];
        let mut new = old.clone();
        new[SECTOR..2 * SECTOR].fill(2);
        new.extend(vec![3; 3 * SECTOR]);
        let mut sizes = std::collections::BTreeSet::new();
        for seed in 0..200 {
            let (mixed, _) = mix(&old, &new, &mut Random::new(seed));
            assert!(mixed.len() >= old.len() && mixed.len() <= new.len());
            assert_eq!(mixed[..SECTOR], old[..SECTOR]);
            assert_eq!(mixed[2 * SECTOR..4 * SECTOR], old[2 * SECTOR..]);
            assert!(mixed[SECTOR..2 * SECTOR].iter().all(|byte| *byte == mixed[SECTOR]));
            sizes.insert(mixed.len());
        }
        assert!(sizes.len() > 10);
    }
}
