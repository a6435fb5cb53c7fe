//! Parlay X short messaging: the one SOAP standard for texts that programs were built on (ETSI ES 202 391-4, 3GPP TS 29.199-04).
//!
//! SendSms, ReceiveSms and SmsNotificationManager are taken here, at any path below [`PATHS`] and by the element in the Body, since no SOAPAction
//! comes; SmsNotification is what we call at the application ([`notify`]). Elements may be of any edition's namespace (2.1, 2.2, 3.1) and are
//! answered in the same; wrappers' children are qualified and what stands in the common types is not. Logos and ringtones are refused.

mod address;
mod call;
mod exception;
mod notify;

use crate::config::Config;
use crate::door::Doors;
use crate::port_type::{Asker, PortType};
use crate::trouble::Trouble;
use crate::version::Version;
use crate::wsdl::Description;
use crate::xml::{Element, Reader, Writer};
use call::{Asked, Call};
use domain::access::Sender;
use domain::message::{Door, MessageId};
use domain::refusal::{Code, Refusal};
use domain::state::State;
use domain::submission::Request;
use domain::{Language, Words, numbering};
use ports::driven::{Filter, MessageRecord, MoRecord};
use ports::driving::Credentials;

pub use notify::ParlayXDeliver;

/// Where the services are.
pub(crate) const PATHS: &str = "/soap/parlayx/{*service}";
/// What their paths begin with.
const ROOT: &str = "/soap/parlayx/";
/// Received messages in one answer.
const RECEIVED: usize = 100;
/// Pages of the inbox that are looked through for them.
const PAGES: usize = 20;

/// The descriptions, each known by the last part of its path; old clients have `SendSmsService/services/SendSms` there.
static DESCRIPTIONS: [Description; 4] = [
    Description {
        text: include_str!("../../../../wsdl/parlayx/sms_send.wsdl"),
        path: "/soap/parlayx/SendSms",
    },
    Description {
        text: include_str!("../../../../wsdl/parlayx/sms_receive.wsdl"),
        path: "/soap/parlayx/ReceiveSms",
    },
    Description {
        text: include_str!("../../../../wsdl/parlayx/sms_notification_manager.wsdl"),
        path: "/soap/parlayx/SmsNotificationManager",
    },
    Description {
        text: include_str!("../../../../wsdl/parlayx/sms_notification.wsdl"),
        path: "/soap/parlayx/SmsNotification",
    },
];

/// The names of the services.
fn names() -> impl Iterator<Item = &'static str> {
    DESCRIPTIONS.iter().map(|description| description.path.trim_start_matches(ROOT))
}

/// Whether a path is one of ours.
pub(crate) fn is_at(path: &str) -> bool {
    path.starts_with(ROOT)
}

/// The description of the service at a path.
pub(crate) fn description_of(path: &str) -> Option<&'static Description> {
    let last = path.strip_prefix(ROOT)?.trim_end_matches('/').rsplit('/').next()?;
    let name = last.strip_suffix("Service").unwrap_or(last);
    names().zip(&DESCRIPTIONS).find(|(other, _)| *other == name).map(|(_, description)| description)
}

/// What there is, for who asks for something else.
pub(crate) fn services() -> Words {
    let names = names().collect::<Vec<_>>().join(", ");
    domain::words!(
        "Parlay X: {ROOT} följt av något av {names}",
        "Parlay X: {ROOT} followed by one of {names}"
    )
}

/// The services.
pub(crate) struct ParlayX;

impl PortType for ParlayX {
    type Call = Asked;

    fn read(reader: &mut Reader<'_>, operation: &Element, _: &Config) -> Result<Asked, Trouble> {
        call::read(reader, operation)
    }

    async fn serve(
        doors: &Doors,
        asked: Asked,
        asker: Asker<'_>,
        anonymous: &mut bool,
    ) -> Result<String, Trouble> {
        let Asked { namespace, call } = asked;
        let caller = asker.shown.caller;
        let credentials = asker.shown.credentials(None)?;
        *anonymous = matches!(credentials, Credentials::None);
        let sender = doors.auth.authenticate(&credentials, caller.address, Door::Soap).await?;
        let call = call?;
        tracing::debug!(user = sender.name().as_str(), operation = call.response(), "parlay x call");
        let mut answer = Answer::new(asker.version, call.response(), &namespace);
        Work { doors, sender: &sender }.carry_out(call, &mut answer).await?;
        Ok(answer.out.finish())
    }

    fn detail(out: &mut Writer, refusal: &Refusal, language: Language) {
        exception::write(out, refusal, language);
    }
}

/// An answer that is being written: the wrapper element is open. Its own children are of the operation's namespace (`l:`), what stands in them is of none.
struct Answer {
    out: Writer,
}

impl Answer {
    fn new(version: Version, wrapper: &'static str, namespace: &str) -> Self {
        let mut out = Writer::new();
        out.open("s:Envelope", &[("xmlns:s", version.namespace())])
            .open("s:Body", &[])
            .open(wrapper, &[("xmlns:l", namespace)]);
        Self { out }
    }

    /// DeliveryInformation (section 8.5.2).
    fn delivery(&mut self, record: &MessageRecord) {
        self.out.open("l:result", &[]);
        delivery(&mut self.out, record, record.state);
        self.out.close();
    }
}

