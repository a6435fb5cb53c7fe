//! An operator's call to us: which kind it is, and what it says.

use super::answer::{digits, hold, of_recipient};
use super::document::Document;
use super::profile::{Called, MoCall, Profile, ReceiptCall, Reply, TimeForm};
use super::sign;
use domain::Timestamp;
use domain::address::Recipient;
use domain::directory::LinkId;
use domain::mo::{MoBody, MoPart};
use domain::receipt::{Receipt, Verdict};
use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

/// Receipts in one call, at most.
const MOST_RECEIPTS: usize = 1_000;
/// The longest id, address or error that is taken over.
const LONGEST: usize = 190;

/// Which address was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// For receipts.
    Receipt,
    /// For received messages.
    Mo,
    /// For both: the call itself must say.
    Either,
}

/// A call as it came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Incoming<'a> {
    pub(super) place: Place,
    pub(super) content_type: &'a str,
    pub(super) query: &'a str,
    pub(super) body: &'a [u8],
    /// `Omnigate-Signature`.
    pub(super) signature: Option<&'a str>,
    /// What it must be made with.
    pub(super) secret: Option<&'a [u8]>,
    pub(super) now: Timestamp,
}

/// What a call says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Heard {
    /// Receipts.
    Receipts(Vec<Receipt>),
    /// A received message.
    Mo(Box<MoPart>),
}

/// Why a call is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotHeard {
    #[error("it is neither a receipt nor a received message of this operator")]
    Unknown,
    #[error("its signature is missing, wrong or old")]
    Signature,
    #[error("a field is missing or cannot be read")]
    Field,
}

/// Reads a call; with what is to be answered when it is taken.
pub(super) fn hear<'p>(
    profile: &'p Profile,
    link: &LinkId,
    incoming: &Incoming<'_>,
) -> Result<(Heard, &'p Reply), NotHeard> {
    let read = |called: &Called| {
        Document::read(called.form, incoming.body, incoming.content_type, called.charset)
            .with_query(incoming.query)
    };
    if let Some(call) = profile.receipt.as_ref().filter(|_| incoming.place != Place::Mo) {
        let document = read(&call.called);
        if hold(&call.called.holds, &document) {
            signed(&call.called, incoming)?;
            return Ok((Heard::Receipts(receipts(profile, call, link, &document)?), &call.called.reply));
        }
    }
    if let Some(call) = profile.mo.as_ref().filter(|_| incoming.place != Place::Receipt) {
        let document = read(&call.called);
        if hold(&call.called.holds, &document) {
            signed(&call.called, incoming)?;
            let part = mo(call, link, &document, &profile.zone, incoming.now)?;
            return Ok((Heard::Mo(Box::new(part)), &call.called.reply));
        }
    }
    Err(NotHeard::Unknown)
}

fn signed(called: &Called, incoming: &Incoming<'_>) -> Result<(), NotHeard> {
    let fits = |(header, secret): (&str, &[u8])| {
        sign::is_ours(header, incoming.body, secret, incoming.now.as_second())
    };
    if !called.signed || incoming.signature.zip(incoming.secret).is_some_and(fits) {
        Ok(())
    } else {
        Err(NotHeard::Signature)
    }
}

fn receipts(
    profile: &Profile,
    call: &ReceiptCall,
    link: &LinkId,
    document: &Document,
) -> Result<Vec<Receipt>, NotHeard> {
    let entries = match &call.each {
        Some(path) => document.each(path),
        None => vec![document.clone()],
    };
    let read = |entry: &Document| {
        let id = entry.one(&call.id).map(|id| clean(&id)).filter(|id| !id.is_empty())?;
        let state = entry.one(&call.state)?;
        let to = call.to.as_ref().and_then(|path| entry.one(path)).map(|to| digits(&to));
        Some(Receipt {
            link: link.clone(),
            operator_id: match &to {
                Some(to) if profile.shared_ids => of_recipient(&id, to),
                _ => id,
            },
            recipient: to.and_then(|to| Recipient::parse(&to).ok()),
            verdict: verdict(call, state.trim()),
            error: call
                .error
                .as_ref()
                .and_then(|path| entry.one(path))
                .map(|e| clean(&e))
                .unwrap_or_default(),
            done_at: time(&call.called, entry, &profile.zone),
        })
    };
    let all: Option<Vec<Receipt>> = entries.iter().take(MOST_RECEIPTS).map(read).collect();
    all.filter(|all| !all.is_empty()).ok_or(NotHeard::Field)
}

fn verdict(call: &ReceiptCall, state: &str) -> Verdict {
    let number = state.parse::<i64>().ok();
    let lower = state.to_lowercase();
    let is = |word: &str| match (word.split_at_checked(1), number) {
        (Some(("<", limit)), Some(number)) => limit.trim().parse().is_ok_and(|limit: i64| number < limit),
        (Some((">", limit)), Some(number)) => limit.trim().parse().is_ok_and(|limit: i64| number > limit),
        _ => word == lower,
    };
    call.states.iter().find(|(word, _)| is(word)).map_or(call.otherwise, |(_, verdict)| *verdict)
}

fn mo(
    call: &MoCall,
    link: &LinkId,
    document: &Document,
    zone: &TimeZone,
    now: Timestamp,
) -> Result<MoPart, NotHeard> {
    let address = |path: &str| document.one(path).map(|text| clean(text.trim().trim_start_matches('+')));
    let is_binary = !call.binary.is_empty() && hold(&call.binary, document);
    let body = if is_binary {
        MoBody::Binary(document.octets(&call.text).ok_or(NotHeard::Field)?)
    } else {
        MoBody::Text(document.one(&call.text).ok_or(NotHeard::Field)?)
    };
    Ok(MoPart {
        link: link.clone(),
        source: address(&call.from).ok_or(NotHeard::Field)?,
        destination: address(&call.to).unwrap_or_default(),
        concat: None,
        body,
        received_at: now,
        operator_at: time(&call.called, document, zone),
        operator_id: call
            .id
            .as_ref()
            .and_then(|path| document.one(path))
            .map(|id| clean(&id))
            .unwrap_or_default(),
        said_before: 0,
    })
}

fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST).collect::<String>().trim().to_owned()
}

fn time(called: &Called, document: &Document, zone: &TimeZone) -> Option<Timestamp> {
    let text = document.one(called.at.as_ref()?)?;
    let text = text.trim();
    let local = |at: DateTime| zone.to_zoned(at).ok().map(|zoned| zoned.timestamp());
    match &called.at_form {
        TimeForm::Rfc3339 => text.parse().ok().or_else(|| local(text.parse().ok()?)),
        TimeForm::Unix => {
            let number: i64 = text.split('.').next()?.parse().ok()?;
            // Some give milliseconds.
            if number > 100_000_000_000 {
                Timestamp::from_millisecond(number).ok()
            } else {
                Timestamp::from_second(number).ok()
            }
        }
        TimeForm::Strtime(format) => {
            let read = BrokenDownTime::parse(format, text).ok()?;
            read.to_timestamp().ok().or_else(|| local(read.to_datetime().ok()?))
        }
    }
}
