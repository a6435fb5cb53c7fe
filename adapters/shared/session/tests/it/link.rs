//! The link over pipes: a session that panics, and what it leaves behind.

use crate::session::shipment;
use crate::toy::Toy;
use async_trait::async_trait;
use domain::address::Recipient;
use domain::directory::LinkId;
use domain::message::Priority;
use domain::mo::{MoBody, MoPart};
use domain::receipt::Receipt;
use domain::routing::{Condition, FailureClass};
use domain::text::{Alphabet, split};
use fakes::{ManualClock, SequentialIds, samples};
use ports::driven::Clock as _;
use ports::driven::{Link as _, PartReply, Shipment};
use ports::driving::{ReceiveError, ReceiveMessages, Reply};
use session::{Connection, Dial, LinkOptions, OperatorLink, Role, SessionLimits, Surroundings};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream};
use tokio::sync::{Mutex as Turn, Notify, mpsc};

/// Hands the test the other end of each connection.
struct Pipes(Turn<mpsc::Sender<DuplexStream>>);

#[async_trait]
impl Dial for Pipes {
    async fn dial(&self, _: &str) -> io::Result<Box<dyn Connection>> {
        let (ours, theirs) = tokio::io::duplex(4096);
        self.0.lock().await.send(theirs).await.map_err(|_| io::ErrorKind::ConnectionRefused)?;
        Ok(Box::new(ours))
    }
}

#[derive(Default)]
struct Recorder {
    replies: Mutex<Vec<Reply>>,
    mos: Mutex<Vec<String>>,
    /// What was reported, in its order.
    calls: Mutex<Vec<&'static str>>,
    heard: Notify,
}

#[async_trait]
impl ReceiveMessages for Recorder {
    async fn mo(&self, part: MoPart) -> Result<(), ReceiveError> {
        if let MoBody::Text(text) = part.body {
            self.mos.lock().unwrap().push(text);
        }
        Ok(())
    }
    async fn receipts(&self, receipts: Vec<Receipt>) -> Vec<Result<(), ReceiveError>> {
        self.calls.lock().unwrap().push("receipts");
        receipts.iter().map(|_| Ok(())).collect()
    }
    async fn replies(&self, replies: Vec<Reply>) {
        self.calls.lock().unwrap().push("replies");
        self.replies.lock().unwrap().extend(replies);
        self.heard.notify_one();
    }
    fn link_changed(&self, _: &LinkId) {
        self.heard.notify_one();
    }
}

pub(crate) struct Rig {
    pub(crate) link: Arc<OperatorLink>,
    recorder: Arc<Recorder>,
    pipes: mpsc::Receiver<DuplexStream>,
    clock: Arc<ManualClock>,
}

pub(crate) fn start(rate: u32) -> Rig {
    start_with(1, rate)
}

fn start_with(sessions: usize, rate: u32) -> Rig {
    start_as(&vec![Role::Both; sessions], rate)
}

fn start_as(roles: &[Role], rate: u32) -> Rig {
    start_in(roles, rate, SessionLimits::default())
}

fn start_in(roles: &[Role], rate: u32, limits: SessionLimits) -> Rig {
    let (sender, pipes) = mpsc::channel(16);
    let recorder = Arc::new(Recorder::default());
    let options = LinkOptions {
        sessions: roles.iter().map(|role| (*role, vec!["pipe".to_owned()])).collect(),
        first_pause: Duration::from_millis(1),
        rate,
        limits,
        ..LinkOptions::default()
    };
    let clock = Arc::new(ManualClock::new(domain::Timestamp::UNIX_EPOCH));
    let around = Surroundings {
        receiver: recorder.clone(),
        clock: clock.clone(),
        ids: Arc::new(SequentialIds::default()),
        dial: Arc::new(Pipes(Turn::new(sender))),
    };
    let link = OperatorLink::start(samples::link("T"), options, around, |_| Toy::default());
    Rig { link, recorder, pipes, clock }
}

