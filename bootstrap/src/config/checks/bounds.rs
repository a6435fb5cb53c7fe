//! How small and how large values may be, key by key. What differs from protocol to protocol stands with the protocol's keys.

use super::Checks;
use crate::config::values::Period;
use domain::language::Words;
use toml::de::{DeTable, DeValue};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const YEAR: u64 = 365 * DAY;
/// More than any machine has connections, callers or recipients.
const MANY: u64 = 1_000_000;
/// More octets than anybody should have to keep in memory for one caller.
const LARGE: u64 = 1 << 30;

/// Times in milliseconds: the shortest and the longest. Nothing at all is allowed where it means "at once" or "never", and not where nothing would
/// ever come in time, or something would be done again without a pause.
const TIMES: &[(&str, u64, u64)] = &[
    ("node.drain", 0, HOUR),
    ("defaults.valid_for", SECOND, YEAR),
    ("http.header_timeout", 1, HOUR),
    ("http.body_timeout", 1, DAY),
    ("http.idle_timeout", 1, DAY),
    ("http.write_timeout", 1, DAY),
    ("smtp.idle_timeout", 1, DAY),
    ("smtp.session_timeout", 1, 30 * DAY),
    ("smtp.patience", 1, HOUR),
    ("smtp.relay.timeout", 1, HOUR),
    ("smtp.relay.answer_timeout", 1, DAY),
    ("telnet.idle_timeout", 1, DAY),
    ("telnet.patience", 1, HOUR),
    ("link.response_timeout", 1, DAY),
    ("link.park_for", 1, 30 * DAY),
    ("link.heartbeat.every", 1, 30 * DAY),
    ("link.heartbeat.within", 1, 30 * DAY),
    ("link.connect_timeout", 1, HOUR),
    ("link.bind_timeout", 1, HOUR),
    ("link.enquire_link", 1, DAY),
    ("link.enquire_link_timeout", 1, DAY),
    ("link.give_back_after", 0, DAY),
    ("link.give_back_alarms_after", 0, DAY),
    ("link.first_pause", 1, MINUTE),
    ("link.idle", 0, DAY),
    ("link.call_every", 1, 30 * DAY),
    ("link.redial", 1, DAY),
    ("link.keep_alive", 0, DAY),
    ("link.poll", 1, DAY),
    ("link.alarm_after", 0, 30 * DAY),
    ("link.alive", 1, DAY),
    ("link.longest_call", 1, DAY),
    ("link.answer_timeout", 1, HOUR),
    ("link.line.dial_timeout", 1, HOUR),
    ("route.fallback_after_time", 0, 30 * DAY),
    ("route.delivered_within", 0, 30 * DAY),
    ("route.fallback_down", 0, 30 * DAY),
    ("route.pauses", 1, 30 * DAY),
    ("class.valid_for", SECOND, YEAR),
    ("class.pauses", 1, 30 * DAY),
    ("callbacks.timeout", 1, HOUR),
    ("callbacks.connect_timeout", 1, HOUR),
    ("alarm.after", 0, 30 * DAY),
    ("retention.messages", MINUTE, 100 * YEAR),
    ("retention.receipt_grace", 0, YEAR),
    ("retention.mo_parts", SECOND, YEAR),
];

