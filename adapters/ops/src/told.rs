//! What people were told and not yet told the end of, in a file of the data directory: whoever is woken hears that it is over, also when the gateway was
//! started again meanwhile.

use domain::directory::LinkId;
use ports::driven::{About, Notice, Notices, Trouble};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Its name in the data directory.
const FILE: &str = "alarms.json";
/// What goes on until it is cleared, and its name in the file.
const LASTING: [(Trouble, &str); 4] = [
    (Trouble::LinkDown, "down"),
    (Trouble::Deaf, "deaf"),
    (Trouble::Parked, "parked"),
    (Trouble::Store, "store"),
];

/// Notices that are remembered.
pub struct RememberedNotices {
    inner: Arc<dyn Notices>,
    before: Vec<(About, Trouble)>,
    book: Arc<Book>,
}

struct Book {
    file: PathBuf,
    told: Mutex<Vec<(About, Trouble)>>,
}

impl RememberedNotices {
    /// What is given to `inner`, remembered in this directory.
    #[must_use]
    pub fn new(inner: Arc<dyn Notices>, directory: &Path) -> Self {
        let file = directory.join(FILE);
        let before = read(&file);
        let told = Mutex::new(before.clone());
        Self { inner, before, book: Arc::new(Book { file, told }) }
    }
}

impl Notices for RememberedNotices {
    fn give(&self, notice: Notice) {
        if LASTING.iter().any(|(trouble, _)| *trouble == notice.trouble) {
            self.book.note(&notice);
            let book = Arc::clone(&self.book);
            // A disk that hangs must not keep anybody from being told.
            drop(tokio::task::spawn_blocking(move || book.write()));
        }
        self.inner.give(notice);
    }

    fn ongoing(&self) -> Vec<(About, Trouble)> {
        self.before.clone()
    }
}

impl Book {
    fn lock(&self) -> MutexGuard<'_, Vec<(About, Trouble)>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, notice: &Notice) {
        let mut told = self.lock();
        // One thing has one trouble at a time.
        told.retain(|(about, _)| *about != notice.about);
        if !notice.cleared {
            told.push((notice.about.clone(), notice.trouble));
        }
    }

    fn write(&self) {
        // Held while it writes: of two that write at once the later one has the last word.
        let told = self.lock();
        let lines: Vec<Value> = told.iter().filter_map(|(about, trouble)| line(about, *trouble)).collect();
        let draft = self.file.with_extension("new");
        let written = std::fs::write(&draft, Value::from(lines).to_string());
        if let Err(error) = written.and_then(|()| std::fs::rename(&draft, &self.file)) {
            tracing::warn!(%error, file = %self.file.display(), "what people were told cannot be remembered");
        }
    }
}

fn line(about: &About, trouble: Trouble) -> Option<Value> {
    let (_, name) = LASTING.iter().find(|(lasting, _)| *lasting == trouble)?;
    match about {
        About::Link(link) => Some(json!({ "link": link.as_str(), "trouble": name })),
        About::Node(node) => Some(json!({ "node": node, "trouble": name })),
        About::Receiver(_) => None,
    }
}

/// No file, or one that nobody can read, says nothing.
fn read(file: &Path) -> Vec<(About, Trouble)> {
    let text = std::fs::read(file).unwrap_or_default();
    let lines: Vec<Value> = serde_json::from_slice(&text).unwrap_or_default();
    let told = |line: &Value| {
        let text = |name: &str| line.get(name).and_then(Value::as_str);
        let (trouble, _) = LASTING.iter().find(|(_, name)| text("trouble") == Some(name))?;
        let about = match (text("link"), text("node")) {
            (Some(link), _) => About::Link(LinkId::parse(link).ok()?),
            (None, node) => About::Node(node?.to_owned()),
        };
        Some((about, *trouble))
    };
    lines.iter().filter_map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;

    fn notice(about: &About, trouble: Trouble, cleared: bool) -> Notice {
        let at = Timestamp::UNIX_EPOCH;
        Notice { about: about.clone(), trouble, cleared, detail: String::new(), since: at, at }
    }

    #[test]
    fn what_is_not_over_outlives_the_run() {
        let directory = tempfile::tempdir().expect("a directory");
        let (link, node) = (About::Link(LinkId::parse("TS0").expect("a name")), About::Node("a".to_owned()));
        let file = directory.path().join(FILE);
        let book = Book { file: file.clone(), told: Mutex::default() };
        for (about, trouble) in
            [(&link, Trouble::LinkDown), (&node, Trouble::Store), (&link, Trouble::Parked)]
        {
            book.note(&notice(about, trouble, false));
        }
        book.write();
        assert_eq!(read(&file), [(node.clone(), Trouble::Store), (link.clone(), Trouble::Parked)]);
        book.note(&notice(&node, Trouble::Store, true));
        book.write();
        assert_eq!(read(&file), [(link, Trouble::Parked)]);
        std::fs::write(&file, "[{\"link\": 1}, {").expect("written");
        assert_eq!(read(&file), []);
    }
}
