//! Who is let in, who has to wait, and for whom nobody has to.

use super::*;
use crate::directory::Installation;
use domain::directory::UserName;
use fakes::{FakePasswords, ManualClock, SequentialIds};
use futures_util::future::join_all;

const PEER: &str = "10.0.0.1";
const ELSEWHERE: &str = "10.0.0.2";

/// Passwords that take as long to check as they do.
#[derive(Default)]
struct Slow(FakePasswords);

#[async_trait]
impl Passwords for Slow {
    async fn hash(&self, password: &SecretString) -> PasswordHash {
        self.0.hash(password).await
    }

    async fn verify(&self, password: &SecretString, hash: Option<&PasswordHash>) -> bool {
        tokio::time::sleep(Duration::from_millis(30)).await;
        self.0.verify(password, hash).await
    }
}

struct Stage {
    access: Access,
    directory: Arc<CurrentDirectory>,
    passwords: Arc<Slow>,
    clock: ManualClock,
}

fn user(name: &str, password: &str) -> User {
    let password = Some(FakePasswords::hash_of(password));
    User { password, ..User::named(UserName::parse(name).expect("name")) }
}

fn stage(users: Vec<User>) -> Stage {
    let directory = Arc::new(CurrentDirectory::new(Installation { users, ..Installation::default() }));
    let (passwords, clock) = (Arc::new(Slow::default()), ManualClock::default());
    let access = Access::new(
        Arc::clone(&directory),
        Arc::clone(&passwords) as Arc<dyn Passwords>,
        Arc::new(clock.clone()),
        &SequentialIds::default(),
    );
    Stage { access, directory, passwords, clock }
}

impl Stage {
    async fn ask(&self, credentials: Credentials, peer: &str) -> Option<Code> {
        let peer = peer.parse().expect("ip");
        self.access.authenticate(&credentials, peer, Door::Http).await.err().map(|refusal| refusal.code)
    }

    async fn log_in(&self, name: &str, password: &str, peer: &str) -> Option<Code> {
        self.ask(Credentials::Password { user: name.to_owned(), password: password.into() }, peer).await
    }

