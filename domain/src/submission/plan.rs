//! The decision about a request: a plan that explains itself.

use super::body::{Choice, decide_body};
use super::{RefusedRecipient, Request};
use super::{pager, plain};
use crate::access::Sender;
use crate::address::{Originator, Recipient};
use crate::directory::{Defaults, Directory, LinkId};
use crate::language::Words;
use crate::message::{Body, Callback, Dimensions, Priority};
use crate::numbering;
use crate::originator;
use crate::refusal::{Code, Refusal};
use crate::routing::{self, Deadline, Healths, Question};
use crate::state::State;
use crate::text::Change;
use crate::trace::Trace;
use crate::words;
use jiff::Timestamp;
use std::collections::HashSet;
use std::time::Duration;

/// What is the same for all messages of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// What they say.
    pub body: Body,
    /// Characters that were changed to fit the alphabet.
    pub changes: Vec<Change>,
    /// PDUs each takes.
    pub segments: u8,
    /// Who they say they are from; `None` = the link's own.
    pub originator: Option<Originator>,
    /// Their class.
    pub priority: Priority,
    /// `Scheduled` or `Queued`.
    pub state: State,
    /// When they may leave.
    pub due_at: Timestamp,
    /// After this nothing is sent.
    pub expires_at: Timestamp,
    /// What their cost is booked on.
    pub dimensions: Dimensions,
    /// Whom to tell.
    pub callback: Option<Callback>,
}

/// One recipient that will get the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Who.
    pub recipient: Recipient,
    /// The link whose queue it joins.
    pub link: LinkId,
    /// By when something must have happened, or it goes by another link.
    pub deadlines: Vec<Deadline>,
    /// For a pager: the pages that it gets instead. By a link that carries few letters: the text in these.
    pub pages: Option<Choice>,
}

impl Planned {
    /// What it is sent, and how many PDUs that takes.
    #[must_use]
    pub fn content(&self, decided: &Decided) -> (Body, u8) {
        match &self.pages {
            Some(pages) => (pages.body.clone(), pages.segments),
            None => (decided.body.clone(), decided.segments),
        }
    }
}

/// The decision: at least one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What is the same for all.
    pub decided: Decided,
    /// Who gets it; each recipient once, in the order given.
    pub recipients: Vec<Planned>,
    /// Who does not.
    pub refused: Vec<RefusedRecipient>,
}

/// Decides about a request. `spread` differs from request to request (balanced links are picked by it).
///
/// # Errors
/// The reason why nothing of it can be accepted; when every recipient is refused, the first recipient's reason.
pub fn plan(
    directory: &Directory,
    sender: &Sender,
    request: &Request,
    healths: &Healths,
    spread: u64,
    now: Timestamp,
    trace: &mut Trace,
) -> Result<Plan, Refusal> {
    let mut decided = decide(directory, sender, request, now, trace)?;
    let asked_link = request.link.as_deref().map(LinkId::parse).transpose();
    let asked_link = asked_link.map_err(|e| Refusal::field(Code::UnknownLink, "link", e.words()))?;
    check_recipients(request, &directory.defaults)?;
    let mut recipients = Vec::with_capacity(request.to.len());
    let mut refused = Vec::new();
    let mut seen = HashSet::with_capacity(if request.to.len() > 1 { request.to.len() } else { 0 });
    for (n, input) in (0_u64..).zip(&request.to) {
        let planned = plan_recipient(directory, sender, input, trace).and_then(|recipient| {
            let question = Question {
                recipient: &recipient,
                user: sender.name(),
                priority: decided.priority,
                link: asked_link.as_ref(),
            };
            let chosen = routing::choose(directory, &question, healths, spread.wrapping_add(n), trace)?;
            let deadlines = chosen
                .route
                .map_or_else(Vec::new, |r| routing::deadlines(r, decided.priority, decided.due_at));
            let link = chosen.link;
            let letters = directory.link(&link).and_then(|link| link.letters.as_ref());
            let content = (&request.content, request.policy.unwrap_or(directory.defaults.text));
            let pages = pager::pages(&directory.defaults.pager, input, &recipient, content, letters, trace)?;
            let pages = match (pages, letters) {
                (None, Some(letters)) => plain::text(letters, directory, (request, &decided), &link, trace)?,
                (pages, _) => pages,
            };
            Ok(Planned { recipient, link, deadlines, pages })
        });
        match planned {
            Ok(planned) if request.to.len() == 1 || seen.insert(planned.recipient.clone()) => {
                recipients.push(planned)
            }
            Ok(_) => trace.note("numbering", || words!("{input} är redan med", "{input} is there already")),
            Err(refusal) => refused.push(RefusedRecipient { input: input.clone(), refusal }),
        }
    }
    let first = recipients.first().and_then(|planned: &Planned| planned.pages.clone());
    if let Some(Choice { body, changes, segments }) =
        first.filter(|_| recipients.iter().all(|p| p.pages.is_some()))
    {
        // Nobody gets it in its other form.
        (decided.body, decided.changes, decided.segments) = (body, changes, segments);
    } else {
        // Some get it with other changes than the rest; all of them are told.
        let own = recipients.iter().filter_map(|planned| planned.pages.as_ref());
        for change in own.flat_map(|pages| &pages.changes) {
            if !decided.changes.contains(change) {
                decided.changes.push(change.clone());
            }
        }
    }
    match (recipients.is_empty(), refused.first()) {
        (true, Some(first)) => Err(first.refusal.clone()),
        (true, None) => Err(Refusal::field(Code::NoRecipient, "to", "")),
        (false, _) => Ok(Plan { decided, recipients, refused }),
    }
}

