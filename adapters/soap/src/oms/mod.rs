//! Outlook Mobile Service ([MS-OMS], described by `wsdl/oms.wsdl`): what Outlook 2007 and 2010 and SharePoint send text messages by.
//!
//! Each argument and each result is a string that holds a whole XML document. What is wrong with a message is told in the document that goes
//! back; there is a fault only for what cannot be read, and for who must not send a password so.

mod answer;
mod call;
mod config;
mod deliver;
mod document;
mod errors;

pub use config::OmsConfig;

use crate::batch;
use crate::config::Config;
use crate::door::Doors;
use crate::form::Names;
use crate::gateway::Gateway;
use crate::login::{Shown, Token};
use crate::port_type::{Asker, PortType};
use crate::trouble::Trouble;
use crate::wsdl::{self, Description};
use crate::xml::{Element, Reader, Writer};
use call::{Asked, Call};
use deliver::Delivery;
use document::XmsData;
use domain::access::Sender;
use domain::message::Door;
use domain::refusal::{Code, Refusal};
use domain::{Language, words};
use errors::Report;
use ports::driving::Credentials;
use std::sync::Arc;

/// Where it is.
pub(crate) const PATH: &str = "/soap/oms";
/// Namespace of the service, its messages and its documents but one.
const NAMESPACE: &str = "http://schemas.microsoft.com/office/Outlook/2006/OMS";
/// Namespace of `serviceInfo`.
const SERVICE_INFO: &str = "http://schemas.microsoft.com/office/Outlook/2006/OMS/serviceInfo";
/// What its elements are called, for faults.
const NAMES: Names = Names(NAMESPACE);
/// Characters of a text in US-ASCII, as clients are told: they cut what is longer.
const MAX_SBCS: usize = 160;
/// Characters of any other text.
const MAX_DBCS: usize = 70;
/// Its description.
pub(crate) static WSDL: Description =
    Description { text: include_str!("../../../../wsdl/oms.wsdl"), path: PATH };

/// The service.
pub(crate) struct Oms;

impl PortType for Oms {
    type Call = Call;

    fn read(reader: &mut Reader<'_>, operation: &Element, config: &Config) -> Result<Call, Trouble> {
        call::read(reader, operation, config)
    }

    async fn serve(
        doors: &Doors,
        Call { operation, asked }: Call,
        asker: Asker<'_>,
        anonymous: &mut bool,
    ) -> Result<String, Trouble> {
        let Asker { shown, version, language } = asker;
        let config = &doors.config.oms;
        tracing::debug!(operation = operation.name, "oms call");
        let mut guests = Guests { doors, shown, known: Vec::new(), anonymous };
        let document = match asked {
            Asked::ServiceInfo => {
                let Shown { headers, caller, .. } = guests.shown;
                let base = wsdl::base(headers, None, caller.https, &doors.config);
                answer::service_info(config, &format!("{base}{PATH}"))
            }
            Asked::UserInfo(login) => match guests.let_in(login, true).await? {
                Ok(sender) => answer::user_info(config, Ok(sender.user())),
                Err(refusal) => answer::user_info(config, Err(&Report::refusal(&refusal, &[], language))),
            },
            Asked::Deliver(mut data) => {
                let sender = guests.let_in(data.login.take(), true).await?;
                answer::response(config, &deliver(doors, sender, *data, language).await)
            }
            Asked::Batch(batch) => {
                let nobody = batch.items.iter().all(|item| item.login.is_none());
                let mut items = Vec::with_capacity(batch.items.len());
                for mut data in batch.items {
                    items.push((guests.let_in(data.login.take(), nobody).await?, data));
                }
                let results = batch::carry_out(
                    items,
                    |(_, data)| &data.to,
                    |(sender, mut data)| {
                        let (doors, id) = (doors.clone(), data.id.take());
                        async move { (id, deliver(&doors, sender, data, language).await) }
                    },
                );
                answer::responses(config, &results.await)
            }
        };
        Ok(answer::envelope(version, operation, &document))
    }

