//! A request to the web service: character set, XML, envelope, operation; no panic, nothing expanded.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    soap::fuzzing::request(octets);
});
