//! The doors' parsers for the fuzz targets, which see only what a crate shows. Not for anything else.

use crate::{api, form};

/// The JSON of a message to send, up to the request it stands for.
pub fn json(octets: &[u8]) {
    api::read_for_fuzzing(octets);
}

/// A query string or a form, read as `/send` reads it and as Kannel's sendsms does.
pub fn parameters(octets: &[u8]) {
    form::read_for_fuzzing(octets);
}
