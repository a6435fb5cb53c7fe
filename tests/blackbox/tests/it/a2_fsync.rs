//! A2: no positive answer precedes the fsync of what it promises, at any door. Read from a system call trace: between the
//! last write of the store that carries the message and the answer there is a successful fsync of that file.

use blackbox::doors::{ALL, Answer};
use blackbox::gateway::Gateway;
use blackbox::history::{marked_text, number_of};
use blackbox::peers::program;
use blackbox::settings::Settings;
use std::collections::HashMap;
use std::fs;

/// Calls that matter.
const CALLS: &str = "trace=network,fsync,fdatasync,pwrite64,write,writev";

/// One finished call: its name, the file that it was on, what it carried.
#[derive(Debug, Default)]
struct Call {
    name: String,
    arguments: String,
    began: usize,
    ended: usize,
    fine: bool,
}

impl Call {
    fn store(&self) -> Option<&str> {
        let path = self.arguments.split(['<', '>']).nth(1)?;
        path.contains("omnigate.db").then_some(path)
    }
}

/// Puts calls that strace shows in two pieces together again.
fn calls(trace: &str) -> Vec<Call> {
    let mut open: HashMap<&str, Call> = HashMap::new();
    let mut calls = Vec::new();
    for (place, line) in trace.lines().enumerate() {
        let Some((process, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        let fine = rest.rsplit_once(" = ").is_some_and(|(_, result)| !result.starts_with(['-', '?']));
        if rest.starts_with("<... ") {
            if let Some(mut call) = open.remove(process) {
                call.arguments.push_str(rest);
                calls.push(Call { ended: place, fine, ..call });
            }
            continue;
        }
        let Some((name, arguments)) = rest.split_once('(') else { continue };
        let call = Call { name: name.into(), arguments: arguments.into(), began: place, ended: place, fine };
        if rest.ends_with("<unfinished ...>") {
            open.insert(process, call);
        } else {
            calls.push(call);
        }
    }
    calls
}

/// What is wrong with the order for one message, if anything.
fn judge(calls: &[Call], marker: &str, answer: &str) -> Result<(), String> {
    let sends = ["write", "writev", "sendto", "sendmsg"];
    let carried = |call: &&Call| {
        call.store().is_some() && call.arguments.contains(marker) && call.name.contains("write")
    };
    let first = calls.iter().find(carried).ok_or("the store never wrote it")?;
    let answered = calls.iter().find(|call| {
        let on_socket = call
            .arguments
            .split(['<', '>'])
            .nth(1)
            .is_some_and(|to| to.contains("TCP") || to.contains("socket"));
        sends.contains(&call.name.as_str())
            && on_socket
            && call.ended > first.began
            && call.arguments.contains(answer)
    });
    let answered = answered.ok_or("nobody was answered after the write")?;
    let last = calls.iter().filter(carried).rfind(|call| call.began < answered.began);
    let last = last.ok_or("answered before the store wrote it")?;
    let synced = calls.iter().any(|call| {
        let sync = call.name == "fsync" || call.name == "fdatasync";
        sync && call.fine
            && call.store() == last.store()
            && call.began > last.ended
            && call.ended < answered.began
    });
    if synced { Ok(()) } else { Err("no fsync between the write and the answer".into()) }
}

#[test]
fn every_door_answers_after_the_fsync() {
    let Some(strace) = program("strace") else { return };
    let mut gateway = Gateway::prepare(&Settings::default());
    let trace = gateway.directory().join("trace");
    let (strace, file) = (strace.display().to_string(), trace.display().to_string());
    gateway.wrap(&[&strace, "-f", "-yy", "-s", "5000", "-e", CALLS, "-e", "signal=none", "-o", &file]);
    gateway.restart();
    for (number, door) in (1..).zip(ALL) {
        let answer = door.send(gateway.doors(), &number_of(number), &marked_text(number, 10));
        assert!(matches!(answer, Answer::Accepted(_)), "{door:?}: {answer:?}");
    }
    gateway.stop(blackbox::clock::PATIENCE).expect("an end");
    let text = fs::read_to_string(&trace).expect("a trace");
    let calls = calls(&text);
    for (number, door) in (1..).zip(ALL) {
        let marker = marked_text(number, 10);
        let answer = match door {
            blackbox::doors::Door::Mail | blackbox::doors::Door::Text => "\"250",
            _ => "HTTP/1.1 20",
        };
        if let Err(wrong) = judge(&calls, &marker, answer) {
            panic!("{door:?}: {wrong}");
        }
    }
}

#[test]
fn the_judge_sees_a_wrong_order() {
    let write = "7 pwrite64(9</d/omnigate.db-wal>, \"..M00000001;..\", 4096, 0) = 4096\n";
    let sync = "7 fdatasync(9</d/omnigate.db-wal> <unfinished ...>\n7 <... fdatasync resumed>) = 0\n";
    let failed = "7 fdatasync(9</d/omnigate.db-wal>) = -1 EIO (Input/output error)\n";
    let answer =
        "8 sendto(5<TCP:[127.0.0.1:1->127.0.0.1:2]>, \"HTTP/1.1 202 Accepted\", 21, 0, NULL, 0) = 21\n";
    let check = |parts: &[&str]| judge(&calls(&parts.concat()), "M00000001;", "HTTP/1.1 20");
    assert_eq!(check(&[write, sync, answer]), Ok(()));
    for wrong in [
        &[write, answer, sync][..],
        &[sync, write, answer],
        &[answer, write, sync],
        &[write, failed, answer],
        &[answer],
    ] {
        assert!(check(wrong).is_err(), "{wrong:?}");
    }
}
