//! From messages to the request that carries them, by a profile. Every value is escaped by the position it stands in.

use super::message::{Account, Load};
use super::profile::{Auth, Body, Field, Json, Profile, Xml};
use super::sign;
use super::template::{Filled, octets, percent};
use super::xml;
use bytes::Bytes;
use domain::Timestamp;
use domain::text::Segment;
use http::{HeaderMap, HeaderValue, header};
use ports::driven::Shipment;
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use std::fmt::Write as _;
use web_kit::Call;

/// Why a message cannot be said in an operator's request. It is the same at each try.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unsayable {
    #[error("the operator does not take octets")]
    Binary,
    #[error("the character {0:?} is not in the operator's character set")]
    Character(char),
    #[error("a value cannot stand in the header {0}")]
    Header(String),
    #[error("the URL lacks a value")]
    Url,
}

/// The request for shipments that are equal but for their recipients; `part` when the gateway cuts.
pub(super) fn call(
    profile: &Profile,
    account: &Account,
    shipments: &[Shipment],
    part: Option<(u8, &Segment)>,
    now: Timestamp,
) -> Result<Call, Unsayable> {
    let mut load = Load { profile, account, shipments, part, now, signature: None };
    let is_binary = shipments.iter().any(|s| matches!(s.message.body, domain::message::Body::Binary { .. }));
    if is_binary && !profile.binary {
        return Err(Unsayable::Binary);
    }
    let send = &profile.send;
    if let Some((hash, of)) = &send.signature {
        let signed = of.fill(&load, &profile.zone).ok_or(Unsayable::Url)?;
        load.signature = Some(hash.hex(&octets(signed, profile.charset).map_err(Unsayable::Character)?));
    }
    let mut url = send.url.fill_url(&load, &profile.zone, profile.charset).ok_or(Unsayable::Url)?;
    let query = pairs(&send.query, &load)?;
    if !query.is_empty() {
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str(&query);
    }
    let mut headers = HeaderMap::new();
    let (body, kind) = match &send.body {
        Body::None => (Vec::new(), None),
        Body::Form(fields) => (pairs(fields, &load)?.into_bytes(), Some("application/x-www-form-urlencoded")),
        Body::Json(document) => {
            let value = json(document, &load).unwrap_or_default();
            (serde_json::to_vec(&value).unwrap_or_default(), Some("application/json"))
        }
        Body::Xml(root) => (document(root, &load), Some("text/xml")),
    };
    if let Some(kind) = send.content_type.clone().or(kind.map(HeaderValue::from_static)) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    for (name, value) in &send.headers {
        let Some(value) = value.fill(&load, &profile.zone) else { continue };
        let value = HeaderValue::from_str(&value.text()).map_err(|_| Unsayable::Header(name.to_string()))?;
        headers.insert(name, value);
    }
    authorize(profile.auth, account, &mut headers)?;
    Ok(Call { method: send.method.clone(), url, headers, body: Bytes::from(body) })
}

fn authorize(auth: Auth, account: &Account, headers: &mut HeaderMap) -> Result<(), Unsayable> {
    let password = account.password.expose_secret();
    let text = match auth {
        Auth::None => return Ok(()),
        Auth::Basic => format!("Basic {}", sign::base64(format!("{}:{password}", account.user).as_bytes())),
        Auth::Bearer => format!("Bearer {password}"),
    };
    let mut value =
        HeaderValue::from_str(&text).map_err(|_| Unsayable::Header(header::AUTHORIZATION.to_string()))?;
    value.set_sensitive(true);
    headers.insert(header::AUTHORIZATION, value);
    Ok(())
}

/// Names and values, percent-encoded in the profile's character set.
fn pairs(fields: &[Field], load: &Load<'_>) -> Result<String, Unsayable> {
    let mut text = String::new();
    for field in fields.iter().filter(|field| field.when.holds(load)) {
        let Some(value) = field.value.fill(load, &load.profile.zone) else { continue };
        let value = octets(value, load.profile.charset).map_err(Unsayable::Character)?;
        if !text.is_empty() {
            text.push('&');
        }
        percent(&mut text, field.name.as_bytes());
        text.push('=');
        percent(&mut text, &value);
    }
    Ok(text)
}

/// The document; `None` = a value is absent, and with it the place it would have.
fn json(template: &Json, load: &Load<'_>) -> Option<Value> {
    match template {
        Json::Constant(value) => Some(value.clone()),
        Json::Leaf(leaf) => Some(match leaf.fill(load, &load.profile.zone)? {
            Filled::Number(number) if leaf.literal().is_none() => Value::from(number),
            other => Value::String(other.text()),
        }),
        Json::List(all) => Some(Value::Array(all.iter().filter_map(|one| json(one, load)).collect())),
        Json::Each(one) => {
            let each = load.shipments.iter().filter_map(|shipment| json(one, &load.only(shipment)));
            Some(Value::Array(each.collect()))
        }
        Json::Object(all) => {
            let mut object = Map::new();
            for (name, when, value) in all {
                if when.holds(load)
                    && let Some(value) = json(value, load)
                {
                    object.insert(name.clone(), value);
                }
            }
            Some(Value::Object(object))
        }
    }
}

/// The document with its declaration. A character that the character set lacks becomes a reference to it.
fn document(root: &Xml, load: &Load<'_>) -> Vec<u8> {
    let utf8 = load.profile.charset == encoding_rs::UTF_8;
    let name = if utf8 { "UTF-8" } else { "ISO-8859-1" };
    let mut text = format!("<?xml version=\"1.0\" encoding=\"{name}\"?>\n");
    element(&mut text, root, load, utf8);
    if utf8 {
        return text.into_bytes();
    }
    let mut octets = Vec::with_capacity(text.len());
    for c in text.chars() {
        match u8::try_from(u32::from(c)) {
            Ok(octet) => octets.push(octet),
            Err(_) => octets.extend_from_slice(format!("&#{};", u32::from(c)).as_bytes()),
        }
    }
    octets
}

fn element(into: &mut String, template: &Xml, load: &Load<'_>, utf8: bool) {
    if !template.when.holds(load) {
        return;
    }
    if template.each && load.shipments.len() > 1 {
        load.shipments.iter().for_each(|shipment| element(into, template, &load.only(shipment), utf8));
        return;
    }
    let zone = &load.profile.zone;
    let text = match template.text.as_ref().map(|text| text.fill(load, zone)) {
        Some(None) => return,
        Some(Some(filled)) => filled.text(),
        None => String::new(),
    };
    let _ = write!(into, "<{}", template.name);
    for (name, value) in &template.attributes {
        if let Some(value) = value.fill(load, zone) {
            let _ = write!(into, " {name}=\"");
            xml::escape(into, &value.text());
            into.push('"');
        }
    }
    into.push('>');
    // A reference is none inside character data: a text with characters that the character set lacks goes escaped.
    if template.data && (utf8 || text.chars().all(|c| u32::from(c) < 256)) {
        xml::character_data(into, &text);
    } else {
        xml::escape(into, &text);
    }
    template.children.iter().for_each(|child| element(into, child, load, utf8));
    let _ = write!(into, "</{}>", template.name);
}
