//! A small HTTP/1.1 client over a plain socket: keep-alive, Content-Length and chunked bodies, a deadline on everything.
//! An `Err` means that the answer is not known; that is what a crash looks like from outside.

use base64::Engine as _;
use serde_json::Value;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// No answer is longer than this.
const LONGEST_BODY: usize = 64 * 1024 * 1024;
/// How long an answer may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// Path and query.
    pub target: String,
    /// Headers beyond Host and Content-Length.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// GET.
    #[must_use]
    pub fn get(target: impl Into<String>) -> Self {
        Self { method: "GET", target: target.into(), headers: Vec::new(), body: Vec::new() }
    }

    /// POST of JSON.
    #[must_use]
    pub fn json(target: impl Into<String>, body: &Value) -> Self {
        let request = Self {
            method: "POST",
            target: target.into(),
            headers: Vec::new(),
            body: body.to_string().into(),
        };
        request.header("Content-Type", "application/json")
    }

    /// POST of anything.
    #[must_use]
    pub fn post(target: impl Into<String>, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        let request = Self { method: "POST", target: target.into(), headers: Vec::new(), body: body.into() };
        request.header("Content-Type", kind)
    }

    /// DELETE.
    #[must_use]
    pub fn delete(target: impl Into<String>) -> Self {
        Self { method: "DELETE", target: target.into(), headers: Vec::new(), body: Vec::new() }
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// With Basic credentials.
    #[must_use]
    pub fn basic(self, user: &str, password: &str) -> Self {
        let both = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        self.header("Authorization", &format!("Basic {both}"))
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of that name (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// A connection that is kept between requests.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    open: Option<BufReader<TcpStream>>,
}

impl Client {
    /// To one address; connects when needed.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self { address, open: None }
    }

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// When there is no whole answer; the request may or may not have been acted on.
    pub fn send(&mut self, request: &Request) -> io::Result<Response> {
        let mut stream = match self.open.take() {
            Some(stream) => stream,
            None => BufReader::new(connect(self.address)?),
        };
        stream.get_mut().write_all(&bytes(request, self.address))?;
        let response = read_response(&mut stream)?;
        if response.header("connection") != Some("close") {
            self.open = Some(stream);
        }
        Ok(response)
    }
}

/// One request on a connection of its own.
///
/// # Errors
/// As [`Client::send`].
pub fn once(address: SocketAddr, request: &Request) -> io::Result<Response> {
    Client::new(address).send(request)
}

/// Percent-encodes a query value.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => out.push(byte as char),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// A socket with a deadline on connecting, reading and writing.
///
/// # Errors
/// When nobody listens.
pub fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, DEADLINE)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    stream.set_write_timeout(Some(DEADLINE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn bytes(request: &Request, address: SocketAddr) -> Vec<u8> {
    let mut head = format!("{} {} HTTP/1.1\r\nHost: {address}\r\n", request.method, request.target);
    for (name, value) in &request.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !request.body.is_empty() || request.method == "POST" {
        head.push_str(&format!("Content-Length: {}\r\n", request.body.len()));
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(&request.body);
    bytes
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn line(stream: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    if stream.by_ref().take(64 * 1024).read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn read_response(stream: &mut BufReader<TcpStream>) -> io::Result<Response> {
    let first = line(stream)?;
    let status =
        first.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(|| broken("no status line"))?;
    let mut headers = Vec::new();
    loop {
        let header = line(stream)?;
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(':').ok_or_else(|| broken("a header without a colon"))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut response = Response { status, headers, body: Vec::new() };
    response.body = if response.header("transfer-encoding").is_some_and(|value| value.contains("chunked")) {
        read_chunks(stream)?
    } else {
        let length = response.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
        read_exactly(stream, length)?
    };
    Ok(response)
}

fn read_exactly(stream: &mut BufReader<TcpStream>, length: usize) -> io::Result<Vec<u8>> {
    if length > LONGEST_BODY {
        return Err(broken("a body beyond every limit"));
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(body)
}

fn read_chunks(stream: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    while body.len() <= LONGEST_BODY {
        let size = line(stream)?;
        let size = size.split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size.trim(), 16).map_err(|_| broken("a chunk without a size"))?;
        body.extend(read_exactly(stream, size)?);
        line(stream)?;
        if size == 0 {
            return Ok(body);
        }
    }
    Err(broken("a body beyond every limit"))
}

#[cfg(test)]
mod tests {
    use super::{Request, escape, once};
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    fn answered(answer: &'static str) -> super::Response {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut request = [0; 1024];
            let read = stream.read(&mut request).expect("a request");
            stream.write_all(answer.as_bytes()).expect("written");
            String::from_utf8_lossy(&request[..read]).into_owned()
        });
        let response = once(address, &Request::get("/x").basic("a", "b")).expect("an answer");
        let request = server.join().expect("a server");
        assert!(
            request.starts_with("GET /x HTTP/1.1\r\n") && request.contains("Authorization: Basic YTpi\r\n")
        );
        response
    }

    #[test]
    fn bodies_by_length_and_by_chunks() {
        let plain = answered("HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nOK");
        assert_eq!((plain.status, plain.text().as_str()), (202, "OK"));
        let chunks =
            answered("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n");
        assert_eq!(chunks.text(), "abcd");
    }

    #[test]
    fn query_values_are_escaped() {
        assert_eq!(escape("å b&c"), "%C3%A5%20b%26c");
    }
}
