//! What a subject says of its mail: an answer, something passed on, or neither.

/// What a mail is, by its subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Its sender's own.
    Own,
    /// An answer to an earlier mail.
    Answer,
    /// An earlier mail passed on.
    Forward,
}

const ANSWERS: [&str; 6] = ["re", "sv", "svar", "aw", "antw", "vs"];
const FORWARDS: [&str; 5] = ["vb", "fw", "fwd", "wg", "vidarebefordrat"];

/// What the first word before a colon says.
#[must_use]
pub fn kind(subject: &str) -> Kind {
    match prefix(subject) {
        Some((word, _)) if ANSWERS.contains(&word.as_str()) => Kind::Answer,
        Some((word, _)) if FORWARDS.contains(&word.as_str()) => Kind::Forward,
        _ => Kind::Own,
    }
}

/// Whether it is an answer to the mail of a received SMS: what that mail's subject says is no part of the answer.
#[must_use]
pub fn answers_an_sms(subject: &str) -> bool {
    let mut rest = subject;
    while kind(rest) == Kind::Answer {
        let Some((_, after)) = prefix(rest) else { break };
        rest = after;
    }
    let number = super::OWN_SUBJECTS.iter().find_map(|own| rest.trim().strip_prefix(own));
    let digits = number.map(|number| number.trim().trim_start_matches('+'));
    rest.len() < subject.len()
        && digits.is_some_and(|d| !d.is_empty() && d.bytes().all(|octet| octet.is_ascii_digit()))
}

fn prefix(subject: &str) -> Option<(String, &str)> {
    let (word, rest) = subject.trim_start().split_once(':')?;
    Some((word.trim().to_lowercase(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        for (subject, expected) in [
            ("Re: x", Kind::Answer),
            ("SV:x", Kind::Answer),
            (" VB: Larm: pump", Kind::Forward),
            ("Fwd: x", Kind::Forward),
            ("Larm: x", Kind::Own),
            ("Se ovan", Kind::Own),
            ("", Kind::Own),
        ] {
            assert_eq!(kind(subject), expected, "{subject}");
        }
    }

    #[test]
    fn answers_to_received_messages() {
        for (subject, expected) in [
            ("SV: SMS från +46701234567", true),
            ("Re: Sv: SMS from 71234", true),
            ("SMS från +46701234567", false),
            ("Re: SMS från kunden", false),
            ("Re: SMS från ", false),
            ("Re: Larm", false),
        ] {
            assert_eq!(answers_an_sms(subject), expected, "{subject}");
        }
    }
}
