//! HTTP around the envelopes: media types, character sets, SOAPAction, sizes, and the description.

use crate::stage::{Stage, V11, V12, basic, envelope};
use domain::submission::Request;
use http::Method;

async fn post(stage: Stage, media_type: &str, action: &str, body: impl Into<Vec<u8>>) -> crate::stage::Got {
    let headers =
        [("content-type", media_type), ("soapaction", action), ("authorization", &basic("crm", "hemligt"))];
    stage.send(Method::POST, "/soap/gateway", &headers, body.into()).await
}

#[tokio::test]
async fn media_types_and_actions() {
    for (media_type, action, version, status, answered) in [
        ("text/xml", "\"urn:omnigate:gateway:1/Ping\"", V11, 200, "text/xml; charset=utf-8"),
        ("text/xml;charset=UTF-8", "", V11, 200, "text/xml; charset=utf-8"),
        ("application/xml", "urn:other/SendSms", V11, 200, "text/xml; charset=utf-8"),
        ("", "", V11, 415, "text/xml; charset=utf-8"),
        (
            "application/soap+xml; charset=\"utf-8\"; action=\"urn:x\"",
            "",
            V12,
            200,
            "application/soap+xml; charset=utf-8",
        ),
        // The envelope says which version it is, whatever the media type says.
        ("text/xml", "", V12, 200, "application/soap+xml; charset=utf-8"),
        ("application/soap+xml", "", V11, 200, "text/xml; charset=utf-8"),
        ("application/json", "", V11, 415, "text/xml; charset=utf-8"),
        ("multipart/related; type=\"application/xop+xml\"", "", V11, 415, "text/xml; charset=utf-8"),
        ("text/xml; charset=utf-7", "", V11, 500, "text/xml; charset=utf-8"),
    ] {
        let got = post(Stage::new(), media_type, action, envelope(version, "", "<g:Ping/>")).await;
        assert_eq!((got.status, got.header("content-type")), (status, answered), "{media_type} {}", got.body);
    }
    for (encoding, status) in [("identity", 200), ("gzip", 415)] {
        let headers = [("content-type", "text/xml"), ("content-encoding", encoding)];
        let got =
            Stage::new().send(Method::POST, "/soap/gateway", &headers, envelope(V11, "", "<g:Ping/>")).await;
        assert_eq!(got.status, status, "{encoding}");
    }
    let got = post(Stage::new(), "application/soap+xml", "", "<x").await;
    assert_eq!((got.status, got.header("content-type")), (500, "application/soap+xml; charset=utf-8"));
}

