//! `Inbox`: parts in any order, once each, and who may see the whole.

use crate::stores::{LINK, OTHER_LINK, RUN, RUN_B, Stores, link, minutes, seconds};
use domain::directory::UserName;
use domain::message::MoId;
use domain::mo::{Destination, Handing, Mo, MoBody, MoPart};
use fakes::samples;
use ports::driven::{Content, Handoff, HandoffKey, HandoffOutcome, MoRecord, NewMoPart, Recorded};
use std::sync::Arc;

async fn record(stores: &Stores, new: NewMoPart) -> Recorded {
    stores.inbox.record(new).await.expect("recorded")
}

/// Records one part of a text under a reference.
async fn part(stores: &Stores, id: i64, place: (u16, u8, u8), text: &str) -> Recorded {
    let part = samples::mo_part(&link(), text, samples::concat(place.0, place.1, place.2), stores.now());
    record(stores, samples::new_part(id, part)).await
}

fn whole(recorded: Recorded) -> Option<Mo> {
    match recorded {
        Recorded::Complete { mo, .. } => Some(*mo),
        Recorded::Duplicate | Recorded::Waiting => None,
    }
}

async fn waiting(stores: &Stores) -> Vec<MoRecord> {
    stores.inbox.waiting(None, None, 1000).await.expect("read").items
}

fn to(destination: Destination) -> impl FnOnce(NewMoPart) -> NewMoPart {
    move |new| NewMoPart { handing: Some(destination).into(), ..new }
}

/// A message of one part is whole at once, and is in the inbox as it came.
pub async fn one_part_is_whole(stores: &Stores) {
    let mut part = samples::mo_part(&link(), "Hej på dig ❄️\nrad 2", None, stores.now());
    "Företag".clone_into(&mut part.source);
    let new = NewMoPart { user: Some(samples::user_name("crm")), ..samples::new_part(7, part) };
    let Recorded::Complete { mo, tell } = record(stores, new).await else { unreachable!("it is whole") };
    let expected = Mo {
        id: MoId(7),
        link: link(),
        source: "Företag".to_owned(),
        destination: "71234".to_owned(),
        text: "Hej på dig ❄️\nrad 2".to_owned(),
        binary: Vec::new(),
        segments: 1,
        complete: true,
        received_at: stores.now(),
    };
    assert_eq!((*mo, tell.is_none()), (expected.clone(), true));
    assert_eq!(
        waiting(stores).await,
        [MoRecord { mo: expected, user: Some(samples::user_name("crm")), acknowledged_at: None }]
    );
    assert!(stores.handoffs(10, RUN).await.is_empty());
}

/// Every form of body is joined.
pub async fn every_form_of_body(stores: &Stores) {
    let bodies = [
        (MoBody::Gsm7(vec![b'H', b'e', b'j', 0x0F]), "Hejå", &[][..]),
        (MoBody::Ucs2(vec![0x00, 0xE5, 0x27, 0x44]), "å❄", &[][..]),
        (MoBody::Latin1(vec![0xE5, 0xE4, 0xF6]), "åäö", &[][..]),
        (MoBody::Text("text".to_owned()), "text", &[][..]),
        (MoBody::Binary(vec![0, 1, 0xFF]), "", &[0, 1, 0xFF][..]),
    ];
    for (id, (body, text, binary)) in (1..).zip(bodies) {
        let part = MoPart { body, ..samples::mo_part(&link(), "", None, stores.now()) };
        let mo = whole(record(stores, samples::new_part(id, part)).await).expect("whole");
        assert_eq!((mo.text.as_str(), mo.binary.as_slice()), (text, binary));
        assert_eq!(waiting(stores).await.last().map(|r| &r.mo), Some(&mo));
    }
}

/// Parts in any order make the same message; its name and time are those of the part that came first.
pub async fn parts_in_any_order(stores: &Stores) {
    for (n, order) in (1_u16..).zip([[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]]) {
        let began = stores.now();
        let id = i64::from(n) * 10;
        let mut last = None;
        for (place, seq) in (0..).zip(order) {
            let recorded = part(stores, id + place, (n, 3, seq), &format!("{seq}")).await;
            assert_eq!(matches!(recorded, Recorded::Waiting), place < 2, "{order:?}");
            last = whole(recorded);
            stores.clock.advance(seconds(1));
        }
        let mo = last.expect("whole with the last part");
        assert_eq!(
            (mo.id, mo.text.as_str(), mo.segments, mo.complete, mo.received_at),
            (MoId(id), "123", 3, true, began)
        );
    }
    assert_eq!(waiting(stores).await.len(), 6);
}

