//! People hear that something was given up that a receiver did not take.

use crate::rig::Rig;
use application::Installation;
use domain::access::Sender;
use domain::directory::Alarm;
use domain::message::{Callback, Door, Told};
use domain::submission::Request;
use fakes::{FakeDeliver, samples};
use ports::driven::{Deliver, HandoffError, Trouble};
use std::sync::Arc;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn once_an_hour_however_much_is_given_up() {
    let directory = samples::directory(&[], &["TS0"]);
    let installation = Installation {
        users: vec![samples::user("crm")],
        links: directory.links,
        routes: directory.routes,
        alarm: Alarm { sms: vec!["+46701119999".to_owned()], after: Duration::from_secs(60) },
        ..Installation::default()
    };
    let receiver = Arc::new(FakeDeliver::default());
    receiver.answer_with((0..100).map(|_| Err(HandoffError::Permanent("HTTP 410".to_owned()))));
    let rig = Rig::start(&installation, receiver.clone() as Arc<dyn Deliver>).await;
    let user = Arc::clone(rig.gateway.directory().users.values().next().expect("a user"));
    let send = async || {
        let callback = Callback::json("http://crm.example.se/status", Told::End).expect("a URL");
        let request = Request::text(vec!["+46701234567".to_owned()], "Hej!".to_owned());
        let request = Request { callback: Some(callback), ..request };
        let sender = Sender::internal(Arc::clone(&user), Door::Http);
        let accepted = rig.gateway.submit().submit(&sender, request).await.expect("accepted");
        let id = accepted.messages().first().expect("a message").id;
        rig.pass(Duration::from_secs(2)).await;
        rig.link("TS0").report_receipts(id, domain::receipt::Verdict::Delivered).await;
        rig.pass(Duration::from_mins(5)).await;
    };
    let told = || {
        let notices = rig.notices.given();
        let given_up = notices.iter().filter(|n| n.trouble == Trouble::GivenUp);
        (given_up.map(|n| n.about.to_string()).collect::<Vec<_>>(), rig.sent_by("gavs upp").len())
    };
    send().await;
    assert_eq!(told(), (vec!["http://crm.example.se".to_owned()], 1));
    send().await;
    assert_eq!(told().0.len(), 1);
    rig.pass(Duration::from_hours(1)).await;
    send().await;
    assert_eq!((told().0.len(), told().1), (2, 2));
}
