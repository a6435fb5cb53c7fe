//! A line conversation with a deadline: what mail and the text door have in common.

use crate::http::connect;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

/// A reply line is never longer.
const LONGEST_LINE: u64 = 64 * 1024;

/// A reply: its three digits and all its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The code.
    pub code: u16,
    /// Text after the code, lines joined by newline.
    pub text: String,
}

/// An open conversation.
#[derive(Debug)]
pub struct Lines {
    stream: BufReader<TcpStream>,
}

impl Lines {
    /// Connects and reads the banner.
    ///
    /// # Errors
    /// When there is no whole reply.
    pub fn connect(address: SocketAddr) -> io::Result<(Self, Reply)> {
        let mut lines = Self { stream: BufReader::new(connect(address)?) };
        let banner = lines.reply()?;
        Ok((lines, banner))
    }

    /// Sends one line and reads its reply.
    ///
    /// # Errors
    /// When there is no whole reply; the line may or may not have been acted on.
    pub fn ask(&mut self, line: &str) -> io::Result<Reply> {
        self.raw(format!("{line}\r\n").as_bytes())?;
        self.reply()
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// When the peer is gone.
    pub fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Reads one reply, all lines of it (`250-` … `250 `).
    ///
    /// # Errors
    /// When it does not come whole or is no reply.
    pub fn reply(&mut self) -> io::Result<Reply> {
        let mut text = String::new();
        loop {
            let mut bytes = Vec::new();
            if self.stream.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut bytes)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let line = String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned();
            let code = line.get(..3).and_then(|code| code.parse().ok());
            let code = code.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, line.clone()))?;
            text.push_str(line.get(4..).unwrap_or_default());
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(Reply { code, text });
            }
            text.push('\n');
        }
    }
}
