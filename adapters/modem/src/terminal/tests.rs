//! A terminal and a modem of a few lines: what it is asked, in time, when its answers are not what they should be.

mod memory;
mod network;

use super::*;
use crate::notes::Notes;
use crate::state::Rung;
use domain::Timestamp;
use fakes::samples;
use ports::driven::PartReply;
use secrecy::SecretString;
use std::sync::Mutex;
use std::time::Duration;

const OK: &str = "\r\nOK\r\n";
/// An SMS-DELIVER and its length without the service centre address.
const MO: &str = "0791198948004544040C9119894882006200007050307040042206CF35689E9603";

/// What a modem says to a command; `None` = nothing at all.
type Answers = Box<dyn FnMut(&str) -> Option<String>>;

/// A terminal on a connection to a modem that says what `answers` gives.
struct Bench {
    terminal: Terminal,
    state: Arc<State>,
    answers: Answers,
    now: Duration,
    /// What was asked, and when in whole seconds.
    asked: Vec<(u64, String)>,
    events: Vec<Event<Mark>>,
    _folder: tempfile::TempDir,
}

fn now(at: Duration) -> Now {
    Now { monotonic: at, wall: Timestamp::UNIX_EPOCH }
}

impl Bench {
    fn new(
        answers: impl FnMut(&str) -> Option<String> + 'static,
        change: impl FnOnce(&mut GsmConfig),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes");
        let mut config = GsmConfig { handshake: false, ..GsmConfig::on("port", &path) };
        change(&mut config);
        let state = Arc::new(State::new("GSM0", Notes::open(&path).unwrap()));
        let link = LinkId::parse("GSM0").unwrap();
        let terminal = Terminal::new(link, Arc::new(config), state.clone(), now(Duration::ZERO));
        let (asked, events) = (Vec::new(), Vec::new());
        Self {
            terminal,
            state,
            answers: Box::new(answers),
            now: Duration::ZERO,
            asked,
            events,
            _folder: folder,
        }
    }

    fn hear(&mut self, text: &str) {
        let mut input = BytesMut::from(text);
        while self.terminal.handle_input(now(self.now), &mut input) {}
    }

    /// Lets so much time pass, or less when the connection ends.
    fn run(&mut self, seconds: u64) -> &mut Self {
        let end = self.now + Duration::from_secs(seconds);
        for _ in 0..20_000 {
            while let Some(event) = self.terminal.poll_event() {
                self.events.push(event);
            }
            if self.terminal.closed().is_some() {
                return self;
            }
            if let Some(out) = self.terminal.poll_transmit() {
                let said = String::from_utf8(out.split().to_vec()).unwrap();
                for line in said.split_inclusive(['\r', '\x1a']) {
                    let line = line.trim_matches(['\r', '\x1b']);
                    if line.is_empty() {
                        continue;
                    }
                    self.asked.push((self.now.as_secs(), line.to_owned()));
                    if let Some(answer) = (self.answers)(line) {
                        self.hear(&answer);
                    }
                }
                continue;
            }
            match self.terminal.poll_timeout().filter(|at| *at <= end) {
                Some(at) => {
                    self.now = self.now.max(at);
                    self.terminal.handle_timeout(now(self.now));
                }
                None => {
                    self.now = end;
                    return self;
                }
            }
        }
        panic!("it spins at {:?}: {:?}", self.now, self.asked.last());
    }

    /// Submits a segment of a short text.
    fn send(&mut self, token: u64) {
        let message = samples::message(1, Timestamp::UNIX_EPOCH);
        let shipment = Shipment { originator: None, ..samples::shipment(message, "hej") };
        self.terminal.submit(now(self.now), token, &shipment, 0).unwrap();
    }

    /// The segments that have their end so far.
    fn ends(&self) -> Vec<(u64, PartReply)> {
        let ended = |event: &Event<Mark>| match event {
            Event::Ended { token, end, .. } => Some((*token, end.clone())),
            _ => None,
        };
        self.events.iter().filter_map(ended).collect()
    }

    fn times(&self, command: &str) -> usize {
        self.asked.iter().filter(|(_, asked)| asked == command).count()
    }

    fn is_up(&self) -> bool {
        self.terminal.watch.is_up()
    }
}

