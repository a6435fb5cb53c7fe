//! What the demonstration stands on: ports, a configuration file that can be used by other commands too, the simulated operator,
//! a program that is called back, and the gateway itself.

use super::sink::Sink;
use crate::clock::SystemClock;
use crate::config::{self, Loaded};
use crate::lifecycle::{self, Running};
use anyhow::{Context as _, anyhow, bail};
use domain::Timestamp;
use domain::access::Sender;
use domain::directory::User;
use domain::language::Language;
use domain::message::Door;
use ports::driven::Clock;
use smpp::simulator::{ReceiptOptions, Simulator, SimulatorOptions};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The name and password of the one user.
pub(super) const USER: &str = "demo";
/// The domain whose mail becomes SMS.
pub(super) const DOMAIN: &str = "sms.example.se";
/// The mail address of the one user.
pub(super) const MAIL: &str = "demo@example.se";
/// The number that phones send to.
pub(super) const NUMBER: &str = "71234";
/// The phone that sends.
pub(super) const PHONE: &str = "46701234567";

/// How long the operator thinks before it answers.
const THINKING: Duration = Duration::from_millis(60);
/// How long a phone takes to get a message.
const FLYING: Duration = Duration::from_millis(250);
/// How long the link may take to come up.
const BINDING: Duration = Duration::from_secs(15);

/// Doors and the ports they would like.
const WISHES: [(&str, u16); 3] = [("http", 8080), ("smtp", 2525), ("telnet", 4444)];

/// Everything but the gateway.
pub(super) struct Prepared {
    /// The configuration.
    pub loaded: Loaded,
    /// Ports that somebody else has: door and port.
    pub taken: Vec<(&'static str, u16)>,
    data: PathBuf,
    language: Language,
    operator: Simulator,
    sink: Sink,
}

/// Everything, running.
pub(super) struct Stage {
    /// The gateway.
    pub running: Running,
    /// The program that is called back.
    pub sink: Sink,
    /// The language of the show.
    pub language: Language,
    operator: Simulator,
    data: PathBuf,
    clock: Arc<dyn Clock>,
    sender: Sender,
}

/// Starts the operator and the program that is called back, finds ports, and writes the configuration.
pub(super) async fn prepare(data: &Path, language: Language) -> anyhow::Result<Prepared> {
    // Another one that runs here keeps its configuration and its log.
    sql::migrate(&store(data)).await.context("the gateway did not start (is another demo running here?)")?;
    let options = SimulatorOptions {
        reply_delay: THINKING,
        receipts: Some(ReceiptOptions { delay: FLYING, ..ReceiptOptions::default() }),
        ..SimulatorOptions::default()
    };
    let operator = Simulator::start(options, Arc::new(SystemClock::default()))
        .await
        .context("the simulated operator")?;
    let sink =
        Sink::start(Arc::new(SystemClock::default())).await.context("the program that is called back")?;
    let mut taken = Vec::new();
    let ports = WISHES.map(|(door, wish)| match TcpListener::bind((Ipv4Addr::LOCALHOST, wish)) {
        Ok(_) => wish,
        Err(_) => {
            taken.push((door, wish));
            0
        }
    });
    let text = configuration(data, language, ports, operator.address(), sink.address());
    let file = data.join("demo.toml");
    std::fs::write(&file, &text).with_context(|| format!("{} cannot be written", file.display()))?;
    let loaded = config::read(&file, &text, &[]).map_err(|error| anyhow!("{error}"))?;
    Ok(Prepared { loaded, taken, data: data.to_owned(), language, operator, sink })
}

fn store(data: &Path) -> String {
    format!("sqlite://{}/omnigate.db", data.display())
}

fn configuration(
    data: &Path,
    language: Language,
    ports: [u16; 3],
    operator: SocketAddr,
    sink: SocketAddr,
) -> String {
    let [http, smtp, telnet] = ports;
    // A path in a TOML text without escapes: Windows writes them with backslashes.
    let (data, store) = (data.display(), store(data));
    format!(
        "# Written by `omnigate demo`; other commands can use it: omnigate message list --config {data}/demo.toml\n\
         [node]\nname = \"demo\"\ndata_dir = '{data}'\n[database]\nurl = '{store}'\n\
         [defaults]\ncountry = \"46\"\nlanguage = \"{}\"\n[http]\nlisten = \"127.0.0.1:{http}\"\n\
         [smtp]\nlisten = \"127.0.0.1:{smtp}\"\ndomains = [\"{DOMAIN}\"]\n[telnet]\nlisten = \"127.0.0.1:{telnet}\"\n\
         [[link]]\nname = \"TS0\"\nprotocol = \"smpp\"\nhosts = [\"{operator}\"]\nsystem_id = \"omnigate\"\npassword = \"demo\"\nwindow = 50\n\
         [[user]]\nname = \"{USER}\"\npassword = \"{USER}\"\naddresses = [\"127.0.0.0/8\"]\nmail_from = [\"{MAIL}\"]\noriginator = \"Omnigate\"\n\
         administrator = true\n\
         [[route]]\nto = \"*\"\nlinks = [\"TS0\"]\n[[mo]]\nuser = \"{USER}\"\nto = \"http://{sink}/received\"\n",
        language.tag()
    )
}

impl Prepared {
    /// Starts the gateway.
    pub(super) async fn start(self) -> anyhow::Result<Stage> {
        let running = lifecycle::start(self.loaded)
            .await
            .context("the gateway did not start (is another demo running here?)")?;
        let user = running.gateway.directory().user(USER).cloned().unwrap_or_else(|| Arc::new(nobody()));
        Ok(Stage {
            running,
            sink: self.sink,
            language: self.language,
            operator: self.operator,
            data: self.data,
            clock: Arc::new(SystemClock::default()),
            sender: Sender::internal(user, Door::Command),
        })
    }
}

/// Only if the one user were missing from the directory.
#[expect(clippy::expect_used, reason = "a constant of the right form")]
fn nobody() -> User {
    User::named(domain::directory::UserName::parse(USER).expect("a name"))
}

impl Stage {
    /// Where a door is.
    pub(super) fn door(&self, name: &str) -> anyhow::Result<SocketAddr> {
        self.running.addresses.get(name).copied().ok_or_else(|| anyhow!("the {name} door is not open"))
    }

