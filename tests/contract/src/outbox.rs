//! `Outbox::accept`: all or nothing, once for a key, whatever becomes of the caller.

use crate::stores::{RUN, Stores, json, link, seconds};
use domain::address::{Alphanumeric, Originator};
use domain::message::{
    Body, Callback, Dimensions, DlrMask, Door, Message, MessageId, Priority, SubmissionId,
};
use domain::refusal::{Code, Refusal};
use domain::state::State;
use domain::submission::RefusedRecipient;
use domain::text::Alphabet;
use fakes::samples;
use ports::driven::{Acceptance, Outcome, StoreError};
use std::sync::Arc;
use std::time::Duration;

/// A message comes back as it was accepted, every field of it.
pub async fn every_field_comes_back(stores: &Stores) {
    let mut message = samples::message(7, stores.now());
    message.submission = SubmissionId(6);
    message.asked_by = Some("åsa@example.se".to_owned());
    message.door = Door::Soap;
    message.originator = Some(Originator::Name(Alphanumeric::parse("Kommun Åmål").expect("a name")));
    message.flash = true;
    message.segments = 3;
    message.priority = Priority::Alarm;
    message.reference = Some("ärende 17; 'x' \"y\" \\ %_".to_owned());
    message.callback = json("crm.example.se");
    message.due_at = samples::later(stores.now(), seconds(60));
    message.expires_at = samples::later(stores.now(), seconds(3600));
    message.dimensions = Dimensions {
        company: "Bolag AB".to_owned(),
        department: "Å1".to_owned(),
        cost_centre: "4711".to_owned(),
        project: "p;q".to_owned(),
    };
    let mut new = samples::queued(message.clone(), &link());
    new.state = State::Scheduled;
    let accepted = stores.outbox.accept(samples::acceptance(vec![new])).await.expect("accepted");
    assert_eq!((accepted.submission(), accepted.is_repeated()), (SubmissionId(6), false));
    let answer = accepted.messages().first().expect("one message");
    assert_eq!(
        (answer.id, answer.segments, answer.alphabet, answer.state),
        (MessageId(7), 3, Alphabet::Gsm7, State::Scheduled)
    );
    assert_eq!(answer.to, message.recipient.to_string());
    let record = stores.record(MessageId(7)).await;
    assert_eq!(*record.message, message);
    assert_eq!(
        (record.state, record.link, record.sent_at, record.final_at),
        (State::Scheduled, link(), None, None)
    );
    assert_eq!(
        (record.error.as_str(), record.possible_duplicate, record.parts.as_slice().len()),
        ("", false, 0)
    );
}

/// Every kind of body, originator, recipient, door, class and callback can be stored.
pub async fn every_kind_of_message_comes_back(stores: &Stores) {
    let kinds = kinds(stores);
    for (id, kind) in (1..).zip(&kinds) {
        stores.queue(id, |m| *m = Message { id: m.id, submission: m.submission, ..kind.clone() }).await;
    }
    for (id, kind) in (1..).zip(kinds) {
        let record = stores.record(MessageId(id)).await;
        assert_eq!(*record.message, Message { id: MessageId(id), submission: SubmissionId(id), ..kind });
    }
}

