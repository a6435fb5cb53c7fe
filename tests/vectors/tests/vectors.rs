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
