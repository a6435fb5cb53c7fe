//! Kannel's sendsms, word for word.

use crate::{Ask, accepted, now, sending};
use domain::message::{Callback, DlrMask, Door, Priority};
use domain::refusal::Code;
use domain::state::State;
use domain::submission::{Accepted, Content, Request};
use domain::text::Policy;
use std::time::Duration;

const LOGIN: &str = "/cgi-bin/sendsms?username=crm&password=hemligt";

#[tokio::test]
async fn answers() {
    let (app, _) = sending(Ok(accepted(&["46705123456"], &[])));
    let cases = [
        ("/cgi-bin/sendsms?to=0705&text=x", 403, "Authorization failed for sendsms"),
        ("/cgi-bin/sendsms?user=crm&pass=fel&to=0705&text=x", 403, "Authorization failed for sendsms"),
        ("/cgi-bin/sendsms?user=crm&pass=hemligt&to=0705&text=x", 202, "0: Accepted for delivery"),
        (&format!("{LOGIN}&text=x"), 400, "Missing receiver number, rejected"),
        (&format!("{LOGIN}&to=&text=x"), 400, "Empty receiver number not allowed, rejected"),
        (&format!("{LOGIN}&to=0705&text=x&coding=3"), 400, "Coding field misformed, rejected"),
        (&format!("{LOGIN}&to=0705&text=x&mclass=4"), 400, "MClass field misformed, rejected"),
        (&format!("{LOGIN}&to=0705&text=x&dlr-mask=64"), 400, "DLR-Mask field misformed, rejected"),
        (
            &format!("{LOGIN}&to=0705&text=x&dlr-mask=1&dlr-url=ftp://x"),
            400,
            "DLR-URL field misformed, rejected",
        ),
        (&format!("{LOGIN}&to=0705&text=x&validity=soon"), 400, "Validity field misformed, rejected"),
        (&format!("{LOGIN}&to=0705&text=x&deferred=-2"), 400, "Deferred field misformed, rejected"),
        (&format!("{LOGIN}&to=0705&text=x&priority=4"), 400, "Priority field misformed, rejected"),
        (&format!("{LOGIN}&to=0705&text=x&udh=%05%00"), 400, "UDH field misformed, rejected"),
        (&format!("{LOGIN}&to=0705&text=%D8&coding=2"), 400, "Charset or body misformed, rejected"),
        (
            &format!("{LOGIN}&to=0705&text=x&account=a%5Bb"),
            400,
            "Account field misformed or too long, rejected",
        ),
        (&format!("{LOGIN}&to=0705&text=x&mwi=0"), 400, "MWI field not supported, rejected"),
        (&format!("{LOGIN}&to=0705&text=x&mclass=2"), 400, "MClass field not supported, rejected"),
        (&format!("{LOGIN}&to=0705&text=x&mclass=3"), 400, "MClass field not supported, rejected"),
        (&format!("{LOGIN}&to=0705&text=x&mclass=0&coding=1"), 400, "MClass field not supported, rejected"),
        (&format!("{LOGIN}&to=0705&text=x&flash=1&coding=1"), 400, "Flash field not supported, rejected"),
        (&format!("{LOGIN}&to=0705&text=x&mclass=0&udh=%01%00"), 400, "MClass field not supported, rejected"),
        (&format!("{LOGIN}&to=0705&text=x&mclass=1"), 202, "0: Accepted for delivery"),
        (&format!("{LOGIN}&to=0705&text=x&mclass=1&flash=0&coding=1"), 202, "0: Accepted for delivery"),
        (&format!("{LOGIN}&to=0705&text=x&mclass=-1&coding=-1"), 202, "0: Accepted for delivery"),
    ];
    for (uri, status, text) in cases {
        let answer = Ask::get(uri).of(&app).await;
        assert_eq!((answer.status, answer.body.as_str()), (status, text), "{uri}");
        assert!(answer.header("content-type").starts_with("text/plain"));
        assert_eq!(answer.header("www-authenticate"), "");
    }
    let answer = Ask::get(&format!("{LOGIN}&to=0705&text=x")).of(&app).await;
    assert_eq!(answer.header("omnigate-message-id"), "4711000000000000000");
}

