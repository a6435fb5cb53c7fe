//! What a modem says, at any moment of a chat: no panic, no loop, nothing kept without bound; the answers' parsers too.

#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use modem::at;
use modem::chat::{Ask, Chat, Said};
use std::time::Duration;

fuzz_target!(|octets: &[u8]| {
    let (mode, octets) = octets.split_first().unwrap_or((&0, &[]));
    let mut chat = Chat::default();
    let wait = Duration::from_secs(60);
    match mode % 3 {
        0 => {}
        1 => chat.ask(Duration::ZERO, Ask::new("AT+CMGL=4", "+CMGL:", wait)),
        _ => {
            let text = Some(("00".to_owned(), wait));
            chat.ask(Duration::ZERO, Ask { text, ..Ask::new("AT+CMGS=1", "+CMGS:", wait) });
        }
    }
    let mut input = BytesMut::new();
    let mut said = 0;
    for piece in octets.chunks(usize::from(mode / 3) + 1) {
        input.extend_from_slice(piece);
        while let Some(one) = chat.next(Duration::ZERO, &mut input) {
            said += 1;
            assert!(said <= octets.len() + 1, "more said than came");
            if let Said::Answer(answer) = one {
                let text = answer.text();
                let _ = (at::cmgr(&text), at::creg(&text), at::cnmi_test(&text), at::csq(&text), at::cpms(&text));
                let _ = at::cmgl(&answer.lines);
            }
        }
        assert!(input.len() <= 2_048 + piece.len(), "what is not said is bounded");
    }
    let _ = chat.handle_timeout(wait * 2);
});
