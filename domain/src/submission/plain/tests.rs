//! Texts by links that carry few letters: as they are, in UCS-2, changed and told, or refused.

use crate::directory::{Directory, Letters, LinkId, LinkProfile, User, UserName};
use crate::message::{Body, Door};
use crate::refusal::Code;
use crate::routing::{Condition, Health, Healths, Pattern, Route, Way};
use crate::submission::{Content, Plan, Request, plan};
use crate::text::{Alphabet, Policy};
use crate::trace::Trace;
use jiff::Timestamp;
use std::sync::Arc;

/// What a Swedish alphabet has, without brackets.
fn swedish(ucs2: bool) -> Letters {
    let all: Vec<char> = (' '..='Z').chain('a'..='z').chain("ÅÄÖåäö\n".chars()).collect();
    Letters { ucs2, ..Letters::only(all) }
}

fn ask(letters: Letters, request: &Request) -> Result<Plan, Code> {
    let ts0 = LinkId::parse("TS0").expect("name");
    let link = LinkProfile { letters: Some(letters), ..LinkProfile::named(ts0.clone()) };
    let routes = vec![Route::new(Pattern::Prefix("46".into()), vec![Way::Link(ts0.clone())])];
    let directory = Directory { links: vec![link], routes, ..Directory::default() };
    let user = User::named(UserName::parse("crm").expect("name"));
    let sender = crate::access::Sender::internal(Arc::new(user), Door::Http);
    let healths = Healths::from([(ts0, Health { condition: Condition::Up, room: 9 })]);
    let planned = plan(&directory, &sender, request, &healths, 0, Timestamp::UNIX_EPOCH, &mut Trace::new());
    planned.map_err(|refusal| refusal.code)
}

/// The text, its alphabet, the changes that are told, the parts.
fn said(letters: Letters, request: &Request) -> Result<(String, Alphabet, usize, u8), Code> {
    let plan = ask(letters, request)?;
    let (body, segments) = plan.recipients.first().expect("one").content(&plan.decided);
    let Body::Text { text, alphabet, .. } = body else { panic!("a text") };
    Ok((text, alphabet, plan.decided.changes.len(), segments))
}

fn request(to: &str, text: &str, policy: Policy) -> Request {
    Request { policy: Some(policy), ..Request::text([to], text) }
}

#[test]
fn told_or_refused() {
    let changed = |text: &str| {
        let found = said(swedish(false), &request("0701234567", text, Policy::Auto))?;
        Ok((found.0, found.2, found.3))
    };
    assert_eq!(changed("Brand i Å"), Ok(("Brand i Å".to_owned(), 0, 1)));
    assert_eq!(changed("Å: 5 € 😀"), Ok(("Å: 5 ? ?".to_owned(), 2, 1)));
    assert_eq!(changed(&"Å😀".repeat(80)).map(|(_, _, segments)| segments), Ok(1));
    assert_eq!(changed("Пожар"), Err(Code::TextNotEncodable));
    assert_eq!(changed(&"x".repeat(1540)), Err(Code::TextTooLong));
    let strict = request("0701234567", "5 €", Policy::Reject);
    assert_eq!(said(swedish(false), &strict), Err(Code::TextNotEncodable));
    let octets = Request { content: Content::Binary { data: vec![1], udh: Vec::new() }, ..strict };
    assert!(ask(swedish(false), &octets).is_ok_and(|plan| plan.recipients[0].pages.is_none()));
}

#[test]
fn ucs2_sooner_than_a_loss() {
    use Alphabet::{Gsm7, Ucs2};
    let long = |sign: &str| format!("{sign} {}", "x".repeat(200));
    let folded = |sign: &str| format!("{sign} {}", "x".repeat(200));
    for (text, policy, expect) in [
        ("Brand i Å".to_owned(), Policy::Auto, Ok(("Brand i Å".to_owned(), Gsm7, 0, 1))),
        ("kostar 5 €".to_owned(), Policy::Auto, Ok(("kostar 5 €".to_owned(), Ucs2, 0, 1))),
        ("kostar 5 €".to_owned(), Policy::Fold, Ok(("kostar 5 €".to_owned(), Ucs2, 0, 1))),
        ("[é]".to_owned(), Policy::Auto, Ok(("[é]".to_owned(), Ucs2, 0, 1))),
        ("Idé".to_owned(), Policy::Auto, Ok(("Ide".to_owned(), Gsm7, 1, 1))),
        ("Idé".to_owned(), Policy::Keep, Ok(("Idé".to_owned(), Ucs2, 0, 1))),
        (long("€"), Policy::Auto, Ok((long("€"), Ucs2, 0, 4))),
        (long("€"), Policy::Fold, Ok((folded("?"), Gsm7, 1, 2))),
        (long("é"), Policy::Auto, Ok((folded("e"), Gsm7, 1, 2))),
        (long("[€"), Policy::Reject, Err(Code::TextNotEncodable)),
        // In UCS-2 it would take more parts than a message may.
        (long("€").repeat(4), Policy::Auto, Ok((folded("?").repeat(4), Gsm7, 4, 6))),
        ("Пожар".to_owned(), Policy::Auto, Ok(("Пожар".to_owned(), Ucs2, 0, 1))),
        ("ΔΦΓΛΩΠΨΣ".repeat(12), Policy::Fold, Err(Code::TextNotEncodable)),
    ] {
        assert_eq!(said(swedish(true), &request("0701234567", &text, policy)), expect, "{text} {policy:?}");
    }
}

#[test]
fn pages_by_a_central_with_fewer_letters() {
    let ascii = || Letters::only((' '..='~').chain(['\n']).collect());
    for (letters, text, expect) in [
        (swedish(false), "Larm vid ån", Ok(("Larm vid ån".to_owned(), 0))),
        (ascii(), "Larm vid ån", Ok(("Larm vid an".to_owned(), 1))),
        (ascii(), "Пожар", Err(Code::TextNotEncodable)),
        (swedish(false), "Пожар", Err(Code::TextNotEncodable)),
        (swedish(false), "[1]", Ok(("(1)".to_owned(), 2))),
    ] {
        let found = said(letters, &request("0741234567", text, Policy::Auto));
        assert_eq!(found.map(|(text, _, changes, _)| (text, changes)), expect, "{text}");
    }
    let strict = request("0741234567", "Idé", Policy::Reject);
    assert_eq!(said(ascii(), &strict), Err(Code::TextNotEncodable));
}

#[test]
fn changes_of_one_recipient_are_told_although_another_gets_the_whole() {
    let both = Request::text(["0701234567", "0741234567"], "Larm vid ån 😀");
    let plan = ask(swedish(true), &both).expect("a plan");
    let told: Vec<_> = plan.decided.changes.iter().map(|change| (change.at, change.to.as_str())).collect();
    assert_eq!(told, [(12, "?")], "the pager has no such sign");
}
