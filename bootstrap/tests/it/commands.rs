//! Every command on a store that no server holds.

use crate::run::Place;
use serde_json::Value;

const CONFIGURATION: &str = "[node]\ndata_dir = \"data\"\n[defaults]\nlanguage = \"en\"\n[http]\nlisten = \"127.0.0.1:0\"\n\
    [[link]]\nname = \"TS0\"\nprotocol = \"smpp\"\nhosts = [\"127.0.0.1:9\"]\n[[route]]\nto = \"46\"\nlinks = [\"TS0\"]\n\
    [[user]]\nname = \"crm\"\npassword = \"hemligt ord\"\noriginator = \"Example\"\n";

fn place() -> Place {
    Place::with(CONFIGURATION)
}

#[test]
fn wrong_usage_is_2_and_help_is_0() {
    let place = place();
    assert_eq!(place.run(&["dance"]).code(), Some(2));
    assert_eq!(place.run(&["explain"]).code(), Some(2));
    assert_eq!(place.run(&["message", "show", "x"]).code(), Some(2));
    for wrong in [
        &["explain", "--to", "0701234567", "--at", "x"][..],
        &["message", "send", "--to", "0701234567", "--at", "x"],
        &["message", "list", "--to", "anna"],
        &["message", "list", "--user", "a b"],
        &["message", "resend", "x"],
        &["user", "add", "anna", "--no-password", "--addresses", "x"],
        &["user", "add", "anna", "--no-password", "--originator", "Alldeles för långt namn"],
        &["user", "add", "a b", "--no-password"],
        &["simulate", "smpp", "--fault", "bogus"],
        &["simulate", "ucp", "--line-fault", "bogus"],
        &["simulate", "modem", "--fault", "bogus"],
        &["simulate", "tap", "--later", "soon"],
        &["simulate", "http", "--account", "nocolon"],
        &["simulate", "http", "--operator", "nobody"],
    ] {
        let ran = place.run(wrong);
        assert_eq!((ran.code(), ran.out().as_str()), (Some(2), ""), "{wrong:?} {}", ran.err());
        assert!(ran.err().starts_with("omnigate: "), "{wrong:?} {}", ran.err());
    }
    assert!(place.run(&["--help"]).good().contains("omnigate demo"));
}

#[test]
fn check_says_what_and_where() {
    assert!(place().run(&["check"]).good().starts_with("ok  omnigate.toml\n"));
    let broken = Place::with(
        "[http]\nlisten = \"127.0.0.1:8080\"\n[[link]]\nname = \"TS0\"\nprotocol = \"smpp\"\nhosts = [\"nowhere\"]\n",
    );
    let said = broken.run(&["check"]).bad();
    assert!(said.contains("omnigate.toml:6: link.TS0.hosts: \"nowhere\" is not host:port"), "{said}");
    let serve = broken.run(&["serve"]).bad();
    assert!(serve.contains("is not host:port"), "serve refuses what check refuses: {serve}");
    let problems: Value = serde_json::from_str(&broken.run(&["check", "--json"]).out()).expect("JSON");
    assert_eq!((&problems["ok"], &problems["problems"][0]["line"]), (&false.into(), &6.into()));
    let nowhere = broken.run(&["check", "--config", "gone.toml"]).bad();
    assert!(nowhere.contains("gone.toml") && nowhere.contains("omnigate demo"), "{nowhere}");
}

#[test]
fn users_come_and_go() {
    let place = place();
    std::fs::write(place.path().join("secret"), "korrekt häst\n").expect("a file");
    let add = ["user", "add", "anna", "--password-file", "secret", "--addresses", "10.0.0.0/8"];
    place.run(&add).good();
    assert!(place.run(&add).bad().contains("there already"));
    assert!(place.run(&["user", "add", "crm", "--no-password"]).bad().contains("stands in omnigate.toml"));
    for twin in ["ANNA", "Crm"] {
        let said = place.run(&["user", "add", twin, "--no-password"]).bad();
        assert!(said.contains("differ in the case of letters only"), "{said}");
    }
    for (wrong, wanted) in [
        (&["--deny", "+46x"][..], "\"+46x\" is no beginning of a number"),
        (&["--priority", "alarm", "--max-priority", "high"], "alarm is above --max-priority, which is high"),
    ] {
        let ran = place.run(&[&["user", "set", "anna"], wrong].concat());
        assert_eq!(ran.code(), Some(2));
        assert!(ran.err().contains(wanted), "{}", ran.err());
    }
    assert!(place.run_with(&["user", "add", "bo"], "kort\n").bad().contains("at least 8"));
    place.run_with(&["user", "add", "bo"], "lång nog nu\n").good();
    let ours = place.run(&["user", "add", "@gateway", "--no-password"]);
    assert!(ours.code() == Some(2) && ours.err().contains("the gateway's own name"), "{}", ours.err());
    place.run(&["user", "set", "anna", "--rate", "5", "--allow", "070,+45", "--deny", "0900"]).good();
    let anna = place.run(&["user", "show", "anna", "--json"]).json();
    assert_eq!(
        (&anna["allow"], &anna["deny"]),
        (&serde_json::json!(["4670", "45"]), &serde_json::json!(["46900"]))
    );
    assert_eq!(
        (&anna["rate"], &anna["password"], &anna["addresses"][0]),
        (&5.into(), &true.into(), &"10.0.0.0/8".into())
    );
    let key = place.run(&["user", "key", "anna"]).good();
    assert!(key.starts_with("ok_") && key.trim().len() == 51, "{key}");
    let names = place.run(&["user", "list", "--json"]).json();
    let names: Vec<_> = names.as_array().expect("a list").iter().map(|user| user["name"].clone()).collect();
    assert_eq!(names, ["anna", "bo", "crm"]);
    let gone = place.run(&["user", "remove", "bo", "--json"]).json();
    assert_eq!(gone, serde_json::json!({ "name": "bo", "removed": true }));
    assert!(place.run(&["user", "remove", "bo"]).bad().contains("no user called"));
}

