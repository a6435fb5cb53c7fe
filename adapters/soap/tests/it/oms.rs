//! Outlook Mobile Service: what the service and its users are, documents in strings, logins in them.

use crate::stage::{Got, Stage, V11, V12, accepted, basic, envelope};
use domain::access::Sender;
use domain::address::Originator;
use domain::directory::{User, UserName};
use domain::message::Door;
use domain::refusal::{Code, Refusal};
use domain::submission::Request;
use http::Method;
use ports::driving::{Credentials, MockAuthenticate};
use secrecy::ExposeSecret;
use std::sync::Arc;

/// The service's namespace.
pub const NS: &str = "http://schemas.microsoft.com/office/Outlook/2006/OMS";
/// Somebody who is let in.
pub const USER: &str = "<user><userId>crm</userId><password>hemligt</password></user>";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

pub fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// An operation with a document as its argument.
pub fn operation(name: &str, argument: &str, document: &str) -> String {
    format!("<{name} xmlns=\"{NS}\"><{argument}>{}</{argument}></{name}>", escaped(document))
}

/// An `xmsData` of `crm`'s.
pub fn data(head: &str, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<xmsData client=\"Microsoft Office Outlook 12.0\" xmlns=\"{NS}\">{USER}\
         <xmsHead><requiredService>SMS_SENDER</requiredService>{head}</xmsHead><xmsBody format=\"SMS\">{body}</xmsBody></xmsData>"
    )
}

pub fn to(recipients: &[&str]) -> String {
    let all: Vec<String> = recipients.iter().map(|to| format!("<recipient>{to}</recipient>")).collect();
    format!("<to>{}</to>", all.concat())
}

pub fn content(text: &str) -> String {
    format!("<content contentType=\"text/plain\" contentId=\"1\" contentLocation=\"1.txt\">{text}</content>")
}

pub async fn post(stage: Stage, headers: &[(&str, &str)], document: String) -> Got {
    let mut all = vec![("content-type", "text/xml; charset=utf-8")];
    all.extend(headers);
    stage.send(Method::POST, "/soap/oms", &all, document).await
}

/// The document that an operation gives for one, called in SOAP 1.1 without any login outside it.
pub async fn result(stage: Stage, name: &str, argument: &str, document: &str) -> String {
    let got = post(stage, &[], envelope(V11, "", &operation(name, argument, document))).await;
    assert_eq!(got.status, 200, "{}", got.body);
    unescaped(got.value(&format!("{name}Result")).expect("a result"))
}

/// The errors of an `xmsResponse`, in order: `code severity content recipients`.
pub fn errors(document: &str) -> Vec<String> {
    let inner = |error: &str, name: &str| {
        let value = error.split_once(&format!("<{name}>")).and_then(|(_, rest)| rest.split("</").next());
        value.unwrap_or_default().to_owned()
    };
    let attribute = |error: &str, name: &str| {
        let value = error.split_once(&format!("{name}=\"")).and_then(|(_, rest)| rest.split('"').next());
        value.unwrap_or_default().to_owned()
    };
    let all = document.split("<error ").skip(1).map(|rest| rest.split("</error>").next().unwrap_or_default());
    all.map(|error| {
        let parts = [
            attribute(error, "code"),
            attribute(error, "severity"),
            inner(error, "content"),
            inner(error, "recipientList"),
        ];
        parts.join(" ").trim_end().to_owned()
    })
    .collect()
}

#[tokio::test]
async fn what_the_service_is() {
    for (version, media_type) in [(V11, "text/xml; charset=utf-8"), (V12, "application/soap+xml")] {
        let document = envelope(version, "", &format!("<GetServiceInfo xmlns=\"{NS}\"/>"));
        let headers = [("content-type", media_type), ("host", "sms.example.se")];
        let got = Stage::new().send(Method::POST, "/soap/oms", &headers, document).await;
        assert!(got.body.contains(&format!("<soap:Envelope xmlns:soap=\"{version}\">")), "{}", got.body);
        insta::assert_snapshot!(
            "what_the_service_is",
            unescaped(got.value("GetServiceInfoResult").expect("a result")).replace("><", ">\n<")
        );
    }
    let mut stage = Stage::new();
    stage.config.public_url = Some("https://public.example.se/".into());
    stage.config.oms = soap::OmsConfig {
        swedish_name: "SMS från <Kommunen> & Co".into(),
        english_name: "Municipal SMS".into(),
        provider: "Kommunen".into(),
        sign_up_page: Some("https://kommunen.example/sms".into()),
        max_recipients: 7,
        max_messages: 3,
        ..soap::OmsConfig::default()
    };
    let got = post(stage, &[], envelope(V11, "", "<GetServiceInfo/>")).await;
    insta::assert_snapshot!("another_service", got.lines());
}

