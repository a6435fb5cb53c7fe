//! Ways to show who calls, their order, and what is refused.

use crate::stage::{NOW, Stage, V11, basic, envelope};
use http::Method;

const WSSE: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
const WSU: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
const TEXT: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText";

fn security(content: &str) -> String {
    format!("<w:Security e:mustUnderstand='1' xmlns:w='{WSSE}' xmlns:u='{WSU}'>{content}</w:Security>")
}

fn token(user: &str, password: &str) -> String {
    format!(
        "<w:UsernameToken u:Id='x'><w:Username>{user}</w:Username><w:Password Type='{TEXT}'>{password}</w:Password></w:UsernameToken>"
    )
}

fn inside(user: &str, password: &str) -> String {
    format!("<g:Ping><g:username>{user}</g:username><g:password>{password}</g:password></g:Ping>")
}

/// Ping tells who was let in, or the fault's code.
async fn ping(stage: Stage, header: &str, body: &str, authorization: &str) -> String {
    let headers = [("content-type", "text/xml"), ("authorization", authorization)];
    let got = stage.send(Method::POST, "/soap/gateway", &headers, envelope(V11, header, body)).await;
    match (got.status, got.value("user"), got.value("code")) {
        (200, user, _) => user.unwrap_or("nobody").to_owned(),
        (status, _, code) => format!("{status} {}", code.unwrap_or_default()),
    }
}

#[tokio::test]
async fn ways_and_their_order() {
    let good = security(&token("crm", "hemligt"));
    let bad = security(&token("crm", "fel"));
    let basic_good = basic("crm", "hemligt");
    let basic_bad = basic("crm", "fel");
    let empty = "<g:Ping/>".to_owned();
    for (header, authorization, body, expect) in [
        ("", "", &empty, "nobody"),
        (&good, "", &empty, "crm"),
        ("", &basic_good, &empty, "crm"),
        ("", "Bearer og_key", &empty, "crm"),
        // A document that was laid out for reading.
        (&security(&token("\n  crm\n ", "hemligt")), "", &empty, "crm"),
        ("", "", &inside(" crm ", "hemligt"), "crm"),
        ("", "", &inside("crm", "hemligt"), "crm"),
        // The first way counts, and what comes after it neither helps nor harms.
        (&good, &basic_bad, &inside("crm", "fel"), "crm"),
        (&good, "Negotiate abc", &empty, "crm"),
        (&bad, &basic_good, &inside("crm", "hemligt"), "500 not_authenticated"),
        ("", &basic_good, &inside("crm", "fel"), "crm"),
        ("", &basic_bad, &inside("crm", "hemligt"), "500 not_authenticated"),
        // What is not ours to read hides nothing; what is ours and wrong counts.
        ("", "Negotiate abc", &inside("crm", "hemligt"), "crm"),
        ("", "Negotiate", &inside("crm", "hemligt"), "crm"),
        ("", "NTLM abc", &inside("crm", "fel"), "500 not_authenticated"),
        ("", "Negotiate abc", &empty, "500 not_authenticated"),
        ("", "Basic ???", &inside("crm", "hemligt"), "500 not_authenticated"),
        ("", "Bearer", &inside("crm", "hemligt"), "500 not_authenticated"),
        ("", "", &inside("crm", "fel"), "500 not_authenticated"),
        ("", "", &inside("crm", ""), "500 not_authenticated"),
    ] {
        assert_eq!(
            ping(Stage::new(), header, body, authorization).await,
            expect,
            "{header} {authorization} {body}"
        );
    }
}

#[tokio::test]
async fn a_callback_of_ours_orders_nothing() {
    for authorization in ["", &basic("crm", "hemligt")] {
        let headers =
            [("content-type", "text/xml"), ("authorization", authorization), ("omnigate-event-id", "1-4")];
        let got =
            Stage::new().send(Method::POST, "/soap/gateway", &headers, envelope(V11, "", "<g:Ping/>")).await;
        assert_eq!((got.status, got.value("code")), (500, Some("not_permitted")));
    }
}

#[tokio::test]
async fn who_shows_nothing_is_asked() {
    let headers = [("content-type", "text/xml")];
    let got = Stage::new()
        .send(Method::POST, "/soap/gateway", &headers, envelope(V11, "", "<g:GetBalance/>"))
        .await;
    assert_eq!((got.status, got.value("code")), (401, Some("not_authenticated")));
    assert!(got.header("www-authenticate").starts_with("Basic "));
    let headers = [("content-type", "text/xml"), ("authorization", &basic("crm", "fel"))];
    let got = Stage::new()
        .send(Method::POST, "/soap/gateway", &headers, envelope(V11, "", "<g:GetBalance/>"))
        .await;
    assert_eq!((got.status, got.header("www-authenticate")), (500, ""));
}

#[tokio::test]
async fn passwords_in_the_message_need_tls_from_elsewhere() {
    for (address, https, plain, allowed) in [
        ("127.0.0.1", false, false, true),
        ("::1", false, false, true),
        ("192.0.2.1", false, false, false),
        ("192.0.2.1", true, false, true),
        ("192.0.2.1", false, true, true),
    ] {
        for (header, body) in [
            (security(&token("crm", "hemligt")), "<g:Ping/>".into()),
            (String::new(), inside("crm", "hemligt")),
        ] {
            let mut stage = Stage::new();
            stage.caller.address = address.parse().expect("address");
            stage.caller.https = https;
            stage.config.plain_passwords = plain;
            let expect = if allowed { "crm" } else { "500 not_permitted" };
            assert_eq!(ping(stage, &header, &body, "").await, expect, "{address} {https} {plain}");
        }
    }
}

#[tokio::test]
async fn security_headers_that_are_refused() {
    let digest = token("crm", "abc=").replace("#PasswordText", "#PasswordDigest");
    let expires = |at: &str| {
        format!(
            "<u:Timestamp><u:Created>2026-11-23T07:00:00Z</u:Created><u:Expires>{at}</u:Expires></u:Timestamp>"
        )
    };
    let good = token("crm", "hemligt");
    for (content, expect) in [
        (digest, "500 not_authenticated"),
        (format!("{good}{good}"), "500 not_authenticated"),
        (
            format!("{good}<d:Signature xmlns:d='http://www.w3.org/2000/09/xmldsig#'/>"),
            "500 not_authenticated",
        ),
        ("<w:BinarySecurityToken>x</w:BinarySecurityToken>".into(), "500 not_authenticated"),
        ("<w:UsernameToken><w:Username>crm</w:Username></w:UsernameToken>".into(), "500 not_authenticated"),
        (good.replace("<w:Username>", "<w:Username>x</w:Username><w:Username>"), "500 not_authenticated"),
        (format!("{}{good}", expires("2026-11-23T07:54:59Z")), "500 not_authenticated"),
        (format!("{}{good}", expires("soon")), "500 invalid_time"),
        (format!("{}{good}", expires("2026-11-23T07:56:00Z")), "crm"),
        (format!("{}{good}", expires(NOW)), "crm"),
        (good.replace("</w:Username>", "</w:Username><w:Nonce>x</w:Nonce><u:Created>y</u:Created>"), "crm"),
        (good.replace(&format!(" Type='{TEXT}'"), ""), "crm"),
        (good.replace("crm", "c<!-- x -->rm"), "crm"),
        (String::new(), "nobody"),
    ] {
        assert_eq!(ping(Stage::new(), &security(&content), "<g:Ping/>", "").await, expect, "{content}");
    }
    let two = format!("{}{}", security(&good), security(""));
    assert_eq!(ping(Stage::new(), &two, "<g:Ping/>", "").await, "500 malformed");
}