#[test]
fn messages_wait_are_seen_and_taken_back() {
    let place = place();
    let sent = place.run(&["message", "send", "--to", "070-123 45 67", "--user", "crm", "--json"]).json();
    let id = sent["messages"][0]["id"].as_str().expect("an id").to_owned();
    assert!(place.run(&["message", "send", "--to", "+4512345678"]).bad().contains("no_route"));
    let listed = place.run(&["message", "list", "--to", "0701234567", "--json"]).json();
    assert_eq!(
        (&listed["messages"][0]["id"], &listed["messages"][0]["state"]),
        (&id.as_str().into(), &"queued".into())
    );
    assert!(place.run(&["message", "show", &id]).good().contains("46701234567"));
    assert!(place.run(&["message", "show", "1"]).bad().contains("no message 1"));
    place.run(&["message", "cancel", &id]).good();
    assert!(place.run(&["message", "cancel", &id]).bad().contains("cancelled"));
    assert_eq!(place.run(&["message", "dead", "--json"]).json(), serde_json::json!([]));
    place.run(&["message", "resend", "--all"]).good();
    let resent = place.run(&["message", "resend", "--all", "--json"]).json();
    assert_eq!(resent, serde_json::json!({ "resent": 0 }));
    assert_eq!(place.run(&["message", "resend", "1:4", "--json"]).code(), Some(1), "there is no such report");

    let books = place.run(&["audit", "--json"]).json();
    assert_eq!(
        (&books["accepted"], &books["by_state"]["cancelled"], &books["wrong"]),
        (&1.into(), &1.into(), &serde_json::json!([]))
    );
    assert!(place.run(&["migrate"]).good().contains("up to date"));
    assert!(place.run(&["backup", "copy.db"]).good().contains("verified"));
    assert!(place.run(&["backup", "copy.db"]).bad().contains("there already"));
}

#[test]
fn books_that_cannot_be_read_are_not_called_wrong() {
    let unread = place().run(&["audit"]);
    assert_eq!(unread.code(), Some(3), "there is no store yet");
    assert!(unread.err().contains("the books could not be read"), "{}", unread.err());
}

#[test]
fn a_store_without_tables_and_one_in_a_server() {
    let place = place();
    std::fs::create_dir_all(place.path().join("data")).expect("a directory");
    std::fs::write(place.path().join("data/omnigate.db"), "").expect("an empty store");
    for command in [&["link", "list"][..], &["user", "list"], &["message", "list"], &["audit"]] {
        let unread = place.run(command);
        assert!(unread.err().contains("start the server or run omnigate migrate"), "{}", unread.err());
    }
    let swedish = place.run(&["link", "list", "--language", "sv"]).err();
    assert!(swedish.contains("tabellerna finns inte än"), "{swedish}");
    place.run(&["migrate"]).good();
    place.run(&["user", "list"]).good();

    let server = Place::with("[database]\nurl = \"postgres://127.0.0.1:1/none\"\n");
    let none = server.run(&["backup", "copy"]).err();
    assert_eq!(
        none.trim_end(),
        "omnigate: no backup was made: this store is in PostgreSQL, which has its own means: use pg_dump, or a base backup with WAL archiving"
    );
}

#[test]
fn explain_and_doctor() {
    let place = place();
    let why = place.run(&["explain", "--to", "0701234567", "--user", "crm", "--json"]).json();
    assert_eq!((&why["accepted"], &why["messages"][0]["from"]), (&true.into(), &"Example".into()));
    let refused = place.run(&["explain", "--to", "anna"]);
    assert_eq!(refused.code(), Some(1));
    assert!(refused.out().contains("REFUSED invalid_number (to)"), "{}", refused.out());
    let doctor: Value = serde_json::from_str(&place.run(&["doctor", "--json"]).out()).expect("JSON");
    let link = doctor["findings"].as_array().expect("findings").iter().find(|f| f["thing"] == "link TS0");
    assert!(link.is_some_and(|link| link["level"] == "warn" && link["advice"] != ""), "{doctor}");
}

