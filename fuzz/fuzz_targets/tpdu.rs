//! PDUs of a GSM terminal: no panic, and what is read can be written and read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use modem::tpdu::{decode, decode_bare, encode};

fuzz_target!(|octets: &[u8]| {
    let _ = decode_bare(octets);
    let Ok(pdu) = decode(octets) else { return };
    let Ok(written) = encode(&pdu) else { return };
    let again = decode(&written).expect("what was written can be read");
    assert_eq!(encode(&again).expect("and written again"), written);
});