fn check_recipients(request: &Request, defaults: &Defaults) -> Result<(), Refusal> {
    if request.to.is_empty() {
        return Err(Refusal::field(Code::NoRecipient, "to", ""));
    }
    if request.to.len() > defaults.max_recipients {
        return Err(Refusal::field(
            Code::TooManyRecipients,
            "to",
            words!("{}, högst {}", "{}, at most {}", request.to.len(), defaults.max_recipients),
        ));
    }
    Ok(())
}

fn plan_recipient(
    directory: &Directory,
    sender: &Sender,
    input: &str,
    trace: &mut Trace,
) -> Result<Recipient, Refusal> {
    let defaults = &directory.defaults;
    let recipient = numbering::recipient(input, defaults.country, defaults.strict_numbers)?;
    trace.note("numbering", || words!("{input} är {recipient}", "{input} is {recipient}"));
    let allowed = defaults.allow.allows(&recipient)
        && sender.user().allow.as_ref().is_none_or(|own| own.allows(&recipient));
    if allowed {
        Ok(recipient)
    } else {
        Err(Refusal::field(Code::NumberNotAllowed, "to", recipient.to_string()))
    }
}

fn decide(
    directory: &Directory,
    sender: &Sender,
    request: &Request,
    now: Timestamp,
    trace: &mut Trace,
) -> Result<Decided, Refusal> {
    let defaults = &directory.defaults;
    let user = sender.user();
    if request.dialog {
        return Err(Refusal::field(Code::DialogUnavailable, "dialog", ""));
    }
    check_lengths(request)?;
    let Choice { body, changes, segments } =
        decide_body(&request.content, request.policy.unwrap_or(defaults.text), defaults.max_segments, trace)?;
    let originator = originator::choose(request.from.as_deref(), user, defaults.country)?;
    trace.note("originator", || {
        let own = || Words::new("vägens egen", "the link's own");
        originator.as_ref().map_or_else(own, |originator| originator.to_string().into())
    });
    let priority = request.priority.unwrap_or(user.priority);
    if priority > user.max_priority {
        return Err(Refusal::field(
            Code::NotPermitted,
            "priority",
            words!("{priority}, högst {}", "{priority}, at most {}", user.max_priority),
        ));
    }
    let (state, due_at, expires_at) = times(request, defaults, priority, now)?;
    let dimensions = request.dimensions.clone().or(&user.dimensions);
    Ok(Decided {
        body,
        changes,
        segments,
        originator,
        priority,
        state,
        due_at,
        expires_at,
        dimensions,
        callback: request.callback.clone(),
    })
}

fn check_lengths(request: &Request) -> Result<(), Refusal> {
    let too_long = |value: &Option<String>, most: usize| {
        value.as_ref().is_some_and(|v| v.chars().count() > most || v.chars().any(char::is_control))
    };
    let wrong = |field, most| {
        Err(Refusal::field(
            Code::InvalidParameter,
            field,
            words!(
                "högst {most} tecken, inga styrtecken",
                "at most {most} characters, no control characters"
            ),
        ))
    };
    let dimensions = &request.dimensions;
    if too_long(&request.reference, 128) {
        return wrong("reference", 128);
    }
    if too_long(&request.idempotency_key, 255) {
        return wrong("idempotency_key", 255);
    }
    if too_long(&request.asked_by, 320) {
        return wrong("asked_by", 320);
    }
    let units = [&dimensions.company, &dimensions.department, &dimensions.cost_centre, &dimensions.project];
    if units.iter().any(|u| u.chars().count() > 64 || u.chars().any(char::is_control)) {
        return wrong("dimensions", 64);
    }
    Ok(())
}

