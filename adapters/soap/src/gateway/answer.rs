//! Answers: what the ports gave, as the schema's response elements.

use super::NAMESPACE;
use crate::fault::reason;
use crate::values::base64;
use crate::version::Version;
use crate::xml::Writer;
use domain::message::Body;
use domain::refusal::Refusal;
use domain::submission::{Accepted, RefusedRecipient};
use domain::{Language, Timestamp};
use ports::driven::{MessageRecord, MoRecord, Page};
use ports::driving::{Balance, Preview};

/// An answer that is being written: the wrapper element is open.
pub(crate) struct Answer {
    out: Writer,
    language: Language,
}

impl Answer {
    /// Begins an answer; `wrapper` is the response element's name.
    pub(crate) fn new(version: Version, wrapper: &'static str, language: Language) -> Self {
        let mut out = Writer::new();
        out.open("s:Envelope", &[("xmlns:s", version.namespace())])
            .open("s:Body", &[])
            .open(wrapper, &[("xmlns", NAMESPACE)]);
        Self { out, language }
    }

    /// The document.
    pub(crate) fn finish(self) -> String {
        self.out.finish()
    }

    /// SendSms.
    pub(crate) fn accepted(&mut self, accepted: &Accepted) {
        self.out.leaf("submission", &accepted.submission().to_string());
        self.out.leaf("repeated", boolean(accepted.is_repeated()));
        for message in accepted.messages() {
            self.out.open("message", &[]).leaf("id", &message.id.to_string()).leaf("to", &message.to);
            self.out
                .leaf("segments", &message.segments.to_string())
                .leaf("encoding", message.alphabet.name());
            self.out.leaf("state", message.state.as_str()).close();
        }
        self.refused(accepted.refused());
    }

    /// SendSmsBatch: one result for each message, in their order.
    pub(crate) fn batch(&mut self, results: &[Result<Accepted, Refusal>]) {
        let accepted: usize = results.iter().flatten().map(|a| a.messages().len()).sum();
        self.out.leaf("accepted", &accepted.to_string());
        for result in results {
            self.out.open("result", &[]);
            match result {
                Ok(accepted) => self.accepted(accepted),
                Err(refusal) => {
                    self.out.open("fault", &[]);
                    reason(&mut self.out, refusal, self.language);
                    self.out.close();
                }
            }
            self.out.close();
        }
    }

    /// PreviewSms.
    pub(crate) fn preview(&mut self, preview: &Preview) {
        let decided = &preview.plan.decided;
        let text = match &decided.body {
            Body::Text { text, .. } => Some(text.as_str()),
            Body::Binary { .. } => None,
        };
        self.out
            .leaf("segments", &decided.segments.to_string())
            .leaf("encoding", decided.body.alphabet().name());
        self.out
            .maybe("text", text)
            .maybe("from", decided.originator.as_ref().map(ToString::to_string).as_deref());
        self.out.leaf("priority", decided.priority.as_str()).leaf("state", decided.state.as_str());
        self.out.leaf("sendAt", &moment(decided.due_at)).leaf("expiresAt", &moment(decided.expires_at));
        for change in &decided.changes {
            self.out.open("change", &[]).leaf("at", &change.at.to_string());
            self.out.leaf("from", &change.from).leaf("to", &change.to).close();
        }
        for planned in &preview.plan.recipients {
            self.out
                .open("recipient", &[])
                .leaf("to", &planned.recipient.to_string())
                .leaf("link", planned.link.as_str())
                .close();
        }
        self.refused(&preview.plan.refused);
        for step in preview.trace.steps() {
            self.out
                .open("step", &[])
                .leaf("rule", step.rule)
                .leaf("found", step.found.in_language(self.language))
                .close();
        }
    }

    /// One message of GetStatus.
    pub(crate) fn status(&mut self, record: &MessageRecord) {
        let message = &record.message;
        let out = &mut self.out;
        out.open("status", &[])
            .leaf("id", &message.id.to_string())
            .leaf("to", &message.recipient.to_string());
        out.maybe("from", message.originator.as_ref().map(ToString::to_string).as_deref());
        out.leaf("state", record.state.as_str()).leaf("segments", &message.segments.to_string());
        out.leaf("encoding", message.body.alphabet().name()).leaf("link", record.link.as_str());
        out.maybe("reference", message.reference.as_deref()).leaf("acceptedAt", &moment(message.accepted_at));
        out.maybe("sentAt", record.sent_at.map(moment).as_deref());
        out.maybe("finalAt", record.final_at.map(moment).as_deref());
        out.maybe("error", Some(record.error.as_str()).filter(|e| !e.is_empty()));
        out.leaf("possibleDuplicate", boolean(record.possible_duplicate));
        for part in record.parts.as_slice() {
            out.open("part", &[]).leaf("seq", &part.seq.to_string()).leaf("state", part.state.as_str());
            out.maybe("operatorId", Some(part.operator_id.as_str()).filter(|id| !id.is_empty()));
            out.maybe("error", Some(part.error.as_str()).filter(|e| !e.is_empty())).close();
        }
        out.close();
    }

    /// CancelSms.
    pub(crate) fn cancelled(&mut self, id: &str, state: &str) {
        self.out.leaf("id", id).leaf("state", state);
    }

    /// GetReceived.
    pub(crate) fn received(&mut self, page: &Page<MoRecord>) {
        for record in &page.items {
            let mo = &record.mo;
            let out = &mut self.out;
            out.open("received", &[])
                .leaf("id", &mo.id.to_string())
                .leaf("from", &mo.source)
                .leaf("to", &mo.destination);
            out.leaf("text", &mo.text);
            if !mo.binary.is_empty() {
                out.leaf("data", &base64(&mo.binary));
            }
            out.leaf("segments", &mo.segments.to_string()).leaf("complete", boolean(mo.complete));
            out.leaf("receivedAt", &moment(mo.received_at)).leaf("link", mo.link.as_str()).close();
        }
        self.out.leaf("more", boolean(page.next.is_some()));
    }

    /// AckReceived.
    pub(crate) fn acknowledged(&mut self, count: usize) {
        self.out.leaf("acknowledged", &count.to_string());
    }

    /// Ids that are nobody's, or not the caller's.
    pub(crate) fn not_found(&mut self, ids: &[String]) {
        for id in ids {
            self.out.leaf("notFound", id);
        }
    }

    /// GetBalance.
    pub(crate) fn balance(&mut self, balance: Balance) {
        match balance {
            Balance::Unlimited => self.out.leaf("unlimited", "true"),
        };
    }

    /// Ping.
    pub(crate) fn pong(&mut self, now: Timestamp, user: Option<&str>) {
        self.out.leaf("time", &moment(now)).maybe("user", user);
    }

    fn refused(&mut self, refused: &[RefusedRecipient]) {
        for RefusedRecipient { input, refusal } in refused {
            self.out.open("refused", &[]).leaf("to", input);
            reason(&mut self.out, refusal, self.language);
            self.out.close();
        }
    }
}

fn boolean(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

/// A moment as `xs:dateTime` in UTC, to the millisecond.
fn moment(at: Timestamp) -> String {
    format!("{at:.3}")
}