#[test]
fn traces_are_read_line_by_line() {
    let lines = "\"00000010800000150000000000000001\"\nnonsense\n";
    let text =
        place().run_with(&["codec", "decode", "--protocol", "smpp", "--kind", "pdu_decode"], lines).good();
    let answers: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((answers.len(), &answers[0]["name"]), (2, &"enquire_link_resp".into()));
    assert_eq!(answers[1]["error"]["class"], "bad_input");
}

#[test]
fn an_operator_for_a_moment() {
    let ran = place().run(&["simulate", "smpp", "--listen", "127.0.0.1:0", "--for", "0", "--json"]).good();
    let first: Value = serde_json::from_str(ran.lines().next().unwrap_or_default()).expect("JSON");
    assert!(first["listening"].as_str().is_some_and(|address| address.starts_with("127.0.0.1:")));
    assert!(place().run(&["simulate", "smpp", "--fault", "thortle"]).err().contains("thortle"));
}

#[test]
fn orders_that_nobody_can_follow_say_so_at_once() {
    let place = place();
    place.run(&["migrate"]).good();
    let paused = place.run(&["link", "pause", "TS0"]).good();
    assert!(paused.contains("no server answers here; in force when one starts"), "{paused}");
    let swedish = ["link", "test", "TS0", "--to", "0701234567", "--language", "sv"];
    let tested = place.run(&swedish).bad();
    assert!(tested.contains("ingen server körs här, så inget sändes"), "{tested}");
    let all = place.run(&["message", "list", "--json"]).json();
    assert_eq!(all["messages"].as_array().map(Vec::len), Some(0), "nothing is left to go out later");
    place.run(&["link", "resume", "TS0"]).good();
    let sent =
        place.run(&["message", "send", "--to", "0701234567", "--text", "“Hej”", "--language", "en"]).good();
    assert!(sent.contains("CHANGED “ → \" (character 1)"), "{sent}");
    let drained = place.run(&["link", "drain", "TS0"]).bad();
    assert!(drained.contains("TS0 still has 1 messages and no server runs here to send them"), "{drained}");
    let drained = place.run(&["link", "drain", "TS0", "--json"]);
    assert_eq!(drained.code(), Some(1));
    let said: Value = serde_json::from_str(&drained.out()).expect("JSON");
    assert_eq!((&said["left"], &said["served"]), (&1.into(), &false.into()));
}

/// A page of health that says that TS0 is in this state, whatever it is told.
fn deaf_server(place: &Place, state: &'static str, detail: &'static str) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let listening = serde_json::json!({ "http": address }).to_string();
    std::fs::create_dir_all(place.path().join("data")).expect("a directory");
    std::fs::write(place.path().join("data/listening.json"), listening).expect("a file");
    std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 1024]);
            let link = serde_json::json!({ "name": "TS0", "state": state, "detail": detail, "sessions": 1, "in_flight": 0, "waiting": 0 });
            let page = format!("HTTP/1.0 200 OK\r\n\r\n{{\"links\":[{link}]}}");
            let _ = stream.write_all(page.as_bytes());
        }
    });
}

#[test]
fn an_order_that_is_not_followed_fails_in_both_forms() {
    let place = place();
    place.run(&["migrate"]).good();
    let alone = place.run(&["link", "pause", "TS0", "--json"]).json();
    assert_eq!(alone["followed"], false, "no server runs: it holds when one starts");
    deaf_server(&place, "up", "");
    let ran = place.run(&["link", "pause", "TS0", "--json"]);
    let said: Value = serde_json::from_str(&ran.out()).expect("JSON");
    assert_eq!((ran.code(), &said["followed"]), (Some(1), &false.into()), "{}", ran.err());
}

/// At night: the message of a test that did not leave is not under way, and why is said at once.
#[test]
fn a_test_that_did_not_leave_says_why_and_that_it_is_taken_back() {
    let place = place();
    place.run(&["migrate"]).good();
    deaf_server(&place, "down", "10.0.0.1:2775: bind refused");
    let test = ["link", "test", "TS0", "--to", "070-123 45 67", "--timeout", "1s", "--language"];
    let ran = |language| place.run(&[&test[..], &[language]].concat()).out();
    let swedish = ran("sv");
    let expected =
        "TS0: det sändes inte i tid och är återtaget (nere: 10.0.0.1:2775: inloggningen avvisades)\n";
    assert!(swedish.ends_with(expected), "{swedish}");
    let english = ran("en");
    let expected = "TS0: it was not sent in time and is taken back (down: 10.0.0.1:2775: bind refused)\n";
    assert!(english.ends_with(expected), "{english}");
    let all = place.run(&["message", "list", "--state", "cancelled", "--json"]).json();
    assert_eq!(all["messages"].as_array().map(Vec::len), Some(2));
}
