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
