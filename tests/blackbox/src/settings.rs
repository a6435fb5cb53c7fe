//! The configuration file of a gateway under test: every door on a port that the system picks, one user, one link.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;

/// The user that every driver logs in as.
pub const USER: &str = "crm";
/// His password.
pub const PASSWORD: &str = "korrekt-hast-9";
/// The envelope sender that belongs to him.
pub const MAIL_FROM: &str = "alarm@example.test";
/// The domain that the mail door takes mail for.
pub const MAIL_DOMAIN: &str = "sms.test";

/// What a test wants to differ from the ordinary.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The store; SQLite in the data directory when absent.
    pub database: Option<String>,
    /// What the link speaks.
    pub protocol: String,
    /// Who the link logs in as.
    pub system_id: String,
    /// Hosts of the one link `TS0`; nobody listens there when empty.
    pub hosts: Vec<SocketAddr>,
    /// Window of each session.
    pub window: u32,
    /// Sessions of the link.
    pub sessions: u32,
    /// Messages a second; 0 is no limit.
    pub rate: u32,
    /// Lines for the `[[link]]` section.
    pub link: String,
    /// The link has those lines and nothing else but its name and protocol.
    pub bare: bool,
    /// Where everything goes; the one link when empty.
    pub ways: String,
    /// Whole sections, appended.
    pub more: String,
    /// Where the HTTP door listens; on any free port when absent.
    pub http: Option<SocketAddr>,
    /// Mail relay for SMS to mail.
    pub relay: Option<SocketAddr>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            database: None,
            protocol: "smpp".into(),
            system_id: "omnigate".into(),
            hosts: Vec::new(),
            window: 10,
            sessions: 1,
            rate: 0,
            link: String::new(),
            bare: false,
            ways: String::new(),
            more: String::new(),
            http: None,
            relay: None,
        }
    }
}

impl Settings {
    /// One link to one SMSC.
    #[must_use]
    pub fn towards(smsc: SocketAddr) -> Self {
        Self { hosts: vec![smsc], ..Self::default() }
    }

    /// The file's text for a data directory.
    #[must_use]
    pub fn text(&self, data: &Path) -> String {
        let data = data.display();
        let http = self.http.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)));
        let database = self.database.clone().unwrap_or_else(|| format!("sqlite://{data}/omnigate.db"));
        let mut text = format!(
            "[node]\nname = \"a\"\ndata_dir = \"{data}\"\n[database]\nurl = \"{database}\"\n\
             [defaults]\ncountry = \"46\"\n[http]\nlisten = \"{http}\"\n\
             [smtp]\nlisten = \"127.0.0.1:0\"\ndomains = [\"{MAIL_DOMAIN}\"]\n"
        );
        if let Some(relay) = self.relay {
            let _ = write!(text, "[smtp.relay]\nhost = \"{relay}\"\n");
        }
        let _ = write!(
            text,
            "[telnet]\nlisten = \"127.0.0.1:0\"\n[[user]]\nname = \"{USER}\"\npassword = \"{PASSWORD}\"\n\
             addresses = [\"127.0.0.0/8\"]\nmail_from = [\"{MAIL_FROM}\"]\n"
        );
        if self.bare {
            let ways = if self.ways.is_empty() { "\"TS0\"" } else { &self.ways };
            let _ = write!(
                text,
                "[[link]]\nname = \"TS0\"\nprotocol = \"{}\"\n{}\n[[route]]\nto = \"*\"\nlinks = [{ways}]\n",
                self.protocol, self.link
            );
        } else if self.protocol == "http" {
            let _ = write!(
                text,
                "[[link]]\nname = \"TS0\"\nprotocol = \"http\"\nwindow = {}\nrate = {}\n{}\n[[route]]\nto = \"*\"\nlinks = [\"TS0\"]\n",
                self.window, self.rate, self.link
            );
        } else {
            self.session_link(&mut text);
        }
        text.push_str(&self.more);
        text
    }

    /// The link of a session protocol and its route.
    fn session_link(&self, text: &mut String) {
        let nobody = SocketAddr::from(([127, 0, 0, 1], 9));
        let hosts = if self.hosts.is_empty() { &[nobody][..] } else { &self.hosts };
        let hosts: Vec<String> = hosts.iter().map(|host| format!("\"{host}\"")).collect();
        let _ = write!(
            text,
            "[[link]]\nname = \"TS0\"\nprotocol = \"{}\"\nhosts = [{}]\nsystem_id = \"{}\"\n\
             password = \"secret\"\nsessions = {}\nwindow = {}\nrate = {}\n{}\n[[route]]\nto = \"*\"\nlinks = [\"TS0\"]\n",
            self.protocol,
            hosts.join(", "),
            self.system_id,
            self.sessions,
            self.window,
            self.rate,
            self.link
        );
    }
}
