//! EMI/UCP: Kannel's driver, unchanged, logs in to our simulator, submits, and gets receipts and messages.

use blackbox::clock::eventually;
use blackbox::http::{Request, once};
use blackbox::journal::Entry;
use blackbox::peers::{kannel, program};
use blackbox::simulator::Simulator;

#[test]
fn kannel_logs_in_submits_and_gets_receipts_and_messages() {
    let (Some(bearerbox), Some(_)) = (program("bearerbox"), program("smsbox")) else { return };
    let mut simulator = Simulator::speaking("ucp", &["--receipts"]);
    let smsc = "smsc = emi\nkeepalive = 5\nmy-number = 12345\n";
    let kannel = kannel::speaking(&bearerbox, simulator.address(), smsc);
    let target = "/cgi-bin/sendsms?username=t&password=t&to=%2B46701234567&from=12345&charset=UTF-8\
                  &text=hej+%C3%A5%C3%A4%C3%B6+%5B%E2%82%AC%5D&dlr-mask=3&dlr-url=http%3A%2F%2F127.0.0.1%3A9%2F";
    eventually("Kannel's door", || {
        (once(kannel.door, &Request::get(target)).ok()?.status == 202).then_some(())
    });
    let seen = |what: &dyn Fn(&Entry) -> bool| simulator.journal().iter().any(what).then_some(());
    eventually("Kannel's submit", || {
        seen(
            &|entry| matches!(entry, Entry::Submit { text, to, .. } if text == "hej åäö [€]" && to.ends_with("46701234567")),
        )
    });
    eventually("the receipt, taken", || {
        seen(&|entry| matches!(entry, Entry::Receipt { answer: Some(0), .. }))
    });
    simulator.mo("46701234567", "12345", "fråga");
    let seen = |what: &dyn Fn(&Entry) -> bool| simulator.journal().iter().any(what).then_some(());
    eventually("the message, taken", || seen(&|entry| matches!(entry, Entry::Mo { answer: Some(0), .. })));
    // Its service answers each text, so the phone's number and ours came through.
    eventually("Kannel's answer", || {
        seen(
            &|entry| matches!(entry, Entry::Submit { text, to, .. } if text == "svar" && to.ends_with("46701234567")),
        )
    });
}
