//! What a request asks for. Elements nobody knows are a fault, but those that operators' client libraries add and leave empty.

use super::address;
use crate::form::{Form, Names, plain};
use crate::trouble::Trouble;
use crate::xml::{Element, Reader};
use domain::message::{Callback, CallbackError, Edition, SimpleReference};
use domain::refusal::{Code, Refusal};
use domain::submission::Request;
use domain::{Words, words};
use ports::driving::Wish;

/// What the namespaces of all editions begin with.
const NAMES: Names = Names("http://www.csapi.org/schema/parlayx/");
/// What a well-known family of client libraries adds to sendSms: said by the gateway itself (`encode`, `data_coding`), or unlike nothing when not zero.
const ADDED: [&str; 5] = ["encode", "data_coding", "sourceport", "destinationport", "esm_class"];

/// An operation.
#[derive(Debug)]
pub(super) enum Call {
    /// Send a text.
    SendSms(Box<Request>),
    /// What became of a request.
    GetSmsDeliveryStatus { request: String },
    /// Received texts, by the number they were sent to; empty = all.
    GetReceivedSms { registration: String },
    /// Tell of received messages from now on.
    StartSmsNotification(Wish),
    /// And no more.
    StopSmsNotification { correlator: String },
}

impl Call {
    /// The element that answers it.
    pub(super) fn response(&self) -> &'static str {
        match self {
            Self::SendSms(_) => "l:sendSmsResponse",
            Self::GetSmsDeliveryStatus { .. } => "l:getSmsDeliveryStatusResponse",
            Self::GetReceivedSms { .. } => "l:getReceivedSmsResponse",
            Self::StartSmsNotification(_) => "l:startSmsNotificationResponse",
            Self::StopSmsNotification { .. } => "l:stopSmsNotificationResponse",
        }
    }
}

/// A call, and the namespace that its answer is in.
#[derive(Debug)]
pub(crate) struct Asked {
    /// That of the wrapper element.
    pub(super) namespace: String,
    /// The call, or the value in it that is wrong.
    pub(super) call: Result<Call, Refusal>,
}

/// Reads the operation whose wrapper element was just opened.
pub(super) fn read(reader: &mut Reader<'_>, operation: &Element) -> Result<Asked, Trouble> {
    NAMES.own(operation)?;
    let edition = edition(operation);
    let (interface, call) = match operation.local.as_str() {
        "sendSms" => ("sms/send/v2_2/local", send(reader, edition)?),
        "sendSmsLogo" => ("sms/send/v2_2/local", no_pictures(reader, "image")?),
        "sendSmsRingtone" => ("sms/send/v2_2/local", no_pictures(reader, "ringtone")?),
        "getSmsDeliveryStatus" => (
            "sms/send/v2_2/local",
            simple(reader, "requestIdentifier", |request| Call::GetSmsDeliveryStatus { request })?,
        ),
        "getReceivedSms" => (
            "sms/receive/v2_2/local",
            simple(reader, "registrationIdentifier", |registration| Call::GetReceivedSms { registration })?,
        ),
        "startSmsNotification" => ("sms/notification_manager/v2_3/local", start(reader, edition)?),
        "stopSmsNotification" => (
            "sms/notification_manager/v2_3/local",
            simple(reader, "correlator", |correlator| Call::StopSmsNotification { correlator })?,
        ),
        _ => return Err(NAMES.unexpected(operation)),
    };
    let namespace = operation.namespace.clone().unwrap_or_else(|| format!("{}{interface}", NAMES.0));
    Ok(Asked { namespace, call })
}

/// The edition that an element's namespace names.
fn edition(operation: &Element) -> Edition {
    let parts = operation.namespace.as_deref().unwrap_or_default().split('/');
    parts.filter_map(Edition::parse).next_back().unwrap_or_default()
}

fn simple(
    reader: &mut Reader<'_>,
    name: &'static str,
    call: impl FnOnce(String) -> Call,
) -> Result<Result<Call, Refusal>, Trouble> {
    let mut form = Form::read(reader, NAMES, &[name], plain)?;
    Ok(form.take(name).map(|value| call(value.unwrap_or_default())))
}

/// The children of sendSms and its like; `own` are those that only it has.
struct Sending {
    form: Form,
    charging: Option<Form>,
    receipt: Option<Form>,
}