fn kinds(stores: &Stores) -> Vec<Message> {
    let plain = samples::message(1, stores.now());
    let bodies = [
        Body::Text {
            text: "åäö ÅÄÖ é @£$ {[~]} €\nrad 2".to_owned(),
            alphabet: Alphabet::Gsm7,
            udh: Vec::new(),
        },
        Body::Text { text: "Hej".to_owned(), alphabet: Alphabet::Ucs2, udh: vec![5, 0, 3, 1, 2, 1] },
        Body::Text { text: String::new(), alphabet: Alphabet::Gsm7, udh: vec![2, 0x70, 0] },
        Body::Text {
            text: "snö ❄️ 日本 👩‍🚒".to_owned(), alphabet: Alphabet::Ucs2, udh: Vec::new()
        },
        Body::Binary { data: (0..=133).collect(), udh: vec![6, 5, 4, 0, 0, 0x23, 0xF4] },
        Body::Binary { data: vec![0], udh: Vec::new() },
    ];
    let originators =
        ["46701234567", "71234", "00123", "Example", "a b"].map(|o| Originator::parse(o).expect("canonical"));
    let callbacks = [
        Callback::Kannel { url: "http://h/dlr?d=%d&a=%A;x".to_owned(), mask: DlrMask(31) },
        Callback::Mail { address: "alarm@example.se".to_owned() },
    ];
    let mut kinds: Vec<_> = bodies.into_iter().map(|body| Message { body, ..plain.clone() }).collect();
    kinds.extend(originators.into_iter().map(|o| Message { originator: Some(o), ..plain.clone() }));
    kinds.extend(callbacks.into_iter().map(|c| Message { callback: Some(c), ..plain.clone() }));
    kinds.extend(
        ["71234", "001", "99999999999", "123456789012345"]
            .map(|r| Message { recipient: samples::recipient(r), ..plain.clone() }),
    );
    kinds.extend(Door::ALL.iter().map(|door| Message { door: *door, ..plain.clone() }));
    kinds.extend(Priority::ALL.iter().map(|priority| Message { priority: *priority, ..plain.clone() }));
    kinds
}

/// The answer lists the messages in the order of the recipients.
pub async fn the_answer_keeps_the_order(stores: &Stores) {
    let ids: Vec<i64> = (1..=300).collect();
    let new = ids.iter().map(|id| samples::queued(samples::message(*id, stores.now()), &link())).collect();
    let accepted = stores.outbox.accept(samples::acceptance(new)).await.expect("accepted");
    assert_eq!(accepted.messages().iter().map(|m| m.id.0).collect::<Vec<_>>(), ids);
    stores.audit().await;
}

/// A message handed to its link at once is `Sending`, held by its run, answered as queued, and nobody else gets it.
pub async fn handed_over_at_once(stores: &Stores) {
    let new = samples::sending(samples::message(1, stores.now()), &link(), RUN);
    let accepted = stores.outbox.accept(samples::acceptance(vec![new])).await.expect("accepted");
    assert_eq!(accepted.messages().first().map(|m| m.state), Some(State::Queued));
    assert_eq!(stores.state(MessageId(1)).await, State::Sending);
    assert!(stores.lease(10).await.is_empty());
    stores.end(MessageId(1), Outcome::Sent).await;
    assert_eq!(stores.state(MessageId(1)).await, State::Sent);
}

/// All or nothing: one message that cannot be stored, and none is.
pub async fn all_or_nothing(stores: &Stores) {
    stores.queue_many([5]).await;
    let new = [3, 4, 5].map(|id| samples::queued(samples::message(id, stores.now()), &link())).to_vec();
    let refused = stores
        .outbox
        .accept(Acceptance { once: Some(samples::once("k", 1)), ..samples::acceptance(new) })
        .await;
    assert!(matches!(refused, Err(StoreError::Data(_))), "{refused:?}");
    assert_eq!(stores.reports.message(MessageId(3)).await, Ok(None));
    assert_eq!(stores.reports.audit().await.expect("audit").accepted, 1);
    let again = Acceptance {
        once: Some(samples::once("k", 1)),
        ..samples::acceptance(vec![samples::queued(samples::message(6, stores.now()), &link())])
    };
    assert!(!stores.outbox.accept(again).await.expect("the key was not used up").is_repeated());
}

/// A request that cannot be stored does not fail the ones that share its commit.
pub async fn a_bad_neighbour_fails_alone(stores: &Stores) {
    stores.queue_many([1000]).await;
    let tasks: Vec<_> = (1..=40)
        .map(|n| {
            let id = if n == 20 { 1000 } else { n };
            let (outbox, new) =
                (Arc::clone(&stores.outbox), samples::queued(samples::message(id, stores.now()), &link()));
            tokio::spawn(async move { outbox.accept(samples::acceptance(vec![new])).await.is_ok() })
        })
        .collect();
    let mut good = 0;
    for task in tasks {
        good += usize::from(task.await.expect("no panic"));
    }
    assert_eq!(good, 39);
    stores.audit().await;
}

