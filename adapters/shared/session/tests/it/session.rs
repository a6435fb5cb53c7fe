//! The session by virtual time.

use crate::toy::{Toy, at, failure};
use bytes::BytesMut;
use domain::Timestamp;
use domain::message::{Incarnation, Parts, Priority};
use domain::routing::{FailureClass, Tries};
use domain::text::split;
use fakes::samples;
use ports::driven::{PartReply, Shipment};
use proptest::prelude::*;
use session::{Answer, BindRefusal, Closed, Event, Session, SessionLimits};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

fn limits(window: usize) -> SessionLimits {
    SessionLimits { window, ..SessionLimits::default() }
}

pub fn shipment(id: i64) -> Shipment {
    let message = samples::message(id, Timestamp::UNIX_EPOCH);
    let segments = split("hej", domain::text::Alphabet::Gsm7, 1, false).unwrap();
    Shipment {
        message: Arc::new(message),
        originator: None,
        segments: (1..).zip(segments).collect(),
        receipt: false,
        possible_duplicate: false,
        parts: Parts::default(),
        tries: Tries::default(),
        lease: Incarnation(1),
        leaves_on: Vec::new(),
        once: false,
    }
}

/// What the session has to say, and takes it off.
pub fn said(session: &mut Session<Toy>) -> String {
    session
        .poll_transmit()
        .map(|out| String::from_utf8(std::mem::take(out).to_vec()).unwrap())
        .unwrap_or_default()
}

pub fn hear(session: &mut Session<Toy>, seconds: u64, line: &str) {
    let mut input = BytesMut::from(format!("{line}\n").as_bytes());
    while session.handle_input(at(seconds), &mut input) {}
}

pub fn ends(session: &mut Session<Toy>) -> Vec<(u64, PartReply)> {
    let mut ends = Vec::new();
    while let Some(event) = session.poll_event() {
        if let Event::Ended { token, end, .. } = event {
            ends.push((token, end));
        }
    }
    ends
}

fn accepted(id: &str) -> PartReply {
    PartReply::Accepted { operator_id: id.to_owned() }
}

pub fn bound(window: usize) -> Session<Toy> {
    bound_as(Toy::default(), window)
}

pub fn bound_as(toy: Toy, window: usize) -> Session<Toy> {
    let mut session = Session::new(toy, limits(window), at(0));
    assert_eq!((said(&mut session).as_str(), session.free()), ("B1\n", 0), "before the bind nothing else");
    hear(&mut session, 0, "b");
    assert!(matches!(session.poll_event(), Some(Event::Bound)) && session.is_bound());
    session
}

#[test]
fn a_bind_is_answered_or_given_up() {
    let mut refused = Session::new(Toy::default(), limits(1), at(0));
    hear(&mut refused, 1, "x1");
    assert_eq!(refused.closed(), Some(&Closed::Refused(BindRefusal { login: true, detail: "no".into() })));
    let mut nacked = Session::new(Toy::default(), limits(1), at(0));
    hear(&mut nacked, 1, "n1");
    assert!(matches!(nacked.closed(), Some(Closed::Refused(BindRefusal { login: false, .. }))));
    let mut silent = Session::new(Toy::default(), limits(1), at(0));
    assert_eq!(silent.poll_timeout(), Some(Duration::from_secs(30)));
    silent.handle_timeout(at(29));
    assert_eq!(silent.closed(), None);
    silent.handle_timeout(at(30));
    assert!(matches!(silent.closed(), Some(Closed::Broken(_))));
}

#[test]
fn the_window_holds_and_replies_come_in_any_order() {
    let mut session = bound(2);
    session.submit(at(1), 10, &shipment(1), 0).unwrap();
    session.submit(at(1), 11, &shipment(2), 0).unwrap();
    assert_eq!((session.free(), said(&mut session).as_str()), (0, "S2\nS3\n"));
    hear(&mut session, 2, "+3");
    hear(&mut session, 2, "-2");
    let refused = PartReply::Refused(failure(FailureClass::Permanent));
    assert_eq!(ends(&mut session), [(11, accepted("id3")), (10, refused)]);
    assert_eq!((session.free(), session.in_flight()), (2, 0));
}