/// An escape cut in two and a surrogate pair cut in two are whole again.
pub async fn cut_characters_are_whole_again(stores: &Stores) {
    let cut = [
        (MoBody::Gsm7(vec![b'a', 0x1B]), MoBody::Gsm7(vec![0x65]), "a€"),
        (MoBody::Ucs2(vec![0xD8, 0x3D]), MoBody::Ucs2(vec![0xDE, 0x92]), "🚒"),
    ];
    for (n, (head, tail, text)) in (1_u16..).zip(cut) {
        let piece = |body, seq| MoPart {
            body,
            ..samples::mo_part(&link(), "", samples::concat(n, 2, seq), stores.now())
        };
        record(stores, samples::new_part(i64::from(n) * 2, piece(tail, 2))).await;
        let mo = whole(record(stores, samples::new_part(i64::from(n) * 2 + 1, piece(head, 1))).await);
        assert_eq!(mo.map(|m| m.text), Some(text.to_owned()));
    }
}

/// The same part within a day is taken once, while the message waits and after it is whole.
pub async fn the_same_part_twice(stores: &Stores) {
    assert!(matches!(part(stores, 1, (9, 2, 1), "a").await, Recorded::Waiting));
    stores.clock.advance(minutes(1));
    assert!(matches!(part(stores, 2, (9, 2, 1), "a").await, Recorded::Duplicate));
    assert!(matches!(part(stores, 3, (9, 2, 2), "b").await, Recorded::Complete { .. }));
    stores.clock.advance(minutes(60));
    for (id, place, text) in [(4, (9, 2, 2), "b"), (5, (9, 2, 1), "a")] {
        assert!(matches!(part(stores, id, place, text).await, Recorded::Duplicate));
    }
    assert_eq!(waiting(stores).await.len(), 1);
}

/// The same words are a new message after ten minutes when nothing else tells two messages apart.
pub async fn the_same_words_later(stores: &Stores) {
    let once = |id| samples::new_part(id, samples::mo_part(&link(), "OK", None, stores.now()));
    assert!(whole(record(stores, once(1)).await).is_some());
    stores.clock.advance(minutes(9));
    assert!(whole(record(stores, once(2)).await).is_none(), "the operator repeats it");
    stores.clock.advance(minutes(2));
    assert!(whole(record(stores, once(3)).await).is_some(), "it was said again");
    assert_eq!(waiting(stores).await.len(), 2);
}

/// A clock that is set back makes no repetition of what is said again, and an operator's id says so by any clock.
pub async fn the_same_words_by_a_clock_set_back(stores: &Stores) {
    let at = |minutes_ago| samples::earlier(stores.now(), minutes(minutes_ago));
    let once = |id, ago| samples::new_part(id, samples::mo_part(&link(), "OK", None, at(ago)));
    assert!(whole(record(stores, once(1, 0)).await).is_some());
    assert!(whole(record(stores, once(2, 5)).await).is_none(), "not that far back");
    assert!(whole(record(stores, once(3, 60)).await).is_some());
    assert!(whole(record(stores, once(4, 55)).await).is_none(), "by the new time");
    let named = |ago| MoPart { operator_id: "op-1".to_owned(), ..once(0, ago).part };
    assert!(whole(record(stores, samples::new_part(5, named(0))).await).is_some());
    assert!(whole(record(stores, samples::new_part(6, named(60))).await).is_none());
}

/// Where nothing but the words tells two messages apart, the same words by two nodes are two; each knows its own again, also after a restart.
pub async fn the_same_words_by_two_nodes(stores: &Stores) {
    let by = |node: i64, n: i64| samples::new_part((n << 22) | (node << 12), plain(stores));
    for (node, n, new) in [(1, 1, true), (2, 2, true), (1, 3, false), (2, 4, false)] {
        assert_eq!(whole(record(stores, by(node, n)).await).is_some(), new, "{node} {n}");
    }
    let named = |node: i64, n: i64| NewMoPart {
        part: MoPart { operator_id: "op-1".to_owned(), ..plain(stores) },
        ..by(node, n)
    };
    assert!(whole(record(stores, named(1, 5)).await).is_some());
    assert!(whole(record(stores, named(2, 6)).await).is_none(), "the operator says which it is");
}

