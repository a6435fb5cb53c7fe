//! Every published vector of every protocol we speak.

/// Fails with the name of each vector that fails.
fn check(protocol: &str) {
    let (count, failures) = vectors::run(protocol);
    assert!(
        failures.is_empty(),
        "{} of {count} {protocol} vectors fail:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn gsm() {
    check("gsm");
}

#[test]
fn at() {
    check("at");
}

#[test]
fn smpp() {
    check("smpp");
}

#[test]
fn cimd2() {
    check("cimd2");
}

#[test]
fn ucp() {
    check("ucp");
}

#[test]
fn tap() {
    check("tap");
}

/// A block that was read is written to the same octets, and built of its fields to the same again.
#[test]
fn tap_blocks_come_back() {
    let mut seen = 0;
    for vector in vectors::of("tap").iter().filter(|vector| vector.kind == "block") {
        let read = omnigate::codec::decode("tap", "block", &vector.expected).expect("a block");
        assert_eq!(read["fields"], vector.input["fields"], "{}", vector.id);
        let again = omnigate::codec::decode("tap", "block", &read).expect("fields");
        assert_eq!(again, vector.expected, "{}", vector.id);
        seen += 1;
    }
    assert!(seen >= 2, "{seen}");
}
