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

/// The body without what PGP puts around a text that is signed in itself.
#[must_use]
pub fn without_pgp(body: Vec<Line>) -> Vec<Line> {
    let is = |line: &Line, what: &str| line.text.trim() == what;
    let begin = body.iter().position(|line| !line.text.trim().is_empty());
    let signed =
        |at: &usize| body.get(*at).is_some_and(|line| is(line, "-----BEGIN PGP SIGNED MESSAGE-----"));
    let Some(begin) = begin.filter(signed) else { return body };
    // Its head says how it is signed, and ends with an empty line.
    let text = body.into_iter().skip(begin + 1).skip_while(|line| !line.text.trim().is_empty()).skip(1);
    let text = text.take_while(|line| !is(line, "-----BEGIN PGP SIGNATURE-----"));
    text.map(|line| match line.text.strip_prefix("- ") {
        Some(rest) => Line { text: rest.to_owned(), ..line },
        None => line,
    })
    .collect()
}

/// What phones and mail programs write of themselves at the end.
const PHONES: [&str; 40] = [
    "skickat från min ",
    "skickat från mobilen",
    "skickat från surfplattan",
    "skickat från en mobil",
    "sänt från min ",
    "sänt från mobilen",
    "sent from my ",
    "sent from a mobile",
    "get outlook for ",
    "hämta outlook för ",
    "skaffa outlook för ",
    "skickades från outlook",
    "skickat från outlook",
    "sänt från outlook",
    "sent from outlook",
    "skickat från e-post för windows",
    "skickades från e-post för windows",
    "skickat från mail för windows",
    "sent from mail for windows",
    "skickat från yahoo mail",
    "sent from yahoo mail",
    "skickat från samsung",
    "sent from samsung",
    "skickat från proton",
    "skickat med proton",
    "sent from proton",
    "sent with proton",
    "skickat från gmail",
    "sent from gmail",
    "skickat från spark",
    "sent from spark",
    "skickat med spark",
    "sent with spark",
    "skickat från mymail",
    "sent from mymail",
    "skickat från bluemail",
    "sent from bluemail",
    "get bluemail for ",
    "hämta bluemail för ",
    "sent via android",
];

/// The body without its signature: everything from a line `-- ` (RFC 3676, 4.3) or `--` on, and a phone's line about itself at the end.
#[must_use]
pub fn without_signature(mut body: Vec<Line>) -> Vec<Line> {
    if let Some(at) = body.iter().position(|line| matches!(line.text.trim_end_matches('\r'), "-- " | "--")) {
        body.truncate(at);
    }
    loop {
        while body.last().is_some_and(|line| line.text.trim().is_empty()) {
            body.pop();
        }
        // Outlook's line goes on with where to get it, at times below it, and has a rule above it.
        let below = body.last().is_some_and(|line| is_outlooks_address(&line.text));
        let Some(at) = body.len().checked_sub(1 + usize::from(below)) else { break };
        if !body.get(at).is_some_and(|line| is_of_a_phone(&line.text)) {
            break;
        }
        body.truncate(at);
        if body.last().is_some_and(|line| is_rule(&line.text)) {
            body.pop();
        }
    }
    body
}

fn is_of_a_phone(line: &str) -> bool {
    let line = line.trim_start_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    PHONES.iter().any(|phone| line.starts_with(phone))
}

fn is_outlooks_address(line: &str) -> bool {
    let line = line.trim().trim_start_matches(['<', '(', '[']);
    line.starts_with("https://aka.ms/") && !line.contains(' ')
}

/// The body without quoted earlier mail: what is quoted, the line that introduces it, and everything from a separator
/// (`-----Original Message-----`, the head of a mail) on.
#[must_use]
pub fn without_quotes(mut body: Vec<Line>) -> Vec<Line> {
    let texts: Vec<&str> = body.iter().map(|line| line.text.as_str()).collect();
    if let Some(end) = (0..texts.len()).find(|at| begins_earlier_mail(&texts, *at)) {
        let written = texts.iter().take(end).rposition(|line| !line.trim().is_empty());
        let ruled = written.filter(|at| texts.get(*at).is_some_and(|line| is_rule(line)));
        body.truncate(ruled.unwrap_or(end));
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
        drop_introduction(&mut kept);
    }
    kept
}