fn plain(stores: &Stores) -> MoPart {
    samples::mo_part(&link(), "OK", None, stores.now())
}

/// What has the operator's id or time is a new message after a day.
pub async fn the_same_part_a_day_later(stores: &Stores) {
    let id = "op-1".to_owned();
    let part = |now| MoPart { operator_id: id.clone(), ..samples::mo_part(&link(), "JA", None, now) };
    let once = |id| samples::new_part(id, part(stores.now()));
    assert!(whole(record(stores, once(1)).await).is_some());
    stores.clock.advance(minutes(24 * 60 - 1));
    assert!(whole(record(stores, once(2)).await).is_none());
    stores.clock.advance(minutes(2));
    assert!(whole(record(stores, once(3)).await).is_some());
    assert_eq!(waiting(stores).await.len(), 2);
}

/// The operator's time tells two equal messages apart.
pub async fn equal_but_for_the_operators_time(stores: &Stores) {
    for (id, at) in [(1, 10), (2, 20)] {
        let mut part = samples::mo_part(&link(), "JA", None, stores.now());
        part.operator_at = Some(samples::later(stores.now(), seconds(at)));
        assert!(whole(record(stores, samples::new_part(id, part)).await).is_some());
    }
}

/// Equal references of different senders, numbers, links or lengths do not mix.
pub async fn colliding_references(stores: &Stores) {
    let plain = |seq, text: &str| samples::mo_part(&link(), text, samples::concat(5, 2, seq), stores.now());
    let kinds: [fn(MoPart) -> MoPart; 4] = [
        |p| p,
        |p| MoPart { source: "46709999999".to_owned(), ..p },
        |p| MoPart { destination: "72222".to_owned(), ..p },
        |p| MoPart { link: samples::link(OTHER_LINK), ..p },
    ];
    for (n, kind) in (1..).zip(kinds) {
        assert!(
            whole(record(stores, samples::new_part(n, kind(plain(1, &format!("a{n}"))))).await).is_none()
        );
    }
    let longer = samples::mo_part(&link(), "c1", samples::concat(5, 3, 1), stores.now());
    assert!(whole(record(stores, samples::new_part(9, longer)).await).is_none());
    for (n, kind) in (1..).zip(kinds) {
        let mo = whole(record(stores, samples::new_part(n + 10, kind(plain(2, &format!("b{n}"))))).await);
        assert_eq!(mo.map(|m| m.text), Some(format!("a{n}b{n}")), "{LINK}");
    }
}

/// A reference comes round while a part is the same as before: the end of an earlier message is also that of the one that waits for it, and then a
/// repetition again.
pub async fn a_reference_that_comes_round(stores: &Stores) {
    for (first, begin) in [(1, "larm 1 "), (3, "larm 2 ")] {
        assert!(whole(part(stores, first, (5, 2, 1), begin).await).is_none());
        let mo = whole(part(stores, first + 1, (5, 2, 2), "ring driften").await).expect("whole");
        assert_eq!(mo.text, format!("{begin}ring driften"));
        stores.clock.advance(minutes(1));
    }
    assert!(matches!(part(stores, 5, (5, 2, 2), "ring driften").await, Recorded::Duplicate));
    assert_eq!(waiting(stores).await.len(), 2);
}

/// Another content for a place already filled starts a new message.
pub async fn a_place_already_filled(stores: &Stores) {
    assert!(whole(part(stores, 1, (5, 2, 1), "gammal ").await).is_none());
    stores.clock.advance(minutes(1));
    assert!(whole(part(stores, 2, (5, 2, 1), "ny ").await).is_none());
    let first = whole(part(stores, 3, (5, 2, 2), "slut A").await).expect("one of them is whole");
    let second = whole(part(stores, 4, (5, 2, 2), "slut B").await).expect("and then the other");
    assert_ne!(first.id, second.id);
    let mut begins = [&first, &second].map(|m| m.text.split(' ').next().unwrap_or_default().to_owned());
    begins.sort();
    assert_eq!(begins, ["gammal", "ny"]);
}

