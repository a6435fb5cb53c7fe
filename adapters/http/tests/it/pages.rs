//! What people and generators read.

use crate::{Ask, sending};
use domain::refusal::{Code, Refusal};
use std::path::Path;

#[tokio::test]
async fn the_description_is_the_committed_one() {
    let (app, _) = sending(Err(Refusal::new(Code::Busy)));
    let served = Ask::get("/api/v1/openapi.json").of(&app).await;
    assert_eq!((served.status, served.header("content-type")), (200, "application/json"));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api/openapi.json");
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    let served = format!("{}\n", served.body);
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&file, &served).expect("write");
    } else {
        assert!(
            committed == served,
            "docs/api/openapi.json is stale: UPDATE_OPENAPI=1 cargo test -p omnigate-http writes it anew"
        );
    }
}

/// Only what must be given is a must in the programs that generators make of the description: they take a default, even null, for a must.
#[tokio::test]
async fn what_need_not_be_given_has_no_default() {
    let (app, _) = sending(Err(Refusal::new(Code::Busy)));
    let document: serde_json::Value =
        serde_json::from_str(&Ask::get("/api/v1/openapi.json").of(&app).await.body).expect("JSON");
    let body = &document["components"]["schemas"]["SendBody"];
    assert_eq!(body["required"], serde_json::json!(["to"]));
    for schema in ["SendBody", "DimensionsBody"] {
        let members = document["components"]["schemas"][schema]["properties"].as_object().expect("members");
        assert!(members.values().all(|member| member.get("default").is_none()), "{schema}");
    }
    assert!(document["info"]["license"]["identifier"].is_string(), "some validators want it");
}

#[tokio::test]
async fn every_answer_is_described() {
    let (app, _) = sending(Err(Refusal::new(Code::Busy)));
    let document: serde_json::Value =
        serde_json::from_str(&Ask::get("/api/v1/openapi.json").of(&app).await.body).expect("JSON");
    let operations = document["paths"].as_object().into_iter().flatten().flat_map(|(path, of_path)| {
        of_path.as_object().into_iter().flatten().map(move |(method, operation)| (path, method, operation))
    });
    let mut answers = 0;
    for (path, method, operation) in operations {
        for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
            let description = answer["description"].as_str().unwrap_or_default();
            assert!(
                !description.trim().is_empty(),
                "{method} {path} {status}: OpenAPI requires a description"
            );
            answers += 1;
        }
        for status in ["4XX", "5XX"] {
            let schema =
                &operation["responses"][status]["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(schema, "#/components/schemas/Problem", "{method} {path} {status}");
        }
    }
    assert!(answers > 12, "{answers}");
}

#[tokio::test]
async fn the_page_in_both_languages() {
    let (app, _) = sending(Err(Refusal::new(Code::Busy)));
    for (ask, lang) in [
        (Ask::get("/docs"), "en"),
        (Ask::get("/docs?lang=sv"), "sv"),
        (Ask::get("/docs?lang=xx"), "en"),
        (Ask::new("GET", "/docs?lang=en"), "en"),
    ] {
        let page = ask.of(&app).await;
        assert_eq!((page.status, page.header("content-language")), (200, lang));
        assert!(page.body.contains(&format!("<html lang=\"{lang}\">")));
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
        assert!(Code::ALL.iter().all(|code| page.body.contains(&format!("<tr id=\"{code}\">"))));
    }
    for (uri, kind) in [("/docs/page.css", "text/css"), ("/docs/page.js", "text/javascript")] {
        assert!(Ask::get(uri).of(&app).await.header("content-type").starts_with(kind));
    }
}

#[tokio::test]
async fn the_root_helps_who_asks_for_nothing() {
    let (app, asked) = sending(Err(Refusal::new(Code::Busy)));
    let page = Ask::get("/").of(&app).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("/docs"));
    let no_numbers = Ask::get("/?text=x").crm().of(&app).await;
    assert_eq!(no_numbers.status, 503, "a form without numbers is still a form: the inside refuses it");
    assert_eq!(asked.lock().expect("lock").len(), 1);
}
