//! Octets that real centres send and should not: each is answered by the book, and a good message after it gets through on
//! the same connection (promise B8). And what our side says, octet for octet, against a centre that the test plays itself.

use crate::rig::{Rig, accepted, quiet};
use cimd2::simulator::Command;
use cimd2::{Cimd2Config, Cimd2Link};
use domain::mo::MoBody;
use fakes::{MachineClock, Recorder, SequentialIds, samples};
use ports::driven::PartReply;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

#[tokio::test]
async fn a_bad_packet_costs_no_session() {
    let rig = Rig::bound(quiet(), |_| {}).await;
    let bad = [
        "CIMD2-A ConnectionInfo: hello again\r\n",
        "\u{2}20:0",
        "\u{2}20:000\t021:1\t00\u{3}",
        "\u{2}xx:yyy\t\u{3}",
        "\u{2}20:100\t0211\t\u{3}",
        "\u{2}23:102\t061:4\t\u{3}",
        "\u{2}20:104\t021:1\0\t\u{3}",
        "\u{2}77:001\t\u{3}",
        "\u{2}53:201\t021:1\t060:1\t\u{3}",
        "\u{2}98:201\t\u{3}",
        "\u{2}99:004\t\u{3}",
        "\u{2}30:106\t\u{3}",
        "\u{2}\u{3}",
    ];
    for (number, octets) in bad.into_iter().enumerate() {
        rig.simulator.command(Command::Raw(octets.as_bytes().to_vec()));
        rig.simulator.mo("46701234567", "71234", &format!("good {number}"));
        let part = rig.recorder.mos(1).await.remove(0);
        assert_eq!(part.body, MoBody::Gsm7(format!("good {number}").into_bytes()));
    }
    assert_eq!(accepted(&rig.exchange(3).await), 3);
    let stats = rig.simulator.stats();
    assert_eq!((stats.connections, stats.bad_pdus), (1, 0));
}

/// A centre that says what the test says.
struct Centre {
    stream: TcpStream,
    heard: String,
}

impl Centre {
    /// The next packet, without STX and ETX.
    async fn hears(&mut self) -> String {
        loop {
            if let Some(end) = self.heard.find('\u{3}') {
                let packet: String = self.heard.drain(..=end).collect();
                return packet.trim_matches(['\u{2}', '\u{3}']).replace('\t', " ").trim_end().to_owned();
            }
            let mut octets = [0; 1024];
            let read = tokio::time::timeout(fakes::PATIENCE, self.stream.read(&mut octets)).await;
            let read = read.expect("in time").expect("a connection");
            assert!(read > 0, "the gateway closed");
            self.heard.extend(octets[..read].iter().map(|octet| char::from(*octet)));
        }
    }

    async fn says(&mut self, packet: &str) {
        let octets = format!("\u{2}{}\t\u{3}", packet.replace(' ', "\t"));
        self.stream.write_all(octets.as_bytes()).await.expect("written");
    }
}

