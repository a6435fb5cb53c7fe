//! The reference of the configuration, made from the sections' own comments and defaults, and held to `docs/CONFIG.md`.
//!
//! It reads the source text of the sections: a key without a comment, or a default that it cannot write in TOML, fails the test.
//! `OMNIGATE_WRITE_DOCS=1 cargo test -p omnigate reference` writes the document anew.

use std::collections::BTreeMap;
use std::path::Path;

const SOURCES: &[&str] = &[
    include_str!("sections/node.rs"),
    include_str!("sections/alarm.rs"),
    include_str!("sections/http.rs"),
    include_str!("sections/oms.rs"),
    include_str!("sections/mail.rs"),
    include_str!("sections/telnet.rs"),
    include_str!("sections/received.rs"),
    include_str!("sections/route.rs"),
    include_str!("link/mod.rs"),
    include_str!("link/smpp.rs"),
    include_str!("link/ucp.rs"),
    include_str!("link/modem.rs"),
    include_str!("link/cimd2.rs"),
    include_str!("link/tap.rs"),
    include_str!("link/line.rs"),
    include_str!("link/http.rs"),
    include_str!("user.rs"),
    include_str!("class.rs"),
];

/// Sections in the order of the document, by their names in the file.
const ORDER: &[&str] = &[
    "[node]",
    "[database]",
    "[defaults]",
    "[minicall]",
    "[http]",
    "[oms]",
    "[smtp]",
    "[[smtp.domain]]",
    "[[smtp.sender]]",
    "[smtp.relay]",
    "[telnet]",
    "[[link]]",
    "[[link]] protocol = \"smpp\"",
    "[link.numbering]",
    "[[link]] protocol = \"ucp\"",
    "[[link]] protocol = \"modem\"",
    "[[link]] protocol = \"cimd2\"",
    "[[link]] protocol = \"tap\"",
    "[link.line]",
    "[[link]] protocol = \"http\"",
    "[link.tls]",
    "[[route]]",
    "[[class]]",
    "[[user]]",
    "[[mo]]",
    "[callbacks]",
    "[alarm]",
    "[retention]",
    "[log]",
    "[file]",
];

const HEAD: &str = "# Configuration

One TOML file, `omnigate.toml` unless `--config` names another. Made from the comments of the sections in `bootstrap/src/config/`; a test
keeps it so. `omnigate check` reads a file as `serve` would and names file, line, key and what is allowed; `serve` refuses what `check`
refuses. A key that does not exist is an error.

- **Environment.** Every key is also `OMNIGATE__SECTION__KEY`: `OMNIGATE__HTTP__LISTEN=0.0.0.0:8080` comes over `[http] listen`.
  What reads like a number or `true` is text where the key wants text.
- **Secrets.** A text, `{ file = \"/run/secrets/x\" }` (its last line end is cut off) or `{ env = \"NAME\" }`.
- **Times.** `\"500ms\"`, `\"30s\"`, `\"10m\"`, `\"48h\"`, `\"90d\"`, or a number of seconds.
- **Bounds.** Every number and every time has a least and a most; `check` says which. Names that differ in the case of letters only are refused;
  an entry that stands twice in a list is told of.
- **Addresses.** `\"10.1.0.0/16\"`, `\"::1\"`. Lists of who may connect are empty for everybody.
- **TLS of a door.** `tls = { cert = \"chain.pem\", key = \"key.pem\" }`; SIGHUP reads them again.
- **Reload.** SIGHUP reads the file again. Users, routes, rules, classes, defaults and links change at once; a link that is set as before keeps
  its connections. Who comes to a door after it is met by the door's new `allow`, and at the `[smtp]` and the `[telnet]` door by their new
  settings (domains, templates, limits); who is inside keeps his. A user who is logged in there is looked up again with each thing he asks: when he
  is gone, switched off or has a new password he must log in again. At the next start change: `listen`, `tls` (its path), `max_connections`,
  `max_per_address` and `patience` of the doors, `[smtp.relay]` and `telnet.passcode_key`, all else of `[http]`, `[oms]`, `[callbacks]`, `[database]` and `[log]`, `[node]` but for `drain`,
  `[retention]` but for `receipt_grace`, `alarm.mail`, a user's `callback_secret`, doors that come or go, and of `defaults` what the HTTP doors
  and mail say by `language` and search by `country`. Each of them that differs from what is in force is named in the log. A file that is wrong
  changes nothing.
