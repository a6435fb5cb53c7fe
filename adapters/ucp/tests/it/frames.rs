//! What the dialect writes, frame by frame, against the fields that the specification and other implementations use.

use crate::rig::id;
use bytes::{Bytes, BytesMut};
use domain::Timestamp;
use domain::address::Originator;
use domain::message::Body;
use domain::routing::FailureClass;
use domain::text::{Alphabet as Coding, split_binary};
use fakes::samples;
use ports::driven::Shipment;
use session::{Answer, Dialect as _, Now, Received};
use std::sync::Arc;
use std::time::Duration;
use ucp::UcpConfig;
use ucp::alphabet::Alphabet;
use ucp::codec::{Submission, cut, decode, index_of, names};
use ucp::config::FlashForm;
use ucp::dialect::UcpDialect;

fn now() -> Now {
    Now { monotonic: Duration::ZERO, wall: Timestamp::UNIX_EPOCH }
}

fn dialect(config: UcpConfig) -> UcpDialect {
    UcpDialect::new(Arc::new(config), id())
}

/// The frames of what was written, each as `operation name=value ..`, empty fields left out.
fn said(out: &mut BytesMut) -> Vec<String> {
    let frames = std::iter::from_fn(|| cut(out, &mut 0));
    frames
        .map(|frame| {
            let packet = decode(&frame).expect("our own");
            let fields =
                names(&packet).into_iter().zip(&packet.fields).filter(|(_, value)| !value.is_empty());
            let fields: Vec<_> =
                fields.map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value))).collect();
            format!("{:02} {}", packet.operation, fields.join(" "))
        })
        .collect()
}

fn submitted(config: UcpConfig, shipment: &Shipment, index: usize) -> String {
    let mut out = BytesMut::new();
    dialect(config).submit(now(), 7, shipment, index, &mut out).expect("sayable");
    said(&mut out).remove(0)
}

fn message(text: &str) -> Shipment {
    let mut shipment = samples::shipment(samples::message(1_234_567, Timestamp::UNIX_EPOCH), text);
    shipment.originator = None;
    shipment.receipt = false;
    shipment
}

fn flash(mut shipment: Shipment) -> Shipment {
    Arc::make_mut(&mut shipment.message).flash = true;
    shipment
}

#[test]
fn the_login_is_the_published_one() {
    let config = UcpConfig {
        account: "07656765".into(),
        password: "Password".into(),
        account_ton: 2,
        account_npi: 1,
        ..UcpConfig::default()
    };
    let mut out = BytesMut::new();
    let mut dialect = dialect(config);
    assert_eq!(dialect.next_key(), 0, "the first number is 00");
    assert!(dialect.bind(2, &mut out));
    assert_eq!(out, &b"\x0202/00059/O/60/07656765/2/1/1/50617373776F7264//0100//////61\x03"[..]);
    out.clear();
    dialect.keep_alive(5, &mut out);
    assert_eq!(said(&mut out), ["31 AdC=07656765 PID=0539"]);
}

#[test]
fn texts_in_every_coding() {
    let to = "AdC=0046701234567";
    let plain = UcpConfig::default;
    for (shipment, index, expect) in [
        (message("Hej"), 0, format!("51 {to} MT=3 Msg=48656A")),
        (message("å€"), 0, format!("51 {to} MT=3 Msg=0F1B65")),
        (message("Ж"), 0, format!("51 {to} MT=4 NB=16 Msg=0416 MCLs=1 XSer=020108")),
        (flash(message("Hej")), 0, format!("51 {to} MT=3 Msg=48656A MCLs=0 XSer=020110")),
        (flash(message("Ж")), 0, format!("51 {to} MT=4 NB=16 Msg=0416 MCLs=0 XSer=020118")),
        (message(&"a".repeat(161)), 1, format!("51 {to} MT=3 Msg=6161616161616161 XSer=01060500032A0202")),
        (
            message(&"Ж".repeat(71)),
            1,
            format!("51 {to} MT=4 NB=64 Msg=0416041604160416 MCLs=1 XSer=01060500032A0202020108"),
        ),
    ] {
        assert_eq!(submitted(plain(), &shipment, index), expect);
    }
    let class = UcpConfig { flash_form: FlashForm::Class, ..plain() };
    assert_eq!(submitted(class, &flash(message("H")), 0), format!("51 {to} MT=3 Msg=48 MCLs=0"));
    let coding = UcpConfig { flash_form: FlashForm::Coding, ..plain() };
    assert_eq!(submitted(coding, &flash(message("H")), 0), format!("51 {to} MT=3 Msg=48 XSer=020110"));
    let swedish = UcpConfig { alphabet: Alphabet::Swedish, ..plain() };
    assert_eq!(submitted(swedish, &message("åäö"), 0), format!("51 {to} MT=3 Msg=7D7B7C"));
}

