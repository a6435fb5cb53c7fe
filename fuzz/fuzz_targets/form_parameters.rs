//! A query string or form of `/send` and of Kannel's sendsms: escapes, character sets, user data headers; no panic.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    http_door::fuzzing::parameters(octets);
});
