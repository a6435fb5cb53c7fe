//! `GET /health/live`, `/health/ready` and `/metrics`.

use crate::measures::Measures;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::receipt::Spelling;
use domain::routing::Condition;
use domain::{Language, Words};
use ports::driving::Observe;
use serde_json::json;
use std::sync::Arc;

#[derive(Clone)]
struct Ops {
    observe: Arc<dyn Observe>,
    measures: Measures,
    language: Language,
}

/// The three pages. They need no login: let only those who may see them reach the listener.
///
/// `language` is for people who do not say which they want.
pub fn router(observe: Arc<dyn Observe>, measures: Measures, language: Language) -> Router {
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Ops { observe, measures, language })
}

/// The process answers: that is all. An operator's fault does not restart us.
async fn live() -> Response {
    axum::Json(json!({ "live": true })).into_response()
}

async fn ready(State(ops): State<Ops>, headers: HeaderMap) -> Response {
    let readiness = ops.observe.readiness().await;
    let status = if readiness.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let language = web_kit::language(&headers, ops.language);
    let said = |words: &[Words]| -> Vec<String> {
        words.iter().map(|words| words.in_language(language).to_owned()).collect()
    };
    let (reasons, warnings) = (said(&readiness.reasons), said(&readiness.warnings));
    let links: Vec<_> = ops.observe.links().iter().map(|report| link(&ops, report)).collect();
    let ready = reasons.is_empty();
    let page = json!({ "ready": ready, "reasons": reasons, "warnings": warnings, "links": links });
    (status, [(header::CONTENT_LANGUAGE, language.tag())], axum::Json(page)).into_response()
}

fn link(ops: &Ops, report: &ports::driven::LinkReport) -> serde_json::Value {
    let times = ops.observe.delivery_times(&report.id);
    let times = times.map(|(half, most)| json!({ "p50": half.as_secs_f64(), "p95": most.as_secs_f64() }));
    json!({
        "name": report.id.as_str(),
        "protocol": report.protocol,
        "state": report.health.condition.as_str(),
        "detail": report.detail,
        "next_try_seconds": report.next_try.map(|pause| (pause.as_secs_f64() * 10.0).round() / 10.0),
        "sessions": report.sessions,
        "in_flight": report.in_flight,
        "waiting": report.waiting,
        "room": report.health.room,
        "delivery_seconds": times,
        "receipt_ids": ops.observe.receipt_ids(&report.id).map(Spelling::as_str),
    })
}

async fn metrics(State(ops): State<Ops>) -> Response {
    for report in ops.observe.links() {
        let name = report.id.to_string();
        let up = f64::from(u8::from(report.health.is_up()));
        metrics::gauge!("omnigate_link_up", "link" => name.clone()).set(up);
        let parked = matches!(report.health.condition, Condition::Parked { .. });
        metrics::gauge!("omnigate_link_parked", "link" => name.clone()).set(f64::from(u8::from(parked)));
        let held = report.health.condition == Condition::Held;
        metrics::gauge!("omnigate_link_held", "link" => name.clone()).set(f64::from(u8::from(held)));
        metrics::gauge!("omnigate_link_in_flight", "link" => name.clone()).set(count(report.in_flight));
        metrics::gauge!("omnigate_link_waiting", "link" => name).set(count(report.waiting));
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], ops.measures.render())
        .into_response()
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use axum::body::Body;
    use axum::http::Request;
    use domain::directory::LinkId;
    use http_body_util::BodyExt as _;
    use ports::driven::LinkReport;
    use ports::driving::Readiness;
    use std::time::Duration;
    use tower::ServiceExt as _;

    struct Sick;

    #[async_trait]
    impl Observe for Sick {
        async fn readiness(&self) -> Readiness {
            Readiness {
                reasons: vec![Words::new("ingen väg är uppe", "no link is up")],
                warnings: Vec::new(),
            }
        }
        fn links(&self) -> Vec<LinkReport> {
            Vec::new()
        }
        fn receipt_ids(&self, _link: &LinkId) -> Option<Spelling> {
            Some(Spelling::Decimal)
        }

        fn delivery_times(&self, _link: &LinkId) -> Option<(Duration, Duration)> {
            None
        }
    }

    async fn get(path: &str, accepted: &str) -> (StatusCode, String) {
        let router = router(Arc::new(Sick), Measures::detached(), Language::Swedish);
        let request = Request::get(path).header("accept-language", accepted);
        let response = router.oneshot(request.body(Body::empty()).expect("request")).await.expect("response");
        let status = response.status();
        let body = response.into_body().collect().await.expect("body").to_bytes();
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    #[tokio::test]
    async fn live_though_not_ready() {
        assert_eq!(get("/health/live", "").await.0, StatusCode::OK);
        let (status, body) = get("/health/ready", "").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(body.contains("ingen väg är uppe"), "{body}");
        assert!(get("/health/ready", "en").await.1.contains("no link is up"));
        assert_eq!(get("/metrics", "").await.0, StatusCode::OK);
    }
}
