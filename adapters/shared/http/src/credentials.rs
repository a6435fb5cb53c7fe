//! The `Authorization` header: Basic (RFC 7617) and Bearer (RFC 6750).

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use domain::refusal::{Code, Refusal};
use http::{HeaderMap, header};
use ports::driving::Credentials;
use secrecy::SecretString;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);

/// What the header shows; no header shows nothing. Names and passwords are UTF-8, or ISO-8859-1 when they cannot be that.
///
/// # Errors
/// `not_authenticated` for a header that cannot be read.
pub fn credentials(headers: &HeaderMap) -> Result<Credentials, Refusal> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(Credentials::None);
    };
    let unreadable = || Refusal::because(Code::NotAuthenticated, "Authorization");
    let value = value.to_str().map_err(|_| unreadable())?;
    let (scheme, rest) = value.trim().split_once(' ').ok_or_else(unreadable)?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") && !rest.is_empty() {
        return Ok(Credentials::Key(SecretString::from(rest)));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(unreadable());
    }
    let octets = BASE64.decode(rest).map_err(|_| unreadable())?;
    let text =
        String::from_utf8(octets).unwrap_or_else(|e| e.as_bytes().iter().map(|b| char::from(*b)).collect());
    let (user, password) = text.split_once(':').ok_or_else(unreadable)?;
    Ok(Credentials::Password { user: user.to_owned(), password: SecretString::from(password) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn read(value: &[u8]) -> Option<String> {
        let value = header::HeaderValue::from_bytes(value).expect("value");
        match credentials(&HeaderMap::from_iter([(header::AUTHORIZATION, value)])) {
            Ok(Credentials::Password { user, password }) => {
                Some(format!("{user}|{}", password.expose_secret()))
            }
            Ok(Credentials::Key(key)) => Some(key.expose_secret().to_owned()),
            Ok(Credentials::None) => Some(String::new()),
            Err(refusal) => {
                assert_eq!(refusal.code, Code::NotAuthenticated);
                None
            }
        }
    }

    #[test]
    fn headers() {
        let cases: [(&[u8], Option<&str>); 10] = [
            (b"Basic Y3JtOmhlbWxpZ3Q=", Some("crm|hemligt")),
            (b"basic Y3JtOmhlbWxpZ3Q", Some("crm|hemligt")),
            (b"Basic Y3JtOmE6Yg==", Some("crm|a:b")),
            (b"Basic Y3JtOsOl", Some("crm|\u{e5}")),
            (b"Basic Y3JtOuU=", Some("crm|\u{e5}")),
            (b"Bearer og_abc", Some("og_abc")),
            (b"Basic !!!", None),
            (b"Basic Y3Jt", None),
            (b"Digest x", None),
            (b"\xff", None),
        ];
        for (value, expected) in cases {
            assert_eq!(read(value).as_deref(), expected, "{:?}", String::from_utf8_lossy(value));
        }
        assert!(matches!(credentials(&HeaderMap::new()), Ok(Credentials::None)));
    }
}
