//! What a message operation (51, 52, 30, 01) carries: its header, and its text by message type and data coding.
//!
//! Tolerant: an unknown message type becomes binary, a field that is no hex is taken as it stands.

use crate::alphabet::Alphabet;
use crate::codec::{Extra, Packet, five, op, service, thirty, unpack_sender, zero_one};
use domain::mo::MoBody;
use domain::text::{self, Udh};
use pdu::{Dcs, hex};
use std::borrow::Cow;

/// OTOA of a name.
pub(crate) const NAME: &[u8] = b"5039";
/// Message types.
const NUMERIC: &[u8] = b"2";
const TEXT: &[u8] = b"3";

/// The header and the text of a message operation.
pub(crate) fn read(alphabet: Alphabet, packet: &Packet) -> (Udh, MoBody) {
    match packet.operation {
        op::CALL => {
            let (kind, field) = (packet.field(zero_one::MT), packet.field(zero_one::MSG));
            (Udh::default(), body(alphabet, kind, field, None, &Udh::default()))
        }
        op::TRANSFER => {
            let field = packet.field(thirty::MSG);
            (Udh::default(), body(alphabet, TEXT, field, None, &Udh::default()))
        }
        _ => {
            let extra = packet.field(five::XSER);
            let header = service(extra, Extra::Header);
            let udh = header.map(|octets| Udh::split(&octets).0).unwrap_or_default();
            let coding = service(extra, Extra::Coding).and_then(|octets| octets.first().copied()).map(Dcs);
            let mut body = body(alphabet, packet.field(five::MT), packet.field(five::MSG), coding, &udh);
            if let (MoBody::Ucs2(octets) | MoBody::Binary(octets), Ok(bits)) =
                (&mut body, packet.text(five::NB).parse::<usize>())
            {
                octets.truncate(bits.div_ceil(8).max(1));
            }
            (udh, body)
        }
    }
}

/// The sender: a name where it is marked as one, or as it stands.
pub(crate) fn sender(packet: &Packet) -> Cow<'_, str> {
    let marked =
        (op::SUBMIT..=op::RESPONSE_DELETE).contains(&packet.operation) && packet.field(five::OTOA) == NAME;
    match unpack_sender(packet.field(five::OADC)).filter(|_| marked) {
        Some(name) => Cow::Owned(name),
        None => packet.text(five::OADC),
    }
}

fn body(alphabet: Alphabet, kind: &[u8], field: &[u8], coding: Option<Dcs>, udh: &Udh) -> MoBody {
    if kind == NUMERIC {
        return MoBody::Text(String::from_utf8_lossy(field).into_owned());
    }
    let Some(octets) = hex::decode_octets(field) else { return MoBody::Latin1(field.to_vec()) };
    let coded = coding.map(Dcs::alphabet);
    match kind {
        _ if coded == Some(text::Alphabet::Ucs2) => MoBody::Ucs2(octets),
        TEXT => alphabet.read(&octets, udh.shifts()),
        _ => MoBody::Binary(octets),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn packet(fields: &[(usize, &str)]) -> Packet {
        let mut all = vec![Bytes::new(); five::COUNT];
        for (place, value) in fields {
            all[*place] = Bytes::copy_from_slice(value.as_bytes());
        }
        Packet { trn: 0, result: false, operation: op::DELIVER, fields: all }
    }

    fn carried(fields: &[(usize, &str)]) -> MoBody {
        read(Alphabet::Gsm, &packet(fields)).1
    }

    #[test]
    fn types_and_codings() {
        use five::{MSG, MT, NB, XSER};
        assert_eq!(carried(&[(MT, "2"), (MSG, "12345")]), MoBody::Text("12345".into()));
        assert_eq!(carried(&[(MT, "3"), (MSG, "0F7B")]), MoBody::Gsm7(vec![0x0F, 0x7B]));
        assert_eq!(
            carried(&[(MT, "4"), (NB, "16"), (MSG, "00E500"), (XSER, "020108")]),
            MoBody::Ucs2(vec![0, 0xE5])
        );
        assert_eq!(carried(&[(MT, "3"), (MSG, "00E5"), (XSER, "020108")]), MoBody::Ucs2(vec![0, 0xE5]));
        assert_eq!(carried(&[(MT, "4"), (MSG, "F5AA"), (XSER, "0201F5")]), MoBody::Binary(vec![0xF5, 0xAA]));
        assert_eq!(carried(&[(MT, "4"), (MSG, "F5AA")]), MoBody::Binary(vec![0xF5, 0xAA]));
        assert_eq!(carried(&[(MT, "3"), (MSG, "no hex")]), MoBody::Latin1(b"no hex".to_vec()));
        assert_eq!(carried(&[]), MoBody::Binary(Vec::new()));
    }

    #[test]
    fn headers_and_senders() {
        let part = packet(&[(five::MT, "3"), (five::MSG, "61"), (five::XSER, "01060500032A0302")]);
        let concat = read(Alphabet::Gsm, &part).0.concat().expect("a part");
        assert_eq!((concat.reference, concat.total, concat.seq), (0x2A, 3, 2));
        let named = packet(&[(five::OADC, "10412614190438AB4D"), (five::OTOA, "5039")]);
        assert_eq!(sender(&named), "ALPHA@NUM");
        assert_eq!(sender(&packet(&[(five::OADC, "08123456")])), "08123456");
    }
}
