//! TAP from both sides: blocks that are read are written to the same octets, what a central says is heard the same however it is split,
//! and the chat with a modem keeps nothing without bound.

#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use modem::call::{Hayes, Script};
use modem::tap::codec::{Answers, Block, Charset, Heard, blocks, response};
use std::time::Duration;

fn heard(pieces: &[&[u8]]) -> Vec<Heard> {
    let mut answers = Answers::default();
    let mut all = Vec::new();
    for piece in pieces {
        let mut input = BytesMut::from(*piece);
        while let Some(one) = answers.hear(&mut input) {
            all.push(one);
        }
        assert!(input.is_empty(), "everything is taken off");
    }
    all
}

fuzz_target!(|octets: &[u8]| {
    let (at, octets) = octets.split_first().unwrap_or((&0, &[]));
    if let Ok(block) = Block::parse(octets) {
        let again = Block::parse(&block.octets()).expect("what was read can be written and read");
        assert_eq!(again, block);
    }
    let (first, last) = octets.split_at(usize::from(*at).min(octets.len()));
    assert_eq!(heard(&[first, last]), heard(&[octets]), "how it is split changes nothing");
    let _ = response(octets);

    let text = String::from_utf8_lossy(octets);
    for charset in [Charset::Ascii, Charset::Swedish] {
        let field = charset.encode(&text, at % 2 == 0);
        assert!(field.iter().all(|octet| *octet < 0x7F), "seven bits");
        let longest = usize::from(*at).max(40);
        let page = blocks(&[b"0740123456".to_vec(), field], longest);
        assert!(page.iter().all(|block| block.len() <= longest && Block::parse(block).is_ok()));
    }

    let script = Script { init: vec!["ATZ".into()], dial: "ATDT".into(), patience: Duration::from_secs(60) };
    let mut chat = Hayes::new(script, "08-123", Duration::ZERO);
    let mut input = BytesMut::from(octets);
    let _ = chat.handle_input(Duration::ZERO, &mut input);
    assert!(chat.out().len() < 200, "nothing is said that was not asked for");
});
