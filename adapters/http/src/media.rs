//! What a Content-Type says beside the type (RFC 9110 8.3.1), and a body that is coded.

use domain::Words;
use domain::refusal::{Code, Refusal};
use http::{HeaderMap, header};

/// The label of `charset`, whose name is written in any case, and whose value with quotes or without.
pub(crate) fn charset(content_type: &str) -> Option<&str> {
    let mut parameters = content_type.split(';').skip(1).filter_map(|part| part.split_once('='));
    let (_, label) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Some(label.trim().trim_matches('"')).filter(|label| !label.is_empty())
}

/// Bodies are taken as they stand: a compressed one would only look like nonsense.
pub(crate) fn uncompressed(headers: &HeaderMap) -> Result<(), Refusal> {
    let coded = headers.get_all(header::CONTENT_ENCODING).iter().any(|coding| {
        let coding = coding.to_str().unwrap_or_default().trim();
        !coding.is_empty() && !coding.eq_ignore_ascii_case("identity")
    });
    if !coded {
        return Ok(());
    }
    Err(Refusal::because(
        Code::Malformed,
        Words::new(
            "Content-Encoding: sänd innehållet okomprimerat",
            "Content-Encoding: send the body uncompressed",
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        for (content_type, expected) in [
            ("text/plain; charset=utf-8", Some("utf-8")),
            ("text/plain;Charset=\"ISO-8859-1\" ; format=flowed", Some("ISO-8859-1")),
            ("text/plain; format=flowed; CHARSET=utf-8", Some("utf-8")),
            ("text/plain; charset=", None),
            ("charset=utf-8", None),
            ("", None),
        ] {
            assert_eq!(charset(content_type), expected, "{content_type}");
        }
    }
}
