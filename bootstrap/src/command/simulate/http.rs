//! `omnigate simulate http`: an operator that is reached by HTTP.

use super::{Operator, flags};
use crate::clock::SystemClock;
use crate::config::Period;
use anyhow::Context as _;
use async_trait::async_trait;
use domain::language::Language;
use http_door::operator::simulator::{HttpSimulator, HttpSimulatorOptions, SHAPES};
use rehearsal::{Command, ReceiptOptions, faults};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// `simulate http`
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_help = "Examples:\n  omnigate simulate http --operator 46elks --listen 127.0.0.1:9046 --receipts\n  \
                  omnigate simulate http --operator telenor-sms-pro --receipts \\\n      --receipts-to http://127.0.0.1:8080/operator/TS0/call/SECRET\n  \
                  omnigate simulate http --operator kannel \\\n      --fault throttle-every=10 --fault no-answer-every=50\n\n\
                  Orders: {\"do\":\"mo\",\"from\":\"46701234567\",\"to\":\"71234\",\"text\":\"hej\"} (needs --mo-to), \
                  {\"do\":\"faults\",\"faults\":{\"throttle\":true}}, {\"do\":\"drop\"}.\n\
                  Faults: throttle, throttle_every, status (refuses for good), status_every, no_answer, no_answer_every, reply_delay (ms), \
                  drop_every, garbage_every, empty_every, refuse (connections), bind_status (the login), half_open."
)]
pub struct Http {
    /// Listen here; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:9046", value_name = "HOST:PORT")]
    pub listen: String,
    /// Whose requests: 46elks, telenor-sms-pro, link-mobility, cellsynt, pixie, sinch, kannel, omnigate
    #[arg(long, default_value = "46elks", value_name = "NAME", value_parser = shape)]
    pub operator: String,
    /// Who may send; anybody when absent
    #[arg(long, value_name = "NAME:PASSWORD", value_parser = flags::account)]
    pub account: Option<flags::Account>,
    /// How long it thinks before it answers: 20ms, 1s
    #[arg(long, default_value = "0ms")]
    pub delay: Period,
    /// Send receipts for messages that ask for them
    #[arg(long)]
    pub receipts: bool,
    /// How long after its answer a message's receipt comes
    #[arg(long, default_value = "100ms")]
    pub receipt_delay: Period,
    /// Every so many requests' messages fail; 0 = none
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub fail_every: u64,
    /// Send each receipt twice
    #[arg(long)]
    pub duplicate_receipts: bool,
    /// Where receipts go, for operators whose requests do not say it
    #[arg(long, value_name = "URL")]
    pub receipts_to: Option<String>,
    /// Where messages of phones go
    #[arg(long, value_name = "URL")]
    pub mo_to: Option<String>,
    /// Signs calls, for the operator omnigate
    #[arg(long, value_name = "SECRET")]
    pub callback_secret: Option<String>,
    /// Misbehave (see below); may be given several times
    #[arg(long, value_name = "NAME[=VALUE]", value_parser = flags::fault)]
    pub fault: Vec<flags::Fault>,
    /// Write every event to this file, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
    /// Stop after so many seconds
    #[arg(long = "for", value_name = "SECONDS")]
    pub seconds: Option<u64>,
}

fn shape(name: &str) -> Result<String, String> {
    match SHAPES.contains(&name) {
        true => Ok(name.to_owned()),
        false => Err(format!("there is no operator {name:?}; there are: {}", SHAPES.join(", "))),
    }
}

/// Starts it.
///
/// # Errors
/// Flags that fit nothing; an address or a journal that cannot be used.
pub(super) async fn start(args: &Http) -> anyhow::Result<Box<dyn Operator>> {
    let simulator = HttpSimulator::start(options(args)?, Arc::new(SystemClock::default())).await;
    Ok(Box::new(simulator.with_context(|| format!("the operator cannot start on {}", args.listen))?))
}

fn options(args: &Http) -> anyhow::Result<HttpSimulatorOptions> {
    let receipts = ReceiptOptions {
        delay: args.receipt_delay.0,
        fail_every: args.fail_every,
        copies: if args.duplicate_receipts { 2 } else { 1 },
        before_reply: false,
    };
    Ok(HttpSimulatorOptions {
        listen: args.listen.clone(),
        shape: args.operator.clone(),
        account: args.account.clone(),
        reply_delay: args.delay.0,
        receipts: args.receipts.then_some(receipts),
        receipts_to: args.receipts_to.clone(),
        mo_to: args.mo_to.clone(),
        secret: args.callback_secret.clone().map(SecretString::from),
        retry_after: Duration::from_secs(1),
        journal: args.journal.clone(),
        faults: faults(&flags::together(&args.fault))?,
    })
}

#[async_trait]
impl Operator for HttpSimulator {
    fn place(&self) -> String {
        self.address().to_string()
    }

    fn obey(&self, order: &str) -> Result<(), String> {
        self.command(Command::parse(order).map_err(|e| e.to_string())?)
    }

    fn status(&self, language: Language) -> String {
        let stats = self.stats();
        language
            .pick(
                "{s} anrop, {a} mottagna meddelanden, {r} kvitton och {m} svar lämnade, {f} avvisade av oss, {w} samtidigt som mest",
                "{s} requests, {a} messages taken, {r} receipts and {m} messages of phones handed over, {f} not taken by the gateway, {w} at once at most",
            )
            .replace("{s}", &stats.submits.to_string())
            .replace("{a}", &stats.accepted.to_string())
            .replace("{r}", &stats.receipts.to_string())
            .replace("{m}", &stats.mos.to_string())
            .replace("{f}", &stats.refused.to_string())
            .replace("{w}", &stats.most_at_once.to_string())
    }

    fn seen(&self) -> Value {
        let stats = self.stats();
        json!({
            "submits": stats.submits, "accepted": stats.accepted, "receipts": stats.receipts, "mos": stats.mos,
            "refused_deliveries": stats.refused, "most_at_once": stats.most_at_once,
        })
    }

    async fn stop(self: Box<Self>) {
        HttpSimulator::stop(*self).await;
    }
}
