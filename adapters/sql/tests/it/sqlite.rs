//! SQLite: the contract, the lock, copies, and a store that outlives its process.

use crate::ports_of::{options, stores};
use contract::{Stores, contract_tests};
use domain::message::{Incarnation, Quota};
use fakes::{ManualClock, samples};
use ports::driven::{Clock, Filter, HandoffOutcome, LeaseRequest, StoreError};
use sql::{Opened, StoreOptions};
use std::path::Path;
use std::sync::Arc;

fn url(directory: &Path) -> String {
    format!("sqlite://{}/omnigate.db", directory.display())
}

async fn open(directory: &Path) -> Opened {
    sql::open(&url(directory), options(&ManualClock::default())).await.expect("the store opens")
}

async fn fresh() -> Stores {
    let directory = tempfile::tempdir().expect("a directory");
    let clock = ManualClock::default();
    let opened = sql::open(&url(directory.path()), options(&clock)).await.expect("the store opens");
    stores(opened, clock, directory)
}

contract_tests!(sqlite, fresh);

#[tokio::test]
async fn one_process_serves_and_others_look() {
    let directory = tempfile::tempdir().expect("a directory");
    let clock = ManualClock::default();
    let first = open(directory.path()).await;
    let new = samples::queued(samples::message(1, clock.now()), &samples::link("TS0"));
    first.stores.outbox.accept(samples::acceptance(vec![new.clone()])).await.expect("accepted");

    let second = sql::open(&url(directory.path()), options(&clock)).await.err();
    assert!(
        matches!(second, Some(StoreError::InUse(why)) if why.contains(&format!("process {}", std::process::id())))
    );

    let looking = sql::open(&url(directory.path()), StoreOptions::reading(Arc::new(clock.clone()))).await;
    let looking = looking.expect("it opens to read");
    let found = looking.stores.reports.message(new.message.id).await.expect("it reads");
    assert_eq!(found.map(|r| r.message.id), Some(new.message.id));
    let refused = looking.stores.outbox.accept(samples::acceptance(vec![new])).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))));

    first.closed().await;
    open(directory.path()).await;
}

/// Accepts one message.
async fn accept(opened: &Opened, id: i64) -> Result<(), StoreError> {
    let message = samples::message(id, ManualClock::default().now());
    let new = samples::queued(message, &samples::link("TS0"));
    opened.stores.outbox.accept(samples::acceptance(vec![new])).await.map(drop)
}

/// What is committed to a file that nobody will open again is not accepted.
#[tokio::test]
async fn a_file_that_is_removed_or_replaced_takes_nothing_more() {
    for replaced in [false, true] {
        let directory = tempfile::tempdir().expect("a directory");
        let opened = open(directory.path()).await;
        let accept = async |id| accept(&opened, id).await;
        accept(1).await.expect("accepted");
        let file = directory.path().join("omnigate.db");
        let copy = directory.path().join("copy");
        std::fs::copy(&file, &copy).expect("a copy");
        std::fs::remove_file(&file).expect("removed");
        if replaced {
            std::fs::rename(&copy, &file).expect("another in its place");
        }
        let refused = accept(2).await;
        assert!(matches!(&refused, Err(StoreError::Broken(why)) if why.contains("in use")), "{refused:?}");
        assert_eq!(file.exists(), replaced, "no new one is made");
        if replaced {
            // What the removed file's log holds is none of the other's.
            let log = std::fs::metadata(directory.path().join("omnigate.db-wal")).expect("a log");
            assert_eq!(log.len(), 0);
        }
    }
}

/// Somebody tidies up beside the file: what was accepted before is in the file, and nothing more is accepted.
#[tokio::test]
async fn a_log_that_is_removed_takes_nothing_with_it() {
    for log in ["omnigate.db-wal", "omnigate.db-shm"] {
        let directory = tempfile::tempdir().expect("a directory");
        let opened = open(directory.path()).await;
        let accept = async |id| accept(&opened, id).await;
        accept(1).await.expect("accepted");
        std::fs::remove_file(directory.path().join(log)).expect("removed");
        let refused = accept(2).await;
        assert!(matches!(&refused, Err(StoreError::Broken(why)) if why.contains(log)), "{refused:?}");
        // As a process that ends at once leaves it.
        let copy = tempfile::tempdir().expect("a directory");
        std::fs::copy(directory.path().join("omnigate.db"), copy.path().join("omnigate.db")).expect("a copy");
        let found = open(copy.path()).await.stores.reports.message(domain::message::MessageId(1)).await;
        assert!(found.expect("it reads").is_some(), "{log}");
    }
}