#[tokio::test]
async fn several_receivers() {
    let (app, asked) = sending(Ok(accepted(&["46705123456"], &[("anna", Code::InvalidNumber)])));
    let answer = Ask::get(&format!("{LOGIN}&to=%2B46705123456+anna&text=x")).of(&app).await;
    assert_eq!((answer.status, answer.body.as_str()), (202, "Sent. Denied receivers are: anna"));
    let to: Vec<_> = asked.lock().expect("lock").iter().flat_map(|(_, request)| request.to.clone()).collect();
    assert_eq!(to, ["+46705123456", "anna"]);
}

async fn asked(query: &str) -> Request {
    let (app, asked) = sending(Ok(accepted(&["46705123456"], &[])));
    let answer = Ask::get(&format!("{LOGIN}&to=0705&{query}")).of(&app).await;
    assert_eq!(answer.status, 202, "{query}: {}", answer.body);
    let (door, request) = asked.lock().expect("lock").pop().expect("asked");
    assert_eq!(door, Door::Kannel);
    request
}

#[tokio::test]
async fn texts_and_octets() {
    let text = |text: &str, policy| (Content::Text(text.into()), policy);
    let binary = |data: &[u8], udh: &[u8]| (Content::Binary { data: data.to_vec(), udh: udh.to_vec() }, None);
    let headed = |text: &str, policy| {
        (Content::Headed { text: text.into(), udh: vec![5, 0, 3, 1, 2, 1] }, Some(policy))
    };
    let cases = [
        ("text=Hej+p%C3%A5", text("Hej på", None)),
        ("text=p%E5&charset=ISO-8859-1", text("på", None)),
        ("text=p%C3%A5&coding=0", text("på", Some(Policy::Fold))),
        ("text=%00p%00%E5&coding=2", text("på", Some(Policy::Keep))),
        ("text=p%C3%A5&coding=2&charset=UTF-8", text("på", Some(Policy::Keep))),
        ("text=%00p%00%E5&charset=UTF-16BE&from=V%C3%A5r", text("på", None)),
        ("text=%00p%00%E5&coding=2&charset=UCS-2&from=V%C3%A5r", text("på", Some(Policy::Keep))),
        ("text=%00%FF&coding=1", binary(&[0, 255], &[])),
        ("text=%FF&udh=%05%00%03%01%02%01&coding=1", binary(&[255], &[5, 0, 3, 1, 2, 1])),
        ("text=x&udh=%05%00%03%01%02%01", binary(b"x", &[5, 0, 3, 1, 2, 1])),
        ("text=Hej&udh=%05%00%03%01%02%01&coding=0", headed("Hej", Policy::Fold)),
        ("text=%00H%00e%00j&udh=%05%00%03%01%02%01&coding=2", headed("Hej", Policy::Unicode)),
    ];
    for (query, (content, policy)) in cases {
        let request = asked(query).await;
        assert_eq!((request.content, request.policy), (content, policy), "{query}");
    }
}

#[tokio::test]
async fn options() {
    let request = asked(
        "text=x&from=%2B46700000001&mclass=0&validity=10&deferred=60&priority=3&smsc=TS0&account=a1\
         &dlr-mask=31&dlr-url=http%3A%2F%2Fx%2Fd%3Fs%3D%25d%26i%3D7&meta-data=%3Fomnigate%3Freference%3Dr1",
    )
    .await;
    assert_eq!(request.from.as_deref(), Some("46700000001"));
    assert!(request.flash);
    assert_eq!(request.valid_for, Some(Duration::from_secs(600)));
    assert_eq!(request.send_at, Some(now() + Duration::from_secs(3600)));
    assert_eq!((request.priority, request.link.as_deref()), (Some(Priority::Alarm), Some("TS0")));
    assert_eq!((request.dimensions.cost_centre.as_str(), request.reference.as_deref()), ("a1", Some("r1")));
    assert_eq!(request.callback, Callback::kannel("http://x/d?s=%d&i=7", DlrMask(31)).ok());
    assert!(!asked("text=x&mclass=1").await.flash, "what a phone does by itself");
    let old = asked("text=x&dlrmask=3&dlrurl=http%3A%2F%2Fx%2Fd&flash=1").await;
    assert_eq!((old.callback, old.flash), (Callback::kannel("http://x/d", DlrMask(3)).ok(), true));
    assert_eq!(
        asked("text=x&dlr-url=http%3A%2F%2Fx%2Fd").await.callback,
        None,
        "without a mask it asks for nothing"
    );
    assert_eq!(asked("text=x&dlr-mask=31").await.callback, None);
}

