//! The limits of an HTTP door. Every one of them has a default that is safe on an open network.

use axum::response::Response;
use domain::Language;
use domain::directory::AddressRange;
use http::request::Parts;
use std::time::Duration;

/// Says to a request in its own form that there is no room for it; `None` = a problem document will do.
pub type Busy = fn(&Parts, Language) -> Option<Response>;

/// What a door puts up with.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The door's name in metrics.
    pub name: &'static str,
    /// From the first octet of a request (or the opening of the connection) to the end of its header. 10 s.
    pub header_time: Duration,
    /// How long a connection may lie idle between requests; it is closed after one to two times this. 60 s.
    pub idle_time: Duration,
    /// How long the other side may refuse to take what we write. 30 s.
    pub write_time: Duration,
    /// Octets of a request's header. 16 KiB; more is answered 431.
    pub header_octets: usize,
    /// Fields in a request's header. 100; more is answered 431.
    pub header_fields: usize,
    /// Requests worked on at once, on all connections together. 1,000; more are answered 503.
    pub requests: usize,
    /// How those are answered. With a problem document.
    pub busy: Busy,
    /// How long requests may go on after the door was told to close. 10 s.
    pub grace: Duration,
    /// Proxies whose `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host` are believed. None.
    pub proxies: Vec<AddressRange>,
    /// Language of what the web server itself says to who accepts neither. English.
    pub language: Language,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            name: "http",
            header_time: Duration::from_secs(10),
            idle_time: Duration::from_secs(60),
            write_time: Duration::from_secs(30),
            header_octets: 16 * 1024,
            header_fields: 100,
            requests: 1000,
            busy: |_, _| None,
            grace: Duration::from_secs(10),
            proxies: Vec::new(),
            language: Language::English,
        }
    }
}
