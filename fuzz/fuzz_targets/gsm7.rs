//! The GSM alphabet and its packing: no panic, and what is packed comes back.

#![no_main]

use domain::text::gsm7::{decode, encode, septet_len};
use domain::text::packing::{pack, unpack};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let fill_bits = octets.first().map_or(0, |octet| octet % 7);
    let septets = unpack(octets, usize::MAX, fill_bits);
    assert_eq!(unpack(&pack(&septets, fill_bits), septets.len(), fill_bits), septets);
    for text in [decode(octets), decode(&septets)] {
        if let Ok(again) = encode(&text) {
            assert_eq!(septet_len(&text), Some(again.len()));
            assert_eq!(decode(&again), text);
        }
    }
});
