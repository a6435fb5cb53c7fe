//! `omnigate doctor`: looks over everything the gateway stands on, and says of each thing how it is and what to do about it.
//!
//! It binds ports for a moment, writes and removes a file in the data directory, and connects to the operators without logging
//! in; it changes nothing else. Works beside a running server.

mod machine;
mod network;
mod upkeep;

use crate::command::context::{Context, coloured, print, print_json};
use crate::command::{block_on, exit};
use crate::config;
use crate::swedish;
use domain::language::Language;
use serde_json::json;
use std::process::ExitCode;

/// Look over everything the gateway stands on.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: omnigate doctor --config /etc/omnigate/omnigate.toml\n\
                        Run it as the user that serves. Fails (exit 1) when anything stands in the way of serving.")]
pub struct Args {}

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// As it should be.
    Ok,
    /// It works, and somebody should look at it.
    Warn,
    /// It stands in the way.
    Fail,
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "FAIL",
        }
    }

    fn colour(self) -> &'static str {
        match self {
            Self::Ok => "\x1b[32m",
            Self::Warn => "\x1b[33m",
            Self::Fail => "\x1b[31m",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    level: Level,
    thing: String,
    found: String,
    advice: String,
}

impl Finding {
    /// All is well.
    pub(super) fn ok(thing: impl Into<String>, found: impl Into<String>) -> Self {
        Self { level: Level::Ok, thing: thing.into(), found: found.into(), advice: String::new() }
    }

    /// Something to look at, and what to do.
    pub(super) fn warn(
        thing: impl Into<String>,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { level: Level::Warn, advice: advice.into(), ..Self::ok(thing, found) }
    }

    /// Something in the way, and what to do.
    pub(super) fn fail(
        thing: impl Into<String>,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { level: Level::Fail, advice: advice.into(), ..Self::ok(thing, found) }
    }
}

/// Looks; 1 when something stands in the way.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(_: &Args, context: &Context) -> anyhow::Result<ExitCode> {
    let complete = config::load(&context.config);
    // Where only the service knows the secrets, all but them is looked at.
    let missing = complete.as_ref().err().map(|error| error.in_language(context.language_now()));
    let loaded = match complete.or_else(|_| config::load_without_secrets(&context.config)) {
        Ok(loaded) => loaded,
        Err(error) => {
            let language = context.language_now();
            let advice = language.pick("rätta det som står ovan", "mend what stands above");
            let found = Finding::fail("config", error.in_language(language), advice);
            return report(&[found], context, language);
        }
    };
    let language = context.language(Some(&loaded));
    let findings = block_on(async {
        let mut all = vec![match missing {
            None => Finding::ok("config", loaded.file.display().to_string()),
            Some(missing) => {
                let advice = language.pick(
                    "läs in hemligheterna som tjänsten läser, eller kör som den (docs/OPERATING.md, Install)",
                    "read in the secrets that the service reads, or run as it does (docs/OPERATING.md, Install)",
                );
                Finding::warn("config", missing, advice)
            }
        }];
        let advice = language.pick("se docs/CONFIG.md", "see docs/CONFIG.md");
        all.extend(
            loaded
                .warnings
                .iter()
                .map(|warning| Finding::warn("config", swedish::said(warning, language), advice)),
        );
        all.extend(machine::look(&loaded, language));
        all.extend(upkeep::store(&loaded, language).await);
        all.extend(network::look(&loaded, language).await);
        Ok(all)
    })?;
    report(&findings, context, language)
}

fn report(findings: &[Finding], context: &Context, language: Language) -> anyhow::Result<ExitCode> {
    let well = findings.iter().all(|f| f.level != Level::Fail);
    if context.json {
        let one = |f: &Finding| json!({ "level": f.level.word().to_lowercase(), "thing": f.thing, "found": f.found, "advice": f.advice });
        print_json(&json!({ "ok": well, "findings": findings.iter().map(one).collect::<Vec<_>>() }))?;
    } else {
        print(&as_text(findings, coloured(), language))?;
    }
    Ok(exit(well))
}

fn as_text(findings: &[Finding], colour: bool, language: Language) -> String {
    let named = |finding: &Finding| named(&finding.thing, language);
    let width = findings.iter().map(|f| named(f).chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for finding in findings {
        let (on, off) = if colour { (finding.level.colour(), "\x1b[0m") } else { ("", "") };
        let thing = named(finding);
        let fill = " ".repeat(width - thing.chars().count());
        let found =
            swedish::said(&finding.found, language).replace('\n', &format!("\n{}", " ".repeat(width + 8)));
        text.push_str(&format!("{on}{:<4}{off}  {thing}{fill}  {found}\n", finding.level.word()));
        if !finding.advice.is_empty() {
            text.push_str(&format!("{}→ {}\n", " ".repeat(width + 8), finding.advice));
        }
    }
    let count = |level| findings.iter().filter(|f| f.level == level).count();
    let (fail, warn) = (count(Level::Fail), count(Level::Warn));
    let end = match (fail, warn) {
        (0, 0) => language.pick("Allt är som det ska.", "All is well.").to_owned(),
        _ => format!(
            "{}: {fail}, {}: {warn}",
            language.pick("fel", "failures"),
            language.pick("varningar", "warnings")
        ),
    };
    text.push_str(&format!("\n{end}\n"));
    text
}

/// What a finding is about, for people; programs hold on to the English one.
fn named(thing: &str, language: Language) -> String {
    const SWEDISH: [(&str, &str); 12] = [
        ("config", "konfiguration"),
        ("descriptors", "öppna filer"),
        ("clock", "klocka"),
        ("timezone", "tidszon"),
        ("store", "lager"),
        ("tables", "tabeller"),
        ("integrity", "helhet"),
        ("writing", "skrivning"),
        ("handoffs", "överlämningar"),
        ("link", "väg"),
        ("mail relay", "e-postrelä"),
        ("certificate", "certifikat"),
    ];
    let begins =
        |word: &str| thing.strip_prefix(word).filter(|rest| rest.is_empty() || rest.starts_with(' '));
    let found = SWEDISH.iter().find_map(|(word, swedish)| Some(format!("{swedish}{}", begins(word)?)));
    match language {
        Language::Swedish => found.unwrap_or_else(|| thing.to_owned()),
        Language::English => thing.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_have_swedish_names() {
        for (thing, swedish) in [
            ("link TS0", "väg TS0"),
            ("config", "konfiguration"),
            ("linked", "linked"),
            ("port http", "port http"),
        ] {
            assert_eq!(named(thing, Language::Swedish), swedish);
            assert_eq!(named(thing, Language::English), thing);
        }
    }

    #[test]
    fn lines_and_advice() {
        let findings = [
            Finding::ok("config", "omnigate.toml"),
            Finding::warn("disk", "8 % free", "make room"),
            Finding::fail("port http", "127.0.0.1:8080 is taken", "stop what listens there"),
        ];
        insta::assert_snapshot!(as_text(&findings, false, Language::English));
    }
}
