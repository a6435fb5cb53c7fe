//! Operation codes (section 4): two digits; the response has 50 more.

use std::fmt;

/// An operation code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Operation(pub u8);

/// From a request to its response.
const RESPONSE: u8 = 50;

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident = $code:literal $text:literal;)*) => {
        impl Operation {
            $($(#[$doc])* pub const $name: Operation = Operation($code);)*

            /// What it is called; `None` for one that is not in the specification.
            #[must_use]
            pub fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($code => Some($text),)*
                    _ => None,
                }
            }
        }
    };
}

operations! {
    /// We log in.
    LOGIN = 1 "login";
    /// We log out.
    LOGOUT = 2 "logout";
    /// We submit a message.
    SUBMIT = 3 "submit message";
    /// We ask for a message's status.
    ENQUIRE = 4 "enquire message status";
    /// We ask for what waits.
    DELIVERY_REQUEST = 5 "delivery request";
    /// We take a message back.
    CANCEL = 6 "cancel message";
    /// We set a parameter.
    SET = 8 "set parameter";
    /// We ask for a parameter.
    GET = 9 "get parameter";
    /// The operator delivers a message.
    DELIVER = 20 "deliver message";
    /// The operator delivers a status report.
    STATUS_REPORT = 23 "deliver status report";
    /// Either side asks whether the other is there.
    ALIVE = 40 "alive";
    /// Login was answered.
    LOGIN_RESPONSE = 51 "login response";
    /// Logout was answered.
    LOGOUT_RESPONSE = 52 "logout response";
    /// A submit was answered.
    SUBMIT_RESPONSE = 53 "submit message response";
    /// An enquiry was answered.
    ENQUIRE_RESPONSE = 54 "enquire message status response";
    /// A delivery request was answered.
    DELIVERY_REQUEST_RESPONSE = 55 "delivery request response";
    /// A cancel was answered.
    CANCEL_RESPONSE = 56 "cancel message response";
    /// A setting was answered.
    SET_RESPONSE = 58 "set parameter response";
    /// A question for a parameter was answered.
    GET_RESPONSE = 59 "get parameter response";
    /// We took a message.
    DELIVER_RESPONSE = 70 "deliver message response";
    /// We took a status report.
    STATUS_REPORT_RESPONSE = 73 "deliver status report response";
    /// Somebody is there.
    ALIVE_RESPONSE = 90 "alive response";
    /// The operator did not understand the request at all.
    GENERAL_ERROR = 98 "general error response";
    /// A wrong checksum or packet number; it carries the number that was expected.
    NACK = 99 "nack";
}

impl Operation {
    /// Whether it answers something.
    #[must_use]
    pub fn is_response(self) -> bool {
        self.0 >= RESPONSE
    }

    /// The response to it.
    #[must_use]
    pub fn response(self) -> Self {
        Self(self.0.saturating_add(RESPONSE))
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{:02} ({name})", self.0),
            None => write!(f, "{:02}", self.0),
        }
    }
}
