//! The answer to a request with an idempotency key, kept as text, so that a repetition gets the very same.

use super::{encode_fields, split_fields};
use domain::message::{MessageId, SubmissionId};
use domain::refusal::{Code, Refusal};
use domain::state::State;
use domain::submission::{Accepted, AcceptedMessage, RefusedRecipient};
use domain::text::Alphabet;
use domain::{Language, Words};

/// Every field of a request that a refusal may name.
const FIELDS: &[&str] = &[
    "to",
    "text",
    "from",
    "flash",
    "priority",
    "reference",
    "dimensions",
    "send_at",
    "valid_for",
    "callback_url",
    "dialog",
    "link",
    "data",
    "udh",
    "policy",
    "idempotency_key",
];

/// One line for each message and each refused recipient.
pub fn encode_answer(messages: &[AcceptedMessage], refused: &[RefusedRecipient]) -> String {
    let taken = messages.iter().map(|m| {
        let (id, segments) = (m.id.to_string(), m.segments.to_string());
        encode_fields(["+", &id, &m.to, &segments, m.alphabet.name(), m.state.as_str()])
    });
    let not = refused.iter().map(|r| {
        let field = r.refusal.field.unwrap_or_default();
        let said = |language| r.refusal.detail.in_language(language);
        let (english, swedish) = (said(Language::English), said(Language::Swedish));
        encode_fields(["-", &r.input, r.refusal.code.as_str(), field, english, swedish])
    });
    taken.chain(not).collect::<Vec<_>>().join("\n")
}

/// The answer again. A line that cannot be read is left out.
pub fn decode_answer(submission: SubmissionId, text: &str) -> Accepted {
    let lines: Vec<Vec<String>> = text.split('\n').map(split_fields).collect();
    let messages = lines.iter().filter_map(|fields| message(fields)).collect();
    let refused = lines.iter().filter_map(|fields| refusal(fields)).collect();
    Accepted::after_commit(submission, messages, refused, true)
}

fn message(fields: &[String]) -> Option<AcceptedMessage> {
    let [mark, id, to, segments, alphabet, state] = fields else { return None };
    let alphabets = [Alphabet::Gsm7, Alphabet::Ucs2, Alphabet::Binary];
    (mark == "+").then_some(())?;
    Some(AcceptedMessage {
        id: id.parse::<MessageId>().ok()?,
        to: to.clone(),
        segments: segments.parse().ok()?,
        alphabet: alphabets.into_iter().find(|a| a.name() == alphabet)?,
        state: State::parse(state)?,
    })
}

fn refusal(fields: &[String]) -> Option<RefusedRecipient> {
    // Answers of older versions have one text; it stands for both.
    let ([mark, input, code, field, english, swedish] | [mark, input, code, field, english @ swedish]) =
        fields
    else {
        return None;
    };
    (mark == "-").then_some(())?;
    Some(RefusedRecipient {
        input: input.clone(),
        refusal: Refusal {
            code: Code::ALL.iter().copied().find(|c| c.as_str() == code)?,
            field: FIELDS.iter().copied().find(|f| f == field),
            detail: Words::new(swedish.clone(), english.clone()),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_comes_back() {
        let messages = vec![AcceptedMessage {
            id: MessageId(7),
            to: "46701234567".into(),
            segments: 3,
            alphabet: Alphabet::Ucs2,
            state: State::Scheduled,
        }];
        let refused = vec![RefusedRecipient {
            input: "x\ty\nz".into(),
            refusal: Refusal::field(Code::InvalidNumber, "to", Words::new("inget\\nummer", "not\\a number")),
        }];
        let again = decode_answer(SubmissionId(9), &encode_answer(&messages, &refused));
        assert_eq!(again, Accepted::after_commit(SubmissionId(9), messages, refused, true));
    }
}
