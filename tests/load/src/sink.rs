//! The callback sink: takes GET and POST on keep-alive connections, answers 200 at once and counts the message number
//! that stands in the request's first line.

use crate::tally::{Tally, number};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;

/// No callback is longer.
const LONGEST: usize = 64 * 1024;
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// Listens on a free port until the runtime ends.
pub(crate) async fn listen(tally: Rc<Tally>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let tally = Rc::clone(&tally);
            spawn_local(async move {
                let _ = serve(stream, &tally).await;
            });
        }
    });
    Ok(address)
}

async fn serve(mut stream: TcpStream, tally: &Tally) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; LONGEST];
    let mut held = 0;
    loop {
        let read = stream.read(&mut buffer[held..]).await?;
        if read == 0 {
            return Ok(());
        }
        held += read;
        let mut at = 0;
        let mut out = Vec::new();
        while let Some(request) = whole(&buffer[at..held]) {
            let line = request.split(|byte| *byte == b'\r').next().unwrap_or_default();
            if let Some(number) = number(line) {
                tally.callback.note(number);
            }
            at += request.len();
            out.extend_from_slice(ANSWER);
        }
        buffer.copy_within(at..held, 0);
        held -= at;
        stream.write_all(&out).await?;
    }
}

/// The first whole request or answer: head and body by Content-Length.
pub(crate) fn whole(bytes: &[u8]) -> Option<&[u8]> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    bytes.get(..head + content_length(&bytes[..head]))
}

fn content_length(head: &[u8]) -> usize {
    const NAME: &[u8] = b"content-length:";
    for line in head.split(|byte| *byte == b'\n') {
        if line.len() > NAME.len() && line[..NAME.len()].eq_ignore_ascii_case(NAME) {
            let value = std::str::from_utf8(&line[NAME.len()..]).unwrap_or_default();
            return value.trim().parse().unwrap_or(0);
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn messages_are_cut_by_content_length() {
        let two = b"POST /x HTTP/1.1\r\nContent-length: 2\r\n\r\nokGET /";
        assert_eq!(whole(two).map(<[u8]>::len), Some(two.len() - 5));
        assert!(whole(&two[..40]).is_none() && whole(b"GET / HTTP/1.1\r\n").is_none());
    }
}
