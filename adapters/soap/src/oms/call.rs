//! What is asked for: the element in the Body, and the document that its argument holds.

use super::document::{self, XmsBatch, XmsData};
use super::{NAMES, is_ours, once};
use crate::config::Config;
use crate::login::Token;
use crate::trouble::Trouble;
use crate::xml::{Element, Reader};
use domain::refusal::{Code, Refusal};
use domain::words;

/// The names of an operation ([MS-OMS] section 3.1.4).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Operation {
    /// Its own, which its element has.
    pub name: &'static str,
    /// The element that answers it.
    pub response: &'static str,
    /// The string in that.
    pub result: &'static str,
    argument: Option<&'static str>,
}

macro_rules! operation {
    ($name:literal, $argument:expr) => {
        Operation {
            name: $name,
            response: concat!($name, "Response"),
            result: concat!($name, "Result"),
            argument: $argument,
        }
    };
}

/// All of them. SendXms is what DeliverXms was called before Outlook 2007 was finished.
static OPERATIONS: [Operation; 5] = [
    operation!("GetServiceInfo", None),
    operation!("GetUserInfo", Some("xmsUser")),
    operation!("DeliverXms", Some("xmsData")),
    operation!("SendXms", Some("xmsData")),
    operation!("DeliverXmsBatch", Some("packageXml")),
];

/// What is asked.
#[derive(Debug)]
pub(super) enum Asked {
    /// What the service is and can.
    ServiceInfo,
    /// Who somebody is.
    UserInfo(Option<Token>),
    /// A message.
    Deliver(Box<XmsData>),
    /// Many.
    Batch(XmsBatch),
}

/// A call of an operation.
#[derive(Debug)]
pub(crate) struct Call {
    pub(super) operation: &'static Operation,
    pub(super) asked: Asked,
}

/// Reads the operation whose wrapper element was just opened.
pub(super) fn read(reader: &mut Reader<'_>, element: &Element, config: &Config) -> Result<Call, Trouble> {
    let known = OPERATIONS.iter().find(|operation| operation.name == element.local && is_ours(element));
    let operation = known.ok_or_else(|| NAMES.unexpected(element))?;
    let mut argument = None;
    while let Some(child) = reader.child()? {
        match operation.argument {
            // The whole document is one text: it may be as long as the body.
            Some(name) if is_ours(&child) && child.local == name => {
                once(&mut argument, name, reader.text_within(config.body.octets)?)?;
            }
            _ => reader.skip()?,
        }
    }
    let Some(name) = operation.argument else {
        return Ok(Call { operation, asked: Asked::ServiceInfo });
    };
    let text = argument.filter(|text| !text.trim().is_empty()).ok_or_else(|| {
        Refusal::field(Code::Malformed, name, words!("{name} saknas", "there is no {name}"))
    })?;
    let asked = match operation.name {
        "GetUserInfo" => Asked::UserInfo(document::xms_user(&text, config)?),
        "DeliverXmsBatch" => Asked::Batch(document::xms_batch(&text, config)?),
        _ => Asked::Deliver(Box::new(document::xms_data(&text, config)?)),
    };
    Ok(Call { operation, asked })
}
