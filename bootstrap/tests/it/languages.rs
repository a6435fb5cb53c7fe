//! Everything that a person reads at the command line is there in Swedish and in English, by flag, configuration or environment.

use crate::run::Place;

#[test]
fn help_and_wrong_lines() {
    let place = Place::with("");
    let help = place.run(&["--language", "sv", "--help"]).good();
    for swedish in
        ["En sms-central:", "Användning: omnigate [FLAGGOR] <KOMMANDO>", "Kör gatewayen", "Visa hjälp"]
    {
        assert!(help.contains(swedish), "{swedish}: {help}");
    }
    for english in ["Usage", "Options", "Commands", "Print"] {
        assert!(!help.contains(english), "{english}: {help}");
    }
    assert!(place.run(&["explain", "--help"]).good().starts_with("Say what would happen"));
    let route = place.run(&["route", "list"]);
    assert_eq!(route.code(), Some(2));
    assert!(
        route.err().contains("there is no command \"route\"\nthere are: serve, demo, check,"),
        "{}",
        route.err()
    );
    let of_user = place.run(&["user", "frob"]).err();
    assert!(of_user.contains("there are: add, set, list, show, remove, key"), "{of_user}");
    let missing = place.run(&["--language=sv", "explain"]);
    assert_eq!(missing.code(), Some(2));
    assert!(missing.err().starts_with("omnigate: --to <TO> saknas\n"), "{}", missing.err());
}

#[test]
fn what_a_codec_is_asked_for_and_cannot_read() {
    let place = Place::with("");
    for (protocol, kind, swedish, english) in [
        (
            "smpp",
            "pdu",
            "smpp har inget slag \"pdu\"; det har pdu_decode,",
            "smpp has no kind \"pdu\"; it has pdu_decode,",
        ),
        (
            "x25",
            "pdu",
            "\"x25\" kan inte avkodas; det kan smpp,",
            "there is no decoder for \"x25\"; there is one for smpp,",
        ),
    ] {
        let ask = ["codec", "decode", "--protocol", protocol, "--kind", kind];
        let wrong = place.run(&ask);
        assert_eq!(wrong.code(), Some(2), "{kind}");
        assert!(wrong.err().contains(english), "{}", wrong.err());
        assert!(wrong.out().is_empty(), "{}", wrong.out());
        let said = place.run(&[&ask[..], &["--language", "sv"]].concat()).err();
        assert!(said.contains(swedish), "{said}");
    }
    let ask = ["codec", "decode", "--protocol", "tap", "--kind", "block", "--language", "sv"];
    let said = place.run_with(&ask, "\"123\"\n").good();
    assert!(said.contains("ett block börjar med STX"), "{said}");
}

#[test]
fn the_configuration_s_language_also_when_it_cannot_be_served() {
    let broken = "[http]\nlisten = \"x\"\nlisen = 1\n";
    let english = Place::with(broken);
    assert!(
        english
            .run(&["check"])
            .bad()
            .contains("omnigate.toml:3: lisen: unknown field `lisen`, expected one of `listen`")
    );
    let swedish = Place::with(&format!("{broken}[defaults]\nlanguage = \"sv\"\n"));
    let said = swedish.run(&["check"]).bad();
    assert!(said.contains("omnigate.toml:3: lisen: okänd nyckel `lisen`; tillåtna är `listen`"), "{said}");
    assert!(swedish.run(&["serve"]).bad().contains("okänd nyckel"));
    assert!(swedish.run(&["doctor"]).out().contains("rätta det som står ovan"));
    assert!(swedish.run(&["frob"]).err().contains("det finns inget kommando \"frob\""));
    let gone = english.run(&["check", "--config", "gone.toml", "--language", "sv"]).bad();
    assert!(gone.contains("filen finns inte") && gone.contains("omnigate demo"), "{gone}");
}

