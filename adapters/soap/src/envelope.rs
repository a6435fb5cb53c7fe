//! The envelope: which version it is, its header blocks, and the one element of its Body (SOAP 1.1 section 4, SOAP 1.2 part 1 section 5).

use crate::config::Config;
use crate::login::{self, Token};
use crate::port_type::PortType;
use crate::trouble::{Trouble, malformed};
use crate::understand::{self, Name};
use crate::version::Version;
use crate::xml::{Reader, XmlError};
use domain::Timestamp;

/// What a message says.
pub(crate) struct Message<C> {
    /// The UsernameToken of its security header.
    pub token: Option<Token>,
    /// What is asked for.
    pub call: C,
}

/// Reads a message to a service. The version is told also when the rest cannot be read; `fallback` stands until it is known.
pub(crate) fn read<P: PortType>(
    text: &str,
    config: &Config,
    now: Timestamp,
    fallback: Version,
) -> (Version, Result<Message<P::Call>, Trouble>) {
    let mut reader = Reader::new(text, config.limits(text.len()));
    let root = match reader.child() {
        Ok(Some(root)) => root,
        Ok(None) => return (fallback, Err(XmlError::Truncated.into())),
        Err(error) => return (fallback, Err(error.into())),
    };
    if root.local != "Envelope" {
        return (
            fallback,
            Err(malformed(
                "rotelementet är inget SOAP-kuvert (Envelope)",
                "the root element is not a SOAP Envelope",
            )),
        );
    }
    match Version::of(root.namespace.as_deref()) {
        Some(version) => (version, inside::<P>(&mut reader, version, config, now)),
        None => (Version::V11, Err(Trouble::VersionMismatch)),
    }
}

fn inside<P: PortType>(
    reader: &mut Reader<'_>,
    version: Version,
    config: &Config,
    now: Timestamp,
) -> Result<Message<P::Call>, Trouble> {
    let mut token = None;
    let mut child = reader.child()?;
    if child.as_ref().is_some_and(|c| c.is(version.namespace(), "Header")) {
        token = header(reader, version, now)?;
        child = reader.child()?;
    }
    if !child.is_some_and(|c| c.is(version.namespace(), "Body")) {
        return Err(malformed(
            "kuvertet har ingen Body där den ska vara",
            "the Envelope has no Body where it should be",
        ));
    }
    let Some(operation) = reader.child()? else {
        return Err(malformed("Body är tom", "the Body is empty"));
    };
    let call = P::read(reader, &operation, config)?;
    if reader.child()?.is_some() {
        return Err(malformed("Body har mer än ett element", "the Body holds more than one element"));
    }
    if reader.child()?.is_some() {
        return Err(malformed("något följer efter Body", "something follows the Body"));
    }
    reader.finish()?;
    Ok(Message { token, call })
}

/// Reads the header blocks: one is known, the others are passed over unless they must be understood.
fn header(reader: &mut Reader<'_>, version: Version, now: Timestamp) -> Result<Option<Token>, Trouble> {
    let mut token = None;
    let mut unknown = Vec::new();
    while let Some(block) = reader.child()? {
        if !understand::is_for_us(&block, version) {
            reader.skip()?;
        } else if block.is(login::WSSE, "Security") {
            if token.is_some() {
                return Err(malformed("två säkerhetshuvuden", "two security headers"));
            }
            token = login::security(reader, now)?;
        } else {
            if understand::must_be(&block, version) {
                unknown.push(Name::of(&block));
            }
            reader.skip()?;
        }
    }
    if unknown.is_empty() { Ok(token) } else { Err(Trouble::NotUnderstood(unknown)) }
}
