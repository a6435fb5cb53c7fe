//! Whole dialogues, as clients have them.

use crate::peer::{Desk, config, texts, transcript};
use domain::language::Language;
use domain::message::Priority;
use std::sync::Arc;

async fn crm(lines: &[&str]) -> (String, Arc<Desk>) {
    let desk = Arc::new(Desk::default());
    let mut all = vec!["LOGI crm secret"];
    all.extend(lines);
    (transcript(config(), &desk, "192.0.2.1", &all).await, desk)
}

#[tokio::test]
async fn one_message_the_classic_way() {
    let (text, desk) = crm(&["PAGE 0701234567", "MESS Hej åäö", "SEND", "SEND", "QUIT"]).await;
    insta::assert_snapshot!("one_message_the_classic_way", text);
    assert_eq!(texts(&desk), ["0701234567 Hej åäö"]);
}

#[tokio::test]
async fn a_text_of_many_lines_and_recipients() {
    let (text, desk) = crm(&[
        "DATA",
        "~first",
        "~..second",
        "~",
        ".",
        "PAGE 0701",
        "PAGE 9",
        "PAGE 0702",
        "MESS again",
        "SEND",
    ])
    .await;
    insta::assert_snapshot!("a_text_of_many_lines_and_recipients", text);
    assert_eq!(texts(&desk), ["0701,0702 first\n.second\n"]);
}

#[tokio::test]
async fn net_snpp_gives_parameters_after_the_recipients() {
    let (text, desk) = crm(&[
        "PAGE 0701",
        "PAGE 0702",
        "MESS Hej",
        "HOLD 301224120000 +0000",
        "COVE TS1",
        "ALER 1",
        "LEVE 0",
        "SEND",
    ])
    .await;
    insta::assert_snapshot!("net_snpp_gives_parameters_after_the_recipients", text);
    let got = desk.got.lock().expect("lock");
    let request = got.first().expect("request");
    assert_eq!(
        (got.len(), request.to.len(), request.flash, request.priority),
        (1, 2, true, Some(Priority::High))
    );
    assert_eq!(request.send_at.map(|t| t.to_string()).as_deref(), Some("2030-12-24T12:00:00Z"));
    assert_eq!(request.link.as_deref(), Some("TS1"));
}

#[tokio::test]
async fn hylafax_gives_parameters_before_each_and_sends_newlines_raw() {
    let (text, desk) = crm(&[
        "SITE HELP NOTIFY",
        "HOLD 3012241200",
        "SUBJ Fax",
        "LEVE 1",
        "PAGE 0701",
        "SUBJ Other",
        "PAGE 0702",
        "MESS line one",
        "send line two",
        "SEND",
    ])
    .await;
    insta::assert_snapshot!("hylafax_gives_parameters_before_each_and_sends_newlines_raw", text);
    assert_eq!(texts(&desk), ["0701 Fax line one", "0702 Other line one"]);
    assert!(desk.got.lock().expect("lock").iter().all(|r| r.send_at.is_some()));
}

#[tokio::test]
async fn two_way_gives_a_tag_and_a_pass_code() {
    let (text, _) = crm(&["2WAY", "PAGE 0701", "PAGE 0702", "MESS Hej", "ACKR 1", "EXPT 2", "SEND"]).await;
    insta::assert_snapshot!("two_way_gives_a_tag_and_a_pass_code", text);
    let line = text.lines().find(|l| l.starts_with("< 960")).expect("queued");
    let words: Vec<_> = line.split(' ').collect();
    let (tag, pass) = (words[2], words[3]);
    let ask = |verb: &str, pass: &str| format!("{verb} {tag} {pass}");
    let (right, wrong, kill) = (ask("MSTA", pass), ask("MSTA", "100000"), ask("KTAG", pass));
    let (text, _) = crm(&[&right, &wrong, "MSTA x y", &kill]).await;
    insta::assert_snapshot!("two_way_gives_a_tag_and_a_pass_code_2", text);
}

#[tokio::test]
async fn people_and_scripts() {
    let lines = [
        "SMS \"070-123 45 67\" Hello there",
        "SMS 0701,9,0702 Both",
        "SMS 9 Nobody",
        "STATUS 4711",
        "STATUS 4712",
        "STATUS 1",
        "STATUS abc",
        "INBOX",
        "INBOX ACK 81",
        "INBOX ACK 82",
        "SITE DIALOG ON",
        "HELP SMS",
        "HELP",
        "BYE",
    ];
    let (text, desk) = crm(&lines).await;
    insta::assert_snapshot!("people_and_scripts", text);
    assert_eq!(texts(&desk), ["070-123 45 67 Hello there", "0701,9,0702 Both"]);
}