#[test]
fn decisions_and_refusals() {
    let place = Place::with(
        "[node]\ndata_dir = \"data\"\n[http]\nlisten = \"127.0.0.1:0\"\n[[link]]\nname = \"TS0\"\nprotocol = \"smpp\"\n\
         hosts = [\"127.0.0.1:9\"]\n[[route]]\nto = \"46\"\nlinks = [\"TS0\"]\n",
    );
    let explained = place.run(&["explain", "--to", "0701234567", "--language", "sv"]).good();
    for line in
        ["nummer      0701234567 är 46701234567", "rutt        46* passar: TS0", "väg         TS0 är uppe"]
    {
        assert!(explained.contains(line), "{line}: {explained}");
    }
    let refused = place.run(&["explain", "--to", "anna", "--language", "sv"]).out();
    assert!(
        refused.contains("Numret går inte att tolka. (tecknet 'a' hör inte hemma i ett nummer)"),
        "{refused}"
    );
    let refused = place.run(&["explain", "--to", "anna"]).out();
    assert!(
        refused.contains("The number cannot be read. (the character 'a' does not belong in a number)"),
        "{refused}"
    );
    let nowhere = place.run(&["user", "list", "--language", "sv"]).bad();
    assert!(nowhere.contains("det finns inget lager i data/omnigate.db: servern skapar det"), "{nowhere}");
    place.run(&["migrate"]).good();
    let nobody = place.run(&["user", "show", "nobody", "--language", "sv"]).bad();
    assert!(nobody.starts_with("omnigate: det finns ingen användare som heter \"nobody\""), "{nobody}");
}

#[test]
fn refusals_and_wrong_values_in_swedish() {
    let place = Place::with(
        "[node]\ndata_dir = \"data\"\n[http]\nlisten = \"127.0.0.1:0\"\n[[link]]\nname = \"TS0\"\nprotocol = \"smpp\"\n\
         hosts = [\"127.0.0.1:9\"]\n[[route]]\nto = \"46\"\nlinks = [\"TS0\"]\n",
    );
    place.run(&["migrate"]).good();
    let swedish = |line: &[&str]| place.run(&[line, &["--language", "sv"]].concat()).err();
    for (line, wanted) in [
        (&["message", "send", "--to", "+4512345678"][..], "avvisat: no_route: "),
        (&["explain", "--to", "0701234567", "--at", "x"], "duger inte: en tid är 2026-12-24T18:00 (lokal)"),
        (&["message", "list", "--to", "anna"], "--to \"anna\": tecknet 'a' hör inte hemma i ett nummer"),
        (&["message", "list", "--state", "gone"], "duger inte: ett tillstånd är något av"),
        (&["message", "resend", "x"], "duger inte: ingen nyckel; omnigate message dead listar dem"),
        (&["message", "resend", "1:99"], "inget är uppgivet under 1:99 (omnigate message dead listar"),
        (&["message", "show", "x"], "duger inte: ett id är ett decimalt tal"),
        (&["user", "add", "a b"], "duger inte: ett namn är 1 till 64"),
        (&["user", "add", "anna", "--addresses", "x"], "duger inte: ett adressområde är en IP-adress"),
        (
            &["user", "add", "anna", "--no-password", "--originator", "Alldeles för långt namn"],
            "en avsändare med bokstäver är",
        ),
        (&["link", "operators", "nobody"], "det finns ingen operatör \"nobody\"; det finns: "),
        (&["simulate", "smpp", "--fault", "bogus"], "duger inte: felet \"bogus\" finns inte"),
        (&["simulate", "smpp", "--account", "x"], "duger inte: skrivs NAMN:LÖSENORD"),
        (&["simulate", "smpp", "--later", "soon"], "duger inte: skrivs TID:FEL, som"),
        (&["simulate", "smpp", "--later", "x:{}"], "duger inte: en tidslängd är"),
        (&["simulate", "http", "--operator", "nobody"], "duger inte: det finns ingen operatör"),
        (&["backup", "omnigate.toml"], "ingen kopia gjordes: omnigate.toml finns redan"),
    ] {
        let said = swedish(line);
        assert!(said.contains(wanted), "{line:?}: {said}");
    }
    assert_eq!(place.run(&["message", "dead", "--language", "sv"]).good(), "inget är uppgivet\n");
    let refused = swedish(&["message", "send", "--to", "+4512345678"]);
    assert!(!refused.contains("There is"), "{refused}");
}
