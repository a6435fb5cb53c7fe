//! The mail door: one message in an SMTP session of its own (RFC 5321).

use super::Answer;
use super::lines::{Lines, Reply};
use crate::settings::{MAIL_DOMAIN, MAIL_FROM};
use std::io;
use std::net::SocketAddr;

/// Sends one text as a mail's subject.
///
/// # Errors
/// When the session ends before the answer to the final dot.
pub fn send(address: SocketAddr, to: &str, text: &str) -> io::Result<Answer> {
    let (mut lines, banner) = Lines::connect(address)?;
    let steps = [
        "EHLO driver.test".into(),
        format!("MAIL FROM:<{MAIL_FROM}>"),
        format!("RCPT TO:<{to}@{MAIL_DOMAIN}>"),
        "DATA".into(),
    ];
    let mut last = banner;
    for step in &steps {
        if last.code >= 400 {
            return Ok(refused(&last));
        }
        last = lines.ask(step)?;
    }
    if last.code != 354 {
        return Ok(refused(&last));
    }
    let mail = format!("From: <{MAIL_FROM}>\r\nTo: <{to}@{MAIL_DOMAIN}>\r\nSubject: {text}\r\n\r\n.\r\n");
    lines.raw(mail.as_bytes())?;
    let answer = lines.reply()?;
    let _ = lines.raw(b"QUIT\r\n");
    Ok(if answer.code == 250 { Answer::Accepted(None) } else { refused(&answer) })
}

fn refused(reply: &Reply) -> Answer {
    Answer::Refused(format!("{} {}", reply.code, reply.text))
}
