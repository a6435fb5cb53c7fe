//! Messages as people and programs see them: a table, a page, JSON.

use crate::command::table::Table;
use domain::language::Language;
use domain::message::{Leaving, PastWay};
use domain::state::State;
use jiff::tz::TimeZone;
use ports::driven::MessageRecord;
use serde_json::{Value, json};

pub(super) fn as_table(records: &[MessageRecord], language: Language, zone: &TimeZone) -> Table {
    let headings = match language {
        Language::Swedish => ["ID", "MOTTAGEN", "ANVÄNDARE", "TILL", "TILLSTÅND", "VÄG", ">DELAR", "FEL"],
        Language::English => ["ID", "ACCEPTED", "USER", "TO", "STATE", "LINK", ">PARTS", "ERROR"],
    };
    let mut table = Table::new(&headings);
    for record in records {
        let message = &record.message;
        let duplicate = if record.possible_duplicate { " (×2?)" } else { "" };
        table.row([
            message.id.to_string(),
            message.accepted_at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
            message.user.to_string(),
            message.recipient.to_string(),
            format!("{}{duplicate}", record.state),
            record.link.to_string(),
            message.segments.to_string(),
            record.error.clone(),
        ]);
    }
    table
}

/// Everything about a message but its text, which belongs to its sender alone.
pub(super) fn as_json(record: &MessageRecord) -> Value {
    let message = &record.message;
    let time = |at: Option<domain::Timestamp>| at.map(|at| at.to_string());
    let parts = record.parts.as_slice().iter().map(|part| {
        json!({ "seq": part.seq, "state": part.state.as_str(), "operator_id": part.operator_id, "error": part.error })
    });
    json!({
        "id": message.id.to_string(), "submission": message.submission.to_string(), "user": message.user.as_str(),
        "asked_by": message.asked_by, "door": message.door.as_str(), "to": message.recipient.to_string(),
        "from": message.originator.as_ref().map(ToString::to_string), "state": record.state.as_str(),
        "segments": message.segments, "priority": message.priority.as_str(), "flash": message.flash,
        "link": record.link.as_str(), "reference": message.reference, "tries": record.tries.total,
        "possible_duplicate": record.possible_duplicate, "error": record.error,
        "accepted_at": message.accepted_at.to_string(), "due_at": message.due_at.to_string(),
        "expires_at": message.expires_at.to_string(), "sent_at": time(record.sent_at), "final_at": time(record.final_at),
        "ways": record.parts.past().iter().map(|way| way_json(way, message.segments)).collect::<Vec<_>>(),
        "callback": message.callback.as_ref().map(ToString::to_string), "parts": parts.collect::<Vec<_>>(),
    })
}

/// A way that the message left for another.
fn way_json(way: &PastWay, total: u8) -> Value {
    json!({
        "link": way.link.as_str(), "state": way.state(total).as_str(), "left": way.why.as_str(), "left_at": way.left_at.to_string(),
        "sent_at": way.sent_at.map(|at| at.to_string()), "in_doubt": way.in_doubt,
    })
}

/// A state for people, with its own name beside it where that is another: `--state` wants that one.
fn named(state: State, language: Language) -> String {
    match (state.name(language), state.as_str()) {
        (name, own) if name == own => own.to_owned(),
        (name, own) => format!("{name} ({own})"),
    }
}

/// Why a way was left.
fn why(why: Leaving, language: Language) -> &'static str {
    let swedish = match why {
        Leaving::NotDelivered => "inte levererat i tid",
        Leaving::NoReply => "inget svar i tid",
        Leaving::Failed => "misslyckades där",
        Leaving::Refused => "avvisades där",
    };
    language.pick(swedish, why.as_str())
}

/// A message's life on one page.
pub(super) fn life(record: &MessageRecord, language: Language, zone: &TimeZone) -> String {
    let message = &record.message;
    let time =
        |at: domain::Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S%.3f").to_string();
    let or_dash = |text: Option<String>| text.filter(|t| !t.is_empty()).unwrap_or_else(|| "–".to_owned());
    let mut table = Table::new(&["", ""]);
    let mut row = |swedish: &str, english: &str, value: String| {
        table.row([language.pick(swedish, english).to_owned(), value])
    };
    let doubt = if record.possible_duplicate {
        language.pick(" (möjlig dubblett)", " (possible duplicate)")
    } else {
        ""
    };
    row("id", "id", message.id.to_string());
    row("tillstånd", "state", format!("{}{doubt}", named(record.state, language)));
    row("fel", "error", or_dash(Some(record.error.clone())));
    row("användare", "user", message.user.to_string());
    row("beställd av", "asked by", or_dash(message.asked_by.clone()));
    row("dörr", "door", message.door.as_str().to_owned());
    row("till", "to", message.recipient.to_string());
    row("från", "from", or_dash(message.originator.as_ref().map(ToString::to_string)));
    row("klass", "class", message.priority.to_string());
    row("referens", "reference", or_dash(message.reference.clone()));
    row("rapport till", "reports to", or_dash(message.callback.as_ref().map(ToString::to_string)));
    row("väg", "link", record.link.to_string());
    row("misslyckade försök", "failed tries", record.tries.total.to_string());
    row("mottaget", "accepted", time(message.accepted_at));
    row("tidigast", "not before", time(message.due_at));
    row("senast", "not after", time(message.expires_at));
    row("sänt", "sent", or_dash(record.sent_at.map(time)));
    row("slut", "ended", or_dash(record.final_at.map(time)));
    for way in record.parts.past() {
        let fate = [way.state(message.segments).name(language), why(way.why, language)].join(", ");
        let doubled = match (way.was_used(), way.in_doubt) {
            (true, true) => language.pick("; operatören kan ha tagit det", "; the operator may have it"),
            (true, false) => language.pick("; operatören har det", "; the operator has it"),
            (false, _) => "",
        };
        let value = format!("{fate}, {}{doubled}", time(way.left_at));
        row(&format!("lämnade {}", way.link), &format!("left {}", way.link), value);
    }
    for part in record.parts.as_slice() {
        let state = part.state.as_str();
        let state = State::parse(state).map_or(state, |state| state.name(language));
        let fate = [state, &part.operator_id, &part.error].join(" ");
        row(&format!("del {}", part.seq), &format!("part {}", part.seq), fate.trim_end().to_owned());
    }
    table.to_string()
}