fn times(
    request: &Request,
    defaults: &Defaults,
    priority: Priority,
    now: Timestamp,
) -> Result<(State, Timestamp, Timestamp), Refusal> {
    let wrong = |field, swedish: &'static str, english: &'static str| {
        Refusal::field(Code::InvalidTime, field, Words::new(swedish, english))
    };
    let due_at = request.send_at.filter(|at| *at > now).unwrap_or(now);
    let latest = now.checked_add(defaults.schedule_ahead).unwrap_or(Timestamp::MAX);
    if due_at > latest {
        return Err(wrong("send_at", "för långt fram", "too far ahead"));
    }
    if request.valid_until.is_some_and(|until| until <= due_at) {
        return Err(wrong(
            "valid_until",
            "den är över innan det kan gå i väg",
            "it is over before it could leave",
        ));
    }
    let lasting = if request.valid_until.is_some() { Duration::MAX } else { defaults.valid_for(priority) };
    let valid_for = request.valid_for.unwrap_or(lasting);
    if valid_for.is_zero() {
        return Err(wrong("valid_for", "det måste vara mer än ingenting", "it must be longer than nothing"));
    }
    let expires_at = match (due_at.checked_add(valid_for), request.valid_until) {
        (Ok(at), Some(until)) => at.min(until),
        (Err(_), Some(until)) => until,
        (Ok(at), None) => at,
        (Err(_), None) => return Err(wrong("valid_for", "för länge", "too long")),
    };
    let state = if due_at > now { State::Scheduled } else { State::Queued };
    Ok((state, due_at, expires_at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::{LinkProfile, User, UserName};
    use crate::message::Door;
    use crate::routing::{Condition, Health, Pattern, Route, Way};
    use std::sync::Arc;

    fn directory() -> Directory {
        let ts0 = LinkId::parse("TS0").expect("name");
        Directory {
            links: vec![LinkProfile::named(ts0.clone())],
            routes: vec![Route::new(Pattern::Prefix("46".into()), vec![Way::Link(ts0)])],
            ..Directory::default()
        }
    }

    fn ask(request: &Request) -> Result<Plan, Refusal> {
        let user = User {
            originator: Originator::parse("Example").ok(),
            ..User::named(UserName::parse("crm").expect("name"))
        };
        let sender = Sender::internal(Arc::new(user), Door::Http);
        let up = Health { condition: Condition::Up, room: 9 };
        let healths = Healths::from([(LinkId::parse("TS0").expect("name"), up)]);
        plan(&directory(), &sender, request, &healths, 0, Timestamp::UNIX_EPOCH, &mut Trace::new())
    }

    #[test]
    fn a_plain_request() {
        let plan = ask(&Request::text(["070-123 45 67", "+46701234567", "anna"], "Hej åäö")).expect("plan");
        assert_eq!(plan.recipients.len(), 1, "the same number twice is one message");
        assert_eq!(plan.refused.first().map(|r| r.refusal.code), Some(Code::InvalidNumber));
        assert_eq!(plan.decided.originator.map(|o| o.to_string()).as_deref(), Some("Example"));
        assert_eq!((plan.decided.state, plan.decided.segments), (State::Queued, 1));
    }

    #[test]
    fn refusals() {
        let long = "x".repeat(2000);
        let with = |change: fn(&mut Request)| {
            let mut request = Request::text(["0701234567"], "Hej");
            change(&mut request);
            request
        };
        let cases = [
            (Request::text(Vec::<String>::new(), "Hej"), Code::NoRecipient, "to"),
            (Request::text(["anna"], "Hej"), Code::InvalidNumber, "to"),
            (Request::text(["+4512345678"], "Hej"), Code::NoRoute, "to"),
            (Request::text(["0701234567"], ""), Code::NoText, "text"),
            (Request::text(["0701234567"], "\u{200B}\0"), Code::NoText, "text"),
            (Request::text(["0701234567"], long), Code::TextTooLong, "text"),
            (with(|r| r.from = Some("Från Tandläkaren".into())), Code::InvalidOriginator, "from"),
            (with(|r| r.link = Some("TS9".into())), Code::UnknownLink, "link"),
            (with(|r| r.dialog = true), Code::DialogUnavailable, "dialog"),
            (with(|r| r.valid_for = Some(Duration::ZERO)), Code::InvalidTime, "valid_for"),
            (with(|r| r.valid_until = Some(Timestamp::UNIX_EPOCH)), Code::InvalidTime, "valid_until"),
            (with(|r| r.send_at = Some(Timestamp::MAX)), Code::InvalidTime, "send_at"),
            (with(|r| r.reference = Some("a\nb".into())), Code::InvalidParameter, "reference"),
        ];
        for (request, code, field) in cases {
            let refusal = ask(&request).expect_err(field);
            assert_eq!((refusal.code, refusal.field), (code, Some(field)));
        }
    }

    #[test]
    fn phones_and_pagers_each_in_their_form() {
        let long =
            "Larm om brand i pumpstationen vid ån. Ring driften genast på 08-123 45 67 eller kvittera här.";
        let plan = ask(&Request::text(["0701234567", "0740123456"], long)).expect("plan");
        let pages = |n: usize| plan.recipients.get(n).and_then(|p| p.pages.as_ref()).map(|p| p.segments);
        assert_eq!((plan.decided.segments, pages(0), pages(1)), (1, None, Some(2)));
        let alone = ask(&Request::text(["0740123456"], long)).expect("plan");
        assert_eq!(alone.decided.segments, 2, "as it will be sent");
    }

    #[test]
    fn later_and_for_a_while() {
        let mut request = Request::text(["0701234567"], "Hej");
        request.send_at = Timestamp::from_second(100).ok();
        request.valid_for = Some(Duration::from_secs(60));
        let decided = ask(&request).expect("plan").decided;
        assert_eq!(decided.state, State::Scheduled);
        assert_eq!((decided.due_at.as_second(), decided.expires_at.as_second()), (100, 160));
    }
}
