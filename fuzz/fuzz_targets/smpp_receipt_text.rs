//! The text of a receipt: no panic, and every value is a part of the text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use smpp::receipt::{ReceiptState, as_decimal, as_hex, id_keys, parse, parse_date};

fuzz_target!(|text: &[u8]| {
    let fields = parse(text);
    let words =
        [fields.id, fields.sub, fields.dlvrd, fields.submit_date, fields.done_date, fields.stat, fields.err];
    for word in words.into_iter().flatten() {
        assert!(word.len() <= text.len() && !word.contains(&b' '));
        let _ = (parse_date(word), ReceiptState::from_word(word));
        let id = String::from_utf8_lossy(word);
        let _ = (as_decimal(&id), as_hex(&id));
        assert!(id_keys(&id).len() <= 4);
    }
});
