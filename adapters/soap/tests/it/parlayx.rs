//! Parlay X from outside: editions and their namespaces, what client libraries add, all or none, exceptions, descriptions.

use crate::stage::{Got, NOW, Stage, V11, V12, accepted, basic, envelope, sender};
use domain::directory::LinkId;
use domain::message::{Callback, Edition, MoId, SimpleReference};
use domain::mo::Mo;
use domain::refusal::{Code, Refusal};
use domain::submission::Request;
use http::Method;
use ports::driven::{MoRecord, Page};
use ports::driving::Wish;

const SEND: &str = "http://www.csapi.org/schema/parlayx/sms/send/v2_2/local";
const MANAGER: &str = "http://www.csapi.org/schema/parlayx/sms/notification_manager/v2_3/local";
const RECEIVE: &str = "http://www.csapi.org/schema/parlayx/sms/receive/v2_2/local";

async fn ask(stage: Stage, namespace: &str, content: &str) -> Got {
    let content = content.replacen('>', &format!(" xmlns:p='{namespace}'>"), 1);
    stage.post_to("/soap/parlayx/any/path", envelope(V11, "", &content)).await
}

fn expected(to: &[&str]) -> Request {
    let mut request = Request::text(to.iter().copied(), "Hej");
    request.reference = Some("parlayx-7".to_owned());
    request
}

fn exception(got: &Got) -> (u16, &str) {
    (got.status, got.value("messageId").unwrap_or_default())
}

#[tokio::test]
async fn one_text_in_every_edition() {
    for (namespace, edition) in [
        (SEND, Edition::V2_2),
        ("http://www.csapi.org/schema/parlayx/sms/send/v2_1/local", Edition::V2_1),
        ("http://www.csapi.org/schema/parlayx/sms/send/v3_1/local", Edition::V3_1),
    ] {
        let mut request = expected(&["+46701234567"]);
        request.callback = SimpleReference::new("http://crm/x", "no 7", edition).map(Callback::ParlayX).ok();
        let content = "<p:sendSms><p:addresses>tel:+46701234567</p:addresses><p:message>Hej</p:message>\
                       <p:receiptRequest><endpoint>http://crm/x</endpoint><interfaceName>SmsNotification</interfaceName>\
                       <correlator> no 7 </correlator></p:receiptRequest></p:sendSms>";
        let got = ask(Stage::new().expecting(request), namespace, content).await;
        assert_eq!((got.status, got.value("l:result")), (200, Some("parlayx-7")), "{}", got.body);
        assert!(got.body.contains(&format!("<l:sendSmsResponse xmlns:l=\"{namespace}\">")), "{}", got.body);
    }
}

#[tokio::test]
async fn what_clients_write() {
    let mut with_cost = expected(&["0701234567"]);
    with_cost.dimensions.cost_centre = "4711".to_owned();
    let mut named = expected(&["0701234567"]);
    named.from = Some("Skola".to_owned());
    for (request, content) in [
        // Nothing qualified, bare digits; everything qualified; what one family of libraries adds.
        (
            expected(&["0701234567"]),
            "<sendSms><addresses>0701234567</addresses><message>Hej</message></sendSms>",
        ),
        (
            with_cost,
            "<p:sendSms><p:addresses>TEL:0701234567</p:addresses><p:charging><p:description>d</p:description>\
             <p:amount>0.00</p:amount><p:code>4711</p:code></p:charging><p:message>Hej</p:message></p:sendSms>",
        ),
        (
            named,
            "<p:sendSms><p:addresses>tel:0701234567</p:addresses><p:senderName>Skola</p:senderName><p:message>Hej</p:message>\
             <p:encode/><p:sourceport/><p:destinationport>0</p:destinationport><p:esm_class>0</p:esm_class>\
             <p:data_coding>15</p:data_coding></p:sendSms>",
        ),
    ] {
        let got = ask(Stage::new().expecting(request), SEND, content).await;
        assert_eq!((got.status, got.value("l:result")), (200, Some("parlayx-7")), "{}", got.body);
    }
    let header = "<r:RequestSOAPHeader xmlns:r='http://www.huawei.com.cn/schema/common/v2_1'><r:spId>1</r:spId></r:RequestSOAPHeader>";
    let content =
        format!("<p:sendSms xmlns:p='{SEND}'><addresses>1</addresses><message>Hej</message></p:sendSms>");
    let headers = [("content-type", "application/soap+xml"), ("authorization", &basic("crm", "hemligt"))];
    let stage = Stage::new().expecting(expected(&["1"]));
    let got =
        stage.send(Method::POST, "/soap/parlayx/SendSms", &headers, envelope(V12, header, &content)).await;
    assert_eq!((got.status, got.value("l:result")), (200, Some("parlayx-7")), "{}", got.body);
}

