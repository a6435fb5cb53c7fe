//! What becomes of a mail: text, loops, who it says it is from, sent twice.

use crate::peer::{Desk, config, mailed, texts, transcript};
use smtp::{Config, FromPolicy, MailDomain};
use std::sync::Arc;

pub async fn send(config: Config, mail: &str) -> (String, Arc<Desk>) {
    let desk = Arc::new(Desk::default());
    let whole = format!("{}\r\n.\r\n", mail.replace('\n', "\r\n"));
    let pieces = [
        "EHLO x\r\n",
        "MAIL FROM:<a@example.se>\r\n",
        "RCPT TO:<0701@sms.example.se>\r\n",
        "DATA\r\n",
        &whole,
    ];
    let told = transcript(config, &desk, &pieces).await;
    (told.lines().last().unwrap_or_default().to_owned(), desk)
}

#[tokio::test]
async fn forms_of_mail() {
    let html = "From: a@example.se\nSubject: S\nMIME-Version: 1.0\nContent-Type: text/html; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\n<html><style>p{}</style><body><p>H=F6g <b>niv=E5</b></p><script>x()</script></body></html>";
    let both = "From: a@example.se\nSubject: S\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nSMOlag==\n--b\nContent-Type: text/html\n\n<b>no</b>\n--b--";
    let attached = "From: a@example.se\nSubject: S\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\ntext\n--b\nContent-Type: application/pdf\nContent-Disposition: attachment; filename=x.pdf\nContent-Transfer-Encoding: base64\n\nAAAA\n--b--";
    let cases = [
        ("From: a@example.se\nSubject:   Only  subject\n", "Only subject"),
        ("From: a@example.se\n\nOnly body\n\n\nand more", "Only body\nand more"),
        ("From: a@example.se\nSubject: Re: x\n\nJa\n\nDen 1 skrev b@c.se:\n> fråga\n-- \nsign", "Re: x Ja"),
        ("From: a@example.se\nSubject: {body} {from}\n\nx", "{body} {from} x"),
        (
            "From: a@example.se\n\nLarm\nFrån: Pump 3\nDatum: 1 mars\nNivå: 5",
            "Larm\nFrån: Pump 3\nDatum: 1 mars\nNivå: 5",
        ),
        ("From: a@example.se\n\nJa\nFrån: K\nSkickat: 1\nTill: x\nÄmne: y\n\nFrågan", "Ja"),
        (html, "S Hög nivå"),
        (both, "S Håj"),
        (attached, "S text"),
    ];
    for (mail, expected) in cases {
        let (told, desk) = send(config(), mail).await;
        assert_eq!(texts(&desk), [format!("0701 {expected}")], "{told} {mail}");
    }
    let (told, desk) = send(config(), "From: a@example.se\n\n-- \nonly a signature").await;
    assert!(told.starts_with("< 554 5.6.0 no_text") && texts(&desk).is_empty(), "{told}");
}

/// UTF-16 that does not say which octet comes first, and base64 whose end was forgotten.
#[tokio::test]
async fn letters_that_lack_a_mark() {
    let cases = [
        ("utf-16", "AE4AaQB2AOUAIABoAPYAZw==", "Nivå hög"),
        ("utf-16", "TgBpAHYA5QAgAGgA9gBnAA==", "Nivå hög"),
        ("utf-16", "//5OAGkAdgDlACAAaAD2AGcA", "Nivå hög"),
        ("utf-16le", "TgBpAHYA5QAgAGgA9gBnAA==", "Nivå hög"),
        ("UTF-7", "Tml2K0FPVSBoK0FQWS1n", "Nivå hög"),
        ("utf-8", "Tml2w6UgaMO2Zw", "Nivå hög"),
        ("utf-8", "Tml2w6UgaMO2ZyE", "Nivå hög!"),
        ("utf-8", "UHVtcCAzIGjDtmc", "Pump 3 hög"),
        ("utf-8", "UHVtcCAzIGjDtmc\n", "Pump 3 hög"),
    ];
    for (set, body, expected) in cases {
        let head =
            format!("Content-Type: text/plain; charset={set}\nContent-Transfer-Encoding: base64\n\n{body}");
        let alone = format!("From: a@example.se\nSubject: S\nMIME-Version: 1.0\n{head}");
        let part = format!(
            "From: a@example.se\nSubject: S\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n{head}\n--b--\n"
        );
        for mail in [alone, part] {
            let (told, desk) = send(config(), &mail).await;
            assert_eq!(texts(&desk), [format!("0701 S {expected}")], "{told} {mail}");
        }
    }
}