#[tokio::test]
async fn a_command_counts_what_waits_to_the_end() {
    let directory = tempfile::tempdir().expect("a directory");
    let clock = ManualClock::default();
    let opened = open(directory.path()).await;
    let new = |id| samples::queued(samples::message(id, clock.now()), &samples::link("TS0"));
    let many = (1..=1_500).map(new).collect();
    opened.stores.outbox.accept(samples::acceptance(many)).await.expect("accepted");
    let looking = sql::open(&url(directory.path()), StoreOptions::reading(Arc::new(clock.clone()))).await;
    let waiting = looking.expect("it opens").stores.dispatch.backlog(clock.now()).await.expect("it reads");
    assert_eq!(waiting.iter().flat_map(|b| b.waiting).sum::<usize>(), 1_500);
}

#[tokio::test]
async fn what_was_accepted_outlives_the_store() {
    let directory = tempfile::tempdir().expect("a directory");
    let now = ManualClock::default().now();
    let opened = open(directory.path()).await;
    for id in 1..=100 {
        let new = samples::queued(samples::message(id, now), &samples::link("TS0"));
        opened.stores.outbox.accept(samples::acceptance(vec![new])).await.expect("accepted");
    }
    // Dropped as it is: the writer is given no chance to finish anything by this process's leave.
    opened.closed().await;
    let again = open(directory.path()).await;
    let audit = again.stores.reports.audit().await.expect("it reads");
    assert_eq!((audit.accepted, audit.wrong), (100, Vec::new()));
}

