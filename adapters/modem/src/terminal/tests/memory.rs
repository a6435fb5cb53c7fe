//! The memories of a modem: which one is used, what is read from it and when, and what is removed.

use super::*;
use crate::tpdu;

/// A status report as stored.
fn report(reference: u8) -> String {
    let report = tpdu::StatusReport {
        on_command: false,
        more_waiting: false,
        reference,
        recipient: tpdu::Address::parse("+46701234567").unwrap(),
        sent_at: None,
        discharged_at: None,
        status: 0,
        pid: None,
        dcs: None,
        user_data: None,
    };
    let pdu = tpdu::Pdu { sca: None, tpdu: tpdu::Tpdu::StatusReport(report) };
    let octets = tpdu::encode(&pdu).unwrap();
    format!(
        "\r\n+CMGR: 0,,{}\r\n{}\r\n{OK}",
        octets.len() - tpdu::sca_octets(&octets),
        crate::hex::encode(&octets)
    )
}

/// A modem with a memory of its own for reports, and what was removed from which.
fn two_memories(refuses: bool) -> (Bench, Arc<Mutex<Vec<String>>>) {
    let removed = Arc::new(Mutex::new(Vec::new()));
    let (seen, mut memory) = (removed.clone(), "SM");
    let bench = Bench::new(
        move |command| match command {
            "AT+CPMS=\"SR\"" if refuses => Some("\r\n+CMS ERROR: 302\r\n".into()),
            "AT+CPMS=\"SR\"" => {
                memory = "SR";
                Some(format!("\r\n+CPMS: 9,9,1,20,1,20\r\n{OK}"))
            }
            _ if command.starts_with("AT+CPMS=\"SM\"") => {
                memory = "SM";
                good(command)
            }
            _ if command.starts_with("AT+CMGD=") => {
                seen.lock().unwrap().push(format!("{memory}{}", &command[8..]));
                good(command)
            }
            _ if command.starts_with("AT+CMGR=") && memory == "SR" => {
                Some(report(command.as_bytes()[8] - b'0'))
            }
            _ if command.starts_with("AT+CMGR=") => Some(format!("\r\n+CMGR: 1,,25\r\n{MO}\r\n{OK}")),
            other => good(other),
        },
        |_| {},
    );
    (bench, removed)
}

#[test]
fn reports_are_read_and_removed_in_their_own_memory() {
    let (mut bench, removed) = two_memories(false);
    bench.run(5);
    bench
        .hear("\r\n+CDSI: \"SR\",1\r\n\r\n+CDSI: \"SR\",2\r\n\r\n+CMTI: \"SM\",3\r\n\r\n+CDSI: \"SR\",2\r\n");
    bench.run(5);
    let (mut references, mut again) = (Vec::new(), false);
    for event in std::mem::take(&mut bench.events) {
        let mark = match event {
            Event::Receipt { to, receipt } => {
                references.push(receipt.operator_id);
                to
            }
            Event::Mo { to, .. } => to,
            _ => continue,
        };
        let put_off = references.last().is_some_and(|last| last == "mr2-01234567") && !again;
        let answer = if put_off { session::Answer::TryAgain } else { session::Answer::Taken };
        again |= put_off;
        bench.terminal.answer(&mark, answer);
    }
    bench.run(15);
    let late = bench.events.iter().find_map(|event| match event {
        Event::Receipt { to, .. } => Some(to.clone()),
        _ => None,
    });
    bench.terminal.answer(&late.expect("what was put off is read again"), session::Answer::Taken);
    bench.run(5);
    assert_eq!(references, ["mr1-01234567", "mr2-01234567"]);
    let mut removed = removed.lock().unwrap().clone();
    removed.sort();
    assert_eq!(removed, ["SM3", "SR1", "SR2"]);
    assert_eq!(bench.state.facts().memory, Some((2, 20)), "not that of the reports");
    assert_eq!(bench.terminal.free(), 1);
}

#[test]
fn nothing_is_read_or_removed_in_the_wrong_memory() {
    let (mut bench, removed) = two_memories(true);
    bench.run(5);
    bench.hear("\r\n+CDSI: \"SR\",1\r\n");
    let before = bench.asked.len();
    bench.run(5);
    assert!(
        !bench.asked[before..].iter().any(|(_, asked)| asked.starts_with("AT+CMGR=")),
        "{:?}",
        bench.asked
    );
    assert!(removed.lock().unwrap().is_empty());
    assert_eq!(bench.terminal.free(), 1);
}