/// What is read as text although the mail says wrongly, or not, what it is; and what is no text all the same.
#[tokio::test]
async fn a_wrong_label_costs_no_alarm() {
    let parts = "--b\nContent-Type: text/plain; charset=utf-8\n\nNivå hög\n";
    let closed = format!("{parts}--b--\n");
    let cases = [
        ("text", "Nivå hög", "S Nivå hög"),
        ("text/plain charset=utf-8", "Nivå hög", "S Nivå hög"),
        ("plain", "Nivå hög", "S Nivå hög"),
        ("text/markdown; charset=utf-8", "Nivå hög", "S Nivå hög"),
        ("multipart/mixed; boundary=b", parts, "S Nivå hög"),
        ("multipart/mixed; boundary=other", closed.as_str(), "S Nivå hög"),
        ("multipart/mixed", closed.as_str(), "S Nivå hög"),
        ("multipart/mixed", "Nivå hög", "S Nivå hög"),
        ("text/plain; charset=us-ascii", "Nivå hög", "S Nivå hög"),
        ("text/plain; charset=iso-8859-1", "Nivå – hög", "S Nivå – hög"),
        ("text/calendar; method=REQUEST", "BEGIN:VCALENDAR", "S"),
        ("application/octet-stream", "Nivå", "S"),
        ("image/png", "Nivå", "S"),
        ("text/x-log; name=a.log", "Nivå", "S"),
    ];
    for (kind, body, expected) in cases {
        let mail = format!("From: a@example.se\nSubject: S\nContent-Type: {kind}\n\n{body}");
        let (told, desk) = send(config(), &mail).await;
        assert_eq!(texts(&desk), [format!("0701 {expected}")], "{told} {kind}");
    }
    for body in ["SMO2 Zw==\n\n-- \nfooter", "SMO2Zw==\n___\nScanned by x"] {
        let mail = format!(
            "From: a@example.se\nSubject: S\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{body}"
        );
        let (told, desk) = send(config(), &mail).await;
        assert_eq!(texts(&desk), ["0701 S Hög"], "{told} {body}");
    }
}

#[tokio::test]
async fn what_is_passed_on_is_not_left_out_and_an_answer_has_no_subject_of_ours() {
    let head = "Från: Larm\nSkickat: i dag\nTill: drift\nÄmne: Larm";
    let cases = [
        ("VB: Larm", format!("\n\n{head}\n\nNivå hög"), "VB: Larm Nivå hög"),
        ("Fwd: Larm", format!("Ring\n\n{head}\n\nNivå hög"), "Fwd: Larm Ring"),
        ("Larm", "> 5 bar".to_owned(), "Larm > 5 bar"),
        (
            "Larm",
            "Från: Pump 3\nTill: driften\nÄmne: nivå\n3 m".to_owned(),
            "Larm Från: Pump 3\nTill: driften\nÄmne: nivå\n3 m",
        ),
        ("SV: Larm", format!("{head}\n\nNivå hög"), "SV: Larm"),
        ("Sv: SMS från +46701234567", "Ja tack\n> Kommer ni?".to_owned(), "Ja tack"),
        ("Larm", "-- \nKarl".to_owned(), "Larm"),
    ];
    for (subject, body, expected) in cases {
        let mail = format!(
            "From: a@example.se\nSubject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n{body}"
        );
        let (told, desk) = send(config(), &mail).await;
        assert_eq!(texts(&desk), [format!("0701 {expected}")], "{told} {subject}");
    }
}

#[tokio::test]
async fn a_letter_of_the_subject_that_is_cut_in_two() {
    for subject in [
        "=?UTF-8?Q?H=C3?=\n =?UTF-8?Q?=B6g?=",
        "=?UTF-8?B?SMM=?= =?utf-8?B?tmc=?=",
        "=?UTF-8?Q?H=C3=B6?= =?UTF-8?Q?g?=",
    ] {
        let (told, desk) = send(config(), &format!("From: a@example.se\nSubject: {subject}\n\nx")).await;
        assert_eq!(texts(&desk), ["0701 Hög x"], "{told} {subject}");
    }
}

