//! How a simulated operator behaves: well, by default; or with the faults of real ones.

use net::tls::TlsServer;
use rehearsal::{Faults, MoOptions};
use secrecy::SecretString;
use std::path::PathBuf;
use std::time::Duration;

/// A simulated operator.
#[derive(Debug, Clone)]
pub struct SimulatorOptions {
    /// Where to listen, `127.0.0.1:0` for any free port.
    pub listen: String,
    /// TLS from the first octet.
    pub tls: Option<TlsServer>,
    /// Who may bind: name and password. Empty = anybody.
    pub accounts: Vec<(String, SecretString)>,
    /// Binds that one name may have at a time; 0 = any number. One more is refused with ESME_RALYBND.
    pub max_binds: usize,
    /// The form of the message ids it gives.
    pub id_form: IdForm,
    /// How long it thinks before it answers a submit.
    pub reply_delay: Duration,
    /// Receipts for messages that ask for them; `None` = never.
    pub receipts: Option<ReceiptOptions>,
    /// Messages that phones send by themselves.
    pub mo: Option<MoOptions>,
    /// A phone answers each message with the same text.
    pub echo: bool,
    /// Deliveries that may wait for an answer, per session.
    pub deliver_window: usize,
    /// How long until what the gateway did not take is delivered again.
    pub retry_after: Duration,
    /// A file to write every event to, one JSON object a line.
    pub journal: Option<PathBuf>,
    /// How it misbehaves from the start.
    pub faults: Faults,
    /// How it misbehaves later: from so long after the start on, these and no others.
    pub schedule: Vec<(Duration, Faults)>,
}

/// The form of a message id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IdForm {
    /// `1700000000123`
    #[default]
    Decimal,
    /// `18bcfe5687b`
    Hex,
    /// `0018bcfe-687b-4000-8000-9e3779b97f4a`
    Uuid,
}

/// What receipts look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiptOptions {
    /// From the reply to the receipt.
    pub delay: Duration,
    /// Where the facts stand.
    pub form: ReceiptForm,
    /// How the id is spelled.
    pub id_form: ReceiptIdForm,
    /// Every so many messages fail (UNDELIV); 0 = none.
    pub fail_every: u64,
    /// How often each receipt is sent; at least 1.
    pub copies: u8,
    /// Sent before the reply to the submit that it is about.
    pub before_reply: bool,
}

impl Default for ReceiptOptions {
    fn default() -> Self {
        Self {
            delay: Duration::from_millis(100),
            form: ReceiptForm::Both,
            id_form: ReceiptIdForm::Same,
            fail_every: 0,
            copies: 1,
            before_reply: false,
        }
    }
}

/// Where the facts of a receipt stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReceiptForm {
    /// In the text alone.
    Text,
    /// In optional parameters alone.
    Parameters,
    /// In both.
    #[default]
    Both,
}

/// How the id is spelled in a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReceiptIdForm {
    /// As in the reply.
    #[default]
    Same,
    /// A decimal id in hexadecimal.
    Hex,
    /// A hexadecimal id in decimal.
    Decimal,
    /// With leading zeros.
    Padded,
    /// In capitals.
    Capitals,
}

impl Default for SimulatorOptions {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:0".to_owned(),
            tls: None,
            accounts: Vec::new(),
            max_binds: 0,
            id_form: IdForm::Decimal,
            reply_delay: Duration::ZERO,
            receipts: Some(ReceiptOptions::default()),
            mo: None,
            echo: false,
            deliver_window: 100,
            retry_after: Duration::from_secs(1),
            journal: None,
            faults: Faults::default(),
            schedule: Vec::new(),
        }
    }
}

impl SimulatorOptions {
    /// What is common to all protocols.
    pub(super) fn common(&self) -> rehearsal::SimulatorOptions {
        let receipts = self.receipts.map(|receipts| rehearsal::ReceiptOptions {
            delay: receipts.delay,
            fail_every: receipts.fail_every,
            copies: receipts.copies,
            before_reply: receipts.before_reply,
        });
        rehearsal::SimulatorOptions {
            listen: self.listen.clone(),
            tls: self.tls.clone(),
            accounts: self.accounts.clone(),
            max_binds: self.max_binds,
            reply_delay: self.reply_delay,
            receipts,
            mo: self.mo.clone(),
            echo: self.echo,
            deliver_window: self.deliver_window,
            retry_after: self.retry_after,
            journal: self.journal.clone(),
            faults: self.faults.clone(),
            schedule: self.schedule.clone(),
        }
    }
}
