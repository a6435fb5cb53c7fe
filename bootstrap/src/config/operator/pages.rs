//! The pages of `docs/operators/`, made of the profiles and held to them, and that every profile can be served.
//! `OMNIGATE_WRITE_DOCS=1 cargo test -p omnigate operator` writes them anew.

use super::{FILES, Operator};
use crate::config::{Own, read};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operators");

const HEAD: &str = "# Operators

`operator = \"…\"` on a `[[link]]` is a starting point for everything that an operator decides: protocol, keys, window, prefixes, kinds of number, receipts, statuses. It names
no host and no secret: those come with a contract. The link's own keys come before the profile's, one by one; a table such as `numbering` is laid key by key, a list as a whole.
`omnigate link operators` lists them, `omnigate link operators NAME` shows what one sets, `omnigate check` what a link changed of it and what is still missing.

**No operator has been spoken to with these profiles.** Each page says what is confirmed, and by what. Where it differs from the operator's letter, the letter is right.

A profile is a file of `bootstrap/src/config/operators/` and a line in `bootstrap/src/config/operator/mod.rs`; these pages are made of the files by a test.

| name | | speaks |
|---|---|---|
";

/// A value for what a contract brings.
fn example(key: &str) -> &'static str {
    match key {
        "hosts" => "[\"operator.example:5000\"]",
        "system_id" => "\"46701234\"",
        "password" => "{ env = \"TS0_PASSWORD\" }",
        "originator" => "\"Example\"",
        "user" => "\"example\"",
        "url" => "\"https://operator.example\"",
        "callback_url" => "\"https://sms.example.se\"",
        // A secret of its own: it stands in an address that the operator is told, and in the logs of proxies.
        "callback_secret" => "{ env = \"TS0_CALLBACK\" }",
        "secrets.xml_password" => "{ env = \"TS0_XML_PASSWORD\" }",
        _ if key.starts_with("values.") => "\"4711\"",
        other => panic!("no example for {other}"),
    }
}

fn section(operator: &Operator) -> String {
    let mut text = format!("[[link]]\nname = \"TS0\"\noperator = \"{}\"\n", operator.name);
    for key in &operator.needs {
        let _ = writeln!(text, "{key} = {}", example(key));
    }
    text
}

fn page(operator: &Operator) -> String {
    let list = |items: &[String]| items.iter().map(|item| format!("- {item}\n")).collect::<String>();
    let rows: String =
        operator.keys().iter().map(|(key, value)| format!("| `{key}` | `{value}` |\n")).collect();
    format!(
        "# {name}: {title}\n\n{about}\n\n```toml\n{section}```\n\n## Confirmed\n\n{confirmed}\n## Not confirmed\n\n{assumed}\n\
         ## What it sets\n\nWhat each key means: [CONFIG.md](../CONFIG.md).\n\n| key | value |\n|---|---|\n{rows}",
        name = operator.name,
        title = operator.title,
        about = operator.about.en,
        section = section(operator),
        confirmed = list(&operator.confirmed),
        assumed = list(&operator.assumed),
    )
}

fn index() -> String {
    let row = |o: &Operator| format!("| [{0}]({0}.md) | {1} | {2} |\n", o.name, o.title, o.protocol());
    HEAD.to_owned() + &Operator::all().iter().map(row).collect::<String>()
}

#[test]
fn every_file_is_a_profile() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config/operators");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .expect("the folder")
        .map(|file| {
            file.expect("an entry").file_name().to_string_lossy().trim_end_matches(".toml").to_owned()
        })
        .collect();
    assert_eq!(files, FILES.iter().map(|(name, _)| (*name).to_owned()).collect());
    for (name, text) in FILES {
        let sheet: Result<super::Sheet, _> = toml::from_str(text);
        assert!(sheet.is_ok(), "{name}: {}", sheet.err().map(|e| e.to_string()).unwrap_or_default());
    }
}

