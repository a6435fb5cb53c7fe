//! The mail door's parsers for the fuzz targets, which see only what a crate shows: command lines, the end of the data, a mail's text. Not for
//! anything else.

use crate::config::MailDomain;
use crate::letter::Letter;
use crate::wire::{CommandReader, DataReader};

/// Commands as they come.
pub fn commands(octets: &[u8]) {
    for lenient in [false, true] {
        let mut reader = CommandReader::new(512, lenient);
        octets.iter().for_each(|octet| drop(reader.push(*octet)));
    }
}

/// What follows DATA, until its end.
pub fn data(octets: &[u8]) {
    for lenient in [false, true] {
        let mut reader = DataReader::new(octets.len(), 1_000, lenient);
        if let Some(Ok(mail)) = octets.iter().find_map(|octet| reader.push(*octet)) {
            assert!(mail.len() <= octets.len());
        }
    }
}

/// A mail: from octets to the text of a message.
pub fn mail(octets: &[u8]) {
    for generated in [false, true] {
        if let Ok(letter) = Letter::read(octets, generated) {
            let _ = letter.text(&MailDomain::named("sms.example.se"), None, "a@example.se").len();
        }
    }
}
