//! Every path that the README or a document names exists, as a link or as a name in backticks.

use architecture::{Source, none, root, sources};
use std::path::Path;

/// A name in backticks is taken for a path when it begins with one of these.
const ROOMS: [&str; 11] = [
    "domain/",
    "ports/",
    "application/",
    "adapters/",
    "bootstrap/",
    "tests/",
    "docs/",
    "wsdl/",
    "fuzz/",
    ".ci/",
    "packaging/",
];

#[test]
fn every_named_path_exists() {
    let root = root();
    let mut documents = sources("docs", ".md");
    if let Ok(text) = std::fs::read_to_string(root.join("README.md")) {
        documents.push(Source { path: "README.md".into(), text });
    }
    let mut offences = Vec::new();
    for document in &documents {
        let here = root.join(&document.path).parent().map(Path::to_path_buf).unwrap_or_default();
        for name in backticked(&document.text) {
            if ROOMS.iter().any(|room| name.starts_with(room))
                && is_plain(name)
                && !root.join(trim(name)).exists()
            {
                offences.push(format!("{}: `{name}`", document.path));
            }
        }
        for name in links(&document.text) {
            if is_plain(name)
                && !name.contains("://")
                && !name.starts_with('#')
                && !here.join(trim(name)).exists()
            {
                offences.push(format!("{}: ({name})", document.path));
            }
        }
    }
    none("paths in the documents that do not exist", &offences);
}

/// Names with wild cards, holes or spaces are descriptions and not paths.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.contains(['*', '<', '{', ' ', '…', '$', ','])
}

/// Without an anchor and without a line number.
fn trim(name: &str) -> &str {
    let name = name.split(['#', ':']).next().unwrap_or(name);
    name.trim_end_matches('.')
}

fn backticked(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with("```")).flat_map(|line| line.split('`').skip(1).step_by(2))
}

fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

#[test]
fn the_extractors_see_what_they_should() {
    let text = "see `tests/load` and [x](docs/A.md#b), not `a b`";
    assert_eq!(backticked(text).collect::<Vec<_>>(), ["tests/load", "a b"]);
    assert_eq!(links(text).collect::<Vec<_>>(), ["docs/A.md#b"]);
    assert_eq!(trim("docs/A.md#b"), "docs/A.md");
}
