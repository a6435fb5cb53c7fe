//! The text door: SNPP as its clients speak it (RFC 1861, level 1).

use super::Answer;
use super::lines::Lines;
use crate::settings::{PASSWORD, USER};
use std::io;
use std::net::SocketAddr;

/// Sends one text to one pager.
///
/// # Errors
/// When the session ends before the answer to SEND.
pub fn send(address: SocketAddr, to: &str, text: &str) -> io::Result<Answer> {
    let (mut lines, banner) = Lines::connect(address)?;
    let mut last = banner;
    for step in
        [format!("LOGI {USER} {PASSWORD}"), format!("PAGE {to}"), format!("MESS {text}"), "SEND".into()]
    {
        if last.code >= 400 && last.code < 800 {
            return Ok(Answer::Refused(format!("{} {}", last.code, last.text)));
        }
        last = lines.ask(&step)?;
    }
    let _ = lines.raw(b"QUIT\r\n");
    Ok(match last.code {
        250 | 860 | 960 => Answer::Accepted(None),
        code => Answer::Refused(format!("{code} {}", last.text)),
    })
}