    /// Where the operator listens.
    pub(super) fn operator(&self) -> SocketAddr {
        self.operator.address()
    }

    /// Who looks at messages.
    pub(super) fn sender(&self) -> &Sender {
        &self.sender
    }

    /// The time.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Time that does not jump.
    pub(super) fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }

    /// Where it keeps what it stores.
    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    /// Where the log is, for people.
    pub(super) fn log(&self) -> String {
        self.data.join("demo.log").display().to_string()
    }

    /// A phone sends a message.
    pub(super) fn phone(&self, text: &str) {
        self.operator.mo(PHONE, NUMBER, text);
    }

    /// Returns when the gateway is logged in to the operator.
    pub(super) async fn link_is_up(&self) -> anyhow::Result<()> {
        let observe = self.running.gateway.observe();
        let began = self.monotonic();
        while self.monotonic().saturating_sub(began) < BINDING {
            let links = observe.links();
            if !links.is_empty() && links.iter().all(|link| link.health.is_up()) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        bail!("the gateway did not log in to the simulated operator in time (see {})", self.log())
    }

    /// Returns only when the gateway can no longer trust its disk.
    pub(super) async fn failed(&self) -> String {
        self.running.gateway.fatal().raised().await
    }

    /// Stops everything in good order.
    pub(super) async fn stop(self, limit: Duration) {
        self.running.stop(limit).await;
        self.running.close().await;
        self.operator.stop().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_one_that_is_served() {
        let address = SocketAddr::from(([127, 0, 0, 1], 4000));
        let text =
            configuration(Path::new("omnigate-data"), Language::Swedish, [8080, 0, 4444], address, address);
        let loaded = config::read(Path::new("demo.toml"), &text, &[]).expect("a configuration");
        let other = |warning: &&String| !warning.contains("[smtp.relay]");
        assert_eq!(loaded.warnings.iter().find(other), None, "a machine for a try has no mail relay");
        assert_eq!((loaded.config.user.len(), loaded.config.mo.len()), (1, 1));
    }
}
