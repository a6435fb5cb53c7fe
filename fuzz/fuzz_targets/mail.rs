//! What comes to the mail door: command lines, the end of the data, a mail and its text; no panic, nothing kept beyond the limits.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    smtp::fuzzing::commands(octets);
    smtp::fuzzing::data(octets);
    smtp::fuzzing::mail(octets);
});
