//! The JSON body of `POST /api/v1/messages`: read or refused with a path, no panic, nothing out of proportion.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    http_door::fuzzing::json(octets);
});