/// The same key with the same request stores nothing and gives the first answer, refused recipients and all.
pub async fn a_key_gives_the_first_answer_again(stores: &Stores) {
    let refused = vec![
        RefusedRecipient {
            input: "070;x".to_owned(),
            refusal: Refusal::field(Code::InvalidNumber, "to", "tecknet ';' | \"åäö\"\nrad 2"),
        },
        RefusedRecipient { input: String::new(), refusal: Refusal::new(Code::NumberNotAllowed) },
    ];
    let request = |first: i64| {
        let new = [first, first + 1]
            .map(|id| samples::queued(samples::message(id, stores.now()), &link()))
            .to_vec();
        Acceptance {
            refused: refused.clone(),
            once: Some(samples::once("nyckel-å 1", 1)),
            ..samples::acceptance(new)
        }
    };
    let first = stores.outbox.accept(request(1)).await.expect("accepted");
    stores.clock.advance(Duration::from_hours(24 * 6));
    assert_eq!(
        stores.outbox.earlier(&samples::once("nyckel-å 1", 2), stores.now()).await,
        Err(StoreError::KeyReused)
    );
    assert_eq!(stores.outbox.earlier(&samples::once("nyckel-å 2", 1), stores.now()).await, Ok(None));
    let asked = stores.outbox.earlier(&samples::once("nyckel-å 1", 1), stores.now()).await;
    let asked = asked.expect("it is known").expect("it is in force");
    assert!(asked.is_repeated() && asked.messages() == first.messages() && asked.refused() == refused);
    let again = stores.outbox.accept(request(11)).await.expect("repeated");
    assert!(!first.is_repeated() && again.is_repeated());
    assert_eq!((again.submission(), again.messages()), (first.submission(), first.messages()));
    assert_eq!(again.refused(), refused.as_slice());
    assert_eq!(stores.reports.message(MessageId(11)).await, Ok(None));
    stores.audit().await;
}

/// The answer again has the state of the first answer, also when the message has long left.
pub async fn a_repeated_answer_is_the_earlier_answer(stores: &Stores) {
    let request = |id| Acceptance {
        once: Some(samples::once("k", 1)),
        ..samples::acceptance(vec![samples::queued(samples::message(id, stores.now()), &link())])
    };
    let first = stores.outbox.accept(request(1)).await.expect("accepted");
    assert_eq!(stores.lease(1).await.len(), 1);
    stores.end(MessageId(1), Outcome::Sent).await;
    let again = stores.outbox.accept(request(2)).await.expect("repeated");
    assert_eq!(again.messages(), first.messages());
}

/// The same key with another request is refused, and nothing is stored.
pub async fn a_key_with_another_request_is_refused(stores: &Stores) {
    let request = |id, digest| Acceptance {
        once: Some(samples::once("k", digest)),
        ..samples::acceptance(vec![samples::queued(samples::message(id, stores.now()), &link())])
    };
    stores.outbox.accept(request(1, 1)).await.expect("accepted");
    assert_eq!(
        stores.outbox.accept(request(2, 2)).await.map(|a| a.is_repeated()),
        Err(StoreError::KeyReused)
    );
    assert_eq!(stores.reports.message(MessageId(2)).await, Ok(None));
    assert!(stores.outbox.accept(request(3, 1)).await.expect("the first still holds").is_repeated());
}