#[test]
fn what_is_nobodys_is_counted() {
    let mut session = bound(2);
    session.submit(at(1), 10, &shipment(1), 0).unwrap();
    for line in ["+2", "+2", "+7", "n6", "b", "gibberish"] {
        hear(&mut session, 2, line);
    }
    assert_eq!(ends(&mut session), [(10, accepted("id2"))]);
    assert_eq!((session.counts().unknown_replies, session.counts().bad_frames), (4, 1));
    assert!(session.is_bound());
}

#[test]
fn keys_come_around_and_pass_over_those_that_wait() {
    let mut session = bound(2);
    session.submit(at(1), 99, &shipment(1), 0).unwrap();
    assert_eq!(said(&mut session), "S2\n");
    for round in 0..30 {
        session.submit(at(1), round, &shipment(2), 0).unwrap();
        let line = said(&mut session);
        assert_ne!(line, "S2\n", "key 2 waits for its reply");
        hear(&mut session, 1, &line.trim_end().replace('S', "+"));
    }
    hear(&mut session, 1, "+2");
    assert_eq!(ends(&mut session).last().map(|(token, _)| *token), Some(99));
}

#[test]
fn late_settles_and_never_is_doubt() {
    let mut session = bound(1);
    session.submit(at(0), 1, &shipment(1), 0).unwrap();
    for seconds in [25, 50, 75] {
        hear(&mut session, seconds, "k");
        session.handle_timeout(at(seconds));
    }
    assert_eq!((ends(&mut session), session.free()), (vec![], 0), "late, and its fate is open");
    hear(&mut session, 100, "+2");
    assert_eq!(ends(&mut session), [(1, accepted("id2"))]);
    assert_eq!(session.counts().late_replies, 1);
    session.submit(at(100), 2, &shipment(2), 0).unwrap();
    for seconds in (110..=280).step_by(10) {
        hear(&mut session, seconds, "k");
        session.handle_timeout(at(seconds));
    }
    assert_eq!(ends(&mut session), [(2, PartReply::Unanswered)]);
    hear(&mut session, 281, "+3");
    assert_eq!((ends(&mut session), session.counts().unknown_replies), (vec![], 1), "too late is nobody's");
}

#[test]
fn later_than_late_never_pairs_with_a_key_that_came_around() {
    let mut session = bound(2);
    session.submit(at(0), 1, &shipment(1), 0).unwrap();
    assert_eq!(said(&mut session), "S2\n");
    for seconds in (10..=180).step_by(10) {
        hear(&mut session, seconds, "k");
        session.handle_timeout(at(seconds));
    }
    assert_eq!(ends(&mut session), [(1, PartReply::Unanswered)]);
    for round in 0..20 {
        session.submit(at(190), round, &shipment(2), 0).unwrap();
        let line = said(&mut session);
        assert_ne!(line, "S2\n", "its reply may still come");
        hear(&mut session, 190, &line.trim_end().replace('S', "+"));
    }
    ends(&mut session);
    hear(&mut session, 191, "+2");
    assert_eq!((ends(&mut session), session.counts().unknown_replies), (vec![], 1));
    let mut keys = (0..8).map(|round| {
        session.submit(at(192), round, &shipment(3), 0).unwrap();
        let line = said(&mut session);
        hear(&mut session, 192, &line.trim_end().replace('S', "+"));
        line
    });
    assert!(keys.any(|line| line == "S2\n"), "and then the key is free again");
}

#[test]
fn silence_is_probed_and_any_frame_is_life() {
    let mut session = bound(1);
    assert_eq!(session.poll_timeout(), Some(Duration::from_secs(30)));
    session.handle_timeout(at(30));
    assert_eq!(
        (said(&mut session).as_str(), session.poll_timeout()),
        ("K2\n", Some(Duration::from_secs(40)))
    );
    hear(&mut session, 39, "gibberish");
    session.handle_timeout(at(40));
    assert!(session.is_bound());
    session.handle_timeout(at(69));
    assert_eq!(said(&mut session), "K3\n");
    session.handle_timeout(at(79));
    assert!(matches!(session.closed(), Some(Closed::Broken(_))));
    assert_eq!(session.poll_timeout(), None);
}

#[test]
fn the_peers_keep_alive_and_goodbye_are_answered() {
    let mut session = bound(1);
    hear(&mut session, 1, "K");
    assert_eq!(said(&mut session), "k\n");
    hear(&mut session, 2, "U");
    assert_eq!(session.closed(), Some(&Closed::Unbound));
}