/// Numbers: the least and the most.
const NUMBERS: &[(&str, u64, u64)] = &[
    ("defaults.max_segments", 1, 255),
    ("defaults.max_recipients", 1, MANY),
    ("minicall.length", 20, 400),
    ("minicall.pages", 1, 99),
    ("minicall.numeric_length", 1, 100),
    ("http.max_connections", 1, MANY),
    ("http.max_per_address", 1, MANY),
    ("http.max_body", 1, LARGE),
    ("http.max_header", 512, 1 << 20),
    ("http.max_requests", 1, MANY),
    ("http.soap_max_body", 512, LARGE),
    ("http.soap_max_batch", 1, MANY),
    ("http.soap_max_ids", 1, MANY),
    ("oms.max_recipients", 1, MANY),
    ("oms.max_messages", 1, 1_000),
    ("smtp.max_connections", 1, MANY),
    ("smtp.max_per_address", 1, MANY),
    ("smtp.max_message", 512, LARGE),
    ("smtp.max_recipients", 1, MANY),
    ("smtp.max_line", 80, 1 << 20),
    ("smtp.max_command", 80, 1 << 20),
    ("smtp.max_errors", 1, MANY),
    ("smtp.max_logins", 1, MANY),
    ("smtp.relay.connections", 1, 1_000),
    ("telnet.max_connections", 1, MANY),
    ("telnet.max_per_address", 1, MANY),
    ("telnet.max_line", 80, 1 << 20),
    ("telnet.max_text", 1, 1 << 24),
    ("telnet.max_recipients", 1, MANY),
    ("telnet.commands_per_second", 0, MANY),
    ("telnet.max_errors", 1, MANY),
    ("telnet.max_logins", 1, MANY),
    ("link.rate", 0, MANY),
    ("link.baud", 300, 4_000_000),
    ("link.weak_signal", 0, 31),
    ("link.per_minute", 0, MANY),
    ("link.per_day", 0, 1_000 * MANY),
    ("link.pages_per_call", 0, MANY),
    ("link.line.speed", 75, 4_000_000),
    ("route.fallback_after", 1, 1_000),
    ("route.tries", 1, 10_000),
    ("class.tries", 1, 10_000),
    ("user.rate", 0, MANY),
    ("callbacks.max_answer", 0, 1 << 26),
    ("callbacks.idle_connections", 0, 10_000),
];

/// Lists in which an entry may stand twice: what is done or tried in their order.
const REPEATING: &[&str] = &["pauses", "init", "dial"];
/// Lists that say themselves what is wrong with a second entry.
const LINKS: &[&str] = &["links", "balance"];

impl Checks<'_> {
    /// Times and numbers that are too small or too large to be meant, and lists that name something twice.
    pub(super) fn bounds(&mut self) {
        // What is read here has been read before; a text that is none has been refused.
        let Ok(document) = DeTable::parse(self.text) else { return };
        let mut found = Vec::new();
        for (path, least, most) in TIMES {
            each(document.get_ref(), path, "", &mut |key, at, value| {
                let (written, time) = (written(value), length(value));
                if time.is_some_and(|time| !(*least..=*most).contains(&time)) {
                    found.push((at, key.to_owned(), between(&written, &spelled(*least), &spelled(*most))));
                }
            });
        }
        for (path, least, most) in NUMBERS {
            each(document.get_ref(), path, "", &mut |key, at, value| {
                if number(value).is_some_and(|number| !(*least..=*most).contains(&number)) {
                    found.push((
                        at,
                        key.to_owned(),
                        between(&written(value), &least.to_string(), &most.to_string()),
                    ));
                }
            });
        }
        for (offset, key, what) in found {
            self.problems.push(super::Problem::at(self.text, offset, key, what));
        }
        twice(document.get_ref(), "", &mut self.warnings);
    }
}

fn between(value: &str, least: &str, most: &str) -> Words {
    format!("{value} is not between {least} and {most}").into()
}

/// Calls `seen` with every value of a key, by its path: the entries of a list one by one, and with the key as people are told of it: `link.TS0.window`.
fn each(table: &DeTable<'_>, path: &str, shown: &str, seen: &mut impl FnMut(&str, usize, &DeValue<'_>)) {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let Some((_, value)) = table.iter().find(|(key, _)| key.get_ref() == first) else { return };
    let shown = joined(shown, first);
    match (value.get_ref(), rest) {
        (DeValue::Table(inner), Some(rest)) => each(inner, rest, &shown, seen),
        (DeValue::Array(entries), Some(rest)) => {
            for entry in entries.iter() {
                if let DeValue::Table(inner) = entry.get_ref() {
                    each(inner, rest, &named(&shown, inner), seen);
                }
            }
        }
        (DeValue::Array(entries), None) => {
            entries.iter().for_each(|entry| seen(&shown, entry.span().start, entry.get_ref()));
        }
        (other, None) => seen(&shown, value.span().start, other),
        (_, Some(_)) => {}
    }
}