/// A modem as it should be.
fn good(command: &str) -> Option<String> {
    let lines = match command {
        "AT+CPIN?" => "\r\n+CPIN: READY\r\n",
        "AT+CREG?" => "\r\n+CREG: 1,1\r\n",
        "AT+CSQ" => "\r\n+CSQ: 20,0\r\n",
        "AT+CNMI=?" => "\r\n+CNMI: (0-2),(0-2),(0),(0-2),(0,1)\r\n",
        "AT+CNMI?" => "\r\n+CNMI: 2,1,0,1,0\r\n",
        "AT+CPMS?" => "\r\n+CPMS: \"SM\",2,20,\"SM\",2,20,\"SM\",2,20\r\n",
        _ if command.starts_with("AT+CPMS=") => "\r\n+CPMS: 2,20,2,20,2,20\r\n",
        _ => "",
    };
    Some(format!("{lines}{OK}"))
}

#[test]
fn a_sim_whose_answer_lacks_its_ok() {
    let answers = |command: &str| match command {
        "AT+CPIN?" => Some("\r\n+CPIN: READY\r\n".to_owned()),
        other => good(other),
    };
    let mut bench = Bench::new(answers, |_| {});
    assert!(bench.run(60).is_up());
    assert_eq!(bench.times("AT+CPIN?"), 1);
}

#[test]
fn what_cannot_be_done_without_climbs_the_ladder() {
    for command in ["AT+CPIN?", "AT+CMGF=0"] {
        let answers: fn(&str) -> Option<String> = match command {
            "AT+CPIN?" => |command| if command == "AT+CPIN?" { None } else { good(command) },
            _ => |command| if command == "AT+CMGF=0" { None } else { good(command) },
        };
        let mut bench = Bench::new(answers, |_| {});
        bench.run(300);
        assert!(matches!(bench.terminal.closed(), Some(Closed::Broken(_))), "{command}");
        assert_eq!((bench.times(command), bench.state.rung()), (2, Rung::Defaults), "{command}");
    }
}

#[test]
fn what_can_be_done_without_is_given_up_after_the_second_silence() {
    let answers = |command: &str| match command {
        "AT+CGMI" | "AT+CSMS=1" | "AT+CNMI=?" | "AT+CNMI=2,1,0,1,0" | "AT+CREG=1" | "AT+CSQ" => None,
        // No OK here either.
        "AT+CREG?" => Some("\r\n+CREG: 1,1\r\n".to_owned()),
        other => good(other),
    };
    let mut bench = Bench::new(answers, |_| {});
    assert!(bench.run(300).is_up(), "{:?}", bench.asked);
    for command in ["AT+CGMI", "AT+CSMS=1", "AT+CNMI=?", "AT+CNMI=2,1,0,1,0", "AT+CREG=1"] {
        assert_eq!(bench.times(command), 2, "{command}");
    }
    let looks = bench.times("AT+CPMS?");
    bench.run(600);
    assert!(bench.times("AT+CPMS?") > looks, "it goes on looking");
}

#[test]
fn a_pin_that_is_not_answered_is_never_sent_again() {
    // The SIM took it and nobody said so.
    let answers = |command: &str| match command {
        "AT+CPIN?" => Some("\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n".to_owned()),
        "AT+CPIN=\"1234\"" => None,
        other => good(other),
    };
    let mut bench = Bench::new(answers, |config| config.pin = Some(SecretString::from("1234")));
    bench.run(20);
    assert_eq!(bench.times("AT+CPIN=\"1234\""), 1);
    bench.answers = Box::new(good);
    assert!(bench.run(60).is_up(), "{:?}", bench.asked);
    assert_eq!((bench.times("AT+CPIN=\"1234\""), bench.times("AT+CPIN?")), (1, 2));

    // It did not, and asks again and again.
    let mut bench = Bench::new(answers, |config| config.pin = Some(SecretString::from("1234")));
    bench.run(900);
    assert_eq!(bench.times("AT+CPIN=\"1234\""), 1);
    assert!(matches!(bench.terminal.closed(), Some(Closed::Refused(_))), "{:?}", bench.terminal.closed());
}