#[test]
fn binary_with_a_header_of_its_own() {
    let udh = vec![5, 4, 0x15, 0x8A, 0, 0];
    let mut shipment = message("x");
    let message = Arc::make_mut(&mut shipment.message);
    message.body = Body::Binary { udh: udh.clone(), data: vec![0xAB, 0xCD] };
    let whole = [udh, vec![0xAB, 0xCD]].concat();
    shipment.segments = (1..).zip(split_binary(&whole, 1, false).expect("fits")).collect();
    let frame = submitted(UcpConfig::default(), &shipment, 0);
    assert_eq!(frame, "51 AdC=0046701234567 MT=4 NB=16 Msg=ABCD MCLs=1 XSer=01060504158A0000020104");
    assert_eq!(shipment.segments[0].1.body.alphabet(), Coding::Binary);
}

#[test]
fn senders_receipts_validity_and_fields_of_ones_own() {
    let mut shipment = message("H");
    shipment.receipt = true;
    let sender = |name: &str, config: &UcpConfig| {
        let mut shipment = shipment.clone();
        shipment.originator = Originator::parse(name).ok();
        submitted(config.clone(), &shipment, 0)
    };
    let plain = UcpConfig::default();
    let rest = "NRq=1 NT=3 MT=3 Msg=48";
    assert_eq!(sender("Test", &plain), format!("51 AdC=0046701234567 OAdC=07D4F29C0E {rest} OTOA=5039"));
    assert_eq!(
        sender("46709999999", &plain),
        format!("51 AdC=0046701234567 OAdC=46709999999 {rest} OTOA=1139")
    );
    assert_eq!(sender("71234", &plain), format!("51 AdC=0046701234567 OAdC=71234 {rest}"));
    let prefixed = UcpConfig { originator_prefix: "00".into(), ..plain.clone() };
    assert_eq!(sender("46709999999", &prefixed), format!("51 AdC=0046701234567 OAdC=0046709999999 {rest}"));
    let full = UcpConfig {
        recipient_prefix: String::new(),
        notifications: 7,
        notification_address: "1920870340125000".into(),
        notification_pid: "0539".into(),
        time_zone: jiff::tz::TimeZone::get("Europe/Stockholm").ok(),
        extra_fields: vec![(index_of("rpid").expect("a field"), "0000".into())],
        ..plain
    };
    shipment.originator = None;
    Arc::make_mut(&mut shipment.message).expires_at = "2026-11-24T10:00:00Z".parse().expect("a time");
    assert_eq!(
        submitted(full, &shipment, 0),
        "51 AdC=46701234567 NRq=1 NAdC=1920870340125000 NT=7 NPID=0539 VP=2411261100 RPID=0000 MT=3 Msg=48"
    );
}

#[test]
fn a_validity_is_never_over_when_it_is_said() {
    for submission in [Submission::Submit, Submission::Transfer] {
        for (expires_at, minute) in [
            ("2026-11-24T11:00:45Z", "2411261201"),
            ("2026-11-24T11:00:00Z", "2411261200"),
            ("2026-11-24T22:59:00.001Z", "2511260000"),
        ] {
            let time_zone = jiff::tz::TimeZone::get("Europe/Stockholm").ok();
            let config = UcpConfig { time_zone, submission, ..UcpConfig::default() };
            let mut shipment = message("H");
            Arc::make_mut(&mut shipment.message).expires_at = expires_at.parse().expect("a time");
            let said = submitted(config, &shipment, 0);
            assert!(said.contains(&format!("VP={minute} ")), "{expires_at}: {said}");
        }
    }
}

#[test]
fn the_simple_operations_carry_texts() {
    let transfer = UcpConfig { submission: Submission::Transfer, ..UcpConfig::default() };
    let mut shipment = message("Hej “du”");
    shipment.receipt = true;
    assert_eq!(submitted(transfer, &shipment, 0), "30 AdC=0046701234567 NRq=1 AMsg=48656A2022647522");
    let call = UcpConfig { submission: Submission::Call, ..UcpConfig::default() };
    assert_eq!(submitted(call.clone(), &message("Hej"), 0), "01 AdC=0046701234567 MT=3 Msg=48656A");
    let mut binary = message("x");
    binary.segments = (1..).zip(split_binary(&[1, 2], 1, false).expect("fits")).collect();
    let refused = dialect(call).submit(now(), 1, &binary, 0, &mut BytesMut::new()).expect_err("texts only");
    assert_eq!((refused.class, refused.code.as_str()), (FailureClass::Permanent, "ucp-unsayable"));
}

#[test]
fn what_a_national_alphabet_would_lose_goes_in_ucs2_where_it_fits() {
    let swedish = UcpConfig { alphabet: Alphabet::Swedish, ..UcpConfig::default() };
    let said = |text: &str| submitted(swedish.clone(), &message(text), 0);
    let to = "AdC=0046701234567";
    assert_eq!(said("Åé"), format!("51 {to} MT=3 Msg=5D65"), "a likeness will do");
    assert_eq!(said("Å€"), format!("51 {to} MT=4 NB=32 Msg=00C520AC MCLs=1 XSer=020108"));
    assert!(said(&"€".repeat(71)).contains("MT=3 Msg=3F3F3F"), "it would take two");
}

