//! A network name space with a cable to ours: an operator whose whole network can vanish. Needs root and iproute2.

use crate::database::fast;
use crate::peers::program;
use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};

static NEXT: AtomicU8 = AtomicU8::new(0);

/// The network behind the cable; taken down when dropped.
#[derive(Debug)]
pub struct Network {
    name: String,
    number: u8,
}

impl Network {
    /// Makes one; nothing where this machine allows none, in a fast run.
    ///
    /// # Panics
    /// When it cannot be made in a full run.
    #[must_use]
    pub fn new() -> Option<Self> {
        program("ip")?;
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let name = format!("omni{}x{number}", std::process::id());
        let network = Self { name, number };
        let (ours, theirs) = (network.ours(), network.theirs());
        let (near, far) = (format!("on{}x{number}", std::process::id() % 100_000), format!("of{number}"));
        let name = network.name.as_str();
        let made = ip(&["netns", "add", name])
            && ip(&["link", "add", &near, "type", "veth", "peer", "name", &far, "netns", name])
            && ip(&["addr", "add", &format!("{ours}/30"), "dev", &near])
            && ip(&["link", "set", &near, "up"])
            && ip(&["-n", name, "addr", "add", &format!("{theirs}/30"), "dev", &far])
            && ip(&["-n", name, "link", "set", "lo", "up"])
            && ip(&["-n", name, "link", "set", &far, "up"]);
        if !made {
            assert!(fast(), "no network name space can be made here: it needs root and iproute2");
            println!("skipped: no network name spaces in a fast run");
            return None;
        }
        Some(network)
    }

    /// What runs a program in there: `ip netns exec NAME`.
    #[must_use]
    pub fn wrapper(&self) -> [&str; 4] {
        ["ip", "netns", "exec", &self.name]
    }

    /// The address of the far end.
    #[must_use]
    pub fn theirs(&self) -> IpAddr {
        self.address(2)
    }

    /// From now on everything that goes out of there is dropped without a word: no FIN, no RST, no acknowledgement.
    ///
    /// # Panics
    /// When the route cannot be made.
    pub fn swallow(&self) {
        assert!(ip(&[
            "-n",
            &self.name,
            "route",
            "add",
            "blackhole",
            &self.ours().to_string(),
            "metric",
            "0"
        ]));
    }

    /// It goes out again.
    ///
    /// # Panics
    /// When the route cannot be removed.
    pub fn let_through(&self) {
        assert!(ip(&["-n", &self.name, "route", "del", "blackhole", &self.ours().to_string()]));
    }

    /// Pulls the cable out on the far side, or plugs it in again.
    ///
    /// # Panics
    /// When it cannot.
    pub fn cable(&self, plugged: bool) {
        let state = if plugged { "up" } else { "down" };
        assert!(ip(&["-n", &self.name, "link", "set", &format!("of{}", self.number), state]));
    }

    fn ours(&self) -> IpAddr {
        self.address(1)
    }

    /// Of 198.18.0.0/15, which is for tests (RFC 2544); four addresses a network, apart from those of another test process.
    fn address(&self, host: u8) -> IpAddr {
        let process = u8::try_from(std::process::id() % 250).unwrap_or(0);
        Ipv4Addr::new(198, 18, process, self.number * 4 + host).into()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let _ = ip(&["netns", "del", &self.name]);
    }
}

fn ip(arguments: &[&str]) -> bool {
    let Some(program) = program("ip") else { return false };
    Command::new(program).args(arguments).output().is_ok_and(|output| {
        if !output.status.success() {
            println!("ip {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
        }
        output.status.success()
    })
}
