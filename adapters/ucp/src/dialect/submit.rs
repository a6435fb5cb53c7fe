//! One segment as the fields of 51, 30 or 01: addresses, text, header, coding, validity, by the link's settings.
//!
//! 30 and 01 know texts of the link's alphabet only: a header is left out there (each part stands alone, with its number), and
//! what the alphabet lacks is folded to what is like it. Of whom that was known for when he sent it, he has been told.

use super::outcome::unsayable;
use crate::codec::{self, Extra, Submission, five, minutes, pack_sender, thirty, zero_one};
use crate::config::{FlashForm, LONGEST_NUMBER, UcpConfig};
use bytes::Bytes;
use domain::Timestamp;
use domain::address::{Originator, Recipient};
use domain::message::{Body, Message};
use domain::routing::Failure;
use domain::text::{Concat, Segment, SegmentBody, gsm7, restrict, ucs2};
use jiff::{RoundMode, TimestampRound, Unit};
use pdu::{Dcs, hex};
use ports::driven::Shipment;

/// Message types.
const TEXT: &str = "3";
const TRANSPARENT: &str = "4";
/// OTOA of an international number and of a name.
const INTERNATIONAL: &str = "1139";
const NAME: &str = "5039";
/// Units of UCS-2 in a message of one part.
const LONGEST_UCS2: usize = 70;
/// MCLs of a flash message.
const FLASH: &str = "0";

/// The fields of the operation that submits a segment.
///
/// # Errors
/// A permanent [`Failure`] when there is no such segment, or an address does not fit.
pub(super) fn fields(
    config: &UcpConfig,
    now: Timestamp,
    shipment: &Shipment,
    index: usize,
) -> Result<Vec<Bytes>, Failure> {
    let (_, segment) = shipment.segments.get(index).ok_or_else(|| unsayable(&"no such segment"))?;
    match config.submission {
        Submission::Submit => full(config, now, shipment, segment),
        Submission::Transfer => transfer(config, now, shipment, segment),
        Submission::Call => call(config, shipment, segment),
    }
}

/// Fields by their places.
struct Fields(Vec<Bytes>);

impl Fields {
    fn new(count: usize) -> Self {
        Self(vec![Bytes::new(); count])
    }

    fn put(&mut self, place: usize, value: impl Into<Bytes>) {
        if let Some(field) = self.0.get_mut(place) {
            *field = value.into();
        }
    }
}

fn full(
    config: &UcpConfig,
    now: Timestamp,
    shipment: &Shipment,
    segment: &Segment,
) -> Result<Vec<Bytes>, Failure> {
    let message = &*shipment.message;
    let mut fields = Fields::new(five::COUNT);
    fields.put(five::ADC, recipient(config, message)?);
    if let Some((address, kind)) = originator(config, shipment.originator.as_ref())? {
        fields.put(five::OADC, address);
        fields.put(five::OTOA, kind);
    }
    if shipment.receipt {
        fields.put(five::NRQ, "1");
        fields.put(five::NT, config.notifications.to_string());
        fields.put(five::NADC, config.notification_address.clone());
        fields.put(five::NPID, config.notification_pid.clone());
    }
    fields.put(five::VP, validity(config, now, message));
    let widened = widened(config, message, segment);
    text(config, message, widened.as_ref().unwrap_or(segment), &mut fields);
    for (place, value) in &config.extra_fields {
        fields.put(*place, value.clone());
    }
    Ok(fields.0)
}

/// A short text of which the alphabet of this link would lose something, in UCS-2: that costs no more and loses nothing.
fn widened(config: &UcpConfig, message: &Message, segment: &Segment) -> Option<Segment> {
    let SegmentBody::Gsm7(septets) = &segment.body else { return None };
    if !config.alphabet.is_narrow() {
        return None;
    }
    let text = gsm7::decode(septets);
    let plain = restrict(&text, &config.alphabet.letters());
    if plain.lost == 0 {
        return None;
    }
    let alone = segment.concat.is_none() && !message.body.has_own_header();
    if !alone || ucs2::unit_len(&text) > LONGEST_UCS2 {
        tracing::warn!(message = %message.id, lost = plain.lost, "characters that the alphabet of this link lacks were replaced");
        return None;
    }
    Some(Segment { body: SegmentBody::Ucs2(ucs2::encode(&text)), ..segment.clone() })
}

/// The text, and what says how it is coded.
fn text(config: &UcpConfig, message: &Message, segment: &Segment, fields: &mut Fields) {
    let header = segment.header();
    let dcs = Dcs::new(segment.body.alphabet(), message.flash);
    let mut services = String::new();
    let mut class = if message.flash { FLASH.to_owned() } else { String::new() };
    let mut coded = message.flash && config.flash_form != FlashForm::Class;
    let mut octets = segment.body.octets();
    let converted;
    match &segment.body {
        SegmentBody::Gsm7(septets) => {
            fields.put(five::MT, TEXT);
            converted = config.alphabet.to_wire(septets);
            octets = &converted;
        }
        SegmentBody::Ucs2(_) | SegmentBody::Binary(_) => {
            fields.put(five::MT, TRANSPARENT);
            fields.put(five::NB, (octets.len() * 8).to_string());
            coded = true;
            if let (false, Some(usual)) = (message.flash, config.transparent_class) {
                class = usual.to_string();
            }
        }
    }
    let own_header = message.body.has_own_header();
    let (header, octets) = match octets.first() {
        Some(length) if own_header && header.is_empty() => {
            octets.split_at(octets.len().min(usize::from(*length) + 1))
        }
        _ => (header.as_slice(), octets),
    };
    if !header.is_empty() {
        codec::push_service(&mut services, Extra::Header, header);
        if segment.body.alphabet() != domain::text::Alphabet::Gsm7 {
            fields.put(five::NB, (octets.len() * 8).to_string());
        }
    }
    if coded {
        codec::push_service(&mut services, Extra::Coding, &[dcs.0]);
    }
    if !(message.flash && config.flash_form == FlashForm::Coding) {
        fields.put(five::MCLS, class);
    }
    fields.put(five::MSG, hex::encode(octets));
    fields.put(five::XSER, services);
}

