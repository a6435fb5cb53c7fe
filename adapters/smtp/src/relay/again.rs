//! Trying again what the relay does not take: with growing pauses, for a day.

use super::MailRelay;
use lettre::message::Message;
use ports::driven::HandoffError;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The first pause after a failure; it doubles to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Tries until about a day has passed.
const MOST_TRIES: u32 = 290;
/// Tries of an alarm that the relay refuses for good, which one that is set up wrongly for a moment does to everything: some minutes, because the next
/// alarm waits behind it.
const MOST_REFUSALS: u32 = 7;

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// An alarm: it waits for no other mail, and others wait behind it.
    Alarm,
    /// A report: nothing waits behind it.
    Report,
}

/// Sends until the relay takes it, it has been tried for long enough, or in a pause the service stops. A try that has begun is ended.
///
/// # Errors
/// Why it was given up.
pub(super) async fn until_taken(
    relay: &MailRelay,
    mail: &Message,
    what: What,
    stop: &CancellationToken,
    not_yet: impl Fn(&HandoffError) + Send,
) -> Result<(), HandoffError> {
    let mut tried = 0;
    loop {
        let sent = match what {
            What::Alarm => relay.send_before_others(mail).await,
            What::Report => relay.send(mail).await,
        };
        let Err(error) = sent else { return Ok(()) };
        tried += 1;
        let Some(pause) = pause(tried, what, &error) else { return Err(error) };
        not_yet(&error);
        tokio::select! {
            () = stop.cancelled() => return Err(error),
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// How long to wait before one that was tried so often is tried again; `None` = it is given up.
fn pause(tried: u32, what: What, error: &HandoffError) -> Option<Duration> {
    let most = match (what, error) {
        (What::Alarm, HandoffError::Permanent(_)) => MOST_REFUSALS,
        _ => MOST_TRIES,
    };
    let doubled = FIRST_PAUSE.saturating_mul(1 << tried.saturating_sub(1).min(16));
    (tried < most).then_some(doubled.min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_except_for_an_alarm_that_the_relay_refuses() {
        let total = |what, error: &HandoffError| {
            (1..).map_while(|tried| pause(tried, what, error)).sum::<Duration>().as_secs()
        };
        let (away, refused) =
            (HandoffError::Temporary(String::new()), HandoffError::Permanent(String::new()));
        for (what, error) in [(What::Alarm, &away), (What::Report, &away), (What::Report, &refused)] {
            let hours = total(what, error) / 3_600;
            assert!((23..=25).contains(&hours), "{what:?} {error}: {hours}");
        }
        assert_eq!(total(What::Alarm, &refused), 5 + 10 + 20 + 40 + 80 + 160);
    }
}