#[tokio::test]
async fn character_sets() {
    let document = envelope(V11, "", "<g:SendSms><g:to>1</g:to><g:text>Hå</g:text></g:SendSms>");
    let latin: Vec<u8> = document.chars().map(|c| u8::try_from(u32::from(c)).expect("latin")).collect();
    let wide = |text: &str| {
        [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect::<Vec<u8>>()
    };
    let declared = [b"<?xml version='1.0' encoding='ISO-8859-1'?>".as_slice(), &latin].concat();
    for (media_type, octets) in [
        ("text/xml", document.clone().into_bytes()),
        ("text/xml; charset=iso-8859-1", latin),
        ("text/xml", declared),
        ("text/xml; charset=utf-16", wide(&document)),
        ("text/xml", wide(&format!("<?xml version='1.0' encoding='utf-16'?>{document}"))),
    ] {
        let got = post(Stage::new().expecting(Request::text(["1"], "Hå")), media_type, "", octets).await;
        assert_eq!(got.status, 200, "{media_type} {}", got.body);
    }
}

#[tokio::test]
async fn too_large() {
    let document = envelope(V11, "", "<g:Ping/>");
    for (room, status) in [(document.len(), 200), (document.len() - 1, 413)] {
        let mut stage = Stage::new();
        stage.config.body.octets = room;
        let got = post(stage, "text/xml", "", document.clone()).await;
        assert_eq!(got.status, status);
        if status == 413 {
            assert_eq!((got.header("connection"), got.value("code")), ("close", Some("too_large")));
        }
    }
}

#[tokio::test]
async fn description() {
    for (target, public_url, address) in [
        ("/soap/gateway?wsdl", None, "http://sms.example.se:8080/soap/gateway"),
        ("/soap/gateway?WSDL", None, "http://sms.example.se:8080/soap/gateway"),
        ("/soap/gateway?singleWsdl", None, "http://sms.example.se:8080/soap/gateway"),
        ("/soap/gateway?wsdl=1", Some("https://public.example.se"), "https://public.example.se/soap/gateway"),
    ] {
        let mut stage = Stage::new();
        stage.config.public_url = public_url.map(str::to_owned);
        let got = stage.send(Method::GET, target, &[("host", "sms.example.se:8080")], "").await;
        assert_eq!((got.status, got.header("content-type")), (200, "text/xml; charset=utf-8"));
        assert_eq!(got.body.matches(&format!("location=\"{address}\"")).count(), 2, "{target}");
    }
    let got = Stage::new().send(Method::GET, "/soap/gateway", &[("host", "x")], "").await;
    assert!(got.status == 200 && got.body.contains("?wsdl"));
    let got = Stage::new().send(Method::DELETE, "/soap/gateway", &[], "").await;
    assert_eq!(got.status, 405);
}

#[tokio::test]
async fn the_description_and_the_door_agree() {
    let wsdl = Stage::new().send(Method::GET, "/soap/gateway?wsdl", &[], "").await.body;
    let actions: Vec<&str> =
        wsdl.split("soapAction=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let (first, second) = actions.split_at(actions.len() / 2);
    assert_eq!((first.len(), first), (9, second), "the same for SOAP 1.1 and 1.2");
    for action in first {
        let name = action.strip_prefix("urn:omnigate:gateway:1/").expect("namespace");
        assert_eq!(first.iter().filter(|a| *a == action).count(), 1, "{action}");
        assert!(wsdl.contains(&format!("<xs:element name=\"{name}Response\">")), "{name}");
        // A child nobody knows: the fault is about that, not about the operation.
        let got = post(
            Stage::new(),
            "text/xml",
            action,
            envelope(V11, "", &format!("<g:{name}><g:unheardOf/></g:{name}>")),
        )
        .await;
        assert!(got.body.contains("unheardOf"), "{name} {}", got.body);
    }
    // What may be sent can be sent alone, in a batch, and be previewed.
    for option in ["validForSeconds", "validUntil", "textPolicy", "askedBy"] {
        assert_eq!(wsdl.matches(&format!("<xs:element name=\"{option}\"")).count(), 3, "{option}");
    }
    assert!(!wsdl.contains("xs:import") && !wsdl.contains("xs:choice") && !wsdl.contains("xs:any"));
}

/// JAX-WS makes one parameter of an element that stands in a request and in its answer, and refuses the whole description when the types differ.
#[tokio::test]
async fn what_is_asked_and_answered_under_one_name_has_one_type() {
    let wsdl = Stage::new().send(Method::GET, "/soap/gateway?wsdl", &[], "").await.body;
    let children = |wrapper: &str| -> Vec<(String, String)> {
        let from = wsdl.split(&format!("<xs:element name=\"{wrapper}\">\n")).nth(1).expect("a wrapper");
        let inside = from.split("</xs:complexType>").next().unwrap_or_default();
        let attribute = |element: &str, name: &str| {
            let value = element.split(&format!("{name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
            value.unwrap_or_default().to_owned()
        };
        let elements = inside.split("<xs:element ").skip(1);
        elements.map(|element| (attribute(element, "name"), attribute(element, "type"))).collect()
    };
    let mut shared = Vec::new();
    for operation in wsdl.split("<wsdl:operation name=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        let answered = children(&format!("{operation}Response"));
        for (name, asked) in children(operation) {
            let Some((_, answer)) = answered.iter().find(|(other, _)| *other == name) else { continue };
            assert_eq!(&asked, answer, "{name} of {operation}");
            shared.push(name);
        }
    }
    assert!(shared.iter().any(|name| name == "priority"), "{shared:?}");
}
