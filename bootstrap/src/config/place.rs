//! Where a key stands in a text, by its path: `node.name`, `link.TS0.window`, `mo.0.answers`. Entries of lists go by name or number.
//!
//! For problems with values whose type does not carry its place.

use toml::de::{DeTable, DeValue};

/// Where a key stands, as an octet offset; `None` when it is not there.
pub(super) fn exact(text: &str, path: &str) -> Option<usize> {
    in_table(DeTable::parse(text).ok()?.get_ref(), &path.to_lowercase())
}

/// Where a key stands, or the section it would stand in.
pub(super) fn near(text: &str, path: &str) -> Option<usize> {
    exact(text, path).or_else(|| near(text, path.rsplit_once('.')?.0))
}

/// The line of an octet offset, 1-based.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|b| *b == b'\n').count()
}

fn in_table(table: &DeTable<'_>, path: &str) -> Option<usize> {
    table.iter().find_map(|(key, value)| match after(path, key.get_ref())? {
        "" => Some(key.span().start),
        rest => in_value(value.get_ref(), rest),
    })
}

fn in_value(value: &DeValue<'_>, path: &str) -> Option<usize> {
    let entries = match value {
        DeValue::Table(table) => return in_table(table, path),
        DeValue::Array(entries) => entries,
        _ => return None,
    };
    entries.iter().enumerate().find_map(|(number, entry)| {
        let DeValue::Table(table) = entry.get_ref() else { return None };
        let by_name = match table.get("name").map(|name| name.get_ref()) {
            Some(DeValue::String(name)) => after(path, name),
            _ => None,
        };
        match by_name.or_else(|| after(path, &number.to_string()))? {
            "" => Some(entry.span().start),
            rest => in_table(table, rest),
        }
    })
}

/// What is left of a path after a name; names may have dots in them.
fn after<'p>(path: &'p str, name: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(name.to_lowercase().as_str())?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('.') }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_keys() {
        let text = "[node]\nname = \"a\"\n[[link]]\nname = \"A.b\"\nwindow = 5\n[link.numbering]\nbind = [0, 0]\n[[mo]]\n[[mo]]\n\nanswers = true\n";
        for (path, line) in [
            ("node", Some(1)),
            ("node.name", Some(2)),
            ("link.A.b", Some(3)),
            ("link.a.b.window", Some(5)),
            ("link.0.window", Some(5)),
            ("link.A.b.numbering.bind", Some(7)),
            ("mo.1.answers", Some(11)),
            ("mo.0.answers", None),
            ("node.nam", None),
            ("link.A.window", None),
        ] {
            assert_eq!(exact(text, path).map(|at| line_of(text, at)), line, "{path}");
        }
        assert_eq!(near(text, "node.drain").map(|at| line_of(text, at)), Some(1));
        assert_eq!(near(text, "smtp.domains"), None);
    }
}