- **Users** of the file cannot be changed by `omnigate user`; those of the database can, and come first where both have a name.

A door whose section is absent stays closed. \"–\" stands for no default; **needed** for keys that must be given.
";

struct Key {
    name: String,
    kind: String,
    comment: String,
    /// The serde default of the key itself: `None` = of the section.
    own_default: Option<String>,
}

struct Section {
    heading: String,
    comment: String,
    keys: Vec<Key>,
    defaults: BTreeMap<String, String>,
    /// Whether keys may be left out because the section as a whole has defaults.
    whole: bool,
}

fn sections(source: &str) -> Vec<Section> {
    let lines: Vec<&str> = source.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(name) = line.strip_prefix("pub struct ").and_then(|l| l.strip_suffix(" {")) else {
            continue;
        };
        let above: Vec<&str> = lines[..at]
            .iter()
            .rev()
            .take_while(|l| l.starts_with("///") || l.starts_with("#["))
            .copied()
            .collect();
        let comment: Vec<&str> = above.iter().rev().filter_map(|l| l.strip_prefix("/// ")).collect();
        let comment = comment.join(" ");
        let heading = match comment.strip_prefix('`').and_then(|c| c.split('`').next()) {
            Some(heading) if heading.starts_with('[') => heading.to_owned(),
            _ if name == "LinkTls" => "[link.tls]".to_owned(),
            _ => continue,
        };
        let comment = comment.split_once("`:").map_or(String::new(), |(_, rest)| rest.trim().to_owned());
        let whole = above.iter().any(|l| l.starts_with("#[serde(") && l.contains("default"));
        let body = &lines[at + 1..];
        let defaults = defaults(&lines, name);
        found.push(Section { heading, comment, keys: keys(body, &lines), defaults, whole });
    }
    found
}

fn keys(body: &[&str], lines: &[&str]) -> Vec<Key> {
    let (mut keys, mut comment, mut own_default) = (Vec::new(), String::new(), None);
    for line in body.iter().take_while(|l| **l != "}").map(|l| l.trim()) {
        if let Some(text) = line.strip_prefix("/// ") {
            comment = format!("{comment} {text}").trim().to_owned();
        } else if line.starts_with("#[serde(default") {
            own_default = Some(made_by(line, lines));
        } else if let Some((name, kind)) = line.strip_prefix("pub ").and_then(|l| l.split_once(": ")) {
            let kind = kind.trim_end_matches(',').to_owned();
            keys.push(Key {
                name: name.to_owned(),
                kind,
                comment: std::mem::take(&mut comment),
                own_default: own_default.take(),
            });
        }
    }
    keys
}

/// Every key that takes a number or a time, by its path, and whether it is a time.
pub(super) fn measured() -> Vec<(String, bool)> {
    let mut found = Vec::new();
    for section in SOURCES.iter().flat_map(|source| sections(source)) {
        let path = section.heading.split(' ').next().unwrap_or_default();
        let path = path.trim_matches(['[', ']']);
        for key in &section.keys {
            let kind = key
                .kind
                .trim_start_matches("Option<")
                .trim_start_matches("Vec<")
                .trim_start_matches("Spanned<");
            let is_time = kind.starts_with("Period");
            let is_number = ["u8", "u16", "u32", "u64", "usize"].contains(&kind.trim_end_matches('>'));
            if is_time || is_number {
                found.push((format!("{path}.{}", key.name), is_time));
            }
        }
    }
    found
}

