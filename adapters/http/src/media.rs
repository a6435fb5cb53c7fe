//! What a Content-Type says beside the type (RFC 9110 8.3.1).

/// The label of `charset`, whose name is written in any case, and whose value with quotes or without.
pub(crate) fn charset(content_type: &str) -> Option<&str> {
    let mut parameters = content_type.split(';').skip(1).filter_map(|part| part.split_once('='));
    let (_, label) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Some(label.trim().trim_matches('"')).filter(|label| !label.is_empty())
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
