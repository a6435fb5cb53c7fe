//! Every fuzz target for some seconds, under the allocation bound of promise G1; and each file of `fuzz/fuzz_targets` is here.
#![allow(
    missing_docs,
    unused_attributes,
    clippy::panic,
    reason = "tests, and files that are programs elsewhere"
)]

use libfuzzer_sys::count::Counting;
use libfuzzer_sys::search;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

macro_rules! targets {
    ($($name:ident, $passes:literal, $path:literal;)+) => {
        $(
            #[path = $path]
            mod $name;

            #[test]
            fn $name() {
                assert!(search(stringify!($name), $passes, self::$name::run) > 0);
            }
        )+

        const TARGETS: &[&str] = &[$(stringify!($name)),+];
    };
}

// How often a target holds what it read at one time: streams in three cuts, what was read beside what was written;
// the TOML library notes every stray bracket before it refuses the file: 100-200 octets each, so many times the file and no more.
targets! {
    at_chat, 2, "../../../../fuzz/fuzz_targets/at_chat.rs";
    cimd2, 4, "../../../../fuzz/fuzz_targets/cimd2.rs";
    config_file, 16, "../../../../fuzz/fuzz_targets/config_file.rs";
    form_parameters, 8, "../../../../fuzz/fuzz_targets/form_parameters.rs";
    gsm7, 4, "../../../../fuzz/fuzz_targets/gsm7.rs";
    http_profile, 16, "../../../../fuzz/fuzz_targets/http_profile.rs";
    json_body, 4, "../../../../fuzz/fuzz_targets/json_body.rs";
    mail, 4, "../../../../fuzz/fuzz_targets/mail.rs";
    oms, 4, "../../../../fuzz/fuzz_targets/oms.rs";
    smpp_frame, 4, "../../../../fuzz/fuzz_targets/smpp_frame.rs";
    smpp_pdu, 2, "../../../../fuzz/fuzz_targets/smpp_pdu.rs";
    smpp_receipt_text, 1, "../../../../fuzz/fuzz_targets/smpp_receipt_text.rs";
    soap_xml, 2, "../../../../fuzz/fuzz_targets/soap_xml.rs";
    tap, 4, "../../../../fuzz/fuzz_targets/tap.rs";
    text_door, 2, "../../../../fuzz/fuzz_targets/text_door.rs";
    tpdu, 4, "../../../../fuzz/fuzz_targets/tpdu.rs";
    ucp_frame, 4, "../../../../fuzz/fuzz_targets/ucp_frame.rs";
    udh, 2, "../../../../fuzz/fuzz_targets/udh.rs";
}

#[test]
fn every_target_is_here() {
    let place = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/fuzz_targets");
    let files = std::fs::read_dir(place).expect("the targets").flatten();
    let mut names: Vec<String> =
        files.filter_map(|f| f.path().file_stem().map(|n| n.to_string_lossy().into_owned())).collect();
    names.sort();
    assert_eq!(names, TARGETS);
}