/// What the function of `#[serde(default = "name")]` gives; nothing for a plain `#[serde(default)]`.
fn made_by(line: &str, lines: &[&str]) -> String {
    let Some(name) = line.split('"').nth(1).and_then(|path| path.rsplit("::").next()) else {
        return String::new();
    };
    if name == "yes" {
        return "true".to_owned();
    }
    let head = format!("fn {name}() -> ");
    let at = lines.iter().position(|l| l.starts_with(&head));
    let body = at.and_then(|at| lines.get(at + 1)).map(|l| l.trim());
    body.unwrap_or_else(|| panic!("no function {name}")).replace('_', "")
}

/// `name: expression` of the section's `impl Default`.
fn defaults(lines: &[&str], name: &str) -> BTreeMap<String, String> {
    let Some(start) = lines.iter().position(|l| **l == format!("impl Default for {name} {{")) else {
        return BTreeMap::new();
    };
    let text: String =
        lines[start..].iter().take_while(|l| **l != "}").map(|l| format!(" {}", l.trim())).collect();
    let Some(body) =
        text.split_once("Self {").and_then(|(_, rest)| rest.split_once("Self {").or(Some(("", rest))))
    else {
        return BTreeMap::new();
    };
    let body = body.1.trim().trim_end_matches(['}', ' ']);
    let mut found = BTreeMap::new();
    for part in split(body) {
        if let Some((key, value)) = part.split_once(':') {
            found.insert(key.trim().to_owned(), literal(value.trim()));
        }
    }
    found
}

/// Splits at commas that stand in no brackets and no quotes.
fn split(text: &str) -> Vec<String> {
    let (mut parts, mut depth, mut quoted) = (vec![String::new()], 0, false);
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            '(' | '{' | '[' if !quoted => depth += 1,
            ')' | '}' | ']' if !quoted => depth -= 1,
            ',' if depth == 0 && !quoted => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    parts
}

/// A Rust expression as it would stand in the file.
fn literal(expression: &str) -> String {
    let inside =
        |before: &str, after: &str| expression.strip_prefix(before).and_then(|e| e.strip_suffix(after));
    let quoted = |text: &str| format!("\"{}\"", text.trim_matches('"'));
    if let Some(text) = inside("\"", "\".to_owned()")
        .or(inside("spanned(\"", "\")"))
        .or(inside("Spanned::new(0..0, \"", "\".to_owned())"))
        .or(inside("PathBuf::from(\"", "\")"))
    {
        return quoted(text);
    }
    for (unit, letter) in [("millis", "ms"), ("secs", "s"), ("mins", "m"), ("hours", "h")] {
        if let Some(number) = inside(&format!("Period(Duration::from_{unit}("), "))") {
            let number = product(number);
            let days = letter == "h" && number.is_multiple_of(24) && number > 48;
            return if days { format!("\"{}d\"", number / 24) } else { format!("\"{number}{letter}\"") };
        }
    }
    if let Some(list) = inside("ranges(&", ")") {
        return list.to_owned();
    }
    match expression {
        "None" => "–".to_owned(),
        "Vec::new()" => "[]".to_owned(),
        "true" | "false" => expression.to_owned(),
        _ if expression.contains("::") => {
            quoted(&expression.rsplit("::").next().unwrap_or_default().to_lowercase())
        }
        _ => product(expression).to_string(),
    }
}

fn product(expression: &str) -> u64 {
    let number = |factor: &str| factor.trim().replace('_', "").parse::<u64>();
    expression
        .split('*')
        .map(|factor| number(factor).unwrap_or_else(|_| panic!("no TOML for {expression:?}")))
        .product()
}

fn default_of(section: &Section, key: &Key) -> String {
    let optional = key.kind.starts_with("Option<");
    match (section.defaults.get(&key.name), &key.own_default) {
        (Some(value), _) => format!("`{value}`").replace("`–`", "–"),
        (None, Some(own)) if !own.is_empty() => format!("`{own}`"),
        _ if optional => "–".to_owned(),
        (None, own) if own.is_some() || section.whole => match key.kind.as_str() {
            "String" => "`\"\"`".to_owned(),
            "bool" => "`false`".to_owned(),
            "SmppNumbering" => "–".to_owned(),
            kind if kind.contains("BTreeMap<") => "`{}`".to_owned(),
            "u32" => "`0`".to_owned(),
            "RelayTls" => "`\"none\"`".to_owned(),
            kind if kind.starts_with("Vec<") => "`[]`".to_owned(),
            kind => panic!("{} {}: no default for {kind}", section.heading, key.name),
        },
        _ => "**needed**".to_owned(),
    }
}

