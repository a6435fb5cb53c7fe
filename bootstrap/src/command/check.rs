//! `omnigate check`: reads the configuration as `serve` would and says what is wrong. Touches nothing outside the file, what
//! it names (secrets, certificates, profiles) and the environment.

use crate::command::context::{Context, print, print_json};
use crate::command::{exit, table::Table};
use crate::config::{self, Changed, Config, ConfigError, Link, Loaded, Problem, Taken, Tls};
use crate::swedish;
use crate::wire::LinkSetup;
use domain::language::Language;
use domain::words;
use net::tls::{TlsClient, TlsFiles, TlsServer};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// Read the configuration and say what is wrong with it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: omnigate check --config /etc/omnigate/omnigate.toml")]
pub struct Args {}

/// Prints `ok` with a summary, or every problem with file, line, key and what is allowed.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(_: &Args, context: &Context) -> anyhow::Result<ExitCode> {
    match config::load(&context.config).and_then(usable) {
        Ok(loaded) if context.json => print_json(&json!({
            "ok": true, "warnings": loaded.warnings, "doors": doors(&loaded.config), "links": loaded.config.link.len(),
            "routes": loaded.config.route.len(), "users": loaded.config.user.len(), "operators": operators(&loaded.config),
        }))?,
        Ok(loaded) => print(&summary(&loaded, context.language(Some(&loaded))))?,
        Err(error) if context.json => {
            print_json(&json!({ "ok": false, "problems": problems(&error) }))?;
            return Ok(exit(false));
        }
        Err(error) => {
            eprintln!("{}", error.in_language(context.language_now()));
            return Ok(exit(false));
        }
    }
    Ok(exit(true))
}

/// Sets up what `serve` would before it opens anything: the links' own rules, and the files that they name.
fn usable(loaded: Loaded) -> Result<Loaded, ConfigError> {
    let mut wrong = files(&loaded);
    for section in &loaded.config.link {
        if let Err(error) = LinkSetup::of(section, &loaded.config.node.data_dir) {
            wrong.push(loaded.wrong(&format!("link.{}", section.name()), format!("{error:#}")));
        }
    }
    if wrong.is_empty() { Ok(loaded) } else { Err(ConfigError::new(&loaded.file, wrong)) }
}

/// Reads the certificates of the doors and of what calls out, as `serve` does.
///
/// # Errors
/// Each that cannot be used, with its line.
pub(super) fn certificates(loaded: Loaded) -> Result<Loaded, ConfigError> {
    let wrong = files(&loaded);
    if wrong.is_empty() { Ok(loaded) } else { Err(ConfigError::new(&loaded.file, wrong)) }
}

fn files(loaded: &Loaded) -> Vec<Problem> {
    net::tls::install_provider();
    let config = &loaded.config;
    let doors = [
        ("http.tls", config.http.as_ref().and_then(|http| http.tls.as_ref())),
        ("smtp.tls", config.smtp.as_ref().and_then(|smtp| smtp.tls.as_ref())),
        ("telnet.tls", config.telnet.as_ref().and_then(|telnet| telnet.tls.as_ref())),
    ];
    let door = |(key, tls): (&str, Option<&Tls>)| {
        let Tls { cert, key: secret } = tls?;
        let files = TlsFiles { certificate: cert.clone(), key: secret.clone(), client_ca: None };
        let error = TlsServer::from_pem_files(files, &[]).err()?;
        let what = words!(
            "certifikatet och dess nyckel går inte att använda: {}",
            "the certificate and its key cannot be used: {}",
            error
        );
        Some(loaded.wrong(key, what))
    };
    let relay = config.smtp.as_ref().and_then(|smtp| smtp.relay.as_ref());
    let authorities = [
        ("smtp.relay.ca", relay.and_then(|relay| relay.ca.as_ref())),
        ("callbacks.ca", config.callbacks.ca.as_ref()),
    ];
    let authority = |(key, file): (&str, Option<&PathBuf>)| {
        let error = TlsClient::with_ca_file(file?).err()?;
        let what = words!(
            "utfärdarens certifikat går inte att använda: {}",
            "the authority's certificate cannot be used: {}",
            error
        );
        Some(loaded.wrong(key, what))
    };
    doors.into_iter().filter_map(door).chain(authorities.into_iter().filter_map(authority)).collect()
}

