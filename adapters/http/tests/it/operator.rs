//! A link to an HTTP operator over real sockets: the simulated operator answers, our own door takes his calls.

use domain::directory::LinkId;
use domain::message::{Priority, WHOLE};
use domain::routing::{Condition, FailureClass};
use fakes::{Recorder, samples};
use http_door::operator::simulator::{HttpSimulator, HttpSimulatorOptions};
use http_door::operator::{
    Account, HttpOperator, HttpOperatorConfig, HttpSurroundings, OperatorDoor, shipped,
};
use net::{ListenOptions, Listener};
use ports::driven::{Clock, Link, PartReply, Shipment};
use ports::driving::Reply;
use rehearsal::{Command, Faults, ReceiptOptions};
use secrecy::SecretString;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinHandle;
use web_kit::BodyLimits;

/// Everything of one test.
struct Rig {
    recorder: Arc<Recorder>,
    simulator: HttpSimulator,
    link: Arc<HttpOperator>,
    serving: JoinHandle<()>,
    door: SocketAddr,
    config: HttpOperatorConfig,
    around: HttpSurroundings,
}

const SECRET: &str = "0123456789abcdef";

fn clock() -> Arc<dyn Clock> {
    Arc::new(fakes::MachineClock::default())
}

async fn rig(operator: &str, faults: Faults, change: impl FnOnce(&mut HttpOperatorConfig)) -> Rig {
    net::tls::install_provider();
    let door = OperatorDoor::default();
    let listener = Listener::bind("127.0.0.1:0", ListenOptions::default()).await.expect("a port");
    let at = listener.local_addr().expect("an address");
    let app = door.router(BodyLimits::default());
    let serving = tokio::spawn(async move {
        let _ =
            web_kit::serve(listener, app, web_kit::Limits::default(), Box::pin(std::future::pending())).await;
    });
    let call = |kind: &str| format!("http://{at}/operator/TS0/{kind}/{SECRET}");
    let options = HttpSimulatorOptions {
        listen: "127.0.0.1:0".into(),
        shape: operator.into(),
        account: Some(("user".into(), SecretString::from("pass"))),
        reply_delay: Duration::ZERO,
        receipts: Some(ReceiptOptions { delay: Duration::from_millis(20), ..ReceiptOptions::default() }),
        receipts_to: Some(call("receipt")),
        mo_to: Some(call("mo")),
        secret: Some(SecretString::from("callback-secret")),
        retry_after: Duration::from_millis(20),
        journal: None,
        faults,
    };
    let simulator = HttpSimulator::start(options, clock()).await.expect("an operator");
    let named =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let account = Account {
        url: format!("http://{}", simulator.address()),
        user: "user".into(),
        password: SecretString::from("pass"),
        values: named(&[
            ("customer_id", "1"),
            ("platformId", "A"),
            ("platformPartnerId", "1"),
            ("plan", "p"),
        ]),
        secrets: [("xml_password", "x"), ("callback", "callback-secret")]
            .map(|(k, v)| (k.to_owned(), SecretString::from(v)))
            .into(),
        receipt_url: call("call"),
        mo_url: call("mo"),
    };
    let profile = Arc::new(shipped(operator).expect("a profile"));
    let mut config = HttpOperatorConfig::new(profile, account);
    config.secret = Some(SecretString::from(SECRET));
    config.timeout = Duration::from_secs(2);
    config.first_pause = Duration::from_millis(50);
    config.longest_pause = Duration::from_millis(200);
    change(&mut config);
    let recorder = Arc::new(Recorder::default());
    let around = HttpSurroundings {
        receiver: recorder.clone(),
        clock: clock(),
        ids: Arc::new(fakes::SequentialIds::default()),
        door,
    };
    let link = start(&config, &around);
    Rig { recorder, simulator, link, serving, door: at, config, around }
}

fn start(config: &HttpOperatorConfig, around: &HttpSurroundings) -> Arc<HttpOperator> {
    let id = LinkId::parse("TS0").expect("a name");
    HttpOperator::start(id, config.clone(), around.clone()).expect("a link")
}

/// Messages to different phones.
fn shipments(first: i64, count: i64, text: &str) -> Vec<Shipment> {
    (first..first + count).map(|n| shipment(n, text)).collect()
}

fn shipment(n: i64, text: &str) -> Shipment {
    samples::shipment(samples::message(n, clock().now()), text)
}

impl Rig {
    async fn send(&self, shipments: Vec<Shipment>) -> Vec<Reply> {
        let count = shipments.len();
        assert!(self.link.offer(shipments).is_empty(), "room for all");
        self.recorder.replies(count).await
    }

