//! The arrows between crates, read from `cargo metadata`: domain points at nothing, adapters never at a sibling.

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

/// What a room of the house may point at with its ordinary dependencies.
fn allowed(from: &str, to: &str) -> bool {
    let shared = |path: &str| path.starts_with("adapters/shared/");
    match from {
        "domain" => false,
        "ports" => to == "domain",
        "application" => matches!(to, "domain" | "ports"),
        // bench and simulate are thin callers of the load engine.
        "bootstrap" => to != "bootstrap" && (!to.starts_with("tests/") || to == "tests/load"),
        _ if from.starts_with("tests/") => true,
        // docs/adr/0001: serving HTTP, and being a simulated operator, is listening plus a protocol.
        "adapters/shared/http" | "adapters/shared/rehearsal" if to == "adapters/shared/net" => true,
        // docs/adr/0019: the store is three crates that are one room.
        "adapters/sql" if matches!(to, "adapters/sql/base" | "adapters/sql/servers") => true,
        "adapters/sql/servers" if to == "adapters/sql/base" => true,
        _ if shared(from) => matches!(to, "domain" | "ports"),
        _ if from.starts_with("adapters/") => matches!(to, "domain" | "ports") || shared(to),
        _ => false,
    }
}

/// Tests beside the code may also use the fakes and the contract suite.
fn allowed_in_tests(from: &str, to: &str) -> bool {
    allowed(from, to) || matches!(to, "tests/fakes" | "tests/contract")
}

/// All the outside crates that the pure core may name.
const PURE: [&str; 8] = [
    "jiff",
    "thiserror",
    "unicode-normalization",
    "unicode-segmentation",
    "any_ascii",
    "rust_decimal",
    "uuid",
    "ipnet",
];

fn packages() -> Vec<(String, Package)> {
    let root = architecture::root();
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .no_deps()
        .other_options(vec!["--offline".into()])
        .exec()
        .expect("cargo metadata");
    let place = |package: &Package| {
        let directory = package.manifest_path.parent().expect("a manifest lies in a directory");
        directory.as_std_path().strip_prefix(&root).expect("inside the root").to_string_lossy().into_owned()
    };
    metadata.packages.into_iter().map(|package| (place(&package), package)).collect()
}

#[test]
fn no_other_arrows() {
    let packages = packages();
    let mut offences = Vec::new();
    for (from, package) in &packages {
        for dependency in package.dependencies.iter().filter(|d| d.path.is_some()) {
            let Some((to, _)) = packages.iter().find(|(_, p)| p.name.as_str() == dependency.name) else {
                continue;
            };
            let fine = match dependency.kind {
                DependencyKind::Development => allowed_in_tests(from, to),
                _ => allowed(from, to),
            };
            if !fine {
                offences.push(format!("{from} -> {to} ({:?})", dependency.kind));
            }
        }
    }
    architecture::none("arrows that DESIGN 1 does not have", &offences);
}

#[test]
fn every_room_is_known() {
    let rooms = ["domain", "ports", "application", "bootstrap"];
    let offences: Vec<String> = packages()
        .into_iter()
        .map(|(place, _)| place)
        .filter(|p| !rooms.contains(&p.as_str()) && !p.starts_with("adapters/") && !p.starts_with("tests/"))
        .collect();
    architecture::none("crates outside the house", &offences);
}

#[test]
fn the_domain_is_pure() {
    let packages = packages();
    let (_, domain) = packages.iter().find(|(place, _)| place == "domain").expect("the domain");
    let offences: Vec<String> = domain
        .dependencies
        .iter()
        .filter(|d| d.kind == DependencyKind::Normal && !PURE.contains(&d.name.as_str()))
        .map(|d| d.name.clone())
        .collect();
    architecture::none("crates that the domain may not name", &offences);

    let impure = [
        "async fn",
        ".await",
        "std::fs",
        "std::net::Tcp",
        "std::net::Udp",
        "ToSocketAddrs",
        "std::env",
        "std::process",
        "std::thread",
        "println!",
    ];
    architecture::none("effects in the domain", &find("domain/src", &impure));
}

#[test]
fn the_dearest_crates_stay_in_one_room() {
    // docs/adr/0011: operators by HTTP speak XML as well.
    let one_room = [
        ("diesel", &["adapters/sql", "adapters/sql/base", "adapters/sql/servers"][..]),
        ("quick-xml", &["adapters/soap", "adapters/http"]),
        ("anyhow", &["bootstrap"]),
    ];
    let mut offences = Vec::new();
    for (place, package) in packages() {
        for dependency in package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal) {
            for (name, homes) in one_room {
                if dependency.name == name && !homes.contains(&place.as_str()) && !place.starts_with("tests/")
                {
                    offences.push(format!("{place} names {name}, which belongs to {}", homes.join(" and ")));
                }
            }
        }
    }
    architecture::none("crates outside their room", &offences);
}

/// Lines of shipped code under `directory` that hold any of `words`.
fn find(directory: &str, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for source in architecture::sources(directory, ".rs") {
        for (number, line) in source.code() {
            if let Some(word) = words.iter().find(|word| line.contains(**word)) {
                found.push(format!("{}:{number}: {word}", source.path));
            }
        }
    }
    found
}