impl Rig {
    /// The operator's end of the next connection, bound.
    pub(crate) async fn operator(&mut self) -> BufReader<DuplexStream> {
        let mut operator = BufReader::new(self.pipes.recv().await.unwrap());
        assert_eq!(line(&mut operator).await, "B1");
        operator.write_all(b"b\n").await.unwrap();
        while !self.link.health().is_up() {
            self.recorder.heard.notified().await;
        }
        operator
    }

    /// Lets time pass, and the session look at it.
    fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        self.link.hold(true);
        self.link.hold(false);
    }

    async fn replies(&self, count: usize) -> Vec<Reply> {
        loop {
            let replies = self.recorder.replies.lock().unwrap().clone();
            if replies.len() >= count {
                return replies;
            }
            self.recorder.heard.notified().await;
        }
    }
}

pub(crate) async fn line(operator: &mut BufReader<DuplexStream>) -> String {
    let mut line = String::new();
    operator.read_line(&mut line).await.unwrap();
    line.trim_end().to_owned()
}

pub(crate) async fn patiently<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), work).await.expect("in time")
}

#[tokio::test]
async fn a_session_that_panics_loses_no_message_and_comes_back() {
    patiently(async {
        let mut rig = start(1);
        let mut operator = rig.operator().await;
        assert!(rig.link.offer(vec![shipment(1), shipment(2)]).is_empty());
        assert_eq!(line(&mut operator).await, "S2");
        operator.write_all(b"panic\n").await.unwrap();
        let replies = rig.replies(1).await;
        assert_eq!(
            (replies[0].shipment.message.id.0, &replies[0].parts[..]),
            (1, &[(1, PartReply::Unanswered)][..])
        );
        assert!(!rig.link.health().is_up());
        rig.operator().await;
        assert_eq!(rig.link.report().waiting, 1, "what was not written waits for the next session");
    })
    .await;
}

#[tokio::test]
async fn a_stop_that_runs_out_of_time_still_reports_everything() {
    patiently(async {
        let mut rig = start(0);
        let mut operator = rig.operator().await;
        assert!(rig.link.offer((1..=30).map(shipment).collect()).is_empty());
        assert_eq!(line(&mut operator).await, "S2");
        rig.link.stop(Duration::from_millis(50)).await;
        let replies = rig.replies(30).await;
        let written = replies.iter().filter(|reply| reply.parts == [(1, PartReply::Unanswered)]).count();
        assert_eq!((replies.len(), written), (30, 6), "a window of six: eight keys are few");
        assert!(!rig.link.health().is_up());
    })
    .await;
}

