//! A pseudo-terminal for a simulated modem. The only module that touches one; Unix alone has them.

use rustix::fs::{Mode, OFlags};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::pipe::{Receiver, Sender};

/// A pseudo-terminal: we are the modem, whoever opens its path is the computer.
#[derive(Debug)]
pub(super) struct Pty {
    from: Receiver,
    to: Sender,
    /// Held open, so that its settings outlive who uses it and its absence is no end.
    theirs: OwnedFd,
    path: PathBuf,
    link: Option<PathBuf>,
}

impl Pty {
    /// Makes one, and `link` to it.
    pub(super) fn open(link: Option<&Path>) -> io::Result<Self> {
        use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&ours)?;
        unlockpt(&ours)?;
        let name = ptsname(&ours, Vec::new())?;
        let path = PathBuf::from(name.to_string_lossy().into_owned());
        let theirs = rustix::fs::open(&path, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
        let mut settings = tcgetattr(&theirs)?;
        settings.make_raw();
        tcsetattr(&theirs, OptionalActions::Now, &settings)?;
        let flags = rustix::fs::fcntl_getfl(&ours)?;
        rustix::fs::fcntl_setfl(&ours, flags | OFlags::NONBLOCK)?;
        if let Some(link) = link {
            // Made beside and renamed over: nobody ever finds nothing there.
            let draft = link.with_extension("new");
            let _ = std::fs::remove_file(&draft);
            std::os::unix::fs::symlink(&path, &draft)?;
            std::fs::rename(&draft, link)?;
        }
        // Not pipes, but read and written like them.
        let to = Sender::from_owned_fd_unchecked(ours.try_clone()?)?;
        let from = Receiver::from_owned_fd_unchecked(ours)?;
        Ok(Self { from, to, theirs, path, link: link.map(Path::to_owned) })
    }

    /// The device.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Lets the next one open it although the last one wanted it for himself and died: the mark stays while we hold our end.
    pub(super) fn share(&self) {
        let _ = rustix::termios::ioctl_tiocnxcl(&self.theirs);
    }

    pub(super) async fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.from.read(into).await
    }

    pub(super) async fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.to.write(octets).await
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        if let Some(link) = &self.link
            && std::fs::read_link(link).is_ok_and(|to| to == self.path)
        {
            let _ = std::fs::remove_file(link);
        }
    }
}
