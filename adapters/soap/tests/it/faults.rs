//! Faults: their shapes in both versions and both languages, every code, and what must be understood.

use crate::stage::{Stage, V11, V12, basic, envelope};
use domain::Language;
use domain::refusal::{Code, Refusal};
use http::Method;
use insta::assert_snapshot;

const SEND: &str = "<g:SendSms><g:to>1</g:to><g:text>Hej</g:text></g:SendSms>";

fn refusing(refusal: Refusal) -> Stage {
    let mut stage = Stage::new();
    stage.submit.expect_submit().returning(move |_, _| Err(refusal.clone()));
    stage
}

#[tokio::test]
async fn shapes() {
    let refusal = Refusal::field(Code::InvalidTime, "send_at", "too far <ahead>");
    assert_snapshot!("soap_11", refusing(refusal.clone()).post(envelope(V11, "", SEND)).await.lines());
    assert_snapshot!("soap_12", refusing(refusal).post(envelope(V12, "", SEND)).await.lines());
    let temporary = refusing(Refusal::new(Code::StoreUnavailable)).post(envelope(V12, "", SEND)).await;
    assert_eq!(temporary.header("retry-after"), "5");
    assert_snapshot!("temporary", temporary.lines());
}

#[tokio::test]
async fn every_code_has_a_fault() {
    let mut lines = Vec::new();
    for code in Code::ALL {
        let got = refusing(Refusal::new(*code)).post(envelope(V11, "", SEND)).await;
        assert_eq!((got.status, got.value("code")), (500, Some(code.as_str())));
        assert_eq!(got.value("message"), Some(code.text(Language::English)));
        lines.push(format!("{} {code}", got.value("faultcode").unwrap_or_default()));
    }
    assert_snapshot!(lines.join("\n"));
}

#[tokio::test]
async fn fields_have_their_names_in_the_schema() {
    for (inside, outside) in [
        ("send_at", "sendAt"),
        ("valid_for", "validForSeconds"),
        ("valid_until", "validUntil"),
        ("callback_url", "callbackUrl"),
        ("callback_on", "callbackOn"),
        ("text_policy", "textPolicy"),
        ("idempotency_key", "clientReference"),
        ("to", "to"),
    ] {
        let got = refusing(Refusal::field(Code::InvalidTime, inside, "")).post(envelope(V11, "", SEND)).await;
        assert_eq!(got.value("field"), Some(outside));
    }
}

#[tokio::test]
async fn languages() {
    for (asked, configured, lang) in [
        ("sv", Language::English, "sv"),
        ("de, en;q=0.5", Language::Swedish, "en"),
        ("", Language::Swedish, "sv"),
        ("", Language::English, "en"),
    ] {
        let mut stage = refusing(Refusal::new(Code::NoText));
        stage.config.language = configured;
        let headers = [
            ("content-type", "text/xml"),
            ("authorization", &basic("crm", "hemligt")),
            ("accept-language", asked),
        ];
        let got = stage.send(Method::POST, "/soap/gateway", &headers, envelope(V11, "", SEND)).await;
        assert!(got.body.contains(&format!("xml:lang=\"{lang}\"")), "{}", got.body);
        let text = Code::NoText.text(Language::parse(lang).expect("language"));
        assert_eq!(got.value("message"), Some(text));
    }
}

#[tokio::test]
async fn what_must_be_understood() {
    let block = |attributes: &str| format!("<a:Action xmlns:a='urn:a' {attributes}>x<b/></a:Action>");
    for (version, header, understood) in [
        (V11, block(""), true),
        (V11, block("e:mustUnderstand='0'"), true),
        (V11, block("e:mustUnderstand='1'"), false),
        (V11, block("e:mustUnderstand='1' e:actor='http://elsewhere/'"), true),
        (V11, block("e:mustUnderstand='1' e:actor='http://schemas.xmlsoap.org/soap/actor/next'"), false),
        (V12, block("e:mustUnderstand='true'"), false),
        (
            V12,
            block("e:mustUnderstand='true' e:role='http://www.w3.org/2003/05/soap-envelope/role/none'"),
            true,
        ),
        (
            V12,
            block(
                "e:mustUnderstand='true' e:role='http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver'",
            ),
            false,
        ),
        (V12, block("mustUnderstand='true'"), true),
    ] {
        let got = Stage::new().post(envelope(version, &header, "<g:Ping/>")).await;
        assert_eq!(got.status == 200, understood, "{header} {}", got.body);
        assert_eq!(got.body.contains("MustUnderstand</"), !understood, "{}", got.body);
    }
    let got = Stage::new().post(envelope(V12, &block("e:mustUnderstand='1'"), "<g:Ping/>")).await;
    assert_snapshot!(got.lines());
}

#[tokio::test]
async fn envelopes_that_are_none() {
    let cases = [
        ("<e:Envelope xmlns:e='urn:soap:2'><e:Body/></e:Envelope>", "s:VersionMismatch"),
        ("<Envelope><Body/></Envelope>", "s:VersionMismatch"),
        ("<html/>", "s:Client"),
        ("", "s:Client"),
        (&envelope(V11, "", ""), "s:Client"),
        (&envelope(V11, "", "text"), "s:Client"),
        (&envelope(V11, "", "<g:Ping/><g:Ping/>"), "s:Client"),
        (&envelope(V11, "", "<g:Nothing/>"), "s:Client"),
        (&envelope(V11, "", "<x:Ping xmlns:x='urn:x'/>"), "s:Client"),
        (&envelope(V11, "", "<g:Ping><g:x/></g:Ping>"), "s:Client"),
        (&envelope(V11, "", "<g:SendSms><x:to xmlns:x='urn:x'>1</x:to></g:SendSms>"), "s:Client"),
        (&envelope(V11, "", "<g:SendSms><g:to>1<b/></g:to></g:SendSms>"), "s:Client"),
        (&envelope(V11, "", "<g:Ping/>").replace("</e:Envelope>", "<x/></e:Envelope>"), "s:Client"),
        (&format!("<e:Envelope xmlns:e='{V11}'><e:Header/></e:Envelope>"), "s:Client"),
        (&format!("<e:Envelope xmlns:e='{V11}'><e:Header/><e:Header/><e:Body/></e:Envelope>"), "s:Client"),
    ];
    for (document, faultcode) in cases {
        let got = Stage::new().post(document.to_owned()).await;
        assert_eq!((got.status, got.value("faultcode")), (500, Some(faultcode)), "{document} {}", got.body);
    }
}

#[test]
fn a_door_without_room_answers_a_call_with_a_fault() {
    let asked = |method: &str, path: &str, kind: &str| {
        let request = http::Request::builder().method(method).uri(path).header("content-type", kind);
        soap::busy(&request.body(()).expect("request").into_parts().0, domain::Language::English)
    };
    for kind in ["text/xml", "application/soap+xml"] {
        let answer = asked("POST", soap::PATH, kind).expect("a fault");
        assert_eq!(answer.status(), 500);
        assert_eq!(answer.headers()["retry-after"], "1");
        assert!(answer.headers()["content-type"].to_str().expect("text").starts_with(kind));
    }
    assert!(asked("GET", soap::PATH, "").is_none() && asked("POST", "/send", "text/xml").is_none());
}
