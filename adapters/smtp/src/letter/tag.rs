//! What stands in a tag of HTML: its attributes, and what of its style says whether anybody sees it.

/// The value of an attribute as it stands, without its quotes; empty when it has none.
#[must_use]
pub fn attribute<'a>(tag: &'a str, wanted: &str) -> Option<&'a str> {
    let begins = tag.find(|c: char| c.is_ascii_whitespace() || c == '/')?;
    let mut rest = tag.get(begins..)?;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        let end =
            rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '/')).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let value = after.trim_start().strip_prefix('=').map(str::trim_start);
        if name.is_empty() && value.is_none() {
            return None;
        }
        let (value, after) = value.map_or(("", after), value_of);
        if name.eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = after;
    }
}

fn value_of(text: &str) -> (&str, &str) {
    let quoted = ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.split_once(*quote));
    quoted
        .unwrap_or_else(|| text.split_at(text.find(|c: char| c.is_ascii_whitespace()).unwrap_or(text.len())))
}

/// What an element's style changes for the text in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sight {
    /// Whether it is not there at all, with everything in it.
    pub gone: bool,
    /// Whether its letters are unseen; what is in it may say otherwise of its own.
    pub invisible: Option<bool>,
    /// Whether its letters have no size; what is in it may say otherwise of its own.
    pub sizeless: Option<bool>,
}

impl Sight {
    /// By the tag. What hides a text from Outlook alone (`mso-hide`) hides it from nobody here: everybody else reads it.
    #[must_use]
    pub fn of(tag: &str) -> Self {
        let mut sight = Self { gone: attribute(tag, "hidden").is_some(), ..Self::default() };
        let Some(style) = attribute(tag, "style") else { return sight };
        let style = style.to_ascii_lowercase();
        let (mut flat, mut clipped) = (false, false);
        for (name, value) in style.split(';').filter_map(|one| one.split_once(':')) {
            let value = value.split('!').next().unwrap_or_default().trim();
            match name.trim() {
                "display" => sight.gone |= value == "none",
                "opacity" => sight.gone |= is_nothing(value),
                "visibility" => match value {
                    "hidden" | "collapse" => sight.invisible = Some(true),
                    "visible" => sight.invisible = Some(false),
                    _ => {}
                },
                // A part of nothing is nothing.
                "font-size" if is_relative(value) && !is_nothing(value) => {}
                "font-size" if value != "inherit" => sight.sizeless = Some(is_nothing(value)),
                "max-height" => flat |= is_nothing(value),
                "overflow" => clipped |= value == "hidden",
                _ => {}
            }
        }
        sight.gone |= flat && clipped;
        sight
    }
}

fn is_relative(size: &str) -> bool {
    size.ends_with('%') || (size.ends_with("em") && !size.ends_with("rem"))
}

/// `0`, `0px`, `0.0em`.
fn is_nothing(value: &str) -> bool {
    let number = value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%');
    number.trim().parse::<f32>().is_ok_and(|number| number == 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes() {
        let tag = "a HREF = 'x y' title=\"it's href=z\" hidden/data-a=1 b";
        for (name, value) in [
            ("href", Some("x y")),
            ("title", Some("it's href=z")),
            ("hidden", Some("")),
            ("data-a", Some("1")),
        ] {
            assert_eq!(attribute(tag, name), value, "{name}");
        }
        for none in ["c", "a", "y'"] {
            assert_eq!(attribute(tag, none), None, "{none}");
        }
        for (tag, value) in [
            ("a href=\"never ends", Some("\"never")),
            ("a =x href=y", Some("y")),
            ("a", None),
            ("a = = =", None),
        ] {
            assert_eq!(attribute(tag, "href"), value, "{tag}");
        }
    }

    #[test]
    fn styles() {
        let gone = Sight { gone: true, ..Sight::default() };
        for (tag, sight) in [
            ("div style=\"color:red; DISPLAY : None !important\"", gone),
            ("div hidden", gone),
            ("div style='max-height:0px;overflow:hidden'", gone),
            ("div style='opacity:0.0'", gone),
            ("div style='max-height:0'", Sight::default()),
            ("a style='mso-hide:all'", Sight::default()),
            ("td style=\"font-size:0px\"", Sight { sizeless: Some(true), ..Sight::default() }),
            ("td style=\"font-size:0.8em\"", Sight::default()),
            ("td style=\"font-size:13px\"", Sight { sizeless: Some(false), ..Sight::default() }),
            ("b style=\"visibility:hidden\"", Sight { invisible: Some(true), ..Sight::default() }),
        ] {
            assert_eq!(Sight::of(tag), sight, "{tag}");
        }
    }
}