#[test]
fn our_goodbye_waits_for_its_answer_and_not_for_ever() {
    let mut session = bound(1);
    session.submit(at(1), 7, &shipment(1), 0).unwrap();
    session.unbind(at(2));
    assert_eq!((said(&mut session).as_str(), session.free()), ("S2\nU3\n", 0));
    hear(&mut session, 3, "+2");
    assert_eq!(ends(&mut session), [(7, accepted("id2"))], "what was under way is still settled");
    hear(&mut session, 4, "u");
    assert_eq!(session.closed(), Some(&Closed::Finished));
    let mut deaf = bound(1);
    deaf.unbind(at(2));
    deaf.handle_timeout(at(7));
    assert_eq!(deaf.closed(), Some(&Closed::Finished));
}

#[test]
fn throttled_comes_back_and_frees_its_place() {
    let mut session = bound(1);
    session.submit(at(1), 7, &shipment(1), 0).unwrap();
    hear(&mut session, 2, "!2");
    assert!(matches!(session.poll_event(), Some(Event::Throttled { token: 7, .. })));
    assert_eq!(session.free(), 1);
}

#[test]
fn a_nack_says_no_less_than_a_reply() {
    let mut session = bound(3);
    for token in 7..10 {
        session.submit(at(1), token, &shipment(1), 0).unwrap();
    }
    hear(&mut session, 2, "h2");
    assert!(matches!(session.poll_event(), Some(Event::Throttled { token: 7, .. })), "slow down, and again");
    hear(&mut session, 2, "c3");
    assert!(matches!(session.poll_event(), Some(Event::Full { token: 8 })), "the operator, or one phone");
    assert_eq!(ends(&mut session).len(), 1);
    assert!(session.is_bound());
    hear(&mut session, 2, "d4");
    assert_eq!(ends(&mut session), [(9, PartReply::NotOffered)]);
    assert!(matches!(session.closed(), Some(Closed::Broken(_))), "it binds again");
}

#[test]
fn the_last_words_of_an_operator_that_ends_the_session_are_heard() {
    for (line, why) in [("d2", Closed::Broken("toy".into())), ("U", Closed::Unbound)] {
        let mut session = bound(4);
        for token in 7..11 {
            session.submit(at(1), token, &shipment(1), 0).unwrap();
        }
        let mut input = BytesMut::from(format!("{line}\nd3\n+4\n").as_bytes());
        while session.handle_input(at(2), &mut input) {}
        let first = if line == "U" { vec![] } else { vec![(7, PartReply::NotOffered)] };
        let others = [(8, PartReply::NotOffered), (9, accepted("id4"))];
        assert_eq!(ends(&mut session), [first, others.to_vec()].concat(), "all that was read");
        assert_eq!((session.free(), session.closed(), session.ending()), (0, None, Some(&why)));
        assert_eq!(session.poll_timeout(), Some(Duration::from_secs(3)), "and a second more");
        session.handle_timeout(at(3));
        assert_eq!((session.closed(), session.in_flight() > 0), (Some(&why), true), "the rest is in doubt");
    }
    let mut session = bound(2);
    for token in 7..9 {
        session.submit(at(1), token, &shipment(1), 0).unwrap();
    }
    hear(&mut session, 2, "d2");
    hear(&mut session, 2, "d3");
    assert_eq!(ends(&mut session).len(), 2);
    assert!(matches!(session.closed(), Some(Closed::Broken(_))), "nothing more can come");
}

#[test]
fn what_comes_is_answered_when_the_caller_says_so() {
    let mut session = bound(1);
    hear(&mut session, 1, "M");
    hear(&mut session, 1, "R");
    assert!(matches!(session.poll_event(), Some(Event::Mo { .. })));
    assert!(matches!(session.poll_event(), Some(Event::Receipt { .. })));
    assert_eq!(said(&mut session), "");
    session.answer(&(), Answer::TryAgain);
    session.answer(&(), Answer::Taken);
    assert_eq!(said(&mut session), "t\na\n");
}

fn again(session: &mut Session<Toy>) -> Vec<u64> {
    std::iter::from_fn(|| session.poll_event())
        .filter_map(|event| if let Event::Again { token, .. } = event { Some(token) } else { None })
        .collect()
}

