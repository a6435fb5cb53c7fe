//! A serial line that is listened to, and what tshark makes of the TPDUs (3GPP TS 23.040) that went over it in PDU mode (27.005).

use crate::clock::eventually;
use crate::peers::{program, python, run, script};
use crate::process::Process;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Hexadecimal lines shorter than this are no TPDUs: signal strengths, cells, reasons.
const SHORTEST: usize = 20;
/// libpcap's link type for units that bring the name of their dissector.
const UPPER_PDU: &str = "252";

/// Somebody between a program and its modem; ended when dropped.
#[derive(Debug)]
pub struct SerialTap {
    directory: TempDir,
    _process: Process,
}

impl SerialTap {
    /// Listens before `device`. Nothing in a fast run without Python.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn before(device: &Path) -> Option<Self> {
        let mut python = python()?;
        let directory = tempfile::Builder::new().prefix("omnigate-tap-").tempdir().expect("a directory");
        python.arg(script("serial_tap.py")).arg(device);
        python.arg(directory.path().join("line")).arg(directory.path().join("kept"));
        let process = Process::start(python, directory.path(), "tap");
        let tap = Self { directory, _process: process };
        eventually("the tap on the line", || tap.device().exists().then_some(()));
        Some(tap)
    }

    /// The port that leads to the modem.
    #[must_use]
    pub fn device(&self) -> PathBuf {
        self.directory.path().join("line")
    }

    /// The TPDUs that passed, without the centre's address before them, and whether they went to the modem.
    fn units(&self) -> Vec<(bool, String)> {
        let kept = std::fs::read_to_string(self.directory.path().join("kept")).unwrap_or_default();
        let mut halves = [String::new(), String::new()];
        let mut units = Vec::new();
        for (way, piece) in kept.lines().filter_map(|line| line.split_once(' ')) {
            let half = &mut halves[usize::from(way == "O")];
            for octet in octets(piece) {
                match octet {
                    b'\r' | b'\n' | 0x1a => {
                        let line = std::mem::take(half);
                        let hex = line.trim_start_matches(['>', ' ']);
                        if hex.len() >= SHORTEST && hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                            let centre = usize::from(octets(hex).first().copied().unwrap_or_default());
                            units.extend(
                                hex.get((centre + 1) * 2..).map(|unit| (way == "O", unit.to_owned())),
                            );
                        }
                    }
                    other => half.push(char::from(other)),
                }
            }
        }
        units
    }

    /// What tshark reads of each TPDU, in full; nothing in a fast run without tshark.
    ///
    /// # Panics
    /// When tshark or text2pcap fail.
    #[must_use]
    pub fn dissected(&self) -> Option<String> {
        let (text2pcap, tshark) = (program("text2pcap")?, program("tshark")?);
        let text = self.directory.path().join("octets.txt");
        let capture = self.directory.path().join("capture.pcap");
        let mut dump = String::new();
        for (up, unit) in self.units() {
            dump.push_str("000000");
            head(up).into_iter().chain(octets(&unit)).for_each(|octet| {
                let _ = write!(dump, " {octet:02x}");
            });
            dump.push('\n');
        }
        std::fs::write(&text, dump).expect("a file");
        let _ = run(Command::new(text2pcap).args(["-q", "-l", UPPER_PDU]).args([&text, &capture]));
        Some(run(Command::new(tshark).arg("-r").arg(&capture).arg("-V")))
    }
}

/// Wireshark's tags: the dissector's name (12), the direction as the network sees it (35), the end.
fn head(up: bool) -> Vec<u8> {
    let mut head = vec![0, 12, 0, 8];
    head.extend_from_slice(b"gsm_sms\0");
    head.extend_from_slice(&[0, 35, 0, 4, 0, 0, 0, u8::from(up), 0, 0, 0, 0]);
    head
}

/// The octets of a hexadecimal text; ends where it is none.
fn octets(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks_exact(2);
    pairs.map_while(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
