//! One segment as a submit_sm (sections 4.4.1 and 5.2): addresses, coding, header, validity, by the link's settings.

use crate::codec::{Address, Octets, ShortMessage, Tlvs, tag};
use crate::config::{DefaultAlphabet, FlashForm, LongForm, NameCharset, Numbering, SmppConfig, ValidityForm};
use crate::time;
use bytes::Bytes;
use domain::Timestamp;
use domain::address::{Originator, Recipient};
use domain::message::{Message, WHOLE};
use domain::routing::{Failure, FailureClass};
use domain::text::{Segment, SegmentBody, ascii, gsm7, latin1};
use jiff::tz::Offset;
use ports::driven::Shipment;

/// Text begins with a user data header.
const UDHI: u8 = 0x40;
/// What short_message holds.
const SHORT: usize = 254;
/// data_coding of class 0.
const FLASH_GSM: u8 = 0x10;
const FLASH_GSM_CLASS: u8 = 0xF0;
const FLASH_UCS2: u8 = 0x18;

/// The submit_sm of a segment. `plain` = the peer takes no optional parameters.
///
/// # Errors
/// A permanent [`Failure`] when there is no such segment.
pub(super) fn short_message(
    config: &SmppConfig,
    plain: bool,
    now: Timestamp,
    shipment: &Shipment,
    index: usize,
) -> Result<ShortMessage, Failure> {
    let Some((seq, segment)) = shipment.segments.get(index) else {
        let detail = "no such segment".to_owned();
        return Err(Failure { class: FailureClass::Permanent, code: "smpp-unsayable".to_owned(), detail });
    };
    let message = &shipment.message;
    let mut pdu = ShortMessage {
        service_type: config.service_type.as_str().into(),
        source: source(config, shipment.originator.as_ref()),
        destination: destination(config, &message.recipient),
        esm_class: config.esm_class,
        protocol_id: config.protocol_id,
        priority_flag: priority(config, message),
        validity_period: validity(config.validity, now, message.expires_at),
        registered_delivery: if shipment.receipt { config.registered_delivery } else { 0 },
        data_coding: coding(config, message, &segment.body),
        ..ShortMessage::default()
    };
    fill(config, plain, message, (*seq, segment), &mut pdu)?;
    if !plain {
        extras(config, message.flash, &mut pdu.tlvs);
    }
    Ok(pdu)
}

/// The text with what ties it to the other segments; all of it in message_payload when the operator is to cut it (section 5.3.2.32).
fn fill(
    config: &SmppConfig,
    plain: bool,
    message: &Message,
    (seq, segment): (u8, &Segment),
    pdu: &mut ShortMessage,
) -> Result<(), Failure> {
    let own_header = message.body.has_own_header();
    let sar = segment.concat.filter(|_| config.long_form == LongForm::Sar && !plain);
    let header = if sar.is_some() { Vec::new() } else { segment.header() };
    if own_header || !header.is_empty() {
        pdu.esm_class |= UDHI;
    }
    if let Some(concat) = sar {
        pdu.tlvs.push_u16(tag::SAR_MSG_REF_NUM, concat.reference);
        pdu.tlvs.push_u8(tag::SAR_TOTAL_SEGMENTS, concat.total);
        pdu.tlvs.push_u8(tag::SAR_SEGMENT_SEQNUM, concat.seq);
    }
    let mut octets = header;
    // A data_coding of class 0 names the GSM alphabet, whatever the link's is.
    let alphabet =
        if is_coded_flash(config, message) { DefaultAlphabet::Gsm } else { config.default_alphabet };
    text(alphabet, &segment.body, &mut octets);
    if (seq == WHOLE || octets.len() > SHORT) && !plain {
        pdu.tlvs.push(tag::MESSAGE_PAYLOAD, octets);
    } else if octets.len() <= SHORT {
        pdu.short_message = Bytes::from(octets);
    } else {
        let detail = "the operator takes no message_payload: set long = \"udh\" for this link".to_owned();
        return Err(Failure { class: FailureClass::Temporary, code: "smpp-too-long".to_owned(), detail });
    }
    Ok(())
}

fn text(alphabet: DefaultAlphabet, body: &SegmentBody, octets: &mut Vec<u8>) {
    match (alphabet, body) {
        (DefaultAlphabet::Latin1, SegmentBody::Gsm7(septets)) => {
            octets.extend(latin1::encode_lossy(&gsm7::decode(septets)))
        }
        (DefaultAlphabet::Ascii, SegmentBody::Gsm7(septets)) => {
            octets.extend(gsm7::decode(septets).chars().map(ascii::likeness))
        }
        _ => octets.extend_from_slice(body.octets()),
    }
}

/// Whether data_coding says that the message is shown at once.
fn is_coded_flash(config: &SmppConfig, message: &Message) -> bool {
    message.flash && matches!(config.flash_form, FlashForm::Coding | FlashForm::Class)
}