#[test]
fn a_peer_that_expects_another_key_gets_what_it_threw_away() {
    let mut session = bound(4);
    for token in 10..14 {
        session.submit(at(1), token, &shipment(1), 0).unwrap();
    }
    assert_eq!(said(&mut session), "S2\nS3\nS4\nS5\n");
    hear(&mut session, 2, "e4");
    assert_eq!((again(&mut session), session.in_flight()), (vec![12, 13], 2), "this one and those after it");
    session.submit(at(2), 12, &shipment(1), 0).unwrap();
    assert_eq!(said(&mut session), "S4\n");
    hear(&mut session, 3, "e5");
    assert_eq!(again(&mut session), [], "that comes next anyway");
    for line in ["+2", "+3", "+4"] {
        hear(&mut session, 3, line);
    }
    session.submit(at(4), 13, &shipment(1), 0).unwrap();
    assert_eq!((said(&mut session).as_str(), ends(&mut session).len()), ("S5\n", 3));
    hear(&mut session, 4, "e1");
    assert_eq!(again(&mut session), [13], "it knew none of what waits");
    for line in ["e3", "e5"] {
        session.submit(at(5), 13, &shipment(1), 0).unwrap();
        hear(&mut session, 5, line);
        assert_eq!(again(&mut session), [13]);
    }
    session.submit(at(5), 13, &shipment(1), 0).unwrap();
    hear(&mut session, 5, "e1");
    assert!(matches!(session.closed(), Some(Closed::Broken(_))), "there is no end to it");
}

#[test]
fn what_follows_the_expected_key_of_a_keep_alive_goes_again_and_nothing_before() {
    let mut session = bound_as(Toy { strict: true, ..Toy::default() }, 4);
    session.submit(at(29), 10, &shipment(1), 0).unwrap();
    session.handle_timeout(at(30));
    assert_eq!(said(&mut session), "S2\nK3\n");
    for token in 11..13 {
        session.submit(at(30), token, &shipment(1), 0).unwrap();
    }
    assert_eq!(said(&mut session), "S4\nS5\n");
    hear(&mut session, 31, "e3");
    assert_eq!((again(&mut session), session.in_flight()), (vec![11, 12], 1), "the first is under way");
    session.submit(at(31), 11, &shipment(1), 0).unwrap();
    assert_eq!(said(&mut session), "S3\n");
}

#[test]
fn no_key_is_left_out_where_the_peer_takes_each_in_its_turn() {
    let stuck = || {
        let mut session = bound_as(Toy { strict: true, ..Toy::default() }, 4);
        session.submit(at(1), 99, &shipment(1), 0).unwrap();
        for token in 0..7 {
            assert!(session.free() > 0);
            session.submit(at(1), token, &shipment(2), 0).unwrap();
            hear(&mut session, 1, &format!("+{}", (token + 3) % 8));
        }
        assert_eq!((session.free(), ends(&mut session).len()), (0, 7), "the next is 2, which waits");
        assert_eq!(session.poll_timeout(), Some(Duration::from_secs(6)));
        session.handle_timeout(at(5));
        session
    };
    let mut session = stuck();
    hear(&mut session, 5, "e2");
    assert_eq!((again(&mut session), session.in_flight()), (vec![], 1), "it comes next anyway");
    hear(&mut session, 5, "+2");
    assert_eq!((session.free(), ends(&mut session)), (4, vec![(99, accepted("id2"))]));
    let mut session = stuck();
    session.handle_timeout(at(6));
    assert!(
        matches!(session.closed(), Some(Closed::Broken(_))),
        "it is in doubt, and marked when it is sent again"
    );
    assert_eq!(session.in_flight(), 1);
}

#[test]
fn a_bind_under_the_expected_key() {
    let mut session = Session::new(Toy::default(), limits(1), at(0));
    assert_eq!(said(&mut session), "B1\n");
    hear(&mut session, 1, "e5");
    assert_eq!(said(&mut session), "B5\n");
    hear(&mut session, 1, "b");
    assert!(session.is_bound());
}

#[test]
fn another_form_is_tried_at_once() {
    let mut session = bound(1);
    session.submit(at(1), 7, &shipment(1), 0).unwrap();
    hear(&mut session, 1, "~2");
    assert_eq!((again(&mut session), session.free()), (vec![7], 1));
}

