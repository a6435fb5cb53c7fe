//! What is asked for: the element in the Body, by its name, with its values.
//!
//! A document that is not shaped as it must be is refused at once; a value that is wrong is refused only once the caller has been let in,
//! and in a batch only for its own message.

use super::NAMES;
use super::sms::Sms;
use crate::config::Config;
use crate::form::{Form, plain};
use crate::login::Token;
use crate::trouble::Trouble;
use crate::values::{boolean, number};
use crate::xml::{Element, Reader};
use domain::message::MoId;
use domain::refusal::{Code, Refusal};
use domain::submission::Request;
use domain::{Words, words};

/// The login that may stand in every wrapper element.
const LOGIN: [&str; 2] = ["username", "password"];

/// A call of an operation. The operations of dialogues (StartDialog, SendInDialog, GetDialogReplies) have their place here.
#[derive(Debug)]
pub(crate) enum Call {
    /// Send a message.
    SendSms(Box<Request>),
    /// Send many messages; each stands for itself.
    SendSmsBatch(Vec<Result<Request, Refusal>>),
    /// What would become of a message.
    PreviewSms(Box<Request>),
    /// What became of messages: by id, and by the caller's own reference.
    GetStatus { ids: Vec<String>, reference: Option<String> },
    /// Take a message back.
    CancelSms {
        id: String,
        /// Whether its operator is to be asked, when he has it.
        recall: bool,
    },
    /// Received messages.
    GetReceived { max: usize, after: Option<MoId> },
    /// Received messages have been taken care of.
    AckReceived { ids: Vec<String> },
    /// What is left to send for.
    GetBalance,
    /// Is anybody there?
    Ping,
}

impl Call {
    /// The name of the element that answers it.
    pub(crate) fn response(&self) -> &'static str {
        match self {
            Self::SendSms(_) => "SendSmsResponse",
            Self::SendSmsBatch(_) => "SendSmsBatchResponse",
            Self::PreviewSms(_) => "PreviewSmsResponse",
            Self::GetStatus { .. } => "GetStatusResponse",
            Self::CancelSms { .. } => "CancelSmsResponse",
            Self::GetReceived { .. } => "GetReceivedResponse",
            Self::AckReceived { .. } => "AckReceivedResponse",
            Self::GetBalance => "GetBalanceResponse",
            Self::Ping => "PingResponse",
        }
    }
}

/// A call and the login beside it.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Login in the Body.
    pub login: Option<Token>,
    /// The call, or the value in it that is wrong.
    pub call: Result<Call, Refusal>,
}

/// Reads the operation whose wrapper element was just opened.
pub(crate) fn read(reader: &mut Reader<'_>, operation: &Element, config: &Config) -> Result<Asked, Trouble> {
    NAMES.own(operation)?;
    match operation.local.as_str() {
        "SendSms" => send(reader, Call::SendSms),
        "PreviewSms" => send(reader, Call::PreviewSms),
        "SendSmsBatch" => batch(reader, config),
        "GetStatus" => simple(reader, &["id", "reference"], |form| {
            let (ids, reference) = (form.list("id"), form.take("reference")?);
            if ids.is_empty() && reference.is_none() {
                return Err(Refusal::field(
                    Code::InvalidParameter,
                    "id",
                    Words::new("id: minst ett, eller en reference", "id: at least one, or a reference"),
                ));
            }
            Ok(Call::GetStatus { ids: at_most(ids, config.ids)?, reference })
        }),
        "CancelSms" => simple(reader, &["id", "recall"], |form| {
            let id = form.take("id")?.ok_or_else(|| missing("id"))?;
            let recall = form.take("recall")?.map_or(Ok(false), |v| boolean(&v, "recall"))?;
            Ok(Call::CancelSms { id, recall })
        }),
        "GetReceived" => simple(reader, &["max", "after"], |form| {
            let max =
                form.take("max")?.map_or(Ok(100), |v| number(&v, "max", Code::InvalidParameter, 1, 1000))?;
            let after =
                form.take("after")?.map(|v| v.trim().parse().map_err(|_| missing("after"))).transpose()?;
            Ok(Call::GetReceived { max: max as usize, after })
        }),
        "AckReceived" => simple(reader, &["id"], |form| {
            let ids = form.list("id");
            if ids.is_empty() {
                Err(missing("id"))
            } else {
                Ok(Call::AckReceived { ids: at_most(ids, config.ids)? })
            }
        }),
        "GetBalance" => simple(reader, &[], |_| Ok(Call::GetBalance)),
        "Ping" => simple(reader, &[], |_| Ok(Call::Ping)),
        _ => Err(NAMES.unexpected(operation)),
    }
}

fn simple(
    reader: &mut Reader<'_>,
    fields: &[&'static str],
    call: impl FnOnce(&mut Form) -> Result<Call, Refusal>,
) -> Result<Asked, Trouble> {
    let known: Vec<&'static str> = LOGIN.iter().chain(fields).copied().collect();
    let mut form = Form::read(reader, NAMES, &known, plain)?;
    let login = login(&mut form)?;
    Ok(Asked { login, call: call(&mut form) })
}

fn send(reader: &mut Reader<'_>, call: impl FnOnce(Box<Request>) -> Call) -> Result<Asked, Trouble> {
    let mut sms = Sms::read(reader, &LOGIN)?;
    let login = login(sms.form())?;
    Ok(Asked { login, call: sms.request().map(Box::new).map(call) })
}

fn batch(reader: &mut Reader<'_>, config: &Config) -> Result<Asked, Trouble> {
    let mut items = Vec::new();
    let most = config.batch;
    let mut form =
        Form::read(reader, NAMES, &["username", "password", "clientReference"], |name, reader| {
            if name != "sms" {
                return Ok(false);
            }
            if items.len() == most {
                return Err(Refusal::field(
                    Code::TooLarge,
                    "sms",
                    words!("högst {most} meddelanden", "at most {most} messages"),
                )
                .into());
            }
            items.push(Sms::read(reader, &[])?.request());
            Ok(true)
        })?;
    let login = login(&mut form)?;
    let call = form.take("clientReference").and_then(|whole| match items.is_empty() {
        true => Err(missing("sms")),
        false => Ok(Call::SendSmsBatch(keyed(items, whole.as_deref()))),
    });
    Ok(Asked { login, call })
}

/// Gives each message of a batch that has no key of its own one made of the batch's key and its place.
fn keyed(mut items: Vec<Result<Request, Refusal>>, whole: Option<&str>) -> Vec<Result<Request, Refusal>> {
    let Some(whole) = whole else { return items };
    for (place, item) in items.iter_mut().enumerate() {
        if let Ok(request) = item {
            request.idempotency_key.get_or_insert_with(|| format!("{whole}/{}", place + 1));
        }
    }
    items
}

fn login(form: &mut Form) -> Result<Option<Token>, Trouble> {
    let (user, password) = (form.take("username")?, form.take("password")?);
    Ok(user.map(|user| Token { user: user.trim().to_owned(), password: password.unwrap_or_default().into() }))
}

fn at_most(ids: Vec<String>, most: usize) -> Result<Vec<String>, Refusal> {
    if ids.len() <= most {
        Ok(ids)
    } else {
        Err(Refusal::field(Code::TooLarge, "id", words!("högst {most} id", "at most {most} ids")))
    }
}

fn missing(field: &'static str) -> Refusal {
    Refusal::field(
        Code::InvalidParameter,
        field,
        words!("{field}: saknas eller är inget sådant", "{field}: missing or not one"),
    )
}
