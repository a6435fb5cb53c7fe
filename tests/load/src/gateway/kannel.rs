//! Kannel as Debian ships it: bearerbox and smsbox with a configuration made for the bench. Nothing is tuned against it:
//! its logs are as quiet as ours, its window is the same, its store is the one asked for.

use super::{Gateway, Places, free_port, probe, sendsms, spawn, until};
use crate::driver::Request;
use crate::options::{MOST_UCP, Options, Protocol, Scenario};
use crate::tally::Tally;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::rc::Rc;

struct Ports {
    admin: u16,
    boxes: u16,
    door: u16,
}

pub(super) async fn start(
    scenario: Scenario,
    options: &Options,
    places: Places,
    tally: &Tally,
    store: &str,
) -> io::Result<(Gateway, Request)> {
    let directory = tempfile::Builder::new().prefix("load-kannel-").tempdir()?;
    let here = directory.path().to_owned();
    let ports = Ports { admin: free_port()?, boxes: free_port()?, door: free_port()? };
    let file = here.join("kannel.conf");
    fs::write(&file, configuration(&here, &ports, options, places, store))?;
    fs::create_dir_all(here.join("spool"))?;

    let door = SocketAddr::from((Ipv4Addr::LOCALHOST, ports.door));
    let mut gateway = Gateway { door, children: Vec::new(), _directory: directory };
    // Not on every path of an unprivileged user, hence the full names.
    let bearerbox =
        spawn(Command::new("/usr/sbin/bearerbox").args(["-v", "3"]).arg(&file), &here, "bearerbox")?;
    gateway.children.push(bearerbox);
    let boxes = SocketAddr::from((Ipv4Addr::LOCALHOST, ports.boxes));
    until("bearerbox", &mut gateway.children, &here, || TcpStream::connect(boxes).is_ok()).await?;
    let smsbox = spawn(Command::new("/usr/sbin/smsbox").args(["-v", "3"]).arg(&file), &here, "smsbox")?;
    gateway.children.push(smsbox);
    until("Kannel's session", &mut gateway.children, &here, || tally.bound.get() > 0).await?;
    until("smsbox", &mut gateway.children, &here, || TcpStream::connect(door).is_ok()).await?;

    let request: Request = Rc::new(move |number| sendsms(number, "&from=12345", scenario, places));
    probe(door, &request, tally).await?;
    Ok((gateway, request))
}

fn configuration(here: &Path, ports: &Ports, options: &Options, places: Places, store: &str) -> String {
    let here = here.display();
    let location = if store == "spool" { "spool" } else { "kannel.store" };
    format!(
        "group = core\nadmin-port = {admin}\nadmin-password = bench\nadmin-allow-ip = 127.0.0.1\n\
         smsbox-port = {boxes}\nbox-allow-ip = 127.0.0.1\nlog-file = \"{here}/bearerbox.log\"\nlog-level = 3\n\
         store-type = {store}\nstore-location = \"{here}/{location}\"\ndlr-storage = internal\n\n\
         group = smsc\nsmsc-id = operator\nhost = {host}\nport = {port}\nsmsc-username = bench\n\
         smsc-password = bench\n{protocol}\n\
         group = smsbox\nbearerbox-host = 127.0.0.1\nsendsms-port = {door}\nlog-file = \"{here}/smsbox.log\"\n\
         log-level = 3\nmax-pending-requests = 512\n\n\
         group = sendsms-user\nusername = bench\npassword = bench\nmax-messages = 1\n",
        admin = ports.admin,
        boxes = ports.boxes,
        door = ports.door,
        host = places.operator.ip(),
        port = places.operator.port(),
        protocol = protocol(options),
    )
}

/// What only one driver of Kannel understands.
fn protocol(options: &Options) -> String {
    match options.protocol {
        Protocol::Smpp => format!(
            "smsc = smpp\nsystem-type = \"\"\ntransceiver-mode = true\nmax-pending-submits = {}\n\
             enquire-link-interval = 30\nreconnect-delay = 1\nmsg-id-type = 0x00\n",
            options.window
        ),
        Protocol::Ucp => format!(
            "smsc = emi\nkeepalive = 30\nmy-number = 12345\nflow-control = 0\nwindow = {}\n",
            options.window.min(MOST_UCP)
        ),
        // Its driver knows no window: one message at a time.
        Protocol::Cimd2 => "smsc = cimd2\nkeepalive = 30\n".to_owned(),
    }
}
