//! Help in lines that fit a terminal of eighty columns.

/// The widest line.
pub const WIDTH: usize = 80;

/// Where the second column of a list begins at most: what stands farther right is no list.
const FARTHEST: usize = 34;

/// Every line that is too wide, as several. What is shown in colours is as wide as without them.
#[must_use]
pub fn wrapped(text: &str) -> String {
    let mut all: Vec<String> = Vec::new();
    for line in text.lines() {
        if width(line) > WIDTH { all.extend(broken(line)) } else { all.push(line.to_owned()) }
    }
    let mut all = all.join("\n");
    all.push('\n');
    all
}

/// One line as several: under its own second column where it is a row of a list, else under its beginning. A command goes on in the next line as a shell reads
/// it.
fn broken(line: &str) -> Vec<String> {
    let indent = line.len() - line.trim_start().len();
    let command = line.find("omnigate ").is_some_and(|at| {
        let before = line.get(..at).unwrap_or_default().trim();
        before.is_empty() || before.ends_with('|') || matches!(before, "Example:" | "Exempel:" | "Examples:")
    });
    let column = second_column(line, indent).filter(|column| *column <= FARTHEST);
    let hanging = match column {
        _ if command => indent + 4,
        Some(column) => column,
        None => indent,
    };
    // Room for what tells the shell that the line goes on.
    let most = if command { WIDTH - 2 } else { WIDTH };
    let mut lines = Vec::new();
    let mut open = " ".repeat(indent);
    let mut empty = true;
    for word in words(line.trim_start(), command) {
        let gap = usize::from(!empty && !word.starts_with(' '));
        if !empty && width(&open) + gap + width(word.trim_end()) > most {
            lines.push(format!("{}{}", open.trim_end(), if command { " \\" } else { "" }));
            open = " ".repeat(hanging);
            open.push_str(word.trim_start());
        } else {
            open.push_str(&" ".repeat(gap));
            open.push_str(word);
        }
        empty = false;
    }
    lines.push(open.trim_end().to_owned());
    lines
}

/// The pieces of a line between which it may be broken; blanks within a piece, and runs of them before it, stay with it. What stands in quotes in a command, and a
/// flag with its value, is one piece.
fn words(line: &str, command: bool) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut from, mut quoted) = (0, false);
    for (at, c) in line.char_indices() {
        quoted ^= command && c == '\'';
        if c != ' ' || quoted || at == from {
            continue;
        }
        let rest = line.get(at + 1..).unwrap_or_default();
        let value = command && !rest.starts_with(['-', '|']);
        if value || rest.starts_with(' ') || line.get(from..at).is_some_and(|piece| piece.trim().is_empty()) {
            continue;
        }
        pieces.push(line.get(from..at).unwrap_or_default());
        from = at + 1;
    }
    pieces.push(line.get(from..).unwrap_or_default());
    pieces
}

/// Where what follows a run of blanks begins.
fn second_column(line: &str, indent: usize) -> Option<usize> {
    let after = line.get(indent..)?;
    let run = after.find("  ")?;
    let gap = after.get(run..)?;
    let begins = run + gap.len() - gap.trim_start().len();
    Some(indent + width(after.get(..begins)?))
}

/// How many characters are seen.
fn width(text: &str) -> usize {
    let mut seen = 0;
    let mut hidden = false;
    for c in text.chars() {
        match c {
            '\u{1b}' => hidden = true,
            'm' if hidden => hidden = false,
            _ => seen += usize::from(!hidden),
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_fit() {
        let long = "ord ".repeat(25);
        let cases = [
            ("kort".to_owned(), "kort\n".to_owned()),
            (
                format!("  \u{1b}[1mlist\u{1b}[0m    {long}slut"),
                format!("  \u{1b}[1mlist\u{1b}[0m    {}\n          {}slut\n", "ord ".repeat(17).trim_end(), "ord ".repeat(8)),
            ),
            (format!("    {long}"), format!("    {}\n    {}\n", "ord ".repeat(19).trim_end(), "ord ".repeat(6).trim_end())),
            (
                "Example: omnigate explain --to '070-123 45 67' --user crm --text 'Driftstopp kl. 12' --priority alarm".to_owned(),
                "Example: omnigate explain --to '070-123 45 67' --user crm \\\n    --text 'Driftstopp kl. 12' --priority alarm\n".to_owned(),
            ),
            ("x".repeat(90), format!("{}\n", "x".repeat(90))),
        ];
        for (line, expected) in cases {
            assert_eq!(wrapped(&line), expected);
        }
    }
}