    async fn stop(self) {
        self.link.stop(Duration::from_secs(1)).await;
        self.simulator.stop().await;
        self.serving.abort();
    }
}

fn taken(reply: &Reply) -> bool {
    matches!(reply.parts.first(), Some((_, PartReply::Accepted { .. })))
}

#[tokio::test]
async fn every_shipped_profile_sends_and_hears() {
    for operator in
        ["46elks", "telenor-sms-pro", "link-mobility", "cellsynt", "pixie", "sinch", "kannel", "omnigate"]
    {
        let rig = rig(operator, Faults::default(), |_| {}).await;
        let replies = rig.send(shipments(1, 3, "hej å & <b>")).await;
        assert!(replies.iter().all(taken), "{operator}: {replies:?}");
        if operator != "pixie" {
            let receipts = rig.recorder.receipts(3).await;
            let ids: Vec<String> = replies
                .iter()
                .filter_map(|r| match &r.parts[0].1 {
                    PartReply::Accepted { operator_id } => Some(operator_id.clone()),
                    _ => None,
                })
                .collect();
            for receipt in receipts {
                assert!(ids.contains(&receipt.operator_id), "{operator}: {receipt:?} of {ids:?}");
                assert_eq!(receipt.verdict, domain::receipt::Verdict::Delivered, "{operator}");
            }
        }
        if !["pixie", "cellsynt"].contains(&operator) {
            let order = r#"{"do":"mo","from":"46701234567","to":"71234","text":"fråga & å"}"#;
            rig.simulator.command(Command::parse(order).expect("an order")).expect("obeyed");
            let part = rig.recorder.mos(1).await.remove(0);
            let text = domain::mo::MoBody::Text("fråga & å".into());
            assert_eq!(
                (part.source.as_str(), part.destination.as_str(), &part.body),
                ("46701234567", "71234", &text),
                "{operator}"
            );
        }
        rig.stop().await;
    }
}

#[tokio::test]
async fn a_long_text_is_one_request_and_settles_all_parts() {
    let rig = rig("46elks", Faults::default(), |_| {}).await;
    let long = shipment(1, &"lång ".repeat(80));
    let whole = Shipment { segments: vec![(WHOLE, long.message.body.whole())], ..long };
    let replies = rig.send(vec![whole]).await;
    assert_eq!((rig.simulator.stats().submits, replies[0].parts.len()), (1, 1));
    assert!(taken(&replies[0]));
    rig.stop().await;
}

#[tokio::test]
async fn parts_go_by_themselves_where_the_operator_does_not_cut() {
    let rig = rig("kannel", Faults::default(), |_| {}).await;
    let replies = rig.send(vec![shipment(1, &"lång ".repeat(80))]).await;
    assert_eq!(rig.simulator.stats().submits, 3);
    let accepted = |reply: &(u8, PartReply)| matches!(reply.1, PartReply::Accepted { .. });
    assert!(replies[0].parts.iter().all(accepted), "{replies:?}");
    rig.stop().await;
}

#[tokio::test]
async fn long_octets_go_in_parts_and_share_no_request() {
    let rig = rig("cellsynt", Faults::default(), |config| config.window = 1).await;
    let body = domain::message::Body::Binary { data: vec![0xA5; 300], udh: Vec::new() };
    let octets = |n| {
        let mut one = shipment(n, "");
        let segments = body.segments(7, false).expect("parts");
        let message = domain::message::Message { body: body.clone(), segments: 3, ..(*one.message).clone() };
        (one.segments, one.message) = ((1..).zip(segments).collect(), Arc::new(message));
        one
    };
    let replies = rig.send((1..=4).map(octets).collect()).await;
    let accepted = |reply: &Reply| {
        reply.parts.len() == 3 && reply.parts.iter().all(|(_, end)| matches!(end, PartReply::Accepted { .. }))
    };
    assert!(replies.iter().all(accepted), "{replies:?}");
    assert_eq!(rig.simulator.stats().submits, 12);
    rig.stop().await;
}

#[tokio::test]
async fn recipients_of_the_same_text_share_a_request() {
    let rig = rig("cellsynt", Faults::default(), |config| config.window = 1).await;
    let mut all = shipments(1, 120, "samma");
    all.extend(shipments(500, 1, "en annan"));
    let replies = rig.send(all).await;
    assert!(replies.iter().all(taken) && replies.len() == 121);
    let requests = rig.simulator.stats().submits;
    assert!((4..=8).contains(&requests), "{requests} requests for 121 messages, 50 in one at most");
    let mut ids: Vec<_> = replies.iter().map(|r| format!("{:?}", r.parts[0].1)).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 121, "each its own id");
    rig.stop().await;
}

