//! Trying again what the relay does not take yet: with growing pauses, for a day.

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
/// Tries of one that the relay refuses for good, which one that is set up wrongly for a moment does to everything: some minutes, because the next
/// notice waits behind it.
const MOST_REFUSALS: u32 = 7;

/// Sends until the relay takes it, it has been tried for long enough, or in a pause the service stops. A try that has begun is ended.
///
/// # Errors
/// Why it was given up.
pub(super) async fn until_taken(
    relay: &MailRelay,
    mail: &Message,
    stop: &CancellationToken,
    not_yet: impl Fn(&HandoffError) + Send,
) -> Result<(), HandoffError> {
    let mut tried = 0;
    loop {
        let Err(error) = relay.send(mail.clone()).await else { return Ok(()) };
        tried += 1;
        let Some(pause) = pause(tried, &error) else { return Err(error) };
        not_yet(&error);
        tokio::select! {
            () = stop.cancelled() => return Err(error),
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// How long to wait before one that was tried so often is tried again; `None` = it is given up.
fn pause(tried: u32, error: &HandoffError) -> Option<Duration> {
    let most = match error {
        HandoffError::Temporary(_) => MOST_TRIES,
        HandoffError::Permanent(_) => MOST_REFUSALS,
    };
    let doubled = FIRST_PAUSE.saturating_mul(1 << tried.saturating_sub(1).min(16));
    (tried < most).then_some(doubled.min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_for_a_relay_that_is_away_and_minutes_for_one_that_refuses() {
        let total = |error: &HandoffError| (1..).map_while(|tried| pause(tried, error)).sum::<Duration>();
        let hours = total(&HandoffError::Temporary(String::new())).as_secs() / 3_600;
        assert!((23..=25).contains(&hours), "{hours}");
        assert_eq!(
            total(&HandoffError::Permanent(String::new())),
            Duration::from_secs(5 + 10 + 20 + 40 + 80 + 160)
        );
    }
}