#[test]
fn what_was_put_off_by_silence_comes_on_a_new_connection() {
    let toy = Toy { silent: true, ..Toy::default() };
    let limits = SessionLimits { keep_alive: Duration::from_secs(1000), ..limits(2) };
    let mut session = Session::new(toy, limits, at(0));
    hear(&mut session, 0, "b");
    session.submit(at(1), 7, &shipment(1), 0).unwrap();
    hear(&mut session, 10, "M");
    let _ = said(&mut session);
    session.answer(&(), Answer::TryAgain);
    assert_eq!((said(&mut session).as_str(), session.poll_timeout()), ("", Some(Duration::from_secs(70))));
    session.handle_timeout(at(70));
    assert_eq!((said(&mut session).as_str(), session.free()), ("", 0), "what is under way is waited for");
    hear(&mut session, 71, "+2");
    assert_eq!(session.poll_timeout(), Some(Duration::from_secs(70)), "now");
    session.handle_timeout(at(71));
    assert_eq!(said(&mut session), "U3\n");
    hear(&mut session, 72, "u");
    assert_eq!(session.closed(), Some(&Closed::Finished));
}

#[test]
fn while_an_alarm_is_under_way_silence_is_not_borne_for_long() {
    let ends_at = |alarm: bool| {
        let mut session = bound(2);
        let mut shipment = shipment(1);
        if alarm {
            Arc::make_mut(&mut shipment.message).priority = Priority::Alarm;
        }
        session.submit(at(25), 1, &shipment, 0).unwrap();
        let mut seen = Vec::new();
        while session.closed().is_none() {
            let due = session.poll_timeout().unwrap();
            let _ = said(&mut session);
            session.handle_timeout(at(due.as_secs()));
            seen.push((due.as_secs(), said(&mut session)));
        }
        assert!(matches!(session.closed(), Some(Closed::Deaf(_))), "{:?}", session.closed());
        seen
    };
    assert_eq!(ends_at(false), [(30, "K3\n".to_owned()), (40, String::new())]);
    assert_eq!(ends_at(true), [(30, "K3\n".to_owned()), (35, String::new())], "it is asked as early as ever");
    let mut session = bound(2);
    let mut alarm = shipment(1);
    Arc::make_mut(&mut alarm.message).priority = Priority::Alarm;
    session.submit(at(1), 1, &alarm, 0).unwrap();
    assert_eq!(session.poll_timeout(), Some(Duration::from_secs(11)), "and earlier");
    hear(&mut session, 5, "+2");
    assert_eq!(session.poll_timeout(), Some(Duration::from_secs(35)), "it has its answer");
}

#[test]
fn who_was_deaf_shows_first_that_he_hears() {
    let suspect = |toy: Toy| {
        let mut session = Session::new(toy, limits(2), at(0));
        session.suspect(at(0));
        hear(&mut session, 1, "b");
        assert_eq!((said(&mut session).as_str(), session.free()), ("B1\nK2\n", 0));
        assert!(session.poll_event().is_none() && !session.is_bound());
        assert_eq!(session.poll_timeout(), Some(Duration::from_secs(11)));
        session
    };
    for answer in ["k", "n2"] {
        let mut session = suspect(Toy::default());
        hear(&mut session, 2, "K1");
        assert!(session.poll_event().is_none(), "that he speaks does not show that he listens");
        hear(&mut session, 3, answer);
        assert!(matches!(session.poll_event(), Some(Event::Bound)) && session.free() == 2, "{answer}");
    }
    let mut session = suspect(Toy::default());
    session.handle_timeout(at(11));
    assert!(matches!(session.closed(), Some(Closed::Deaf(_))));
}

#[test]
fn what_cannot_be_said_takes_no_place() {
    let mut session = bound(1);
    let mut flash = shipment(1);
    Arc::make_mut(&mut flash.message).flash = true;
    assert!(session.submit(at(1), 1, &flash, 0).is_err());
    assert_eq!((session.free(), said(&mut session).as_str()), (1, ""));
    let mut strict = bound_as(Toy { strict: true, ..Toy::default() }, 1);
    assert!(strict.submit(at(1), 1, &flash, 0).is_err());
    strict.submit(at(1), 2, &shipment(2), 0).unwrap();
    assert_eq!(said(&mut strict), "S2\n", "and no key where none may be left out");
}

#[test]
fn a_stream_that_cannot_be_cut_is_closed() {
    let mut session = bound(1);
    let mut input = BytesMut::from(&[b'z'; 200][..]);
    assert!(!session.handle_input(at(1), &mut input));
    assert!(matches!(session.closed(), Some(Closed::Broken(_))));
}

