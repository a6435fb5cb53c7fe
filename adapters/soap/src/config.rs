//! What can be set about the web service.

use crate::oms::OmsConfig;
use crate::xml::Limits;
use domain::Language;
use domain::numbering::Country;
use web_kit::BodyLimits;

/// Octets of an element, at least, in a long document: a message of a batch with a short text has 12 to 15.
const OCTETS_EACH: usize = 8;

/// Settings of the web service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The language of texts for callers who ask for none.
    pub language: Language,
    /// The country of numbers without one.
    pub country: Country,
    /// Address under which callers reach the listener, for the WSDL: `https://sms.example.se`. `None` = as the caller called it.
    pub public_url: Option<String>,
    /// Whether passwords inside the message are taken without TLS also from other machines.
    pub plain_passwords: bool,
    /// How large a message may be and how long it may take. 1 MiB, 30 s.
    pub body: BodyLimits,
    /// Elements within elements. 32.
    pub depth: usize,
    /// Elements of a message that every one may have, however short. 1,000; long ones may have one for each 8 octets.
    pub elements: usize,
    /// Attributes of an element. 64.
    pub attributes: usize,
    /// Octets of one text. 64 KiB.
    pub text: usize,
    /// Messages in one SendSmsBatch or DeliverXmsBatch. 1,000.
    pub batch: usize,
    /// Ids in one GetStatus or AckReceived. 1,000.
    pub ids: usize,
    /// Outlook Mobile Service.
    pub oms: OmsConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            language: Language::default(),
            country: Country::SWEDEN,
            public_url: None,
            plain_passwords: false,
            body: BodyLimits { octets: 1024 * 1024, ..BodyLimits::default() },
            depth: 32,
            elements: 1000,
            attributes: 64,
            text: 64 * 1024,
            batch: 1000,
            ids: 1000,
            oms: OmsConfig::default(),
        }
    }
}

impl Config {
    /// What a document of so many octets may hold: a batch of 10,000 numbers needs its elements, a small message does not.
    pub(crate) fn limits(&self, octets: usize) -> Limits {
        let elements = self.elements.max(octets.min(self.body.octets) / OCTETS_EACH);
        Limits { depth: self.depth, elements, attributes: self.attributes, text: self.text }
    }
}