#[tokio::test]
async fn the_text_as_body_and_the_rest_in_headers() {
    let (app, asked) = sending(Ok(accepted(&["46705123456"], &[])));
    let ask = Ask::new("POST", "/cgi-bin/sendsms").header("content-type", "text/plain; charset=UTF-8");
    let ask = ask
        .header("x-kannel-username", "crm")
        .header("x-kannel-password", "hemligt")
        .header("x-kannel-to", "0705");
    let answer = ask
        .header("x-kannel-dlr-mask", "3")
        .header("x-kannel-dlr-url", "http://x/d")
        .body("Hej på dig & 50%".as_bytes())
        .of(&app)
        .await;
    assert_eq!((answer.status, answer.body.as_str()), (202, "0: Accepted for delivery"));
    let (_, request) = asked.lock().expect("lock").pop().expect("asked");
    assert_eq!(request.content, Content::Text("Hej på dig & 50%".into()));
    assert!(request.callback.is_some());
}

/// Posts to Kannel's address, logged in by the headers that it takes there, and gives what was asked for.
async fn posted(kind: &str, headers: &[(&str, &str)], body: &[u8]) -> Request {
    let (app, asked) = sending(Ok(accepted(&["46705123456"], &[])));
    let mut ask = Ask::new("POST", LOGIN).header("content-type", kind).header("x-kannel-to", "0705");
    for (name, value) in headers {
        ask = ask.header(name, value);
    }
    let answer = ask.body(body).of(&app).await;
    assert_eq!((answer.status, answer.body.as_str()), (202, "0: Accepted for delivery"), "{kind}");
    let (_, request) = asked.lock().expect("lock").pop().expect("asked");
    request
}

#[tokio::test]
async fn what_the_type_of_a_form_says_is_not_about_unicode() {
    let form = "to=0705&coding=2&text=%00H%00e%00j".as_bytes();
    let text = |text: &str| Content::Text(text.into());
    for kind in ["application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=UTF-8"] {
        assert_eq!(posted(kind, &[], form).await.content, text("Hej"), "{kind}");
    }
    let named = "to=0705&coding=2&charset=UTF-8&text=Hej".as_bytes();
    assert_eq!(posted("application/x-www-form-urlencoded", &[], named).await.content, text("Hej"));
    let unicode = [("x-kannel-coding", "2")];
    assert_eq!(posted("text/plain", &unicode, b"\0H\0e\0j").await.content, text("Hej"));
    assert_eq!(posted("text/plain; Charset=\"UTF-8\"", &unicode, "på".as_bytes()).await.content, text("på"));
    let wide = [("x-kannel-from", "Vi"), ("x-kannel-charset", "UTF-16BE")];
    let request = posted("text/plain", &wide, b"\0H\0e\0j").await;
    assert_eq!((request.content, request.from.as_deref()), (text("Hej"), Some("Vi")));
}

#[tokio::test]
async fn octets_as_body() {
    let octets: &[u8] = &[0x00, 0xE5, 0xFF, 0x41];
    let binary = |udh: &[u8]| Content::Binary { data: octets.to_vec(), udh: udh.to_vec() };
    let kind = "application/octet-stream";
    assert_eq!(posted(kind, &[], octets).await.content, binary(&[]));
    assert_eq!(posted(kind, &[("x-kannel-coding", "1")], octets).await.content, binary(&[]));
    let text = posted(kind, &[("x-kannel-coding", "2")], b"\0H\0e\0j").await;
    assert_eq!(text.content, Content::Text("Hej".into()));
    for udh in ["050003010201", " 05 00 03 01 02 01 ", "%05%00%03%01%02%01"] {
        let request = posted(kind, &[("x-kannel-udh", udh)], octets).await;
        assert_eq!(request.content, binary(&[5, 0, 3, 1, 2, 1]), "{udh}");
    }
}

/// What is posted as XML: as Kannel 1.4.5's smsbox takes it.
async fn posted_xml(
    kind: &str,
    head: &str,
    inside: &str,
    charset: &'static encoding_rs::Encoding,
) -> Request {
    let (app, asked) = sending(Ok(accepted(&["46705123456"], &[])));
    let login = "<from><username>crm</username><password>hemligt</password><account>a1</account></from>";
    let text = format!("{head}<message>\n <submit>\n  {inside}{login}</submit></message>");
    let octets = charset.encode(&text).0.into_owned();
    let answer =
        Ask::new("POST", "/cgi-bin/sendsms").header("content-type", kind).body(&octets).of(&app).await;
    assert_eq!((answer.status, answer.body.as_str()), (202, "0: Accepted for delivery"), "{text}");
    let (_, request) = asked.lock().expect("lock").pop().expect("asked");
    request
}

