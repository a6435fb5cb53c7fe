//! A configuration file: read or refused with a place, never a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|octets: &[u8]| {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    if let Err(error) = omnigate::config::read(Path::new("omnigate.toml"), text, &[]) {
        assert!(!error.to_string().is_empty());
    }
});