proptest! {
    /// Whatever the operator says and however time passes, each submit ends at most once, and the window is never exceeded.
    #[test]
    fn each_submit_ends_at_most_once(moves in proptest::collection::vec((0_u8..12, 0_u64..30), 0..200)) {
        let mut session = bound(3);
        let (mut token, mut seconds, mut ended) = (0_u64, 0, HashMap::new());
        for (kind, value) in moves {
            match kind {
                0..=3 if session.free() > 0 => {
                    session.submit(at(seconds), token, &shipment(1), 0).unwrap();
                    token += 1;
                }
                4..=5 => hear(&mut session, seconds, &format!("+{}", value % 8)),
                6 => hear(&mut session, seconds, &format!("-{}", value % 8)),
                7 => hear(&mut session, seconds, &format!("n{}", value % 8)),
                8 => hear(&mut session, seconds, "k"),
                _ => {
                    seconds += value;
                    session.handle_timeout(at(seconds));
                }
            }
            for (token, _) in ends(&mut session) {
                *ended.entry(token).or_insert(0) += 1;
            }
            prop_assert!(session.in_flight() <= 2 * 3 + 1);
            prop_assert!(ended.values().all(|times| *times == 1));
            prop_assert!(ended.len() + session.in_flight() == usize::try_from(token).unwrap());
        }
    }
}

/// What a session says of an operator who answers no submits.
fn told(session: &mut Session<Toy>) -> String {
    let mut told = String::new();
    while let Some(event) = session.poll_event() {
        told += match event {
            Event::Mute { .. } => "mute ",
            Event::Bound => "bound ",
            Event::PassedOver { .. } => "passed ",
            _ => "",
        };
    }
    told
}

fn alive(session: &mut Session<Toy>, seconds: u64) {
    hear(session, seconds, "k");
    session.handle_timeout(at(seconds));
}

/// He answers keep-alives and no submits. Long past his usual times one more is tried, then nothing more counts on him until the next is; with
/// his first answer all places that he holds are free.
#[test]
fn who_answers_no_submits_is_tried_with_one_at_a_time() {
    let mut session = bound(3);
    for token in 1..=2 {
        session.submit(at(0), token, &shipment(1), 0).unwrap();
    }
    alive(&mut session, 60);
    assert_eq!((told(&mut session).as_str(), session.free()), ("", 1), "there is room");
    session.submit(at(60), 3, &shipment(3), 0).unwrap();
    session.handle_timeout(at(60));
    assert_eq!((told(&mut session).as_str(), session.free()), ("passed ", 1), "one is tried");
    session.submit(at(60), 4, &shipment(4), 0).unwrap();
    assert_eq!(told(&mut session), "mute ");
    alive(&mut session, 90);
    assert_eq!((told(&mut session).as_str(), session.free()), ("", 0));
    alive(&mut session, 100);
    assert_eq!((told(&mut session).as_str(), session.free()), ("passed bound ", 1), "the next, later");
    session.submit(at(101), 5, &shipment(5), 0).unwrap();
    assert_eq!((told(&mut session).as_str(), session.in_flight()), ("mute ", 5));
    hear(&mut session, 102, "+6");
    session.handle_timeout(at(102));
    assert_eq!(told(&mut session), "bound passed passed ");
    assert_eq!((session.free(), session.in_flight()), (2, 4), "as far as there are keys");
}

/// The connection after one on which he answered nothing.
#[test]
fn who_answered_none_gets_one_until_he_answers() {
    let mut session = Session::new(Toy::default(), limits(5), at(0));
    session.doubt();
    hear(&mut session, 0, "b");
    assert_eq!((told(&mut session).as_str(), session.free()), ("bound ", 1), "one at a time");
    session.submit(at(0), 1, &shipment(1), 0).unwrap();
    assert_eq!((session.free(), session.poll_timeout()), (0, Some(Duration::from_secs(20))));
    session.handle_timeout(at(20));
    assert_eq!((told(&mut session).as_str(), session.free()), ("passed ", 1));
    session.submit(at(21), 2, &shipment(2), 0).unwrap();
    assert_eq!((told(&mut session).as_str(), session.free()), ("mute ", 0));
    hear(&mut session, 25, "+3");
    assert_eq!((told(&mut session).as_str(), session.free()), ("bound ", 5), "he is believed again");
}
