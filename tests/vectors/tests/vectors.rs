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

/// What is written again from what was read is the same, octet by octet.
#[test]
fn ucp_frames_come_back() {
    for vector in vectors::of("ucp").iter().filter(|vector| vector.kind == "frame") {
        let read = omnigate::codec::decode("ucp", "frame", &vector.input).expect("a frame");
        assert_eq!(read["wire"], vector.input, "{}", vector.id);
    }
}
