//! The link over pipes: a session that panics, and what it leaves behind.

use crate::session::shipment;
use crate::toy::Toy;
use async_trait::async_trait;
use domain::directory::LinkId;
use domain::mo::MoPart;
use domain::receipt::Receipt;
use fakes::{ManualClock, SequentialIds, samples};
use ports::driven::{Link as _, PartReply};
use ports::driving::{ReceiveError, ReceiveMessages, Reply};
use session::{Connection, Dial, LinkOptions, OperatorLink, Role, Surroundings};
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
    heard: Notify,
}

#[async_trait]
impl ReceiveMessages for Recorder {
    async fn mo(&self, _: MoPart) -> Result<(), ReceiveError> {
        Ok(())
    }
    async fn receipts(&self, receipts: Vec<Receipt>) -> Vec<Result<(), ReceiveError>> {
        receipts.iter().map(|_| Ok(())).collect()
    }
    async fn replies(&self, replies: Vec<Reply>) {
        self.replies.lock().unwrap().extend(replies);
        self.heard.notify_one();
    }
    fn link_changed(&self, _: &LinkId) {
        self.heard.notify_one();
    }
}

struct Rig {
    link: Arc<OperatorLink>,
    recorder: Arc<Recorder>,
    pipes: mpsc::Receiver<DuplexStream>,
}

fn start(rate: u32) -> Rig {
    let (sender, pipes) = mpsc::channel(4);
    let recorder = Arc::new(Recorder::default());
    let options = LinkOptions {
        sessions: vec![(Role::Both, vec!["pipe".to_owned()])],
        first_pause: Duration::from_millis(1),
        rate,
        ..LinkOptions::default()
    };
    let around = Surroundings {
        receiver: recorder.clone(),
        clock: Arc::new(ManualClock::new(domain::Timestamp::UNIX_EPOCH)),
        ids: Arc::new(SequentialIds::default()),
        dial: Arc::new(Pipes(Turn::new(sender))),
    };
    let link = OperatorLink::start(samples::link("T"), options, around, |_| Toy::default());
    Rig { link, recorder, pipes }
}

impl Rig {
    /// The operator's end of the next connection, bound.
    async fn operator(&mut self) -> BufReader<DuplexStream> {
        let mut operator = BufReader::new(self.pipes.recv().await.unwrap());
        assert_eq!(line(&mut operator).await, "B1");
        operator.write_all(b"b\n").await.unwrap();
        while !self.link.health().is_up() {
            self.recorder.heard.notified().await;
        }
        operator
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

async fn line(operator: &mut BufReader<DuplexStream>) -> String {
    let mut line = String::new();
    operator.read_line(&mut line).await.unwrap();
    line.trim_end().to_owned()
}

async fn patiently<T>(work: impl Future<Output = T>) -> T {
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
