//! Keys from the environment: `OMNIGATE__HTTP__LISTEN=0.0.0.0:80`; list entries by name or place: `OMNIGATE__LINK__TS0__WINDOW=20`, `OMNIGATE__USER__0__RATE=5`.

use super::problem::ConfigError;
use std::path::Path;
use toml::{Table, Value};

const PREFIX: &str = "OMNIGATE__";

/// The variables that are keys, as paths in lower case.
pub(super) fn overrides(variables: &[(String, String)]) -> Vec<(String, Vec<String>, String)> {
    let mut found: Vec<_> = variables
        .iter()
        .filter_map(|(name, value)| {
            let path = name.strip_prefix(PREFIX)?.split("__").map(str::to_lowercase).collect();
            Some((name.clone(), path, value.clone()))
        })
        .collect();
    found.sort();
    found
}

/// The text of the file with the variables put in.
pub(super) fn merge(
    file: &Path,
    text: &str,
    overrides: &[(String, Vec<String>, String)],
) -> Result<String, ConfigError> {
    let mut table: Table = text.parse().map_err(|e: toml::de::Error| ConfigError::of_toml(file, text, &e))?;
    for (name, path, value) in overrides {
        put(&mut table, path, value).map_err(|what| ConfigError::whole(file, format!("{name}: {what}")))?;
    }
    toml::to_string(&table).map_err(|e| ConfigError::whole(file, e.to_string()))
}

fn put(table: &mut Table, path: &[String], value: &str) -> Result<(), String> {
    let (first, rest) = path.split_first().ok_or("a key is missing after OMNIGATE__")?;
    if rest.is_empty() {
        table.insert(first.clone(), literal(value));
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