/// What somebody passed on and wrote nothing to: it is the message then. Without the head of the earlier mail and the marks of a quotation.
#[must_use]
pub fn forwarded(body: &[Line]) -> Vec<Line> {
    const DEEPEST: usize = 10;
    let unmarked = |line: &Line| match line.quoted {
        true => line.text.trim_start_matches(['>', ' ']).to_owned(),
        false => line.text.clone(),
    };
    let mut rest = lines_of(body.iter().map(unmarked));
    for _ in 0..DEEPEST {
        let texts: Vec<&str> = rest.iter().map(|line| line.text.as_str()).collect();
        let Some(begin) = (0..texts.len()).find(|at| begins_earlier_mail(&texts, *at)) else { break };
        let mut heads = Vec::new();
        let message = texts.iter().skip(begin).skip_while(|line| {
            let skipped = line.trim().is_empty() || is_separator(line) || is_rule(line);
            // Each once: what comes again is the message's own.
            let head = head(line).filter(|head| !heads.contains(head));
            heads.extend(head);
            skipped || head.is_some()
        });
        let message = lines_of(message.map(|line| (*line).to_owned()));
        let written = without_quotes(message.clone());
        if written.iter().any(|line| !line.text.trim().is_empty()) {
            return written;
        }
        rest = message;
    }
    rest
}

fn lines_of(texts: impl Iterator<Item = String>) -> Vec<Line> {
    texts.flat_map(|text| lines(&text)).collect()
}

/// The line that introduces a quotation, which mail programs break in two when it is long.
fn drop_introduction(kept: &mut Vec<Line>) {
    let Some(last) = kept.last().map(|line| line.text.trim().to_lowercase()) else { return };
    let before = kept.iter().rev().nth(1).map(|line| line.text.trim().to_lowercase()).unwrap_or_default();
    let begins = |line: &str| line.starts_with("on ") || line.starts_with("den ");
    let whole = format!("{before} {last}");
    let goes_on = !says_who_wrote(&last)
        || ends_an_address(&last)
        || (begins_with_a_day(&before) && last.contains('@'));
    if begins(&before) && goes_on && says_who_wrote(&whole) && whole.ends_with(':') {
        kept.pop();
        kept.pop();
    } else if introduces(&last) {
        kept.pop();
    }
}

/// `<k@x.se> wrote:`, `k@x.se> wrote:`: an address whose name stands in the line before.
fn ends_an_address(line: &str) -> bool {
    line.starts_with('<')
        || line.split_once('>').is_some_and(|(address, _)| address.contains('@') && !address.contains('<'))
}

/// `On Thu, Nov 27, 2026 at 10:12 AM …`, `Den tors 27 nov. 2026 kl 10:12 …`, and not what somebody says of a lamp.
fn begins_with_a_day(line: &str) -> bool {
    const DAYS: [&str; 14] =
        ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "mån", "tis", "ons", "tor", "fre", "lör", "sön"];
    let day = line.split_whitespace().nth(1).unwrap_or_default();
    let named = DAYS.iter().any(|name| day.starts_with(name)) && line.contains(|c: char| c.is_ascii_digit());
    let clock =
        |at: &[u8]| matches!(at, [before, b':', after] if before.is_ascii_digit() && after.is_ascii_digit());
    named || (day.starts_with(|c: char| c.is_ascii_digit()) && line.as_bytes().windows(3).any(clock))
}

fn begins_earlier_mail(lines: &[&str], at: usize) -> bool {
    lines.get(at).is_some_and(|line| is_separator(line)) || header_block(lines, at)
}

/// `-----Original Message-----`, and what Apple puts before a mail that is passed on.
fn is_separator(line: &str) -> bool {
    let line = line.trim().to_lowercase();
    let named = matches!(
        line.trim_matches(['-', ' ', '_']),
        "original message"
            | "ursprungligt meddelande"
            | "originalmeddelande"
            | "forwarded message"
            | "vidarebefordrat meddelande"
            | "vidarebefordrat brev"
    );
    let apple = matches!(line.as_str(), "begin forwarded message:" | "vidarebefordrat brev:");
    (line.starts_with("--") && named) || apple
}

/// The line across that mail programs put before an earlier mail.
fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.len() >= 5 && line.bytes().all(|octet| octet == b'_')
}

/// Which line of an earlier mail's head this is.
fn head(line: &str) -> Option<usize> {
    const HEADS: [&[&str]; 6] = [
        &["from:", "från:"],
        &["sent:", "skickat:", "date:", "datum:"],
        &["to:", "till:"],
        &["cc:", "kopia:"],
        &["reply-to:", "svar till:"],
        &["subject:", "ämne:"],
    ];
    let line = line.trim().trim_start_matches('*').to_lowercase();
    HEADS.iter().position(|words| words.iter().any(|word| line.starts_with(word)))
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
    line.ends_with(':') && (says_who_wrote(&line) || line.contains('@'))
}

