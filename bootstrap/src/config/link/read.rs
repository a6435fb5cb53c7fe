//! Takes the `[[link]]` sections apart: common keys, the protocol's own, and those of other protocols, which are refused by name.
//!
//! Serde's own ways of putting two structures in one table (`flatten`, tagged enums) lose the places of the values, and with them the
//! lines that `check` shows; so the table is divided before serde sees it.

use super::{Common, Link, Protocol};
use crate::config::operator;
use crate::config::problem::Problem;
use serde::Deserialize;
use serde::de::value::Error as Stop;
use serde::de::{Deserializer, Error as _, Visitor};
use std::cell::Cell;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

/// What is said of a link that is none.
const NO_SECTION: &str = "a link is a section: [[link]]";

/// The links of a text, or everything that is wrong with how they are written.
///
/// # Errors
/// One problem for each link that cannot be read. A text that is no TOML is an error of who read it first; here it has no links.
pub(in crate::config) fn read(text: &str) -> Result<Vec<Link>, Vec<Problem>> {
    let Ok(root) = DeTable::parse(text) else { return Ok(Vec::new()) };
    let Some(found) = root.into_inner().remove("link") else { return Ok(Vec::new()) };
    let span = found.span();
    let DeValue::Array(sections) = found.into_inner() else {
        return Err(vec![Problem::at(text, span.start, "link", NO_SECTION)]);
    };
    let (mut links, mut problems) = (Vec::new(), Vec::new());
    for section in sections {
        let span = section.span();
        let link = match section.into_inner() {
            DeValue::Table(table) => link(text, table, span),
            _ => Err(vec![Problem::at(text, span.start, "link", NO_SECTION)]),
        };
        match link {
            Ok(link) => links.push(link),
            Err(wrong) => problems.extend(wrong),
        }
    }
    if problems.is_empty() { Ok(links) } else { Err(problems) }
}

fn link<'t>(text: &'t str, mut table: DeTable<'t>, span: Range<usize>) -> Result<Link, Vec<Problem>> {
    let taken = operator::lay_under(text, &mut table)?;
    let known = keys_of::<Common>();
    let (common, own): (DeTable<'_>, DeTable<'_>) =
        table.into_iter().partition(|(key, _)| known.contains(&key.get_ref().as_ref()));
    let said = |error: Error| vec![Problem::of_toml(text, &error)];
    let places: Vec<_> = common.keys().map(|key| (key.get_ref().to_string(), key.span().start)).collect();
    let common = Common::deserialize(deserializer(common, &span)).map_err(said)?;
    let protocol = common.protocol;
    let without = places.iter().filter(|(key, _)| protocol.without().contains(&key.as_str()));
    let useless = without.map(|(key, at)| {
        Problem::at(text, *at, key, format!("a {} link has no use for it", protocol.as_str()))
    });
    let strangers =
        own.keys().filter(|key| !protocol.own_keys().contains(&key.get_ref().as_ref())).map(|key| {
            Problem::at(text, key.span().start, key.get_ref().as_ref(), stranger(protocol, key.get_ref()))
        });
    let problems: Vec<_> = useless.chain(strangers).collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let own = protocol.read(deserializer(own, &span)).map_err(said)?;
    Ok(Link { common, own, taken })
}

fn deserializer<'i>(table: DeTable<'i>, span: &Range<usize>) -> toml::de::Deserializer<'i> {
    Spanned::new(span.clone(), table).into()
}

/// What to say of a key that this protocol does not have.
fn stranger(protocol: Protocol, key: &str) -> String {
    let others = Protocol::ALL.iter().filter(|p| **p != protocol && p.own_keys().contains(&key));
    let others: Vec<_> = others.map(|p| p.as_str()).collect();
    let name = protocol.as_str();
    if !others.is_empty() {
        return format!("a key of {} links; this one is {name}", others.join(" and "));
    }
    let common = keys_of::<Common>().iter().filter(|key| !protocol.without().contains(key));
    let keys: Vec<_> = common.chain(protocol.own_keys()).map(|key| format!("`{key}`")).collect();
    format!("unknown field `{key}`, a {name} link has {}", keys.join(", "))
}

/// The fields that serde reads of a structure: the derive tells them to whoever deserializes.
pub(super) fn keys_of<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let keys = Cell::new(&[][..]);
    let _ = T::deserialize(Ask(&keys));
    keys.get()
}

/// Hears which fields a structure has, and reads nothing.
struct Ask<'a>(&'a Cell<&'static [&'static str]>);

impl<'de> Deserializer<'de> for Ask<'_> {
    type Error = Stop;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Stop> {
        self.0.set(fields);
        Err(Stop::custom("asked"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Stop> {
        Err(Stop::custom("no structure"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        match read(text) {
            Ok(links) => format!("{} links", links.len()),
            Err(problems) => {
                let one = |p: &Problem| format!("{}:{}: {}", p.line.unwrap_or(0), p.key, p.what);
                problems.iter().map(one).collect::<Vec<_>>().join("\n")
            }
        }
    }

    #[test]
    fn keys_are_those_of_the_structures() {
        assert!(keys_of::<Common>().contains(&"hosts"));
        assert!(Protocol::Smpp.own_keys().contains(&"system_id"));
        for protocol in Protocol::ALL {
            let twice = protocol.own_keys().iter().filter(|key| keys_of::<Common>().contains(key));
            assert_eq!(twice.count(), 0, "a key of every link is none of {} alone", protocol.as_str());
        }
    }

    #[test]
    fn places_and_words() {
        let one = "[[link]]\nname = \"a\"\nprotocol = \"smpp\"\n";
        let cases = [
            (String::new(), "0 links"),
            (format!("{one}{one}"), "2 links"),
            (one.replace("smpp", "x25"), "3:protocol: unknown variant `x25`, expected"),
            (one.replace("name = \"a\"\n", ""), "1:: missing field `name`"),
            (
                format!("{one}window = \"x\"\n"),
                "4:window: invalid type: string \"x\", expected a whole number from",
            ),
            (format!("{one}\nenquire_link = \"x\"\n"), "5:enquire_link: \"x\": a length of time"),
            (
                format!("{one}colour = 1\n"),
                "4:colour: unknown field `colour`, a smpp link has `name`, `operator`, `protocol`, `hosts`",
            ),
            ("link = 5".to_owned(), "1:link: a link is a section: [[link]]"),
            ("\n[link]\nname = \"a\"\nnonsense = 5\n".to_owned(), "2:link: a link is a section: [[link]]"),
            ("link = [5]".to_owned(), "1:link: a link is a section: [[link]]"),
        ];
        for (text, wanted) in cases {
            assert!(said(&text).starts_with(wanted), "{text}\n{}", said(&text));
        }
    }
}
