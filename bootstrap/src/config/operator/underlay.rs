//! Lays an operator's keys under those of a link: what the link says itself stays, tables key by key, lists and values as a whole.

use super::Operator;
use crate::config::problem::Problem;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What a link took of its operator's profile.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The profile.
    pub operator: &'static str,
    /// Keys that hold because the profile sets them, and their values.
    pub kept: Vec<(String, String)>,
    /// Keys that the link sets otherwise.
    pub changed: Vec<Changed>,
    /// Keys that come with the operator's contract and that the link does not have.
    pub missing: Vec<String>,
}

/// A key that a link sets otherwise than its operator's profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The key: `numbering.name`.
    pub key: String,
    /// What the profile says.
    pub profile: String,
    /// What the link says, and what holds.
    pub link: String,
}

/// Lays the profile that a link names under its keys; nothing when it names none. What comes from the profile stands, for problems with
/// it, where the profile is named.
///
/// # Errors
/// An operator that is not known; a link that says another protocol than its operator speaks.
pub(in crate::config) fn lay_under<'t>(
    text: &'t str,
    link: &mut DeTable<'t>,
) -> Result<Option<Taken>, Vec<Problem>> {
    // Of another type it is refused by who reads the link.
    let Some((name, at)) = link.get("operator").and_then(|value| match value.get_ref() {
        DeValue::String(name) => Some((name.to_string(), value.span())),
        _ => None,
    }) else {
        return Ok(None);
    };
    let unknown = || {
        let what = format!("there is no operator {name:?}; there are: {}", Operator::names().join(", "));
        vec![Problem::at(text, at.start, "operator", what)]
    };
    let operator = Operator::named(&name).ok_or_else(unknown)?;
    let sheet = DeTable::parse(operator.text).map_err(|_| unknown())?.into_inner().remove("link");
    let Some(DeValue::Table(under)) = sheet.map(Spanned::into_inner) else { return Err(unknown()) };
    let mut layer = Layer { text, under: operator.text, at, kept: Vec::new(), changed: Vec::new() };
    let place = link.get("protocol").map_or(layer.at.start, |value| value.span().start);
    layer.lay("", under, link);
    if let Some(changed) = layer.changed.iter().find(|changed| changed.key == "protocol") {
        let what = format!(
            "{name} speaks {} and this link says {}: leave protocol out, or name another operator",
            changed.profile, changed.link
        );
        return Err(vec![Problem::at(text, place, "protocol", what)]);
    }
    let missing = operator.needs.iter().filter(|key| !has(link, key)).cloned().collect();
    Ok(Some(Taken { operator: operator.name, kept: layer.kept, changed: layer.changed, missing }))
}

struct Layer<'t> {
    text: &'t str,
    under: &'static str,
    at: Range<usize>,
    kept: Vec<(String, String)>,
    changed: Vec<Changed>,
}

impl<'t> Layer<'t> {
    fn lay(&mut self, before: &str, under: DeTable<'static>, over: &mut DeTable<'t>) {
        for (key, value) in under {
            let path = format!("{before}{}", key.get_ref());
            let theirs = written(self.under, &value);
            match (
                over.get_mut(key.get_ref().as_ref()).map(|own| (own.span(), own.get_mut())),
                value.into_inner(),
            ) {
                (None, value) => {
                    self.keep(&path, &theirs, &value);
                    let key = Spanned::new(self.at.clone(), key.into_inner());
                    over.insert(key, self.placed(value));
                }
                (Some((_, DeValue::Table(own))), DeValue::Table(value)) => {
                    self.lay(&format!("{path}."), value, own);
                }
                (Some((span, _)), _) => {
                    let ours = self.text.get(span).unwrap_or_default().to_owned();
                    if ours != theirs {
                        self.changed.push(Changed { key: path, profile: theirs, link: ours });
                    }
                }
            }
        }
    }

    /// Remembers a key, or the keys of a table.
    fn keep(&mut self, path: &str, written: &str, value: &DeValue<'static>) {
        let DeValue::Table(table) = value else {
            self.kept.push((path.to_owned(), written.to_owned()));
            return;
        };
        for (key, value) in table {
            self.keep(
                &format!("{path}.{}", key.get_ref()),
                &self::written(self.under, value),
                value.get_ref(),
            );
        }
    }

    /// A value of the profile, as if it stood where the profile is named.
    fn placed(&self, value: DeValue<'static>) -> Spanned<DeValue<'t>> {
        let value = match value {
            DeValue::Array(items) => {
                DeValue::Array(items.into_iter().map(|item| self.placed(item.into_inner())).collect())
            }
            DeValue::Table(table) => DeValue::Table(
                table
                    .into_iter()
                    .map(|(key, value)| {
                        (Spanned::new(self.at.clone(), key.into_inner()), self.placed(value.into_inner()))
                    })
                    .collect(),
            ),
            other => other,
        };
        Spanned::new(self.at.clone(), value)
    }
}

/// Whether a table has a key, `values.customer_id` for one of a table in it.
fn has(table: &DeTable<'_>, path: &str) -> bool {
    match path.split_once('.') {
        None => table.contains_key(path),
        Some((first, rest)) => match table.get(first).map(Spanned::get_ref) {
            Some(DeValue::Table(inner)) => has(inner, rest),
            _ => false,
        },
    }
}

/// A value as it is written.
fn written(text: &str, value: &Spanned<DeValue<'_>>) -> String {
    text.get(value.span()).unwrap_or_default().to_owned()
}
