//! What of a mail's body is its message: no signature, no quoted earlier mail. Rules about lines, nothing guessed.

/// A line of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it says, with the `>` of what is quoted.
    pub text: String,
    /// Whether it is quoted from an earlier mail.
    pub quoted: bool,
}

/// The lines of a plain text: what begins with `>` is quoted.
#[must_use]
pub fn lines(text: &str) -> Vec<Line> {
    let line = |text: &str| Line { quoted: text.trim_start().starts_with('>'), text: text.to_owned() };
    text.lines().map(line).collect()
}

/// The body without its signature: everything from a line `-- ` (RFC 3676, 4.3) or `--` on, and a phone's line about itself at the end.
#[must_use]
pub fn without_signature(mut body: Vec<Line>) -> Vec<Line> {
    const PHONES: [&str; 6] = [
        "skickat från min ",
        "sent from my ",
        "get outlook for ",
        "hämta outlook för ",
        "skaffa outlook för ",
        "skickades från outlook",
    ];
    if let Some(at) = body.iter().position(|line| matches!(line.text.trim_end_matches('\r'), "-- " | "--")) {
        body.truncate(at);
    }
    while let Some(last) = body.last() {
        let last = last.text.trim().to_lowercase();
        if last.is_empty() || PHONES.iter().any(|phone| last.starts_with(phone)) {
            body.pop();
        } else {
            break;
        }
    }
    body
}

/// The body without quoted earlier mail: what is quoted, the line that introduces it, and everything from a separator
/// (`-----Original Message-----`, the head of a mail) on.
#[must_use]
pub fn without_quotes(mut body: Vec<Line>) -> Vec<Line> {
    let texts: Vec<&str> = body.iter().map(|line| line.text.as_str()).collect();
    if let Some(end) = (0..texts.len()).find(|at| begins_earlier_mail(&texts, *at)) {
        body.truncate(end);
    }
    let mut kept: Vec<Line> = Vec::new();
    for line in body {
        if !line.quoted {
            kept.push(line);
            continue;
        }
        while kept.last().is_some_and(|l| l.text.trim().is_empty()) {
            kept.pop();
        }
        if kept.last().is_some_and(|l| introduces(&l.text)) {
            kept.pop();
        }
    }
    kept
}

fn begins_earlier_mail(lines: &[&str], at: usize) -> bool {
    let line = lines.get(at).map(|l| l.trim()).unwrap_or_default();
    let bare = line.trim_matches(['-', ' ', '_']).to_lowercase();
    let ruled = line.starts_with("--");
    let separator = matches!(
        bare.as_str(),
        "original message"
            | "ursprungligt meddelande"
            | "originalmeddelande"
            | "forwarded message"
            | "vidarebefordrat meddelande"
            | "vidarebefordrat brev"
    );
    (ruled && separator) || header_block(lines, at)
}

/// What Outlook puts before the earlier mail: `From:` and at least two of when, to whom and about what, in successive lines. Less than that is
/// what alarms say of themselves (`Från: Pump 3`, `Datum: …`).
fn header_block(lines: &[&str], at: usize) -> bool {
    const FROM: [&str; 2] = ["from:", "från:"];
    const OTHERS: [[&str; 2]; 3] = [["sent:", "skickat:"], ["to:", "till:"], ["subject:", "ämne:"]];
    // Other programs' word for when, and who else got it: they stand between and count for nothing.
    const BETWEEN: [&str; 4] = ["date:", "datum:", "cc:", "kopia:"];
    let mut heads = lines.iter().skip(at).map(|l| l.trim().trim_start_matches('*').to_lowercase());
    if !heads.next().is_some_and(|first| FROM.iter().any(|word| first.starts_with(word))) {
        return false;
    }
    let mut found = [false; 3];
    for head in heads {
        let kind = OTHERS.iter().position(|words| words.iter().any(|word| head.starts_with(word)));
        match kind.and_then(|kind| found.get_mut(kind)) {
            Some(found) => *found = true,
            None if BETWEEN.iter().any(|word| head.starts_with(word)) => {}
            None => break,
        }
    }
    found.into_iter().filter(|found| *found).count() >= 2
}

/// `On … wrote:`, `Den … skrev …:`.
fn introduces(line: &str) -> bool {
    let line = line.trim().to_lowercase();
    line.ends_with(':') && (line.contains(" wrote") || line.contains(" skrev") || line.contains("@"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(body: &[Line]) -> String {
        body.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn signatures() {
        let cases = [
            ("Hej\n-- \nKarl Ek\n070-1", "Hej"),
            ("Hej\n--\nKarl", "Hej"),
            ("Hej\n\nSkickat från min iPhone\n", "Hej"),
            ("a -- b\n--- c", "a -- b\n--- c"),
            ("Sent from my heart, hej", ""),
            ("-- \nonly", ""),
        ];
        for (body, expected) in cases {
            assert_eq!(joined(&without_signature(lines(body))), expected, "{body}");
        }
    }

    #[test]
    fn quotes() {
        let cases = [
            ("Ja tack\n> fråga?\n>> äldre", "Ja tack"),
            ("Ja\n\nDen 23 nov 2026 skrev Karl <k@x.se>:\n\n> fråga", "Ja\n"),
            ("Ja\nOn Monday Karl wrote:\n> q\nmer", "Ja\nmer"),
            ("Ja\n-----Original Message-----\nFrom: x\nrest", "Ja"),
            ("Ja\n-----Ursprungligt meddelande-----\nrest", "Ja"),
            ("Ja\n\nFrån: Karl\nSkickat: den 1\nTill: x\n\nFrågan", "Ja\n"),
            ("Ja\n*Från:* Karl\n*Datum:* den 1\n*Till:* x\n*Kopia:* y\n*Ämne:* z\n\nFrågan", "Ja"),
            ("Ja\nFrom: K\nSent: 1\nSubject: z\nrest", "Ja"),
            ("Ja\n**From:** Karl", "Ja\n**From:** Karl"),
            ("Larm\nFrån: Pump 3\nDatum: 1\nNivå: 5", "Larm\nFrån: Pump 3\nDatum: 1\nNivå: 5"),
            (
                "Från: Pump 3\nDatum: 1\nTill: driften\nNivå: 5",
                "Från: Pump 3\nDatum: 1\nTill: driften\nNivå: 5",
            ),
            ("Från: A\nTill: B\n\nÄmne: jord", "Från: A\nTill: B\n\nÄmne: jord"),
            ("Från: A\nTill: B\nTill: C", "Från: A\nTill: B\nTill: C"),
            ("From: the depths of despair", "From: the depths of despair"),
            ("Larm: 3 > 2", "Larm: 3 > 2"),
        ];
        for (body, expected) in cases {
            assert_eq!(joined(&without_quotes(lines(body))), expected, "{body}");
        }
    }
}
