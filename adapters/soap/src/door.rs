//! The door: a message in, a message out. Reads, has the service answer, writes the answer or a fault.

use crate::config::Config;
use crate::envelope::{self, Message};
use crate::fault;
use crate::login::Shown;
use crate::port_type::{Asker, PortType};
use crate::trouble::Trouble;
use crate::version::Version;
use crate::xml::charset;
use http::HeaderMap;
use ports::driven::{Clock, Ids};
use ports::driving::{Authenticate, QueryMessages, SubmitMessages, SubscribeReceived};
use std::sync::Arc;
use web_kit::Caller;

/// What the web services call.
#[derive(Clone)]
pub struct Doors {
    /// Lets callers in.
    pub auth: Arc<dyn Authenticate>,
    /// Sends.
    pub submit: Arc<dyn SubmitMessages>,
    /// Looks and takes back.
    pub query: Arc<dyn QueryMessages>,
    /// Has programs told of received messages.
    pub subscribe: Arc<dyn SubscribeReceived>,
    /// Makes names.
    pub ids: Arc<dyn Ids>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Settings.
    pub config: Config,
}

/// A document to be sent back.
#[derive(Debug)]
pub(crate) struct Sent {
    /// Its version, which decides the media type.
    pub version: Version,
    /// Its text.
    pub text: String,
    /// Why it is a fault, if it is one.
    pub trouble: Option<Trouble>,
    /// Whether the caller showed nothing to be let in by.
    pub anonymous: bool,
}

impl Doors {
    /// Answers one message to a service. `expected` is the version the media type speaks of.
    pub(crate) async fn take<P: PortType>(
        &self,
        octets: &[u8],
        charset: Option<&str>,
        expected: Version,
        headers: &HeaderMap,
        caller: Caller,
    ) -> Sent {
        let language = web_kit::language(headers, self.config.language);
        let (version, message) = match charset::decode(octets, charset) {
            Ok(text) => envelope::read::<P>(&text, &self.config, self.clock.now(), expected),
            Err(error) => (expected, Err(error.into())),
        };
        let mut anonymous = false;
        let answer = match (message, web_kit::no_callback(headers)) {
            (Ok(Message { token, call }), Ok(())) => {
                let shown = Shown { token, headers, caller, plain_passwords: self.config.plain_passwords };
                P::serve(self, call, Asker { shown, version, language }, &mut anonymous).await
            }
            (Err(trouble), _) => Err(trouble),
            (Ok(_), Err(refusal)) => Err(refusal.into()),
        };
        match answer {
            Ok(text) => Sent { version, text, trouble: None, anonymous },
            Err(trouble) => Sent {
                version,
                text: fault::write::<P>(&trouble, version, language),
                trouble: Some(trouble),
                anonymous,
            },
        }
    }
}