fn html(body: &str) -> String {
    format!(
        "From: a@example.se\nSubject: S\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n<html><body>{body}</body></html>"
    )
}

#[tokio::test]
async fn html_keeps_its_lines_and_cells_apart() {
    let cases = [
        (
            "<table><tr><td>Niva</td><td>12</td><td>5</td></tr><tr><td>Tryck</td><td>3</td></tr></table>",
            "Niva 12 5\nTryck 3",
        ),
        ("<div>Pump 3</div><div>stoppad</div><ul><li>a<li>b</ul>x<hr>y", "Pump 3\nstoppad\na\nb\nx\ny"),
        ("<style type=\"text/css\">p {}</style><p>tryck &lt; 4<br>nivå < 5</p>", "tryck < 4\nnivå < 5"),
        ("<tr><td>&gt; 5 bar</td></tr>", "> 5 bar"),
        ("<div style=\"display:none;font-size:1px\">Läs mer</div><p>Larm", "Larm"),
        (
            "<p>Kvittera <a href=\"https://larm.se/k?id=4&amp;ok=1\">här</a></p>",
            "Kvittera här (https://larm.se/k?id=4&ok=1)",
        ),
    ];
    for (body, expected) in cases {
        let (told, desk) = send(config(), &html(&format!("<table>{body}</table>"))).await;
        assert_eq!(texts(&desk), [format!("0701 S {expected}")], "{told} {body}");
    }
}

#[tokio::test]
async fn quotes_in_html_are_left_out() {
    let gmail = "<div dir=\"ltr\">Ja tack</div><br><div class=\"gmail_quote\"><div dir=\"ltr\" class=\"gmail_attr\">Den mån 23 nov. 2026 kl 12:00 skrev Karl &lt;<a href=\"mailto:k@x.se\">k@x.se</a>&gt;:<br></div><blockquote class=\"gmail_quote\" style=\"margin:0\"><div>Kommer du?<br>Karl</div></blockquote></div>";
    let outlook = "<p>Ja tack<o:p></o:p></p><div><div><p><b>Från:</b> Karl &lt;k@x.se&gt;<br><b>Skickat:</b> den 23 november<br><b>Till:</b> sms<br><b>Ämne:</b> Fråga</p></div></div><p>Kommer du?</p>";
    for body in [gmail, outlook] {
        let (told, desk) = send(config(), &html(body)).await;
        assert_eq!(texts(&desk), ["0701 S Ja tack"], "{told}");
    }
    let kept = MailDomain { cut_quotes: false, ..MailDomain::named("sms.example.se") };
    let (_, desk) =
        send(Config { domains: vec![kept], ..config() }, &html("a<blockquote>b</blockquote>")).await;
    assert_eq!(texts(&desk), ["0701 S a\n> b"]);
}

#[tokio::test]
async fn letters_without_a_usable_character_set() {
    let typed = |kind: &str, encoding: &str, body: &[u8]| {
        let head = format!(
            "From: a@example.se\nSubject: S\nMIME-Version: 1.0\nContent-Type: {kind}\nContent-Transfer-Encoding: {encoding}\n\n"
        );
        [head.as_bytes(), body].concat()
    };
    let plain = "From: a@example.se\nSubject: ";
    let cases = [
        ([plain.as_bytes(), b"S\n\nPump 3 h\xf6g niv\xe5 \x80"].concat(), "S Pump 3 hög nivå €"),
        ([plain.as_bytes(), b"H\xf6g niv\xe5\n i brunnen\n\nx"].concat(), "Hög nivå i brunnen x"),
        ([plain.as_bytes(), b"=?unknown-8bit?Q?H=F6g_niv=E5?=\n\nx"].concat(), "Hög nivå x"),
        (typed("text/plain", "quoted-printable", b"H=F6g =\nniv=E5"), "S Hög nivå"),
        (typed("text/plain; charset=x-unknown", "8bit", b"H\xf6g"), "S Hög"),
        (typed("text/plain; charset=utf-8", "8bit", b"H\xf6g"), "S Hög"),
        (typed("text/html", "base64", b"PGI+SPZnPC9iPg=="), "S Hög"),
        (
            typed("multipart/mixed; boundary=b", "8bit", b"--b\nContent-Type: text/plain\n\nH\xf6g\n--b--"),
            "S Hög",
        ),
        // Right as it is, but for one place: the rest stays.
        (typed("text/plain", "8bit", b"H\xc3\xb6g niv\xc3\xa5 \xff"), "S Hög nivå \u{fffd}"),
        (typed("text/plain; charset=koi8-r", "8bit", b"\xf0"), "S П"),
    ];
    for (mail, expected) in cases {
        let desk = Arc::new(Desk::default());
        let told = mailed(config(), &desk, &mail).await;
        assert_eq!(texts(&desk), [format!("0701 {expected}")], "{told} {}", String::from_utf8_lossy(&mail));
    }
}