#[tokio::test]
async fn posted_as_xml() {
    use encoding_rs::{UTF_8, WINDOWS_1252};
    let request = posted_xml(
        "text/xml; charset=utf-8",
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>",
        "<da><number>+46 70 512 34 56</number></da><da><number>0708</number></da><oa><number>+46700000001</number></oa>\
         <ud>\n Hej på &lt;dig&gt; &#229;, 100%25 <![CDATA[<&>]]> 50% \n</ud><dcs><mclass>0</mclass></dcs>\
         <statusrequest><dlr-mask>31</dlr-mask><dlr-url>http://x/d?s=%d&amp;i=7</dlr-url></statusrequest>\
         <vp><delay>10</delay></vp><priority>3</priority><to>TS0</to><meta-data>?omnigate?reference=r1</meta-data>",
        UTF_8,
    )
    .await;
    assert_eq!(request.to, ["+46705123456", "0708"]);
    assert_eq!(request.from.as_deref(), Some("46700000001"));
    assert_eq!(request.content, Content::Text("Hej på <dig> å, 100% <&> 50%".into()));
    assert_eq!(request.callback, Callback::kannel("http://x/d?s=%d&i=7", DlrMask(31)).ok());
    assert_eq!((request.flash, request.valid_for), (true, Some(Duration::from_secs(600))));
    assert_eq!((request.priority, request.link.as_deref()), (Some(Priority::Alarm), Some("TS0")));
    assert_eq!((request.dimensions.cost_centre.as_str(), request.reference.as_deref()), ("a1", Some("r1")));

    let to = "<da><number>0705</number></da>";
    let latin = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>";
    let octets = |data: &[u8], udh: &[u8]| Content::Binary { data: data.to_vec(), udh: udh.to_vec() };
    for (head, inside, charset, content) in [
        (latin, "<ud>p\u{e5}</ud>", WINDOWS_1252, Content::Text("på".into())),
        ("", "<ud>%D0%9F</ud><dcs><coding>2</coding></dcs>", UTF_8, Content::Text("П".into())),
        ("", "<ud>П</ud><dcs><coding>2</coding></dcs>", UTF_8, Content::Text("П".into())),
        ("", "<ud>%00%FF</ud><dcs><coding>1</coding></dcs>", UTF_8, octets(&[0, 0xff], &[])),
        (
            "",
            "<ud type=\"binary\">00ff</ud><udh>0500030102 01</udh>",
            UTF_8,
            octets(&[0, 0xff], &[5, 0, 3, 1, 2, 1]),
        ),
    ] {
        assert_eq!(
            posted_xml("text/xml", head, &format!("{to}{inside}"), charset).await.content,
            content,
            "{inside}"
        );
    }
    assert!(
        posted_xml("text/xml", "", &format!("{to}<ud>x</ud><timing><delay>5</delay></timing>"), UTF_8)
            .await
            .send_at
            .is_some()
    );

    let (app, _) = sending(Ok(accepted(&["46705123456"], &[])));
    for (body, status, said) in [
        ("<message><submit><ud>x</ud></submit></message>", 403, "Authorization failed for sendsms"),
        (
            "<message><submit>",
            400,
            "The request cannot be read. (XML: no element, or one without an end), rejected",
        ),
        (
            "<message><submit><from><user>crm</user><pass>hemligt</pass></from><ud>x</ud></submit></message>",
            400,
            "Missing receiver number, rejected",
        ),
    ] {
        let answer = Ask::new("POST", "/cgi-bin/sendsms")
            .header("content-type", "text/xml")
            .body(body.as_bytes())
            .of(&app)
            .await;
        assert_eq!((answer.status, answer.body.as_str()), (status, said), "{body}");
    }
}

/// As Kannel's smsbox, and as its own driver for HTTP understands it: another answer would be a refusal to that.
#[tokio::test]
async fn deferred_is_accepted_too() {
    let now = accepted(&["46705123456"], &[]);
    let later = now.messages().iter().cloned().map(|mut message| {
        message.state = State::Scheduled;
        message
    });
    let (app, _) = sending(Ok(Accepted::after_commit(now.submission(), later.collect(), Vec::new(), false)));
    let answer = Ask::get(&format!("{LOGIN}&to=0705&text=x&deferred=5")).of(&app).await;
    assert_eq!((answer.status, answer.body.as_str()), (202, "0: Accepted for delivery"));
}
