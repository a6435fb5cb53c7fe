//! Calls of ours that come back to us. A user names the URL of his callback, and that may be a door of this gateway: what he may not do himself, a
//! call from our own address might. So every callback says that it is one, and no door that takes orders takes them from a callback.

use domain::Words;
use domain::refusal::{Code, Refusal};
use http::{HeaderMap, HeaderName};

/// The header that every callback and hand-off of ours carries: the name of its event.
pub const EVENT_ID: HeaderName = HeaderName::from_static("omnigate-event-id");

/// Refuses a callback that came to a door for orders.
///
/// # Errors
/// `not_permitted`.
pub fn no_callback(headers: &HeaderMap) -> Result<(), Refusal> {
    if !headers.contains_key(EVENT_ID) {
        return Ok(());
    }
    Err(Refusal::because(
        Code::NotPermitted,
        Words::new(
            "ett återanrop från en gateway är ingen beställning",
            "a callback of a gateway is no order",
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_says_that_it_is_a_callback_is_refused() {
        let mut headers = HeaderMap::new();
        assert_eq!(no_callback(&headers), Ok(()));
        headers.insert("Omnigate-Event-Id", "1-4".parse().expect("value"));
        assert_eq!(no_callback(&headers).map_err(|refusal| refusal.code), Err(Code::NotPermitted));
    }
}