    fn put(&self, users: Vec<User>) {
        self.directory.install(Installation { users, ..Installation::default() });
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_keys_wait_and_right_ones_do_not() {
    let mut owner = user("crm", "secret");
    owner.keys = vec![KeyHash(Sha256::digest(b"ok_right").into())];
    let stage = stage(vec![owner]);
    let key = |key: &str| Credentials::Key(key.into());
    for _ in 0..5 {
        assert_eq!(stage.log_in("old", "password", PEER).await, Some(Code::NotAuthenticated));
    }
    for _ in 0..20 {
        assert_eq!(stage.log_in("old", "password", PEER).await, Some(Code::RateLimited));
        assert_eq!(stage.ask(key("ok_wrong"), PEER).await, Some(Code::RateLimited));
        assert_eq!(stage.ask(key("ok_right"), PEER).await, None);
    }
    assert_eq!(stage.ask(key("ok_wrong"), ELSEWHERE).await, Some(Code::NotAuthenticated));
}

#[tokio::test(start_paused = true)]
async fn who_goes_on_sending_is_not_kept_out_by_what_others_try() {
    let stage = stage(vec![user("crm", "secret")]);
    assert_eq!(stage.log_in("crm", "secret", PEER).await, None);
    for round in 0..100 {
        stage.clock.advance(Duration::from_mins(20));
        while stage.log_in("crm", "old", PEER).await == Some(Code::NotAuthenticated) {}
        if round == 50 {
            // Something else about him changes.
            stage.put(vec![User { rate: 1_000, ..user("crm", "secret") }]);
        }
        assert_eq!(stage.log_in("crm", "secret", PEER).await, None, "after {round}");
        assert_eq!(stage.log_in("crm", "secret", ELSEWHERE).await, None, "after {round}");
    }
    stage.clock.advance(REMEMBERED);
    let checks = stage.passwords.0.checks();
    assert_eq!(stage.log_in("crm", "secret", PEER).await, None);
    assert_eq!(stage.passwords.0.checks(), checks + 1, "not for ever");
}

#[tokio::test(start_paused = true)]
async fn a_password_that_was_right_is_forgotten_when_it_changes() {
    let stage = stage(vec![user("crm", "old")]);
    assert_eq!(stage.log_in("crm", "old", PEER).await, None);
    for users in [vec![user("crm", "new")], vec![User { password: None, ..user("crm", "") }], vec![]] {
        stage.put(users);
        assert_eq!(stage.log_in("crm", "old", PEER).await, Some(Code::NotAuthenticated));
    }
    stage.put(vec![User { enabled: false, ..user("crm", "old") }]);
    assert_eq!(stage.log_in("crm", "old", PEER).await, Some(Code::NotAuthenticated));
}

#[tokio::test(start_paused = true)]
async fn guesses_at_once_are_counted_like_any_others() {
    let stage = stage(vec![user("crm", "secret")]);
    let guess = |n: usize| {
        let (stage, peer) = (&stage, format!("10.1.0.{n}"));
        async move { stage.log_in("crm", &format!("guess {n}"), &peer).await }
    };
    let told = join_all((0..200).map(guess)).await;
    let count = |code| told.iter().filter(|told| **told == Some(code)).count();
    assert_eq!((count(Code::NotAuthenticated), count(Code::RateLimited)), (5, 195));
    assert_eq!(stage.passwords.0.checks(), 5);
    // The same with a name each, from one address.
    let guess = |n: usize| {
        let stage = &stage;
        async move { stage.log_in(&format!("user{n}"), "password", PEER).await }
    };
    join_all((0..200).map(guess)).await;
    assert!(stage.passwords.0.checks() <= 5 + 5 + AT_ONCE, "{}", stage.passwords.0.checks());
}

#[tokio::test(start_paused = true)]
async fn many_first_connections_cost_one_hash() {
    let stage = stage(vec![user("crm", "secret")]);
    let told = join_all((0..50).map(|_| stage.log_in("crm", "secret", PEER))).await;
    assert!(told.iter().all(Option::is_none), "{told:?}");
    assert_eq!(stage.passwords.0.checks(), 1);
}

#[tokio::test]
async fn a_rate_counts_requests_or_submissions() {
    let mut user = User::named(UserName::parse("crm").expect("name"));
    user.addresses = vec!["10.0.0.1".parse().expect("address")];
    user.mail_from = vec!["@example.se".to_owned()];
    user.rate = 1;
    let Stage { access, clock, .. } = stage(vec![user]);
    let peer = "10.0.0.1".parse().expect("ip");
    for door in [Door::Telnet, Door::Smtp, Door::Telnet] {
        assert!(access.authenticate(&Credentials::None, peer, door).await.is_ok(), "logging in is free");
    }
    let sender = access.authenticate_mail("a@example.se", peer).await.expect("known");
    assert!(access.pace(&sender, peer).is_ok());
    let code = |result: Result<Sender, Refusal>| result.map(|_| ()).map_err(|refusal| refusal.code);
    assert_eq!(code(access.pace(&sender, peer)), Err(Code::RateLimited));
    let request = || access.authenticate(&Credentials::None, peer, Door::Http);
    assert_eq!(code(request().await), Err(Code::RateLimited), "one limit for all doors");
    clock.advance(Duration::from_secs(1));
    assert!(request().await.is_ok());
    assert_eq!(code(access.pace(&sender, peer)), Err(Code::RateLimited));
}

#[tokio::test]
async fn who_stays_is_looked_at_again() {
    let stage = stage(vec![user("crm", "secret")]);
    let peer = PEER.parse().expect("ip");
    let credentials = Credentials::Password { user: "crm".to_owned(), password: "secret".into() };
    let sender = stage.access.authenticate(&credentials, peer, Door::Telnet).await.expect("let in");
    stage.put(vec![User { rate: 1, ..user("crm", "secret") }]);
    let now = stage.access.pace(&sender, peer).expect("still known");
    assert_eq!((now.user().rate, now.door()), (1, Door::Telnet));
    let code = |result: Result<Sender, Refusal>| result.err().map(|refusal| refusal.code);
    assert_eq!(code(stage.access.pace(&sender, peer)), Some(Code::RateLimited), "the new limit holds");
    assert_eq!(code(stage.access.again(&sender, peer)), None, "only submissions count");
    for users in [vec![user("crm", "new")], vec![]] {
        stage.put(users);
        assert_eq!(code(stage.access.again(&sender, peer)), Some(Code::NotAuthenticated));
        assert_eq!(code(stage.access.pace(&sender, peer)), Some(Code::NotAuthenticated));
    }
}

#[test]
fn an_ipv6_net_is_one_address_to_the_brake() {
    let net = |peer: &str| net_of(peer.parse().expect("ip")).to_string();
    assert_eq!(net("2001:db8:1:2:aaaa::1"), net("2001:db8:1:2:bbbb::2"));
    assert_ne!(net("2001:db8:1:2::1"), net("2001:db8:1:3::1"));
    assert_eq!(net("::ffff:10.0.0.1"), "10.0.0.1");
    assert_ne!(net("10.0.0.1"), net("10.0.0.2"));
}
