//! People hear that the store takes nothing new, and that it does again.

use crate::rig::Rig;
use application::Installation;
use domain::directory::Alarm;
use fakes::{Call, FakeDeliver, Fault, samples};
use ports::driven::{StoreError, Trouble};
use std::sync::Arc;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn once_and_once_more_when_it_is_over() {
    let directory = samples::directory(&[], &["TS0"]);
    let installation = Installation {
        links: directory.links,
        routes: directory.routes,
        alarm: Alarm { sms: vec!["+46701119999".to_owned()], after: Duration::from_secs(60) },
        ..Installation::default()
    };
    let rig = Rig::start(&installation, Arc::new(FakeDeliver::default())).await;
    let full =
        || rig.store.fail_by(|call| (call == Call::Reports).then_some(Fault::Refuse(StoreError::Full)));
    full();
    rig.pass(Duration::from_secs(30)).await;
    rig.store.heal();
    rig.pass(Duration::from_secs(30)).await;
    assert!(rig.notices.given().is_empty(), "nobody wants to hear of a moment");
    full();
    rig.pass(Duration::from_mins(30)).await;
    assert_eq!(rig.sent_by("kan inte spara något, allt nytt avvisas (disken är full)"), ["TS0"]);
    rig.store.heal();
    rig.pass(Duration::from_mins(5)).await;
    assert_eq!(rig.sent_by("kan spara igen"), ["TS0"]);
    let told: Vec<_> = rig.notices.given().iter().map(|n| (n.trouble, n.cleared)).collect();
    assert_eq!(told, [(Trouble::Store, false), (Trouble::Store, true)]);
}