#[tokio::test]
async fn swedish_for_swedes() {
    let desk = Arc::new(Desk { busy: true, ..Desk::default() });
    let swedish = telnet::Config { language: Language::Swedish, ..config() };
    let text = transcript(
        swedish,
        &desk,
        "10.0.0.1",
        &["SMS 0701 Hej", "SMS 9", "HELP PAGE", "SITE CHARSET latin1"],
    )
    .await;
    insta::assert_snapshot!("swedish_for_swedes", text);
}

#[tokio::test]
async fn who_may_come_in() {
    let desk = Arc::new(Desk::default());
    let known = transcript(config(), &desk, "10.0.0.1", &["PAGE 0701", "MESS Hi", "SEND"]).await;
    insta::assert_snapshot!("who_may_come_in", known);
    let hylafax = transcript(config(), &desk, "10.0.0.1", &["LOGI root", "SMS 0701 Hi"]).await;
    assert!(hylafax.contains("id 4712"), "{hylafax}");
    assert_eq!(
        desk.got.lock().expect("lock").last().and_then(|r| r.asked_by.clone()).as_deref(),
        Some("root")
    );
    let stranger = transcript(
        config(),
        &desk,
        "192.0.2.9",
        &[
            "PAGE 0701",
            "HELP SEND",
            "LOGI crm wrong",
            "LOGI x",
            "SMS 0701 Hi",
            "LOGI crm secret",
            "SMS 0701 Hi",
        ],
    )
    .await;
    insta::assert_snapshot!("who_may_come_in_2", stranger);
    let after_wrong =
        transcript(config(), &desk, "10.0.0.1", &["LOGI crm wrong", "SMS 0701 Hi", "LOGI a b", "LOGI c d"])
            .await;
    insta::assert_snapshot!("who_may_come_in_3", after_wrong);
}