#[test]
fn the_simple_operations_number_parts_and_lose_no_text_in_silence() {
    let call =
        UcpConfig { submission: Submission::Call, alphabet: Alphabet::Swedish, ..UcpConfig::default() };
    let text = |text: &str, index| {
        let said = submitted(call.clone(), &message(text), index);
        let (_, octets) = said.split_once("Msg=").expect("a text");
        let octets: Vec<u8> = (0..octets.len() / 2)
            .map(|n| u8::from_str_radix(&octets[2 * n..2 * n + 2], 16).expect("hex"))
            .collect();
        String::from_utf8(octets).expect("seven bits")
    };
    assert_eq!(text("Å 5 € 😀", 0), "] 5 ? ?");
    let long = "x".repeat(200);
    assert_eq!(
        (text(&long, 0), text(&long, 1)),
        (format!("(1/2) {}", &long[..153]), format!("(2/2) {}", &long[153..]))
    );
    let longer = "y".repeat(1600);
    assert_eq!(text(&longer, 9), format!("10/11 {}", &longer[..153]));
    let refused = dialect(call.clone()).submit(now(), 1, &message("Пожар"), 0, &mut BytesMut::new());
    let refused = refused.expect_err("nobody could read it");
    assert_eq!((refused.class, refused.code.as_str()), (FailureClass::Permanent, "ucp-unsayable"));
}

#[test]
fn what_does_not_fit_is_said() {
    let mut long = message("H");
    Arc::make_mut(&mut long.message).recipient = samples::recipient("467012345678901");
    let refused = dialect(UcpConfig::default())
        .submit(now(), 1, &long, 0, &mut BytesMut::new())
        .expect_err("17 digits");
    assert!(refused.detail.contains("17 digits"), "{}", refused.detail);
    let mut named = message("H");
    named.originator = Originator::parse("Räddning 112").ok();
    if named.originator.is_some() {
        dialect(UcpConfig::default())
            .submit(now(), 1, &named, 0, &mut BytesMut::new())
            .expect_err("12 letters");
    }
}

#[test]
fn what_comes_is_answered_by_the_book() {
    let mut dialect = dialect(UcpConfig::default());
    let mut out = BytesMut::new();
    let hear = |dialect: &mut UcpDialect, content: &str, out: &mut BytesMut| {
        dialect.read(now(), Bytes::copy_from_slice(content.as_bytes()), out)
    };
    let mo = "42/00082/O/52/321/123456789/////////////010203040506////3//50494E47/////////////92";
    let Received::Mo { to, .. } = hear(&mut dialect, mo, &mut out) else { panic!("a message") };
    for answer in [Answer::Taken, Answer::TryAgain, Answer::Refused] {
        dialect.answer(&to, answer, &mut out);
    }
    assert_eq!(said(&mut out), ["52 ack=A SM=321:010203040506", "52 nack=N EC=04", "52 nack=N EC=02"]);
    let receipt = "00/00234/O/53/1299998/3155555/////////////090196161057/1/108/090196161105/3//4D65737361676520666F7220333135353535352C2077697468206964656E74696669636174696F6E2039363031303931363130353720686173206265656E206275666665726564/////////////1F";
    let Received::Receipt { to, receipt } = hear(&mut dialect, receipt, &mut out) else {
        panic!("a receipt")
    };
    dialect.answer(&to, Answer::Taken, &mut out);
    assert_eq!(said(&mut out), ["53 ack=A SM=090196161057"]);
    assert_eq!(
        (receipt.operator_id.as_str(), receipt.verdict),
        ("3155555:090196161057", domain::receipt::Verdict::Pending)
    );
    assert!(matches!(
        hear(&mut dialect, "02/00035/O/31/0234765439845/0139/A0", &mut out),
        Received::Answered
    ));
    assert_eq!(said(&mut out), ["31 ack=A SM=0000"]);
    assert!(matches!(hear(&mut dialect, "02/00035/O/31/0234765439845/0139/A1", &mut out), Received::Bad(_)));
    assert_eq!(said(&mut out), ["31 nack=N EC=01"]);
    assert!(matches!(hear(&mut dialect, "00/00022/R/31/N/06//07", &mut out), Received::Alive));
    assert!(matches!(
        hear(&mut dialect, "00/00039/R/51/A//012234:090996101010/68", &mut out),
        Received::Reply { key: 0, .. }
    ));
    assert!(matches!(
        hear(&mut dialect, "06/00043/R/01/A/01234567890:090196103258/4E", &mut out),
        Received::Unknown
    ));
    assert!(said(&mut out).is_empty());
}
