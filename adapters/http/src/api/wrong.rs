//! What is wrong with a JSON text, in words for people. serde says it in English, in the words of a programmer.

use domain::Words;

/// What serde says, in both languages; `path` leads to what is wrong, `.` to all of it.
pub(super) fn words(path: &str, said: &str) -> Words {
    let (said, place) =
        said.rsplit_once(" at line ").map_or((said, None), |(said, place)| (said, Some(place)));
    let (swedish, english) = both(said);
    let (swedish, english) = match place.and_then(|place| place.split_once(" column ")) {
        Some((line, column)) => (
            format!("{swedish}, rad {line} kolumn {column}"),
            format!("{english} at line {line} column {column}"),
        ),
        None => (swedish, english),
    };
    if path == "." {
        Words::new(swedish, english)
    } else {
        Words::new(format!("{path}: {swedish}"), format!("{path}: {english}"))
    }
}

fn both(said: &str) -> (String, String) {
    let wrong = |kind: &str| said.strip_prefix(kind).and_then(|rest| rest.split_once(", expected "));
    if let Some((found, expected)) = wrong("invalid type: ").or_else(|| wrong("invalid value: ")) {
        let ((found_sv, found), (expected_sv, expected)) = (value(found), kind(expected));
        return (
            format!("{found_sv} står där {expected_sv} väntas"),
            format!("{found} stands where {expected} is expected"),
        );
    }
    if let Some((name, known)) = wrong("unknown field ") {
        let known = known.strip_prefix("one of ").unwrap_or(known);
        return (format!("{name} är okänt; kända: {known}"), format!("unknown field {name}; known: {known}"));
    }
    if let Some(name) = said.strip_prefix("duplicate field ") {
        return (format!("{name} står två gånger"), format!("duplicate field {name}"));
    }
    let (swedish, english) = match said {
        _ if said.starts_with("EOF ") => ("det slutar för tidigt", "it ends too early"),
        "invalid unicode code point" => {
            ("det är inte UTF-8, som JSON skrivs i", "it is not UTF-8, in which JSON is written")
        }
        "recursion limit exceeded" => ("det är för djupt", "it is too deep"),
        "key must be a string" => {
            ("ett namn inom citattecken väntas", "a name in quotation marks is expected")
        }
        "trailing comma" => ("ett komma står sist", "a comma stands last"),
        "expected value" => ("ett värde väntas", "a value is expected"),
        "expected `:`" => ("ett kolon väntas", "a colon is expected"),
        "expected `,` or `}`" | "expected `,` or `]`" => {
            ("ett komma eller slutet väntas", "a comma or the end is expected")
        }
        _ if said.starts_with("control character ") => {
            ("ett styrtecken står i en text utan \\", "a control character stands in a text without \\")
        }
        "invalid escape" | "unexpected end of hex escape" | "lone leading surrogate in hex escape" => {
            ("ett \\ står före vad det inte kan", "a \\ stands before what it cannot")
        }
        other => return (format!("skrivfel ({other})"), other.to_owned()),
    };
    (swedish.to_owned(), english.to_owned())
}

/// What was found.
fn value(found: &str) -> (String, String) {
    let known = [
        ("null", "null", "null"),
        ("map", "ett objekt", "an object"),
        ("sequence", "en lista", "a list"),
        ("integer ", "talet ", "the number "),
        ("floating point ", "talet ", "the number "),
        ("boolean ", "", ""),
        ("string ", "texten ", "the text "),
    ];
    let translated = known.iter().find_map(|(said, swedish, english)| {
        found.strip_prefix(said).map(|rest| (format!("{swedish}{rest}"), format!("{english}{rest}")))
    });
    translated.unwrap_or_else(|| (found.to_owned(), found.to_owned()))
}

/// What was expected.
fn kind(expected: &str) -> (&str, &str) {
    match expected {
        "a string" => ("en text", "a text"),
        "a boolean" => ("true eller false", "true or false"),
        "a list of numbers as strings" => ("en lista av nummer som texter", "a list of numbers as texts"),
        "an object" => ("ett objekt", "an object"),
        _ if expected.starts_with("struct ") => ("ett objekt", "an object"),
        other => (other, other),
    }
}
