//! Answers: the documents that go back, and the envelope around them.

use super::call::Operation;
use super::config::OmsConfig;
use super::errors::Report;
use super::{MAX_DBCS, MAX_SBCS, NAMESPACE, SERVICE_INFO};
use crate::version::Version;
use crate::xml::Writer;
use domain::address::Originator;
use domain::directory::User;

/// The language of [`OmsConfig::swedish_name`], as Windows numbers them: sv-SE.
const SWEDISH: &str = "1053";

/// The message that carries a document as the result of an operation. The envelope's prefix is what ASP.NET calls it: there are clients that look for it.
pub(super) fn envelope(version: Version, operation: &Operation, document: &str) -> String {
    let mut out = Writer::new();
    out.open("soap:Envelope", &[("xmlns:soap", version.namespace())])
        .open("soap:Body", &[])
        .open(operation.response, &[("xmlns", NAMESPACE)])
        .leaf(operation.result, document);
    out.finish()
}

/// `serviceInfo`; `address` is where the service is called.
pub(super) fn service_info(config: &OmsConfig, address: &str) -> String {
    let limits =
        [config.max_recipients, config.max_messages, MAX_SBCS, MAX_DBCS].map(|most| most.to_string());
    let [recipients, messages, sbcs, dbcs] = &limits;
    let mut out = Writer::bare();
    out.open("serviceInfo", &[("xmlns", SERVICE_INFO)])
        .leaf("serviceProvider", &config.provider)
        .leaf("serviceUri", config.service_uri.as_deref().unwrap_or(address))
        .leaf("signUpPage", config.sign_up_page.as_deref().unwrap_or_default())
        .leaf("targetLocale", SWEDISH)
        .leaf("localName", &config.swedish_name)
        .leaf("englishName", &config.english_name)
        .leaf("authenticationType", "Other")
        .open("supportedService", &[])
        .leaf_with(
            "SMS_SENDER",
            &[
                ("maxRecipientsPerMessage", recipients),
                ("maxMessagesPerSend", messages),
                ("maxSbcsPerMessage", sbcs),
                ("maxDbcsPerMessage", dbcs),
            ],
            "",
        );
    out.finish()
}

/// `userInfo` of a user who has been let in, or why he has not. What he does not have is empty: a made-up mail address would take replies that nobody reads.
pub(super) fn user_info(config: &OmsConfig, user: Result<&User, &Report>) -> String {
    let mut out = Writer::bare();
    out.open("userInfo", &[("xmlns", NAMESPACE)]);
    match user {
        Ok(user) => {
            let phone = match &user.originator {
                Some(Originator::Number(number)) => format!("+{number}"),
                Some(Originator::Short(code)) => code.as_str().to_owned(),
                Some(Originator::Name(_)) | None => String::new(),
            };
            let mail = user.mail_from.iter().find(|own| !own.starts_with('@'));
            out.leaf("replyPhone", &phone).leaf("smtpAddress", mail.map_or("", String::as_str));
            error(&mut out, config, &Report::ok());
        }
        Err(report) => error(&mut out, config, report),
    }
    out.finish()
}

/// `xmsResponse`.
pub(super) fn response(config: &OmsConfig, reports: &[Report]) -> String {
    let mut out = Writer::bare();
    out.open("xmsResponse", &[("xmlns", NAMESPACE)]);
    reports.iter().for_each(|report| error(&mut out, config, report));
    out.finish()
}

/// `xmsResponses`: what came of each message, by its id.
pub(super) fn responses(config: &OmsConfig, results: &[(Option<String>, Vec<Report>)]) -> String {
    let mut out = Writer::bare();
    out.open("xmsResponses", &[("xmlns", NAMESPACE)]);
    for (id, reports) in results {
        let id = id.as_deref().map(|id| ("id", id));
        out.open("xmsResponse", id.as_slice());
        reports.iter().for_each(|report| error(&mut out, config, report));
        out.close();
    }
    out.finish()
}

fn error(out: &mut Writer, config: &OmsConfig, report: &Report) {
    out.open("error", &[("code", report.kind.code(config)), ("severity", report.kind.severity())])
        .maybe("content", report.content.as_deref())
        .maybe("recipientList", Some(report.recipients.join(";")).filter(|l| !l.is_empty()).as_deref())
        .close();
}
