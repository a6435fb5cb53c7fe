//! Certificates as an administrator makes them, with the openssl command: an authority, and a server's of that authority.

use crate::peers::{program, run};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the PEM files of one server are.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The authority's certificate, which clients are given.
    pub authority: PathBuf,
    /// The server's.
    pub certificate: PathBuf,
    /// The server's key.
    pub key: PathBuf,
}

/// Makes an authority and a certificate for `localhost` and 127.0.0.1 in a folder; nothing in a fast run without openssl.
///
/// # Panics
/// When openssl fails, or is missing in a full run.
#[must_use]
pub fn make(folder: &Path) -> Option<Certificate> {
    let openssl = program("openssl")?;
    let call = |arguments: &str| {
        let _ = run(Command::new(&openssl).args(arguments.split(' ')).current_dir(folder));
    };
    std::fs::write(folder.join("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n").expect("a file");
    let new = "-newkey rsa:2048 -nodes -days 2";
    call(&format!("req -x509 {new} -subj /CN=authority -keyout ca.key -out ca.pem"));
    call(&format!("req {new} -subj /CN=localhost -keyout key.pem -out request.pem"));
    call(
        "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out cert.pem",
    );
    Some(Certificate {
        authority: folder.join("ca.pem"),
        certificate: folder.join("cert.pem"),
        key: folder.join("key.pem"),
    })
}

impl Certificate {
    /// The value of a door's `tls` key.
    #[must_use]
    pub fn of_door(&self) -> String {
        format!("{{ cert = \"{}\", key = \"{}\" }}", self.certificate.display(), self.key.display())
    }

    /// The value of a link's `tls` key.
    #[must_use]
    pub fn of_link(&self) -> String {
        format!("{{ ca = \"{}\" }}", self.authority.display())
    }
}