/// A message whose parts do not all come is put into the inbox as it is, marked, and handed off.
pub async fn incomplete_after_its_time(stores: &Stores) {
    let new = |id, seq, text: &str| {
        let part = samples::mo_part(&link(), text, samples::concat(5, 3, seq), stores.now());
        to(Destination::Mail("a@example.se".to_owned()))(NewMoPart {
            user: Some(samples::user_name("crm")),
            ..samples::new_part(id, part)
        })
    };
    record(stores, new(1, 3, "slut")).await;
    stores.clock.advance(minutes(60));
    record(stores, new(2, 1, "början")).await;
    stores.clock.advance(minutes(10));
    let before = |ago| samples::earlier(stores.now(), minutes(ago));
    assert_eq!(
        stores.inbox.complete_overdue(before(11), 10).await,
        Ok(0),
        "its last part came later than that"
    );
    assert_eq!(stores.inbox.complete_overdue(before(9), 10).await, Ok(1));
    assert_eq!(stores.inbox.complete_overdue(before(9), 10).await, Ok(0));
    let listed = waiting(stores).await;
    let got = listed.first().expect("it is in the inbox");
    assert_eq!(
        (got.mo.id, got.mo.complete, got.user.as_ref().map(|u| u.as_str())),
        (MoId(1), false, Some("crm"))
    );
    assert!(got.mo.text.starts_with("början") && got.mo.text.ends_with("slut"), "{}", got.mo.text);
    let told = stores.handoffs(10, RUN).await;
    assert!(matches!(told.first().map(|h| &h.content), Some(Content::Mo { mo, .. }) if **mo == got.mo));
}

/// Putting incomplete ones into the inbox has a limit.
pub async fn incomplete_so_many_at_a_time(stores: &Stores) {
    for n in 1..=5 {
        part(stores, i64::from(n), (n, 2, 1), "x").await;
    }
    stores.clock.advance(minutes(60));
    let mut done = Vec::new();
    for _ in 0..3 {
        done.push(stores.inbox.complete_overdue(stores.now(), 3).await.expect("completed"));
    }
    assert_eq!(done, [3, 2, 0]);
}

fn is_crm(user: &Option<UserName>) -> bool {
    user.as_ref().is_some_and(|user| user.as_str() == "crm")
}

/// The first word of the whole text says where it goes, whichever part came last, and also when one never comes.
pub async fn handed_off_by_its_first_word(stores: &Stores) {
    let handing: Handing =
        "mailto:rest@example.se\nväder https://a.example.se/w".parse().expect("what is stored");
    let new = |id, place: (u16, u8, u8), text: &str| {
        let concat = samples::concat(place.0, place.1, place.2);
        let part = samples::mo_part(&link(), text, concat, stores.now());
        NewMoPart { handing: handing.clone(), ..samples::new_part(id, part) }
    };
    for (id, reference, first, target) in
        [(1, 21, "VÄDER i ", "https://a.example.se"), (3, 22, "Vad blir det för ", "mailto:rest@example.se")]
    {
        record(stores, new(id, (reference, 2, 2), "Kiruna")).await;
        let whole = record(stores, new(id + 1, (reference, 2, 1), first)).await;
        let Recorded::Complete { tell: Some(handoff), .. } = whole else {
            unreachable!("whole and handed off")
        };
        assert_eq!(handoff.target(), target, "{first}");
    }
    record(stores, new(5, (23, 2, 1), " väder\ti ")).await;
    stores.clock.advance(minutes(20));
    assert_eq!(stores.inbox.complete_overdue(stores.now(), 10).await, Ok(1));
    let mut targets: Vec<_> = stores.handoffs(10, RUN).await.iter().map(Handoff::target).collect();
    targets.sort();
    assert_eq!(targets, ["https://a.example.se", "https://a.example.se", "mailto:rest@example.se"]);
}

/// The handoff is stored with the message that is whole, under its name; held by a run it is nobody else's.
pub async fn handed_off_when_whole(stores: &Stores) {
    let url = Destination::Url("https://crm.example.se/sms".to_owned());
    for (id, lease) in [(1, None), (2, Some(RUN))] {
        let new = samples::new_part(id, samples::mo_part(&link(), &format!("t{id}"), None, stores.now()));
        let Recorded::Complete { mo, tell: Some(handoff) } = record(
            stores,
            NewMoPart { tell_lease: lease, user: Some(samples::user_name("crm")), ..to(url.clone())(new) },
        )
        .await
        else {
            unreachable!("whole and handed off")
        };
        assert_eq!(
            (handoff.key, handoff.target().as_str()),
            (HandoffKey { subject: id, event: HandoffKey::MO }, "https://crm.example.se")
        );
        assert!(
            matches!(&handoff.content, Content::Mo { destination, mo: same, user } if *destination == url && *same == mo && is_crm(user))
        );
    }
    assert_eq!(stores.handoffs(10, RUN_B).await.iter().map(|h| h.key.subject).collect::<Vec<_>>(), [1]);
    let key = HandoffKey { subject: 2, event: HandoffKey::MO };
    let later = HandoffOutcome::Again { due_at: stores.now(), error: "refused".to_owned(), counts: true };
    stores.handoffs.settle(vec![(key, later)], RUN).await.expect("written");
    let leased = stores.handoffs(10, RUN_B).await;
    assert!(
        matches!(leased.first().map(|h| &h.content), Some(Content::Mo { destination, mo, user }) if *destination == url && mo.text == "t2" && is_crm(user))
    );
}

