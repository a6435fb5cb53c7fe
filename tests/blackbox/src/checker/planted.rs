//! The checker's own test: an honest gateway's history (`honest`) passes; each planted bug is caught, and caught under its right name.

use super::honest::{WINDOW, doubled, honest, long, plain, row, session_of, submit, submits_of};
use super::{Terms, Violation, judge};
use crate::doors::{Answer, Door};
use crate::history::{Attempt, History, marker, number_of};
use crate::journal::Entry;
use crate::readback::Row;

const TERMS: Terms = Terms { window: WINDOW, receipts: true, ordered: true, own_numbers: true };

#[test]
fn an_honest_history_passes() {
    for seed in 0..50 {
        assert_eq!(judge(&honest(seed), &TERMS), [], "seed {seed}");
    }
}

type Bug = (&'static str, fn(&mut History), fn(&Violation) -> bool);

const BUGS: [Bug; 23] = [
    (
        "accepted, never sent, called delivered",
        |h| {
            let m = plain(h);
            for at in submits_of(h, m).into_iter().rev() {
                h.operator.drain(at..at + 3);
            }
        },
        |v| matches!(v, Violation::Lost { .. }),
    ),
    (
        "answered before the commit, then killed",
        |h| {
            let m = plain(h);
            for at in submits_of(h, m).into_iter().rev() {
                h.operator.drain(at..at + 3);
            }
            h.rows.retain(|row| row.to != number_of(m));
        },
        |v| matches!(v, Violation::Absent { .. }),
    ),
    (
        "sent, but its row is gone",
        |h| {
            let m = plain(h);
            h.rows.retain(|row| row.to != number_of(m));
        },
        |v| matches!(v, Violation::Absent { .. }),
    ),
    (
        "only refused by the operator, called delivered",
        |h| {
            let m = plain(h);
            let at = submits_of(h, m)[0];
            if let Entry::Reply { status, .. } = &mut h.operator[at + 1] {
                *status = 8;
            }
        },
        |v| matches!(v, Violation::Lost { .. }),
    ),
    (
        "the second part forgotten",
        |h| {
            let m = long(h);

            h.operator
                .retain(|e| !matches!(e, Entry::Submit { text, part: 2, .. } if marker(text) == Some(m)));
        },
        |v| matches!(v, Violation::Lost { part: 2, .. }),
    ),
    (
        "resent without the mark",
        |h| {
            let m = doubled(h);
            row(h, m).possible_duplicate = false;
        },
        |v| matches!(v, Violation::UnmarkedDuplicate { .. }),
    ),
    (
        "resent though answered on a living session",
        |h| {
            let m = plain(h);
            row(h, m).possible_duplicate = true;
            let s = session_of(h, m);
            submit(h, m, s, 1, 1, Some(0));
        },
        |v| matches!(v, Violation::CauselessDuplicate { .. }),
    ),
    (
        "a whole queue resent after a crash",
        |h| {
            let all: Vec<u64> =
                h.rows.iter().map(|row| row.to[3..].parse().expect("a number")).filter(|m| *m < 60).collect();
            for m in all {
                row(h, m).possible_duplicate = true;
                submit(h, m, 2, 1, 1, Some(0));
            }
        },
        |v| matches!(v, Violation::BeyondWindow { .. }),
    ),
    (
        "window not kept",
        |h| {
            for _ in 0..=WINDOW {
                let m = plain(h);
                submit(h, m, 9, 1, 1, None);
            }
        },
        |v| matches!(v, Violation::WindowExceeded { .. }),
    ),
    (
        "something of its own invention",
        |h| {
            submit(h, 99_999, 1, 1, 1, Some(0));
        },
        |v| matches!(v, Violation::Phantom { .. }),
    ),
    (
        "a text damaged on its way",
        |h| {
            let m = plain(h);
            let at = submits_of(h, m)[0];
            if let Entry::Submit { text, .. } = &mut h.operator[at] {
                *text = "M0000".into();
            }
        },
        |v| matches!(v, Violation::Phantom { .. }),
    ),
    (
        "refused at the door and sent",
        |h| {
            let m = h
                .attempts
                .iter()
                .find(|a| matches!(a.answer, Answer::Refused(_)))
                .expect("a refused one")
                .message;
            submit(h, m, 1, 1, 1, Some(0));
        },
        |v| matches!(v, Violation::RefusedButSent { .. }),
    ),
    (
        "a retry under one key stored again",
        |h| {
            let m = plain(h);
            let mut again = h.attempts.iter().find(|a| a.message == m).expect("it").clone();
            again.answer = Answer::Accepted(Some("other".into()));
            h.attempts.push(again);
            let mut second = row(h, m).clone();
            second.id = "other".into();
            h.rows.push(second);
        },
        |v| matches!(v, Violation::StoredTwice { .. }),
    ),
    (
        "an unknown answer stored twice",
        |h| {
            let m = plain(h);
            let a = h.attempts.iter_mut().find(|a| a.message == m).expect("it");
            a.answer = Answer::Unknown;
            let second = row(h, m).clone();
            h.rows.push(second);
        },
        |v| matches!(v, Violation::StoredTwice { .. }),
    ),
    (
        "stuck in the queue for ever",
        |h| {
            let m = plain(h);
            row(h, m).state = "queued".into();
        },
        |v| matches!(v, Violation::NoEnd { .. }),
    ),
    (
        "receipt answered and forgotten",
        |h| {
            let m = plain(h);
            row(h, m).state = "sent".into();
        },
        |v| matches!(v, Violation::ReceiptNotApplied { .. }),
    ),
    (
        "negative receipt taken for a positive one",
        |h| {
            let failed = h.rows.iter_mut().find(|r| r.state == "failed").expect("a failed one");
            failed.state = "delivered".into();
        },
        |v| matches!(v, Violation::ReceiptNotApplied { .. } | Violation::FalseDelivery { .. }),
    ),
    (
        "delivered without a receipt",
        |h| {
            let m = plain(h);
            let at = submits_of(h, m)[0];
            h.operator.remove(at + 2);
        },
        |v| matches!(v, Violation::FalseDelivery { .. }),
    ),
    (
        "a later message overtakes",
        |h| {
            let (a, b) = {
                let mut found = h
                    .attempts
                    .iter()
                    .filter(|a| a.accepted() && submits_of(h, a.message).len() == 1)
                    .map(|a| a.message);
                (found.next().expect("one"), found.nth(3).expect("another"))
            };
            let (x, y) = (submits_of(h, a)[0], submits_of(h, b)[0]);
            for m in [a, b] {
                let attempt = h.attempts.iter_mut().find(|t| t.message == m).expect("it");
                attempt.to = number_of(a);
            }
            h.operator.swap(x, y);
        },
        |v| matches!(v, Violation::OutOfOrder { .. }),
    ),
    (
        "the second part first",
        |h| {
            let places = submits_of(h, long(h));
            h.operator.swap(places[0], places[1]);
        },
        |v| matches!(v, Violation::PartsOutOfOrder { .. }),
    ),
    (
        "a message from a mobile answered and lost",
        |h| {
            h.inbox.pop();
        },
        |v| matches!(v, Violation::MoLost { .. }),
    ),
    (
        "a message from a mobile kept twice",
        |h| {
            let again = h.inbox[0].clone();
            h.inbox.push(again);
        },
        |v| matches!(v, Violation::MoTwice { .. }),
    ),
    (
        "the books do not add up",
        |h| {
            h.books.as_mut().expect("books").parts[0].1 -= 1;
        },
        |v| matches!(v, Violation::BooksDoNotAddUp { .. }),
    ),
];

#[test]
fn every_planted_bug_is_caught() {
    for seed in 0..4 {
        for (name, plant, right) in BUGS {
            let mut history = honest(seed);
            plant(&mut history);
            let found = judge(&history, &TERMS);
            assert!(found.iter().any(right), "seed {seed}: {name} was not caught: {found:?}");
        }
    }
}

#[test]
fn what_is_allowed_is_not_complained_of() {
    // Killed before any answer: sent or not sent, both are right.
    let mut history = honest(1);
    let message = plain(&history);
    let unknown = history.attempts.iter_mut().find(|attempt| attempt.message == message).expect("it");
    unknown.answer = Answer::Unknown;
    assert_eq!(judge(&history, &TERMS), []);

    // Without receipts, sent is an end.
    let mut history = honest(2);
    history.operator.retain(|entry| !matches!(entry, Entry::Receipt { .. }));
    for row in &mut history.rows {
        row.state = "sent".into();
    }
    assert_eq!(judge(&history, &Terms { receipts: false, ..TERMS }), []);

    // A failed message need not have been sent.
    let mut history = History::default();
    let (sender, to) = ("crm".to_owned(), number_of(1));
    let answer = Answer::Accepted(None);
    history.attempts.push(Attempt {
        message: 1,
        door: Door::Mail,
        sender,
        to: to.clone(),
        began_at: 1,
        ended_at: 2,
        answer,
    });
    history.rows.push(Row { id: "x".into(), to, state: "failed".into(), possible_duplicate: false });
    assert_eq!(judge(&history, &TERMS), []);
}
