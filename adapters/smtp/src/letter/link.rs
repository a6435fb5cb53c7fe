//! Links of HTML: who reads a text on a telephone cannot tap on words, so the address stands behind them.

/// A link that is open.
#[derive(Debug)]
pub struct Link {
    address: String,
    /// The words it has so far.
    pub words: String,
}

impl Link {
    /// One to an address that people can use: a page, a number, a mailbox. Places in the mail itself are none.
    #[must_use]
    pub fn to(href: &str) -> Option<Self> {
        let href: String = href.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
        let (scheme, rest) = href.split_once(':')?;
        let address = match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => meant(&href).unwrap_or(href),
            "mailto" | "tel" | "sms" => percent_decoded(rest.split('?').next().unwrap_or_default()),
            _ => return None,
        };
        (!address.is_empty()).then(|| Self { address, words: String::new() })
    }

    /// The address, where the words do not say it already and there are words: what has none is a picture, which may count its readers.
    #[must_use]
    pub fn unsaid(self) -> Option<String> {
        if self.words.trim().is_empty() {
            return None;
        }
        let (address, words) = (bare(&self.address), bare(&self.words));
        let mailbox = address.contains('@') && !address.contains('/');
        let said =
            address == words || (mailbox && words.contains(&address)) || self.words.contains(&self.address);
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
        let number = self.address.chars().all(|c| c.is_ascii_digit() || "+-.() ".contains(c));
        let said = said || (number && digits(&self.words) >= 5);
        (!said).then_some(self.address)
    }
}

/// An address without what people leave out.
fn bare(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase();
    let text = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
    text.strip_prefix("www.").unwrap_or(text).trim_end_matches('/').to_owned()
}

/// Where a link leads that Microsoft's mail servers have rewritten: that one takes several texts, and nobody can tell by it where it leads.
fn meant(href: &str) -> Option<String> {
    let (_, rest) = href.split_once("://")?;
    let (host, path) = rest.split_once('/')?;
    if !host.to_ascii_lowercase().ends_with(".safelinks.protection.outlook.com") {
        return None;
    }
    let query = path.split_once('?')?.1;
    let url = query.split('&').find_map(|pair| pair.strip_prefix("url="))?;
    let url = percent_decoded(url);
    let fit = url.starts_with("http") && !url.contains(|c: char| c.is_whitespace() || c.is_control());
    fit.then_some(url)
}

fn percent_decoded(text: &str) -> String {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let pair = after.get(..2).filter(|_| *first == b'%').and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(octet) => {
                octets.push(octet);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                octets.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(octets).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_words_do_not_say() {
        for (href, words, address) in [
            ("https://example.se/larm?a=1&b=2", "larmet", Some("https://example.se/larm?a=1&b=2")),
            (" https://example.se/\n larm ", "här", Some("https://example.se/larm")),
            ("https://www.example.se/", "Example.se", None),
            ("https://example.se/larm/", "http://example.se/larm", None),
            ("https://example.se/larm", "example.se", Some("https://example.se/larm")),
            ("https://example.se/larm", " ", None),
            ("mailto:k@x.se?subject=a", "K@x.se", None),
            ("mailto:k@x.se", "Karl <k@x.se>", None),
            ("mailto:karl%2Bjour@x.se", "Karl", Some("karl+jour@x.se")),
            ("tel:+46701234567", "070-123 45 67", None),
            ("tel:+46701234567", "Ring jouren", Some("+46701234567")),
            (
                "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fexample.se%2Fl%3Fa%3D%C3%A5&data=05",
                "här",
                Some("https://example.se/l?a=å"),
            ),
            (
                "https://eur01.safelinks.protection.outlook.com/?data=05",
                "här",
                Some("https://eur01.safelinks.protection.outlook.com/?data=05"),
            ),
        ] {
            let mut link = Link::to(href).expect("a link");
            link.words.push_str(words);
            assert_eq!(link.unsaid().as_deref(), address, "{href} {words}");
        }
        for none in ["#top", "", "/larm", "javascript:x()", "cid:1", "mailto:", "file:///c"] {
            assert!(Link::to(none).is_none(), "{none}");
        }
    }
}
