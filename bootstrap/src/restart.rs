//! What a reload cannot put in force: keys that are only read when the gateway starts. A reload names those that differ, so that nobody takes
//! for done what has not been done.

use crate::config::Marks;

/// Sections that are read at the start; a key of theirs waits for the next one unless [`AT_ONCE`] has it.
const AT_START: &[&str] = &[
    "node",
    "database",
    "http",
    "oms",
    "smtp",
    "telnet",
    "callbacks",
    "retention",
    "log",
    "alarm.mail",
    // Of texts of the HTTP doors and of mail; everything else follows at once.
    "defaults.language",
    // Of the search for recipients over HTTP; everything else follows at once.
    "defaults.country",
];

/// Keys of those sections that a reload puts in force.
const AT_ONCE: &[&str] = &[
    "node.drain",
    "retention.receipt_grace",
    "http.allow",
    "smtp.allow",
    "telnet.allow",
    "smtp.domains",
    "smtp.domain",
    "smtp.sender",
    "smtp.template",
    "smtp.host",
    "smtp.from",
    "smtp.once",
    "smtp.take_generated",
    "smtp.plain_login",
    "smtp.lenient",
    "smtp.max_message",
    "smtp.max_recipients",
    "smtp.max_line",
    "smtp.max_command",
    "smtp.max_errors",
    "smtp.max_logins",
    "smtp.idle_timeout",
    "smtp.session_timeout",
    "telnet.host",
    "telnet.idle_timeout",
    "telnet.max_line",
    "telnet.max_text",
    "telnet.max_recipients",
    "telnet.commands_per_second",
    "telnet.max_errors",
    "telnet.max_logins",
    "telnet.time_zone",
    "telnet.short_hold_is_utc",
    "telnet.subject",
];

/// Sections that are there also when the file does not have them: that one has come or gone says nothing, its keys say it.
const ALWAYS: &[&str] = &["node", "database", "oms", "callbacks", "retention", "log"];

/// The keys that differ from what the gateway was started with and that only a new start puts in force; a section that is new or gone has
/// its name alone.
#[must_use]
pub fn waiting(started: &Marks, wanted: &Marks) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for key in started.differences(wanted) {
        let late = has(AT_START, &key) && !has(AT_ONCE, &key) && !ALWAYS.contains(&key.as_str());
        let named = found.iter().any(|section| has(&[section], &key));
        if (late || of_user(&key)) && !named {
            found.push(key);
        }
    }
    found
}

/// Whether a key is one of these or stands in one of them.
fn has(keys: &[&str], key: &str) -> bool {
    let fits = |rest: &str| rest.is_empty() || rest.starts_with('.');
    keys.iter().any(|known| key.strip_prefix(known).is_some_and(fits))
}

/// The keys of users' callbacks are handed to what makes the calls, at the start.
fn of_user(key: &str) -> bool {
    key.starts_with("user.") && (key.ends_with(".callback_secret") || key.contains(".callback_secret."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use std::path::Path;

    fn marks(text: &str) -> Marks {
        config::read(Path::new("omnigate.toml"), text, &[]).expect(text).marks
    }

    #[test]
    fn what_waits_for_a_start() {
        let old =
            "[smtp]\ndomains = [\"a.se\"]\n[http]\n[[user]]\nname = \"crm\"\npassword = \"hemligt ord\"\n";
        let with = |more: &str| waiting(&marks(old), &marks(&format!("{old}{more}")));
        let instead = |this: &str, that: &str| waiting(&marks(old), &marks(&old.replace(this, that)));
        assert_eq!(with(""), Vec::<String>::new());
        assert_eq!(instead("[http]\n", "[http]\nallow = [\"::1\"]\n"), Vec::<String>::new());
        assert_eq!(instead("[http]\n", "[http]\nmax_body = 9000\n"), ["http.max_body"]);
        assert_eq!(instead("[http]\n", ""), ["http"]);
        assert_eq!(
            instead(
                "[smtp]\n",
                "[smtp]\nallow = [\"10.0.0.0/8\"]\nmax_recipients = 2\nmax_connections = 5\n"
            ),
            ["smtp.max_connections"]
        );
        assert_eq!(instead("[\"a.se\"]", "[\"a.se\", \"b.se\"]"), Vec::<String>::new());
        assert_eq!(with("[smtp.relay]\nhost = \"h:25\"\n"), ["smtp.relay"]);
        assert_eq!(with("[telnet]\nmax_errors = 5\n"), ["telnet"]);
        assert_eq!(with("[node]\ndrain = \"5s\"\n[retention]\nmessages = \"9d\"\n"), ["retention.messages"]);
        assert_eq!(with("callback_secret = \"hemligt ord\"\nrate = 5\n"), ["user.crm.callback_secret"]);
        assert_eq!(
            with("[[user]]\nname = \"anna\"\npassword = \"hemligt ord\"\ncallback_secret = \"x\"\n"),
            ["user.anna.callback_secret"]
        );
        assert_eq!(
            with("[[mo]]\nto = \"https://a.se/\"\n[defaults]\nmax_segments = 3\n"),
            Vec::<String>::new()
        );
        assert_eq!(
            with(
                "[callbacks]\ntimeout = \"9s\"\n[log]\nlevel = \"debug\"\n[database]\nurl = \"sqlite://x\"\n"
            ),
            ["callbacks.timeout", "database.url", "log.level"]
        );
        assert_eq!(with("[oms]\njoin = false\n"), ["oms.join"]);
    }
}