fn problems(error: &ConfigError) -> Vec<Value> {
    let file = error.file().display().to_string();
    let one = |p: &config::Problem| json!({ "file": file, "line": p.line, "key": p.key, "what": p.what.to_string() });
    error.problems().iter().map(one).collect()
}

/// The doors that are configured: name and address.
pub(super) fn doors(config: &Config) -> Vec<(&'static str, String)> {
    let http = config.http.as_ref();
    let all = [
        ("http", http.map(|h| h.listen.clone())),
        ("ops", http.and_then(|h| h.ops_listen.clone())),
        ("smtp", config.mail_door().map(|s| s.listen.clone())),
        ("telnet", config.telnet.as_ref().map(|t| t.listen.clone())),
    ];
    all.into_iter().filter_map(|(name, listen)| listen.map(|listen| (name, listen))).collect()
}

/// What links took of their operators' profiles, for programs.
fn operators(config: &Config) -> Vec<Value> {
    let taken = config.link.iter().filter_map(|link| link.taken.as_ref().map(|taken| (link.name(), taken)));
    let pairs =
        |kept: &[(String, String)]| kept.iter().cloned().collect::<std::collections::BTreeMap<_, _>>();
    let changed =
        |changed: &Changed| json!({ "key": changed.key, "profile": changed.profile, "link": changed.link });
    let one = |(link, taken): (&str, &Taken)| {
        json!({
            "link": link, "operator": taken.operator, "sets": pairs(&taken.kept),
            "changed": taken.changed.iter().map(changed).collect::<Vec<_>>(), "missing": taken.missing,
        })
    };
    taken.map(one).collect()
}

/// A link's operator and what the link says otherwise.
fn operator(link: &Link, language: Language) -> Option<String> {
    let taken = link.taken.as_ref()?;
    let count = taken.kept.len();
    let mut text =
        format!("{} {} ({count} {}", link.name(), taken.operator, language.pick("nycklar", "keys"));
    for changed in &taken.changed {
        text.push_str(&format!("; {} {} → {}", changed.key, changed.profile, changed.link));
    }
    Some(text + ")")
}