/// The type in words.
fn kind_of(kind: &str) -> String {
    for wrapper in ["Option<", "Spanned<", "Parsed<"] {
        if let Some(inner) = kind.strip_prefix(wrapper).and_then(|k| k.strip_suffix('>')) {
            return kind_of(inner);
        }
    }
    if let Some(inner) = kind.strip_prefix("Vec<").and_then(|k| k.strip_suffix('>')) {
        return format!("list of {}", kind_of(inner));
    }
    match kind {
        "String" => "text",
        "PathBuf" => "path",
        "bool" => "true or false",
        "u8" | "u16" | "u32" | "usize" => "number",
        "Period" => "time",
        "Secret" => "secret",
        "AddressRange" => "addresses",
        "Tls" => "`{ cert, key }`",
        "LinkTls" => "`[link.tls]`",
        "LineKeys" => "`[link.line]`",
        "SmppNumbering" => "`[link.numbering]`",
        "UtcOffset" => "text",
        "HeartbeatKeys" => "`{ to, every, within, alarm_to }`",
        kind if kind.starts_with("BTreeMap<") => "table",
        kind if kind.starts_with("[u8; ") => "numbers",
        "Relay" => "`[smtp.relay]`",
        "SmtpDomain" => "`[[smtp.domain]]`",
        "SmtpSender" => "`[[smtp.sender]]`",
        "RelayTls" => "`none`, `offered`, `starttls`, `tls`",
        "LogFormat" => "`text`, `json`",
        "Protocol" => return protocols(),
        "Pattern" => "prefix",
        "Destination" => "`mailto:` or URL",
        "RouteLinks" => "links",
        other => panic!("no words for the type {other}"),
    }
    .to_owned()
}

fn protocols() -> String {
    let names = super::Protocol::ALL.iter().map(|p| format!("`{}`", p.as_str()));
    names.collect::<Vec<_>>().join(", ")
}

fn document() -> String {
    let all: Vec<Section> = SOURCES.iter().flat_map(|source| sections(source)).collect();
    for section in &all {
        assert!(
            ORDER.contains(&section.heading.as_str()),
            "{} has no place in the document",
            section.heading
        );
    }
    let mut text = HEAD.to_owned();
    for heading in ORDER {
        let section =
            all.iter().find(|s| s.heading == *heading).unwrap_or_else(|| panic!("no section {heading}"));
        text.push_str(&format!("\n## `{heading}`\n\n"));
        if !section.comment.is_empty() {
            text.push_str(&format!("{}{}\n\n", section.comment[..1].to_uppercase(), &section.comment[1..]));
        }
        text.push_str("| key | value | default | |\n|---|---|---|---|\n");
        for key in &section.keys {
            assert!(!key.comment.is_empty(), "{heading} {} has no comment", key.name);
            let (kind, default) = (kind_of(&key.kind), default_of(section, key));
            text.push_str(&format!("| `{}` | {kind} | {default} | {} |\n", key.name, key.comment));
        }
    }
    text.push_str(&format!("\n## A whole file\n\n```toml\n{}```\n", include_str!("example.toml")));
    text
}

#[test]
fn the_reference_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/CONFIG.md");
    let wanted = document();
    if std::env::var_os("OMNIGATE_WRITE_DOCS").is_some() {
        std::fs::write(&path, &wanted).expect("docs/CONFIG.md is written");
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == wanted,
        "docs/CONFIG.md is stale: OMNIGATE_WRITE_DOCS=1 cargo test -p omnigate reference"
    );
}
