//! An honest gateway's history, made up from a seed, and what is looked up in it to plant a bug there.

use crate::doors::{ALL, Answer};
use crate::history::{Attempt, Books, History, marked_text, marker, number_of};
use crate::journal::Entry;
use crate::random::Random;
use crate::readback::Row;

const MESSAGES: u64 = 400;
pub(super) const WINDOW: usize = 10;

/// What an honest gateway's life looks like: three lives with a kill after each, some refusals and throttles, long
/// messages, early receipts, messages from mobiles.
pub(super) fn honest(seed: u64) -> History {
    let mut random = Random::new(seed);
    let mut history = History::default();
    let mut accepted = 0;
    for message in 0..MESSAGES {
        let session = 1 + message * 3 / MESSAGES;
        let answer = match random.between(0..20) {
            0 => Answer::Refused("403".into()),
            1 => Answer::Unknown,
            _ => Answer::Accepted(Some(format!("id{message}"))),
        };
        let refused = matches!(answer, Answer::Refused(_));
        let at = 1_000 + message * 10;
        let (door, to) = (*random.pick(&ALL), number_of(message));
        let sender = "crm".into();
        history.attempts.push(Attempt { message, door, sender, to, began_at: at, ended_at: at + 5, answer });
        if refused {
            continue;
        }
        accepted += 1;
        let doubled = at_the_kill(message) && random.one_in(2);
        let state = if random.one_in(10) { "UNDELIV" } else { "DELIVRD" };
        let parts = if random.one_in(5) { 2 } else { 1 };
        if random.one_in(8) {
            submit(&mut history, message, session, 1, parts, Some(0x58));
        }
        for part in 1..=parts {
            if doubled {
                submit(
                    &mut history,
                    message,
                    session,
                    part,
                    parts,
                    if random.one_in(2) { Some(0) } else { None },
                );
            }
        }
        for part in 1..=parts {
            let id = submit(&mut history, message, session + u64::from(doubled), part, parts, Some(0));
            history.operator.push(Entry::Receipt { message_id: id, state: state.into(), answer: Some(0) });
        }
        let row_state = if state == "DELIVRD" { "delivered" } else { "failed" };
        history.rows.push(Row {
            id: format!("id{message}"),
            to: number_of(message),
            state: row_state.into(),
            possible_duplicate: doubled,
        });
        if random.one_in(4) {
            mo(&mut history, &format!("from a mobile {message}"), random.one_in(6));
        }
    }
    let parts = vec![("delivered".into(), accepted), ("queued".into(), 0)];
    history.books = Some(Books { in_order: true, accepted: Some(accepted), parts, wrong: String::new() });
    history
}

/// The last few messages of each life are in flight when it ends.
pub(super) fn at_the_kill(message: u64) -> bool {
    let left = (MESSAGES / 3) - 1 - message % (MESSAGES / 3);
    left < 4 && message < MESSAGES * 2 / 3
}

pub(super) fn submit(
    history: &mut History,
    message: u64,
    session: u64,
    part: u64,
    parts: u64,
    status: Option<u64>,
) -> String {
    let seq = history.operator.len() as u64;
    let message_id = format!("op{seq}");
    history.operator.push(Entry::Submit {
        at_ms: seq,
        session,
        seq,
        from: "crm".into(),
        to: number_of(message),
        text: marked_text(message, 10),
        part,
        parts,
        message_id: message_id.clone(),
    });
    if let Some(status) = status {
        history.operator.push(Entry::Reply { session, seq, status });
    }
    message_id
}

pub(super) fn mo(history: &mut History, text: &str, answer_lost: bool) {
    let entry = |answer| Entry::Mo { from: "46701".into(), to: "72456".into(), text: text.into(), answer };
    if answer_lost {
        history.operator.push(entry(None));
    }
    history.operator.push(entry(Some(0)));
    history.inbox.push(text.into());
}

/// The first accepted message that was sent once, delivered and in one part.
pub(super) fn plain(history: &History) -> u64 {
    let sent = |message: u64| submits_of(history, message).len() == 1;
    let delivered = |message: u64| {
        history.rows.iter().any(|row| row.to == number_of(message) && row.state == "delivered")
    };
    let attempts = history.attempts.iter().filter(|attempt| attempt.accepted());
    attempts
        .map(|attempt| attempt.message)
        .find(|message| sent(*message) && delivered(*message))
        .expect("a plain one")
}

/// An accepted, delivered message of two parts, sent once.
pub(super) fn long(history: &History) -> u64 {
    let delivered = |message: u64| {
        history.rows.iter().any(|row| row.to == number_of(message) && row.state == "delivered")
    };
    let accepted = |message: u64| history.attempts.iter().any(|a| a.message == message && a.accepted());
    let second = |entry: &Entry| match entry {
        Entry::Submit { text, part: 2, parts: 2, .. } => marker(text),
        _ => None,
    };
    let fine = |m: &u64| delivered(*m) && accepted(*m) && submits_of(history, *m).len() == 2;
    history.operator.iter().filter_map(second).find(fine).expect("a long one")
}

pub(super) fn submits_of(history: &History, wanted: u64) -> Vec<usize> {
    let of = |entry: &Entry| matches!(entry, Entry::Submit { text, .. } if marker(text) == Some(wanted));
    history.operator.iter().enumerate().filter(|(_, entry)| of(entry)).map(|(place, _)| place).collect()
}

/// A message with a double submit.
pub(super) fn doubled(history: &History) -> u64 {
    let row = history.rows.iter().find(|row| row.possible_duplicate).expect("a doubled one");
    row.to[3..].parse().expect("its number")
}

pub(super) fn row(history: &mut History, message: u64) -> &mut Row {
    history.rows.iter_mut().find(|row| row.to == number_of(message)).expect("its row")
}

/// The session on which a message left.
pub(super) fn session_of(history: &History, message: u64) -> u64 {
    match &history.operator[submits_of(history, message)[0]] {
        Entry::Submit { session, .. } => *session,
        _ => 0,
    }
}
