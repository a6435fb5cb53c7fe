//! The quarantine: a directory with a JSON file for each thing that nobody could take, for people to look at.
//!
//! A file is there whole or not at all: written under another name, synced, renamed. Nothing here ever takes one away.

use async_trait::async_trait;
use domain::Timestamp;
use domain::mo::{MoBody, MoPart};
use domain::receipt::Receipt;
use ports::driven::{Poison, Quarantine, StoreError};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Files that are kept; beyond them nothing more is taken, and the operator is asked to keep it.
const MOST_FILES: usize = 10_000;

/// A quarantine in a directory, made when the first thing comes.
#[derive(Debug)]
pub struct QuarantineDir {
    directory: PathBuf,
    count: AtomicU64,
}

impl QuarantineDir {
    /// In this directory.
    #[must_use]
    pub fn new(directory: PathBuf) -> Self {
        Self { directory, count: AtomicU64::new(0) }
    }

    /// Everything that is kept there, oldest first: the file's name and what it says. No directory is an empty one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn list(directory: &Path) -> io::Result<Vec<(String, Value)>> {
        let entries = match std::fs::read_dir(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let mut kept = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|e| e == "json") {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                kept.push((name, serde_json::from_slice(&std::fs::read(&path)?).unwrap_or(Value::Null)));
            }
        }
        kept.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(kept)
    }
}

#[async_trait]
impl Quarantine for QuarantineDir {
    async fn keep(&self, poison: Poison, why: String, at: Timestamp) -> Result<(), StoreError> {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{number:06}", at.as_millisecond());
        let document = document(&poison, &why, at);
        let directory = self.directory.clone();
        let written = tokio::task::spawn_blocking(move || write(&directory, &name, &document)).await;
        let failed = |error: &dyn std::fmt::Display| StoreError::Unavailable(format!("quarantine: {error}"));
        written.map_err(|e| failed(&e))?.map_err(|e| failed(&e))
    }
}

fn write(directory: &Path, name: &str, document: &Value) -> io::Result<()> {
    std::fs::create_dir_all(directory)?;
    if std::fs::read_dir(directory)?.count() >= MOST_FILES {
        return Err(io::Error::other(format!("{} holds {MOST_FILES} files", directory.display())));
    }
    let draft = directory.join(format!("{name}.new"));
    let mut file = File::create(&draft)?;
    file.write_all(&serde_json::to_vec_pretty(document)?)?;
    file.sync_all()?;
    std::fs::rename(&draft, directory.join(format!("{name}.json")))?;
    // The name is on disk when the directory is; systems that cannot sync a directory need not.
    if let Ok(directory) = File::open(directory) {
        let _ = directory.sync_all();
    }
    Ok(())
}

fn document(poison: &Poison, why: &str, at: Timestamp) -> Value {
    let mut document = match poison {
        Poison::Mo(part) => mo(part),
        Poison::Receipt(receipt) => report(receipt),
    };
    document["at"] = json!(at.to_string());
    document["why"] = json!(why);
    document
}

fn mo(part: &MoPart) -> Value {
    let hex: String = part.body.octets().iter().map(|octet| format!("{octet:02x}")).collect();
    let form = match part.body {
        MoBody::Gsm7(_) => "gsm7",
        MoBody::Ucs2(_) => "ucs2",
        MoBody::Latin1(_) => "latin1",
        MoBody::Text(_) => "utf8",
        MoBody::Binary(_) => "binary",
    };
    json!({
        "kind": "mo", "link": part.link.to_string(), "from": part.source, "to": part.destination,
        "form": form, "octets": hex, "received_at": part.received_at.to_string(),
        "part": part.concat.map(|c| json!({ "reference": c.reference, "total": c.total, "seq": c.seq })),
    })
}

fn report(receipt: &Receipt) -> Value {
    json!({
        "kind": "receipt", "link": receipt.link.to_string(), "operator_id": receipt.operator_id,
        "to": receipt.recipient.as_ref().map(ToString::to_string), "verdict": format!("{:?}", receipt.verdict).to_lowercase(),
        "error": receipt.error, "done_at": receipt.done_at.map(|at| at.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::directory::LinkId;
    use domain::receipt::Verdict;

    #[tokio::test]
    async fn kept_and_listed_in_order() {
        let home = tempfile::tempdir().expect("a directory");
        let directory = home.path().join("quarantine");
        assert_eq!(QuarantineDir::list(&directory).expect("no directory").len(), 0);
        let link = LinkId::parse("TS0").expect("a name");
        let part = MoPart {
            link: link.clone(),
            source: "46701234567".to_owned(),
            destination: "72456".to_owned(),
            concat: None,
            body: MoBody::Text("hej".to_owned()),
            received_at: Timestamp::UNIX_EPOCH,
            operator_at: None,
            operator_id: String::new(),
            said_before: 0,
        };
        let receipt = Receipt {
            link,
            operator_id: "a1".to_owned(),
            recipient: None,
            verdict: Verdict::Delivered,
            error: String::new(),
            done_at: None,
        };
        let quarantine = QuarantineDir::new(directory.clone());
        for poison in [Poison::Mo(part), Poison::Receipt(receipt)] {
            quarantine.keep(poison, "it panicked".to_owned(), Timestamp::UNIX_EPOCH).await.expect("kept");
        }
        let kept = QuarantineDir::list(&directory).expect("listed");
        let kinds: Vec<_> = kept.iter().map(|(_, v)| (v["kind"].as_str(), v["why"].as_str())).collect();
        assert_eq!(kinds, [(Some("mo"), Some("it panicked")), (Some("receipt"), Some("it panicked"))]);
        assert_eq!(kept.first().map(|(_, v)| v["octets"].clone()), Some(json!("68656a")));
    }
}