#[test]
fn every_profile_can_be_served() {
    let variables =
        [("TS0_PASSWORD", "secret"), ("TS0_CALLBACK", "0123456789abcdef"), ("TS0_XML_PASSWORD", "xml")];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    for operator in Operator::all() {
        for (name, _) in &variables {
            assert!(
                section(&operator).matches(&format!("\"{name}\"")).count() <= 1,
                "{}: {name} twice",
                operator.name
            );
        }
        let route = "[[route]]\nto = \"*\"\nlinks = [\"TS0\"]\n[http]\nlisten = \"127.0.0.1:0\"\n";
        let text = section(&operator) + route;
        let loaded = read(Path::new("omnigate.toml"), &text, &variables);
        let loaded = loaded.unwrap_or_else(|error| panic!("{}: {error}", operator.name));
        assert_eq!(loaded.warnings, Vec::<String>::new(), "{}", operator.name);
        let link = &loaded.config.link[0];
        assert_eq!(link.common.protocol.as_str(), operator.protocol());
        let taken = link.taken.as_ref().expect("a profile");
        let kept: BTreeSet<_> = taken.kept.iter().cloned().collect();
        assert_eq!(kept, operator.keys().into_iter().collect(), "{}", operator.name);
        assert!(taken.changed.is_empty() && taken.missing.is_empty(), "{taken:?}");
    }
}

#[test]
fn the_pages_are_fresh() {
    let mut pages: Vec<(String, String)> =
        Operator::all().iter().map(|operator| (format!("{}.md", operator.name), page(operator))).collect();
    pages.push(("README.md".to_owned(), index()));
    for (name, wanted) in &pages {
        let path = Path::new(FOLDER).join(name);
        if std::env::var_os("OMNIGATE_WRITE_DOCS").is_some() {
            std::fs::create_dir_all(FOLDER).expect("the folder");
            std::fs::write(&path, wanted).expect("a page");
        }
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(there == *wanted, "{name} is stale: OMNIGATE_WRITE_DOCS=1 cargo test -p omnigate operator");
    }
    let there = std::fs::read_dir(FOLDER).expect("the folder").count();
    assert_eq!(there, pages.len(), "docs/operators has a page without a profile");
}

fn said(text: &str) -> String {
    let rest = "[[route]]\nto = \"*\"\nlinks = [\"a\"]\n";
    match read(Path::new("x.toml"), &format!("{text}{rest}"), &[]) {
        Err(error) => error.to_string(),
        Ok(loaded) => {
            let taken = loaded.config.link[0].taken.clone();
            let changed = taken.map(|taken| taken.changed).unwrap_or_default();
            let changed = changed.iter().map(|c| format!("{} {} {}", c.key, c.profile, c.link));
            format!("{} | {}", changed.collect::<Vec<_>>().join(", "), loaded.warnings.join("; "))
        }
    }
}

#[test]
fn a_links_own_keys_come_first() {
    let one = "[[link]]\nname = \"a\"\nhosts = [\"h:1\"]\n";
    let smpp = format!("{one}operator = \"tele2\"\n");
    let cases = [
        (
            format!("{one}operator = \"telia\"\n"),
            "x.toml:4: operator: there is no operator \"telia\"; there are: 46elks, advox, cellsynt",
        ),
        (format!("{one}operator = 5\n"), "x.toml:4: operator: invalid type: integer `5`, expected a string"),
        (
            format!("{smpp}protocol = \"ucp\"\n"),
            "x.toml:5: protocol: tele2 speaks \"smpp\" and this link says \"ucp\": leave protocol out",
        ),
        (format!("{smpp}protocol = \"smpp\"\nsystem_id = \"x\"\npassword = \"y\"\n"), " | no door"),
        (
            format!("{smpp}window = 20\nsystem_id = \"x\"\n"),
            "window 10 20 | link.a: tele2 usually wants password: see the operator's letter",
        ),
        (format!("{smpp}[link.numbering]\nname = [5, 1]\n"), "numbering.name [5, 0] [5, 1] | "),
        (format!("{smpp}account_ton = 1\n"), "x.toml:5: account_ton: a key of ucp links; this one is smpp"),
        (format!("{smpp}window = 0\n"), "x.toml:5: link.a.window: 0 is not between 1 and 1000"),
    ];
    for (text, wanted) in cases {
        assert!(said(&text).starts_with(wanted), "{text}\n{}", said(&text));
    }
    let text = format!("{smpp}[link.numbering]\nname = [5, 1]\n[[route]]\nto = \"*\"\nlinks = [\"a\"]\n");
    let loaded = read(Path::new("x.toml"), &text, &[]).expect("a link");
    let Own::Smpp(keys) = &loaded.config.link[0].own else { panic!("smpp") };
    assert_eq!((keys.numbering.name, keys.numbering.short_code), (Some([5, 1]), Some([3, 0])));
}
