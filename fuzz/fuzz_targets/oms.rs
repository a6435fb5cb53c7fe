//! A request to the Outlook Mobile Service, and the documents inside: no panic, nothing expanded.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    soap::fuzzing::oms(octets);
});
