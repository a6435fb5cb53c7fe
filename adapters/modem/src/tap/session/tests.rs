//! A call to a central that is slow: what is written once, what twice, and whose the answers are.

use super::*;
use domain::Timestamp;
use domain::message::{Incarnation, Parts};
use domain::routing::Tries;
use domain::text::{Alphabet, split};
use fakes::samples;

const XOFF: &[u8] = b"\x13";
const XON: &[u8] = b"\x11";
const TAKEN: &[u8] = b"211 page sent\r\x06\r";

struct Bench {
    session: TapSession,
    at: u64,
}

fn now(seconds: u64) -> Now {
    Now { monotonic: Duration::from_secs(seconds), wall: Timestamp::UNIX_EPOCH }
}

impl Bench {
    /// Admitted, with a central that takes blocks of so many octets.
    fn new(block: usize) -> Self {
        let config = TapConfig { block, ..TapConfig::default() };
        let session = TapSession::new(LinkId::parse("MC0").unwrap(), Arc::new(config), now(0));
        let mut bench = Self { session, at: 0 };
        bench.hear(b"ID=\r").hear(b"\x06\r\x1b[p\r");
        assert_eq!((bench.blocks(), bench.session.free()), (0, 1));
        bench
    }

    fn hear(&mut self, octets: &[u8]) -> &mut Self {
        let mut input = BytesMut::from(octets);
        while self.session.handle_input(now(self.at), &mut input) {}
        self
    }

    fn send(&mut self, token: u64) -> &mut Self {
        self.send_by(token, false)
    }

    /// By a route that sends nothing again that may have been sent, or by another.
    fn send_by(&mut self, token: u64, once: bool) -> &mut Self {
        let segments = split("Brand i kvarter fem och sex", Alphabet::Gsm7, 1, false).unwrap();
        let shipment = Shipment {
            originator: None,
            segments: (1..).zip(segments).collect(),
            message: Arc::new(samples::message(1, Timestamp::UNIX_EPOCH)),
            receipt: false,
            possible_duplicate: false,
            parts: Parts::default(),
            tries: Tries::default(),
            lease: Incarnation(1),
            leaves_on: Vec::new(),
            once,
        };
        self.session.submit(now(self.at), token, &shipment, 0).unwrap();
        self
    }

    fn wait(&mut self, seconds: u64) -> &mut Self {
        for _ in 0..seconds {
            self.at += 1;
            self.session.handle_timeout(now(self.at));
        }
        self
    }

    /// Blocks that are written now.
    fn blocks(&mut self) -> usize {
        let out = self.session.poll_transmit().map(BytesMut::split).unwrap_or_default();
        out.iter().filter(|octet| **octet == codec::STX).count()
    }

    /// Pages that have their end.
    fn ends(&mut self) -> Vec<(u64, PartReply)> {
        let ended = |event| match event {
            Event::Ended { token, end, .. } => Some((token, end)),
            _ => None,
        };
        std::iter::from_fn(|| self.session.poll_event()).filter_map(ended).collect()
    }
}

/// The pages that may come twice so far.
fn repeated(bench: &mut Bench) -> Vec<u64> {
    let repeated = |event| if let Event::Repeated { token } = event { Some(token) } else { None };
    std::iter::from_fn(|| bench.session.poll_event()).filter_map(repeated).collect()
}

fn accepted() -> PartReply {
    PartReply::Accepted { operator_id: String::new() }
}

#[test]
fn a_page_that_xoff_keeps_back_is_written_once() {
    let mut bench = Bench::new(256);
    bench.hear(XOFF).send(1);
    assert_eq!(bench.wait(25).blocks(), 0);
    assert_eq!(bench.hear(XON).blocks(), 1);
    assert_eq!(bench.hear(TAKEN).ends(), [(1, accepted())]);
    assert_eq!(bench.session.free(), 1, "it was written once and is answered once");
    // Also when the central never says that it goes on.
    bench.hear(XOFF).send(2);
    assert_eq!(bench.wait(29).blocks(), 0);
    assert_eq!(bench.wait(2).blocks(), 1);
}