fn transfer(
    config: &UcpConfig,
    now: Timestamp,
    shipment: &Shipment,
    segment: &Segment,
) -> Result<Vec<Bytes>, Failure> {
    let mut fields = Fields::new(thirty::COUNT);
    fields.put(thirty::ADC, recipient(config, &shipment.message)?);
    fields.put(thirty::OADC, number_only(config, shipment.originator.as_ref())?);
    if shipment.receipt {
        fields.put(thirty::NRQ, "1");
        fields.put(thirty::NADC, config.notification_address.clone());
        fields.put(thirty::NPID, config.notification_pid.clone());
    }
    fields.put(thirty::VP, validity(config, now, &shipment.message));
    fields.put(thirty::MSG, plain_text(config, &shipment.message, segment)?);
    Ok(fields.0)
}

fn call(config: &UcpConfig, shipment: &Shipment, segment: &Segment) -> Result<Vec<Bytes>, Failure> {
    let mut fields = Fields::new(zero_one::COUNT);
    fields.put(zero_one::ADC, recipient(config, &shipment.message)?);
    fields.put(zero_one::OADC, number_only(config, shipment.originator.as_ref())?);
    fields.put(zero_one::MT, TEXT);
    fields.put(zero_one::MSG, plain_text(config, &shipment.message, segment)?);
    Ok(fields.0)
}

/// The text in the letters of the link. It has them already when it was meant for this link; one that comes from another may not.
fn plain_text(config: &UcpConfig, message: &Message, segment: &Segment) -> Result<String, Failure> {
    if matches!(segment.body, SegmentBody::Binary(_)) {
        return Err(unsayable(&"this operation carries texts only, and the message is binary"));
    }
    let letters = config.alphabet.letters();
    if let Body::Text { text, .. } = &message.body
        && restrict(text, &letters).is_unreadable
    {
        return Err(unsayable(&"the alphabet of this link lacks most letters of the text"));
    }
    let plain = restrict(&segment.body.text(), &letters);
    if !plain.changes.is_empty() {
        let changed = plain.changes.len();
        tracing::warn!(message = %message.id, changed, "characters that this link does not carry were replaced");
    }
    let numbered = format!("{}{}", number_of(segment), plain.text);
    let septets = gsm7::encode_lossy(&numbered);
    if septets.len() > gsm7::SINGLE {
        return Err(unsayable(&format_args!("{} characters; at most {} fit", septets.len(), gsm7::SINGLE)));
    }
    Ok(hex::encode(&config.alphabet.to_wire(&septets)))
}

/// There is no header that would join the parts again: people do it by these, which fit beside a part of 153.
fn number_of(segment: &Segment) -> String {
    match segment.concat {
        None => String::new(),
        Some(Concat { seq, total, .. }) if total < 10 => format!("({seq}/{total}) "),
        Some(Concat { seq, total, .. }) if total < 100 => format!("{seq}/{total} "),
        Some(Concat { seq, total, .. }) => format!("{seq}/{total}"),
    }
}

fn fits(number: String) -> Result<String, Failure> {
    if number.len() > LONGEST_NUMBER {
        return Err(unsayable(&format_args!(
            "a number of {} digits; at most {LONGEST_NUMBER} fit",
            number.len()
        )));
    }
    Ok(number)
}

fn recipient(config: &UcpConfig, message: &Message) -> Result<String, Failure> {
    fits(match &message.recipient {
        Recipient::Number(number) => format!("{}{number}", config.recipient_prefix),
        Recipient::Short(code) => code.as_str().to_owned(),
        Recipient::Pager(pager) if pager.is_international() => {
            format!("{}{}", config.recipient_prefix, pager.as_str())
        }
        Recipient::Pager(pager) => pager.as_str().to_owned(),
    })
}

/// The sender and its OTOA.
fn originator(
    config: &UcpConfig,
    originator: Option<&Originator>,
) -> Result<Option<(String, &'static str)>, Failure> {
    Ok(Some(match originator {
        None => return Ok(None),
        Some(Originator::Number(number)) if config.originator_prefix.is_empty() => {
            (fits(number.to_string())?, INTERNATIONAL)
        }
        Some(Originator::Number(number)) => (fits(format!("{}{number}", config.originator_prefix))?, ""),
        Some(Originator::Short(code)) => (code.as_str().to_owned(), ""),
        Some(Originator::Name(name)) => (pack_sender(name.as_str()).map_err(|e| unsayable(&e))?, NAME),
    }))
}

/// The sender where it can only be digits: a name is left out, and the centre puts its own.
fn number_only(config: &UcpConfig, sender: Option<&Originator>) -> Result<String, Failure> {
    match originator(config, sender)? {
        Some((address, kind)) if kind != NAME => Ok(address),
        _ => Ok(String::new()),
    }
}

/// VP knows minutes only: the next one, since the one that has begun may be over for the centre, which refuses that for good.
fn validity(config: &UcpConfig, now: Timestamp, message: &Message) -> String {
    match &config.time_zone {
        Some(zone) if message.expires_at > now => {
            let up = TimestampRound::new().smallest(Unit::Minute).mode(RoundMode::Ceil);
            let at = message.expires_at.round(up).unwrap_or(message.expires_at);
            minutes(at.to_zoned(zone.clone()).datetime())
        }
        _ => String::new(),
    }
}