/// An operator who refuses a whole request for one number in it; everything else he takes.
async fn strict_about(bad: &'static str) -> (String, JoinHandle<()>) {
    let answer = move |body: String| async move {
        let fields: std::collections::HashMap<String, String> =
            url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let to: Vec<&str> = fields["destination"].split(',').collect();
        if to.contains(&bad) {
            "Error: Invalid destination".to_owned()
        } else {
            format!("OK: {}", to.join(","))
        }
    };
    let app = axum::Router::new().route("/sms.php", axum::routing::post(answer));
    let listener = Listener::bind("127.0.0.1:0", ListenOptions::default()).await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let serving = tokio::spawn(async move {
        let _ =
            web_kit::serve(listener, app, web_kit::Limits::default(), Box::pin(std::future::pending())).await;
    });
    (url, serving)
}

#[tokio::test]
async fn one_bad_recipient_fails_nobody_else() {
    net::tls::install_provider();
    let all = shipments(1, 20, "samma");
    let bad = all[7].message.recipient.to_string();
    let (url, serving) = strict_about(format!("00{bad}").leak()).await;
    let rig = rig("cellsynt", Faults::default(), |config| {
        config.window = 1;
        config.account.url = url;
    })
    .await;
    let replies = rig.send(all).await;
    let refused: Vec<_> = replies.iter().filter(|reply| !taken(reply)).collect();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0].shipment.message.recipient.to_string(), bad);
    let PartReply::Refused(failure) = &refused[0].parts[0].1 else { panic!("{refused:?}") };
    assert_eq!((failure.class, failure.detail.as_str()), (FailureClass::Limited, "Invalid destination"));
    assert_eq!(replies.len(), 20, "each has one reply");
    rig.stop().await;
    serving.abort();
}

#[tokio::test]
async fn throttled_is_no_failure_and_waits_as_long_as_is_said() {
    let faults = Faults { throttle_every: 3, ..Faults::default() };
    let rig = rig("46elks", faults, |config| config.window = 2).await;
    let replies = rig.send(shipments(1, 4, "hej")).await;
    assert!(replies.iter().all(taken), "{replies:?}");
    assert!(rig.simulator.stats().submits > 4, "some were throttled and went again");
    rig.stop().await;
}

#[tokio::test]
async fn what_is_not_answered_is_in_doubt_and_what_was_not_sent_comes_back() {
    let faults = Faults { no_answer: true, ..Faults::default() };
    let rig = rig("46elks", faults, |config| {
        config.timeout = Duration::from_millis(200);
        config.give_back_after = Duration::from_millis(100);
    })
    .await;
    let replies = rig.send(shipments(1, 5, "hej")).await;
    let doubt = replies.iter().filter(|r| r.parts == [(1, PartReply::Unanswered)]).count();
    let back = replies.iter().filter(|r| r.parts == [(1, PartReply::NotOffered)]).count();
    assert!(doubt >= 1 && doubt + back == 5, "{replies:?}");
    rig.simulator.command(Command::Faults(Faults::default())).expect("obeyed");
    rig.recorder.until("up again", |_| rig.link.health().is_up().then_some(())).await;
    assert!(rig.send(shipments(10, 3, "igen")).await.iter().all(taken));
    rig.stop().await;
}

#[tokio::test]
async fn nobody_there() {
    let gone =
        tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let rig = rig("46elks", Faults::default(), |config| config.account.url = format!("http://{gone}")).await;
    let replies = rig.send(shipments(1, 1, "hej")).await;
    assert_eq!(replies[0].parts, [(1, PartReply::NotOffered)]);
    rig.recorder.until("down", |_| (!rig.link.health().is_up()).then_some(())).await;
    assert!(matches!(rig.link.health().condition, Condition::Down { .. }));
    assert!(rig.link.report().detail.contains("46elks"), "{}", rig.link.report().detail);
    rig.stop().await;
}

#[tokio::test]
async fn garbage_and_a_broken_connection_are_doubt() {
    for faults in
        [Faults { garbage_every: 1, ..Faults::default() }, Faults { drop_every: 1, ..Faults::default() }]
    {
        let rig = rig("omnigate", faults, |_| {}).await;
        let replies = rig.send(shipments(1, 1, "hej")).await;
        assert_eq!(replies[0].parts, [(1, PartReply::Unanswered)], "{replies:?}");
        rig.stop().await;
    }
}