#[tokio::test]
async fn a_copy_is_whole_and_does_not_overwrite() {
    let directory = tempfile::tempdir().expect("a directory");
    let now = ManualClock::default().now();
    let opened = open(directory.path()).await;
    let new = samples::queued(samples::message(7, now), &samples::link("TS0"));
    opened.stores.outbox.accept(samples::acceptance(vec![new])).await.expect("accepted");

    let copy = directory.path().join("copy.db");
    sql::backup(&url(directory.path()), &copy).await.expect("the copy is made");
    assert!(matches!(sql::backup(&url(directory.path()), &copy).await, Err(StoreError::Data(_))));
    let checked = sql::check(&format!("sqlite://{}", copy.display())).await.expect("it can be looked at");
    assert_eq!((checked.pending, checked.wrong), (0, Vec::new()));
    let copied = sql::open(&format!("sqlite://{}", copy.display()), options(&ManualClock::default())).await;
    let audit = copied.expect("the copy opens").stores.reports.audit().await.expect("it reads");
    assert_eq!(audit.accepted, 1);
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).expect("a directory");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_copy_is_its_owners_alone_and_a_failed_one_leaves_nothing() {
    let (directory, copies) = (tempfile::tempdir().expect("one"), tempfile::tempdir().expect("another"));
    let now = ManualClock::default().now();
    let opened = open(directory.path()).await;
    let new = samples::queued(samples::message(7, now), &samples::link("TS0"));
    opened.stores.outbox.accept(samples::acceptance(vec![new])).await.expect("accepted");
    let copy = copies.path().join("copy.db");
    sql::backup(&url(directory.path()), &copy).await.expect("the copy is made");
    assert_eq!(names(copies.path()), ["copy.db"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let own = directory.path();
        for file in [copy.clone(), own.join("omnigate.db"), own.join("omnigate.db-wal")] {
            let mode = std::fs::metadata(&file).expect("it is there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", file.display());
        }
    }
    opened.closed().await;
    // A store with a hole in it: its copy is not sound, or cannot be made.
    let file = directory.path().join("omnigate.db");
    let mut octets = std::fs::read(&file).expect("the store");
    let half = octets.len() / 2;
    octets.get_mut(half..).expect("a half").fill(0x55);
    std::fs::write(&file, octets).expect("a hole");
    let failed = sql::backup(&url(directory.path()), &copies.path().join("second.db")).await;
    assert!(failed.is_err(), "{failed:?}");
    assert_eq!(names(copies.path()), ["copy.db"]);
    let nowhere = copies.path().join("no/such/directory/copy.db");
    assert!(sql::backup(&url(directory.path()), &nowhere).await.is_err());
}

/// A copy that is killed leaves what it wrote; the next one to the same place removes that, unless somebody is drawing up a copy there.
#[cfg(unix)]
#[tokio::test]
async fn what_a_killed_copy_left_goes_with_the_next_one() {
    let (directory, copies) = (tempfile::tempdir().expect("one"), tempfile::tempdir().expect("another"));
    let opened = open(directory.path()).await;
    let left = ["copy.db.4711.part", "copy.db.4711.part-journal", "copy.db.1.part"];
    let others = ["copy.db.4711.part.txt", "copy.db.x.part", "copy.db.part", "other.db.4711.part"];
    let write = || {
        for name in left.iter().chain(&others) {
            std::fs::write(copies.path().join(name), "half a copy").expect("written");
        }
    };
    let with = |names: &[&str]| {
        let mut all: Vec<String> = names.iter().map(ToString::to_string).collect();
        all.sort();
        all
    };
    write();
    let at_work = std::fs::File::open(copies.path()).expect("the directory");
    at_work.lock_shared().expect("locked, as by another copy");
    let copy = copies.path().join("copy.db");
    sql::backup(&url(directory.path()), &copy).await.expect("the copy is made");
    assert_eq!(names(copies.path()), with(&[&left[..], &others, &["copy.db"]].concat()), "all stays");
    drop(at_work);
    std::fs::remove_file(&copy).expect("removed");
    sql::backup(&url(directory.path()), &copy).await.expect("the copy is made");
    assert_eq!(names(copies.path()), with(&[&others[..], &["copy.db"]].concat()));
    opened.closed().await;
}

/// What one program wrote and another cannot read holds nobody else up: neither the queue, nor expiry, nor a list, nor the next start.
#[tokio::test]
async fn a_row_that_cannot_be_read() {
    use diesel::connection::SimpleConnection;
    use diesel::{Connection, SqliteConnection};
    let directory = tempfile::tempdir().expect("a directory");
    let link = samples::link("TS0");
    let clock = ManualClock::default();
    let first = sql::open(&url(directory.path()), options(&clock)).await.expect("the store opens");
    let queued = (1..=3).map(|id| samples::queued(samples::message(id, clock.now()), &link)).collect();
    first.stores.outbox.accept(samples::acceptance(queued)).await.expect("accepted");
    first.closed().await;
    let file = directory.path().join("omnigate.db");
    let mut conn = SqliteConnection::establish(file.to_str().expect("a path")).expect("it opens");
    conn.batch_execute("UPDATE message SET recipient = '01234567' WHERE id = 1; UPDATE message SET door = 99, state = 2, lease = 77 WHERE id = 2")
        .expect("it writes");
    drop(conn);
    let opened = sql::open(&url(directory.path()), options(&clock)).await.expect("the store opens");
    let stores = &opened.stores;
    let run = Incarnation(1);
    stores.cluster.join("a", run, clock.now()).await.expect("joined");
    let taken = stores.cluster.take_over(run, clock.now(), &[], 10).await;
    assert_eq!(taken.map(|taken| taken.len()), Ok(0));
    let (quota, behind) = (Quota::share(10, 0), Default::default());
    let request = LeaseRequest { link, quota, now: clock.now(), lease: run, behind };
    let leased = stores.dispatch.lease(request).await.expect("the others are taken");
    assert_eq!(leased.iter().map(|l| l.message.id.0).collect::<Vec<_>>(), [3]);
    let listed = stores.reports.messages(&Filter { limit: 10, ..Filter::default() }).await.expect("listed");
    assert_eq!(listed.items.len(), 1);
    clock.advance(std::time::Duration::from_secs(50 * 3_600));
    assert_eq!(stores.dispatch.expire(clock.now(), 10).await, Ok(2), "their time ends them");
    let audit = stores.reports.audit().await.expect("it reads");
    assert_eq!(audit.wrong, Vec::<String>::new());
}

/// Receipts that belong to nobody are bounded; the youngest are kept.
#[tokio::test]
async fn too_many_parked_receipts() {
    use diesel::connection::SimpleConnection;
    use diesel::{Connection, RunQueryDsl, SqliteConnection};
    #[derive(diesel::QueryableByName)]
    struct Parked {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        count: i64,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        oldest: i64,
    }
    let directory = tempfile::tempdir().expect("a directory");
    let clock = ManualClock::default();
    let opened = sql::open(&url(directory.path()), options(&clock)).await.expect("the store opens");
    let file = directory.path().join("omnigate.db");
    let mut conn = SqliteConnection::establish(file.to_str().expect("a path")).expect("it opens");
    let now = clock.now().as_millisecond();
    let many = format!(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 124999) \
         INSERT INTO early_receipt (link, op_key, operator_id, verdict, recipient, error, parked_at) \
         SELECT 'TS0', 'k' || i, 'k' || i, 1, '', '', {now} + i FROM n"
    );
    conn.batch_execute(&many).expect("125,000 rows");
    for (kept, oldest) in [(105_000, 20_000), (100_000, 25_000), (100_000, 25_000)] {
        opened.stores.receipts.give_up(clock.now(), 500).await.expect("given up");
        let text = "SELECT COUNT(*) AS count, MIN(parked_at) AS oldest FROM early_receipt";
        let parked: Parked = diesel::sql_query(text).get_result(&mut conn).expect("it reads");
        assert_eq!((parked.count, parked.oldest - now), (kept, oldest));
    }
    clock.advance(std::time::Duration::from_secs(2 * 3_600));
    for _ in 0..5 {
        opened.stores.receipts.give_up(clock.now(), 500).await.expect("given up");
    }
    let parked: Parked = diesel::sql_query("SELECT COUNT(*) AS count, 0 AS oldest FROM early_receipt")
        .get_result(&mut conn)
        .expect("it reads");
    assert_eq!(parked.count, 0);
}

