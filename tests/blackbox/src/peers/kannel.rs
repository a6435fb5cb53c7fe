//! Kannel's bearerbox and smsbox as a client of our simulated operator.

use crate::clock;
use crate::http::{Request, once};
use crate::process::Process;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};
use tempfile::TempDir;

/// Its ports, on an address of its own.
const ADMIN: u16 = 13_000;
const BOXES: u16 = 13_001;
const DOOR: u16 = 13_013;

/// A running Kannel; ended when dropped.
#[derive(Debug)]
pub struct Kannel {
    /// Its sendsms door: user `t`, password `t`.
    pub door: SocketAddr,
    _boxes: [Process; 2],
    directory: TempDir,
}

impl Kannel {
    /// Where its logs are: `access` has a line for each message.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.directory.path()
    }
}

/// Starts both boxes with a link to `operator` that `smsc` describes. Its service answers every text with `svar`.
///
/// # Panics
/// When they do not come up.
#[must_use]
pub fn speaking(bearerbox: &Path, operator: SocketAddr, smsc: &str) -> Kannel {
    let link = format!(
        "group = smsc\n{smsc}smsc-id = ours\nhost = {}\nport = {}\nsmsc-username = t\nsmsc-password = t\n\n",
        operator.ip(),
        operator.port()
    );
    with_service(bearerbox, &link, "text = svar")
}

/// Starts both boxes with the groups of a link; nothing is answered.
///
/// # Panics
/// When they do not come up.
#[must_use]
pub fn start_with(bearerbox: &Path, link: &str) -> Kannel {
    with_service(bearerbox, link, "max-messages = 0\ntext = none")
}

/// Starts both boxes with the groups of a link and a service of its own.
///
/// # Panics
/// When they do not come up.
#[must_use]
pub fn with_service(bearerbox: &Path, link: &str, service: &str) -> Kannel {
    let directory =
        tempfile::Builder::new().prefix("omnigate-kannel-").tempdir().expect("a temporary directory");
    let own = own_address();
    let file = directory.path().join("kannel.conf");
    let access = directory.path().join("access").display().to_string();
    let configuration = format!(
        "group = core\nadmin-port = {ADMIN}\nadmin-interface = {own}\nadmin-password = t\nsmsbox-port = {BOXES}\n\
         smsbox-interface = {own}\nbox-allow-ip = \"127.0.0.1;{own}\"\nlog-level = 1\naccess-log = {access}\n\n{link}\
         group = smsbox\nbearerbox-host = {own}\nsendsms-port = {DOOR}\nsendsms-interface = {own}\n\n\
         group = sendsms-user\nusername = t\npassword = t\n\n\
         group = sms-service\nkeyword = default\n{service}\n"
    );
    fs::write(&file, configuration).expect("a configuration file");
    let start = |program: &Path, name: &str| {
        let mut command = Command::new(program);
        command.arg(&file);
        Process::start(command, directory.path(), name)
    };
    let bearer = start(bearerbox, "bearerbox");
    // smsbox opens its door before it looks for bearerbox, and dies for ever when that does not listen yet. And nobody may try by knocking: a
    // connection at the boxes' port is a box for bearerbox, one that dies. So each says by itself how far it is.
    let says = |words: &str| {
        let status = Request::get("/status.txt?password=t");
        once(SocketAddr::from((own, ADMIN)), &status)
            .is_ok_and(|answer| answer.text().contains(words))
            .then_some(())
    };
    clock::eventually("bearerbox", || bearer.errors().contains("Start-up done").then_some(()));
    let sms = start(&bearerbox.with_file_name("smsbox"), "smsbox");
    clock::eventually("smsbox, known to bearerbox", || says("smsbox"));
    let door = SocketAddr::from((own, DOOR));
    clock::eventually("Kannel's door", || once(door, &Request::get("/")).ok());
    Kannel { door, _boxes: [bearer, sms], directory }
}

/// An address of the loopback network that no other Kannel and nobody else uses, for who cannot pick ports by himself or must be found again
/// after a restart: a port that was free just now on 127.0.0.1 may be another test's a moment later.
#[must_use]
pub fn own_address() -> Ipv4Addr {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    // 127.0 is everybody's.
    Ipv4Addr::new(127, (high % 254) + 1, low, NEXT.fetch_add(1, Ordering::Relaxed).max(1))
}