fn codes(text: &str) -> String {
    text.lines().filter_map(|l| l.strip_prefix("< ")?.get(..3)).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_numeric_pager_is_paged() {
    let (text, desk) = crm(&["PAGE 0740012345", "MESS 112", "SEND"]).await;
    assert_eq!(codes(&text), "220 250 250 250 250", "{text}");
    assert_eq!(texts(&desk), ["0740012345 112"]);
    let (text, _) = crm(&["PAGE 0740012345", "MESS call me", "SEND"]).await;
    assert!(
        text.ends_with("< 550 pager_digits_only A numeric Minicall shows 0-9, -, space, U, [ and ] only.\n"),
        "{text}"
    );
}

#[tokio::test]
async fn level_and_link_before_page_count_when_it_is_checked() {
    let (text, desk) = crm(&["LEVE 0", "PAGE 0701", "COVE TS1", "PAGE 0702", "LEVE 1", "PAGE 9"]).await;
    assert_eq!(codes(&text), "220 250 250 250 250 250 250 550", "{text}");
    let asked = desk.asked.lock().expect("lock");
    let with: Vec<_> = asked.iter().map(|r| (r.priority, r.link.as_deref())).collect();
    let (high, normal) = (Some(Priority::High), Some(Priority::Normal));
    assert_eq!(with, [(high, None), (high, Some("TS1")), (normal, Some("TS1"))]);
}

#[tokio::test]
async fn a_route_that_comes_later_is_waited_for_until_send() {
    let (text, desk) = crm(&["PAGE 5701", "MESS Hi", "LEVE 0", "SEND"]).await;
    assert_eq!(codes(&text), "220 250 250 250 250 250", "{text}");
    assert_eq!(texts(&desk), ["5701 Hi"]);
    let (text, _) = crm(&["PAGE 5701", "MESS Hi", "SEND"]).await;
    assert!(text.contains("< 550 no_route"), "{text}");
    let (text, desk) = crm(&["LEVE 1", "PAGE 5701", "LEVE 0", "PAGE 0702", "MESS Hi", "SEND"]).await;
    assert!(text.ends_with("< 250 Accepted for sending, id 4711; refused: 5701 no_route\n"), "{text}");
    assert_eq!(texts(&desk), ["0702 Hi"]);
}

#[tokio::test]
async fn who_is_not_known_any_more_gets_nothing() {
    let desk = Arc::new(Desk { known_for: Some(1), ..Desk::default() });
    let questions = ["SMS 0702 Hi", "STATUS 4711", "INBOX", "INBOX ACK 81", "PAGE 0703"];
    let lines: Vec<_> = ["LOGI crm secret", "SMS 0701 Hi"].into_iter().chain(questions).collect();
    let text = transcript(config(), &desk, "192.0.2.1", &lines).await;
    assert_eq!(codes(&text), "220 250 250 550 550 550 550 550", "{text}");
    assert_eq!(text.matches("< 550 not_authenticated").count(), questions.len(), "{text}");
    assert_eq!(texts(&desk), ["0701 Hi"]);
}

#[tokio::test]
async fn a_users_rate_holds_for_each_submission() {
    let desk = Arc::new(Desk { submissions: Some(2), ..Desk::default() });
    let lines = [
        "LOGI crm secret",
        "LEVE 0",
        "PAGE 0701",
        "LEVE 1",
        "PAGE 0702",
        "MESS Hi",
        "SEND",
        "SMS 0703 Hi",
        "SMS 0704 Hi",
        "PAGE 0705",
        "MESS Hi",
        "SEND",
    ];
    let text = transcript(config(), &desk, "192.0.2.1", &lines).await;
    assert_eq!(codes(&text), "220 250 250 250 250 250 250 250 250 554 250 250 554", "{text}");
    assert!(text.ends_with("< 554 rate_limited Too many requests, try again later. (1 s)\n"), "{text}");
    assert_eq!(texts(&desk), ["0701 Hi", "0702 Hi", "0703 Hi"]);
}

#[tokio::test]
async fn what_was_said_before_holds_for_a_message_in_one_line() {
    let lines = ["HOLD 301224120000 +0000", "LEVE 8", "SITE FROM Larm", "SMS 0701 Hi", "RESE", "SMS 0702 Hi"];
    let (text, desk) = crm(&lines).await;
    assert_eq!(codes(&text), "220 250 250 250 250 250 250 250", "{text}");
    let got = desk.got.lock().expect("lock");
    let with: Vec<_> =
        got.iter().map(|r| (r.send_at.map(|at| at.to_string()), r.priority, r.from.as_deref())).collect();
    let held = (Some("2030-12-24T12:00:00Z".to_owned()), Some(Priority::Alarm), Some("Larm"));
    assert_eq!(with, [held, (None, None, None)]);
}

#[tokio::test]
async fn a_person_erases_what_was_wrong() {
    let lines = [
        "SMS 0701234568\u{8}7 Hejj\u{8} du",
        "SMS 0701234568\u{7f}7 Hej",
        "DATA",
        "~the pumq\u{8}p",
        ".",
        "PAGE 0709\u{8}1",
        "SEND",
    ];
    let (text, desk) = crm(&lines).await;
    assert_eq!(codes(&text), "220 250 250 250 354 250 250 250", "{text}");
    assert_eq!(texts(&desk), ["0701234567 Hej du", "0701234567 Hej", "0701 the pump"]);
}

#[tokio::test]
async fn a_number_is_never_cut_at_its_blanks() {
    let lines = ["SMS 070-123 45 67 Hej", "PAGE 0701234567 1234", "SMS 0701234567, 0702345678 Hej"];
    let (text, desk) = crm(&lines).await;
    assert_eq!(codes(&text), "220 250 550 550 250", "{text}");
    assert_eq!(texts(&desk), ["0701234567,0702345678 Hej"]);
}

#[tokio::test]
async fn a_dot_that_nobody_doubled_belongs_to_the_text() {
    let (text, desk) = crm(&["DATA", "~.5 bar", "~..conf", ".", "PAGE 0701", "SEND"]).await;
    assert_eq!(codes(&text), "220 250 354 250 250 250", "{text}");
    assert_eq!(texts(&desk), ["0701 .5 bar\n.conf"]);
}

#[tokio::test]
async fn wrong_values_say_what_is_right_in_swedish_too() {
    let swedish = telnet::Config { language: Language::Swedish, ..config() };
    let lines =
        ["HOLD 2612", "HOLD 261324120000", "HOLD 261224120000 +99", "LEVE 9", "EXPT x", "SITE CHARSET x"];
    let text = transcript(swedish, &Arc::new(Desk::default()), "10.0.0.1", &lines).await;
    insta::assert_snapshot!("wrong_values_say_what_is_right_in_swedish_too", text);
}