#[test]
fn a_memory_that_cannot_be_listed_is_read_place_by_place() {
    let answers = |command: &str| match command {
        "AT+CMGL=4" => None,
        "AT+CMGR=1" | "AT+CMGR=4" => Some(format!("\r\n+CMGR: 1,,25\r\n{MO}\r\n{OK}")),
        _ if command.starts_with("AT+CMGR") => Some("\r\n+CMS ERROR: 321\r\n".to_owned()),
        other => good(other),
    };
    let mut bench = Bench::new(answers, |_| {});
    assert!(bench.run(90).is_up(), "{:?}", bench.asked);
    let mos = bench.events.iter().filter(|event| matches!(event, Event::Mo { .. })).count();
    assert_eq!((mos, bench.times("AT+CMGR=4"), bench.times("AT+CMGR=5")), (2, 1, 0), "both, and no further");
    bench.run(700);
    assert_eq!(bench.times("AT+CMGL=4"), 1, "never again");
    assert!(bench.times("AT+CMGR=1") > 1, "the sweeps go on that way");
}

#[test]
fn a_modem_that_takes_texts_and_never_answers_is_set_up_anew() {
    let mut bench = Bench::new(good, |_| {});
    bench.run(5);
    bench.answers = Box::new(|command| match command {
        _ if command.starts_with("AT+CMGS") => Some("\r\n> ".into()),
        _ if command.starts_with("AT") => good(command),
        _text => None,
    });
    for token in 0..3 {
        assert_eq!(bench.terminal.free(), 1);
        bench.send(token);
        bench.run(90);
    }
    let ends: Vec<_> = bench.ends();
    assert_eq!(ends, [(0, PartReply::Unanswered), (1, PartReply::Unanswered), (2, PartReply::Unanswered)]);
    assert!(matches!(bench.terminal.closed(), Some(Closed::Broken(_))));
    assert_eq!(bench.state.rung(), Rung::Defaults);
}

/// Ends of messages to a modem that answers `AT+CMGS` and the text so.
fn sent(answers: impl FnMut(&str) -> Option<String> + 'static) -> (Bench, Vec<PartReply>) {
    let mut bench = Bench::new(good, |_| {});
    bench.run(5);
    bench.answers = Box::new(answers);
    bench.send(1);
    bench.run(30);
    let ends = bench.ends().into_iter().map(|(_, end)| end).collect();
    (bench, ends)
}

#[test]
fn an_ok_before_the_prompt_has_sent_nothing() {
    let (bench, ends) = sent(good);
    assert!(matches!(&ends[..], [PartReply::Refused(failure)] if failure.code == "cms-prompt"), "{ends:?}");
    let (tries, texts) = bench.asked.iter().fold((0, 0), |(tries, texts), (_, asked)| {
        (tries + usize::from(asked.starts_with("AT+CMGS=")), texts + usize::from(asked.ends_with('\x1a')))
    });
    assert_eq!((tries, texts), (2, 0), "no text was written");
}

#[test]
fn an_ok_without_a_reference_is_doubt() {
    let (_, ends) = sent(|command| match command {
        _ if command.starts_with("AT+CMGS") => Some("\r\n> ".into()),
        _ => good(command),
    });
    assert_eq!(ends, [PartReply::Unanswered]);
}

#[test]
fn pdu_mode_is_set_before_each_segment() {
    let taken = |command: &str| match command {
        _ if command.starts_with("AT+CMGS") => Some("\r\n> ".into()),
        _ if command.starts_with("AT") => good(command),
        _text => Some(format!("\r\n+CMGS: 17\r\n{OK}")),
    };
    let (bench, ends) = sent(taken);
    assert!(matches!(&ends[..], [PartReply::Accepted { .. }]), "{ends:?}");
    let at = bench.asked.iter().position(|(_, asked)| asked.starts_with("AT+CMGS=")).unwrap();
    assert_eq!(bench.asked[at - 1].1, "AT+CMGF=0");

    let (bench, ends) = sent(|command| match command {
        "AT+CMGF=0" => Some("\r\nERROR\r\n".into()),
        _ => good(command),
    });
    assert!(matches!(&ends[..], [PartReply::Refused(failure)] if failure.code == "cms-format"), "{ends:?}");
    assert!(!bench.asked.iter().any(|(_, asked)| asked.starts_with("AT+CMGS=")), "not in another mode");
}
