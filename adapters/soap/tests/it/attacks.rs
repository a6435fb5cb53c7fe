//! Hostile XML: each line ends in a fault, quickly, and calls nothing (the mocked ports would panic).

use crate::stage::{Stage, V11, basic, envelope};
use domain::refusal::{Code, Refusal};
use http::Method;
use proptest::prelude::*;

/// A fault of these codes.
async fn refused(document: impl Into<Vec<u8>>, codes: &[&str]) {
    let document = document.into();
    let shown =
        String::from_utf8_lossy(document.get(..document.len().min(200)).unwrap_or_default()).into_owned();
    let headers = [("content-type", "text/xml"), ("authorization", &basic("crm", "hemligt"))];
    let got = Stage::new().send(Method::POST, "/soap/gateway", &headers, document).await;
    assert!(
        got.status == 500 && got.value("code").is_some_and(|code| codes.contains(&code)),
        "{shown}: {} {}",
        got.status,
        got.body
    );
    assert!(got.body.len() < 2000, "{shown}");
}

#[tokio::test]
async fn documents() {
    let ping = envelope(V11, "", "<g:Ping/>");
    let text = |text: &str| {
        envelope(V11, "", &format!("<g:SendSms><g:to>1</g:to><g:text>{text}</g:text></g:SendSms>"))
    };
    let bomb = "<!DOCTYPE b [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;\">]>";
    for document in [
        format!("{bomb}{}", text("&c;")),
        format!("<!DOCTYPE x SYSTEM \"file:///etc/passwd\">{ping}"),
        format!("<!DOCTYPE x [<!ENTITY % p SYSTEM \"http://127.0.0.1:1/\"> %p;]>{ping}"),
        format!("<?xml version='1.0'?><!-- x -->\n<!DOCTYPE x>{ping}"),
        format!("{ping}<!DOCTYPE x>"),
        text("&c;"),
        text("&nbsp;"),
        text("&#0;"),
        text("&#x1F;"),
        text("a & b"),
        text("<![CDATA[x"),
        text("<!-- x"),
        text("<b>x</b>"),
        format!("<?xml version='1.0' encoding='UTF-7'?>{ping}"),
        format!("<?xml version='1.0' encoding='x\"<>'?>{ping}"),
        ping.replace("</e:Body>", ""),
        ping.replace("</e:Envelope>", ""),
        ping.replace("<g:Ping/>", "<g:Ping x='1' x='2'/>"),
        ping.replace("<g:Ping/>", "<h:Ping/>"),
        format!("{ping}{ping}"),
        format!("{ping}\0"),
        "\u{FEFF}".into(),
        "<".repeat(1000),
    ] {
        refused(document, &["malformed"]).await;
    }
    refused(b"\xFF\xFE<\0".to_vec(), &["malformed"]).await;
    refused(
        text("\u{e5}")
            .replace('\u{e5}', "?")
            .into_bytes()
            .iter()
            .map(|b| if *b == b'?' { 0xE5 } else { *b })
            .collect::<Vec<u8>>(),
        &["malformed"],
    )
    .await;
}

#[tokio::test]
async fn sizes_one_below_and_one_above() {
    let call = |content: String| async move {
        let mut stage = Stage::new();
        stage.submit.expect_submit().returning(|_, request| Ok(crate::stage::accepted(&request)));
        stage.call(&content).await
    };
    let send = |more: &str| format!("<g:SendSms><g:to>1</g:to><g:text>Hej</g:text>{more}</g:SendSms>");
    let attributes = |n: usize| (0..n).map(|i| format!(" a{i}='x'")).collect::<String>();
    let text = |n: usize| format!("<g:SendSms><g:to>1</g:to><g:text>{}</g:text></g:SendSms>", "x".repeat(n));
    let elements = |n: usize| format!("<g:SendSms>{}<g:to>1</g:to></g:SendSms>", "<to/>".repeat(n));
    for (content, fits) in [
        (send(&format!("<g:from{}/>", attributes(64))), true),
        (send(&format!("<g:from{}/>", attributes(65))), false),
        (text(65_536), true),
        (text(65_537), false),
        // Envelope, Body, SendSms and one to: 996 more make the thousand that a short message may have.
        (elements(996), true),
        (elements(997), false),
    ] {
        let got = call(content.clone()).await;
        let shown = content.get(..60).unwrap_or_default();
        assert_eq!(got.status == 200, fits, "{shown} {}", got.body.get(..300).unwrap_or_default());
        assert!(fits || got.value("code") == Some("too_large"), "{shown}");
    }
    for (depth, fits) in [(30, true), (31, false)] {
        let header = format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
        let got = Stage::new().post(envelope(V11, &header, "<g:Ping/>")).await;
        assert_eq!(got.status == 200, fits, "{depth} {}", got.body);
    }
    let namespaces: String = (0..10)
        .map(|i| format!("<a{}>", (0..60).map(|j| format!(" xmlns:n{i}x{j}='urn:{j}'")).collect::<String>()))
        .collect();
    refused(envelope(V11, &namespaces, "<g:Ping/>"), &["malformed", "too_large"]).await;
    refused(envelope(V11, &"<a>".repeat(100_000), ""), &["too_large"]).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn damaged_messages_never_panic(at in 0usize..400, with in any::<Vec<u8>>(), cut in 0usize..20) {
        let header = "<w:Security xmlns:w='http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd'/>";
        let mut octets = envelope(V11, header, "<g:CancelSms><g:id>x</g:id></g:CancelSms>").into_bytes();
        let from = at.min(octets.len());
        let to = (from + cut).min(octets.len());
        octets.splice(from..to, with);
        let mut stage = Stage::new();
        stage.query.expect_cancel().returning(|_, _| Err(Refusal::new(Code::NotFound)));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("runtime");
        let got = runtime.block_on(stage.post(octets));
        prop_assert!(got.status == 500, "{}", got.body);
    }
}
