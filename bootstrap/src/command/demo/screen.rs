//! What people see of the demonstration: aligned, in their language, with little colour and only on a terminal. Lines grow as
//! things happen and the cursor never goes back, so that a file of it reads the same.

use super::clients::{CALLBACKS, Way};
use super::life::{Ended, News, Received};
use super::sink::Call;
use super::stage::{DOMAIN, MAIL, NUMBER, PHONE, Stage, USER};
use crate::command::context::{print, program};
use domain::language::Language;
use domain::state::State;
use std::time::Duration;

/// The screen.
pub(super) struct Screen {
    language: Language,
    colour: bool,
}

/// The few things that are coloured.
#[derive(Clone, Copy)]
enum Paint {
    Bold,
    Dim,
    Good,
    Bad,
}

impl Screen {
    pub(super) fn new(language: Language, colour: bool) -> Self {
        Self { language, colour }
    }

    fn paint(&self, paint: Paint, text: &str) -> String {
        let code = match paint {
            Paint::Bold => "1",
            Paint::Dim => "2",
            Paint::Good => "32",
            Paint::Bad => "31",
        };
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn pick<'a>(&self, swedish: &'a str, english: &'a str) -> &'a str {
        self.language.pick(swedish, english)
    }

    fn heading(&self, text: &str) -> anyhow::Result<()> {
        print(&format!("\n{}\n", self.paint(Paint::Bold, text)))
    }

    fn fact(&self, name: &str, value: &str) -> anyhow::Result<()> {
        print(&format!("  {}{value}\n", self.paint(Paint::Dim, &format!("{name:<12}"))))
    }

    pub(super) fn title(&self) -> anyhow::Result<()> {
        let text = self.pick(
            "Omnigate – hela gatewayen, utan förberedelser",
            "Omnigate – the whole gateway, with no set-up",
        );
        print(&format!("{}\n\n", self.paint(Paint::Bold, text)))
    }

    pub(super) fn taken_ports(&self, taken: &[(&str, u16)]) -> anyhow::Result<()> {
        for (door, port) in taken {
            let busy = self.pick("är upptagen, en annan tas", "is busy, another is taken");
            self.fact(door, &format!("port {port} {busy}"))?;
        }
        Ok(())
    }

    pub(super) fn stage(&self, stage: &Stage) -> anyhow::Result<()> {
        let synced = self.pick(
            "SQLite, varje kvittens är skriven till disk",
            "SQLite, synced to disk before anything is acknowledged",
        );
        self.fact(
            self.pick("lager", "store"),
            &format!("{}  ({synced})", stage.data().join("omnigate.db").display()),
        )?;
        self.fact(
            self.pick("operatör", "operator"),
            &format!("SMPP {}  ({})", stage.operator(), self.pick("simulerad", "simulated")),
        )?;
        for (door, what) in
            [("http", "JSON · GET · Kannel · SOAP · metrics"), ("telnet", "Telnet · SNPP"), ("smtp", DOMAIN)]
        {
            self.fact(door, &format!("{}  ({what})", stage.door(door)?))?;
        }
        Ok(())
    }

    pub(super) fn doors_heading(&self) -> anyhow::Result<()> {
        self.heading(self.pick("Ett meddelande genom varje dörr", "A message through every door"))
    }

    pub(super) fn begins(&self, way: &Way, number: &str) -> anyhow::Result<()> {
        print(&format!("  {:<16}{}  ", way.name(), self.paint(Paint::Dim, number)))
    }

    pub(super) fn reached(&self, state: State, after: Duration) -> anyhow::Result<()> {
        let name = state.name(self.language);
        if state == State::Queued {
            return print(name);
        }
        let time = format!("{:>4} ms", after.as_millis());
        let name = if state == State::Delivered { self.paint(Paint::Good, name) } else { name.to_owned() };
        print(&format!(" → {name} {}", self.paint(Paint::Dim, &time)))
    }

    pub(super) fn ends(&self, ended: &Ended) -> anyhow::Result<()> {
        let bad = |text: &str| format!("  {} {text}\n", self.paint(Paint::Bad, "✗"));
        print(&match ended {
            Ended::Delivered => format!("  {}\n", self.paint(Paint::Good, "✓")),
            Ended::Otherwise(_, error) => bad(error),
            Ended::Never(why) if why.is_empty() => {
                bad(self.pick("kom inte fram i tid", "did not arrive in time"))
            }
            Ended::Never(why) => bad(why),
        })
    }

    pub(super) fn callbacks(&self, calls: &[Call]) -> anyhow::Result<()> {
        let state = |call: &Call| State::parse(call.body.get("state")?.as_str()?);
        let states: Vec<&str> = calls.iter().filter_map(state).map(|s| s.name(self.language)).collect();
        let signed =
            if calls.iter().all(|call| call.signed) { self.pick(", signerade", ", signed") } else { "" };
        let mark = if calls.len() >= CALLBACKS {
            self.paint(Paint::Good, "✓")
        } else {
            self.paint(Paint::Bad, "✗")
        };
        let told = self.pick("återanrop till programmet", "callbacks to the program");
        print(&format!("  {:<16}{told}: {}{signed}  {mark}\n", "", states.join(", ")))
    }

    pub(super) fn received_heading(&self) -> anyhow::Result<()> {
        self.heading(self.pick("Ett svar från en telefon", "A message from a phone"))
    }

    pub(super) fn received(&self, received: &Received) -> anyhow::Result<()> {
        print(&format!("  {PHONE} → {NUMBER}   “{}”\n", received.text))?;
        let places = [
            (self.pick("inkorgen", "the inbox"), received.inbox, "GET /api/v1/inbox"),
            (self.pick("ett program", "a program"), received.url, "POST http://…/received"),
        ];
        for (place, after, how) in places {
            let (mark, time) = match after {
                Some(after) => (self.paint(Paint::Good, "✓"), format!("{:>4} ms", after.as_millis())),
                None => (self.paint(Paint::Bad, "✗"), self.pick("kom inte", "did not come").to_owned()),
            };
            print(&format!("  {place:<16}{how:<24}{}  {mark}\n", self.paint(Paint::Dim, &time)))?;
        }
        Ok(())
    }

    pub(super) fn verdict(
        &self,
        delivered: usize,
        doors: usize,
        well: bool,
        log: &str,
    ) -> anyhow::Result<()> {
        let of = self.pick("av", "of");
        let arrived = self.pick("meddelanden levererade", "messages delivered");
        let line = format!("{delivered} {of} {doors} {arrived}");
        if well {
            return print(&format!("\n{}\n", self.paint(Paint::Good, &line)));
        }
        let look = self.pick("Allt kom inte fram; loggen:", "Not everything arrived; the log:");
        print(&format!("\n{}\n{look} {log}\n", self.paint(Paint::Bad, &line)))
    }

    pub(super) fn invitation(&self, stage: &Stage) -> anyhow::Result<()> {
        self.heading(self.pick("Prova själv", "Try it yourself"))?;
        let (http, telnet, smtp) = (stage.door("http")?, stage.door("telnet")?, stage.door("smtp")?);
        let text = self.pick("Hej", "Hello");
        let examples = [
            (
                "HTTP JSON",
                format!(
                    "curl -u {USER}:{USER} http://{http}/api/v1/messages -H 'Content-Type: application/json' -d '{{\"to\":[\"070-123 45 67\"],\"text\":\"{text}\"}}'"
                ),
            ),
            (
                "HTTP GET",
                format!(
                    "curl 'http://{http}/send?username={USER}&password={USER}&numbers=0701234567&text={text}'"
                ),
            ),
            ("SOAP", format!("http://{http}/soap/gateway?wsdl")),
            (
                "Telnet",
                format!(
                    "printf 'LOGI {USER} {USER}\\r\\nSMS 0701234567 {text}\\r\\nBYE\\r\\n' | nc {} {}",
                    telnet.ip(),
                    telnet.port()
                ),
            ),
            ("SMTP", format!("swaks --server {smtp} --from {MAIL} --to 0701234567@{DOMAIN} --body {text}")),
            (self.pick("beskrivning", "description"), format!("http://{http}/docs")),
            (self.pick("hälsa", "health"), format!("http://{http}/health/ready   http://{http}/metrics")),
            (
                self.pick("böckerna", "the books"),
                format!("{} audit --config {}", program(), stage.data().join("demo.toml").display()),
            ),
        ];
        for (name, example) in examples {
            self.fact(name, &example)?;
        }
        let hint = self.pick(
            "Skriv en rad och tryck Enter: en telefon sänder den hit. Ctrl-C avslutar.",
            "Type a line and press Enter: a phone sends it here. Ctrl-C ends the demonstration.",
        );
        print(&format!("\n{hint}\n\n"))
    }

    pub(super) fn news(&self, news: &News) -> anyhow::Result<()> {
        match news {
            News::Sent(record) => {
                let message = &record.message;
                let name = record.state.name(self.language);
                let name = match record.state {
                    State::Delivered => self.paint(Paint::Good, name),
                    State::Failed | State::Expired | State::Unknown => self.paint(Paint::Bad, name),
                    _ => name.to_owned(),
                };
                let error =
                    if record.error.is_empty() { String::new() } else { format!("  {}", record.error) };
                print(&format!("  {:<8}→ {}  {name}{error}\n", message.door.as_str(), message.recipient))
            }
            News::Received { from, text } => {
                let text: String = text.chars().filter(|c| !c.is_control()).take(160).collect();
                print(&format!("  {:<8}← {from}  “{text}”\n", self.pick("telefon", "phone")))
            }
        }
    }

    pub(super) fn farewell(&self) -> anyhow::Result<()> {
        print(self.pick("\nStannar i god ordning.\n", "\nStopping in good order.\n"))
    }
}
