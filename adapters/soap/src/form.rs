//! The children of a wrapper element as named values, in any order: what clients send is not always what the schema's sequence says.
//!
//! Elements must be of the service's namespace or of none (hand-written clients). A name nobody knows is an error, and so is a value given twice:
//! neither is ever dropped silently. Empty and `xsi:nil` elements count as not given, but for
//! an empty time.

use crate::trouble::Trouble;
use crate::xml::{Element, Reader};
use domain::refusal::{Code, Refusal};
use domain::words;

/// Values by name, in the order they came.
#[derive(Debug, Default)]
pub(crate) struct Form {
    values: Vec<(&'static str, String)>,
}

impl Form {
    /// Reads the children of the element that was opened last. `nested` reads children that are no plain values, and says whether it did.
    pub(crate) fn read(
        reader: &mut Reader<'_>,
        names: Names,
        known: &[&'static str],
        mut nested: impl FnMut(&str, &mut Reader<'_>) -> Result<bool, Trouble>,
    ) -> Result<Self, Trouble> {
        let mut form = Self::default();
        while let Some(child) = reader.child()? {
            names.own(&child)?;
            if nested(&child.local, reader)? {
                continue;
            }
            let Some(name) = known.iter().find(|name| **name == child.local) else {
                return Err(names.unexpected(&child));
            };
            let value = reader.text()?;
            if !child.is_nil() {
                form.values.push((name, value));
            }
        }
        Ok(form)
    }

    /// Takes a value that may be given once; `None` when it is missing or empty.
    pub(crate) fn take(&mut self, name: &'static str) -> Result<Option<String>, Refusal> {
        Ok(self.once(name)?.filter(|value| !value.is_empty()))
    }

    fn once(&mut self, name: &'static str) -> Result<Option<String>, Refusal> {
        let mut found = self.all(name);
        match (found.pop(), found.is_empty()) {
            (value, true) => Ok(value),
            _ => Err(Refusal::field(
                Code::InvalidParameter,
                name,
                words!("{name}: angivet mer än en gång", "{name}: given more than once"),
            )),
        }
    }

    /// Takes a value that may be given once and has no empty form, such as a time. Node `soap` and PHP write an empty element for what they cannot write as
    /// one (a `Date`, a `DateTime`): taken as not given, a message that was to go in the morning would go at once.
    pub(crate) fn filled(&mut self, name: &'static str) -> Result<Option<String>, Refusal> {
        self.once(name)
    }

    /// Takes every value of a name but the empty ones.
    pub(crate) fn list(&mut self, name: &'static str) -> Vec<String> {
        let mut values = self.all(name);
        values.retain(|value| !value.trim().is_empty());
        values
    }

    /// Takes every value of a name.
    fn all(&mut self, name: &'static str) -> Vec<String> {
        let (taken, left) = std::mem::take(&mut self.values).into_iter().partition(|(n, _)| *n == name);
        self.values = left;
        let taken: Vec<(&str, String)> = taken;
        taken.into_iter().map(|(_, value)| value).collect()
    }
}

/// For [`Form::read`] where there is nothing nested.
pub(crate) fn plain(_: &str, _: &mut Reader<'_>) -> Result<bool, Trouble> {
    Ok(false)
}

/// The namespace that a service's elements are of; one that ends in `/` stands for all that begin with it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names(pub &'static str);

impl Names {
    fn are_of(self, namespace: &str) -> bool {
        namespace == self.0 || (self.0.ends_with('/') && namespace.starts_with(self.0))
    }

    /// Makes sure that an element may be ours.
    pub(crate) fn own(self, element: &Element) -> Result<(), Trouble> {
        match element.namespace.as_deref() {
            Some(namespace) if !self.are_of(namespace) => Err(self.unexpected(element)),
            _ => Ok(()),
        }
    }

    /// The fault about an element that nobody expects there.
    pub(crate) fn unexpected(self, element: &Element) -> Trouble {
        let name: String = element.local.chars().take(60).collect();
        let ours = self.0;
        let detail = if element.namespace.as_deref().is_some_and(|n| !self.are_of(n)) {
            words!(
                "elementet {name} hör inte till namnrymden {ours}",
                "the element {name} is not of namespace {ours}"
            )
        } else {
            words!("okänt element {name}", "unknown element {name}")
        };
        Refusal::because(Code::Malformed, detail).into()
    }
}
