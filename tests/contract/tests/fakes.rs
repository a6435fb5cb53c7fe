//! The contract on the store in memory, and a check that no case is left out of the list.

use contract::{Stores, contract_tests};
use fakes::MemoryStore;
use std::sync::Arc;

async fn in_memory() -> Stores {
    Stores::of(&Arc::new(MemoryStore::new()), Box::new(()))
}

contract_tests!(memory, in_memory);

#[test]
fn every_case_is_listed() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let list = std::fs::read_to_string(source.join("list.rs")).expect("the list");
    let listed = |module: &str, case: &str| {
        let section =
            list.split(&format!("            {module}: [")).nth(1).and_then(|rest| rest.split(']').next());
        section.is_some_and(|section| section.lines().any(|line| line.trim() == format!("{case},")))
    };
    for entry in std::fs::read_dir(&source).expect("the cases") {
        let path = entry.expect("a file").path();
        let module = path.file_stem().and_then(|s| s.to_str()).expect("a name").to_owned();
        for line in std::fs::read_to_string(&path).expect("a text").lines() {
            if let Some(case) =
                line.strip_prefix("pub async fn ").and_then(|rest| rest.strip_suffix("(stores: &Stores) {"))
            {
                assert!(listed(&module, case), "{module}::{case} is not in list.rs");
            }
        }
    }
}
