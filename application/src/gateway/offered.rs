//! What the gateway offers to doors and links: the driving ports.

use super::Gateway;
use ports::driving::{
    Administer, Authenticate, Observe, QueryMessages, ReceiveMessages, SubmitMessages, SubscribeReceived,
};
use std::sync::Arc;

impl Gateway {
    /// Lets callers in.
    #[must_use]
    pub fn authenticate(&self) -> Arc<dyn Authenticate> {
        Arc::clone(&self.access) as Arc<dyn Authenticate>
    }

    /// Takes messages to send.
    #[must_use]
    pub fn submit(&self) -> Arc<dyn SubmitMessages> {
        Arc::new(self.submit.clone())
    }

    /// Answers questions.
    #[must_use]
    pub fn query(&self) -> Arc<dyn QueryMessages> {
        Arc::new(self.query.clone())
    }

    /// Takes what links receive.
    #[must_use]
    pub fn receive(&self) -> Arc<dyn ReceiveMessages> {
        Arc::clone(&self.receive)
    }

    /// Looks after users.
    #[must_use]
    pub fn administer(&self) -> Arc<dyn Administer> {
        Arc::new(self.administration.clone())
    }

    /// Has programs told of received messages.
    #[must_use]
    pub fn subscribe(&self) -> Arc<dyn SubscribeReceived> {
        Arc::new(self.subscriptions.clone())
    }

    /// Says how it is doing.
    #[must_use]
    pub fn observe(&self) -> Arc<dyn Observe> {
        Arc::new(self.watch.clone())
    }
}