fn joined(shown: &str, key: &str) -> String {
    if shown.is_empty() { key.to_owned() } else { format!("{shown}.{key}") }
}

/// The path of an entry of a list: with its name, where it has one.
fn named(shown: &str, entry: &DeTable<'_>) -> String {
    match entry.get("name").map(|name| name.get_ref()) {
        Some(DeValue::String(name)) => joined(shown, name),
        _ => shown.to_owned(),
    }
}

/// Every list of texts that has one of them twice. (Which case a letter has says nothing in addresses and names of hosts, and names differ in more.)
fn twice(table: &DeTable<'_>, shown: &str, warnings: &mut Vec<String>) {
    for (key, value) in table.iter() {
        let (name, path) = (key.get_ref().as_ref(), joined(shown, key.get_ref()));
        match value.get_ref() {
            DeValue::Table(inner) => twice(inner, &path, warnings),
            DeValue::Array(entries) => {
                let mut seen: Vec<&str> = Vec::new();
                for entry in entries.iter() {
                    match entry.get_ref() {
                        DeValue::Table(inner) => twice(inner, &named(&path, inner), warnings),
                        DeValue::String(_) if REPEATING.contains(&name) || LINKS.contains(&name) => {}
                        DeValue::String(text) => {
                            if seen.iter().any(|other| other.eq_ignore_ascii_case(text)) {
                                warnings.push(format!("{path}: {text:?} stands there twice"));
                            }
                            seen.push(text);
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

fn number(value: &DeValue<'_>) -> Option<u64> {
    match value {
        DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    }
}

/// A time in milliseconds.
fn length(value: &DeValue<'_>) -> Option<u64> {
    let time = match value {
        DeValue::String(text) => text.parse::<Period>().ok()?.0,
        other => return number(other).map(|seconds| seconds.saturating_mul(SECOND)),
    };
    Some(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

/// As it stands in the file.
fn written(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(number) => number.to_string(),
        _ => String::new(),
    }
}

/// Milliseconds as one would write them into the file.
fn spelled(time: u64) -> String {
    let units = [(DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s")];
    match units.into_iter().find(|(unit, _)| time.is_multiple_of(*unit)) {
        Some(_) if time == 0 => "0s".to_owned(),
        Some((unit, name)) => format!("{}{name}", time / unit),
        None => format!("{time}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::reference;

    /// Keys whose bounds stand elsewhere: with the protocol (`range` and its like), or that take all that their octet or word can be.
    const ELSEWHERE: &[&str] = &[
        "link.sessions",
        "link.window",
        "link.replies_ahead",
        "link.text_coding",
        "link.ucs2_coding",
        "link.binary_coding",
        "link.esm_class",
        "link.protocol_id",
        "link.registered_delivery",
        "link.account_ton",
        "link.account_npi",
        "link.transparent_class",
        "link.notifications",
        "link.subaddress",
        "link.reports",
        "link.tariff",
        "link.service",
        "link.block",
        "link.length",
    ];

    #[test]
    fn every_key_with_a_number_or_a_time_has_its_bounds() {
        let known = |table: &[(&str, u64, u64)], path: &str| table.iter().any(|(known, ..)| *known == path);
        let all = reference::measured();
        for (path, is_time) in &all {
            let table = if *is_time { TIMES } else { NUMBERS };
            assert!(
                known(table, path) || ELSEWHERE.contains(&path.as_str()),
                "how small and how large may {path} be?"
            );
        }
        for (path, ..) in TIMES.iter().chain(NUMBERS) {
            let there = all.iter().any(|(known, _)| known == path) || path.starts_with("link.heartbeat.");
            assert!(there, "there is no key {path}");
        }
        assert!(TIMES.iter().chain(NUMBERS).all(|(_, least, most)| least < most));
    }

    #[test]
    fn times_as_they_are_written() {
        let all = [0, 1, 1_500, SECOND, 90 * SECOND, 2 * HOUR, 100 * YEAR].map(spelled);
        assert_eq!(all, ["0s", "1ms", "1500ms", "1s", "90s", "2h", "36500d"]);
    }
}
