//! A chaos proxy for TCP: delays, drops silently, splits, closes one half, resets. It stands between the gateway and a
//! peer; what it does can change while connections live.

use crate::clock::pause;
use socket2::SockRef;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// How often a pump looks for a change of mind.
const LOOK: Duration = Duration::from_millis(10);

/// What happens to the bytes on their way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weather {
    /// Holds each piece back for this long.
    pub delay: Duration,
    /// Writes this many bytes at a time, in packets of their own; 0 is as they come.
    pub split: usize,
    /// Swallows everything in silence, as a peer that vanished without a FIN.
    pub drop: bool,
    /// Reads nothing, so that the sender's window fills.
    pub stall: bool,
    /// Refuses new connections by closing them at once.
    pub refuse: bool,
}

/// Both sides of one connection, and whether it has been torn down on purpose.
#[derive(Debug)]
struct Pair {
    client: TcpStream,
    server: TcpStream,
    torn: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Shared {
    weather: Mutex<Weather>,
    pairs: Mutex<Vec<Pair>>,
    stopped: AtomicBool,
    connections: AtomicUsize,
    target: Mutex<SocketAddr>,
}

/// A listening proxy; its connections are reset when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Proxy {
    /// Listens on a free port and forwards to `target`.
    ///
    /// # Panics
    /// When no port is free.
    #[must_use]
    pub fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared {
            weather: Mutex::default(),
            pairs: Mutex::default(),
            stopped: AtomicBool::new(false),
            connections: AtomicUsize::new(0),
            target: Mutex::new(target),
        });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || accept(&listener, &accepting));
        Self { address, shared }
    }

    /// Where to connect instead of the target.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes the weather for living and coming connections.
    pub fn set(&self, weather: Weather) {
        *lock(&self.shared.weather) = weather;
    }

    /// Forwards coming connections elsewhere.
    pub fn point(&self, target: SocketAddr) {
        *lock(&self.shared.target) = target;
    }

    /// Connections so far, for counting how often a client tries.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Resets every living connection: RST to both sides, in the middle of whatever they say.
    pub fn reset(&self) {
        for pair in lock(&self.shared.pairs).drain(..) {
            pair.torn.store(true, Ordering::SeqCst);
            tear(&pair.client);
            tear(&pair.server);
        }
    }

    /// Ends what the server says and lets the client go on talking.
    pub fn half_close(&self) {
        for pair in lock(&self.shared.pairs).iter() {
            let _ = pair.client.shutdown(Shutdown::Write);
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        self.reset();
        let _ = TcpStream::connect(self.address);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// With a linger of zero the last close sends RST instead of FIN; the shutdown makes the pumps come to that close.
fn tear(stream: &TcpStream) {
    let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
    let _ = SockRef::from(stream).shutdown(Shutdown::Read);
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for client in listener.incoming().flatten() {
        if shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        shared.connections.fetch_add(1, Ordering::SeqCst);
        if lock(&shared.weather).refuse {
            continue;
        }
        let target = *lock(&shared.target);
        let Ok(server) = TcpStream::connect_timeout(&target, Duration::from_secs(5)) else { continue };
        let _ = join(client, server, shared);
    }
}

fn join(client: TcpStream, server: TcpStream, shared: &Arc<Shared>) -> io::Result<()> {
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LOOK))?;
    }
    let torn = Arc::new(AtomicBool::new(false));
    lock(&shared.pairs).push(Pair {
        client: client.try_clone()?,
        server: server.try_clone()?,
        torn: Arc::clone(&torn),
    });
    let ways = [(client.try_clone()?, server.try_clone()?), (server, client)];
    for (from, to) in ways {
        let (shared, torn) = (Arc::clone(shared), Arc::clone(&torn));
        std::thread::spawn(move || pump(from, to, &shared, &torn));
    }
    Ok(())
}

/// Moves bytes one way until either side ends.
fn pump(mut from: TcpStream, mut to: TcpStream, shared: &Shared, torn: &AtomicBool) {
    let mut buffer = [0; 16 * 1024];
    while !shared.stopped.load(Ordering::SeqCst) {
        let weather = *lock(&shared.weather);
        if weather.stall {
            pause(LOOK);
            continue;
        }
        let read = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                continue;
            }
            Err(_) => break,
        };
        // Looked at again: bytes that come after the change must see it.
        let weather = *lock(&shared.weather);
        if weather.drop {
            continue;
        }
        if !weather.delay.is_zero() {
            pause(weather.delay);
        }
        let size = if weather.split == 0 { read } else { weather.split };
        if buffer[..read].chunks(size).any(|piece| to.write_all(piece).is_err()) {
            break;
        }
    }
    if !torn.load(Ordering::SeqCst) {
        let _ = to.shutdown(Shutdown::Write);
    }
}

#[cfg(test)]
mod tests {
    use super::{Proxy, Weather};
    use std::io::{Read as _, Write as _};
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::time::Duration;

    /// Sends back whatever comes.
    fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                std::thread::spawn(move || {
                    let mut back = stream.try_clone().expect("a clone");
                    let _ = std::io::copy(&mut stream, &mut back);
                });
            }
        });
        address
    }

    fn client(proxy: &Proxy) -> TcpStream {
        let stream = TcpStream::connect(proxy.address()).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out");
        stream
    }

    #[test]
    fn passes_bytes_whole_or_split() {
        let proxy = Proxy::to(echo());
        for split in [0, 1] {
            proxy.set(Weather { split, ..Weather::default() });
            let mut stream = client(&proxy);
            stream.write_all(b"hello").expect("written");
            let mut back = [0; 5];
            stream.read_exact(&mut back).expect("read");
            assert_eq!(&back, b"hello");
        }
        assert_eq!(proxy.connections(), 2);
    }

    #[test]
    fn resets_and_half_closes() {
        let proxy = Proxy::to(echo());
        let mut first = client(&proxy);
        first.write_all(b"a").expect("written");
        let mut byte = [0];
        first.read_exact(&mut byte).expect("read");
        proxy.half_close();
        assert_eq!(first.read(&mut byte).expect("an end"), 0);

        let mut second = client(&proxy);
        second.write_all(b"a").expect("written");
        second.read_exact(&mut byte).expect("read");
        proxy.reset();
        assert!(second.read(&mut byte).is_err(), "RST, not FIN");
    }

    #[test]
    fn swallows_in_silence() {
        let proxy = Proxy::to(echo());
        proxy.set(Weather { drop: true, ..Weather::default() });
        let mut stream = client(&proxy);
        stream.set_read_timeout(Some(Duration::from_millis(200))).expect("a time-out");
        stream.write_all(b"a").expect("written");
        let error = stream.read(&mut [0]).expect_err("silence");
        assert!(matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut));
    }
}
