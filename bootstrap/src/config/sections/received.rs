//! Where received messages and reports go.

use crate::config::values::{Parsed, Period, Secret};
use domain::directory::{AddressRange, UserName};
use domain::mo::{Destination, MoRule};
use domain::numbering::{self, Country};
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;
use toml::Spanned;

/// `[[mo]]`: where messages to a receiving number go.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoSection {
    /// The receiving number, as people write it, or a short code; absent = every other.
    pub number: Option<Spanned<String>>,
    /// Whose inbox; absent = everybody's.
    pub user: Option<Spanned<String>>,
    /// `mailto:address`, a URL, or `parlayx:v2_2 URL correlator` (an application of Parlay X).
    pub to: Option<Parsed<Destination>>,
    /// Whether a text that the URL answers is sent back (needs `user`).
    #[serde(default)]
    pub answers: bool,
}

impl MoSection {
    pub(in crate::config) fn to_domain(&self, country: Country) -> MoRule {
        MoRule {
            number: self.number.as_ref().and_then(|n| numbering::receiving(n.get_ref(), country).ok()),
            user: self.user.as_ref().and_then(|u| UserName::parse(u.get_ref()).ok()),
            destination: self.to.as_ref().map(|d| d.0.clone()),
            answers: self.answers,
        }
    }
}

/// `[callbacks]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Callbacks {
    /// The key of `Omnigate-Signature`; made and kept in the data directory when absent.
    pub secret: Option<Spanned<Secret>>,
    /// How long a receiver may take.
    pub timeout: Period,
    /// Link-local or other special addresses that may be called all the same.
    pub allow: Vec<Parsed<AddressRange>>,
    /// Addresses that may not be called.
    pub deny: Vec<Parsed<AddressRange>>,
    /// How long connecting may take.
    pub connect_timeout: Period,
    /// The most octets of an answer that are read; the rest is cut off.
    pub max_answer: usize,
    /// Idle connections kept to one host.
    pub idle_connections: usize,
    /// A PEM file with the authorities to trust; the system's when absent.
    pub ca: Option<PathBuf>,
    /// The form of received messages: `json` (signed) or `form`.
    pub received: Spanned<String>,
}

impl Default for Callbacks {
    fn default() -> Self {
        Self {
            secret: None,
            timeout: Period(Duration::from_secs(10)),
            allow: Vec::new(),
            deny: Vec::new(),
            connect_timeout: Period(Duration::from_secs(5)),
            max_answer: 64 * 1024,
            idle_connections: 64,
            ca: None,
            received: Spanned::new(0..0, "json".to_owned()),
        }
    }
}
