//! The SOAP door by hand: SOAP 1.1, document/literal wrapped, credentials by Basic. Other people's SOAP stacks, which
//! read the WSDL, have stories of their own.

use super::Answer;
use crate::http::{Request, once};
use crate::settings::{PASSWORD, USER};
use std::io;
use std::net::SocketAddr;

/// Namespace of the web service's own messages.
pub const NAMESPACE: &str = "urn:omnigate:gateway:1";

/// The envelope of one SendSms.
#[must_use]
pub fn envelope(to: &str, text: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\">\
         <s:Body><SendSms xmlns=\"{NAMESPACE}\"><to>{to}</to><text>{text}</text></SendSms></s:Body></s:Envelope>"
    )
}

/// Sends one text; neither it nor the number may need escaping.
///
/// # Errors
/// When there is no whole answer.
pub fn send(address: SocketAddr, to: &str, text: &str) -> io::Result<Answer> {
    let request = Request::post("/soap/gateway", "text/xml; charset=utf-8", envelope(to, text));
    let request = request.header("SOAPAction", &format!("\"{NAMESPACE}/SendSms\"")).basic(USER, PASSWORD);
    let response = once(address, &request)?;
    let answer = response.text();
    if response.status != 200 || answer.contains("Fault>") {
        return Ok(Answer::Refused(format!("{} {answer}", response.status)));
    }
    let id = answer.split_once("<id>").or_else(|| answer.split_once(":id>"));
    Ok(match id.and_then(|(_, rest)| rest.split('<').next()) {
        Some(id) => Answer::Accepted(Some(id.to_owned())),
        None => Answer::Refused(answer),
    })
}
