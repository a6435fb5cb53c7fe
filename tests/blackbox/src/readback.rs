//! Reads back by the public API what the gateway says became of everything: final states, the inbox, the audit.

use crate::clock;
use crate::gateway::Gateway;
use crate::http::{Client, Request, escape};
use crate::settings::{PASSWORD, USER};
use serde_json::Value;
use std::time::Duration;

/// Rows asked for at a time.
const PAGE: usize = 200;
/// Pages beyond this are a fault of the cursor.
const MOST_PAGES: usize = 10_000;
/// Pause between two looks at the whole store.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);
/// States from which nothing more happens.
pub const FINAL: [&str; 5] = ["delivered", "failed", "expired", "cancelled", "unknown"];

/// A message as the API tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Our id.
    pub id: String,
    /// The recipient.
    pub to: String,
    /// Its state.
    pub state: String,
    /// Whether it may have been sent more than once.
    pub possible_duplicate: bool,
}

/// Every message in the store, page by page.
///
/// # Panics
/// When a page is not answered.
#[must_use]
pub fn messages(gateway: &Gateway) -> Vec<Row> {
    messages_as(gateway, Some((USER, PASSWORD)))
}

/// The same as another user, or as nobody but the address.
///
/// # Panics
/// When a page is not answered.
#[must_use]
pub fn messages_as(gateway: &Gateway, login: Option<(&str, &str)>) -> Vec<Row> {
    pages(gateway, "/api/v1/messages", "messages", login)
        .iter()
        .map(|row| Row {
            id: text(row, "id"),
            to: text(row, "to"),
            state: text(row, "state"),
            possible_duplicate: row["possible_duplicate"].as_bool().unwrap_or(false),
        })
        .collect()
}

/// Texts of everything in the inbox that has not been acknowledged.
#[must_use]
pub fn inbox(gateway: &Gateway) -> Vec<String> {
    pages(gateway, "/api/v1/inbox", "messages", Some((USER, PASSWORD)))
        .iter()
        .map(|row| text(row, "text"))
        .collect()
}

/// `omnigate audit --json`, and whether it found the books in order.
#[must_use]
pub fn audit(gateway: &Gateway) -> (bool, Value) {
    let output = gateway.command(&["audit", "--json"]);
    (output.status.success(), serde_json::from_slice(&output.stdout).unwrap_or(Value::Null))
}

/// Waits until nothing is on its way any more. `sent` counts as the end when no receipts are asked for.
///
/// # Panics
/// When that does not happen in time.
pub fn settle(gateway: &Gateway, receipts: bool) -> Vec<Row> {
    let ended = |row: &Row| FINAL.contains(&row.state.as_str()) || (!receipts && row.state == "sent");
    let mut waiting = Vec::new();
    let settled = clock::within(clock::PATIENCE, || {
        let rows = messages(gateway);
        waiting = rows.iter().filter(|row| !ended(row)).cloned().collect();
        if !waiting.is_empty() {
            // Reading every page is work for the gateway as well.
            clock::pause(BETWEEN_LOOKS);
        }
        waiting.is_empty().then_some(rows)
    });
    let few = &waiting[..waiting.len().min(5)];
    settled.unwrap_or_else(|| {
        panic!(
            "{} messages do not come to an end: {few:#?}\n{}",
            waiting.len(),
            gateway.process().last_errors()
        )
    })
}

fn text(row: &Value, name: &str) -> String {
    row[name].as_str().unwrap_or_default().to_owned()
}

fn pages(gateway: &Gateway, path: &str, list: &str, login: Option<(&str, &str)>) -> Vec<Value> {
    let mut client = Client::new(gateway.doors().http);
    let mut rows = Vec::new();
    let mut after = String::new();
    for _ in 0..MOST_PAGES {
        let target = format!("{path}?limit={PAGE}&after={}", escape(&after));
        let request = Request::get(target);
        let request = login.map_or(request.clone(), |(user, password)| request.basic(user, password));
        let response = client.send(&request).expect("a page");
        assert_eq!(response.status, 200, "{path}: {}", response.text());
        let page = response.json();
        let found = page[list].as_array().cloned().unwrap_or_default();
        let next = page["next"].as_str().unwrap_or_default().to_owned();
        rows.extend(found);
        if next.is_empty() || next == after {
            return rows;
        }
        after = next;
    }
    panic!("{path}: the cursor never ends")
}
