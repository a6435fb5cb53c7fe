//! What is demanded of such a story, and what is told of a message that breaks it.

use super::operators::{CLASS, LINKS, WAYS};
use blackbox::checker::{Terms, Violation, judge};
use blackbox::gateway::Gateway;
use blackbox::history::{History, marker, number_of};
use blackbox::http::{Request, once};
use blackbox::journal::Entry;
use blackbox::merged::place_of;
use blackbox::settings::{PASSWORD, USER};
use blackbox::web_sink::WebSink;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;

/// Demands what was promised.
pub fn verdict(gateway: &Gateway, history: &History, sink: &WebSink, frozen: bool) {
    // What one window can double is another story's; here a message goes by several links.
    let terms = Terms { window: 100_000, receipts: false, ordered: false, own_numbers: true };
    let mut found = judge(history, &terms);
    let marked = |message: &u64| {
        history.rows.iter().any(|row| row.possible_duplicate && row.to == number_of(*message))
    };
    // A receipt for what was never answered is nobody's, where the message went on by a link without receipts.
    found.retain(|v| !matches!(v, Violation::ReceiptNotApplied { message, .. } if marked(message)));
    // Who is frozen hears answers only when their time is over; and a page is written again where the central is slow to answer.
    let is_page =
        |message: &u64| WAYS.iter().any(|(class, ways)| *class == message / CLASS && ways.contains("\"MC\""));
    let late = |message: &u64| marked(message) && (frozen || is_page(message));
    found.retain(|v| !matches!(v, Violation::CauselessDuplicate { message } if late(message)));
    // Refused by the last, and the one before may have it: that it is unknown is the truth, also where he has not.
    let unknown = |message: &u64| {
        history.rows.iter().any(|row| row.state == "unknown" && row.to == number_of(*message))
    };
    found.retain(|v| !matches!(v, Violation::Lost { message, .. } if unknown(message)));
    let submits = submits(history);
    let twice = submits.values().filter(|all| all.len() > 1).count();
    let marked = history.rows.iter().filter(|row| row.possible_duplicate).count();
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &history.rows {
        *states.entry(&row.state).or_default() += 1;
    }
    println!("{} messages, {states:?}, {twice} parts twice, {marked} marked", history.rows.len());
    for message in found.iter().filter_map(of_message).collect::<BTreeSet<_>>().into_iter().take(30) {
        tell(gateway, history, message);
    }
    let lines: Vec<String> = found.iter().take(40).map(ToString::to_string).collect();
    assert!(found.is_empty(), "{} broken promises:\n  {}", found.len(), lines.join("\n  "));
    assert_eq!(two_ends(sink), Vec::<String>::new(), "told two ends");
    assert_eq!(
        logged_twice(gateway, history),
        Vec::<&str>::new(),
        "in the traffic log twice, and not marked"
    );
}

fn of_message(violation: &Violation) -> Option<u64> {
    match violation {
        Violation::UnmarkedDuplicate { message }
        | Violation::CauselessDuplicate { message }
        | Violation::Lost { message, .. }
        | Violation::ReceiptNotApplied { message, .. }
        | Violation::FalseDelivery { message }
        | Violation::PartsOutOfOrder { message }
        | Violation::NoEnd { message, .. } => Some(*message),
        _ => None,
    }
}

/// Submits of each part that were not refused.
fn submits(history: &History) -> BTreeMap<(u64, u64), Vec<usize>> {
    let mut all: BTreeMap<(u64, u64), Vec<usize>> = BTreeMap::new();
    let mut statuses: HashMap<(u64, u64), usize> = HashMap::new();
    let mut refused: BTreeSet<usize> = BTreeSet::new();
    for (place, entry) in history.operator.iter().enumerate() {
        match entry {
            Entry::Submit { session, seq, text, part, .. } => {
                statuses.insert((*session, *seq), place);
                if let Some(message) = marker(text) {
                    all.entry((message, *part)).or_default().push(place);
                }
            }
            Entry::Reply { session, seq, status } if *status != 0 => {
                refused.extend(statuses.get(&(*session, *seq)));
            }
            _ => {}
        }
    }
    all.values_mut().for_each(|places| places.retain(|place| !refused.contains(place)));
    all
}

/// Everything that is known of a message.
fn tell(gateway: &Gateway, history: &History, message: u64) {
    println!("message {message}:");
    for (at, entry) in history.operator.iter().enumerate() {
        let Entry::Submit { at_ms, session, seq, text, part, message_id, .. } = entry else { continue };
        if marker(text) != Some(message) {
            continue;
        }
        let reply = history.operator[at..].iter().find_map(|entry| match entry {
            Entry::Reply { session: of, seq: to, status } if of == session && to == seq => Some(*status),
            _ => None,
        });
        let link = LINKS.get(place_of(*session)).unwrap_or(&"?");
        println!("  {at_ms} {link} session {session} seq {seq} part {part} id {message_id} reply {reply:?}");
    }
    for row in history.rows.iter().filter(|row| row.to == number_of(message)) {
        let request = Request::get(format!("/api/v1/messages/{}", row.id)).basic(USER, PASSWORD);
        let seen = once(gateway.doors().http, &request).map(|answer| answer.text());
        println!("  {}", seen.unwrap_or_default());
    }
}

/// Messages of which the sender was told more than one end.
fn two_ends(sink: &WebSink) -> Vec<String> {
    let mut ends: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for call in sink.kept() {
        let call: Value = serde_json::from_str(&call).expect("JSON");
        let text = |name: &str| call["message"][name].as_str().unwrap_or_default().to_owned();
        if ["delivered", "failed", "expired", "cancelled"].contains(&text("state").as_str()) {
            ends.entry(text("id")).or_default().insert(text("state"));
        }
    }
    ends.into_iter().filter(|(_, states)| states.len() > 1).map(|(id, s)| format!("{id} {s:?}")).collect()
}

/// Recipients of messages that are not marked and stand in the traffic log more than once.
fn logged_twice<'a>(gateway: &Gateway, history: &'a History) -> Vec<&'a str> {
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for file in fs::read_dir(gateway.data().join("traffic")).expect("a traffic log").flatten() {
        let text = fs::read_to_string(file.path()).expect("lines");
        for fields in text.lines().map(|line| line.split(';').collect::<Vec<_>>()) {
            if let [_, _, "OUT", _, _, recipient, ..] = fields[..] {
                *lines.entry(recipient.to_owned()).or_default() += 1;
            }
        }
    }
    assert!(!lines.is_empty(), "an empty traffic log");
    let twice = |to: &str| lines.get(to).is_some_and(|times| *times > 1);
    history
        .rows
        .iter()
        .filter(|row| !row.possible_duplicate && twice(&row.to))
        .map(|r| r.to.as_str())
        .collect()
}
