//! Who wants to hear the last word alone hears `sent`, where nobody will say more.

use crate::rig::Rig;
use application::Installation;
use domain::access::Sender;
use domain::message::{Callback, Door, Told};
use domain::receipt::Verdict;
use domain::routing::DoubtPolicy;
use domain::state::State;
use domain::submission::Request;
use fakes::{FakeDeliver, Turn, samples};
use ports::driven::{Content, Deliver, PartReply};
use std::sync::Arc;
use std::time::Duration;

/// What the sender of a message that the operator takes in this way has been told, a while after it left and after its receipt.
async fn told(turn: Turn, doubt: DoubtPolicy) -> [Vec<State>; 2] {
    let mut directory = samples::directory(&[], &["TS0"]);
    directory.routes[0].doubt = doubt;
    let installation = Installation {
        users: vec![samples::user("crm")],
        links: directory.links,
        routes: directory.routes,
        ..Installation::default()
    };
    let receiver = Arc::new(FakeDeliver::default());
    let rig = Rig::start(&installation, receiver.clone() as Arc<dyn Deliver>).await;
    rig.link("TS0").reply_with([turn]);
    let user = Arc::clone(rig.gateway.directory().users.values().next().expect("a user"));
    let callback = Callback::json("http://crm.example.se/status", Told::End).expect("a URL");
    let request = Request::text(vec!["+46701234567".to_owned()], "Hej!".to_owned());
    let request = Request { callback: Some(callback), ..request };
    let accepted = rig.gateway.submit().submit(&Sender::internal(user, Door::Http), request).await;
    let id = accepted.expect("accepted").messages().first().expect("a message").id;
    let states = || {
        let state = |content: &Content| match content {
            Content::State { record, .. } => record.state,
            Content::Mo { .. } => unreachable!("nothing comes in"),
        };
        receiver.tries().iter().map(|handoff| state(&handoff.content)).collect::<Vec<_>>()
    };
    rig.pass(Duration::from_secs(5)).await;
    let at_first = states();
    rig.link("TS0").report_receipts(id, Verdict::Delivered).await;
    rig.pass(Duration::from_secs(5)).await;
    [at_first, states()]
}

#[tokio::test(start_paused = true)]
async fn a_receipt_is_waited_for_where_one_can_come() {
    let both = told(Turn::Accept, DoubtPolicy::Resend).await;
    assert_eq!(both, [vec![], vec![State::Delivered]]);
    let without_an_id = Turn::Parts(vec![PartReply::Accepted { operator_id: String::new() }]);
    let both = told(without_an_id, DoubtPolicy::Resend).await;
    assert_eq!(both, [vec![State::Sent], vec![State::Sent]]);
    let both = told(Turn::Unanswered, DoubtPolicy::AssumeSent).await;
    assert_eq!(both, [vec![State::Sent], vec![State::Sent]]);
}