/// A modem that answers to memories so.
fn choosing(mut answers: impl FnMut(&str) -> Option<String> + 'static) -> Bench {
    Bench::new(
        move |command| match command.strip_prefix("AT+CPMS") {
            Some(rest) => answers(rest),
            None => good(command),
        },
        |_| {},
    )
}

/// The memories that were asked for, in all three places.
fn asked_for(bench: &Bench) -> String {
    let long = bench.asked.iter().filter(|(_, asked)| asked.starts_with("AT+CPMS=") && asked.contains(','));
    long.map(|(_, asked)| &asked[9..11]).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_modem_that_takes_no_memory_by_name_is_used_as_it_is() {
    // It says which one it uses, and takes the short form.
    let mut bench = choosing(|rest| match rest {
        "?" => Some(format!("\r\n+CPMS: \"ME\",1,50,\"ME\",1,50,\"ME\",1,50\r\n{OK}")),
        "=\"SR\"" | "=\"ME\"" => good("AT"),
        _ => Some("\r\nERROR\r\n".into()),
    });
    assert!(bench.run(30).is_up(), "{:?}", bench.asked);
    assert_eq!(asked_for(&bench), "SM ME", "each once");
    assert_eq!((bench.terminal.home.as_str(), bench.state.facts().memory), ("ME", Some((1, 50))));
    bench.hear("\r\n+CDSI: \"SR\",1\r\n");
    bench.run(5);
    let last: Vec<_> = bench.asked.iter().rev().take(3).map(|(_, asked)| asked.as_str()).collect();
    assert_eq!(last, ["AT+CPMS=\"ME\"", "AT+CMGR=1", "AT+CPMS=\"SR\""], "there and back by the short form");

    // It knows nothing of memories. What it announces and what it lists is the same.
    let mut read = 0;
    let mut bench = Bench::new(
        move |command| match command {
            _ if command.starts_with("AT+CPMS") => Some("\r\n+CMS ERROR: 303\r\n".into()),
            "AT+CMGL=4" if read < 2 => {
                read += 1;
                Some(format!("\r\n+CMGL: 3,1,,25\r\n{MO}\r\n{OK}"))
            }
            "AT+CMGR=3" => Some(format!("\r\n+CMGR: 1,,25\r\n{MO}\r\n{OK}")),
            other => good(other),
        },
        |_| {},
    );
    assert!(bench.run(30).is_up(), "{:?}", bench.asked);
    bench.hear("\r\n+CMTI: \"SM\",3\r\n");
    bench.run(310);
    let marks = marks(&mut bench);
    assert_eq!(marks.len(), 1, "read once while it is not taken");
    bench.terminal.answer(&marks[0], session::Answer::Taken);
    bench.run(5);
    assert_eq!(bench.times("AT+CMGD=3"), 1);
}

/// Messages of phones that came, and how each is answered.
fn marks(bench: &mut Bench) -> Vec<Mark> {
    let mark = |event| match event {
        Event::Mo { to, .. } => Some(to),
        _ => None,
    };
    std::mem::take(&mut bench.events).into_iter().filter_map(mark).collect()
}

#[test]
fn a_sim_that_is_busy_keeps_its_memory() {
    for busy in ["+CME ERROR: 14", "+CMS ERROR: 314", "+CME ERROR: SIM busy"] {
        let mut tries = 0;
        let mut bench = choosing(move |rest| match rest {
            _ if rest.starts_with("=\"SM") && tries < 8 => {
                tries += 1;
                Some(format!("\r\n{busy}\r\n"))
            }
            _ => good("AT+CPMS="),
        });
        assert!(bench.run(60).is_up(), "{:?}", bench.asked);
        assert_eq!((bench.terminal.home.as_str(), asked_for(&bench)), ("SM", ["SM"; 9].join(" ")), "{busy}");
    }
    // Not for ever: the other one is better than none.
    let mut bench = choosing(|rest| match rest {
        _ if rest.starts_with("=\"SM") => Some("\r\n+CME ERROR: 14\r\n".into()),
        _ => good("AT+CPMS="),
    });
    assert!(bench.run(90).is_up(), "{:?}", bench.asked);
    assert_eq!((bench.terminal.home.as_str(), bench.times("AT+CPMS=\"SM\",\"SM\",\"SM\"")), ("ME", 31));
}

#[test]
fn a_sim_that_is_lost_after_its_pin_ends_the_connection() {
    for code in ["+CMS ERROR: 310", "+CME ERROR: 10", "+CME ERROR: 13", "+CMS ERROR: 311"] {
        let mut bench = choosing(move |_| Some(format!("\r\n{code}\r\n")));
        bench.run(60);
        let closed = bench.terminal.closed();
        assert!(matches!(closed, Some(Closed::Broken(why)) if why.contains("SIM")), "{code}: {closed:?}");
        assert_eq!((bench.state.rung(), asked_for(&bench).as_str()), (Rung::Defaults, "SM"), "{code}");
    }
}

/// Whether the message at a place was read, if one is there; and how many were removed unread.
type Spot = (Option<bool>, u32);

/// A modem with one place, whose removals are done and then answered so.
fn one_place(removal: impl Fn(usize) -> Option<&'static str> + 'static) -> (Bench, Arc<Mutex<Spot>>) {
    let place = Arc::new(Mutex::new((None, 0)));
    let (inside, mut removals) = (place.clone(), 0);
    let bench = Bench::new(
        move |command| {
            let mut inside = inside.lock().unwrap();
            match command {
                "AT+CMGR=5" if inside.0.is_none() => Some("\r\n+CMS ERROR: 321\r\n".into()),
                "AT+CMGR=5" => {
                    inside.0 = Some(true);
                    Some(format!("\r\n+CMGR: 1,,25\r\n{MO}\r\n{OK}"))
                }
                "AT+CMGL=4" if inside.0.is_some() => {
                    inside.0 = Some(true);
                    Some(format!("\r\n+CMGL: 5,1,,25\r\n{MO}\r\n{OK}"))
                }
                "AT+CMGD=5" => {
                    inside.1 += u32::from(inside.0 == Some(false));
                    inside.0 = None;
                    removals += 1;
                    removal(removals).map(str::to_owned)
                }
                other => good(other),
            }
        },
        |_| {},
    );
    (bench, place)
}

#[test]
fn what_is_no_pdu_is_kept_as_it_stands_and_frees_its_place() {
    let removed = Arc::new(Mutex::new(Vec::new()));
    let (seen, mut lists) = (removed.clone(), 0);
    let mut bench = Bench::new(
        move |command| match command {
            "AT+CMGL=4" => {
                lists += 1;
                let removed = seen.lock().unwrap();
                let places = [
                    (3, "0791XYZ"),
                    (4, ""),
                    // Disturbed on the way, once.
                    (5, if lists == 1 { "07911989480045440QQ" } else { MO }),
                    (6, MO),
                ];
                let there = places.iter().filter(|(place, _)| !removed.contains(place));
                let all: String =
                    there.map(|(place, pdu)| format!("\r\n+CMGL: {place},1,,25\r\n{pdu}")).collect();
                Some(format!("{all}\r\n{OK}"))
            }
            "AT+CMGR=3" => Some(format!("\r\n+CMGR: 1,,25\r\n0791XYZ\r\n{OK}")),
            "AT+CMGR=4" => Some(format!("\r\n+CMGR: 1,,0\r\n{OK}")),
            _ if command.starts_with("AT+CMGD=") => {
                seen.lock().unwrap().push(command[8..].parse::<i32>().unwrap());
                good(command)
            }
            other => good(other),
        },
        |_| {},
    );
    let mut kept = Vec::new();
    for _ in 0..12 {
        bench.run(10);
        for event in std::mem::take(&mut bench.events) {
            if let Event::Mo { to, part } = event {
                kept.push(part.body);
                bench.terminal.answer(&to, session::Answer::Taken);
            }
        }
    }
    let raw = domain::mo::MoBody::Binary(b"0791XYZ".to_vec());
    let texts = kept.iter().filter(|body| matches!(body, domain::mo::MoBody::Gsm7(_))).count();
    assert_eq!((kept.len(), kept.iter().filter(|body| **body == raw).count(), texts), (3, 1, 2), "{kept:?}");
    let mut removed = removed.lock().unwrap().clone();
    removed.sort_unstable();
    assert_eq!(removed, [3, 4, 5, 6], "each once");
}

const ANNOUNCED: &str = "\r\n+CMTI: \"SM\",5\r\n";

#[test]
fn a_removal_whose_answer_is_lost_is_not_done_to_the_next_message() {
    let (mut bench, place) = one_place(|removal| (removal > 1).then_some(OK));
    bench.run(5);
    place.lock().unwrap().0 = Some(false);
    bench.hear(ANNOUNCED);
    bench.run(2);
    let first = marks(&mut bench);
    bench.terminal.answer(&first[0], session::Answer::Taken);
    bench.run(5);
    assert_eq!(*place.lock().unwrap(), (None, 0), "removed, and nobody said so");
    place.lock().unwrap().0 = Some(false);
    bench.hear(ANNOUNCED);
    bench.run(40);
    let second = marks(&mut bench);
    assert_eq!((first.len(), second.len(), place.lock().unwrap().1), (1, 1, 0), "{:?}", bench.asked);
    bench.terminal.answer(&second[0], session::Answer::Taken);
    bench.run(40);
    assert_eq!((*place.lock().unwrap(), bench.times("AT+CMGD=5")), ((None, 0), 2));
    assert_eq!(bench.terminal.free(), 1);
}

#[test]
fn a_place_that_is_used_again_before_its_removal_is_answered_is_read() {
    // The next message is announced in the middle of the answer.
    let (mut bench, place) = one_place(|_| None);
    bench.run(5);
    place.lock().unwrap().0 = Some(false);
    bench.hear(ANNOUNCED);
    bench.run(2);
    let first = marks(&mut bench);
    bench.terminal.answer(&first[0], session::Answer::Taken);
    bench.run(1);
    place.lock().unwrap().0 = Some(false);
    bench.hear(&format!("{ANNOUNCED}{OK}"));
    bench.run(2);
    assert_eq!((marks(&mut bench).len(), bench.times("AT+CMGD=5")), (1, 1));
}

#[test]
fn a_removal_that_is_never_answered_does_not_fill_the_time() {
    let mut bench = Bench::new(
        |command| match command {
            "AT+CMGL=4" => Some(format!("\r\n+CMGL: 5,1,,25\r\n{MO}\r\n+CMGL: 6,1,,25\r\n{MO}\r\n{OK}")),
            _ if command.starts_with("AT+CMGD") => None,
            other => good(other),
        },
        |_| {},
    );
    for _ in 0..1_200 {
        bench.run(1);
        for mark in marks(&mut bench) {
            bench.terminal.answer(&mark, session::Answer::Taken);
        }
    }
    assert!(bench.is_up());
    assert!(bench.times("AT+CMGD=5") <= 6, "{}", bench.times("AT+CMGD=5"));
}

#[test]
fn an_acknowledgement_is_said_once() {
    let direct = |command: &str| match command {
        "AT+CNMA" => None,
        "AT+CNMI=?" => Some(format!("\r\n+CNMI: (0-2),(2),(0),(1),(0,1)\r\n{OK}")),
        "AT+CNMI?" => Some(format!("\r\n+CNMI: 2,2,0,1,0\r\n{OK}")),
        other => good(other),
    };
    let mut bench = Bench::new(direct, |_| {});
    bench.run(5);
    bench.hear(&format!("\r\n+CMT: ,25\r\n{MO}\r\n"));
    bench.run(1);
    let first = marks(&mut bench);
    bench.terminal.answer(&first[0], session::Answer::Taken);
    bench.run(5);
    // The next one comes while nobody knows whether the first was acknowledged; it is not durable yet.
    bench.hear(&format!("\r\n+CMT: ,25\r\n{MO}\r\n"));
    bench.run(60);
    assert_eq!((marks(&mut bench).len(), bench.times("AT+CNMA")), (1, 1), "{:?}", bench.asked);
    assert!(bench.times("AT+CNMI=2,2,0,1,0") > 1, "it is asked to hand over again");
}

#[test]
fn what_a_busy_sim_did_not_let_be_read_is_read_soon() {
    for busy in ["+CMS ERROR: 314", "+CME ERROR: 14"] {
        // At the start: what lies there.
        let mut tries = 0;
        let listing = move |command: &str| match command {
            "AT+CMGL=4" if tries < 2 => {
                tries += 1;
                Some(format!("\r\n{busy}\r\n"))
            }
            "AT+CMGL=4" => Some(format!("\r\n+CMGL: 5,1,,25\r\n{MO}\r\n{OK}")),
            other => good(other),
        };
        let mut bench = Bench::new(listing, |_| {});
        bench.run(30);
        assert_eq!((marks(&mut bench).len(), bench.times("AT+CMGL=4")), (1, 3), "{busy}: {:?}", bench.asked);

        // Later: what was announced.
        let mut bench = Bench::new(good, |_| {});
        bench.run(5);
        bench.answers = Box::new(move |command| match command {
            "AT+CMGR=5" => Some(format!("\r\n{busy}\r\n")),
            "AT+CMGL=4" => Some(format!("\r\n+CMGL: 5,1,,25\r\n{MO}\r\n{OK}")),
            other => good(other),
        });
        bench.hear(ANNOUNCED);
        bench.run(15);
        assert_eq!(marks(&mut bench).len(), 1, "{busy}: {:?}", bench.asked);

        // In a memory where no sweep comes.
        let (mut bench, _) = two_memories(false);
        bench.run(5);
        let mut usual = std::mem::replace(&mut bench.answers, Box::new(good));
        let mut tries = 0;
        bench.answers = Box::new(move |command| match command {
            "AT+CMGR=1" if tries < 3 => {
                tries += 1;
                Some(format!("\r\n{busy}\r\n"))
            }
            other => usual(other),
        });
        bench.hear("\r\n+CDSI: \"SR\",1\r\n");
        bench.run(45);
        let receipts = bench.events.iter().filter(|event| matches!(event, Event::Receipt { .. })).count();
        assert_eq!((receipts, bench.times("AT+CMGR=1")), (1, 4), "{busy}: {:?}", bench.asked);
    }
}

#[test]
fn an_empty_place_is_not_read_again() {
    let mut bench = Bench::new(
        |command| match command {
            "AT+CMGR=5" | "AT+CMGL=4" => Some("\r\n+CMS ERROR: 321\r\n".to_owned()),
            other => good(other),
        },
        |_| {},
    );
    bench.run(5);
    bench.hear(ANNOUNCED);
    bench.run(280);
    assert_eq!((bench.times("AT+CMGR=5"), bench.times("AT+CMGL=4")), (1, 1));
}

/// Listing hangs, and the modem errs on one place whenever it is read: what lies there is lost, and must not take the room of what comes.
#[test]
fn a_place_that_cannot_be_read_is_freed_when_the_memory_fills() {
    let removed = Arc::new(Mutex::new(Vec::new()));
    let full = Arc::new(Mutex::new(false));
    let (seen, filled) = (removed.clone(), full.clone());
    let mut bench = Bench::new(
        move |command| {
            let gone = seen.lock().unwrap().contains(&"2".to_owned());
            let used = if *filled.lock().unwrap() { 9 } else { 1 } - i32::from(gone);
            match command {
                "AT+CMGL=4" => None,
                "AT+CPMS?" => {
                    Some(format!("\r\n+CPMS: \"SM\",{used},10,\"SM\",{used},10,\"SM\",{used},10\r\n{OK}"))
                }
                _ if command.starts_with("AT+CPMS=") => {
                    Some(format!("\r\n+CPMS: {used},10,{used},10,{used},10\r\n{OK}"))
                }
                "AT+CMGR=2" if !gone => Some("\r\n+CMS ERROR: 500\r\n".to_owned()),
                _ if command.starts_with("AT+CMGR") => Some("\r\n+CMS ERROR: 321\r\n".to_owned()),
                _ if command.starts_with("AT+CMGD=") => {
                    seen.lock().unwrap().push(command[8..].to_owned());
                    good(command)
                }
                other => good(other),
            }
        },
        |_| {},
    );
    bench.run(7_200);
    assert!(removed.lock().unwrap().is_empty(), "it may be read yet");
    assert!(bench.times("AT+CMGR=2") > 6, "{}", bench.times("AT+CMGR=2"));
    *full.lock().unwrap() = true;
    bench.run(1_200);
    assert_eq!(*removed.lock().unwrap(), ["2"], "that place, once");
}

/// A memory that removes nothing: what lies there is received once in a connection.
#[test]
fn what_cannot_be_removed_is_not_received_again() {
    let mut bench = Bench::new(
        |command| match command {
            "AT+CMGL=4" => Some(format!("\r\n+CMGL: 3,1,,25\r\n{MO}\r\n+CMGL: 4,1,,25\r\n0791XYZ\r\n{OK}")),
            _ if command.starts_with("AT+CMGD=") => Some("\r\n+CMS ERROR: 500\r\n".to_owned()),
            "AT+CMGR=3" => Some(format!("\r\n+CMGR: 1,,25\r\n{MO}\r\n{OK}")),
            other => good(other),
        },
        |_| {},
    );
    let mut mos = 0;
    for _ in 0..360 {
        bench.run(10);
        for event in std::mem::take(&mut bench.events) {
            if let Event::Mo { to, .. } = event {
                mos += 1;
                bench.terminal.answer(&to, session::Answer::Taken);
            }
        }
    }
    assert_eq!((mos, bench.times("AT+CMGD=3") > 2), (2, true), "{mos} {}", bench.times("AT+CMGD=3"));
}