fn says_who_wrote(line: &str) -> bool {
    line.contains(" wrote") || line.contains(" skrev")
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
            ("Ja\n\nSkickat från Outlook för Android", "Ja"),
            ("Ja\nSkickades från E-post för Windows\n", "Ja"),
            ("Larm\nSkickat från pump 3", "Larm\nSkickat från pump 3"),
            ("Ja\n\nSänt från min iPhone", "Ja"),
            ("Ja\n[Skickat från Proton Mail för iOS]", "Ja"),
            ("Ja\n\nHämta Outlook för iOS<https://aka.ms/o0ukef>\n", "Ja"),
            ("Ja\n____________\nSkickat från Outlook Mobile\n<https://aka.ms/blhgte>", "Ja"),
            ("Ja\nhttps://aka.ms/blhgte", "Ja\nhttps://aka.ms/blhgte"),
            ("Ja\n\nSkickat från mobilen\nGet BlueMail for Android", "Ja"),
            ("-- \nonly", ""),
        ];
        for (body, expected) in cases {
            assert_eq!(joined(&without_signature(lines(body))), expected, "{body}");
        }
    }

    #[test]
    fn signed_by_pgp() {
        let body = "\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nNivå hög\n- -- \nKarl\n-----BEGIN PGP SIGNATURE-----\n\niQE=\n-----END PGP SIGNATURE-----";
        assert_eq!(joined(&without_signature(without_pgp(lines(body)))), "Nivå hög");
        assert_eq!(joined(&without_pgp(lines("a\n- b"))), "a\n- b");
    }

    #[test]
    fn quotes() {
        let cases = [
            ("Ja tack\n> fråga?\n>> äldre", "Ja tack"),
            ("Ja\n\nDen 23 nov 2026 skrev Karl <k@x.se>:\n\n> fråga", "Ja\n"),
            ("Ja\nOn Monday Karl wrote:\n> q\nmer", "Ja\nmer"),
            ("Ja\n\nOn Thu, Nov 27, 2026 at 10:12 AM Karl Ek <k@x.se>\nwrote:\n\n> q", "Ja\n"),
            ("Ja\n\nDen tors 27 nov. 2026 kl 10:12 skrev Karl Ek <\nk@x.se>:\n\n> q", "Ja\n"),
            (
                "Ja\n\nOn Thu, Nov 26, 2026 at 10:12 AM 46701234567\n<46701234567@sms.x.se> wrote:\n\n> q",
                "Ja\n",
            ),
            ("Ja\n\nOn Thu, Nov 26, 2026 at 10:12 AM Karl Ek <\nk@x.se> wrote:\n\n> q", "Ja\n"),
            ("Ja\n\nOn 26 Nov 2026, at 10:12, Karl\nEk <k@x.se> wrote:\n\n> q", "Ja\n"),
            ("Den röda lampan lyser\nKarl wrote:\n> q", "Den röda lampan lyser"),
            ("Den röda lampan lyser\nKarl <k@x.se> wrote:\n> q", "Den röda lampan lyser"),
            ("Den 3:e lampan lyser\nKarl <k@x.se> wrote:\n> q", "Den 3:e lampan lyser"),
            ("Ja\n\n____________\nFrån: K\nSkickat: 1\nTill: x\n\nq", "Ja\n"),
            ("Ja\n____________\nNej", "Ja\n____________\nNej"),
            ("Ja\n\nVidarebefordrat brev:\n\n> q", "Ja\n"),
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

    #[test]
    fn what_is_passed_on() {
        let cases = [
            ("\n\nFrån: L\nSkickat: 1\nTill: x\nÄmne: Larm\n\nNivå hög\nRing", "Nivå hög\nRing"),
            (
                "Skickat från min iPhone\n\nVidarebefordrat brev:\n\n> Från: L <l@x.se>\n> Datum: 1\n> Till: d\n> Ämne: Larm\n> \n> Nivå hög",
                "Nivå hög",
            ),
            (
                "-------- Forwarded Message --------\nSubject: \tL\nDate: \tx\nFrom: \ty\n\n\nNivå > 3",
                "Nivå > 3",
            ),
            (
                "____________\nFrom: A\nSent: 1\nTo: x\n\n____________\nFrom: B\nSent: 1\nTo: x\n\nInnerst",
                "Innerst",
            ),
            ("From: A\nSent: 1\nTo: x\n\nSvar\n\nFrom: B\nSent: 1\nTo: x\n\nFråga", "Svar"),
            ("Från: L\nSkickat: 1\nTill: x\nÄmne: Larm\nDatum: i dag\nNivå: 3", "Datum: i dag\nNivå: 3"),
            ("> bara det här", "bara det här"),
            ("Från: A\nSkickat: 1\nTill: x", ""),
        ];
        for (body, expected) in cases {
            assert_eq!(joined(&forwarded(&lines(body))), expected, "{body}");
        }
    }
}
