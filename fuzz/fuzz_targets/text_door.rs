//! What comes to the text door: telnet's commands, lines, words; no panic, no line longer than the limit.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    telnet::fuzzing::lines(octets);
});
