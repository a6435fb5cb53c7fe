//! Being told of received messages, for as long as a program wishes.

use async_trait::async_trait;
use domain::access::Sender;
use domain::message::SimpleReference;
use domain::mo::Subscription;
use domain::refusal::Refusal;

/// What a program asks to be told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The receiving number as the program wrote it.
    pub number: String,
    /// The first word of the messages, in any case; empty = whatever no other wish is for.
    pub criteria: String,
    /// Where to tell it.
    pub reference: SimpleReference,
}

/// Keeps programs' wishes to be told of received messages. Each change is durable and in force on this node when it returns, on others within seconds;
/// what was received before goes where it went.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait SubscribeReceived: Send + Sync {
    /// Has a program told from now on, in place of what the rule of the number says.
    ///
    /// # Errors
    /// `invalid_number` and `not_permitted` about `number` (whose messages must go to the user's inbox), `invalid_parameter` about `criteria`,
    /// `already_exists` about `correlator` (the user has a wish under it) or `criteria` (somebody asked for the same messages),
    /// `store_unavailable`.
    async fn subscribe(&self, sender: &Sender, wish: Wish) -> Result<(), Refusal>;

    /// Ends a wish of the user.
    ///
    /// # Errors
    /// `not_found` about `correlator`, `store_unavailable`.
    async fn unsubscribe(&self, sender: &Sender, correlator: &str) -> Result<(), Refusal>;

    /// The wishes of a user, of everybody for an administrator.
    ///
    /// # Errors
    /// `store_unavailable`.
    async fn subscriptions(&self, sender: &Sender) -> Result<Vec<Subscription>, Refusal>;
}
