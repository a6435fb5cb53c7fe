//! MySQL or MariaDB: the contract.

use crate::ports_of::{options, stores};
use crate::servers;
use contract::{Stores, contract_tests};
use diesel_async::{AsyncConnection, AsyncMysqlConnection, SimpleAsyncConnection};
use fakes::{ManualClock, MemoryStore};
use ports::driven::StoreError;
use std::sync::Arc;

/// The URL of an empty database.
pub async fn empty() -> Option<String> {
    let url = servers::url("OMNIGATE_TEST_MYSQL")?;
    let name = servers::name();
    let mut conn = AsyncMysqlConnection::establish(&url).await.expect("the server answers");
    conn.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("a database");
    let (server, _) = url.rsplit_once('/').expect("a URL with a database");
    Some(format!("{server}/{name}"))
}

async fn fresh() -> Stores {
    let Some(url) = empty().await else { return Stores::of(&Arc::new(MemoryStore::new()), Box::new(())) };
    let clock = ManualClock::default();
    let opened = sql::open(&url, options(&clock)).await.expect("the store opens");
    stores(opened, clock, ())
}

contract_tests!(mysql, fresh);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_of_life_and_a_burial_on_two_nodes() {
    let Some(url) = empty().await else { return };
    let clock = ManualClock::default();
    let a = stores(sql::open(&url, options(&clock)).await.expect("the first opens"), clock.clone(), ());
    let b = stores(sql::open(&url, options(&clock)).await.expect("the second opens"), clock.clone(), ());
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
    let mut conn = AsyncMysqlConnection::establish(&url).await.expect("the server answers");
    let trigger = "CREATE TRIGGER refused BEFORE INSERT ON message FOR EACH ROW \
                   IF NEW.id = 13 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'enheten räcker inte'; \
                   ELSEIF NEW.id = 60 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'The table is full'; END IF";
    conn.batch_execute(trigger).await.expect("a trigger");
    servers::one_is_refused_in_other_words(&url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_names_the_server() {
    let Some(url) = empty().await else { return };
    let checked = sql::check(&url).await.expect("it answers");
    assert!(checked.server.starts_with("MariaDB 1"), "{checked:?}");
    assert_eq!((checked.pending, checked.wrong), (crate::MIGRATIONS, Vec::new()));
    assert_eq!(sql::migrate(&url).await.expect("it migrates").len(), crate::MIGRATIONS);
    assert_eq!(sql::check(&url).await.map(|c| c.pending), Ok(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_own_name_in_the_url() {
    let Some(url) = empty().await else { return };
    let url = url.replacen("mysql:", "mariadb:", 1);
    assert_eq!(sql::migrate(&url).await.expect("it migrates").len(), crate::MIGRATIONS);
    assert_eq!(sql::check(&url).await.map(|c| c.pending), Ok(0));
    let backup = sql::backup(&url, std::path::Path::new("copy.db")).await;
    assert!(matches!(backup, Err(StoreError::Data(how)) if how.contains("mariadb-dump")));
    let opened = sql::open(&url, options(&ManualClock::default())).await.expect("it opens");
    opened.stores.reports.ping().await.expect("it writes");
}