fn summary(loaded: &Loaded, language: Language) -> String {
    let config = &loaded.config;
    let mut table = Table::new(&["", ""]);
    let doors: Vec<String> = doors(config).iter().map(|(name, at)| format!("{name} {at}")).collect();
    let links = config.link.iter().map(|link| format!("{} {}", link.name(), link.place()));
    let routes = config.route.iter().map(|route| {
        let steps = route.to_route(&loaded.config.class);
        format!("{} → {}", steps.to, steps.describe().in_language(language))
    });
    let users = config.user.iter().map(|user| user.name.get_ref().clone());
    let none = language.pick("inga", "none");
    let listed = |items: Vec<String>| if items.is_empty() { none.to_owned() } else { items.join(", ") };
    table.row([language.pick("dörrar", "doors"), &listed(doors)]);
    table.row([language.pick("vägar", "links"), &listed(links.collect())]);
    let operators: Vec<String> = config.link.iter().filter_map(|link| operator(link, language)).collect();
    if !operators.is_empty() {
        table.row([language.pick("operatörer", "operators"), &operators.join(", ")]);
    }
    table.row([language.pick("rutter", "routes"), &listed(routes.collect())]);
    table.row([language.pick("användare", "users"), &listed(users.collect())]);
    let mut text = format!("ok  {}\n{table}", loaded.file.display());
    for warning in &loaded.warnings {
        let warning = swedish::said(warning, language);
        text.push_str(&format!("{}: {warning}\n", language.pick("varning", "warning")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_summary_in_two_languages() {
        let secrets = ["TS0_PASSWORD", "CRM_PASSWORD"].map(|n| (n.to_owned(), "x".to_owned()));
        let text = include_str!("../config/example.toml");
        let loaded = config::read(Path::new("omnigate.toml"), text, &secrets).expect("the example");
        insta::assert_snapshot!(summary(&loaded, Language::English));
        insta::assert_snapshot!(summary(&loaded, Language::Swedish));
    }

    #[test]
    fn what_an_operator_sets_and_a_link_changes() {
        let text = "[[link]]\nname = \"TS0\"\noperator = \"tele2\"\nhosts = [\"h:1\"]\nwindow = 20\n\
                    [[route]]\nto = \"*\"\nlinks = [\"TS0\"]\n";
        let loaded = config::read(Path::new("omnigate.toml"), text, &[]).expect("a link");
        let summary = summary(&loaded, Language::English);
        assert!(summary.contains("TS0 tele2 (15 keys; window 10 → 20)"), "{summary}");
        let found = operators(&loaded.config);
        assert_eq!(found[0]["changed"], json!([{ "key": "window", "profile": "10", "link": "20" }]));
        assert_eq!(found[0]["missing"], json!(["system_id", "password"]));
    }

    #[test]
    fn what_a_link_could_not_be_started_with() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("omnigate.toml");
        let said = |keys: &str| {
            let text = format!(
                "[[link]]\nname = \"A\"\nprotocol = \"cimd2\"\nhosts = [\"h:1\"]\n{keys}\n[[route]]\nto = \"*\"\nlinks = [\"A\"]\n"
            );
            std::fs::write(&file, text).expect("written");
            config::load(&file).and_then(usable).map_or_else(|error| error.to_string(), |_| String::new())
        };
        assert_eq!(said(""), "");
        for (keys, wrong) in [
            ("password = \"a password that is longer than thirty-two\"", "password: at most 32"),
            ("tls = { ca = \"nowhere.pem\" }", "nowhere.pem"),
        ] {
            let said = said(keys);
            assert!(
                said.contains("omnigate.toml:") && said.contains("link.A: ") && said.contains(wrong),
                "{said}"
            );
        }
    }

    #[test]
    fn what_a_door_could_not_be_opened_with() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let made = |name: &str| rcgen::generate_simple_self_signed(vec![name.to_owned()]).expect("made");
        let (ours, other) = (made("a.example"), made("b.example"));
        for (file, text) in [
            ("cert.pem", ours.cert.pem()),
            ("key.pem", ours.signing_key.serialize_pem()),
            ("other.pem", other.signing_key.serialize_pem()),
            ("text.pem", "no certificate".to_owned()),
        ] {
            std::fs::write(at(file), text).expect("written");
        }
        let file = at("omnigate.toml");
        let said = |certificate: &str, key: &str| {
            let path = |name: &str| at(name).display().to_string();
            let text = format!(
                "[http]\nlisten = \"127.0.0.1:8080\"\ntls = {{ cert = '{}', key = '{}' }}\n[callbacks]\nca = '{}'\n",
                path(certificate),
                path(key),
                path(certificate)
            );
            std::fs::write(&file, text).expect("written");
            let all = config::load(&file).and_then(usable);
            assert_eq!(
                all.is_ok(),
                config::load(&file).and_then(certificates).is_ok(),
                "serve refuses what check refuses"
            );
            all.map_or_else(|error| error.to_string(), |_| String::new())
        };
        assert_eq!(said("cert.pem", "key.pem"), "");
        for (certificate, key) in [("none.pem", "key.pem"), ("text.pem", "key.pem")] {
            let said = said(certificate, key);
            assert!(said.contains(":3: http.tls: the certificate and its key cannot be used: "), "{said}");
            assert!(
                said.contains(":5: callbacks.ca: the authority's certificate cannot be used: "),
                "{said}"
            );
        }
        for key in ["none.pem", "other.pem", "text.pem"] {
            let said = said("cert.pem", key);
            assert!(said.contains(":3: http.tls: ") && !said.contains("callbacks.ca"), "{said}");
        }
    }

    #[test]
    fn problems_for_programs() {
        let error = config::read(Path::new("x.toml"), "[http]\nlisten = 5\n", &[]).expect_err("a number");
        let found = problems(&error);
        assert_eq!(found[0]["file"], "x.toml");
        assert_eq!(found[0]["line"], 2);
    }
}