#[test]
fn xoff_after_a_page_is_no_silence() {
    let mut bench = Bench::new(256);
    assert_eq!(bench.send(1).blocks(), 1);
    bench.hear(XOFF).wait(25).hear(XON);
    assert_eq!(bench.wait(5).blocks(), 0);
    assert_eq!(bench.hear(TAKEN).ends(), [(1, accepted())]);
}

#[test]
fn the_second_answer_to_a_page_is_not_the_next_pages() {
    let mut bench = Bench::new(256);
    assert_eq!(bench.send(1).blocks(), 1);
    assert_eq!(bench.wait(10).blocks(), 1, "again for silence");
    assert_eq!(bench.hear(TAKEN).ends(), [(1, accepted())]);
    assert_eq!(bench.session.free(), 0, "another answer may come");
    assert_eq!(bench.hear(TAKEN).session.free(), 1);
    assert_eq!(bench.ends(), []);
    assert_eq!(bench.session.counts().late_replies, 1);
    // When none comes, its time passes.
    assert_eq!(bench.send(2).blocks(), 1);
    assert_eq!(bench.wait(10).blocks(), 1);
    bench.hear(TAKEN);
    assert_eq!(bench.wait(9).session.free(), 0);
    assert_eq!(bench.wait(1).session.free(), 1);
}

#[test]
fn the_second_answer_to_a_block_is_not_the_next_blocks() {
    let mut bench = Bench::new(40);
    assert_eq!(bench.send(1).blocks(), 1);
    assert_eq!(bench.wait(10).blocks(), 1);
    assert_eq!(bench.hear(b"\x06\r").blocks(), 0, "another answer may come");
    assert_eq!(bench.hear(b"\x06\r").blocks(), 1, "the second block");
    assert_eq!(bench.ends(), []);
    assert_eq!(bench.hear(TAKEN).ends(), [(1, accepted())]);
    // What is lost while answers are waited for was not heard as a whole.
    bench.send(2);
    bench.blocks();
    bench.wait(10).blocks();
    bench.hear(b"\x06\r").session.cut_off();
    assert_eq!(bench.ends(), [(2, PartReply::NotOffered)]);
}

#[test]
fn a_copy_that_came_damaged_leaves_the_other() {
    let mut bench = Bench::new(256);
    bench.send(1).blocks();
    assert_eq!(bench.wait(10).blocks(), 1);
    assert_eq!(bench.hear(b"\x15\r").blocks(), 0, "no third one yet");
    assert_eq!(bench.hear(TAKEN).ends(), [(1, accepted())]);
    assert_eq!(bench.session.free(), 1);
}

#[test]
fn a_page_that_is_written_again_may_come_twice() {
    let mut bench = Bench::new(40);
    assert_eq!((bench.send(1).blocks(), bench.wait(10).blocks()), (1, 1));
    assert!(repeated(&mut bench).is_empty(), "the central has not all of it");
    bench.hear(b"\x06\r\x06\r");
    assert_eq!((bench.blocks(), bench.hear(b"\x15\r").blocks()), (1, 1));
    assert!(repeated(&mut bench).is_empty(), "it was not taken");
    assert_eq!(bench.wait(10).blocks(), 1);
    assert_eq!(repeated(&mut bench), [1]);
    assert_eq!(bench.hear(TAKEN).ends(), [(1, accepted())]);
}

#[test]
fn a_page_that_must_not_come_twice_is_not_written_again() {
    let mut bench = Bench::new(40);
    assert_eq!((bench.send_by(1, true).blocks(), bench.wait(10).blocks()), (1, 1), "the first block");
    bench.hear(b"\x06\r\x06\r");
    assert_eq!((bench.blocks(), bench.hear(b"\x15\r").blocks()), (1, 1), "it was not taken");
    assert_eq!(bench.wait(10).blocks(), 0);
    assert_eq!(bench.ends(), [(1, PartReply::Unanswered)]);
    assert!(bench.session.closed().is_some());
}
