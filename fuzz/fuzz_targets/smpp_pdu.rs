//! One SMPP frame: no panic, and what is canonical comes back octet for octet.

#![no_main]

use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;
use smpp::codec::{Body, decode, encode};
use smpp::receipt::{Detect, ParsedReceipt};
use smpp::time;

fuzz_target!(|octets: &[u8]| {
    // The length is put right, or nearly every input would end there.
    let mut frame = octets.to_vec();
    let length = (frame.len() as u32).to_be_bytes();
    if let Some(place) = frame.get_mut(..4) {
        place.copy_from_slice(&length);
    }
    let frame = Bytes::from(frame);
    let decoded = match decode(&frame) {
        Ok(decoded) => decoded,
        Err(error) => {
            let _ = (error.to_string(), error.answer());
            return;
        }
    };
    match &decoded.pdu.body {
        Body::DeliverSm(message) | Body::SubmitSm(message) => {
            let _ = ParsedReceipt::from_deliver(message, Detect::ByText);
            let _ = time::parse(message.validity_period.as_bytes());
        }
        Body::DataSm(message) => {
            let _ = ParsedReceipt::from_data(message, Detect::ByText);
        }
        _ => {}
    }
    if decoded.warnings.is_empty() {
        let mut back = BytesMut::new();
        encode(&decoded.pdu, &mut back).expect("what was read without a remark can be written");
        assert_eq!(back, frame);
    }
});
