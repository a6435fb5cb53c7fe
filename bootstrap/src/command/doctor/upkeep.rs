//! The store: can it be reached, is it sound, does it await migrations; does it hold given-up reports.

use super::Finding;
use crate::command::store as open;
use crate::config::Loaded;
use crate::wire;
use domain::language::Language;
use secrecy::ExposeSecret as _;
use std::path::Path;
use std::time::Duration;

/// How long looking may take: an integrity check reads a SQLite store whole.
const LOOKING: Duration = Duration::from_secs(120);

pub(super) async fn store(loaded: &Loaded, language: Language) -> Vec<Finding> {
    let url = match wire::database_url(loaded) {
        Ok(url) => url,
        Err(error) => return vec![Finding::fail("store", format!("{error:#}"), "database.url")],
    };
    let url = url.expose_secret();
    let file = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"));
    if file.is_some_and(|file| !Path::new(file).exists()) {
        return vec![Finding::ok(
            "store",
            language.pick("finns inte än, skapas vid start", "not there yet, made at the first start"),
        )];
    }
    let mut all = Vec::new();
    let slow = || {
        Finding::warn("store", language.pick("svarar inte inom 2 minuter", "no answer within 2 minutes"), "")
    };
    match tokio::time::timeout(LOOKING, sql::check(url)).await {
        Err(_) => return vec![slow()],
        Ok(Err(error)) => {
            let advice = language.pick(
                "kontrollera database.url, att databasen är igång och får nås härifrån",
                "check database.url, that the database runs and may be reached from here",
            );
            return vec![Finding::fail("store", error.to_string(), advice)];
        }
        Ok(Ok(checked)) => {
            all.push(Finding::ok("store", checked.server));
            if checked.pending > 0 {
                let found = format!(
                    "{} {}",
                    checked.pending,
                    language.pick("ändringar saknas", "migrations are missing")
                );
                let advice = language
                    .pick("omnigate migrate, eller starta servern", "omnigate migrate, or start the server");
                all.push(Finding::warn("tables", found, advice));
            }
            let advice = language.pick(
                "återställ en säkerhetskopia; skriv inte vidare på den här",
                "restore a backup; do not go on writing to this one",
            );
            all.extend(checked.wrong.into_iter().map(|wrong| Finding::fail("integrity", wrong, advice)));
        }
    }
    all.extend(writable(loaded, language).await);
    all
}

/// Whether it takes changes, and what waits in it for a person.
async fn writable(loaded: &Loaded, language: Language) -> Vec<Finding> {
    let opened = match open::changing(loaded).await {
        Ok(opened) => opened,
        Err(error) => return vec![Finding::warn("writing", format!("{error:#}"), "omnigate migrate")],
    };
    let mut all = Vec::new();
    match opened.stores.reports.ping().await {
        Ok(()) => all.push(Finding::ok(
            "writing",
            language.pick("lagret tar emot ändringar", "the store takes changes"),
        )),
        Err(error) => {
            let advice = language.pick("kontrollera disk och rättigheter", "check disk and permissions");
            all.push(Finding::fail("writing", error.to_string(), advice));
        }
    }
    if let Ok(dead) = opened.stores.handoffs.dead(100).await
        && !dead.is_empty()
    {
        let found = format!(
            "{} {}",
            dead.len(),
            language.pick("rapporter gick inte att lämna", "reports were given up")
        );
        all.push(Finding::warn("handoffs", found, "omnigate message dead; omnigate message resend --all"));
    }
    opened.close().await;
    all
}
