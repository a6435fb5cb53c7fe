//! Other people's programs send and receive through the simulated modem, unchanged: this proves the modem, and with it our link.

use blackbox::clock::eventually;
use blackbox::http::{Request, escape, once};
use blackbox::journal::Entry;
use blackbox::peers::kannel;
use blackbox::process::Process;
use blackbox::simulator::Simulator;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A program of Debian, wherever its package puts it.
fn program(name: &str) -> PathBuf {
    let found =
        ["/usr/bin", "/usr/sbin"].iter().map(|folder| Path::new(folder).join(name)).find(|p| p.is_file());
    found.unwrap_or_else(|| panic!("{name} is missing: tests/blackbox/peers/install.sh"))
}

fn folder(names: &[&str]) -> TempDir {
    let folder = tempfile::Builder::new().prefix("omnigate-peer-").tempdir().expect("a temporary directory");
    for name in names {
        fs::create_dir(folder.path().join(name)).expect("a directory");
    }
    folder
}

/// Waits for a message at the modem; its text, all parts joined.
fn sent(modem: &Simulator, to: &str, parts: usize) -> String {
    eventually("the message at the modem", || {
        let mut found: Vec<(u64, String)> = modem
            .journal()
            .into_iter()
            .filter_map(|entry| match entry {
                Entry::Submit { to: other, text, part, .. } if other == to => Some((part, text)),
                _ => None,
            })
            .collect();
        found.sort();
        found.dedup_by_key(|(part, _)| *part);
        (found.len() == parts).then(|| found.into_iter().map(|(_, text)| text).collect())
    })
}

/// Waits until a text stands in one of the files of a folder.
fn found(folder: &Path, wanted: &str) {
    eventually(wanted, || {
        let files = fs::read_dir(folder).ok()?.flatten();
        let mut texts = files.filter_map(|file| fs::read(file.path()).ok());
        texts.any(|text| String::from_utf8_lossy(&text).contains(wanted)).then_some(())
    });
}

/// Waits until phones' messages and reports have left the memory.
fn fetched(modem: &Simulator, mos: usize, receipts: usize) {
    eventually("everything fetched from the modem", || {
        let journal = modem.journal();
        let count = |is: fn(&Entry) -> bool| journal.iter().filter(|entry| is(entry)).count();
        let done = count(|e| matches!(e, Entry::Mo { .. })) >= mos
            && count(|e| matches!(e, Entry::Receipt { .. })) >= receipts;
        done.then_some(())
    });
}

#[test]
fn gammu_smsd() {
    let mut modem = Simulator::modem(&["--receipts"]);
    let folder = folder(&["in", "out", "sent", "failed"]);
    let at = |name: &str| folder.path().join(name).display().to_string();
    let configuration = format!(
        "[gammu]\ndevice = {}\nconnection = at115200\n[smsd]\nservice = files\nlogfile = {}\ndebuglevel = 0\n\
         inboxpath = {}/\noutboxpath = {}/\nsentsmspath = {}/\nerrorsmspath = {}/\nchecksecurity = 0\n\
         receivefrequency = 1\nloopsleep = 1\ndeliveryreport = log\n",
        modem.device().display(),
        at("gammu.log"),
        at("in"),
        at("out"),
        at("sent"),
        at("failed")
    );
    fs::write(folder.path().join("smsdrc"), configuration).expect("a configuration");
    let mut command = Command::new(program("gammu-smsd"));
    command.args(["-c", &at("smsdrc")]);
    let _gammu = Process::start(command, folder.path(), "gammu");
    fs::write(folder.path().join("out/OUT+46701112201.txtd"), "Hej from gammu").expect("a message");
    assert_eq!(sent(&modem, "46701112201", 1), "Hej from gammu");
    modem.text("46701234567", "svar till gammu");
    found(&folder.path().join("in"), "svar till gammu");
    fetched(&modem, 1, 1);
}

#[test]
fn smstools() {
    let mut modem = Simulator::modem(&["--receipts"]);
    let folder = folder(&["incoming", "outgoing", "checked", "sent", "failed", "report"]);
    let at = |name: &str| folder.path().join(name).display().to_string();
    let configuration = format!(
        "devices = GSM1\nlogfile = {}\nloglevel = 6\noutgoing = {}\nchecked = {}\nincoming = {}\nsent = {}\nfailed = {}\n\
         report = {}\ninfofile = {}\npidfile = {}\ndelaytime = 1\nerrorsleeptime = 1\n\
         [GSM1]\ndevice = {}\nincoming = yes\nreport = yes\nbaudrate = 115200\nmemory_start = 1\ndevice_open_retries = 5\n",
        at("smsd.log"),
        at("outgoing"),
        at("checked"),
        at("incoming"),
        at("sent"),
        at("failed"),
        at("report"),
        at("smsd.info"),
        at("smsd.pid"),
        modem.device().display()
    );
    fs::write(folder.path().join("smsd.conf"), configuration).expect("a configuration");
    let mut command = Command::new(program("smsd"));
    command.args(["-t", "-c", &at("smsd.conf")]);
    let _smsd = Process::start(command, folder.path(), "smsd");
    let long = "A long message by smstools. ".repeat(8);
    fs::write(folder.path().join("outgoing/one"), format!("To: 46701112202\nReport: yes\n\n{long}"))
        .expect("a message");
    assert_eq!(sent(&modem, "46701112202", 2).trim_end(), long.trim_end());
    modem.text("46701234567", "svar till smstools");
    found(&folder.path().join("incoming"), "svar till smstools");
    fetched(&modem, 1, 2);
}

#[test]
fn kannel_at() {
    let mut modem = Simulator::modem(&["--receipts"]);
    let link = format!(
        "group = smsc\nsmsc = at\nsmsc-id = ours\nmodemtype = generic\ndevice = {}\nspeed = 115200\n\n\
         group = modems\nid = generic\nname = \"Generic\"\n\n",
        modem.device().display()
    );
    let kannel = kannel::start_with(&program("bearerbox"), &link);
    let target = format!(
        "/cgi-bin/sendsms?username=t&password=t&from=1234&to={}&text={}&dlr-mask=3&dlr-url={}",
        escape("+46701112203"),
        escape("Hej from Kannel"),
        escape("http://127.0.0.1:9/")
    );
    let answer = once(kannel.door, &Request::get(target)).expect("an answer");
    assert_eq!(answer.status, 202, "{}", answer.text());
    assert_eq!(sent(&modem, "46701112203", 1), "Hej from Kannel");
    modem.text("46701234567", "svar till Kannel");
    found(kannel.folder(), "svar till Kannel");
    fetched(&modem, 1, 1);
}
