//! Octets that real operators send and should not: each is refused by the book, and a good message after it gets through
//! on the same connection (promise B8).

use crate::rig::{Rig, quiet};
use bytes::{Bytes, BytesMut};
use domain::mo::MoBody;
use ucp::codec::{Packet, encode, five};
use ucp::simulator::Command;

fn frame(packet: &Packet) -> Vec<u8> {
    let mut out = BytesMut::new();
    encode(packet, &mut out).unwrap();
    out.to_vec()
}

fn operation(operation: u8, fields: &[&str]) -> Vec<u8> {
    let fields = fields.iter().map(|field| Bytes::copy_from_slice(field.as_bytes())).collect();
    frame(&Packet { trn: 99, result: false, operation, fields })
}

#[tokio::test]
async fn a_bad_frame_costs_no_session() {
    let rig = Rig::bound(quiet(), |_| {}).await;
    let mut damaged = operation(52, &[""; five::COUNT]);
    let last = damaged.len() - 2;
    damaged[last] = b'0' + (damaged[last] - b'0' + 1) % 9;
    let mut cut = operation(52, &[""; five::COUNT]);
    cut.truncate(20);
    let bad = [
        b"noise between frames\r\n".to_vec(),
        b"\x02\x03".to_vec(),
        b"\x02//////\x03".to_vec(),
        b"\x0200/00099/O/52/too/short/00\x03".to_vec(),
        damaged,
        cut,
        operation(52, &["71234"]),
        operation(54, &[""; five::COUNT]),
        operation(99, &["?"]),
        operation(31, &["71234", "0539"]),
        operation(53, &[""; five::COUNT]),
        operation(60, &[""; 12]),
        frame(&Packet::acknowledgement(51, 98, "")),
        frame(&Packet::refusal(60, 98, "07", "")),
        frame(&Packet::acknowledgement(54, 98, "")),
    ];
    for (number, octets) in bad.into_iter().enumerate() {
        rig.simulator.command(Command::Raw(octets));
        rig.simulator.mo("46701234567", "71234", &format!("good {number}"));
        let part = rig.recorder.mos(1).await.remove(0);
        assert_eq!(part.body, MoBody::Gsm7(format!("good {number}").into_bytes()));
    }
    assert_eq!((rig.simulator.stats().connections, rig.simulator.stats().bad_pdus), (1, 0));
}

#[tokio::test]
async fn odd_messages_are_taken() {
    let rig = Rig::bound(quiet(), |_| {}).await;
    let with = |changes: &[(usize, &str)]| {
        let mut fields = [""; five::COUNT];
        (fields[five::MT], fields[five::MSG]) = ("3", "68656A");
        for (place, value) in changes {
            fields[*place] = value;
        }
        operation(52, &fields)
    };
    let odd = [
        (with(&[(five::OADC, "+46701234567")]), "46701234567", "hej"),
        (with(&[(five::OADC, "0046701234567"), (five::SCTS, "not a time")]), "46701234567", "hej"),
        (with(&[(five::OADC, "10412614190438AB4D"), (five::OTOA, "5039")]), "ALPHA@NUM", "hej"),
        (with(&[(five::OADC, "ZZ"), (five::OTOA, "5039")]), "ZZ", "hej"),
        (with(&[(five::MSG, "hej, no hex")]), "", "hej, no hex"),
        (with(&[(five::XSER, "0102")]), "", "hej"),
        (with(&[(five::XSER, "FF00020100")]), "", "hej"),
        (operation(1, &["71234", "0701234567", "", "2", "12345"]), "0701234567", "12345"),
    ];
    for (octets, source, text) in odd {
        rig.simulator.command(Command::Raw(octets));
        let part = rig.recorder.mos(1).await.remove(0);
        let said = match part.body {
            MoBody::Gsm7(septets) => domain::text::gsm7::decode(&septets),
            MoBody::Latin1(octets) => domain::text::latin1::decode(&octets),
            MoBody::Text(text) => text,
            other => panic!("{other:?}"),
        };
        assert_eq!((part.source.as_str(), said.as_str()), (source, text));
    }
    assert_eq!(rig.simulator.stats().connections, 1);
}