#[tokio::test]
async fn resynchronised_retransmitted_and_answered_octet_for_octet() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let recorder = Arc::new(Recorder::default());
    let config = Cimd2Config {
        hosts: vec![listener.local_addr().expect("an address").to_string()],
        user: "u".into(),
        password: "p".into(),
        subaddress: Some(2),
        window: 2,
        checksum: false,
        ..Cimd2Config::default()
    };
    let (clock, ids) = (Arc::new(MachineClock::default()), Arc::new(SequentialIds::default()));
    let link =
        Cimd2Link::start(config, samples::link("TS0"), recorder.clone(), clock, ids).expect("settings");
    let (stream, _) = listener.accept().await.expect("a connection");
    let mut centre = Centre { stream, heard: String::new() };
    assert_eq!(centre.hears().await, "01:001 010:u 011:p 012:2 019:2");
    centre.says("51:001").await;
    recorder.until("up", |_| link.health().is_up().then_some(())).await;
    let rig = Rig::bound(quiet(), |_| {}).await;
    let text =
        |packet: &str| (packet[..6].to_owned(), packet.split(" 033:").nth(1).map(|t| t[..1].to_owned()));
    let said = |number: &str, what: &str| (format!("03:{number}"), Some(what.to_owned()));
    assert!(link.offer(vec![rig.shipment("a"), rig.shipment("b")]).is_empty());
    assert_eq!(text(&centre.hears().await), said("003", "a"));
    assert_eq!(text(&centre.hears().await), said("005", "b"));
    // The first was damaged on the way: the centre expects it again, and threw the second away.
    centre.says("99:003").await;
    assert_eq!(text(&centre.hears().await), said("003", "a"));
    assert_eq!(text(&centre.hears().await), said("005", "b"));
    centre.says("53:003 021:1 060:261123000000").await;
    // Now it has lost count altogether.
    centre.says("99:101").await;
    assert_eq!(text(&centre.hears().await), said("101", "b"));
    centre.says("53:101 021:1 060:261123000001").await;
    assert_eq!(recorder.replies(2).await.len(), 2);
    // A message, answered after it is stored; the same packet again is answered again and stored once.
    for _ in 0..2 {
        centre.says("20:000 021:71234 023:46701234567 033:hej 060:261123000002").await;
        assert_eq!(centre.hears().await, "70:000");
    }
    centre.says("99:000").await;
    assert_eq!(centre.hears().await, "70:000", "it had not got our answer");
    centre.says("20:002 021:71234 023:46701234567 033:igen 060:261123000002").await;
    assert_eq!(centre.hears().await, "70:002");
    assert_eq!(recorder.mos(2).await.len(), 2);
    for (asked, answered) in [
        ("40:004", "90:004"),
        ("20:006 021x", "70:006 900:710"),
        ("11:008", "61:008 900:1"),
        ("23:010 061:4", "73:010"),
        ("40:012 00", "99:012"),
        ("40:012", "90:012"),
    ] {
        centre
            .stream
            .write_all(format!("\u{2}{}\u{3}", asked.replace(' ', "\t")).as_bytes())
            .await
            .expect("written");
        assert_eq!(centre.hears().await, answered);
    }
    let stopping = tokio::spawn(async move { link.stop(std::time::Duration::from_secs(5)).await });
    assert_eq!(centre.hears().await, "02:103");
    centre.says("52:103").await;
    stopping.await.expect("stopped");
}

#[tokio::test]
async fn what_the_centre_never_takes_is_no_doubt_and_costs_the_next_one_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let recorder = Arc::new(Recorder::default());
    let config = Cimd2Config {
        hosts: vec![listener.local_addr().expect("an address").to_string()],
        user: "u".into(),
        password: "p".into(),
        window: 2,
        first_pause: std::time::Duration::from_millis(20),
        ..Cimd2Config::default()
    };
    let (clock, ids) = (Arc::new(MachineClock::default()), Arc::new(SequentialIds::default()));
    let link =
        Cimd2Link::start(config, samples::link("TS0"), recorder.clone(), clock, ids).expect("settings");
    let (stream, _) = listener.accept().await.expect("a connection");
    let mut centre = Centre { stream, heard: String::new() };
    centre.hears().await;
    centre.says("51:001").await;
    recorder.until("up", |_| link.health().is_up().then_some(())).await;
    let rig = Rig::bound(quiet(), |_| {}).await;
    assert!(link.offer(vec![rig.shipment("a"), rig.shipment("b")]).is_empty());
    for _ in 0..4 {
        assert!(centre.hears().await.starts_with("03:003"));
        assert!(centre.hears().await.starts_with("03:005"));
        centre.says("99:003").await;
    }
    let replies = recorder.replies(2).await;
    let ends: Vec<_> = replies.into_iter().flat_map(|reply| reply.parts).map(|(_, end)| end).collect();
    let refused =
        |end: &PartReply| matches!(end, PartReply::Refused(failure) if failure.code == "resynchronised");
    assert!(ends.iter().any(refused) && ends.contains(&PartReply::NotOffered), "{ends:?}");
    let again = tokio::time::timeout(fakes::PATIENCE, listener.accept()).await;
    assert!(again.expect("in time").is_ok(), "it logs in anew");
}