impl Sending {
    fn read(reader: &mut Reader<'_>, own: &[&'static str]) -> Result<Self, Trouble> {
        let known: Vec<&'static str> =
            ["addresses", "senderName"].iter().chain(&ADDED).chain(own).copied().collect();
        let (mut charging, mut receipt) = (None, None);
        let form = Form::read(reader, NAMES, &known, |name, reader| {
            match name {
                "charging" => charging = Some(charge(reader)?),
                "receiptRequest" => receipt = Some(reference(reader)?),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self { form, charging, receipt })
    }
}

fn send(reader: &mut Reader<'_>, edition: Edition) -> Result<Result<Call, Refusal>, Trouble> {
    let sending = Sending::read(reader, &["message"])?;
    Ok(request(sending, edition).map(|request| Call::SendSms(Box::new(request))))
}

/// A logo or a ringtone is refused, whoever asks; what else is wrong with it does not matter.
fn no_pictures(reader: &mut Reader<'_>, field: &'static str) -> Result<Result<Call, Refusal>, Trouble> {
    let _ = Sending::read(reader, &["image", "ringtone", "smsFormat"])?;
    Ok(Err(Refusal::field(
        Code::InvalidParameter,
        field,
        Words::new(
            "logotyper och ringsignaler sänds inte, bara text (sendSms)",
            "logos and ringtones are not sent, only text (sendSms)",
        ),
    )))
}

fn request(sending: Sending, edition: Edition) -> Result<Request, Refusal> {
    let Sending { mut form, charging, receipt } = sending;
    for name in ADDED {
        let value = form.take(name)?.unwrap_or_default();
        let told_by_us = matches!(name, "encode" | "data_coding");
        if !told_by_us && !matches!(value.trim(), "" | "0") {
            return Err(Refusal::field(
                Code::InvalidParameter,
                name,
                words!("{name}: stöds inte", "{name}: not supported"),
            ));
        }
    }
    let addresses = form.list("addresses");
    let to: Vec<String> =
        addresses.iter().map(|address| address::recipient(address)).collect::<Result<_, _>>()?;
    let mut request = Request::text(to, form.take("message")?.unwrap_or_default());
    request.from = form.take("senderName")?.map(|name| address::number(&name).to_owned());
    if let Some(charging) = charging {
        request.dimensions.cost_centre = cost_centre(charging)?;
    }
    request.callback =
        receipt.map(|form| referred(form, edition, "callback")).transpose()?.map(Callback::ParlayX);
    Ok(request)
}

/// ChargingInformation (ES 202 391-1): an amount to take from the recipient cannot be taken; a code alone says where the sender's own cost belongs.
fn charge(reader: &mut Reader<'_>) -> Result<Form, Trouble> {
    Form::read(reader, NAMES, &["description", "currency", "amount", "code"], plain)
}

fn cost_centre(mut charging: Form) -> Result<String, Refusal> {
    let amount = charging.take("amount")?.unwrap_or_default();
    if amount.contains(|c: char| matches!(c, '1'..='9')) {
        return Err(Refusal::field(
            Code::InvalidParameter,
            "charging",
            Words::new(
                "charging: mottagaren kan inte debiteras ett belopp",
                "charging: the recipient cannot be charged an amount",
            ),
        ));
    }
    Ok(charging.take("code")?.unwrap_or_default())
}

fn reference(reader: &mut Reader<'_>) -> Result<Form, Trouble> {
    Form::read(reader, NAMES, &["endpoint", "interfaceName", "correlator"], plain)
}

/// The reference of a form. The interface's name says nothing that the operation does not.
fn referred(mut form: Form, edition: Edition, field: &'static str) -> Result<SimpleReference, Refusal> {
    let (endpoint, correlator) = (form.take("endpoint")?, form.take("correlator")?);
    SimpleReference::new(&endpoint.unwrap_or_default(), &correlator.unwrap_or_default(), edition).map_err(
        |error| {
            let field = if error == CallbackError::Correlator { "correlator" } else { field };
            Refusal::field(Code::InvalidCallback, field, error.words())
        },
    )
}

fn start(reader: &mut Reader<'_>, edition: Edition) -> Result<Result<Call, Refusal>, Trouble> {
    let mut to = None;
    let mut form = Form::read(reader, NAMES, &["smsServiceActivationNumber", "criteria"], |name, reader| {
        if name == "reference" {
            to = Some(reference(reader)?);
        }
        Ok(name == "reference")
    })?;
    let wish = || {
        let to = to.ok_or_else(|| Refusal::field(Code::InvalidParameter, "callback", "reference"))?;
        let number = form.take("smsServiceActivationNumber")?.unwrap_or_default();
        Ok(Call::StartSmsNotification(Wish {
            number: address::number(&number).to_owned(),
            criteria: form.take("criteria")?.unwrap_or_default(),
            reference: referred(to, edition, "callback")?,
        }))
    };
    Ok(wish())
}