/// Callers at once: each message is whole exactly once.
pub async fn many_at_once(stores: &Stores) {
    let tasks: Vec<_> = (0..80_u16)
        .map(|n| {
            let (reference, seq) = (n % 20, u8::try_from(n / 20).expect("small") + 1);
            let part = samples::mo_part(
                &link(),
                &format!("{seq}"),
                samples::concat(reference, 4, seq),
                stores.now(),
            );
            let inbox = Arc::clone(&stores.inbox);
            tokio::spawn(
                async move { inbox.record(samples::new_part(i64::from(n) + 1, part)).await.map(whole) },
            )
        })
        .collect();
    let mut made = 0;
    for task in tasks {
        made += usize::from(task.await.expect("no panic").expect("recorded").is_some());
    }
    let listed = waiting(stores).await;
    assert_eq!((made, listed.len()), (20, 20));
    assert!(listed.iter().all(|r| r.mo.text == "1234" && r.mo.complete));
}

async fn three_in_the_inbox(stores: &Stores) {
    for (id, user) in [(1, Some("crm")), (2, None), (3, Some("erp"))] {
        let part = samples::mo_part(&link(), &format!("t{id}"), None, stores.now());
        record(stores, NewMoPart { user: user.map(samples::user_name), ..samples::new_part(id, part) }).await;
    }
}

/// A user sees his own and everybody's, oldest first; nobody's question sees all.
pub async fn who_sees_what(stores: &Stores) {
    three_in_the_inbox(stores).await;
    for (user, expected) in
        [(Some("crm"), vec![1, 2]), (Some("erp"), vec![2, 3]), (Some("web"), vec![2]), (None, vec![1, 2, 3])]
    {
        let name = user.map(samples::user_name);
        let page = stores.inbox.waiting(name.as_ref(), None, 10).await.expect("read");
        assert_eq!(page.items.iter().map(|r| r.mo.id.0).collect::<Vec<_>>(), expected, "{user:?}");
    }
}

/// Page by page, after the one seen last, until there is no next.
pub async fn page_by_page(stores: &Stores) {
    for id in 1..=7 {
        record(
            stores,
            samples::new_part(id, samples::mo_part(&link(), &format!("t{id}"), None, stores.now())),
        )
        .await;
    }
    let (mut seen, mut after) = (Vec::new(), None);
    for _ in 0..10 {
        let page = stores.inbox.waiting(None, after.map(MoId), 3).await.expect("read");
        assert!(page.items.len() <= 3);
        seen.extend(page.items.iter().map(|r| r.mo.id.0));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((seen, after), ((1..=7).collect(), None));
    let last = stores.inbox.waiting(None, Some(MoId(7)), 3).await.expect("read");
    assert_eq!((last.items.len(), last.next), (0, None));
}

/// What is acknowledged is not listed; it may be repeated; another's cannot be.
pub async fn acknowledged(stores: &Stores) {
    three_in_the_inbox(stores).await;
    let crm = samples::user_name("crm");
    for (user, id, found) in [
        (Some(&crm), 1, true),
        (Some(&crm), 1, true),
        (Some(&crm), 2, true),
        (Some(&crm), 3, false),
        (Some(&crm), 4, false),
        (None, 4, false),
    ] {
        assert_eq!(stores.inbox.acknowledge(user, MoId(id), stores.now()).await, Ok(found), "{id}");
    }
    assert_eq!(waiting(stores).await.iter().map(|r| r.mo.id.0).collect::<Vec<_>>(), [3]);
    assert_eq!(stores.inbox.acknowledge(None, MoId(3), stores.now()).await, Ok(true));
    assert!(waiting(stores).await.is_empty());
}
