//! One operator of each protocol, what goes wrong with them, and a gateway that falls back from one to the next.

use blackbox::gateway::Gateway;
use blackbox::journal::Entry;
use blackbox::merged::merged;
use blackbox::random::Random;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use serde_json::{Value, json};
use std::fs;
use std::net::SocketAddr;

/// What operators must know to call us.
const SECRET: &str = "story-secret-0123456789";
/// Numbers of one class of messages begin at so many times its own.
pub const CLASS: u64 = 10_000_000;
/// The links in the order of [`Operators`], by their protocols.
pub const LINKS: [&str; 6] = ["TS0", "UCP", "CIMD", "HTTP", "GSM", "MC"];
/// The classes of messages (no pagers, whose numbers begin with 4674), and what differs between their ways.
pub const WAYS: [(u64, &str); 8] = [
    (0, "links = [\"TS0\", \"UCP\", \"HTTP\"]"),
    (1, "links = [\"UCP\", \"CIMD\", \"TS0\"]\nfallback_after = 1\nfallback_after_time = \"3s\""),
    (2, "links = [\"CIMD\", \"HTTP\", \"UCP\"]\ndelivered_within = \"3s\""),
    (
        3,
        "links = [\"HTTP\", \"TS0\", \"CIMD\"]\nfallback_on = [\"temporary\", \"throttled\", \"unanswered\"]",
    ),
    (5, "links = [{ balance = [\"TS0\", \"UCP\", \"CIMD\", \"HTTP\"] }]\nfallback_after = 2"),
    (6, "links = [\"GSM\", \"TS0\"]\nfallback_after = 1"),
    (7, "links = [\"HTTP\", \"UCP\"]\nfallback_after_time = \"2s\"\ndelivered_within = \"5s\""),
    (8, "links = [\"MC\", \"CIMD\"]\nfallback_after_time = \"4s\""),
];

/// One operator of each protocol.
pub struct Operators([Simulator; 6]);

impl Operators {
    /// All of them, well.
    pub fn start() -> Self {
        let quick = ["--receipts", "--delay", "5ms"];
        Self([
            Simulator::start(&quick),
            Simulator::speaking("ucp", &quick),
            Simulator::speaking("cimd2", &quick),
            Simulator::speaking("http", &["--operator", "46elks", "--receipts", "--delay", "5ms"]),
            Simulator::modem(&["--receipts", "--memory", "200"]),
            Simulator::speaking("tap", &["--charset", "646-se"]),
        ])
    }

    /// A gateway with a link to each of them.
    pub fn gateway(&self, own: SocketAddr) -> Gateway {
        let [first, ucp, cimd, http, gsm, tap] = &self.0;
        let quick = "response_timeout = \"2s\"";
        let more = format!(
            "[[link]]\nname = \"UCP\"\nprotocol = \"ucp\"\nhosts = [\"{}\"]\nsystem_id = \"71234\"\npassword = \"secret\"\nkeep_alive = \"1s\"\n{quick}\n\
             [[link]]\nname = \"CIMD\"\nprotocol = \"cimd2\"\nhosts = [\"{}\"]\nsystem_id = \"omnigate\"\npassword = \"secret\"\nalive = \"1s\"\n{quick}\n\
             [[link]]\nname = \"HTTP\"\nprotocol = \"http\"\nprofile = \"46elks\"\nurl = \"http://{}\"\nuser = \"u\"\npassword = \"p\"\n{quick}\n\
             callback_url = \"http://{own}\"\noriginator = \"12345\"\ncallback_secret = \"{SECRET}\"\n\
             [[link]]\nname = \"GSM\"\nprotocol = \"modem\"\nport = \"{}\"\npoll = \"1s\"\n{quick}\n\
             [[link]]\nname = \"MC\"\nprotocol = \"tap\"\nhosts = [\"{}\"]\ncharset = \"646-se\"\nidle = \"200ms\"\nanswer_timeout = \"1s\"\nnumbers = \"international\"\n",
            ucp.address(),
            cimd.address(),
            http.address(),
            gsm.device().display(),
            tap.address(),
        );
        let link = format!("enquire_link = \"1s\"\n{quick}");
        let settings = Settings { more, link, http: Some(own), ..Settings::towards(first.address()) };
        let mut gateway = Gateway::prepare(&settings);
        let route = |(class, ways): &(u64, &str)| {
            format!(
                "[[route]]\nto = \"467{class}\"\n{ways}\nfallback_down = \"1s\"\ntries = 200\npauses = [\"200ms\", \"500ms\", \"1s\"]\n"
            )
        };
        let routes: String = WAYS.iter().map(route).collect();
        let text = fs::read_to_string(gateway.config()).expect("the configuration");
        let text = text.replacen("[[route]]\n", &format!("{routes}[[route]]\n"), 1);
        fs::write(gateway.config(), text).expect("the configuration");
        gateway.restart();
        gateway
    }

