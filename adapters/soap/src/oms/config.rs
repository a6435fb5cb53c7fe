//! What can be set about the Outlook Mobile Service.

/// Settings of the Outlook Mobile Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OmsConfig {
    /// What Swedish clients call the service.
    pub swedish_name: String,
    /// What all others call it.
    pub english_name: String,
    /// Who provides it.
    pub provider: String,
    /// What clients know the service by: with another one it is another service to them. `None` = the address they call.
    pub service_uri: Option<String>,
    /// Where people are sent who have no account. `None` = nowhere.
    pub sign_up_page: Option<String>,
    /// Recipients in one `xmsData`. 50.
    pub max_recipients: usize,
    /// Texts in one `xmsData`; a calendar summary may always have 50. 20.
    pub max_messages: usize,
    /// Whether the texts of one `xmsData` are put together again into one long SMS.
    pub join: bool,
    /// The code of an error that has no other: `other`, or `others`.
    pub other_code: String,
}

impl Default for OmsConfig {
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
            other_code: "other".to_owned(),
        }
    }
}