/// The fields of a DeliveryInformation about a message in a state.
fn delivery(out: &mut Writer, record: &MessageRecord, state: State) {
    let status = match state {
        State::Scheduled | State::Queued | State::Sending => "MessageWaiting",
        State::Sent => "DeliveredToNetwork",
        State::Delivered => "DeliveredToTerminal",
        State::Unknown => "DeliveryUncertain",
        State::Failed | State::Expired | State::Cancelled => "DeliveryImpossible",
    };
    out.leaf("address", &address::of(&record.message.recipient.to_string())).leaf("deliveryStatus", status);
}

/// The fields of an SmsMessage (section 8.5.3).
fn message(out: &mut Writer, mo: &domain::mo::Mo) {
    out.leaf("message", &mo.text)
        .leaf("senderAddress", &address::of(&mo.source))
        .leaf("smsServiceActivationNumber", &address::of(&mo.destination))
        .leaf("dateTime", &format!("{:.3}", mo.received_at));
}

/// A call of somebody who has been let in.
struct Work<'a> {
    doors: &'a Doors,
    sender: &'a Sender,
}

impl Work<'_> {
    async fn carry_out(&self, call: Call, answer: &mut Answer) -> Result<(), Refusal> {
        match call {
            Call::SendSms(request) => {
                answer.out.leaf("l:result", &self.send(*request).await?);
            }
            Call::GetSmsDeliveryStatus { request } => self.status(&request, answer).await?,
            Call::GetReceivedSms { registration } => {
                for record in self.received(&registration).await? {
                    answer.out.open("l:result", &[]);
                    message(&mut answer.out, &record.mo);
                    answer.out.close();
                }
            }
            Call::StartSmsNotification(wish) => self.doors.subscribe.subscribe(self.sender, wish).await?,
            Call::StopSmsNotification { correlator } => {
                self.doors.subscribe.unsubscribe(self.sender, &correlator).await?;
            }
        }
        Ok(())
    }

    /// Sends to all or to none: the answer is one name and could not say who is left out. The name is the messages' reference.
    async fn send(&self, mut request: Request) -> Result<String, Refusal> {
        let name = format!("parlayx-{}", self.doors.ids.next());
        request.reference = Some(name.clone());
        if request.to.len() > 1 {
            let preview = self.doors.submit.preview(self.sender, request.clone()).await?;
            all_or_none(&preview.plan.refused)?;
        }
        let accepted = self.doors.submit.submit(self.sender, request).await?;
        for refused in accepted.refused() {
            tracing::warn!(request = name, why = %refused.refusal, "a recipient became impossible while others were accepted");
        }
        Ok(name)
    }

    /// Pages may be short, so it asks until there are no more; the number of pages is bounded too.
    async fn status(&self, request: &str, answer: &mut Answer) -> Result<(), Refusal> {
        let unknown = || Refusal::field(Code::NotFound, "reference", "");
        let reference = Some(request.trim()).filter(|name| !name.is_empty()).ok_or_else(unknown)?;
        let mut filter = Filter { reference: Some(reference.to_owned()), limit: 1000, ..Filter::default() };
        let mut found = Vec::new();
        for _ in 0..PAGES {
            let page = self.doors.query.list(self.sender, filter.clone()).await?;
            found.extend(page.items);
            let Some(next) = page.next else { break };
            filter.after = Some(MessageId(next));
        }
        if found.is_empty() {
            return Err(unknown());
        }
        found.sort_by_key(|record| record.message.id);
        found.iter().for_each(|record| answer.delivery(record));
        Ok(())
    }

    /// Takes received texts out of the inbox. The standard has no acknowledgement: what is handed out here is taken care of, and an answer that
    /// is lost on its way is not repeated.
    async fn received(&self, registration: &str) -> Result<Vec<MoRecord>, Refusal> {
        let registration = address::number(registration);
        let number = match registration.trim() {
            "" => None,
            written => Some(
                numbering::receiving(written, self.doors.config.country)
                    .map_err(|why| Refusal::field(Code::InvalidNumber, "registration", why))?
                    .to_string(),
            ),
        };
        let wanted = |record: &MoRecord| {
            let to = record.mo.destination.trim_start_matches('+');
            record.mo.binary.is_empty() && number.as_deref().is_none_or(|number| number == to)
        };
        let (mut taken, mut after) = (Vec::new(), None);
        for _ in 0..PAGES {
            let page = self.doors.query.inbox(self.sender, after, 1000).await?;
            after = page.items.last().map(|record| record.mo.id);
            let ended = page.next.is_none();
            for record in page.items.into_iter().filter(wanted).take(RECEIVED - taken.len()) {
                match self.doors.query.acknowledge(self.sender, record.mo.id).await {
                    Ok(()) => taken.push(record),
                    // What was taken so far is answered; the rest is for the next call.
                    Err(refusal) if !taken.is_empty() => {
                        tracing::warn!(%refusal, "received messages are answered in part");
                        return Ok(taken);
                    }
                    Err(refusal) => return Err(refusal),
                }
            }
            if ended || taken.len() >= RECEIVED {
                break;
            }
        }
        Ok(taken)
    }
}

/// Refuses the whole when anybody is refused, naming them.
fn all_or_none(refused: &[domain::submission::RefusedRecipient]) -> Result<(), Refusal> {
    let Some(first) = refused.first() else { return Ok(()) };
    let named: Vec<&str> = refused.iter().take(20).map(|one| one.input.as_str()).collect();
    let named: String = named.join(", ").chars().filter(|c| !c.is_control()).take(500).collect();
    let (swedish, english) = (first.refusal.text(Language::Swedish), first.refusal.text(Language::English));
    let detail = domain::words!(
        "{named}: {swedish} Inget sändes till någon.",
        "{named}: {english} Nothing was sent to anybody."
    );
    Err(Refusal::field(first.refusal.code, "to", detail))
}
