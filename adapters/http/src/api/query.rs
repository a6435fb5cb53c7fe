//! Query strings: every parameter is known or refused by name.

use domain::refusal::{Code, Refusal};
use domain::{Words, words};
use std::collections::HashMap;

/// The parameters of a query string.
pub(super) struct Query(HashMap<String, String>);

impl Query {
    /// Reads a query string that may have these parameters, each once; an empty one counts as not given.
    pub(super) fn read(query: Option<&str>, known: &[&str]) -> Result<Self, Refusal> {
        let wrong = |detail: Words| Refusal::because(Code::InvalidParameter, detail);
        let mut found = HashMap::new();
        for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            if !known.contains(&name.as_ref()) {
                return Err(wrong(words!(
                    "okänd parameter {name}; kända: {}",
                    "unknown parameter {name}; known: {}",
                    known.join(", ")
                )));
            }
            if !value.is_empty() && found.insert(name.to_string(), value.into_owned()).is_some() {
                return Err(wrong(words!("{name} är angiven två gånger", "{name} is given twice")));
            }
        }
        Ok(Self(found))
    }

    /// One parameter, read by `parse`.
    pub(super) fn get<T>(
        &self,
        name: &'static str,
        form: impl Into<Words>,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        parse(value).map(Some).ok_or_else(|| Refusal::field(Code::InvalidParameter, name, form))
    }

    /// `limit`: 1 to 1,000, 100 by default.
    pub(super) fn limit(&self) -> Result<usize, Refusal> {
        let inside = |text: &str| text.parse().ok().filter(|limit| (1..=1000).contains(limit));
        Ok(self.get("limit", Words::new("1 till 1000", "1 to 1000"), inside)?.unwrap_or(100))
    }
}
