//! The three databases have the same migrations by name, so that one store text serves them all (DESIGN 3).

use std::collections::BTreeSet;
use std::fs;

const DATABASES: [&str; 3] = ["sqlite", "postgres", "mysql"];

fn names(database: &str) -> BTreeSet<String> {
    let directory = architecture::root().join("adapters/sql/migrations").join(database);
    let Ok(entries) = fs::read_dir(directory) else { return BTreeSet::new() };
    entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn migration_folders_have_equal_names() {
    let first = names(DATABASES[0]);
    assert!(!first.is_empty(), "no migrations in adapters/sql/migrations/sqlite");
    for database in &DATABASES[1..] {
        assert_eq!(first, names(database), "sqlite and {database} differ");
    }
}

#[test]
fn every_migration_can_be_applied() {
    let root = architecture::root().join("adapters/sql/migrations");
    let mut offences = Vec::new();
    for database in DATABASES {
        for name in names(database) {
            if !root.join(database).join(&name).join("up.sql").is_file() {
                offences.push(format!("{database}/{name}"));
            }
        }
    }
    architecture::none("migrations without up.sql", &offences);
}