fn coding(config: &SmppConfig, message: &Message, body: &SegmentBody) -> u8 {
    let flash = is_coded_flash(config, message);
    match body {
        SegmentBody::Gsm7(_) if flash && config.flash_form == FlashForm::Class => FLASH_GSM_CLASS,
        SegmentBody::Gsm7(_) if flash => FLASH_GSM,
        SegmentBody::Gsm7(_) => config.text_coding,
        SegmentBody::Ucs2(_) if flash => FLASH_UCS2,
        SegmentBody::Ucs2(_) => config.ucs2_coding,
        SegmentBody::Binary(_) => config.binary_coding,
    }
}

fn priority(config: &SmppConfig, message: &Message) -> u8 {
    let class = usize::try_from(message.priority.code()).unwrap_or(0);
    config.priority_flags.get(class).copied().unwrap_or(0)
}

fn validity(form: ValidityForm, now: Timestamp, expires_at: Timestamp) -> Octets {
    let left = expires_at.duration_since(now);
    match form {
        ValidityForm::None => Octets::EMPTY,
        ValidityForm::Relative => {
            std::time::Duration::try_from(left).map_or(Octets::EMPTY, |left| time::relative(left).into())
        }
        ValidityForm::Absolute => time::absolute(expires_at, Offset::UTC).map_or(Octets::EMPTY, Octets::from),
    }
}

fn extras(config: &SmppConfig, flash: bool, tlvs: &mut Tlvs) {
    if flash && config.flash_form == FlashForm::Subunit {
        tlvs.push_u8(tag::DEST_ADDR_SUBUNIT, 1);
    }
    for (tag, octets) in &config.extra_parameters {
        tlvs.push(*tag, octets.clone());
    }
}

fn address(numbering: Numbering, addr: impl Into<Octets>) -> Address {
    Address::new(numbering.ton, numbering.npi, addr)
}

/// The recipient.
pub(super) fn destination(config: &SmppConfig, recipient: &Recipient) -> Address {
    match recipient {
        Recipient::Number(number) => address(config.international, number.to_string()),
        Recipient::Short(code) => address(config.short_code, code.as_str()),
        Recipient::Pager(pager) if pager.is_international() => address(config.international, pager.as_str()),
        Recipient::Pager(pager) => address(config.short_code, pager.as_str()),
    }
}

/// The sender; nothing where the operator puts his own.
pub(super) fn source(config: &SmppConfig, originator: Option<&Originator>) -> Address {
    match originator {
        None => Address::default(),
        Some(Originator::Number(number)) => address(config.international, number.to_string()),
        Some(Originator::Short(code)) => address(config.short_code, code.as_str()),
        Some(Originator::Name(name)) => address(config.name, name_octets(config.name_charset, name.as_str())),
    }
}

fn name_octets(charset: NameCharset, name: &str) -> Octets {
    match charset {
        NameCharset::Ascii => name.chars().map(ascii::likeness).collect::<Vec<u8>>().into(),
        NameCharset::Latin1 => latin1::encode_lossy(name).into(),
        NameCharset::Utf8 => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fakes::samples;
    use std::sync::Arc;

    /// data_coding and the octets of a text.
    fn said(config: &SmppConfig, text: &str, flash: bool) -> (u8, Vec<u8>) {
        let mut shipment = samples::shipment(samples::message(1, Timestamp::UNIX_EPOCH), text);
        Arc::make_mut(&mut shipment.message).flash = flash;
        let pdu = short_message(config, false, Timestamp::UNIX_EPOCH, &shipment, 0).expect("sayable");
        (pdu.data_coding, pdu.short_message.to_vec())
    }

    #[test]
    fn flash_is_written_in_the_alphabet_that_its_coding_names() {
        for (default_alphabet, plain) in [
            (DefaultAlphabet::Latin1, &b"\xe5@"[..]),
            (DefaultAlphabet::Ascii, b"a@"),
            (DefaultAlphabet::Gsm, b"\x0f\x00"),
        ] {
            let link = SmppConfig { default_alphabet, text_coding: 3, ..SmppConfig::default() };
            assert_eq!(said(&link, "å@", false), (3, plain.to_vec()));
            for (flash_form, coding, octets) in [
                (FlashForm::Coding, FLASH_GSM, &b"\x0f\x00"[..]),
                (FlashForm::Class, FLASH_GSM_CLASS, b"\x0f\x00"),
                (FlashForm::Subunit, 3, plain),
            ] {
                let link = SmppConfig { flash_form, ..link.clone() };
                assert_eq!(
                    said(&link, "å@", true),
                    (coding, octets.to_vec()),
                    "{default_alphabet:?} {flash_form:?}"
                );
            }
        }
    }
}