#[tokio::test]
async fn all_or_none() {
    let content = "<p:sendSms><p:addresses>tel:1</p:addresses><p:addresses>tel:x</p:addresses>\
                   <p:message>Hej</p:message></p:sendSms>";
    let previewing = |refused: usize| {
        let mut stage = Stage::new();
        stage.submit.expect_preview().times(1).returning(move |_, _| {
            let mut preview = crate::operations::preview();
            preview.plan.refused.truncate(refused);
            Ok(preview)
        });
        stage
    };
    let got = ask(previewing(1), SEND, content).await;
    assert_eq!(exception(&got), (500, "SVC0004"));
    assert!(got.body.contains("<variables>x: "), "{}", got.body);
    let mut stage = previewing(0);
    stage.submit.expect_submit().times(1).returning(|_, r| Ok(accepted(&r)));
    assert_eq!(ask(stage, SEND, content).await.value("l:result"), Some("parlayx-7"));
}

#[tokio::test]
async fn what_is_refused() {
    for (namespace, content, expect) in [
        (
            SEND,
            "<p:sendSms><p:addresses>sip:a@b.se</p:addresses><p:message>x</p:message></p:sendSms>",
            "SVC0004",
        ),
        (
            SEND,
            "<p:sendSms><p:message>x</p:message><p:destinationport>5000</p:destinationport></p:sendSms>",
            "SVC0002",
        ),
        (
            SEND,
            "<p:sendSms><p:message>x</p:message><p:charging><amount>1</amount></p:charging></p:sendSms>",
            "POL0008",
        ),
        (
            SEND,
            "<p:sendSmsLogo><p:addresses>tel:1</p:addresses><p:image>eA==</p:image><p:smsFormat>Ems</p:smsFormat></p:sendSmsLogo>",
            "SVC0002",
        ),
        (
            SEND,
            "<p:getSmsDeliveryStatus><p:requestIdentifier> </p:requestIdentifier></p:getSmsDeliveryStatus>",
            "SVC0002",
        ),
        (SEND, "<p:sendSms><p:mesage>x</p:mesage></p:sendSms>", "SVC0002"),
        (SEND, "<p:sendMms></p:sendMms>", "SVC0002"),
        ("urn:omnigate:gateway:1", "<p:sendSms></p:sendSms>", "SVC0002"),
        (
            RECEIVE,
            "<p:getReceivedSms><p:registrationIdentifier>x</p:registrationIdentifier></p:getReceivedSms>",
            "SVC0002",
        ),
        (
            MANAGER,
            "<p:startSmsNotification><p:smsServiceActivationNumber>tel:1</p:smsServiceActivationNumber></p:startSmsNotification>",
            "SVC0002",
        ),
    ] {
        let got = ask(Stage::new(), namespace, content).await;
        assert_eq!(exception(&got), (500, expect), "{content}: {}", got.body);
        assert!(got.body.contains("xmlns:c=\"http://www.csapi.org/schema/parlayx/common/v2_1\""));
    }
    let headers = [("content-type", "text/xml")];
    let content = format!("<p:sendSms xmlns:p='{SEND}'/>");
    let got =
        Stage::new().send(Method::POST, "/soap/parlayx/SendSms", &headers, envelope(V11, "", &content)).await;
    assert_eq!(exception(&got), (401, "POL0001"), "who showed nothing is asked");
}

