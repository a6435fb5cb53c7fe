//! `DirectoryStore`: users come back as they were put in, and every change is noticed.

use crate::stores::Stores;
use domain::address::{Originator, Recipient};
use domain::directory::{KeyHash, LinkMode, LinkOrder, PasswordHash, User};
use domain::message::{Dimensions, Edition, Priority, SimpleReference};
use domain::mo::Subscription;
use domain::numbering::AllowList;
use fakes::samples;

async fn users(stores: &Stores) -> Vec<User> {
    let mut users = stores.directory.users().await.expect("read");
    users.sort_by(|a, b| a.name.cmp(&b.name));
    users
}

fn full() -> User {
    let originator = |text| Originator::parse(text).expect("canonical");
    User {
        password: Some(PasswordHash("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned())),
        keys: vec![KeyHash([1; 32]), KeyHash([0xFE; 32])],
        enabled: false,
        addresses: ["10.1.0.0/16", "::1/128", "192.0.2.7"].map(|a| a.parse().expect("a range")).to_vec(),
        mail_from: vec!["alarm@example.se".to_owned(), "@åäö.example".to_owned()],
        originator: Some(originator("46701234567")),
        originators: Some(vec![originator("71234"), originator("Kommun Å!")]),
        allow: Some(AllowList {
            allow: vec!["46".to_owned(), "4670".to_owned()],
            deny: vec!["46900".to_owned()],
            short_codes_denied: true,
        }),
        priority: Priority::High,
        max_priority: Priority::High,
        dimensions: Dimensions {
            company: "Bolag, AB".to_owned(),
            department: "d".to_owned(),
            cost_centre: "k;1".to_owned(),
            project: "\"p\"".to_owned(),
        },
        rate: 4_000_000_000,
        administrator: true,
        ..samples::user("crm@example.se")
    }
}

/// Orders about links come back, the last one counts, and each is noticed; an open link has none.
pub async fn orders_about_links(stores: &Stores) {
    let order = |name: &str, mode| LinkOrder { link: samples::link(name), mode, since: stores.now() };
    let before = stores.directory.version().await.expect("version");
    for mode in [LinkMode::Paused, LinkMode::Draining] {
        stores.directory.order_link(&order("TS0", mode)).await.expect("ordered");
        stores.directory.order_link(&order("TS1", LinkMode::Paused)).await.expect("ordered");
    }
    let orders = stores.directory.link_orders().await.expect("read");
    assert_eq!(orders, [order("TS0", LinkMode::Draining), order("TS1", LinkMode::Paused)]);
    stores.directory.order_link(&order("TS0", LinkMode::Open)).await.expect("ordered");
    assert_eq!(stores.directory.link_orders().await.expect("read").len(), 1);
    assert!(stores.directory.version().await.expect("version") >= before + 5);
}

/// Wishes to be told come back, one a user and correlator, and each change is noticed.
pub async fn subscriptions_come_back(stores: &Stores) {
    let wish = |user: &str, correlator: &str, word: Option<&str>| Subscription {
        user: samples::user_name(user),
        number: Recipient::parse("71234").expect("a number"),
        word: word.map(str::to_owned),
        reference: SimpleReference::new("https://crm.example.se/sms?a=b", correlator, Edition::V2_2)
            .expect("a reference"),
    };
    let all = [
        wish("crm", "Åäö, no 1", Some("väder")),
        wish("crm", "åäö, no 1", None),
        wish("erp", "åäö, no 1", Some("lön")),
    ];
    let store = &stores.directory;
    let before = store.version().await.expect("version");
    for wish in &all {
        assert_eq!(store.subscribe(wish).await, Ok(true), "{wish:?}");
    }
    assert_eq!(store.subscribe(&wish("crm", "åäö, no 1", Some("other"))).await, Ok(false));
    assert_eq!(store.subscriptions().await.expect("read"), all);
    assert_eq!(store.unsubscribe(&samples::user_name("crm"), "åäö, no 1").await, Ok(true));
    assert_eq!(store.unsubscribe(&samples::user_name("crm"), "åäö, no 1").await, Ok(false));
    assert_eq!(store.subscriptions().await.expect("read").len(), 2);
    assert!(store.version().await.expect("version") >= before + 4);
}

/// A new store has no users.
pub async fn empty(stores: &Stores) {
    assert!(users(stores).await.is_empty());
}

/// Every field comes back, full or at its default; an empty list is not the same as none.
pub async fn every_field_comes_back(stores: &Stores) {
    let all = [
        User { originators: Some(Vec::new()), allow: Some(AllowList::default()), ..samples::user("a") },
        samples::user("b"),
        full(),
    ];
    for user in &all {
        stores.directory.put_user(user).await.expect("put");
    }
    assert_eq!(users(stores).await, all);
}

/// Putting one with the same name replaces him whole.
pub async fn replaced_by_name(stores: &Stores) {
    stores.directory.put_user(&full()).await.expect("put");
    let plain = samples::user(full().name.as_str());
    stores.directory.put_user(&plain).await.expect("replaced");
    assert_eq!(users(stores).await, [plain]);
}

/// Removed is gone; removing nobody says so.
pub async fn removed(stores: &Stores) {
    stores.directory.put_user(&full()).await.expect("put");
    stores.directory.put_user(&samples::user("b")).await.expect("put");
    assert_eq!(stores.directory.remove_user(full().name.as_str()).await, Ok(true));
    assert_eq!(stores.directory.remove_user(full().name.as_str()).await, Ok(false));
    assert_eq!(users(stores).await, [samples::user("b")]);
}

/// The version grows with every change.
pub async fn the_version_grows(stores: &Stores) {
    let mut versions = vec![stores.directory.version().await.expect("read")];
    stores.directory.put_user(&samples::user("a")).await.expect("put");
    versions.push(stores.directory.version().await.expect("read"));
    stores.directory.put_user(&full()).await.expect("put");
    versions.push(stores.directory.version().await.expect("read"));
    stores.directory.remove_user("a").await.expect("removed");
    versions.push(stores.directory.version().await.expect("read"));
    assert!(versions.windows(2).all(|w| matches!(w, [a, b] if a < b)), "{versions:?}");
    assert_eq!(stores.directory.version().await.ok(), versions.last().copied());
}