    fn detail(out: &mut Writer, refusal: &Refusal, language: Language) {
        Gateway::detail(out, refusal, language);
    }
}

async fn deliver(
    doors: &Doors,
    sender: Result<Sender, Refusal>,
    data: XmsData,
    language: Language,
) -> Vec<Report> {
    let sender = match sender {
        Ok(sender) => sender,
        Err(refusal) => return vec![Report::refusal(&refusal, &data.to, language)],
    };
    let submit = Arc::clone(&doors.submit);
    let config = &doors.config.oms;
    let now = doors.clock.now();
    Delivery { submit: submit.as_ref(), sender: &sender, config, language, now }.deliver(data).await
}

/// Who calls. Each login of a batch is checked once, however many messages have it.
struct Guests<'a> {
    doors: &'a Doors,
    shown: Shown<'a>,
    known: Vec<(Option<Token>, Result<Sender, Refusal>)>,
    /// Set when somebody showed nothing at all, so that he may be asked by HTTP's means.
    anonymous: &'a mut bool,
}

impl Guests<'_> {
    /// Lets somebody in by the login of a document, else by what he showed outside it. `alone`: nothing else in the call has a login.
    ///
    /// # Errors
    /// The fault for a password that must not come that way, or for who showed nothing. A wrong login is no fault.
    async fn let_in(
        &mut self,
        login: Option<Token>,
        alone: bool,
    ) -> Result<Result<Sender, Refusal>, Trouble> {
        let is_same = |known: &Option<Token>| match (known, &login) {
            (Some(one), Some(other)) => document::same(one, other),
            (None, None) => true,
            _ => false,
        };
        if let Some((_, sender)) = self.known.iter().find(|(known, _)| is_same(known)) {
            return Ok(sender.clone());
        }
        let Shown { token, headers, caller, plain_passwords } = &self.shown;
        // An empty name is nobody's: what was shown outside the document counts then.
        let named = login.clone().filter(|login| !login.user.is_empty()).or_else(|| token.clone());
        let shown = Shown { token: named, headers, caller: *caller, plain_passwords: *plain_passwords };
        let sender = match shown.credentials(None) {
            Ok(credentials) => {
                let nothing = matches!(credentials, Credentials::None);
                *self.anonymous = nothing && login.is_none() && alone;
                self.doors.auth.authenticate(&credentials, caller.address, Door::Soap).await
            }
            Err(refusal) if refusal.code == Code::NotPermitted => return Err(refusal.into()),
            Err(refusal) => Err(refusal),
        };
        match &sender {
            Err(refusal) if *self.anonymous && refusal.code == Code::NotAuthenticated => {
                Err(refusal.clone().into())
            }
            _ => {
                self.known.push((login, sender.clone()));
                Ok(sender)
            }
        }
    }
}

/// Whether an element may be one of the service's: of its namespaces, also as they are misspelt with https, or of none.
fn is_ours(element: &Element) -> bool {
    let Some(namespace) = element.namespace.as_deref() else { return true };
    let plain = namespace.strip_prefix("https:").or(namespace.strip_prefix("http:"));
    let ours = NAMESPACE.strip_prefix("http:").unwrap_or(NAMESPACE);
    plain.and_then(|n| n.strip_prefix(ours)).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Puts a value in its place, which must be free.
fn once<T>(place: &mut Option<T>, name: &'static str, value: T) -> Result<(), Trouble> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Refusal::field(
            Code::Malformed,
            name,
            words!("{name}: angivet mer än en gång", "{name}: given more than once"),
        )
        .into()),
    }
}

/// Reads a text as each of the documents, for the fuzz target.
pub(crate) fn read_documents(text: &str, config: &Config) {
    let _ = document::xms_user(text, config);
    let _ = document::xms_data(text, config);
    let _ = document::xms_batch(text, config);
}
