//! PostgreSQL: the contract, and two nodes over one store.

use crate::ports_of::{options, stores};
use crate::servers;
use contract::{Stores, contract_tests};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use fakes::{ManualClock, MemoryStore, samples};
use ports::driven::Clock;
use std::sync::Arc;
use std::time::Duration;

/// The URL of an empty schema.
pub async fn empty() -> Option<String> {
    let url = servers::url("OMNIGATE_TEST_POSTGRES")?;
    let name = servers::name();
    let mut conn = AsyncPgConnection::establish(&url).await.expect("the server answers");
    conn.batch_execute(&format!("CREATE SCHEMA {name}")).await.expect("a schema");
    let joint = if url.contains('?') { '&' } else { '?' };
    Some(format!("{url}{joint}options=-csearch_path%3D{name}"))
}

async fn fresh() -> Stores {
    let Some(url) = empty().await else { return Stores::of(&Arc::new(MemoryStore::new()), Box::new(())) };
    let clock = ManualClock::default();
    let opened = sql::open(&url, options(&clock)).await.expect("the store opens");
    stores(opened, clock, ())
}

contract_tests!(postgres, fresh);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_share_the_work() {
    let Some(url) = empty().await else { return };
    let clock = ManualClock::default();
    let (a, b) = tokio::join!(sql::open(&url, options(&clock)), sql::open(&url, options(&clock)));
    let (a, b) = (a.expect("the first opens"), b.expect("the second opens"));
    let a = stores(a, clock.clone(), ());
    let b = stores(b, clock.clone(), ());
    a.begin().await;
    a.queue_many(1..=500).await;
    let (mut taken, theirs) = tokio::join!(
        a.lease_of(contract::LINK, 400, contract::RUN),
        b.lease_of(contract::LINK, 400, contract::RUN_B)
    );
    taken.extend(theirs);
    taken.extend(a.lease(1000).await);
    let mut ids: Vec<_> = taken.iter().map(|l| l.message.id.0).collect();
    ids.sort_unstable();
    assert_eq!(ids, (1..=500).collect::<Vec<_>>(), "each to one node");
    a.audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_on_two_nodes_is_one_message() {
    let Some(url) = empty().await else { return };
    let clock = ManualClock::default();
    let (a, b) = tokio::join!(sql::open(&url, options(&clock)), sql::open(&url, options(&clock)));
    let (a, b) = (a.expect("the first opens").stores, b.expect("the second opens").stores);
    for round in 0..20_i64 {
        let acceptance = |id: i64| {
            let message = samples::message(id, clock.now());
            let mut acceptance = samples::acceptance(vec![samples::queued(message, &samples::link("TS0"))]);
            acceptance.once = Some(ports::driven::Once {
                user: samples::user_name("crm"),
                key: format!("key {round}"),
                digest: [7; 32],
            });
            acceptance
        };
        let (first, second) = tokio::join!(
            a.outbox.accept(acceptance(round * 2 + 1)),
            b.outbox.accept(acceptance(round * 2 + 2))
        );
        let (first, second) = (first.expect("accepted"), second.expect("accepted"));
        assert_eq!(first.messages(), second.messages());
        assert_ne!(first.is_repeated(), second.is_repeated());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_of_life_and_a_burial_on_two_nodes() {
    let Some(url) = empty().await else { return };
    let clock = ManualClock::default();
    let (a, b) = tokio::join!(sql::open(&url, options(&clock)), sql::open(&url, options(&clock)));
    let a = stores(a.expect("the first opens"), clock.clone(), ());
    let b = stores(b.expect("the second opens"), clock.clone(), ());
    a.begin().await;
    contract::runs::signs_and_burials(&a, &b).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_changes_no_tables() {
    let Some(url) = empty().await else { return };
    servers::a_command_changes_no_tables(&url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_is_refused_in_other_words() {
    let Some(url) = empty().await else { return };
    sql::migrate(&url).await.expect("it migrates");
    let mut conn = AsyncPgConnection::establish(&url).await.expect("the server answers");
    let trigger = "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN \
                   IF NEW.id = 13 THEN RAISE EXCEPTION 'kunde inte utöka fil: enheten är full' USING ERRCODE = '53100'; END IF; \
                   RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$ LANGUAGE plpgsql; \
                   CREATE TRIGGER refused BEFORE INSERT ON message FOR EACH ROW WHEN (NEW.id IN (13, 60)) EXECUTE FUNCTION refuse()";
    conn.batch_execute(trigger).await.expect("a trigger");
    servers::one_is_refused_in_other_words(&url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_names_the_server() {
    let Some(url) = empty().await else { return };
    let checked = sql::check(&url).await.expect("it answers");
    assert!(checked.server.starts_with("PostgreSQL 1"), "{checked:?}");
    assert_eq!((checked.pending, checked.wrong), (crate::MIGRATIONS, Vec::new()));
    assert_eq!(sql::migrate(&url).await.expect("it migrates").len(), crate::MIGRATIONS);
    assert_eq!(sql::check(&url).await.map(|c| c.pending), Ok(0));
}

/// A database of its own, for what holds for a whole database.
async fn own_database() -> Option<String> {
    let url = servers::url("OMNIGATE_TEST_POSTGRES")?;
    let name = servers::name();
    let mut conn = AsyncPgConnection::establish(&url).await.expect("the server answers");
    conn.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("a database");
    let (server, _) = url.rsplit_once('/').expect("a URL with a database");
    Some(format!("{server}/{name}"))
}

#[derive(diesel::QueryableByName)]
struct Setting {
    #[diesel(sql_type = diesel::sql_types::Text)]
    setting: String,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_may_take_its_time() {
    let Some(url) = own_database().await else { return };
    let mut conn = AsyncPgConnection::establish(&url).await.expect("it connects");
    let notes = "CREATE TABLE note (setting TEXT NOT NULL); \
                 CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS \
                 $$ BEGIN INSERT INTO public.note VALUES (current_setting('statement_timeout')); END $$; \
                 CREATE EVENT TRIGGER note ON ddl_command_start EXECUTE FUNCTION note()";
    conn.batch_execute(notes).await.expect("what is changed is noted");
    assert_eq!(sql::migrate(&url).await.expect("it migrates").len(), crate::MIGRATIONS);
    let noted: Vec<Setting> =
        diesel::sql_query("SELECT DISTINCT setting FROM note").load(&mut conn).await.expect("it reads");
    assert_eq!(noted.iter().map(|n| n.setting.as_str()).collect::<Vec<_>>(), ["0"]);
}

#[derive(diesel::QueryableByName)]
struct Counted {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    counted: bool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vacuum_holds_nobody_up_and_tables_are_counted() {
    let Some(url) = empty().await else { return };
    let clock = ManualClock::default();
    let opened = sql::open(&url, options(&clock)).await.expect("the store opens");
    let link = samples::link("TS0");
    let accept = async |ids: std::ops::Range<i64>| {
        let new = ids.map(|id| samples::queued(samples::message(id, clock.now()), &link)).collect();
        let accepted = opened.stores.outbox.accept(samples::acceptance(new));
        tokio::time::timeout(Duration::from_secs(2), accepted).await.expect("at once").expect("accepted");
    };
    let mut vacuum = AsyncPgConnection::establish(&url).await.expect("it connects");
    let lock = "BEGIN; LOCK TABLE message IN SHARE UPDATE EXCLUSIVE MODE";
    vacuum.batch_execute(lock).await.expect("the lock that a vacuum has");
    // So many that a count is due.
    accept(1..601).await;
    accept(601..602).await;
    vacuum.batch_execute("ROLLBACK").await.expect("let go of");
    accept(602..2_000).await;
    let mut next = 2_000;
    let text = "SELECT reltuples > 0 AS counted FROM pg_class WHERE oid = to_regclass('message')";
    let counted = async {
        loop {
            let found: Vec<Counted> = diesel::sql_query(text).load(&mut vacuum).await.expect("it reads");
            if found.iter().any(|found| found.counted) {
                return;
            }
            accept(next..next + 1).await;
            next += 1;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), counted).await.expect("counted in the end");
}

/// The servers of the tests have made their certificates themselves, as a Debian package does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_the_server_made_itself() {
    let Some(url) = empty().await else { return };
    let with = |mode: &str| format!("{url}&sslmode={mode}");
    for fine in [url.clone(), with("prefer"), with("disable")] {
        sql::check(&fine).await.unwrap_or_else(|error| panic!("{fine}: {error}"));
    }
    let refused = sql::check(&with("require")).await.expect_err("nobody vouches for it");
    assert!(refused.to_string().contains("certificate"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_audit_may_take_its_time() {
    let Some(url) = empty().await else { return };
    let opened = sql::open(&url, options(&ManualClock::default())).await.expect("the store opens");
    let mut conn = AsyncPgConnection::establish(&url).await.expect("it connects");
    // In place of a table so large that it takes minutes: the limits it is read under, as if they were messages.
    let limits = "ALTER TABLE counter RENAME TO counted; CREATE VIEW counter AS SELECT 'accepted' AS name, setting::bigint AS value \
                  FROM pg_settings WHERE pg_settings.name IN ('statement_timeout', 'lock_timeout')";
    conn.batch_execute(limits).await.expect("a view");
    let audit = opened.stores.reports.audit().await.expect("it counts");
    assert_eq!(audit.accepted, 0, "ms");
}