/// Lets `anna` in by password, as this user.
fn only(user: User) -> MockAuthenticate {
    let mut auth = MockAuthenticate::new();
    auth.expect_authenticate().returning(move |credentials, _, _| match credentials {
        Credentials::Password { user: name, password }
            if name == "anna" && password.expose_secret() == "hemligt" =>
        {
            Ok(Sender::internal(Arc::new(user.clone()), Door::Soap))
        }
        _ => Err(Refusal::new(Code::NotAuthenticated)),
    });
    auth
}

#[tokio::test]
async fn who_somebody_is() {
    let user = |originator: &str, mail_from: &[&str]| User {
        originator: Originator::parse(originator).ok(),
        mail_from: mail_from.iter().map(|own| (*own).to_owned()).collect(),
        ..User::named(UserName::parse("anna").expect("name"))
    };
    let anna =
        "<xmsUser client=\"x\"><userId> anna </userId><password>hemligt</password><customData/></xmsUser>";
    for (originator, mail_from, phone, address) in [
        ("46701234567", &["@a.example", "anna@a.example"][..], "+46701234567", "anna@a.example"),
        ("71234", &["anna@b.example", "x@b.example"], "71234", "anna@b.example"),
        ("Example", &["@a.example"], "", ""),
        ("", &[], "", ""),
    ] {
        let stage = Stage { auth: only(user(originator, mail_from)), ..Stage::new() };
        let got = result(stage, "GetUserInfo", "xmsUser", anna).await;
        let expected = format!(
            "<userInfo xmlns=\"{NS}\"><replyPhone>{phone}</replyPhone><smtpAddress>{address}</smtpAddress>\
             <error code=\"ok\" severity=\"neutral\"></error></userInfo>"
        );
        assert_eq!(got, expected);
    }
    for wrong in
        [anna.replace("hemligt", "fel"), anna.replace(" anna ", "bertil"), anna.replace(" anna ", " ")]
    {
        let stage = Stage { auth: only(user("", &[])), ..Stage::new() };
        let got = result(stage, "GetUserInfo", "xmsUser", &wrong).await;
        let expected = format!(
            "<userInfo xmlns=\"{NS}\"><error code=\"invalidUser\" severity=\"failure\"></error></userInfo>"
        );
        assert_eq!(got, expected, "{wrong}");
    }
}

#[tokio::test]
async fn logins() {
    let security = |user: &str, password: &str| {
        format!(
            "<w:Security xmlns:w='http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd'>\
             <w:UsernameToken><w:Username>{user}</w:Username><w:Password>{password}</w:Password></w:UsernameToken></w:Security>"
        )
    };
    let with = |user: &str| data(&to(&["1"]), &content("Hej")).replace(USER, user);
    let named = |user: &str, password: &str| {
        with(&format!("<user><userId>{user}</userId><password>{password}</password></user>"))
    };
    let (good, bad) = (basic("crm", "hemligt"), basic("crm", "fel"));
    for (document, header, authorization, expected) in [
        (named("crm", "hemligt"), String::new(), "", "ok neutral"),
        (named("crm", "fel"), String::new(), "", "invalidUser failure"),
        (named("anna", "hemligt"), String::new(), "", "invalidUser failure"),
        // The document comes first.
        (named("crm", "hemligt"), String::new(), bad.as_str(), "ok neutral"),
        (named("crm", "hemligt"), String::new(), "Negotiate abc", "ok neutral"),
        (named("crm", "hemligt"), security("crm", "fel"), "", "ok neutral"),
        (named("crm", "fel"), String::new(), &good, "invalidUser failure"),
        // Where it names nobody, what was shown outside it counts.
        (with(""), String::new(), &good, "ok neutral"),
        (with("<user/>"), String::new(), &bad, "invalidUser failure"),
        (with(""), security("crm", "hemligt"), "", "ok neutral"),
        (named("", ""), String::new(), &good, "ok neutral"),
        (named("", ""), String::new(), "", "invalidUser failure"),
    ] {
        let mut stage = Stage::new();
        stage.submit.expect_submit().returning(|_, request| Ok(accepted(&request)));
        let document = envelope(V11, &header, &operation("DeliverXms", "xmsData", &document));
        let got = post(stage, &[("authorization", authorization)], document).await;
        let reports = errors(&unescaped(got.value("DeliverXmsResult").unwrap_or_default()));
        assert_eq!((got.status, reports), (200, vec![expected.to_owned()]), "{authorization} {}", got.body);
    }
    // Who showed nothing at all is asked by HTTP's means: .NET comes again with Basic then.
    let got =
        post(Stage::new(), &[], envelope(V11, "", &operation("DeliverXms", "xmsData", &with("")))).await;
    assert_eq!((got.status, got.value("code")), (401, Some("not_authenticated")), "{}", got.body);
    assert!(got.header("www-authenticate").starts_with("Basic"));
    // A password from another machine needs TLS.
    let far = |https| web_kit::Caller { address: [192, 0, 2, 7].into(), https };
    for (caller, plain, status) in
        [(far(false), false, 500), (far(true), false, 200), (far(false), true, 200)]
    {
        let mut stage = Stage { caller, ..Stage::new() };
        stage.config.plain_passwords = plain;
        stage.submit.expect_submit().returning(|_, request| Ok(accepted(&request)));
        let document = operation("DeliverXms", "xmsData", &named("crm", "hemligt"));
        let got = post(stage, &[], envelope(V12, "", &document)).await;
        assert_eq!(got.status, status, "{}", got.body);
        assert_eq!(got.value("code"), (status == 500).then_some("not_permitted"));
    }
}