pub fn parts(kind: &str, parts: &[(&str, &str)]) -> String {
    let mut mail = format!(
        "From: a@example.se\nSubject: S\nMIME-Version: 1.0\nContent-Type: multipart/{kind}; boundary=b\n\n"
    );
    for (head, body) in parts {
        mail.push_str(&format!("--b\nContent-Type: {head}\n\n{body}\n"));
    }
    format!("{mail}--b--")
}

#[tokio::test]
async fn all_of_the_text_is_sent() {
    let image = ("image/png\nContent-Disposition: inline\nContent-Transfer-Encoding: base64", "AAAA");
    let file = ("text/plain; charset=utf-8\nContent-Disposition: inline; filename=log.txt", "log");
    let attached = ("text/plain\nContent-Disposition: attachment; filename=log.txt", "log");
    let cases = [
        (parts("mixed", &[("text/plain", "ett"), image, ("text/plain", "två")]), "ett\ntvå"),
        (parts("mixed", &[("text/html", "<p>ett"), image, ("text/html", "<div>två</div>")]), "ett\ntvå"),
        (parts("mixed", &[("text/plain", "ett"), file, attached]), "ett"),
        (parts("alternative", &[("text/plain", ""), ("text/html", "<p>allt</p>")]), "allt"),
        (parts("alternative", &[("text/plain", " \n\n"), ("text/html", "<p>allt</p>")]), "allt"),
        (parts("alternative", &[("text/plain", "text"), ("text/html", "<p>html</p>")]), "text"),
    ];
    for (mail, expected) in cases {
        let (told, desk) = send(config(), &mail).await;
        assert_eq!(texts(&desk), [format!("0701 S {expected}")], "{told} {mail}");
    }
}

#[tokio::test]
async fn soft_line_breaks_are_joined() {
    let flowed = |more: &str, body: &str| {
        format!(
            "From: a@example.se\nSubject: S\nMIME-Version: 1.0\nContent-Type: text/plain; format=Flowed{more}\n\n{body}"
        )
    };
    let cases = [
        (flowed("", "Pump 3 har \nstannat\nRing"), "Pump 3 har stannat\nRing"),
        (flowed("; delsp=yes", "Pumpsta \ntionen"), "Pumpstationen"),
        (
            flowed("", " > 5 bar\n\nDen 1 skrev Karl Ek med ett långt namn \n<k@x.se>:\n> fråga\n-- \nsign"),
            "> 5 bar",
        ),
    ];
    for (mail, expected) in cases {
        let (told, desk) = send(config(), &mail).await;
        assert_eq!(texts(&desk), [format!("0701 S {expected}")], "{told} {mail}");
    }
    let (_, desk) = send(config(), "From: a@example.se\nSubject: S\n\nfast \nrad").await;
    assert_eq!(texts(&desk), ["0701 S fast\nrad"]);
}

#[tokio::test]
async fn a_template_for_a_domain() {
    let domain = MailDomain {
        template: "{from}: {body}".parse().expect("template"),
        cut_signature: false,
        ..MailDomain::named("sms.example.se")
    };
    let (_, desk) =
        send(Config { domains: vec![domain], ..config() }, "From: a@example.se\nSubject: s\n\nx\n-- \ny")
            .await;
    assert_eq!(texts(&desk), ["0701 a@example.se: x\n--\ny"]);
}