    /// Something is wrong with some of them.
    pub fn trouble(&mut self, random: &mut Random) {
        for (place, simulator) in self.0.iter_mut().enumerate() {
            if random.one_in(3) {
                continue;
            }
            let faults = faults(place, random);
            println!("  {} {faults}", LINKS[place]);
            simulator.behave(&faults);
        }
    }

    /// Nothing is wrong any more.
    pub fn well(&mut self) {
        self.0.iter_mut().for_each(|simulator| simulator.behave(&json!({})));
    }

    /// What all of them saw.
    pub fn journal(&self) -> Vec<Entry> {
        merged(self.0.iter().map(Simulator::journal).collect())
    }
}

/// One way in which an operator misbehaves.
fn faults(place: usize, random: &mut Random) -> Value {
    let n = random.between(2..7);
    let slow = random.between(200..4_000);
    let refused = [8, 4, 6, 0, 0, 0][place];
    let mut all = match place {
        0..=2 => vec![
            json!({ "throttle_every": n }),
            json!({ "throttle": true }),
            json!({ "status": refused, "status_every": n }),
            json!({ "no_answer_every": n }),
            json!({ "no_answer": true }),
            json!({ "reply_delay": slow }),
            json!({ "reply_delay": slow, "duplicate_every": n }),
            json!({ "duplicate_every": n, "out_of_order": true, "unknown_every": n }),
            json!({ "garbage_every": n }),
            json!({ "drop_every": n }),
            json!({ "half_open": true }),
            json!({ "refuse": true }),
            json!({ "deaf": true, "reply_delay": slow }),
            json!({ "nack_every": n }),
            json!({ "wrong_command_every": n }),
            json!({ "damage_every": n }),
        ],
        3 => vec![
            json!({ "throttle_every": n }),
            json!({ "throttle": true }),
            json!({ "no_answer_every": n }),
            json!({ "no_answer": true }),
            json!({ "reply_delay": slow }),
            json!({ "drop_every": n }),
            json!({ "garbage_every": n }),
            json!({ "empty_every": n }),
            json!({ "half_open": true }),
            json!({ "refuse": true }),
        ],
        4 => vec![
            json!({ "no_answer_every": n }),
            json!({ "no_prompt_every": n }),
            json!({ "status": 38, "status_every": n }),
            json!({ "chatter": true }),
            json!({ "restart_every": n }),
            json!({ "no_network": true }),
            json!({ "deaf": true }),
        ],
        _ => vec![
            json!({ "no_answer_every": n }),
            json!({ "reply_delay": slow }),
            json!({ "nack_every": n }),
            json!({ "damage_every": n }),
            json!({ "drop_every": n }),
            json!({ "garbage_every": n }),
            json!({ "half_open": true }),
            json!({ "refuse": true }),
            json!({ "throttle": true }),
        ],
    };
    let chosen = usize::try_from(random.between(0..all.len() as u64)).unwrap_or(0);
    all.swap_remove(chosen)
}
