//! Cutting a command line into commands (V.250 section 5.2). Pure.

/// One command of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verb {
    /// `E0`, `&F`, `\Q3`: a letter with its mark, and a number.
    Basic(String),
    /// `+CREG?`, `+CNMI=?`, `+CPIN="1234"`: its name, and what follows.
    Named(String, Form),
}

/// How a named command stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    Do,
    Ask,
    Test,
    Set(Vec<String>),
}

/// The commands of a line; `None` when it is no command line.
pub(super) fn verbs(line: &str) -> Option<Vec<Verb>> {
    let mut rest = line.get(..2).filter(|at| at.eq_ignore_ascii_case("AT")).and_then(|_| line.get(2..))?;
    let mut verbs = Vec::new();
    while let Some(first) = rest.chars().next() {
        match first {
            ';' | ' ' => rest = rest.get(1..).unwrap_or_default(),
            '+' | '^' | '#' | '*' | '$' => {
                let end = outside_quotes(rest, ';').unwrap_or(rest.len());
                let (one, after) = rest.split_at(end);
                verbs.push(named(one));
                rest = after;
            }
            _ => {
                let letter = usize::from(matches!(first, '&' | '\\' | '%')) + 1;
                let digits = rest.chars().skip(letter).take_while(char::is_ascii_digit).count();
                let end = rest.char_indices().nth(letter + digits).map_or(rest.len(), |(at, _)| at);
                let (one, after) = rest.split_at(end);
                verbs.push(Verb::Basic(one.to_ascii_uppercase()));
                rest = after;
            }
        }
    }
    Some(verbs)
}

fn named(text: &str) -> Verb {
    let (name, form) = match text.split_once('=') {
        Some((name, "?")) => (name, Form::Test),
        Some((name, values)) => (name, Form::Set(fields(values))),
        None => match text.strip_suffix('?') {
            Some(name) => (name, Form::Ask),
            None => (text, Form::Do),
        },
    };
    Verb::Named(name.trim().to_ascii_uppercase(), form)
}

fn fields(values: &str) -> Vec<String> {
    let (mut fields, mut rest) = (Vec::new(), values);
    loop {
        let end = outside_quotes(rest, ',').unwrap_or(rest.len());
        let (one, after) = rest.split_at(end);
        fields.push(one.trim().trim_matches('"').to_owned());
        match after.get(1..) {
            Some(more) => rest = more,
            None => return fields,
        }
    }
}

fn outside_quotes(text: &str, wanted: char) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(at, c)| {
        quoted ^= c == '"';
        (c == wanted && !quoted).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let named = |name: &str, form| Verb::Named(name.into(), form);
        let set = |values: &[&str]| Form::Set(values.iter().map(|v| (*v).to_owned()).collect());
        for (line, expect) in [
            ("AT", vec![]),
            ("ATE0V1&F", vec![Verb::Basic("E0".into()), Verb::Basic("V1".into()), Verb::Basic("&F".into())]),
            ("at+cpin=\"12;34\";+CREG?", vec![named("+CPIN", set(&["12;34"])), named("+CREG", Form::Ask)]),
            ("AT+CNMI=?", vec![named("+CNMI", Form::Test)]),
            ("AT+CNMI=2,1,,1", vec![named("+CNMI", set(&["2", "1", "", "1"]))]),
            ("AT\\Q3+CSQ", vec![Verb::Basic("\\Q3".into()), named("+CSQ", Form::Do)]),
        ] {
            assert_eq!(verbs(line), Some(expect), "{line}");
        }
        assert_eq!(verbs("OK"), None);
        assert_eq!(verbs("å"), None);
    }
}
