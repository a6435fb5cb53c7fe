//! Programs' wishes to be told of received messages.

use crate::directory::CurrentDirectory;
use async_trait::async_trait;
use domain::access::Sender;
use domain::mo::{Subscription, SubscriptionError};
use domain::refusal::{Code, Refusal};
use domain::{Words, numbering};
use ports::driven::DirectoryStore;
use ports::driving::{SubscribeReceived, Wish};
use std::sync::Arc;

/// The use case.
#[derive(Clone)]
pub(crate) struct Subscriptions {
    pub directory: Arc<CurrentDirectory>,
    pub store: Arc<dyn DirectoryStore>,
}

impl Subscriptions {
    async fn refresh(&self) -> Result<(), Refusal> {
        self.directory.set_subscriptions(self.store.subscriptions().await?);
        Ok(())
    }
}

#[async_trait]
impl SubscribeReceived for Subscriptions {
    async fn subscribe(&self, sender: &Sender, wish: Wish) -> Result<(), Refusal> {
        self.refresh().await?;
        let directory = self.directory.current();
        let number = numbering::receiving(&wish.number, directory.defaults.country)
            .map_err(|why| Refusal::field(Code::InvalidNumber, "number", why))?;
        let wish = Subscription {
            user: sender.name().clone(),
            number,
            word: Subscription::word(&wish.criteria).map_err(refused)?,
            reference: wish.reference,
        };
        wish.fits(sender.user(), &directory.mo_rules, &directory.subscriptions).map_err(refused)?;
        if !self.store.subscribe(&wish).await? {
            return Err(refused(SubscriptionError::Correlator));
        }
        tracing::info!(
            user = wish.user.as_str(),
            number = %wish.number,
            correlator = wish.reference.correlator(),
            "a program is told of received messages from now on"
        );
        self.refresh().await
    }

    async fn unsubscribe(&self, sender: &Sender, correlator: &str) -> Result<(), Refusal> {
        let correlator = correlator.trim();
        if !self.store.unsubscribe(sender.name(), correlator).await? {
            let detail = correlator.chars().filter(|c| !c.is_control()).take(60).collect::<String>();
            return Err(Refusal::field(Code::NotFound, "correlator", detail));
        }
        tracing::info!(
            user = sender.name().as_str(),
            correlator,
            "a program is no longer told of received messages"
        );
        self.refresh().await
    }

    async fn subscriptions(&self, sender: &Sender) -> Result<Vec<Subscription>, Refusal> {
        self.refresh().await?;
        let all = &self.directory.current().subscriptions;
        let his = |wish: &&Subscription| sender.user().administrator || wish.user == *sender.name();
        Ok(all.iter().filter(his).cloned().collect())
    }
}

fn refused(error: SubscriptionError) -> Refusal {
    let (code, field, detail) = match error {
        SubscriptionError::NotYours => (
            Code::NotPermitted,
            "number",
            Words::new(
                "meddelanden till numret går inte till den här användarens inkorg ([[mo]] number och user)",
                "messages to the number do not go to this user's inbox ([[mo]] number and user)",
            ),
        ),
        SubscriptionError::Word => (
            Code::InvalidParameter,
            "criteria",
            Words::new("ett ord på högst 100 tecken", "one word of at most 100 characters"),
        ),
        SubscriptionError::Correlator => (
            Code::AlreadyExists,
            "correlator",
            Words::new(
                "en prenumeration har redan den correlatorn",
                "a subscription has that correlator already",
            ),
        ),
        SubscriptionError::Overlap => (
            Code::AlreadyExists,
            "criteria",
            Words::new(
                "samma meddelanden går redan till en annan prenumeration",
                "the same messages go to another subscription already",
            ),
        ),
    };
    Refusal::field(code, field, detail)
}
