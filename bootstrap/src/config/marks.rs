//! What a configuration says, key by key, in a form that two of them can be compared by and that shows no secret.
//!
//! Made of the text and not of the sections: a key that is new tomorrow is compared without anybody having to think of it.

use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use toml::{Table, Value};

/// The digest of each key's value.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Marks(BTreeMap<String, [u8; 32]>);

impl Marks {
    /// Of a text that has been read already.
    pub(super) fn of(text: &str) -> Self {
        let mut marks = Self::default();
        marks.table("", &text.parse().unwrap_or_default());
        marks
    }

    /// The keys that are not the same in both, in order; a section that only one of them has stands before its keys.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let keys: BTreeSet<&String> = self.0.keys().chain(other.0.keys()).collect();
        keys.into_iter().filter(|key| self.0.get(*key) != other.0.get(*key)).cloned().collect()
    }

    fn table(&mut self, before: &str, table: &Table) {
        for (key, value) in table {
            let path = if before.is_empty() { key.clone() } else { format!("{before}.{key}") };
            self.value(path, value);
        }
    }

    fn value(&mut self, path: String, value: &Value) {
        match value {
            Value::Table(table) => {
                self.mark(path.clone(), b"a section");
                self.table(&path, table);
                // A secret in a file: what stands there counts too, also when it cannot be read.
                if let (1, Some(Value::String(file))) = (table.len(), table.get("file")) {
                    let secret = std::fs::read(file).unwrap_or_default();
                    self.mark(format!("{path}.file"), &[file.as_bytes(), &[0], &secret].concat());
                }
            }
            Value::Array(entries) if !entries.is_empty() && entries.iter().all(Value::is_table) => {
                for (place, table) in entries.iter().filter_map(Value::as_table).enumerate() {
                    let name = table.get("name").and_then(Value::as_str);
                    let name = name.map_or_else(|| place.to_string(), str::to_owned);
                    self.value(format!("{path}.{name}"), &Value::Table(table.clone()));
                }
            }
            other => self.mark(path, other.to_string().as_bytes()),
        }
    }

    fn mark(&mut self, path: String, value: &[u8]) {
        self.0.insert(path, Sha256::digest(value).into());
    }
}

impl fmt::Debug for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences(old: &str, new: &str) -> Vec<String> {
        Marks::of(old).differences(&Marks::of(new))
    }

    #[test]
    fn keys_that_differ() {
        let old = "[smtp]\nallow = []\ndomains = [\"a\"]\n[[user]]\nname = \"crm\"\nrate = 1\n";
        assert_eq!(differences(old, old), Vec::<String>::new());
        assert_eq!(differences(old, &old.replace("allow = []", "allow = [\"::1\"]")), ["smtp.allow"]);
        assert_eq!(differences(old, &old.replace("rate = 1\n", "")), ["user.crm.rate"]);
        let more = format!("{old}[telnet]\nlisten = \"x\"\n");
        assert_eq!(differences(old, &more), ["telnet", "telnet.listen"]);
        assert_eq!(differences(&more, old), ["telnet", "telnet.listen"]);
    }

    #[test]
    fn a_secret_that_was_changed_in_its_file() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("secret");
        let text = format!("[callbacks]\nsecret = {{ file = {:?} }}\n", file.to_str().expect("a path"));
        std::fs::write(&file, "one").expect("a file");
        let before = Marks::of(&text);
        std::fs::write(&file, "two").expect("a file");
        assert_eq!(before.differences(&Marks::of(&text)), ["callbacks.secret.file"]);
    }

    #[test]
    fn no_secret_shows() {
        assert_eq!(format!("{:?}", Marks::of("password = \"kanariefagel\"\n")), "{\"password\"}");
    }
}
