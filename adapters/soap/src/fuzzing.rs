//! The web service's parsers for the fuzz targets, which see only what a crate shows. Not for anything else.

use crate::config::Config;
use crate::envelope;
use crate::gateway::Gateway;
use crate::oms::{self, Oms};
use crate::parlayx::ParlayX;
use crate::version::Version;
use crate::xml::charset;
use domain::Timestamp;

/// A request's body: its character set, its XML, its envelope, its operation.
pub fn request(octets: &[u8]) {
    if let Ok(text) = charset::decode(octets, None) {
        let config = Config::default();
        let _ = envelope::read::<Gateway>(&text, &config, Timestamp::UNIX_EPOCH, Version::V11);
        let _ = envelope::read::<ParlayX>(&text, &config, Timestamp::UNIX_EPOCH, Version::V11);
    }
}

/// A request to the Outlook Mobile Service: the envelope, and each document that may stand inside it.
pub fn oms(octets: &[u8]) {
    let config = Config::default();
    if let Ok(text) = charset::decode(octets, None) {
        let _ = envelope::read::<Oms>(&text, &config, Timestamp::UNIX_EPOCH, Version::V11);
        oms::read_documents(&text, &config);
    }
}