#[tokio::test]
async fn received_texts_are_taken_out_of_the_inbox() {
    let received = |id: i64, to: &str, text: &str, binary: &[u8]| MoRecord {
        mo: Mo {
            id: MoId(id),
            link: LinkId::parse("TS0").expect("name"),
            source: "46701234567".to_owned(),
            destination: to.to_owned(),
            text: text.to_owned(),
            binary: binary.to_vec(),
            segments: 1,
            complete: true,
            received_at: NOW.parse().expect("time"),
        },
        user: None,
        acknowledged_at: None,
    };
    for (registration, expect) in [("tel:71234", vec!["one <å>"]), ("", vec!["one <å>", "two"])] {
        let mut stage = Stage::new();
        stage.query.expect_inbox().times(1).returning(move |_, _, _| {
            let items = vec![
                received(1, "71234", "one <å>", b""),
                received(2, "71234", "", b"x"),
                received(3, "72000", "two", b""),
            ];
            Ok(Page { items, next: None })
        });
        stage.query.expect_acknowledge().times(expect.len()).returning(|_, _| Ok(()));
        let content = format!(
            "<p:getReceivedSms><p:registrationIdentifier>{registration}</p:registrationIdentifier></p:getReceivedSms>"
        );
        let got = ask(stage, RECEIVE, &content).await;
        let texts: Vec<String> = got
            .body
            .split("<message>")
            .skip(1)
            .map(|rest| {
                rest.split("</message>").next().unwrap_or_default().replace("&lt;", "<").replace("&gt;", ">")
            })
            .collect();
        assert_eq!(texts, expect, "{}", got.body);
        assert_eq!(got.value("senderAddress"), Some("tel:+46701234567"));
        assert_eq!(got.value("dateTime"), Some("2026-11-23T08:00:00.000Z"));
    }
}

#[tokio::test]
async fn wishes_reach_the_port() {
    let mut stage = Stage::new();
    let wish = Wish {
        number: "71234".to_owned(),
        criteria: "väder".to_owned(),
        reference: SimpleReference::new("http://crm/x", "7", Edition::V2_2).expect("reference"),
    };
    stage
        .subscribe
        .expect_subscribe()
        .times(1)
        .withf(move |by, asked| by.name() == sender().name() && *asked == wish)
        .returning(|_, _| Ok(()));
    let content = "<p:startSmsNotification><p:reference><endpoint>http://crm/x</endpoint><interfaceName/>\
                   <correlator>7</correlator></p:reference><p:smsServiceActivationNumber>tel:71234</p:smsServiceActivationNumber>\
                   <p:criteria>väder</p:criteria></p:startSmsNotification>";
    let got = ask(stage, MANAGER, content).await;
    assert!(got.status == 200 && got.body.contains("<l:startSmsNotificationResponse"), "{}", got.body);
    for (refusal, expect) in [
        (Refusal::field(Code::AlreadyExists, "correlator", ""), "SVC0005"),
        (Refusal::field(Code::AlreadyExists, "criteria", ""), "SVC0008"),
        (Refusal::field(Code::NotPermitted, "number", ""), "POL0001"),
    ] {
        let mut stage = Stage::new();
        stage.subscribe.expect_subscribe().return_once(move |_, _| Err(refusal));
        assert_eq!(exception(&ask(stage, MANAGER, content).await), (500, expect));
    }
    let mut stage = Stage::new();
    stage
        .subscribe
        .expect_unsubscribe()
        .times(1)
        .withf(|_, correlator| correlator == "7")
        .returning(|_, _| Ok(()));
    let content = "<p:stopSmsNotification><p:correlator>7</p:correlator></p:stopSmsNotification>";
    assert_eq!(ask(stage, MANAGER, content).await.status, 200);
}

#[tokio::test]
async fn descriptions_by_the_last_part_of_the_path() {
    for (path, service) in [
        ("/soap/parlayx/SendSms", Some("SendSmsService")),
        ("/soap/parlayx/SendSmsService/services/SendSms", Some("SendSmsService")),
        ("/soap/parlayx/SendSmsService", Some("SendSmsService")),
        ("/soap/parlayx/ReceiveSms", Some("ReceiveSmsService")),
        ("/soap/parlayx/SmsNotificationManager", Some("SmsNotificationManagerService")),
        ("/soap/parlayx/SmsNotification", Some("SmsNotificationService")),
        ("/soap/parlayx/SendMms", None),
    ] {
        let target = format!("{path}?wsdl");
        let got = Stage::new().send(Method::GET, &target, &[("host", "sms.example.se:8080")], "").await;
        match service {
            Some(service) => {
                assert_eq!(got.status, 200, "{path}");
                assert!(got.body.contains(&format!("<wsdl:service name=\"{service}\">")), "{path}");
                assert!(
                    got.body.contains(&format!("location=\"http://sms.example.se:8080{path}\"")),
                    "{path}"
                );
            }
            None => {
                assert!(got.status == 404 && got.body.contains("SendSms, ReceiveSms"), "{path}: {}", got.body)
            }
        }
    }
}