#[tokio::test]
async fn a_refused_login_parks_and_is_not_tried_again_and_again() {
    let faults = Faults { bind_status: Some(1), ..Faults::default() };
    let rig = rig("46elks", faults, |config| config.window = 1).await;
    let replies = rig.send(shipments(1, 6, "hej")).await;
    let barred = |reply: &Reply| matches!(&reply.parts[0].1, PartReply::Refused(failure) if failure.class == FailureClass::Barred);
    assert_eq!(replies.iter().filter(|r| barred(r)).count(), 1, "{replies:?}");
    assert_eq!(rig.simulator.stats().submits, 1);
    assert!(matches!(rig.link.health().condition, Condition::Parked { .. }));
    rig.stop().await;
}

#[tokio::test]
async fn a_pause_that_is_too_long_to_wait_for_gives_everything_back() {
    let faults = Faults { throttle: true, ..Faults::default() };
    // The operator asks for a second.
    let impatient = |config: &mut HttpOperatorConfig| {
        config.window = 1;
        (config.give_back_after, config.give_back_alarms_after) =
            (Duration::from_millis(600), Duration::from_millis(300));
    };
    let rig = rig("46elks", faults, impatient).await;
    let replies = rig.send(shipments(1, 5, "hej")).await;
    let given_back = |reply: &Reply| reply.parts.iter().all(|(_, end)| *end == PartReply::NotOffered);
    assert!(replies.iter().all(given_back), "{replies:?}");
    assert_eq!(rig.simulator.stats().submits, 1);
    assert!(matches!(rig.link.health().condition, Condition::Down { .. }), "{:?}", rig.link.report());
    assert!(rig.link.report().detail.contains("slow down"), "{:?}", rig.link.report());
    assert_eq!(rig.link.offer(shipments(6, 2, "hej")).len(), 2, "nothing comes to wait here");
    rig.simulator.command(Command::Faults(Faults::default())).expect("obeyed");
    rig.recorder.until("it is up", |_| rig.link.health().is_up().then_some(())).await;
    assert!(rig.send(shipments(8, 2, "hej")).await.iter().all(taken));
    rig.stop().await;
}

#[tokio::test]
async fn a_pause_that_only_alarms_cannot_wait_for_gives_those_back() {
    let faults = Faults { throttle: true, ..Faults::default() };
    let impatient = |config: &mut HttpOperatorConfig| {
        config.window = 1;
        (config.give_back_after, config.give_back_alarms_after) =
            (Duration::from_secs(10), Duration::from_millis(300));
    };
    let rig = rig("46elks", faults, impatient).await;
    let mut alarm = samples::message(2, clock().now());
    alarm.priority = Priority::Alarm;
    let all = vec![shipment(1, "hej"), samples::shipment(alarm, "larm"), shipment(3, "hej")];
    assert!(rig.link.offer(all).is_empty());
    let replies = rig.recorder.replies(1).await;
    let ends: Vec<_> = replies.iter().map(|r| (r.shipment.message.id.0, r.parts.clone())).collect();
    assert_eq!(ends, [(2, vec![(1, PartReply::NotOffered)])]);
    assert_eq!(rig.link.report().waiting, 2, "they have the time");
    rig.simulator.command(Command::Faults(Faults::default())).expect("obeyed");
    assert!(rig.recorder.replies(2).await.iter().all(taken));
    rig.stop().await;
}

#[tokio::test]
async fn alarms_behind_an_operator_who_answers_nothing_go_back() {
    let faults = Faults { no_answer: true, ..Faults::default() };
    let rig = rig("46elks", faults, |config| {
        config.timeout = Duration::from_secs(60);
        config.mute_after = Duration::from_millis(300);
        config.alarm_timeout = Duration::from_millis(600);
        config.window = 1;
    })
    .await;
    let alarm = |id: i64| {
        let mut alarm = samples::message(id, clock().now());
        alarm.priority = Priority::Alarm;
        samples::shipment(alarm, "larm")
    };
    assert!(rig.link.offer(vec![shipment(1, "hej")]).is_empty());
    rig.recorder.until("under way", |_| (rig.link.report().in_flight == 1).then_some(())).await;
    assert!(rig.link.offer(vec![alarm(2), shipment(3, "hej")]).is_empty());
    let back = rig.recorder.replies(1).await;
    assert_eq!(back[0].shipment.message.id.0, 2);
    assert_eq!(back[0].parts, [(1, PartReply::NotOffered)]);
    assert!(!rig.link.health().is_up() && rig.link.report().waiting == 1, "the other has the time");
    assert_eq!(rig.link.offer(vec![alarm(4)]).len(), 1, "and nothing more is taken");
    rig.stop().await;
}

