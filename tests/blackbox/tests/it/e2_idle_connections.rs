//! E2: thousands of connections that say nothing take little memory.

use crate::story::send;
use blackbox::gateway::Gateway;
use blackbox::peers::program;
use blackbox::settings::Settings;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};

/// Connections in all.
const CONNECTIONS: usize = 5_000;
/// What they may take.
const MOST_KIB: u64 = 200 * 1024;
/// Opens connections to host:port, from many addresses of the loopback network, each with the first octets of a request, and says how many there
/// are; holds them until its input ends.
const HOLD: &str = r"
import resource, socket, sys
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
host, port, count, octets = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4].encode()
held = []
for n in range(count):
    s = socket.socket()
    s.bind(('127.0.%d.%d' % (1 + n // 200, 1 + n % 200), 0))
    s.connect((host, port))
    if octets:
        s.sendall(octets)
    held.append(s)
print(len(held), flush=True)
sys.stdin.read()
";

/// Connections held by another process, until this is dropped.
struct Held {
    child: Child,
    _input: Option<ChildStdin>,
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn hold(address: SocketAddr, count: usize, octets: &str) -> Option<Held> {
    let mut child = Command::new(program("python3")?)
        .args([
            "-c",
            HOLD,
            &address.ip().to_string(),
            &address.port().to_string(),
            &count.to_string(),
            octets,
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3");
    let mut said = String::new();
    let output = child.stdout.take().expect("its output");
    let input = child.stdin.take();
    BufReader::new(output).read_line(&mut said).expect("a line");
    assert_eq!(said.trim(), count.to_string(), "connections");
    Some(Held { child, _input: input })
}

#[test]
fn five_thousand_idle_connections() {
    let mut gateway = Gateway::prepare(&Settings::default());
    // The doors' limits are made larger than the story needs: it is about memory, not about who gets in.
    let text = std::fs::read_to_string(gateway.config()).expect("a configuration");
    let text = ["http", "telnet"].iter().fold(text, |text, door| {
        let section = format!("[{door}]\nlisten = \"127.0.0.1:0\"\n");
        text.replace(&section, &format!("{section}max_connections = 6000\n"))
    });
    std::fs::write(gateway.config(), text).expect("written");
    gateway.wrap(&["sh", "-c", "ulimit -n 12000; exec \"$0\" \"$@\""]);
    gateway.restart();
    send(&gateway, 0, 20);
    let before = gateway.process().peak_kib().expect("Linux says");
    let half = CONNECTIONS / 2;
    let Some(web) = hold(gateway.doors().http, half, "GET / HTTP/1.1\r\nHost: x\r\n") else { return };
    let Some(text) = hold(gateway.doors().telnet, half, "") else { return };
    // They are all there, and others are served beside them.
    send(&gateway, 20, 20);
    let after = gateway.process().peak_kib().expect("Linux says");
    println!("{before} KiB before, {after} KiB with {CONNECTIONS} connections");
    assert!(after.saturating_sub(before) < MOST_KIB, "{before} KiB before, {after} KiB after");
    drop((web, text));
}
