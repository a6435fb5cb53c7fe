//! Keys from the environment: `OMNIGATE__HTTP__LISTEN=0.0.0.0:80`; list entries by name or place: `OMNIGATE__LINK__TS0__WINDOW=20`, `OMNIGATE__USER__0__RATE=5`.

use super::place;
use super::problem::{ConfigError, Problem};
use crate::swedish;
use domain::language::{Language, Words};
use std::ffi::OsString;
use std::path::Path;
use toml::{Table, Value};

const PREFIX: &str = "OMNIGATE__";

/// A variable that is a key.
pub(super) struct Override {
    name: String,
    /// In lower case.
    path: Vec<String>,
    value: String,
    /// What was wrong with it as a number or the like; it is put in as text then.
    refused: Option<Words>,
}

impl Override {
    fn literal(&self) -> Value {
        match self.refused {
            Some(_) => Value::String(self.value.clone()),
            None => literal(&self.value),
        }
    }

    /// Where it stands in the text that it has been put into.
    fn line(&self, merged: &str) -> Option<usize> {
        line(merged, &self.path)
    }

    /// Where the sections begin that it stands in.
    fn sections(&self, merged: &str) -> impl Iterator<Item = Option<usize>> {
        (1..self.path.len()).map(move |depth| line(merged, self.path.get(..depth).unwrap_or_default()))
    }
}

fn line(merged: &str, path: &[String]) -> Option<usize> {
    place::exact(merged, &path.join(".")).map(|at| place::line_of(merged, at))
}

/// The variables as texts. One that is none and of no concern to us is left out.
///
/// # Errors
/// The name of a key's variable that is not UTF-8.
pub(super) fn readable(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    for (name, value) in variables {
        match (name.into_string(), value.into_string()) {
            (Ok(name), Ok(value)) => found.push((name, value)),
            (Ok(name), Err(_)) if name.starts_with(PREFIX) => return Err(name),
            (Err(name), _) if name.to_string_lossy().starts_with(PREFIX) => {
                return Err(name.to_string_lossy().into_owned());
            }
            _ => {}
        }
    }
    Ok(found)
}

/// The variables that are keys.
pub(super) fn overrides(variables: &[(String, String)]) -> Vec<Override> {
    let mut found: Vec<_> = variables
        .iter()
        .filter_map(|(name, value)| {
            let path = name.strip_prefix(PREFIX)?.split("__").map(str::to_lowercase).collect();
            Some(Override { name: name.clone(), path, value: value.clone(), refused: None })
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// The text of the file with the variables put in.
pub(super) fn merge(file: &Path, text: &str, overrides: &[Override]) -> Result<String, ConfigError> {
    let mut table: Table = text.parse().map_err(|e: toml::de::Error| ConfigError::of_toml(file, text, &e))?;
    for over in overrides {
        put(&mut table, &over.path, over.literal())
            .map_err(|what| ConfigError::new(file, vec![Problem::whole(over.name.clone(), what)]))?;
    }
    toml::to_string(&table).map_err(|e| ConfigError::whole(file, e.to_string()))
}

/// A variable has no type: what reads like a number and is refused as one (a password of digits) is text. Whether any was changed to that.
pub(super) fn as_text(merged: &str, problems: &[Problem], overrides: &mut [Override]) -> bool {
    let mut any = false;
    for over in overrides.iter_mut().filter(|over| over.refused.is_none() && !literal(&over.value).is_str()) {
        let line = over.line(merged);
        if let Some(problem) = problems.iter().find(|problem| line.is_some() && problem.line == line) {
            over.refused = Some(problem.what.clone());
            any = true;
        }
    }
    any
}

/// A problem of the merged text as people can find it: by the variable it comes from, else by the line of the file.
pub(super) fn shown(problem: Problem, text: &str, merged: &str, overrides: &[Override]) -> Problem {
    let culprit = overrides.iter().find(|over| problem.line.is_some() && over.line(merged) == problem.line);
    if let Some(over) = culprit {
        return Problem::whole(over.name.clone(), over.refused.clone().unwrap_or(problem.what));
    }
    let line = place::exact(text, &problem.key).map(|at| place::line_of(text, at));
    Problem { line, ..problem }
}

/// The same of a text that could not be read, while the file alone could.
pub(super) fn unread(problem: Problem, text: &str, merged: &str, overrides: &[Override]) -> Problem {
    let (key, problem_line) = (problem.key.clone(), problem.line);
    let shown = shown(problem, text, merged, overrides);
    if shown.key != key {
        return shown;
    }
    let inside =
        |over: &&Override| problem_line.is_some() && over.sections(merged).any(|line| line == problem_line);
    let mut names: Vec<&str> = overrides.iter().filter(inside).map(|over| over.name.as_str()).collect();
    if names.is_empty() {
        names = overrides.iter().map(|over| over.name.as_str()).collect();
    }
    let (names, in_swedish) = (names.join(", "), swedish::words(&shown.what, Language::Swedish));
    let what = Words::new(
        format!("med {names} ur miljön ovanpå: {in_swedish}"),
        format!("with {names} of the environment over it: {}", shown.what),
    );
    Problem::whole(key, what)
}

fn put(table: &mut Table, path: &[String], value: Value) -> Result<(), String> {
    let (first, rest) = path.split_first().ok_or("a key is missing after OMNIGATE__")?;
    if rest.is_empty() {
        table.insert(first.clone(), value);
        return Ok(());
    }
    match table.entry(first.clone()).or_insert_with(|| Value::Table(Table::new())) {
        Value::Table(inner) => put(inner, rest, value),
        Value::Array(entries) => {
            let (which, rest) = rest.split_first().ok_or("which entry?")?;
            let by_place = which.parse::<usize>().ok();
            let named =
                |v: &Value| v.get("name").and_then(Value::as_str).is_some_and(|n| n.to_lowercase() == *which);
            let at = by_place
                .or_else(|| entries.iter().position(named))
                .ok_or_else(|| format!("there is no {first} called {which}"))?;
            match entries.get_mut(at) {
                Some(Value::Table(inner)) => put(inner, rest, value),
                _ => Err(format!("there is no {first} number {at}")),
            }
        }
        _ => Err(format!("{first} is not a section")),
    }
}

/// `true`, `5`, `["a"]` and `{ env = "X" }` are read as TOML; everything else is text.
fn literal(value: &str) -> Value {
    let typed = format!("v = {value}").parse::<Table>().ok().and_then(|mut t| t.remove("v"));
    match typed {
        Some(
            v @ (Value::Boolean(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Array(_)
            | Value::Table(_)
            | Value::String(_)),
        ) => v,
        _ => Value::String(value.to_owned()),
    }
}
