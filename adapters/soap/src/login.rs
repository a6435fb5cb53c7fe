//! Who calls: a WS-Security UsernameToken, else HTTP Basic or a bearer key, else `username` and `password` in the Body.
//!
//! OASIS WSS UsernameToken profile 1.0, passwords as text only: a digest can only be checked by somebody who stores the password itself,
//! and the gateway stores none. XML signatures and encryption are refused rather than ignored.

use crate::trouble::Trouble;
use crate::values;
use crate::xml::Reader;
use domain::Timestamp;
use domain::Words;
use domain::refusal::{Code, Refusal};
use http::{HeaderMap, header};
use ports::driving::Credentials;
use secrecy::SecretString;
use std::time::Duration;
use web_kit::Caller;

/// Namespace of the security header.
pub(crate) const WSSE: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
/// Namespace of its times.
const WSU: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
/// How far the caller's clock may be behind ours.
const SKEW: Duration = Duration::from_secs(300);

/// A name and a password out of a message.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    /// The login name.
    pub user: String,
    /// The password.
    pub password: SecretString,
}

/// What a caller showed of himself, but for what stands in the operation.
pub(crate) struct Shown<'a> {
    /// The UsernameToken of the security header.
    pub token: Option<Token>,
    /// The headers of the call.
    pub headers: &'a HeaderMap,
    /// Where it comes from.
    pub caller: Caller,
    /// Whether passwords in the message are taken without TLS also from other machines.
    pub plain_passwords: bool,
}

impl Shown<'_> {
    /// Chooses what counts of all that the caller showed; `body` is the login in the operation.
    ///
    /// # Errors
    /// `not_permitted` for a password in the message without TLS from another machine.
    pub(crate) fn credentials(self, body: Option<Token>) -> Result<Credentials, Refusal> {
        let Shown { token, headers, caller, plain_passwords } = self;
        let safe = caller.https || caller.address.is_loopback() || plain_passwords;
        let inside = |token: Token| {
            if safe {
                return Ok(Credentials::Password { user: token.user, password: token.password });
            }
            Err(Refusal::because(
                Code::NotPermitted,
                Words::new("ett lösenord i meddelandet kräver TLS", "a password in the message needs TLS"),
            ))
        };
        if let Some(token) = token {
            return inside(token);
        }
        match (web_kit::credentials(headers), body) {
            (Ok(Credentials::None), Some(token)) => inside(token),
            // A client of a Windows domain sends Negotiate by itself, beside the login that it was given for us.
            (Err(_), Some(token)) if is_foreign(headers) => inside(token),
            (shown, _) => shown,
        }
    }
}

/// Whether the header is in a scheme that is not ours, and so says nothing to us.
fn is_foreign(headers: &HeaderMap) -> bool {
    let value = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let scheme = value.split_whitespace().next().unwrap_or_default();
    !scheme.is_empty() && !["basic", "bearer"].iter().any(|ours| scheme.eq_ignore_ascii_case(ours))
}

/// Reads a security header: its UsernameToken, and whether it is still good.
pub(crate) fn security(reader: &mut Reader<'_>, now: Timestamp) -> Result<Option<Token>, Trouble> {
    let mut token = None;
    while let Some(child) = reader.child()? {
        if child.is(WSSE, "UsernameToken") {
            if token.is_some() {
                return Err(refused("två UsernameToken", "two UsernameTokens"));
            }
            token = Some(username_token(reader)?);
        } else if child.is(WSU, "Timestamp") {
            timestamp(reader, now)?;
        } else {
            return Err(refused(
                "säkerhetshuvudet får ha en UsernameToken och en Timestamp, ingen signatur, kryptering eller annat",
                "the security header may hold a UsernameToken and a Timestamp, no signature, encryption or other token",
            ));
        }
    }
    Ok(token)
}

fn username_token(reader: &mut Reader<'_>) -> Result<Token, Trouble> {
    let (mut user, mut password) = (None, None);
    while let Some(child) = reader.child()? {
        if child.is(WSSE, "Username") && user.is_none() {
            user = Some(reader.text()?);
        } else if child.is(WSSE, "Password") && password.is_none() {
            match child.attribute(None, "Type").map(|kind| kind.rsplit('#').next().unwrap_or_default()) {
                None | Some("" | "PasswordText") => password = Some(SecretString::from(reader.text()?)),
                _ => {
                    return Err(refused(
                        "PasswordDigest går inte att pröva, eftersom inga lösenord sparas; sänd PasswordText över TLS",
                        "PasswordDigest cannot be checked, since no password is stored; send PasswordText over TLS",
                    ));
                }
            }
        } else if child.is(WSSE, "Nonce") || child.is(WSU, "Created") {
            reader.skip()?;
        } else {
            return Err(refused(
                "en UsernameToken har ett Username och ett Password",
                "a UsernameToken holds one Username and one Password",
            ));
        }
    }
    match (user, password) {
        (Some(user), Some(password)) => Ok(Token { user: user.trim().to_owned(), password }),
        _ => Err(refused(
            "en UsernameToken behöver Username och Password",
            "a UsernameToken needs Username and Password",
        )),
    }
}

fn timestamp(reader: &mut Reader<'_>, now: Timestamp) -> Result<(), Trouble> {
    while let Some(child) = reader.child()? {
        if !child.is(WSU, "Expires") {
            reader.skip()?;
            continue;
        }
        let expires_at = values::moment(&reader.text()?, "Expires")?;
        if now.duration_since(expires_at) > SKEW.try_into().unwrap_or_default() {
            return Err(refused("säkerhetshuvudet har gått ut", "the security header has expired"));
        }
    }
    Ok(())
}

fn refused(swedish: &'static str, english: &'static str) -> Trouble {
    Refusal::because(Code::NotAuthenticated, Words::new(swedish, english)).into()
}
