//! Each source file says what it is, keeps its proportion and its names (DESIGN 8 and 9).

use architecture::{files, none, shipped, sources};

/// A file beyond this many lines has more than one idea in it. 70 to 220 is the aim.
const MOST_LINES: usize = 600;

/// Names that say nothing about the trade.
const EMPTY_NAMES: [&str; 5] = ["Manager", "Helper", "Util", "Service", "Repository"];

#[test]
fn every_file_says_what_it_is() {
    let offences: Vec<String> = sources(".", ".rs")
        .into_iter()
        .filter(|source| !source.text.trim_start_matches('\u{feff}').starts_with("//!"))
        .map(|source| source.path)
        .collect();
    none("files whose first line is not `//!`", &offences);
}

#[test]
fn no_file_grows_without_end() {
    let offences: Vec<String> = sources(".", ".rs")
        .into_iter()
        .map(|source| (source.text.lines().count(), source.path))
        .filter(|(lines, _)| *lines > MOST_LINES)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect();
    none("files of more than 600 lines", &offences);
}

#[test]
fn nothing_else_stands_among_the_sources() {
    let known = |path: &String| [".rs", ".toml", ".snap"].iter().any(|ending| path.ends_with(ending));
    let offences: Vec<String> =
        files(".").into_iter().filter(|path| path.contains("/src/") && !known(path)).collect();
    none("files in a src directory that are no source", &offences);
}

#[test]
fn names_are_of_the_trade() {
    let mut offences = Vec::new();
    for source in shipped() {
        for (number, line) in source.code() {
            let Some(name) = declared(line) else { continue };
            if EMPTY_NAMES.iter().any(|empty| name.ends_with(empty)) {
                offences.push(format!("{}:{number}: {name}", source.path));
            }
        }
    }
    none("types whose names say nothing", &offences);
}

/// The type that a line declares.
fn declared(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = line.strip_prefix("pub ").or_else(|| line.strip_prefix("pub(crate) ")).unwrap_or(line);
    let rest = ["struct ", "enum ", "trait "].iter().find_map(|keyword| line.strip_prefix(keyword))?;
    rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()
}

#[test]
fn nothing_is_left_for_later() {
    let mut offences = Vec::new();
    for source in shipped() {
        for (number, line) in source.code() {
            if ["todo!(", "unimplemented!(", "#[ignore"].iter().any(|word| line.contains(word)) {
                offences.push(format!("{}:{number}", source.path));
            }
        }
    }
    none("unfinished code", &offences);
}

#[test]
fn no_test_is_switched_off() {
    let switch = concat!("#[", "ignore");
    let offences: Vec<String> = sources(".", ".rs")
        .into_iter()
        .filter(|source| source.text.lines().any(|line| line.trim_start().starts_with(switch)))
        .map(|source| source.path)
        .collect();
    none("tests that are switched off", &offences);
}
