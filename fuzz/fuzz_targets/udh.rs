//! A user data header: no panic, never more than was there.

#![no_main]

use domain::text::Udh;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let (udh, rest) = Udh::split(octets);
    assert!(rest.len() <= octets.len());
    let data: usize = udh.elements.iter().map(|element| element.data.len()).sum();
    assert!(data <= octets.len());
    if let Some(concat) = udh.concat() {
        assert!(concat.seq >= 1 && concat.seq <= concat.total);
    }
    let _ = (udh.ports(), udh.shifts(), Udh::parse(octets));
    // What is longer than a message is left out when written.
    let written = udh.encode();
    let (again, _) = Udh::split(&written);
    if written.len() > data + 2 * udh.elements.len() {
        assert_eq!(again, udh);
    }
    assert_eq!(again.encode(), written);
});
