//! Mail that few send: letters of old systems, what nobody here can open, and what is over a limit.

use crate::peer::{config, texts};
use crate::texts::{parts, send};
use smtp::Config;

/// Code pages of old systems, UTF-32, and words of a subject that say wrongly of which set they are.
#[tokio::test]
async fn letters_of_old_systems() {
    let cases = [
        ("cp437", "TmV0IGiUZyDhIPg=", "Net hög ß °"),
        ("IBM850", "Tml2hiBolGcg1A==", "Nivå hög È"),
        ("cp858", "NSDV", "5 €"),
        ("utf-32", "//4AAEgAAAD2AAAAZwAAAA==", "Hög"),
        ("UTF-32BE", "AAAASAAAAPYAAABn", "Hög"),
    ];
    for (set, body, expected) in cases {
        let mail = format!(
            "From: a@example.se\nSubject: =?{set}?B?{body}?=\nMIME-Version: 1.0\nContent-Type: text/plain; charset={set}\nContent-Transfer-Encoding: base64\n\n{body}"
        );
        let (told, desk) = send(config(), &mail).await;
        assert_eq!(texts(&desk), [format!("0701 {expected} {expected}")], "{told} {mail}");
    }
    for (subject, expected) in [
        ("=?iso-8859-1?Q?H=C3=B6g?=", "Hög"),
        ("=?us-ascii?B?SMO2Zw==?=", "Hög"),
        ("=?UTF-8?Q?H=F6g_niv=E5?=", "Hög nivå"),
        ("=?UTF-8?B?Tml2w6U?=", "Nivå"),
        ("=?iso-8859-1?Q?H=F6g?= =?iso-8859-1?Q?_x?=", "Hög x"),
    ] {
        let (told, desk) = send(config(), &format!("From: a@example.se\nSubject: {subject}\n\nx")).await;
        assert_eq!(texts(&desk), [format!("0701 {expected} x")], "{told} {subject}");
    }
}

#[tokio::test]
async fn what_nobody_here_can_read_is_told_and_not_sent_as_its_subject() {
    let head = "From: a@example.se\nSubject: S\nMIME-Version: 1.0\nContent-Transfer-Encoding: base64\nContent-Type: ";
    let pgp = "multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\n\n--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b\nContent-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\nx\n--b--";
    let armour = "text/plain\nContent-Transfer-Encoding: 7bit\n\n-----BEGIN PGP MESSAGE-----\n\nhQEM\n-----END PGP MESSAGE-----";
    for (mail, why) in [
        (
            format!("{head}application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\n\nMIIB"),
            "is encrypted",
        ),
        (format!("{head}application/x-pkcs7-mime; smime-type=signed-data\n\nMIIB"), "sign it as clear text"),
        (format!("{head}application/ms-tnef; name=winmail.dat\n\neJ8+"), "winmail.dat"),
        (format!("From: a@example.se\nSubject: S\nContent-Type: {pgp}"), "is encrypted"),
        (format!("From: a@example.se\nSubject: S\nContent-Type: {armour}"), "is encrypted"),
    ] {
        let (told, desk) = send(config(), &mail).await;
        assert!(told.starts_with("< 554 5.6.1 ") && told.contains(why), "{told} {mail}");
        assert!(texts(&desk).is_empty(), "{mail}");
    }
    let signature =
        ("application/pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64", "MIIB");
    let winmail = ("application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64", "eJ8+");
    let invitation = ("text/calendar; method=REQUEST", "BEGIN:VCALENDAR\nSUMMARY:x\nEND:VCALENDAR");
    for (mail, expected) in [
        (parts("signed", &[("text/plain", "Larm"), signature]), "S Larm"),
        (parts("mixed", &[("text/plain", "Larm"), winmail]), "S Larm"),
        (parts("mixed", &[("text/plain", ""), winmail]), "S"),
        (parts("alternative", &[("text/plain", "Möte kl 9"), ("text/html", "<p>Möte"), invitation]), "S Möte kl 9"),
        (parts("alternative", &[("text/plain", ""), invitation]), "S"),
        (
            "From: a@example.se\nSubject: S\n\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nLarm\n-----BEGIN PGP SIGNATURE-----\n\niQ\n-----END PGP SIGNATURE-----".to_owned(),
            "S Larm",
        ),
    ] {
        let (told, desk) = send(config(), &mail).await;
        assert_eq!(texts(&desk), [format!("0701 {expected}")], "{told} {mail}");
    }
}

/// Outlook's "forward as attachment", and rules that do the same to every alarm.
#[tokio::test]
async fn a_mail_passed_on_as_an_attachment_is_the_message() {
    let inner = "From: x@y.se\nSubject: Larm\nContent-Type: text/plain; charset=utf-8\n\nNivå hög";
    for (mail, expected) in [
        (parts("mixed", &[("message/rfc822", inner)]), "S Nivå hög"),
        (parts("mixed", &[("text/plain", " "), ("message/rfc822", inner)]), "S Nivå hög"),
        (parts("mixed", &[("text/plain", "Ring"), ("message/rfc822", inner)]), "S Ring"),
        (parts("mixed", &[("message/rfc822", "From: x@y.se\nSubject: Nivå hög\n")]), "S Nivå hög"),
        (format!("From: a@example.se\nSubject: S\nContent-Type: message/rfc822\n\n{inner}"), "S Nivå hög"),
    ] {
        let (told, desk) = send(config(), &mail).await;
        assert_eq!(texts(&desk), [format!("0701 {expected}")], "{told} {mail}");
    }
}

#[tokio::test]
async fn limits_are_named() {
    let head = "From: a@example.se\nSubject: S\n\n";
    for (mail, told_of) in [
        (format!("{head}{}", "x".repeat(999)), "554 5.6.0 a line has more than 1000 octets"),
        (format!("{head}{}", "x\n".repeat(600)), "552 5.3.4 the mail is too large: 1200 octets are taken"),
    ] {
        let (told, desk) = send(Config { max_message: 1200, ..config() }, &mail).await;
        assert!(told.contains(told_of) && texts(&desk).is_empty(), "{told}");
    }
}