#[tokio::test]
async fn a_template_for_a_sender() {
    let form = |text: &str| text.parse().expect("template");
    for (pattern, expected) in
        [("A@example.se", "LARM s"), ("@EXAMPLE.se", "LARM s"), ("b@example.se", "s x"), ("@ample.se", "s x")]
    {
        let senders = vec![(pattern.to_owned(), form("LARM {subject}"))];
        let (told, desk) = send(Config { senders, ..config() }, "From: a@example.se\nSubject: s\n\nx").await;
        assert_eq!(texts(&desk), [format!("0701 {expected}")], "{pattern} {told}");
    }
}

#[tokio::test]
async fn machines_do_not_answer_machines() {
    for header in [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated",
        "auto-submitted: AUTO-NOTIFIED; x=y",
        "X-Omnigate-Id: 1.100",
        "Precedence: bulk",
        "Precedence: list",
        "X-Autoreply: yes",
        "Content-Type: multipart/report; boundary=x",
    ] {
        let (told, desk) = send(config(), &format!("From: a@example.se\nSubject: s\n{header}\n\nx")).await;
        assert!(told.starts_with("< 550 5.7.1 automatic"), "{header}: {told}");
        assert!(texts(&desk).is_empty());
    }
    let alarms = Config { take_generated: true, ..config() };
    for (header, taken) in [
        ("Auto-Submitted: auto-generated", true),
        ("Auto-Submitted: no", true),
        ("Auto-Submitted: auto-replied", false),
        ("X-Omnigate-Id: 1", false),
    ] {
        let (told, _) = send(alarms.clone(), &format!("From: a@example.se\nSubject: s\n{header}\n\nx")).await;
        assert_eq!(told.starts_with("< 250"), taken, "{header}: {told}");
    }
}

#[tokio::test]
async fn from_must_agree() {
    let cases = [
        ("From: a@example.se", true),
        ("From: \"Any name\" <A@Example.SE>", true),
        ("From: other@example.se", true),
        ("X-Nothing: x", true),
        ("From: boss@elsewhere.test", false),
        ("From: a@example.se, boss@elsewhere.test", false),
        ("From: a@example.se, other@example.se", false),
        ("From: boss@elsewhere.test, a@example.se\nSender: a@example.se", true),
        ("From: a@example.se, b@example.se\nSender: boss@elsewhere.test", false),
        ("From: a@example.se, b@example.se\nSender: a@example.se, b@example.se", false),
        ("From: a@example.se\nSender: helper@elsewhere.test", true),
        ("From: Larm: a@example.se;", false),
        ("From: a@example.se\nFrom: boss@elsewhere.test", false),
        ("From: Larm 3", true),
        ("From: root (Cron Daemon)", true),
        ("From: \"Cron Daemon\" <root>", true),
        ("From: root", true),
        ("From: root, boss@elsewhere.test", false),
    ];
    for (header, taken) in cases {
        let (told, _) = send(config(), &format!("{header}\nSubject: s\n\nx")).await;
        assert_eq!(told.starts_with("< 250"), taken, "{header}: {told}");
    }
    let (told, _) =
        send(Config { from_policy: FromPolicy::Ignore, ..config() }, "From: boss@elsewhere.test\nSubject: s")
            .await;
    assert!(told.starts_with("< 250"), "{told}");
}

#[tokio::test]
async fn the_same_mail_has_the_same_key() {
    let key = |desk: &Desk| desk.got.lock().expect("lock").first().and_then(|r| r.idempotency_key.clone());
    let first = send(config(), "From: a@example.se\nMessage-ID: <1@x>\nSubject: s\n\nx").await.1;
    let again =
        send(config(), "Received: by y\nFrom: a@example.se\nMessage-ID: <1@x>\nSubject: s\n\nx\n").await.1;
    let other = send(config(), "From: a@example.se\nMessage-ID: <1@x>\nSubject: s\n\nz").await.1;
    let without = send(config(), "From: a@example.se\nSubject: s\n\nx").await.1;
    assert_eq!(key(&first), key(&again));
    assert_ne!(key(&first), key(&other));
    assert_eq!(key(&without), None);
}