#[tokio::test]
async fn what_its_route_sends_on_when_the_operator_throttles_comes_back_at_once() {
    patiently(async {
        for (named, comes_back) in [(vec![], false), (vec!["throttled".to_owned()], true)] {
            let mut rig = start(0);
            let mut operator = rig.operator().await;
            let shipment = Shipment { leaves_on: named, ..shipment(1) };
            assert!(rig.link.offer(vec![shipment]).is_empty());
            assert_eq!(line(&mut operator).await, "S2");
            operator.write_all(b"!2\n").await.unwrap();
            if comes_back {
                let replies = rig.replies(1).await;
                assert!(
                    matches!(&replies[0].parts[..], [(1, PartReply::Refused(f))] if f.class == FailureClass::Throttled)
                );
            } else {
                while rig.link.pace().is_none() {
                    tokio::task::yield_now().await;
                }
                assert!(rig.recorder.replies.lock().unwrap().is_empty(), "the link goes on with it");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_throttled_message_comes_back_after_some_seconds_however_few_its_tries() {
    patiently(async {
        let mut rig = start(0);
        let mut operator = rig.operator().await;
        assert!(rig.link.offer(vec![shipment(1)]).is_empty());
        assert_eq!(line(&mut operator).await, "S2");
        operator.write_all(b"!2\n").await.unwrap();
        while rig.link.pace().is_none() {
            tokio::task::yield_now().await;
        }
        rig.advance(5);
        assert_eq!(line(&mut operator).await, "S3");
        operator.write_all(b"!3\n").await.unwrap();
        let replies = rig.replies(1).await;
        assert!(
            matches!(&replies[0].parts[..], [(1, PartReply::Refused(f))] if f.class == FailureClass::Throttled)
        );
    })
    .await;
}

/// One that overtook its reply would be of a message that nobody knows yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_receipt_is_reported_after_the_reply_it_came_with() {
    patiently(async {
        let mut rig = start(0);
        let mut operator = rig.operator().await;
        for n in 0..20 {
            rig.recorder.calls.lock().unwrap().clear();
            assert!(rig.link.offer(vec![shipment(n)]).is_empty());
            let key = line(&mut operator).await.replace('S', "+");
            operator.write_all(format!("{key}\nR\n").as_bytes()).await.unwrap();
            assert_eq!(line(&mut operator).await, "a");
            assert_eq!(*rig.recorder.calls.lock().unwrap(), ["replies", "receipts"]);
        }
    })
    .await;
}

/// What a phone says in quick succession is taken in that order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_come_together_are_taken_in_their_order() {
    patiently(async {
        let mut rig = start(0);
        let mut operator = rig.operator().await;
        let texts: Vec<String> = (0..20).map(|n| format!("M{n}")).collect();
        operator.write_all((texts.join("\n") + "\n").as_bytes()).await.unwrap();
        for _ in &texts {
            assert_eq!(line(&mut operator).await, "a");
        }
        assert_eq!(*rig.recorder.mos.lock().unwrap(), texts);
    })
    .await;
}

/// One reply in some is lost: the answered rest of those messages shuts the window no longer than the operator's usual times justify.
#[tokio::test]
async fn lost_replies_do_not_shut_the_window() {
    patiently(async {
        let mut rig = start(0);
        let mut operator = rig.operator().await;
        let long = |id: i64| {
            let mut long = shipment(id);
            let segments = split(&"lång ".repeat(80), Alphabet::Gsm7, 1, false).unwrap();
            long.segments = (1..).zip(segments).collect();
            long
        };
        // The toy has eight keys, so its window is six wide.
        for (id, lost, answered) in [(1, 2, [3, 4]), (2, 5, [6, 7])] {
            assert!(rig.link.offer(vec![long(id)]).is_empty());
            assert_eq!(line(&mut operator).await, format!("S{lost}"));
            for key in answered {
                assert_eq!(line(&mut operator).await, format!("S{key}"));
                operator.write_all(format!("+{key}\n").as_bytes()).await.unwrap();
            }
        }
        while rig.link.report().in_flight != 2 {
            tokio::task::yield_now().await;
        }
        assert!(rig.link.offer(vec![shipment(3)]).is_empty());
        rig.advance(9);
        assert_eq!(rig.link.report().waiting, 1, "six hold their places");
        rig.advance(1);
        assert_eq!(line(&mut operator).await, "S0");
        operator.write_all(b"+0\n").await.unwrap();
        rig.replies(1).await;
        operator.write_all(b"+2\n+5\n").await.unwrap();
        let replies = rig.replies(3).await;
        let taken = |part: &(u8, PartReply)| matches!(part.1, PartReply::Accepted { .. });
        assert!(replies.iter().all(|reply| reply.parts.iter().all(taken)), "late ones settle: {replies:?}");
    })
    .await;
}

/// Who lets us in and answers nothing is not up again before he answers something.
#[tokio::test]
async fn a_deaf_operator_is_not_believed_again_at_once() {
    patiently(async {
        let mut rig = start(0);
        let mut operator = rig.operator().await;
        assert!(rig.link.offer(vec![shipment(1)]).is_empty());
        assert_eq!(line(&mut operator).await, "S2");
        rig.advance(30);
        assert_eq!(line(&mut operator).await, "K3");
        rig.advance(10);
        assert_eq!(rig.replies(1).await[0].parts, [(1, PartReply::Unanswered)]);
        for _ in 0..2 {
            let mut operator = BufReader::new(rig.pipes.recv().await.unwrap());
            assert_eq!(line(&mut operator).await, "B1");
            operator.write_all(b"b\n").await.unwrap();
            assert_eq!(line(&mut operator).await, "K2");
            assert!(!rig.link.health().is_up(), "let in is not enough");
            rig.advance(10);
        }
        let mut operator = BufReader::new(rig.pipes.recv().await.unwrap());
        assert_eq!(line(&mut operator).await, "B1");
        operator.write_all(b"b\n").await.unwrap();
        assert_eq!(line(&mut operator).await, "K2");
        operator.write_all(b"k\n").await.unwrap();
        while !rig.link.health().is_up() {
            rig.recorder.heard.notified().await;
        }
    })
    .await;
}

/// A link that only receives is up when it is bound, and takes nothing.
#[tokio::test]
async fn one_that_only_receives_is_up_and_takes_nothing() {
    patiently(async {
        let mut rig = start_as(&[Role::Receive], 0);
        assert!(!rig.link.health().is_up());
        let _operator = rig.operator().await;
        assert!(!rig.link.sends() && !rig.link.is_deaf());
        assert_eq!(rig.link.health().room, 0);
        assert_eq!(rig.link.offer(vec![shipment(1)]).len(), 1);
    })
    .await;
}

/// One whose receiver is not bound while its transmitter is: it goes on sending, and says that it is deaf.
#[tokio::test]
async fn one_without_its_receiver_is_deaf() {
    patiently(async {
        let mut rig = start_as(&[Role::Send, Role::Receive], 0);
        let mut ends = Vec::new();
        for n in 1..=2 {
            let mut operator = BufReader::new(rig.pipes.recv().await.unwrap());
            assert_eq!(line(&mut operator).await, "B1");
            operator.write_all(b"b\n").await.unwrap();
            while rig.link.report().sessions < n {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            ends.push(operator);
        }
        assert!(rig.link.health().is_up() && !rig.link.is_deaf());
        // Which of the two is the receiver is a matter of chance; without the transmitter the link is down.
        drop(ends.remove(0));
        while rig.link.report().sessions > 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(rig.link.sends());
        assert_ne!(rig.link.health().is_up(), !rig.link.is_deaf(), "either deaf or down");
    })
    .await;
}

#[tokio::test]
async fn a_refused_segment_ends_the_message_and_frees_the_line() {
    patiently(async {
        let mut rig = start(0);
        let mut operator = rig.operator().await;
        assert!(rig.link.offer(vec![shipment(1)]).is_empty());
        assert_eq!(line(&mut operator).await, "S2");
        operator.write_all(b"-2\n").await.unwrap();
        assert!(matches!(&rig.replies(1).await[0].parts[..], [(1, PartReply::Refused(_))]));
        rig.link.stop(Duration::from_secs(1)).await;
    })
    .await;
}

fn to(id: i64, number: &str) -> Shipment {
    let mut shipment = shipment(id);
    Arc::make_mut(&mut shipment.message).recipient = Recipient::parse(number).unwrap();
    shipment
}

#[tokio::test]
async fn a_session_that_is_stuck_holds_up_nobody_but_its_own_recipients() {
    patiently(async {
        let mut rig = start_with(2, 0);
        let mut stuck = rig.operator().await;
        let busy = "46701111111";
        assert!(rig.link.offer(vec![to(1, busy)]).is_empty());
        assert_eq!(line(&mut stuck).await, "S2", "and it never answers");
        let mut alive = rig.operator().await;
        // The window of the one that is stuck is full before the others come.
        assert!(rig.link.offer((2..=6).map(|id| to(id, busy)).collect()).is_empty());
        for key in 3..=7 {
            assert_eq!(line(&mut stuck).await, format!("S{key}"));
        }
        let others = [to(7, busy), to(8, "46702222222"), to(9, busy), to(10, "46703333333")];
        assert!(rig.link.offer(others.to_vec()).is_empty());
        for key in [2, 3] {
            assert_eq!(line(&mut alive).await, format!("S{key}"));
            alive.write_all(format!("+{key}\n").as_bytes()).await.unwrap();
        }
        let gone: Vec<i64> = rig.replies(2).await.iter().map(|reply| reply.shipment.message.id.0).collect();
        assert_eq!(
            (gone, rig.link.report().waiting),
            (vec![8, 10], 2),
            "his own wait for theirs before them"
        );
    })
    .await;
}

/// A mailing keeps the window full and its replies come one by one: a long alarm goes all the same.
#[tokio::test]
async fn a_long_alarm_among_short_messages() {
    patiently(async {
        let mut rig = start(0);
        let mut operator = rig.operator().await;
        assert!(rig.link.offer((1..=100).map(shipment).collect()).is_empty());
        for _ in 0..6 {
            line(&mut operator).await;
        }
        let mut alarm = samples::message(1_000, domain::Timestamp::UNIX_EPOCH);
        alarm.priority = Priority::Alarm;
        assert!(rig.link.offer(vec![samples::shipment(alarm, &"x".repeat(153 * 4))]).is_empty());
        for key in 2..=5 {
            operator.write_all(format!("+{key}\n").as_bytes()).await.unwrap();
            rig.replies(key - 1).await;
        }
        let began = [line(&mut operator).await, line(&mut operator).await, line(&mut operator).await];
        assert_eq!(began, ["S0", "S1", "S2"], "four places, one after the other");
        assert_eq!(rig.link.report().waiting, 94, "none of them by another");
    })
    .await;
}

/// What waits for it goes by another when it has been down long enough, which a wall clock that is set right must not put off.
#[tokio::test]
async fn down_since_then_by_a_clock_that_was_wrong_then() {
    patiently(async {
        let mut rig = start(0);
        let operator = rig.operator().await;
        let right = rig.clock.now();
        rig.clock.set(samples::later(right, Duration::from_hours(1)));
        drop(operator);
        while rig.link.health().is_up() {
            rig.recorder.heard.notified().await;
        }
        rig.clock.set(right);
        rig.clock.advance(Duration::from_secs(20));
        assert_eq!(rig.link.health().condition, Condition::Down { since: right });
    })
    .await;
}

#[tokio::test]
async fn a_wrong_password_is_tried_three_times_by_all_sessions_together() {
    patiently(async {
        let mut rig = start_with(10, 0);
        let mut operators = Vec::new();
        for _ in 0..3 {
            let mut operator = BufReader::new(rig.pipes.recv().await.unwrap());
            assert_eq!(line(&mut operator).await, "B1");
            operators.push(operator);
        }
        assert!(rig.pipes.try_recv().is_err(), "no more than may still be refused");
        for operator in &mut operators {
            operator.write_all(b"x1\n").await.unwrap();
        }
        while !matches!(rig.link.health().condition, Condition::Parked { .. }) {
            rig.recorder.heard.notified().await;
        }
        let next = tokio::time::timeout(Duration::from_millis(200), rig.pipes.recv()).await;
        assert!(next.is_err(), "the first pause is a millisecond, this one is five minutes");
        rig.clock.advance(Duration::from_secs(300));
        // Those that wait look again.
        rig.link.hold(true);
        rig.link.hold(false);
        let mut operator = rig.operator().await;
        assert!(
            !matches!(rig.link.health().condition, Condition::Parked { .. }),
            "at once, not when it ends"
        );
        for _ in 0..6 {
            let mut other = BufReader::new(rig.pipes.recv().await.unwrap());
            assert_eq!(line(&mut other).await, "B1", "and the others need wait no longer");
        }
        operator.write_all(b"U\n").await.unwrap();
    })
    .await;
}

/// He answers keep-alives and no submits: what waits behind a full window goes back, for another link, and what he has waits on.
#[tokio::test]
async fn who_answers_no_submits_holds_up_nothing_that_waits() {
    patiently(async {
        let limits = SessionLimits { window: 2, ..SessionLimits::default() };
        let mut rig = start_in(&[Role::Both], 0, limits);
        let mut operator = rig.operator().await;
        assert!(rig.link.offer((1..=5).map(shipment).collect()).is_empty());
        for said in ["S2", "S3"] {
            assert_eq!(line(&mut operator).await, said);
        }
        rig.advance(21);
        assert_eq!(line(&mut operator).await, "S4", "one is tried");
        let back = rig.replies(2).await;
        assert!(!rig.link.health().is_up());
        let untouched = |reply: &Reply| reply.parts.iter().all(|(_, end)| *end == PartReply::NotOffered);
        assert_eq!((back.len(), back.iter().all(untouched)), (2, true));
        operator.write_all(b"+4\n").await.unwrap();
        while !rig.link.health().is_up() {
            rig.recorder.heard.notified().await;
        }
    })
    .await;
}