#[tokio::test]
async fn mail_that_an_earlier_version_left_goes_to_its_mailbox() {
    use diesel::connection::SimpleConnection;
    use diesel::{Connection, SqliteConnection};

    let directory = tempfile::tempdir().expect("a directory");
    let clock = ManualClock::default();
    let opened = sql::open(&url(directory.path()), options(&clock)).await.expect("the store opens");
    let destination = domain::mo::Destination::Mail("a@example.se".to_owned());
    let part = samples::mo_part(&samples::link("TS0"), "hej", None, clock.now());
    let new = ports::driven::NewMoPart { handing: Some(destination).into(), ..samples::new_part(1, part) };
    opened.stores.inbox.record(new).await.expect("recorded");
    let file = directory.path().join("omnigate.db");
    let mut conn = SqliteConnection::establish(file.to_str().expect("a path")).expect("it opens");
    conn.batch_execute("UPDATE handoff SET target = 'mail'").expect("as it was");
    let (run, now) = (Incarnation(1), clock.now());
    let handoffs = &opened.stores.handoffs;
    let leased = handoffs.lease(10, &[], run, now).await.expect("leased");
    let key = leased.first().expect("it is due").key;
    let again = HandoffOutcome::Again { due_at: now, error: String::new(), counts: false };
    handoffs.settle(vec![(key, again)], run).await.expect("written");
    let without = |name: &str| [name.to_owned()];
    assert!(handoffs.lease(10, &without("mailto:a@example.se"), run, now).await.expect("leased").is_empty());
    assert_eq!(handoffs.lease(10, &without("mailto:b@example.se"), run, now).await.expect("leased").len(), 1);
}

#[tokio::test]
async fn many_targets_are_looked_at_a_part_at_a_time() {
    use diesel::connection::SimpleConnection;
    use diesel::{Connection, SqliteConnection};

    let directory = tempfile::tempdir().expect("a directory");
    let clock = ManualClock::default();
    let opened = sql::open(&url(directory.path()), options(&clock)).await.expect("the store opens");
    let destination = domain::mo::Destination::Mail("z@example.se".to_owned());
    let part = samples::mo_part(&samples::link("TS0"), "hej", None, clock.now());
    let new = ports::driven::NewMoPart { handing: Some(destination).into(), ..samples::new_part(1, part) };
    opened.stores.inbox.record(new).await.expect("recorded");
    let file = directory.path().join("omnigate.db");
    let mut conn = SqliteConnection::establish(file.to_str().expect("a path")).expect("it opens");
    let later = clock.now().as_millisecond() + 1_000_000;
    let many = format!(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1199) \
         INSERT INTO handoff (subject, event, target, due_at, state, tries, error, created_at) \
         SELECT 1000 + i, 100, 'mailto:m' || i || '@example.se', {later}, 0, 0, '', 0 FROM n"
    );
    conn.batch_execute(&many).expect("1,200 rows");
    let mut found = Vec::new();
    for _ in 0..4 {
        let busy = ["http://busy.example".to_owned()];
        let leased = opened.stores.handoffs.lease(10, &busy, Incarnation(1), clock.now()).await;
        found.push(leased.expect("leased").len());
    }
    assert_eq!(found, [0, 0, 1, 0], "three goes to the end, and then from the beginning");
}

#[tokio::test]
async fn a_store_of_a_newer_program_is_refused() {
    use diesel::connection::SimpleConnection;
    use diesel::{Connection, SqliteConnection};
    let directory = tempfile::tempdir().expect("a directory");
    assert_eq!(sql::migrate(&url(directory.path())).await.expect("it migrates").len(), crate::MIGRATIONS);
    assert_eq!(sql::migrate(&url(directory.path())).await, Ok(Vec::new()), "nothing is left to do");
    let file = directory.path().join("omnigate.db");
    let mut conn = SqliteConnection::establish(file.to_str().expect("a path")).expect("it opens");
    conn.batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')")
        .expect("it writes");
    drop(conn);
    let refused = sql::open(&url(directory.path()), options(&ManualClock::default())).await.err();
    assert!(matches!(refused, Some(StoreError::Unavailable(why)) if why.contains("newer")));
}

#[tokio::test]
async fn unknown_databases_are_named() {
    let refused = sql::open("oracle://x", options(&ManualClock::default())).await.err();
    assert!(matches!(refused, Some(StoreError::Data(why)) if why.contains("oracle")));
}
