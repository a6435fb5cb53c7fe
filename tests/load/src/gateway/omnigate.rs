//! Our own gateway, the release binary, with a configuration as a customer would write it: everything fsynced, nothing
//! switched off for the bench.

use super::{Gateway, Places, probe, sendsms, spawn, text, until};
use crate::driver::Request;
use crate::options::{MOST_UCP, Options, Protocol, Scenario};
use crate::tally::{DIGITS, Tally};
use base64::Engine as _;
use serde_json::Value;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

/// Which of our doors is driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    Json,
    JsonEnd,
    Sendsms,
}

pub(super) async fn start(
    scenario: Scenario,
    options: &Options,
    places: Places,
    tally: &Tally,
    door: Door,
) -> io::Result<(Gateway, Request)> {
    let directory = tempfile::Builder::new().prefix("load-omnigate-").tempdir()?;
    let here = directory.path().to_owned();
    let file = here.join("omnigate.toml");
    fs::write(&file, configuration(&here, scenario, options, places))?;
    fs::create_dir_all(here.join("data"))?;

    let mut command = Command::new(binary(options)?);
    command.arg("serve").arg("--config").arg(&file).current_dir(&here);
    let mut children = vec![spawn(&mut command, &here, "omnigate")?];
    let listening = here.join("data/listening.json");
    let mut address = None;
    let ready = until("omnigate", &mut children, &here, || {
        address = listens(&listening);
        address.is_some() && tally.bound.get() > 0
    });
    let came_up = ready.await;
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let gateway = Gateway { door: address.unwrap_or(nowhere), children, _directory: directory };
    came_up?;

    let request: Request = match door {
        Door::Json => Rc::new(move |number| json(number, "every", scenario, places)),
        Door::JsonEnd => Rc::new(move |number| json(number, "end", scenario, places)),
        Door::Sendsms => Rc::new(move |number| sendsms(number, "", scenario, places)),
    };
    probe(gateway.door, &request, tally).await?;
    Ok((gateway, request))
}

/// The binary that was asked for, or the one beside this program, or the release build.
fn binary(options: &Options) -> io::Result<PathBuf> {
    if let Some(given) = &options.binary {
        // The gateway gets a working directory of its own.
        return std::path::absolute(given);
    }
    let own = std::env::current_exe()?;
    if own.file_stem().is_some_and(|name| name == "omnigate") {
        return Ok(own);
    }
    let beside = own.with_file_name("omnigate");
    if beside.is_file() {
        return Ok(beside);
    }
    Err(io::Error::new(io::ErrorKind::NotFound, format!("no {}; build it or name one", beside.display())))
}

fn listens(file: &Path) -> Option<SocketAddr> {
    let value: Value = serde_json::from_str(&fs::read_to_string(file).ok()?).ok()?;
    value.get("http")?.as_str()?.parse().ok()
}

fn configuration(here: &Path, scenario: Scenario, options: &Options, places: Places) -> String {
    let data = here.join("data");
    let data = data.display();
    let database = options.database.clone().unwrap_or_else(|| format!("sqlite://{data}/omnigate.db"));
    let ahead = options.replies_ahead;
    let (protocol, account, window) = match options.protocol {
        Protocol::Smpp => ("smpp", "bench", options.window),
        Protocol::Ucp => ("ucp", "12345", options.window.min(MOST_UCP)),
        Protocol::Cimd2 => ("cimd2", "bench", options.window.min(100)),
    };
    format!(
        "[node]\nname = \"bench\"\ndata_dir = \"{data}\"\n[database]\nurl = \"{database}\"\n\
         [defaults]\ncountry = \"46\"\n[http]\nlisten = \"127.0.0.1:0\"\n\
         max_per_address = 1000\n[smtp]\nlisten = \"127.0.0.1:0\"\ndomains = [\"bench.test\"]\n\
         [telnet]\nlisten = \"127.0.0.1:0\"\n\
         [[user]]\nname = \"bench\"\npassword = \"bench\"\naddresses = [\"127.0.0.0/8\"]\noriginator = \"12345\"\n\
         [[link]]\nname = \"TS0\"\nprotocol = \"{protocol}\"\nhosts = [\"{}\"]\nsystem_id = \"{account}\"\npassword = \"bench\"\n\
         sessions = 1\nwindow = {window}\nreplies_ahead = {ahead}\nrate = 0\nreceipts = {}\n[[route]]\nto = \"*\"\nlinks = [\"TS0\"]\n",
        places.operator, scenario.receipts
    )
}

fn json(number: u64, told: &str, scenario: Scenario, places: Places) -> Vec<u8> {
    let callback = if scenario.receipts {
        let url = format!("http://{}/dlr?n=L{number:0DIGITS$}", places.sink);
        format!(",\"callback_url\":\"{url}\",\"callback_on\":\"{told}\"")
    } else {
        String::new()
    };
    let to = 46_700_000_000 + number % 10_000_000;
    let body = format!("{{\"to\":[\"{to}\"],\"text\":\"{}\"{callback}}}", text(number));
    let login = base64::engine::general_purpose::STANDARD.encode("bench:bench");
    format!(
        "POST /api/v1/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {login}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
