//! Kannel's bearerbox and smsbox as a client of our simulated operator.

use crate::clock;
use crate::process::Process;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

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

/// Starts both boxes with one SMPP link to `operator`.
#[must_use]
pub fn start(bearerbox: &Path, operator: SocketAddr) -> Kannel {
    speaking(bearerbox, operator, "smsc = smpp\nsystem-type = \"\"\ntransceiver-mode = true\n")
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

fn with_service(bearerbox: &Path, link: &str, service: &str) -> Kannel {
    let directory =
        tempfile::Builder::new().prefix("omnigate-kannel-").tempdir().expect("a temporary directory");
    let [admin, boxes, door] = [(); 3].map(|()| free_port());
    let file = directory.path().join("kannel.conf");
    let access = directory.path().join("access").display().to_string();
    let configuration = format!(
        "group = core\nadmin-port = {admin}\nadmin-password = t\nsmsbox-port = {boxes}\nbox-allow-ip = 127.0.0.1\n\
         log-level = 1\naccess-log = {access}\n\n{link}\
         group = smsbox\nbearerbox-host = 127.0.0.1\nsendsms-port = {door}\n\n\
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
    let listens = |port: u16| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok().then_some(());
    clock::eventually("bearerbox", || listens(boxes));
    let sms = start(&bearerbox.with_file_name("smsbox"), "smsbox");
    clock::eventually("smsbox", || listens(door));
    let door = SocketAddr::from((Ipv4Addr::LOCALHOST, door));
    Kannel { door, _boxes: [bearer, sms], directory }
}

/// A port that was free just now; Kannel cannot pick one itself.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}
