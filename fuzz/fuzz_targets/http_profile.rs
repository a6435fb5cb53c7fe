//! Profiles of HTTP operators: whatever a file says, it is read or refused; what is read can make requests, and reads any answer and any call.

#![no_main]

use http_door::operator::{Account, Looked, Profile, encode, heard, verdicts};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(input) = std::str::from_utf8(octets) else { return };
    // The file, a text, an answer: divided by lines of their own.
    let mut parts = input.split("\n%%\n");
    let Ok(profile) = Profile::read(parts.next().unwrap_or_default()) else { return };
    let text = parts.next().unwrap_or("hej & {to}").to_owned();
    let body = domain::message::Body::Text { text, alphabet: domain::text::Alphabet::Gsm7, udh: Vec::new() };
    let looked = Looked {
        to: ["46701234567", "71234"].iter().filter_map(|to| to.parse().ok()).collect(),
        body,
        from: domain::address::Originator::parse("Example").ok(),
        flash: true,
        receipt: true,
        valid_for: std::time::Duration::from_secs(600),
        now: domain::Timestamp::UNIX_EPOCH,
    };
    let account = Account { url: "https://x.example".into(), user: "u".into(), ..Account::default() };
    let _ = encode(&profile, &account, &looked);
    let said = parts.next().unwrap_or_default();
    for kind in ["", "application/json", "text/xml; charset=iso-8859-1"] {
        let read = verdicts(&profile, (200, kind, said), &looked).expect("a status");
        assert_eq!(read.len(), looked.to.len());
        let _ = heard(&profile, (kind, said, said), domain::Timestamp::UNIX_EPOCH);
    }
});
