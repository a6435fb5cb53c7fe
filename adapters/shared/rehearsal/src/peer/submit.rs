//! A submit at the simulated operator: its reply, with what the faults make of it, and what it gives rise to.

use super::{Bound, Peer};
use crate::hub::{Delivery, Report};
use crate::lines;
use crate::speech::{Kind, Operator, Reply, Speech, Submitted as _};
use bytes::BytesMut;
use std::time::Duration;

type To<O> = <<O as Operator>::Speech as Speech>::To;
type Submit<O> = <<O as Operator>::Speech as Speech>::Submit;

impl<O: Operator> Peer<O> {
    pub(super) fn submit(&mut self, now: Duration, to: To<O>, seq: u64, submit: &Submit<O>) {
        let number = self.hub.next_submit();
        self.submits += 1;
        let nack_every = self.faults.nack_every;
        let every = |n: u64| n > 0 && number.is_multiple_of(n);
        let status = match self.verdict(&every) {
            // What he did not understand he has not taken.
            0 if every(nack_every) => <O::Speech as Speech>::CODES.not_understood,
            status => status,
        };
        let id = match status {
            0 => self.operator.id(self.hub.next_number(), submit, self.hub.clock.now()),
            _ => String::new(),
        };
        if self.hub.journal.is_open() {
            self.hub.journal.write(lines::submitted(&self.hub, self.session, seq, submit, &id));
        }
        let reply = Reply { status, id, congestion: self.faults.congestion, kind: Kind::Right };
        if every(self.faults.drop_every) {
            let mut half = BytesMut::new();
            self.speech.reply(&to, &reply, &mut half);
            half.truncate(half.len() / 2);
            self.half = Some(half);
            return;
        }
        let answered = !self.faults.no_answer && !every(self.faults.no_answer_every);
        let before = self.hub.options.receipts.is_some_and(|receipts| receipts.before_reply);
        if status == 0 {
            self.accepted += 1;
            self.afterwards(now, number, reply.id.clone(), submit, before);
        }
        if answered {
            self.answer(to, seq, reply, &every);
        } else {
            self.silent += 1;
        }
    }

    /// A wish to take a message back.
    pub(super) fn cancel(&mut self, now: Duration, to: &To<O>, seq: u64, id: &str) {
        let done = self.bound.is_some_and(|bound| bound.sends) && self.hub.cancel(id, now);
        let line = self.hub.line("cancel").number("session", self.session).number("seq", seq);
        self.hub.journal.write(line.text("message_id", id).number("status", u64::from(!done)));
        if !self.faults.no_answer {
            self.speech.answer_cancel(to, done, &mut self.out);
        }
    }

    fn verdict(&self, every: &impl Fn(u64) -> bool) -> u32 {
        let (faults, codes) = (&self.faults, <O::Speech as Speech>::CODES);
        match (self.bound, faults.status) {
            (None | Some(Bound { sends: false, .. }), _) => codes.not_bound,
            _ if faults.throttle || every(faults.throttle_every) => codes.throttled,
            (_, Some(status)) if faults.status_every == 0 || every(faults.status_every) => status,
            _ => 0,
        }
    }

    /// The reply, with what the faults make of it.
    fn answer(&mut self, to: To<O>, seq: u64, reply: Reply, every: &impl Fn(u64) -> bool) {
        let faults = self.faults.clone();
        if every(faults.garbage_every) {
            self.out.extend_from_slice(<O::Speech as Speech>::GARBAGE);
        }
        if every(faults.unknown_every) {
            self.together.push((to.clone(), seq, Reply { kind: Kind::Unknown, ..reply.clone() }));
        }
        if every(faults.duplicate_every) {
            self.together.push((to.clone(), seq, reply.clone()));
        }
        let kind = if every(faults.nack_every) {
            Kind::Nack
        } else if every(faults.wrong_command_every) {
            Kind::WrongCommand
        } else if every(faults.empty_every) {
            Kind::Empty
        } else if every(faults.damage_every) {
            Kind::Damaged
        } else {
            Kind::Right
        };
        self.together.push((to, seq, Reply { kind, ..reply }));
    }

    /// The receipt and the echo of a message that was taken.
    fn afterwards(&mut self, now: Duration, number: u64, id: String, submit: &Submit<O>, before: bool) {
        // Made into texts of their own: a view into what was read would keep the whole of it.
        let (phone, sender) = (submit.to().into_owned(), submit.from().into_owned());
        if self.hub.options.echo {
            let (text, at) = (submit.text(), self.hub.clock.now());
            let echo = Delivery::Mo { from: phone.clone(), to: sender.clone(), text, at };
            self.hub.leave([(now, echo)]);
        }
        let Some(receipts) = self.hub.options.receipts else { return };
        let report = Report {
            message_id: id.clone(),
            phone,
            sender,
            failed: receipts.fail_every > 0 && number.is_multiple_of(receipts.fail_every),
            deleted: false,
            submitted_ms: self.hub.clock.now().as_millisecond(),
        };
        let wanted = submit.wants_receipt();
        if !receipts.delay.is_zero() && !before {
            self.hub.hold(&id, now + receipts.delay, wanted.then(|| report.clone()));
        }
        if !wanted {
            return;
        }
        let report = Delivery::Receipt(report);
        let receives = self.bound.is_some_and(|bound| bound.receives);
        for _ in 0..receipts.copies.max(1) {
            if before && receives && self.delivered.len() < <O::Speech as Speech>::MOST_DELIVERIES {
                self.deliver(report.clone());
            } else if receives {
                self.receipts.push_back((now + receipts.delay, report.clone()));
            } else {
                self.hub.leave([(now + receipts.delay, report.clone())]);
            }
        }
    }
}
