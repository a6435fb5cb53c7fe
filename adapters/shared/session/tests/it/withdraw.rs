//! Taking back what the operator has: the session by virtual time, and the link over pipes.

use crate::link::{line, patiently, start};
use crate::session::{bound, bound_as, ends, hear, said, shipment};
use crate::toy::{Toy, at};
use ports::driven::{Link as _, PartReply, Withdrawal, Withdrawn};
use session::Closed;
use tokio::io::AsyncWriteExt as _;

/// As the link numbers them: with the highest bit, which no segment has.
const ASIDE: u64 = 1 << 63;

fn withdrawal(id: &str) -> Withdrawal {
    Withdrawal { message: shipment(1).message, originator: None, operator_id: id.to_owned() }
}

#[test]
fn a_withdrawal_has_a_key_and_a_place_like_a_submit() {
    let mut session = bound(2);
    session.submit(at(0), 1, &shipment(1), 0).unwrap();
    session.withdraw(at(0), ASIDE | 1, &withdrawal("a")).unwrap();
    assert_eq!((said(&mut session).as_str(), session.free()), ("S2\nW3\n", 0));
    hear(&mut session, 1, "w3");
    assert_eq!(ends(&mut session), [(ASIDE | 1, PartReply::Accepted { operator_id: String::new() })]);
    session.withdraw(at(1), ASIDE | 2, &withdrawal("a")).unwrap();
    hear(&mut session, 2, "v4");
    let refused = ends(&mut session);
    assert!(matches!(refused.as_slice(), [(token, PartReply::Refused(_))] if *token == ASIDE | 2));
}

/// Neither reply stands for the other, whatever number it bears: a message that was accepted has not been taken back.
#[test]
fn replies_are_not_mixed_up() {
    let mut session = bound(2);
    session.submit(at(0), 1, &shipment(1), 0).unwrap();
    session.withdraw(at(0), ASIDE | 1, &withdrawal("a")).unwrap();
    hear(&mut session, 1, "+3");
    hear(&mut session, 1, "w2");
    assert_eq!((ends(&mut session), session.counts().unknown_replies), (Vec::new(), 2));
    hear(&mut session, 1, "n3");
    assert!(matches!(ends(&mut session).as_slice(), [(_, PartReply::Refused(_))]), "not understood at all");
}

/// An operator who knows no such request and says nothing is not taken for one who answers no submits.
#[test]
fn silence_about_it_costs_no_connection() {
    let mut session = bound(1);
    for turn in 0..2 {
        let began = turn * 1_000;
        session.withdraw(at(began), ASIDE | turn, &withdrawal("a")).unwrap();
        for second in (began..began + 200).step_by(10) {
            session.handle_timeout(at(second));
            if said(&mut session).contains('K') {
                hear(&mut session, second, "k");
            }
        }
        assert_eq!(ends(&mut session), [(ASIDE | turn, PartReply::Unanswered)]);
    }
    assert_eq!((session.closed(), session.free()), (None::<&Closed>, 1));
}

/// What cannot be said leaves no number out where each must come in its turn.
#[test]
fn what_cannot_be_said_takes_no_number() {
    let mut session = bound_as(Toy { strict: true, ..Toy::default() }, 2);
    let mut unsayable = withdrawal("a");
    std::sync::Arc::make_mut(&mut unsayable.message).flash = true;
    assert!(session.withdraw(at(0), ASIDE | 1, &unsayable).is_err());
    session.submit(at(0), 1, &shipment(1), 0).unwrap();
    assert_eq!(said(&mut session), "S2\n");
}

/// Over a link: also while it is held, and with an answer for everybody who waits, whatever becomes of the session.
#[tokio::test]
async fn over_a_link() {
    patiently(async {
        let mut rig = start(0);
        let link = rig.link.clone();
        assert_eq!(link.withdraws(), Some(false), "nobody is there");
        assert_eq!(link.withdraw(withdrawal("a")).await, Withdrawn::NotOffered);
        let mut operator = rig.operator().await;
        link.hold(true);
        assert_eq!(link.withdraws(), Some(true));
        for (answer, end) in [
            ("w2", Withdrawn::TakenBack),
            ("v3", Withdrawn::Refused("toy".into())),
            ("!4", Withdrawn::NotOffered),
        ] {
            let link = link.clone();
            let asked = tokio::spawn(async move { link.withdraw(withdrawal("a")).await });
            assert!(line(&mut operator).await.starts_with('W'));
            operator.write_all(format!("{answer}\n").as_bytes()).await.unwrap();
            if answer == "!4" {
                // That is the answer to a submit.
                operator.write_all(b"h4\n").await.unwrap();
            }
            assert_eq!(asked.await.unwrap(), end);
        }
        let asked = tokio::spawn(async move { link.withdraw(withdrawal("a")).await });
        assert!(line(&mut operator).await.starts_with('W'));
        drop(operator);
        assert_eq!(asked.await.unwrap(), Withdrawn::Unanswered);
    })
    .await;
}
