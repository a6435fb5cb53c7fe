//! Reads the repository as text for the tests of the house rules. Never compiles or changes anything.

use std::fs;
use std::path::{Path, PathBuf};

/// Directories that hold no source of ours.
const SKIPPED: [&str; 5] = ["target", ".git", "node_modules", "omnigate-data", "corpus"];

/// The repository's root.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap_or_default()
}

/// One file of the repository.
#[derive(Debug, Clone)]
pub struct Source {
    /// Path from the root, with forward slashes.
    pub path: String,
    /// The whole text.
    pub text: String,
}

impl Source {
    /// The file's name without its directories.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Lines of shipped code, with line numbers from 1: no comments, and nothing that is compiled for tests alone.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines: Vec<&str> = self.text.lines().collect();
        let mut kept = Vec::new();
        let mut index = 0;
        while index < lines.len() {
            if lines[index].starts_with("#[cfg(test)]") {
                // `mod tests;` and `use x;` are one line; anything longer is the test module at the file's end.
                if !lines.get(index + 1).is_some_and(|line| line.ends_with(';')) {
                    break;
                }
                index += 2;
                continue;
            }
            if !lines[index].trim_start().starts_with("//") {
                kept.push((index + 1, lines[index]));
            }
            index += 1;
        }
        kept.into_iter()
    }
}

/// All files under `directory` (from the root) that are text and whose name ends in `suffix`, sorted by path.
#[must_use]
pub fn sources(directory: &str, suffix: &str) -> Vec<Source> {
    let named = files(directory).into_iter().filter(|path| path.ends_with(suffix));
    let read = |path: String| Some(Source { text: fs::read_to_string(root().join(&path)).ok()?, path });
    named.filter_map(read).collect()
}

/// The paths of all files under `directory` (from the root), sorted.
#[must_use]
pub fn files(directory: &str) -> Vec<String> {
    let root = root();
    let mut found = Vec::new();
    let mut open = vec![root.join(directory)];
    while let Some(next) = open.pop() {
        let Ok(entries) = fs::read_dir(&next) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            if !path.is_dir() {
                let path = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
                found.push(path.trim_start_matches("./").to_owned());
            } else if !SKIPPED.contains(&entry.file_name().to_string_lossy().as_ref()) {
                open.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Source files that ship: everything outside `tests/`, tests in a crate's own `tests/` directory left out.
#[must_use]
pub fn shipped() -> Vec<Source> {
    ["domain", "ports", "application", "adapters", "bootstrap"]
        .iter()
        .flat_map(|directory| sources(directory, ".rs"))
        .filter(|source| {
            !["/tests/", "/tests.rs", "/benches/", "/examples/"]
                .iter()
                .any(|place| source.path.contains(place))
        })
        .collect()
}

/// Fails with every offence on a line of its own, so that one run shows all of them.
///
/// # Panics
/// When there is any offence.
pub fn none(rule: &str, offences: &[String]) {
    assert!(offences.is_empty(), "{rule}:\n  {}", offences.join("\n  "));
}
