//! The first thing that anybody sees: everything is delivered, and the books are right afterwards.

use crate::run::Place;

#[test]
fn the_show_delivers_through_every_door() {
    let place = Place::with("");
    let shown = place.run(&["demo", "--once"]).good();
    assert!(shown.contains("7 of 7 messages delivered"), "{shown}");
    for door in ["HTTP JSON", "HTTP GET", "Kannel sendsms", "SOAP", "Telnet", "SNPP", "SMTP"] {
        let line = shown.lines().find(|line| line.trim_start().starts_with(door));
        assert!(line.is_some_and(|line| line.ends_with('✓')), "{door}: {shown}");
    }
    assert!(!shown.contains('\x1b'), "no colour where no terminal is");
    assert!(shown.contains("callbacks to the program: sent, delivered, signed"), "{shown}");

    let books = place.run(&["audit", "--json", "--config", "omnigate-data/demo.toml"]).json();
    assert_eq!((&books["accepted"], &books["by_state"]["delivered"]), (&7.into(), &7.into()), "{books}");

    let again = place.run(&["demo", "--once", "--language", "sv"]).good();
    assert!(again.contains("7 av 7 meddelanden levererade"), "{again}");
}
