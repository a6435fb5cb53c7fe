//! A submit at the simulated operator: its reply, with what the faults make of it, and what it gives rise to.

use super::{Bound, End, Peer};
use crate::codec::{self, Body, MessageResp, Pdu, ShortMessage, Tlvs, tag};
use crate::simulator::compose;
use crate::simulator::hub::{Delivery, Report};
use crate::status::Status;
use bytes::BytesMut;
use std::time::Duration;

impl Peer {
    pub(super) fn submit(&mut self, now: Duration, sequence: u32, message: ShortMessage) -> Result<(), End> {
        let number = self.hub.next_submit();
        self.submits += 1;
        let every = |n: u64| n > 0 && number.is_multiple_of(n);
        let status = self.verdict(&every);
        let id = if status.is_ok() { self.hub.next_id() } else { String::new() };
        if self.hub.journal.is_open() {
            self.hub.journal.write(compose::submitted(&self.hub, self.session, sequence, &message, &id));
        }
        if every(self.faults.drop_every) {
            let mut half = BytesMut::new();
            let _ = codec::encode(&Pdu::new(sequence, Body::SubmitSmResp(MessageResp::new(id))), &mut half);
            half.truncate(half.len() / 2);
            self.half = Some(half);
            return Ok(());
        }
        let mut tlvs = Tlvs::default();
        if let Some(congestion) = self.faults.congestion {
            tlvs.push_u8(tag::CONGESTION_STATE, congestion);
        }
        let answered = !self.faults.no_answer && !every(self.faults.no_answer_every);
        let reply = Pdu {
            status,
            sequence,
            body: Body::SubmitSmResp(MessageResp { message_id: Some(id.as_str().into()), tlvs }),
        };
        let before = self.hub.options.receipts.is_some_and(|receipts| receipts.before_reply);
        if status.is_ok() {
            self.accepted += 1;
            self.afterwards(now, number, id, message, before);
        }
        if answered {
            self.answer(reply, &every);
        } else {
            self.silent += 1;
        }
        Ok(())
    }

    fn verdict(&self, every: &impl Fn(u64) -> bool) -> Status {
        let faults = &self.faults;
        match (self.bound, faults.status) {
            (None | Some(Bound { sends: false, .. }), _) => Status::ESME_RINVBNDSTS,
            _ if faults.throttle || every(faults.throttle_every) => Status::ESME_RTHROTTLED,
            (_, Some(status)) if faults.status_every == 0 || every(faults.status_every) => Status(status),
            _ => Status::ESME_ROK,
        }
    }

    /// The reply, with what the faults make of it.
    fn answer(&mut self, reply: Pdu, every: &impl Fn(u64) -> bool) {
        let faults = self.faults.clone();
        let sequence = reply.sequence;
        if every(faults.garbage_every) {
            self.out.extend_from_slice(b"\x00\x00\x00\x05 this is no PDU");
        }
        if every(faults.unknown_every) {
            self.together.push(Pdu { sequence: sequence.wrapping_add(0x1000_0000), ..reply.clone() });
        }
        if every(faults.duplicate_every) {
            self.together.push(reply.clone());
        }
        let other = |body| Pdu { status: Status::ESME_ROK, sequence, body };
        self.together.push(if every(faults.nack_every) {
            Pdu { status: Status::ESME_RSYSERR, ..other(Body::GenericNack(Tlvs::default())) }
        } else if every(faults.wrong_command_every) {
            other(Body::QuerySmResp(None))
        } else if every(faults.empty_every) {
            other(Body::SubmitSmResp(MessageResp::default()))
        } else {
            reply
        });
    }

    /// The receipt and the echo of a message that was taken.
    fn afterwards(&mut self, now: Duration, number: u64, id: String, message: ShortMessage, before: bool) {
        if self.hub.options.echo {
            let (from, to) =
                (message.destination.addr.text().into_owned(), message.source.addr.text().into_owned());
            let echo = Delivery::Mo { from, to, text: compose::text(&message) };
            self.hub.leave([(now, echo)]);
        }
        let Some(receipts) = self.hub.options.receipts.filter(|_| message.registered_delivery & 0x03 != 0)
        else {
            return;
        };
        // Copied: a view into what was read would keep the whole of it.
        let copied = |address: &codec::Address| {
            codec::Address::new(address.ton, address.npi, address.addr.as_bytes().to_vec())
        };
        let report = Delivery::Receipt(Report {
            message_id: id,
            from: copied(&message.destination),
            to: copied(&message.source),
            failed: receipts.fail_every > 0 && number.is_multiple_of(receipts.fail_every),
            submitted_ms: self.hub.clock.now().as_millisecond(),
        });
        let receives = self.bound.is_some_and(|bound| bound.receives);
        for _ in 0..receipts.copies.max(1) {
            if before && receives {
                self.deliver(report.clone());
            } else if receives {
                self.receipts.push_back((now + receipts.delay, report.clone()));
            } else {
                self.hub.leave([(now + receipts.delay, report.clone())]);
            }
        }
    }
}
