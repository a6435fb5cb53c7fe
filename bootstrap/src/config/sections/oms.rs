//! Outlook Mobile Service.

use serde::Deserialize;
use toml::Spanned;

/// `[oms]`: what Outlook and SharePoint are told of the service at `/soap/oms` on the `[http]` listener. All of it may be left out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Oms {
    /// What Swedish clients call the service.
    pub swedish_name: String,
    /// What all others call it.
    pub english_name: String,
    /// Who provides it.
    pub provider: String,
    /// What clients know the service by; the address they call when absent. With another one it is another service to them.
    pub service_uri: Option<Spanned<String>>,
    /// Where people are sent who have no account: `https://example.se/sms`.
    pub sign_up_page: Option<Spanned<String>>,
    /// The most recipients of one message; `defaults.max_recipients` holds too.
    pub max_recipients: usize,
    /// The most texts of one message; a calendar summary may always have 50.
    pub max_messages: usize,
    /// Whether the texts of one message are put together into one long SMS, as clients cut what is longer than 160 characters (with others than ASCII: 70).
    pub join: bool,
    /// How clients want the code of an error that has no other: `other` or `others`.
    pub other_code: Spanned<String>,
}

impl Default for Oms {
    fn default() -> Self {
        Self {
            swedish_name: "Omnigate SMS".to_owned(),
            english_name: "Omnigate SMS".to_owned(),
            provider: "Omnigate".to_owned(),
            service_uri: None,
            sign_up_page: None,
            max_recipients: 50,
            max_messages: 20,
            join: true,
            other_code: Spanned::new(0..0, "other".to_owned()),
        }
    }
}
