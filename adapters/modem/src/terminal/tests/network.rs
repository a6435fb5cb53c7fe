//! Answers to looks at the network that are errors.

use super::*;

#[test]
fn a_sim_that_asks_for_its_pin_again_gets_it_from_the_next_connection() {
    for code in [11, 10, 13] {
        let mut bench = Bench::new(good, |config| config.pin = Some(SecretString::from("1234")));
        assert!(bench.run(30).is_up());
        bench.answers = Box::new(move |command| match command {
            "AT+CREG?" => Some(format!("\r\n+CME ERROR: {code}\r\n")),
            other => good(other),
        });
        bench.run(120);
        let closed = bench.terminal.closed();
        assert!(matches!(closed, Some(Closed::Broken(why)) if why.contains("SIM")), "{code}: {closed:?}");
        assert_eq!((bench.state.rung(), bench.state.facts().registered), (Rung::Defaults, None), "{code}");
    }
}

#[test]
fn a_network_that_is_refused_by_a_number_is_searched_for_like_any_other() {
    let mut bench = Bench::new(good, |_| {});
    assert!(bench.run(30).is_up());
    bench.answers = Box::new(|command| match command {
        "AT+CREG?" => Some("\r\n+CME ERROR: 30\r\n".to_owned()),
        other => good(other),
    });
    bench.run(70);
    assert!(!bench.is_up());
    assert_eq!(bench.state.facts().registered, Some(false));
    assert!(
        bench.events.iter().any(|event| matches!(event, Event::Lost { why } if why.contains("no network")))
    );
    let radio = bench.terminal.profile.radio[0];
    assert_eq!(bench.times(radio), 0);
    bench.run(200);
    assert_eq!(
        (bench.times(radio), bench.terminal.closed().is_none()),
        (1, true),
        "the radio is switched off and on"
    );
    bench.run(200);
    assert!(matches!(bench.terminal.closed(), Some(Closed::Broken(_))), "then the modem is set up anew");
    assert_eq!(bench.state.rung(), Rung::Defaults);
}