/// Keys of different users do not meet, and keys are told apart exactly.
pub async fn keys_are_exact_and_of_their_user(stores: &Stores) {
    for (id, (user, key)) in
        (1..).zip([("crm", "k"), ("erp", "k"), ("crm", "K"), ("crm", "k "), ("crm", "é"), ("crm", "e")])
    {
        let mut once = samples::once(key, 1);
        once.user = samples::user_name(user);
        let new = samples::queued(samples::message(id, stores.now()), &link());
        let accepted =
            stores.outbox.accept(Acceptance { once: Some(once), ..samples::acceptance(vec![new]) }).await;
        assert!(!accepted.expect("accepted").is_repeated(), "{user} {key:?}");
    }
}

/// After seven days a key is free again.
pub async fn a_key_is_free_after_seven_days(stores: &Stores) {
    let request = |id, digest| Acceptance {
        once: Some(samples::once("k", digest)),
        ..samples::acceptance(vec![samples::queued(samples::message(id, stores.now()), &link())])
    };
    stores.outbox.accept(request(1, 1)).await.expect("accepted");
    stores.clock.advance(Duration::from_hours(24 * 7) + seconds(1));
    assert!(!stores.outbox.accept(request(2, 2)).await.expect("a new request").is_repeated());
    assert!(stores.outbox.accept(request(3, 2)).await.expect("the new one holds").is_repeated());
}

/// A hundred retries at once are one message.
pub async fn a_hundred_retries_at_once_are_one(stores: &Stores) {
    let tasks: Vec<_> = (1..=100)
        .map(|id| {
            let (outbox, new) =
                (Arc::clone(&stores.outbox), samples::queued(samples::message(id, stores.now()), &link()));
            let request = Acceptance { once: Some(samples::once("k", 1)), ..samples::acceptance(vec![new]) };
            tokio::spawn(async move { outbox.accept(request).await })
        })
        .collect();
    let (mut fresh, mut ids) = (0, Vec::new());
    for task in tasks {
        let accepted = task.await.expect("no panic").expect("accepted or repeated");
        fresh += usize::from(!accepted.is_repeated());
        ids.extend(accepted.messages().iter().map(|m| m.id));
    }
    ids.dedup();
    assert_eq!((fresh, ids.len()), (1, 1), "one was new and all name the same message");
    assert_eq!(stores.reports.audit().await.expect("audit").accepted, 1);
}

/// Many callers at once: everything answered yes is there.
pub async fn many_at_once_are_all_stored(stores: &Stores) {
    let tasks: Vec<_> = (0..200)
        .map(|n| {
            let new = (1..=3)
                .map(|m| samples::queued(samples::message(n * 3 + m, stores.now()), &link()))
                .collect();
            let outbox = Arc::clone(&stores.outbox);
            tokio::spawn(async move { outbox.accept(samples::acceptance(new)).await })
        })
        .collect();
    for task in tasks {
        let accepted = task.await.expect("no panic").expect("accepted");
        for message in accepted.messages() {
            assert_eq!(stores.state(message.id).await, State::Queued);
        }
    }
    assert_eq!(stores.reports.audit().await.expect("audit").accepted, 600);
    stores.audit().await;
}

/// A caller that goes away: the request is stored whole or not at all, and a retry with the key tells.
pub async fn a_caller_that_goes_away(stores: &Stores) {
    for n in 0..20_i64 {
        let request = |first: i64| {
            let new = [first, first + 1]
                .map(|id| samples::queued(samples::message(id, stores.now()), &link()))
                .to_vec();
            Acceptance { once: Some(samples::once(&format!("k{n}"), 1)), ..samples::acceptance(new) }
        };
        tokio::select! {
            biased;
            _ = stores.outbox.accept(request(n * 10)) => {}
            () = async { if n % 2 == 0 { tokio::task::yield_now().await } } => {}
        }
        let again = stores.outbox.accept(request(n * 10 + 5)).await.expect("accepted now or before");
        for message in again.messages() {
            assert_eq!(stores.state(message.id).await, State::Queued);
        }
    }
    assert_eq!(stores.reports.audit().await.expect("audit").accepted, 40);
    stores.audit().await;
}