#[tokio::test]
async fn documents_as_clients_write_them() {
    let plain = format!(
        "<xmsData client=\"x\">{USER}<xmsHead>{}</xmsHead><xmsBody>{}</xmsBody></xmsData>",
        to(&["070-123 45 67"]),
        "<content>Hej &amp; hå &lt;3</content>"
    );
    let inside = [
        plain.clone(),
        plain.replace("<xmsData ", &format!("<xmsData xmlns='{NS}' ")),
        plain.replace("<xmsData ", &format!("<xmsData xmlns='{NS}/' ")),
        plain.replace("<xmsData ", &format!("<xmsData xmlns='{}' ", NS.replace("http:", "https:"))),
        format!("<?xml version=\"1.0\" encoding=\"utf-16\"?>{plain}"),
        format!("\r\n  <?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\n<!-- x -->{plain}\n"),
        format!("\u{FEFF}{plain}"),
        plain.replace("<content>", "<content contentType=\"TEXT/PLAIN; charset=utf-8\">"),
        plain.replace("Hej &amp; hå &lt;3", "<![CDATA[Hej & hå <3]]>"),
        plain.replace(
            "<xmsHead>",
            "<unheardOf a='b'><c>d</c></unheardOf><x:y xmlns:x='urn:x'>z</x:y><xmsHead><more>1</more>",
        ),
        plain.replace("<content>", "<mmsSlides><slide/></mmsSlides><content>"),
    ];
    let wrapped: Vec<String> = inside
        .iter()
        .map(|document| operation("DeliverXms", "xmsData", document))
        .chain([
            operation("SendXms", "xmsData", &plain),
            operation("DeliverXms", "xmsData", &plain).replace(&format!(" xmlns=\"{NS}\""), ""),
            operation("DeliverXms", "xmsData", &plain).replace("<xmsData>", "<other>x</other><xmsData>"),
            format!(
                "<o:DeliverXms xmlns:o=\"{NS}\"><o:xmsData><![CDATA[{plain}]]></o:xmsData></o:DeliverXms>"
            ),
        ])
        .collect();
    for document in wrapped {
        let stage = Stage::new().expecting(Request::text(["070-123 45 67"], "Hej & hå <3"));
        let got = post(stage, &[], envelope(V12, "", &document)).await;
        assert!(got.status == 200 && got.body.contains("code=&quot;ok&quot;"), "{document} {}", got.body);
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_a_fault() {
    let good = data(&to(&["1"]), &content("Hej"));
    let many = format!("<a>{}</a>", "<b/>".repeat(10_000));
    let logins: String = (0..17)
        .map(|n| format!("<xmsData><user><userId>u{n}</userId><password>x</password></user></xmsData>"))
        .collect();
    for (name, argument, document, code) in [
        ("DeliverXms", "xmsData", String::new(), "malformed"),
        ("DeliverXms", "xmsData", " \n".into(), "malformed"),
        ("DeliverXms", "other", good.clone(), "malformed"),
        ("DeliverXms", "xmsData", "Hej".into(), "malformed"),
        ("DeliverXms", "xmsData", good.replace("</xmsData>", ""), "malformed"),
        ("DeliverXms", "xmsData", format!("{good}x"), "malformed"),
        ("DeliverXms", "xmsData", good.replace("xmsData", "xmsUser"), "malformed"),
        ("DeliverXms", "xmsData", good.replace(NS, "urn:other"), "malformed"),
        ("DeliverXms", "xmsData", good.replace(USER, &USER.repeat(2)), "malformed"),
        ("DeliverXms", "xmsData", good.replace("<userId>", "<userId>a</userId><userId>"), "malformed"),
        ("DeliverXms", "xmsData", good.replace("Hej", "<b>Hej</b>"), "malformed"),
        ("DeliverXms", "xmsData", good.replace("Hej", "&x;"), "malformed"),
        ("DeliverXms", "xmsData", format!("<!DOCTYPE a [<!ENTITY x 'y'>]>{good}"), "malformed"),
        ("DeliverXms", "xmsData", good.replace("Hej", &"x".repeat(65 * 1024)), "too_large"),
        ("DeliverXms", "xmsData", good.replace("Hej", &many), "malformed"),
        (
            "DeliverXms",
            "xmsData",
            good.replace("<xmsHead>", &format!("{}<xmsHead>", "<a>".repeat(40))),
            "too_large",
        ),
        ("DeliverXmsBatch", "packageXml", good.clone(), "malformed"),
        ("DeliverXmsBatch", "packageXml", format!("<xmsBatch>{logins}</xmsBatch>"), "too_large"),
        (
            "DeliverXmsBatch",
            "packageXml",
            format!("<xmsBatch>{}</xmsBatch>", "<xmsData/>".repeat(1001)),
            "too_large",
        ),
        ("GetUserInfo", "xmsUser", good.clone(), "malformed"),
        ("GetBalance", "xmsData", good.clone(), "malformed"),
    ] {
        let got = post(Stage::new(), &[], envelope(V11, "", &operation(name, argument, &document))).await;
        assert_eq!((got.status, got.value("code")), (500, Some(code)), "{name} {argument} {}", got.body);
    }
    let twice =
        operation("DeliverXms", "xmsData", &good).replace("<xmsData>", "<xmsData>x</xmsData><xmsData>");
    let got = post(Stage::new(), &[], envelope(V11, "", &twice)).await;
    assert_eq!(
        (got.status, got.value("code"), got.value("field")),
        (500, Some("malformed"), Some("xmsData"))
    );
}

#[tokio::test]
async fn the_description_and_the_door_agree() {
    for (target, public_url, address) in [
        ("/soap/oms?wsdl", None, "http://sms.example.se:8080/soap/oms"),
        ("/soap/oms?singleWsdl", Some("https://public.example.se"), "https://public.example.se/soap/oms"),
    ] {
        let mut stage = Stage::new();
        stage.config.public_url = public_url.map(str::to_owned);
        let got = stage.send(Method::GET, target, &[("host", "sms.example.se:8080")], "").await;
        assert_eq!((got.status, got.header("content-type")), (200, "text/xml; charset=utf-8"));
        assert_eq!(got.body.matches(&format!("location=\"{address}\"")).count(), 2, "{target}");
    }
    let wsdl = Stage::new().send(Method::GET, "/soap/oms?wsdl", &[], "").await.body;
    let actions: Vec<&str> =
        wsdl.split("soapAction=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let (first, second) = actions.split_at(actions.len() / 2);
    assert_eq!((first.len(), first), (5, second), "the same for SOAP 1.1 and 1.2");
    for action in first {
        let name = action.strip_prefix(NS).and_then(|rest| rest.strip_prefix('/')).expect("namespace");
        assert!(wsdl.contains(&format!("<xs:element name=\"{name}Response\">")), "{name}");
        assert!(wsdl.contains(&format!("<xs:element name=\"{name}Result\" ")), "{name}");
        let got = post(Stage::new(), &[], envelope(V11, "", &format!("<{name} xmlns='{NS}'/>"))).await;
        // It is known: what is missing is its argument.
        assert!(got.status == 200 || got.value("field").is_some(), "{name} {}", got.body);
    }
}