#[tokio::test]
async fn an_alarm_is_not_waited_for_as_long_as_others() {
    let faults = Faults { no_answer: true, ..Faults::default() };
    let rig = rig("46elks", faults, |config| {
        config.timeout = Duration::from_secs(60);
        config.alarm_timeout = Duration::from_millis(300);
    })
    .await;
    let mut alarm = samples::message(1, clock().now());
    alarm.priority = Priority::Alarm;
    let replies = rig.send(vec![samples::shipment(alarm, "larm")]).await;
    assert_eq!(replies[0].parts, [(1, PartReply::Unanswered)]);
    rig.stop().await;
}

#[tokio::test]
async fn refused_for_good_with_the_operators_words() {
    let faults = Faults { status: Some(1), ..Faults::default() };
    let rig = rig("link-mobility", faults, |_| {}).await;
    let replies = rig.send(vec![shipment(1, &"lång ".repeat(80))]).await;
    let PartReply::Refused(failure) = &replies[0].parts[0].1 else { panic!("{replies:?}") };
    assert_eq!((failure.class, failure.code.as_str()), (FailureClass::Permanent, "http-2104"));
    assert_eq!(replies[0].parts[1..], [(2, PartReply::NotOffered), (3, PartReply::NotOffered)]);
    rig.stop().await;
}

#[tokio::test]
async fn calls_are_answered_when_they_are_stored_and_only_to_who_may_call() {
    let rig = rig("46elks", Faults::default(), |_| {}).await;
    let client = web_kit::HttpClient::new(web_kit::ClientOptions::default()).expect("a client");
    let call = async |path: String, body: &'static str| {
        let mut headers = http::HeaderMap::new();
        let kind = http::HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert("content-type", kind);
        let url = format!("http://{}{path}", rig.door);
        let call = web_kit::Call { method: http::Method::POST, url, headers, body: body.into() };
        client.call(call).await.expect("an answer").status.as_u16()
    };
    let good = format!("/operator/TS0/receipt/{SECRET}");
    rig.recorder.down.store(true, SeqCst);
    assert_eq!(call(good.clone(), "id=s1&status=delivered").await, 503, "not on disk");
    rig.recorder.down.store(false, SeqCst);
    assert_eq!(call(good.clone(), "id=s1&status=delivered").await, 200);
    assert_eq!(call(good, "what=this").await, 400);
    for path in [
        "/operator/TS0/receipt/wrong-wrong-wrong",
        "/operator/TS0/receipt",
        "/operator/TS9/receipt/0123456789abcdef",
        "/operator/TS0/x/0123456789abcdef",
    ] {
        assert_eq!(call(path.into(), "id=s1&status=delivered").await, 404, "{path}");
    }
    rig.stop().await;
}

/// Somebody may hold a replaced link for a while: that it goes must not close the door on the operator.
/// "OK" to one alarm and to the next, from an operator who gives neither id nor time: only who got no answer repeats it.
#[tokio::test]
async fn the_same_words_again_without_an_id() {
    let rig = rig("kannel", Faults::default(), |_| {}).await;
    let call = async |more: &str| {
        let request = format!(
            "GET /operator/TS0/mo/{SECRET}?from=46701234567&to=71234&text=OK HTTP/1.1\r\nhost: x\r\n{more}\r\n"
        );
        let mut stream = tokio::net::TcpStream::connect(rig.door).await.expect("the door");
        stream.write_all(request.as_bytes()).await.expect("asked");
        stream
    };
    let answered = || async {
        let mut answer = String::new();
        call("connection: close\r\n").await.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
    };
    answered().await;
    answered().await;
    rig.recorder.hung.store(true, SeqCst);
    let impatient = call("").await;
    // Longer than an operator takes who repeats it.
    tokio::time::sleep(Duration::from_millis(3_100)).await;
    drop(impatient);
    let again = call("").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    rig.recorder.hung.store(false, SeqCst);
    drop(again);
    let said: Vec<u32> = rig.recorder.mos(4).await.iter().map(|part| part.said_before).collect();
    assert_eq!(said, [0, 1, 2, 2]);
    rig.stop().await;
}

#[tokio::test]
async fn a_link_that_was_replaced_takes_down_no_post_but_its_own() {
    let mut rig = rig("46elks", Faults::default(), |_| {}).await;
    rig.link.stop(Duration::from_secs(1)).await;
    let new = start(&rig.config, &rig.around);
    let old = std::mem::replace(&mut rig.link, new);
    drop(old);
    assert!(rig.send(shipments(1, 1, "hej")).await.iter().all(taken));
    assert_eq!(rig.recorder.receipts(1).await.len(), 1, "the operator was let in");
    rig.stop().await;
}
